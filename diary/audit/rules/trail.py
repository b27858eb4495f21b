"""A clinic's trail as its admin reads it: which lines are wanted, and one line in words, codes and opaque ids."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from diary.audit.rules.words import LOOKED, TABLE, meaning, role_words

SHORT = 8  # so many characters of an opaque id are shown, and are enough to ask for it
OPERATOR = "operator"
NAMES_SOMEBODY = ("consent.", "care_link.", "role.", "code.use")  # their thing is a person


@dataclass(frozen=True)
class Wanted:
    """Which lines: between two days of a zone, both included, of one actor or role, about one patient, of some codes."""

    zone: str
    since: date | None = None
    until: date | None = None
    actor: int | None = None
    role: str = ""
    patient: int | None = None
    actions: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Somebody:
    """A person as the admin may know them: staff by name, a patient by an opaque id."""

    uuid: UUID
    name: str

    @property
    def shown(self) -> str:
        return self.name or short(self.uuid)


@dataclass(frozen=True)
class Line:
    """One event in words."""

    event: int
    at: datetime
    who: str
    who_id: str
    role: str
    code: str
    did: str
    what: str
    is_strong: bool
    whose: str
    whose_id: str
    thing: str
    address: str
    request_id: str


def short(uuid: UUID) -> str:
    return str(uuid)[:SHORT]


def codes_of(what: str) -> tuple[str, ...] | None:
    """The codes of a choice: of a group, or one by itself; raises KeyError for neither. None is all of them."""
    if not what:
        return None
    found = tuple(one.code for one in TABLE if what in (one.group, one.code))
    if not found:
        raise KeyError(what)
    return found


def line(
    event: int, at: datetime, actor: int | None, role: str, action: str, patient: int | None, thing: str,
    address: str, request_id: str, known: Mapping[int, Somebody],
) -> Line:  # fmt: skip
    """An event in words; known: everybody of the clinic by id. Whoever is not among them has no name here."""
    said = meaning(action)
    who, whose = known.get(actor or 0), known.get(patient or 0)
    beside = (
        known.get(int(thing)) if thing.isdecimal() and action.startswith(("consent.", "care_link.")) else None
    )
    return Line(
        event=event,
        at=at,
        who=_who(actor, role, who),
        who_id=str(who.uuid) if who else "",
        role=role_words(role)
        if actor is not None
        else "at the command line"
        if role == OPERATOR
        else "by itself",
        code=action,
        did=said.did,
        what=f"{said.what}, {beside.shown}" if beside else said.what,
        is_strong=said.group != LOOKED,
        whose=_whose(actor, patient, whose),
        whose_id=str(whose.uuid) if whose and not whose.name else "",
        thing=thing,
        address=address,
        request_id=request_id,
    )


def _whose(actor: int | None, patient: int | None, known: Somebody | None) -> str:
    if patient is None:
        return ""
    if known is None:
        return "somebody else"
    return "their own" if known.name and actor == patient else known.shown


def _who(actor: int | None, role: str, known: Somebody | None) -> str:
    if actor is None:
        return "operator" if role == OPERATOR else "Neap"
    return known.shown if known else "somebody else"
