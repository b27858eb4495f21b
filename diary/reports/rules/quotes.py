"""The patient's own words: as many as page two holds, and in the appendix whole what page two has to cut."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from diary.checkins.rules import INTENTION
from diary.lib import words
from diary.reports.rules import said
from diary.reports.rules.facts import Facts
from diary.reports.rules.measure import end_of
from diary.reports.rules.model import Quote, Words

LEAST_LINES = 3
AROUND = 0.45  # of a line, above and below a text
LINE_EM = (
    43.0  # what a line holds beside the dates, measured in ems of its type, with a margin for wide words
)
APPENDIX_LINES = 640  # some twelve pages; what is longer still is in the file that is attached
IN_APPENDIX = "goes on in the appendix"


@dataclass(frozen=True, slots=True)
class Own:
    """Words of the patient's: when, what they are where they are no note, the text as typed."""

    day: date
    when: str
    text: str
    what: str = ""


def _when(day: date, facts: Facts) -> str:
    """ "13 Nov, day 3": the day, and how long after the last infusion within 56 days."""
    given = [one.day for one in facts.infusions or () if one.day <= day]
    after = (day - max(given)).days if given else 99
    return said.short(day, facts.until) + (f", day {after}" if after <= 56 else "")


def own_words(facts: Facts) -> list[Own]:
    """Shared notes, insights and intentions of the period, and side effects in own words; oldest first."""
    found = [
        Own(note.day, _when(note.day, facts), note.text)
        for note in facts.notes or ()
        if _is_in(note.day, facts)
    ]
    for one in facts.checkins or ():
        if not _is_in(one.day, facts):
            continue
        if one.words and not one.words_private and facts.notes is not None:
            kind = "before" if one.kind == INTENTION else "after"
            found.append(Own(one.day, _when(one.day, facts), one.words, f"{kind} infusion {one.number}"))
        if one.own:
            found.append(Own(one.day, _when(one.day, facts), one.own, "side effect"))
    return sorted((one for one in found if one.text.strip()), key=lambda one: one.day)


def _is_in(day: date, facts: Facts) -> bool:
    return facts.since <= day <= facts.until


def _cost(need: int, cap: int) -> float:
    """Lines that a text takes at most so many lines of: a cut one has a line that says so, each has space around it."""
    return (need if need <= cap else cap + 1) + AROUND


def _chosen(found: Sequence[Own], lines: int) -> tuple[list[Own], int]:
    """The latest words that can have their least lines, oldest first, and the cap of lines for each."""
    chosen, needs, room = [], [], float(lines)
    for one in reversed(found):
        need = max(end_of(one.text, lines, LINE_EM)[1], 2 if one.what else 1)
        least = _cost(need, LEAST_LINES)
        if room < least:
            break
        room -= least
        chosen.append(one)
        needs.append(need)
    cap = max(needs, default=0)
    while cap > LEAST_LINES and sum(_cost(need, cap) for need in needs) > lines:
        cap -= 1
    return chosen[::-1], max(cap, 1)


def _quote(one: Own, cap: int, is_last: bool) -> Quote:
    end, _ = end_of(one.text, cap, LINE_EM)
    if end == len(one.text):
        return Quote(one.when, one.text, "", one.what)
    text = one.text[:end].rstrip()
    if not is_last:
        return Quote(one.when, f"{text}…", IN_APPENDIX, one.what)
    return Quote(
        one.when,
        text,
        f"clipped here: {len(text):,} of {len(one.text):,} characters; all of it is in the diary",
    )


def quotes(facts: Facts, lines: int) -> tuple[Words, Words | None]:
    """The words within so many lines of page two, and the appendix; None where page two holds them whole."""
    found = own_words(facts)
    if not found:
        return Words(_nothing(facts), (), ""), None
    chosen, cap = _chosen(found, lines)
    shown = tuple(_quote(one, cap, False) for one in chosen)
    whole = {id(one) for one, quote in zip(chosen, shown, strict=True) if not quote.cut}
    over = [one for one in found if id(one) not in whole]
    rest = len(found) - len(chosen)
    more = (
        f"{words.plural(rest, 'more')} of this period in the appendix.".replace("mores", "more")
        if rest
        else ""
    )
    return Words(_about(facts), shown, more), _appendix(over) if over else None


def _appendix(over: Sequence[Own]) -> Words:
    chosen, cap = _chosen(over, APPENDIX_LINES)
    rest = len(over) - len(chosen)
    more = f"{words.plural(rest, 'earlier one')} of this period in the diary." if rest else ""
    return Words("whole, where page 2 has no room", tuple(_quote(one, cap, True) for one in chosen), more)


def _nothing(facts: Facts) -> str:
    if facts.notes is None:
        return "Notes are not shared with the reader of this report."
    return "No shared note in this period."


def _about(facts: Facts) -> str:
    if facts.notes is None:
        return "notes are not shared with the reader of this report"
    return "shared notes of this period" + ("; private ones are never in a report" if facts.own else "")
