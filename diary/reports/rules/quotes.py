"""The patient's shared words, as many as page two holds, clipped where they must be and said to be."""

from collections.abc import Sequence
from datetime import date

from diary.lib import words
from diary.reports.rules import said
from diary.reports.rules.facts import Facts, Note
from diary.reports.rules.measure import LATIN_END, end_of
from diary.reports.rules.model import Quote, Words

LEAST_LINES = 4
LINE_EM = 43.0  # what a line of page two holds, measured in ems of its type, with a margin for wide words


def is_foreign(sign: str) -> bool:
    """Whether a character lies outside the bundled font, so that another font of the server has to stand in."""
    point = ord(sign)
    if point < LATIN_END or sign.isspace():
        return False
    return not (0x2000 <= point <= 0x206F or 0x1E00 <= point <= 0x1EFF or sign in "€™−≤≥≠")


def _when(day: date, facts: Facts) -> str:
    """ "13 Nov, day 3": the day, and how long after the last infusion within 56 days."""
    given = [one.day for one in facts.infusions or () if one.day <= day]
    after = (day - max(given)).days if given else 99
    return said.short(day, facts.until) + (f", day {after}" if after <= 56 else "")


def _shares(needs: Sequence[int], lines: int) -> int:
    """The greatest number of lines that each text may take so that all together keep within `lines`."""
    cap = max(needs, default=0)
    while cap > LEAST_LINES and sum(min(need, cap) for need in needs) > lines:
        cap -= 1
    return cap


def _quote(note: Note, facts: Facts, cap: int) -> Quote:
    end, _ = end_of(note.text, cap, LINE_EM)
    if end == len(note.text):
        return Quote(_when(note.day, facts), note.text, "")
    text = note.text[:end].rstrip()
    cut = f"clipped here: {len(text):,} of {len(note.text):,} characters; all of it is in the diary"
    return Quote(_when(note.day, facts), text, cut)


def _chosen(notes: Sequence[Note], lines: int) -> tuple[list[Note], int]:
    """The latest notes that can have their least lines, oldest first, and the cap of lines for each.

    Each note costs a line more for the space around it, and a clipped one a line for saying so.
    """
    chosen, needs, room = [], [], lines
    for note in reversed(notes):
        need = end_of(note.text, lines, LINE_EM)[1]
        if room < min(need, LEAST_LINES) + 2:
            break
        room -= min(need, LEAST_LINES) + 1
        chosen.append(note)
        needs.append(need + 1)
    cap = _shares(needs, lines - len(chosen))
    return chosen[::-1], max(cap - 1, 1)


def quotes(facts: Facts, lines: int) -> Words:
    """The notes of the period within so many lines of page two."""
    if facts.notes is None:
        return Words("Notes are not shared with the reader of this report.", (), "")
    notes = [note for note in facts.notes if facts.since <= note.day <= facts.until and note.text.strip()]
    if not notes:
        return Words("No shared note in this period.", (), "")
    chosen, cap = _chosen(notes, lines)
    rest = len(notes) - len(chosen)
    more = f"{words.plural(rest, 'more note')} of this period in the diary." if rest else ""
    shown = tuple(_quote(note, facts, cap) for note in chosen)
    if any(is_foreign(sign) for quote in shown for sign in quote.text):
        more += " Signs that this document’s own type lacks, such as emoji, may print as a box; the diary has them."
    about = "shared notes of this period" + ("; private ones are never in a report" if facts.own else "")
    return Words(about, shown, more.strip())
