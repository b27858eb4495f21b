"""What the clinic's pages and the patient's own share: the form as sent, what is asked, and what is stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from flask import Blueprint, request
from sqlmodel import Session
from werkzeug.wrappers import Response

from diary import db
from diary.careteam import access
from diary.lib import clock, words
from diary.lib.forms import echo, last_values
from diary.medications import actions, queries
from diary.medications.forms import (
    MedicationValues,
    TypedEnd,
    TypedMedication,
    dose_text,
    parse_end,
    parse_medication,
)
from diary.medications.models import Medication
from diary.medications.queries import KNOWN, MedicationRow
from diary.medications.rules import UNITS, Doubt, in_force, name_key

bp = Blueprint("medications", __name__)
OWN_FIELDS = {"name", "from", "dose", "dose_unit", "times_per_day", "as_needed", "reason"}


@dataclass(frozen=True)
class Checked:
    """The form as sent: the values once nothing is wrong and nothing is left to ask.

    doubt: a unit that can hardly be meant; beside: what is taken of the same medicine under another name.
    """

    form: TypedMedication
    doubt: Doubt | None = None
    beside: tuple[MedicationRow, ...] = ()
    replaced: tuple[MedicationRow, ...] = ()

    @property
    def value(self) -> MedicationValues | None:
        return None if self.doubt or self.beside else self.form.value


def ended(
    ref: access.PatientRef,
    row: MedicationRow,
    again: Callable[[Mapping[str, str]], str],
    after: Callable[[str], Response],
) -> Response | tuple[str, int]:
    """A medicine's last day, as sent; `again` gives the form with its errors, `after` goes on with what became of it."""
    viewer = access.viewer()
    typed: TypedEnd = parse_end(last_values(request.form), today_of(ref))
    if typed.until_on is None or typed.errors:
        return again(typed.errors), 422
    try:
        with db.write() as s:
            stored: Medication = actions.load(s, viewer, ref, row.uuid)
            outcome = actions.stop_medication(
                s, viewer, ref, stored, typed.until_on, typed.reason, clock.now(), write_id()
            ).outcome
    except actions.Refused as error:
        return again({error.field: str(error)}), 422
    return after(outcome)


def recorded(
    s: Session, ref: access.PatientRef, checked: Checked, value: MedicationValues
) -> actions.Recorded:
    """A new row, in the place of what it replaces."""
    viewer = access.viewer()
    olds = [actions.load(s, viewer, ref, row.uuid) for row in checked.replaced]
    return actions.record_instead(s, viewer, ref, olds, value, clock.now(), write_id())


def row_of(ref: access.PatientRef, medication_id: UUID) -> MedicationRow:
    with db.read() as s:
        return queries.medication(s, access.viewer(), ref.id, medication_id)


def today_of(ref: access.PatientRef) -> date:
    return clock.local(clock.now(), ref.zone).date()


def write_id() -> UUID | None:
    try:
        return UUID(request.form.get("write_id", ""))
    except ValueError:
        return None


def _sent() -> dict[str, str]:
    """The form as sent; a button that says "It is 10 mg" puts its unit in the place of the typed one."""
    texts = last_values(request.form)
    name, _, value = texts.pop("instead", "").partition("=")
    if name == "dose_unit" and value in UNITS:
        texts["dose_unit"] = value
    return texts


def checked_of(
    ref: access.PatientRef, kept: Mapping[str, str] | None = None, is_new: bool = False
) -> Checked:
    """kept: what the form does not ask, since it stays as it was before; is_new: it may be on the list by another name."""
    asked = OWN_FIELDS if ref.is_self else None
    texts = {
        name: text
        for name, text in _sent().items()
        if name != "confirmed" and (asked is None or name in asked)
    }
    texts |= kept or {}
    if texts.get("dose_unit") == "mcg/h":
        texts["route"] = ""  # a rate is a patch's
    form = parse_medication(texts, today_of(ref), KNOWN)
    doubt = form.doubt if form.doubt and request.form.get("confirm") != form.doubt.confirmation else None
    beside = _beside(ref, form.value) if is_new and form.value else ()
    answer = request.form.get("beside", "")
    if answer == "instead":
        return Checked(form, doubt, replaced=beside)
    return Checked(form, doubt, () if answer == "both" else beside)


def _beside(ref: access.PatientRef, value: MedicationValues) -> tuple[MedicationRow, ...]:
    """What is taken that day of the same medicine under another name: it would count twice."""
    with db.read() as s:
        taken = in_force(queries.spans_of(s, access.viewer(), ref.id), value.from_on)
    key = KNOWN.key(value.name)
    return tuple(
        one.ref for one in taken if KNOWN.key(one.name) == key and name_key(one.name) != name_key(value.name)
    )


def typed_texts() -> dict[str, str]:
    return {
        name: echo(text) for name, text in _sent().items() if name not in ("csrf_token", "confirm", "beside")
    }


def as_typed(row: MedicationRow) -> dict[str, str]:
    return {
        "name": row.name, "from": row.from_on.isoformat(), "until": row.until_on.isoformat() if row.until_on else "",
        "class": row.klass, "dose": dose_text(row.dose, row.parts), "dose_unit": row.dose_unit, "route": row.route,
        "times_per_day": "" if row.parts else words.number(row.times_per_day, 4),
        "as_needed": "yes" if row.as_needed else "no", "reason": row.reason, "until_reason": row.until_reason,
    }  # fmt: skip


def as_before(row: MedicationRow) -> dict[str, str]:
    """What another dose of the same medicine keeps."""
    return {"name": row.name, "class": row.klass, "route": row.route}


def for_change(row: MedicationRow, ref: access.PatientRef) -> dict[str, str]:
    """The form for another dose, from today on, as the present one stands."""
    return as_typed(row) | {"from": today_of(ref).isoformat(), "until": "", "reason": "", "dose": ""}
