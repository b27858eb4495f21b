"""Commitments with what became of them, and goals, as they stood at the end of the period."""

from dataclasses import dataclass

from diary.lib import words
from diary.reports.rules import said
from diary.reports.rules.facts import Facts
from diary.sessions.rules import OUTCOMES, CommitmentRow, counted_words


@dataclass(frozen=True, slots=True)
class Agreed:
    """A commitment or a goal: the words as typed, and what stands beneath."""

    title: str
    text: str
    about: str


def commitments(facts: Facts) -> list[Agreed]:
    """Those agreed on in the period, or still running in it; the latest first."""
    rows = [one for one in facts.commitments or () if one.agreed_on <= facts.until and _concerns(one, facts)]
    rows.sort(key=lambda one: (one.agreed_on, -one.place), reverse=True)
    return [Agreed("Commitment", one.words, _became(one, facts)) for one in rows]


def _concerns(one: CommitmentRow, facts: Facts) -> bool:
    """Whether it was agreed on in the period, ran into it, or came to its outcome in it."""
    if one.agreed_on >= facts.since:
        return True
    if one.outcome and one.outcome_on is not None and one.outcome_on < facts.since:
        return False
    return one.until_on is None or one.until_on >= facts.since


def _became(one: CommitmentRow, facts: Facts) -> str:
    parts = [f"agreed {said.short(one.agreed_on, facts.until)}"]
    count = counted_words(one, facts.until)
    if count:
        parts.append(f"counted: {count}")
    elif one.is_counted is False and not one.outcome:
        parts.append("not counted")
    is_told = bool(one.outcome) and (one.outcome_on is None or one.outcome_on <= facts.until)
    if is_told:
        on = f" {said.short(one.outcome_on, facts.until)}" if one.outcome_on else ""
        parts.append(f"{OUTCOMES.get(one.outcome, one.outcome)}{on}")
    elif one.until_on is not None:
        parts.append(f"until {said.short(one.until_on, facts.until)}")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def goals(facts: Facts) -> list[Agreed]:
    """Those that were set by the end of the period and had not ended before it."""
    found = [
        one for one in facts.goals or ()
        if one.set_on <= facts.until and (one.ended_on is None or one.ended_on >= facts.since)
    ]  # fmt: skip
    return [
        Agreed(
            "Goal" + (f", until {words.date_full(one.until_on)}" if one.until_on else ""),
            one.words,
            f"Set {said.short(one.set_on, facts.until)}"
            + (
                f", ended {said.short(one.ended_on, facts.until)}."
                if one.ended_on and one.ended_on <= facts.until
                else "."
            ),
        )
        for one in found
    ]


def is_shared(facts: Facts) -> bool:
    return facts.commitments is not None
