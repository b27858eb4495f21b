"""Rows of a native CSV into the diary, through the same forms and actions as the pages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NoReturn, Protocol

from sqlmodel import Session

from diary.careteam import access
from diary.entries import actions as entries
from diary.entries import forms as days
from diary.entries.queries import stored_writes
from diary.entries.rules import FIRST_DAY
from diary.exchange.forms import Row
from diary.exchange.rules import DIARY, MEDICATIONS, Format, Refusal
from diary.infusions import actions as infusions
from diary.infusions import forms as given
from diary.infusions.forms import InfusionValues
from diary.infusions.queries import InfusionRow, infusions_of
from diary.infusions.rules import STATUSES, next_number
from diary.lib import clock
from diary.medications import actions as medications
from diary.medications import forms as taken
from diary.medications.forms import MedicationValues
from diary.medications.queries import KNOWN, MedicationRow, medications_of
from diary.medications.rules import name_key

NEW, CHANGED, UNCHANGED = "new", "changed", "unchanged"


@dataclass(frozen=True, slots=True)
class Item:
    """A row that was understood; `same_as` is the line of an equal row before it, which already says it all."""

    line: int
    key: Any
    values: Any
    same_as: int = 0


class Refused(Exception):
    """A row that can't be taken, with everything wrong in it."""

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__(f"{len(refusals)} refused")
        self.refusals = refusals


class Importer(Protocol):
    """One file's way in: understand a row, foretell what it would do, do it."""

    def read(self, row: Row) -> Item: ...
    def foretell(self, s: Session, item: Item) -> str: ...
    def apply(self, s: Session, viewer: access.Viewer, item: Item) -> str: ...


@dataclass
class Keys:
    """The keys met so far: an equal row is unchanged, a different one is refused and names the first line."""

    met: dict[Any, tuple[int, Any]] = field(default_factory=dict)

    def item(self, line: int, key: Any, values: Any, said: Any, column: str, shown: str) -> Item:
        """values: all that the row holds; said: the part of it that two rows are compared by."""
        first, before = self.met.setdefault(key, (line, said))
        if first == line:
            return Item(line, key, values)
        if before == said:
            return Item(line, key, values, same_as=first)
        why = f"Line {first} of this file says something else for the same {column}."
        raise Refused([Refusal(line, column, shown, why)])


def importer(
    s: Session, kind: Format, patient: access.PatientRef, viewer: access.Viewer, now: datetime
) -> Importer:
    """The way in for a format. `now` is the moment of the import."""
    if kind is DIARY:
        return DiaryImporter(patient, now)
    if kind is MEDICATIONS:
        return MedicationImporter(patient, now, medications_of(s, viewer, patient.id))
    return InfusionImporter(patient, now, infusions_of(s, viewer, patient.id, STATUSES))


def refuse_errors(row: Row, errors: Mapping[str, str]) -> None:
    """Raise Refused with one refusal a column, in the order of the row's cells; an absent cell counts as empty."""
    if row.wrong:
        raise Refused([Refusal(row.line, "", "", row.wrong)])
    if errors:
        ordered = sorted(errors, key=lambda name: list(row.cells).index(name) if name in row.cells else -1)
        raise Refused([Refusal(row.line, name, row.cells.get(name, ""), errors[name]) for name in ordered])


class DiaryImporter:
    """Days of a diary; what differs from what is stored becomes a new revision."""

    def __init__(self, patient: access.PatientRef, now: datetime) -> None:
        self.patient = patient
        self.now = now
        self.today = clock.diary_day(now, patient.zone)
        self.keys = Keys()

    def read(self, row: Row) -> Item:
        refuse_errors(row, {})
        errors: dict[str, str] = {}
        day = self._day(row.cells.get("date", ""), errors)
        recorded_at = self._recorded(row.cells.get("recorded_at", ""), day, errors)
        texts = {name: text for name, text in row.cells.items() if name not in ("date", "recorded_at")}
        typed = days.parse_day(texts, files=True)
        refuse_errors(row, errors | dict(typed.errors))
        values = (dict(typed.fields), typed.written_by, recorded_at)
        return self.keys.item(row.line, day, values, values[:2], "date", row.cells["date"])

    def _day(self, text: str, errors: dict[str, str]) -> date | None:
        if not text:
            errors["date"] = "A date is needed, like 2026-03-15."
            return None
        try:
            day = days.parse_date(text)
        except ValueError as error:
            errors["date"] = str(error)
            return None
        if day < FIRST_DAY:
            errors["date"] = "Neap begins with 1 January 1900."
        elif day > self.today:
            errors["date"] = "That day has not come yet."
        return day

    def _recorded(self, text: str, day: date | None, errors: dict[str, str]) -> datetime | None:
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                raise ValueError
            there = clock.diary_day(moment, self.patient.zone)
        except (ValueError, OverflowError):
            errors["recorded_at"] = "This is not a moment with its offset, like 2026-03-15T20:30:00+00:00."
            return None
        if moment > self.now:
            errors["recorded_at"] = "That moment has not come yet."
        elif day is not None and day - there > timedelta(days=1):
            errors["recorded_at"] = "That moment lies before the day itself."
        return moment

    def foretell(self, s: Session, item: Item) -> str:
        fields, written_by, _ = item.values
        entry_id, _, writes = stored_writes(s.connection(), self.patient.id, item.key)
        if item.same_as or not entries.imported_fields(writes, fields, written_by):
            return UNCHANGED
        return CHANGED if entry_id else NEW

    def apply(self, s: Session, viewer: access.Viewer, item: Item) -> str:
        if item.same_as:
            return UNCHANGED
        fields, written_by, recorded_at = item.values
        write = entries.imported(item.key, fields, self.patient.zone, self.now, written_by, recorded_at)
        recorded = entries.record_entry(s, viewer, self.patient.id, write)
        if not recorded.revision:
            return UNCHANGED
        return NEW if recorded.is_new else CHANGED


class InfusionImporter:
    """Infusions; `stored` is what the patient has as the import begins."""

    def __init__(self, patient: access.PatientRef, now: datetime, stored: Iterable[InfusionRow]) -> None:
        self.patient = patient
        self.now = now
        self.today = clock.local(now, patient.zone).date()  # a clinic's day ends at midnight
        self.stored = {(row.day.isoformat(), row.at_time): row for row in stored}
        self.numbers = {row.number for row in self.stored.values()}
        self.keys = Keys()

    def read(self, row: Row) -> Item:
        refuse_errors(row, {})
        texts = dict(row.cells)
        before = self.stored.get(
            (texts.get("date", ""), texts.get("time", "").rjust(5, "0") if "time" in texts else "")
        )
        if before is not None:
            texts.setdefault(
                "status", before.status
            )  # an empty cell leaves what is stored; a new one is done
        typed = given.parse_infusion(texts, self.today)
        refuse_errors(row, typed.errors)
        assert typed.value is not None
        values = typed.value
        return self.keys.item(
            row.line, (values.day, values.at_time), values, values, "date", row.cells["date"]
        )

    def foretell(self, s: Session, item: Item) -> str:
        if item.same_as:
            return UNCHANGED
        values: InfusionValues = item.values
        before = self.stored.get((values.day.isoformat(), values.at_time))
        if before is None:
            if values.number in self.numbers:
                self._refuse(
                    item, "number", f"There is an infusion {values.number} already; numbers never change."
                )
            self.numbers.add(values.number or next_number(self.numbers))
            return NEW
        if values.number not in (None, before.number):
            self._refuse(item, "number", f"This is infusion {before.number}; numbers never change.")
        names = ("dose_mg", "minutes", "weight_kg", "route", "series", "status", "note")
        typed = {name: getattr(values, name) for name in names if getattr(values, name) not in (None, "")}
        return CHANGED if any(getattr(before, name) != value for name, value in typed.items()) else UNCHANGED

    def apply(self, s: Session, viewer: access.Viewer, item: Item) -> str:
        if item.same_as:
            return UNCHANGED
        try:
            return infusions.record_infusion(s, viewer, self.patient, item.values, self.now, "import").outcome
        except infusions.Refused as refused:
            self._refuse(item, refused.field, str(refused))

    def _refuse(self, item: Item, column: str, why: str) -> NoReturn:
        shown = getattr(item.values, {"date": "day", "time": "at_time"}.get(column, column), "")
        raise Refused([Refusal(item.line, column, str(shown or ""), why)])


class MedicationImporter:
    """Medicines, keyed by name and first day; `stored` is what the patient has as the import begins."""

    def __init__(self, patient: access.PatientRef, now: datetime, stored: Iterable[MedicationRow]) -> None:
        self.patient = patient
        self.now = now
        self.today = clock.local(now, patient.zone).date()
        self.stored = {(row.key, row.from_on): row for row in stored}
        self.keys = Keys()

    def read(self, row: Row) -> Item:
        refuse_errors(row, {})
        texts = dict(row.cells)
        self._complete(texts)
        typed = taken.parse_medication(texts, self.today, KNOWN)
        refuse_errors(row, typed.errors)
        values = typed.value
        assert values is not None
        if typed.doubt is not None:
            why = f"{typed.doubt.words} If {typed.doubt.typed} is right, record it on the page."
            raise Refused([Refusal(row.line, "dose_unit", row.cells.get("dose_unit", ""), why)])
        return self.keys.item(
            row.line,
            (name_key(values.name), values.from_on),
            values,
            values,
            "name and first day",
            values.name,
        )

    def _complete(self, texts: dict[str, str]) -> None:
        """An empty cell leaves what is stored: a dose is read with the unit and the times that it has already."""
        before = next(
            (
                row
                for (key, on), row in self.stored.items()
                if (key, str(on)) == (name_key(texts.get("name", "")), texts.get("from", ""))
            ),
            None,
        )
        if before is None or "dose" not in texts:
            return
        if before.dose is not None:
            texts.setdefault("dose_unit", before.dose_unit)
        texts.setdefault("route", before.route)

    def foretell(self, s: Session, item: Item) -> str:
        if item.same_as:
            return UNCHANGED
        values: MedicationValues = item.values
        before = self.stored.get((name_key(values.name), values.from_on))
        if before is None:
            return NEW
        names = (
            "until_on",
            "klass",
            "dose",
            "dose_unit",
            "route",
            "times_per_day",
            "as_needed",
            "reason",
            "until_reason",
        )
        said = {name: getattr(values, name) for name in names if getattr(values, name) is not None}
        if values.dose is not None:
            said["parts"] = values.parts
        is_waiting = before.is_waiting if values.is_confirmed is None else not values.is_confirmed
        is_other = any(getattr(before, name) != value for name, value in said.items())
        return CHANGED if is_other or is_waiting != before.is_waiting else UNCHANGED

    def apply(self, s: Session, viewer: access.Viewer, item: Item) -> str:
        if item.same_as:
            return UNCHANGED
        try:
            done = medications.record_medication(s, viewer, self.patient, item.values, self.now, "import")
        except medications.Refused as refused:
            raise Refused([Refusal(item.line, refused.field, item.values.name, str(refused))]) from refused
        return done.outcome
