"""What others did with a patient's diary, as she reads it: by day, one line for what one person did."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby, starmap

from diary.audit.rules.words import MEANINGS, ROLES, join
from diary.lib.words import period_short, plural, time_hm


@dataclass(frozen=True)
class Told:
    """One event of a patient's own trail; `at` is on her wall clock, `reason` somebody's words where there are some."""

    id: int
    at: datetime
    actor_id: int | None
    role: str
    action: str
    thing: str
    reason: str = ""


@dataclass(frozen=True)
class Row:
    """What one person did on one day, in words."""

    who: str
    role: str
    group: str
    words: tuple[str, ...]
    when: str
    reason: str = ""


@dataclass(frozen=True)
class Act:
    """An event's words, and what tells it from others that stand in another line."""

    who: str
    role: str
    group: str
    does: str
    tail: str
    reason: str


def is_told(action: str) -> bool:
    """Whether a patient is told of it: what is only ever her own, or Neap's, is not about who looked."""
    return action in MEANINGS and bool(MEANINGS[action].yours)


def people(events: Iterable[Told]) -> set[int]:
    """The ids of everybody whose name stands in a line."""
    found = {event.actor_id for event in events} | {_whom(event) for event in events}
    return {one for one in found if one is not None}


def _whom(event: Told) -> int | None:
    names_one = is_told(event.action) and "{whom}" in MEANINGS[event.action].yours
    return int(event.thing) if names_one and event.thing.isdecimal() else None


def days(events: Iterable[Told], me: int, names: Mapping[int, str]) -> list[tuple[date, list[Row]]]:
    """Rows by day from events, the newest first; names: of everybody who stands in them."""
    told = [event for event in events if is_told(event.action)]
    return [(day, _rows(list(of_day), me, names)) for day, of_day in groupby(told, lambda one: one.at.date())]


def _rows(events: list[Told], me: int, names: Mapping[int, str]) -> list[Row]:
    """One line for what one person did of one kind, but for each reason that was given one of its own."""
    rows: dict[tuple[str, str, str, str], dict[Act, list[tuple[Told, str]]]] = {}
    for event in events:
        act, what = _act(event, me, names)
        acts = rows.setdefault((act.who, act.role, act.group, act.reason), {})
        acts.setdefault(act, []).append((event, what))
    return [
        Row(who, role, group, tuple(starmap(_words, acts.items())), _when(acts.values()), reason)
        for (who, role, group, reason), acts in rows.items()
    ]


def _act(event: Told, me: int, names: Mapping[int, str]) -> tuple[Act, str]:
    meaning = MEANINGS[event.action]
    does, what, tail = (*meaning.yours.split("|"), "", "")[:3]
    whom = names.get(_whom(event) or 0, "somebody")
    act = Act(
        who=_who(event, me, names),
        role="" if event.actor_id == me else _role(event.role),
        group=meaning.group,
        does=does.format(whom=whom),
        tail=tail.format(whom=whom),
        reason=event.reason,
    )
    return act, what or _period(event.thing)


def _words(act: Act, said: list[tuple[Told, str]]) -> str:
    things = list(dict.fromkeys(what for _, what in reversed(said) if what))
    words = act.does
    if things:
        words += f"{' ' if '|' in MEANINGS[said[0][0].action].yours else ', '}{join(things)}"
    elif len(said) > 1:
        words += f", {plural(len(said), 'time')}"
    return f"{words} {act.tail}".strip()


def _when(acts: Iterable[list[tuple[Told, str]]]) -> str:
    moments = [event.at for said in acts for event, _ in said]
    first, last = time_hm(min(moments)), time_hm(max(moments))
    return last if first == last else f"{first} to {last}"


def _who(event: Told, me: int, names: Mapping[int, str]) -> str:
    if event.actor_id is None:
        return "Whoever runs Neap here" if event.role == "operator" else "Neap"
    if event.actor_id == me:
        return "You"
    return names.get(event.actor_id) or "Somebody who is no longer here"


def _role(code: str) -> str:
    """ "clinician+admin" is "your clinician and admin"; the operator's name says it already."""
    roles = [ROLES.get(one, one) for one in code.split("+") if one and one != "operator"]
    return f"your {join(roles)}" if roles else ""


def _period(thing: str) -> str:
    """ "2026-08-01/2026-10-31" is "1 Aug to 31 Oct 2026"; anything else says nothing to her."""
    try:
        since, until = (date.fromisoformat(part) for part in thing.split("/"))
    except ValueError:
        return ""
    return period_short(since, until)
