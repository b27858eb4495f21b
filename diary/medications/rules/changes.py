"""What changed: each change by its day, and the last 30, 90 or 365 days in words with numbers, without judgement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from diary.lib.words import number
from diary.medications.rules.drugs import Catalogue, Table
from diary.medications.rules.mme import (
    AS_NEEDED,
    NO_OPIOID,
    NOT_COUNTED,
    REGULAR,
    Item,
    day_total,
    item_of,
)
from diary.medications.rules.regimes import A_DAY, Regime, Span, in_force
from diary.medications.rules.wording import amount_words, daily_words, listed


@dataclass(frozen=True, slots=True)
class Change:
    """A medicine started, changed or ended on a day; `mme` says what that did to MME a day, in words."""

    on: date
    name: str
    before: str
    after: str
    mme: str
    is_counted: bool
    regime: Regime
    is_end: bool = False


@dataclass(frozen=True, slots=True)
class Over:
    """One medicine, or all opioids, then and now, in words."""

    name: str
    words: str


def changes(all_spans: Sequence[Span], known: Catalogue, table: Table) -> list[Change]:
    """Every start, change and end, the latest first."""
    ended_on = {
        (id(span.following), span.last + A_DAY): span.regime
        for span in all_spans
        if span.following is not None and span.last is not None
    }
    found = []
    for span in all_spans:
        here = span.regime
        before = ended_on.get((id(here), span.first))
        after = amount_words(here)
        found.append(_change(span.first, before, here, after, known, table))
        is_followed = span.following is not None and span.last == span.following.from_on - A_DAY
        if span.last is not None and not is_followed:
            found.append(_change(span.last + A_DAY, here, None, "ended", known, table))
    return sorted(found, key=lambda change: (change.on, change.name.casefold()), reverse=True)


def _change(
    on: date, before: Regime | None, after: Regime | None, words: str, known: Catalogue, table: Table
) -> Change:
    regime = after or before
    assert regime is not None
    was, now = (item_of(one, known, table) if one else None for one in (before, after))
    is_counted = NOT_COUNTED not in (was.counts if was else "", now.counts if now else "")
    said = amount_words(before) if before else "not taken"
    mme = _difference(was, now) if is_counted else "not counted"
    return Change(on, regime.name, said, words, mme, is_counted, regime, after is None)


def _difference(was: Item | None, now: Item | None) -> str:
    if all(item is None or item.counts == NO_OPIOID for item in (was, now)):
        return "no MME"
    difference = ((now.mme or 0) if now else 0) - ((was.mme or 0) if was else 0)
    at_most = " at most" if AS_NEEDED in (was.counts if was else "", now.counts if now else "") else ""
    if abs(difference) < 1e-9:
        return f"the same{at_most}"
    return f"{number(abs(difference), 2)} {'less' if difference < 0 else 'more'}{at_most}"


def over(all_spans: Sequence[Span], on: date, days: int, known: Catalogue, table: Table) -> list[Over]:
    """The opioids' total and each other medicine, so many days ago and on a day; what was on neither day is left out.

    What began before the list did is not known to have been nothing: that day says "not recorded".
    """
    then = on - timedelta(days=days)
    begun = min((span.first for span in all_spans), default=on)
    was, now = (day_total(day, in_force(all_spans, day), known, table) for day in (then, on))
    is_recorded = then >= begun
    found = []
    if any(item.counts in (REGULAR, AS_NEEDED, NOT_COUNTED) and item.klass for item in was.items + now.items):
        lacking = tuple(dict.fromkeys(_opioids_without(was.items) + _opioids_without(now.items)))
        words = _then_and_now(
            f"{number(was.total, 2)} MME a day" if is_recorded else "", f"{number(now.total, 2)} MME a day"
        )
        found.append(
            Over("Opioids", words + (f", without {listed(lacking)} (not counted)" if lacking else ""))
        )
    before, after = (_by_drug(day.items, known) for day in (was, now))
    for key in sorted({*before, *after}):
        rows_was, rows_now = before.get(key, []), after.get(key, [])
        if all(item.counts == REGULAR for item in (*rows_was, *rows_now)):
            continue  # it is in the opioids' total
        name = (rows_now or rows_was)[-1].regime.name
        found.append(Over(name, _drug_words(rows_was, rows_now, is_recorded)))
    return found


def _opioids_without(items: Sequence[Item]) -> tuple[str, ...]:
    return tuple(item.regime.name for item in items if item.counts == NOT_COUNTED and item.klass)


def sentence(one: Over, days: int) -> str:
    """ "Opioids: 60 to 15 MME a day over 365 days"."""
    return f"{one.name}: {one.words} over {days} days"


def _by_drug(items: Sequence[Item], known: Catalogue) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(known.key(item.regime.name), []).append(item)
    return found


def _drug_words(was: Sequence[Item], now: Sequence[Item], is_recorded: bool) -> str:
    then, here = _amount(was), _amount(now)
    if not was:
        return f"started, {here} now" if is_recorded else f"not recorded then, {here} now"
    return f"{then}, then ended" if not now else _then_and_now(then, here)


def _amount(items: Sequence[Item]) -> str:
    """The amount of one medicine in a day; its doses side by side where they can't be added."""
    regimes = [item.regime for item in items]
    units, amounts = {regime.dose_unit for regime in regimes}, [regime.a_day for regime in regimes]
    if len(units) != 1 or None in amounts or any(regime.as_needed for regime in regimes):
        return listed(amount_words(regime) for regime in regimes)
    return daily_words(sum(amount for amount in amounts if amount is not None), units.pop())


def _then_and_now(then: str, now: str) -> str:
    """ "60 to 15 MME a day", "60 mg a day, unchanged"."""
    if not then:
        return f"not recorded then, {now} now"
    if then == now:
        return f"{now}, unchanged"
    figure, _, unit = then.partition(" ")
    _, _, other = now.partition(" ")
    is_plain = unit == other and figure.replace(".", "").replace(",", "").isdigit()
    return f"{figure} to {now}" if is_plain else f"{then} to {now}"
