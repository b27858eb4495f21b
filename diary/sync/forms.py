"""A phone's body as untrusted JSON to a typed write, or words by key."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from diary.checkins.forms import parse_checkin
from diary.checkins.rules import FIELDS as ASKED
from diary.checkins.rules import WORDS
from diary.entries.forms import parse_date, parse_day
from diary.entries.rules import Note, completed_note, is_field
from diary.goodday.forms import parse_word
from diary.goodday.rules import WORD
from diary.lib import clock
from diary.lib.forms import UNSHOWABLE
from diary.sessions.forms import parse_tick
from diary.sync.rules import COMMITMENT, DAY, KEYS, KINDS, OPTIONAL, TARGET, TARGETED

NAMES = {COMMITMENT: ("done",), WORD: (WORD,)}  # by kind, where it is neither a day nor a check-in
LONGEST_DEVICE = 80
MOST_IDS = 200
FIRST_YEAR = 1900
LARGEST_SKEW = 400 * 366 * 24 * 3600 * 1000


@dataclass(frozen=True)
class Sent:
    """A body that could be read; `zone` is None where the phone named one that does not exist."""

    device: str
    day: date
    zone: str | None
    recorded_at: datetime
    sent_at: datetime
    skew: timedelta
    base: Mapping[str, list[UUID]]
    fields: Mapping[str, Any]
    written_by: str | None
    receipt: str | None
    kind: str = DAY
    target: UUID | None = None
    help_shown: bool = False


@dataclass(frozen=True)
class _Typed:
    """The fields of a body by its kind, with what belongs to the write rather than to them."""

    fields: Mapping[str, Any]
    errors: Mapping[str, str]
    written_by: str | None = None
    help_shown: bool = False


@dataclass
class _Reader:
    """Reads keys one by one and remembers what was wrong with which."""

    body: Mapping[str, Any]
    errors: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, longest: int = 200) -> str:
        value = self.body.get(name)
        if not isinstance(value, str) or len(value) > longest or UNSHOWABLE.search(value):
            self.errors[name] = f"{name} is a text of at most {longest} characters."
            return ""
        return value

    def moment(self, name: str) -> datetime:
        text = self.text(name, 40)
        try:
            found = datetime.fromisoformat(text)
            if found.tzinfo is None:
                raise ValueError
            found = found.astimezone(UTC)
            if found.year < FIRST_YEAR:  # no clock says so, and no zone or skew may lead out of the calendar
                raise ValueError
            return found.replace(microsecond=found.microsecond // 1000 * 1000)
        except (ValueError, OverflowError):
            self.errors.setdefault(
                name, f"{name} is a moment with its offset, like 2026-03-15T20:41:07.123+01:00."
            )
            return datetime(2000, 1, 1, tzinfo=UTC)


def parse_json(data: bytes) -> dict[str, Any] | None:
    """The object that a body is, or None for anything else."""
    try:
        found = json.loads(data.decode("utf-8"), parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(text)
    return number


def parse_body(body: Mapping[str, Any]) -> tuple[Sent | None, dict[str, str]]:
    """A typed write, or errors by key; names of fields stand beside those of the body."""
    reader = _Reader(body)
    errors = reader.errors
    kind = _kind(reader)
    for name in body:
        if name not in KEYS | OPTIONAL and not (name == TARGET and kind in TARGETED):
            shown = UNSHOWABLE.sub("?", name[:40])
            errors[shown] = f"Neap does not know this: {shown}."
    day = _day(reader)
    typed = _typed(kind, _strings(reader))
    errors.update(typed.errors)
    if not typed.fields and not errors:
        errors["fields"] = "Nothing was answered."
    sent = Sent(
        device=reader.text("device", LONGEST_DEVICE),
        day=day,
        zone=_zone(reader),
        recorded_at=reader.moment("recorded_at"),
        sent_at=reader.moment("sent_at"),
        skew=_skew(reader),
        base=_base(reader, kind),
        fields=typed.fields,
        written_by=typed.written_by,
        receipt=reader.text("receipt") if body.get("receipt") is not None else None,
        kind=kind,
        target=_target(reader) if kind in TARGETED else None,
        help_shown=typed.help_shown,
    )
    return (None, errors) if errors else (sent, {})


def _kind(reader: _Reader) -> str:
    kind = reader.body.get("kind")
    if isinstance(kind, str) and kind in KINDS:
        return kind
    reader.errors["kind"] = f"kind is one of {', '.join(sorted(KINDS))}."
    return DAY


def _target(reader: _Reader) -> UUID | None:
    try:
        return UUID(reader.text(TARGET))
    except ValueError:
        reader.errors[TARGET] = "target is the id of what this is about."
        return None


def _typed(kind: str, fields: Mapping[str, str]) -> _Typed:
    """The fields by the page form of their kind; words are sent with who may read them (line 4)."""
    if kind == COMMITMENT:
        is_done, wrong = parse_tick(fields)
        return _Typed({} if is_done is None else {"done": is_done}, wrong)
    if kind == WORD:
        word, errors = parse_word(fields)
        return _Typed(word, errors)
    box = WORDS.get(kind, "") if kind in TARGETED else "note"
    halves = (
        {}
        if not box or (box in fields) == (f"{box}_private" in fields)
        else {box: f"{BOXES[box]} with who may see it."}
    )
    if kind == DAY:
        day = parse_day(fields)
        return _Typed(_cleaned(day.fields), {**day.errors, **halves}, written_by=day.written_by)
    said = parse_checkin(fields, kind)
    return _Typed(said.fields, {**said.errors, **halves}, help_shown=said.help_shown)


BOXES = {
    "note": "A note is sent", "insight": "An insight is sent", "intention": "An intention is sent",
}  # fmt: skip


def _cleaned(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are stored: an empty note is a cleared one, and one without its word is private."""
    note = fields.get("note")
    return {**fields, "note": completed_note(None, note)} if isinstance(note, Note) else dict(fields)


def _day(reader: _Reader) -> date:
    text = reader.text("day", 10)
    try:
        return parse_date(text)
    except ValueError as error:
        reader.errors["day"] = str(error)
        return date(2000, 1, 1)


def _zone(reader: _Reader) -> str | None:
    name = reader.text("zone", 60)
    return name if clock.is_zone(name) else None


def _skew(reader: _Reader) -> timedelta:
    value = reader.body.get("skew")
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > LARGEST_SKEW:
        reader.errors["skew"] = "skew is a number of milliseconds."
        return timedelta(0)
    return timedelta(milliseconds=value)


def _strings(reader: _Reader) -> dict[str, str]:
    fields = reader.body.get("fields")
    if not isinstance(fields, dict) or not all(isinstance(value, str) for value in fields.values()):
        reader.errors["fields"] = "fields holds texts by name."
        return {}
    return fields


def _base(reader: _Reader, kind: str) -> dict[str, list[UUID]]:
    is_named = is_field if kind == DAY else (NAMES[kind] if kind in NAMES else ASKED[kind]).__contains__
    base = reader.body.get("base")
    wrong = "base holds lists of ids by field."
    if not isinstance(base, dict):
        reader.errors["base"] = wrong
        return {}
    found: dict[str, list[UUID]] = {}
    for name, ids in base.items():
        try:
            if not is_named(name) or not isinstance(ids, list) or len(ids) > MOST_IDS:
                raise ValueError
            found[name] = [UUID(i) for i in ids if isinstance(i, str) or _refuse()]
        except (ValueError, AttributeError):
            reader.errors["base"] = wrong
    return found


def _refuse() -> bool:
    raise ValueError
