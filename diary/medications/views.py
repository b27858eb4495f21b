"""Medicines: the clinic's page of a patient's, and the patient's own, where she says what changed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from sqlmodel import Session
from werkzeug.wrappers import Response

from diary import db
from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam import queries as careteam
from diary.careteam.rules import Kind, Role, parse_opening
from diary.lib import clock, words
from diary.lib.forms import echo, last_values
from diary.lib.htmx import see_other
from diary.medications import actions, queries
from diary.medications.forms import (
    MedicationValues,
    TypedEnd,
    TypedMedication,
    dose_text,
    parse_end,
    parse_medication,
    parse_revision,
)
from diary.medications.models import Medication
from diary.medications.queries import KNOWN, MedicationRow
from diary.medications.rules import UNITS, Doubt, Span, amount_words, in_force, name_key, spans
from diary.review.queries import medication_page
from diary.safety.queries import phone_words
from diary.safety.rules import clinic_standing

bp = Blueprint("medications", __name__)
PERIODS = (("90", "90 days"), ("365", "A year"), ("all", "All"))
SAVED = {
    "recorded": "It is recorded.",
    "changed": "The change is recorded.",
    "ended": "It is recorded as ended.",
    "mended": "The entry is mended.",
    "struck": "The entry is taken out. Its history is kept.",
    "confirmed": "It is confirmed.",
    "stale": "Not confirmed: something else was said meanwhile. Please look again.",
    "unchanged": "Nothing was different, so nothing was changed.",
}
SAID = {
    "recorded": "Saved. Your clinic sees that you started it.",
    "changed": "Saved. Your clinic sees the new dose.",
    "ended": "Saved. Your clinic sees that you stopped.",
    "unchanged": "That is what stands here already.",
}
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


# The clinic's page --------------------------------------------------------------------------------


@bp.get("/patients/<uuid:patient_uuid>/medications")
@access.staff
def show(patient_uuid: UUID) -> str:
    viewer = access.viewer()
    span = request.args.get("span", "365")
    with db.read() as s:
        ref = access.load_patient(s, viewer, patient_uuid)
        if not ref.kinds:
            raise access.Hidden
    if not ref.shares(Kind.INFUSIONS):
        return render_template("medications/show.html", nav="patients", ref=ref, page=None)
    audit.seen(viewer, ref.id, str(Kind.INFUSIONS))
    with db.read() as s:
        page = medication_page(s, viewer, ref, _today(ref), span if span in dict(PERIODS) else "365")
    return render_template(
        "medications/show.html", nav="patients", ref=ref, page=page, periods=PERIODS,
        may_record=Role.CLINICIAN in ref.staff_roles, saved=SAVED.get(request.args.get("saved", ""), ""),
    )  # fmt: skip


@bp.get("/patients/<uuid:patient_uuid>/medications/new")
@access.clinician
def new(patient_uuid: UUID) -> str:
    ref = _recording(patient_uuid)
    return _staff_form(ref, {"from": _today(ref).isoformat()})


@bp.post("/patients/<uuid:patient_uuid>/medications/new")
@access.clinician
def create(patient_uuid: UUID) -> Response | tuple[str, int]:
    ref = _recording(patient_uuid)
    checked = _checked(ref, is_new=True)
    return _kept(ref, checked, lambda s, value: _recorded(s, ref, checked, value))


@bp.get("/patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/change")
@access.clinician
def change(patient_uuid: UUID, medication_id: UUID) -> str:
    ref = _recording(patient_uuid)
    row = _row(ref, medication_id)
    return _staff_form(ref, _for_change(row, ref), old=row)


@bp.post("/patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/change")
@access.clinician
def record_change(patient_uuid: UUID, medication_id: UUID) -> Response | tuple[str, int]:
    ref = _recording(patient_uuid)
    row = _row(ref, medication_id)

    def write(s: Session, value: Any) -> actions.Recorded:
        viewer = access.viewer()
        old = actions.load(s, viewer, ref, medication_id)
        return actions.change_medication(s, viewer, ref, old, value, clock.now())

    return _kept(ref, _checked(ref, _as_before(row)), write, done="changed", old=row)


@bp.get("/patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/end")
@access.clinician
def ending(patient_uuid: UUID, medication_id: UUID) -> str:
    ref = _recording(patient_uuid)
    return _end_form(ref, _row(ref, medication_id), {"until": _today(ref).isoformat()}, {})


@bp.post("/patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/end")
@access.clinician
def end(patient_uuid: UUID, medication_id: UUID) -> Response | tuple[str, int]:
    ref = _recording(patient_uuid)
    row = _row(ref, medication_id)
    return _ended(ref, row, lambda errors: _end_form(ref, row, _typed(), errors))


@bp.get("/patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/edit")
@access.clinician
def edit(patient_uuid: UUID, medication_id: UUID) -> str:
    ref = _recording(patient_uuid)
    row = _row(ref, medication_id)
    return _staff_form(ref, _as_typed(row) | {"revision": str(row.revisions)}, mended=row)


@bp.post("/patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/edit")
@access.clinician
def update(patient_uuid: UUID, medication_id: UUID) -> Response | tuple[str, int]:
    ref = _recording(patient_uuid)
    row = _row(ref, medication_id)
    seen = parse_revision(request.form.get("revision", ""))

    def write(s: Session, value: Any) -> actions.Recorded:
        viewer = access.viewer()
        stored = actions.load(s, viewer, ref, medication_id)
        return actions.amend(s, viewer, ref, stored, value, clock.now(), seen_revision=seen)

    return _kept(ref, _checked(ref), write, done="mended", mended=row)


@bp.post("/patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/confirmation")
@access.clinician
def confirm(patient_uuid: UUID, medication_id: UUID) -> Response:
    viewer, done = access.viewer(), "confirmed"
    seen = parse_revision(request.form.get("revision", ""))
    try:
        with db.write() as s:
            ref = access.require_clinician(s, viewer, patient_uuid)
            actions.confirm(s, viewer, ref, actions.load(s, viewer, ref, medication_id), seen, clock.now())
    except actions.Changed:
        done = "stale"
    return see_other(url_for("medications.show", patient_uuid=patient_uuid, saved=done))


@bp.post("/patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/removal")
@access.clinician
def remove(patient_uuid: UUID, medication_id: UUID) -> Response:
    """It was recorded by mistake."""
    viewer = access.viewer()
    with db.write() as s:
        ref = access.require_clinician(s, viewer, patient_uuid)
        actions.strike(s, viewer, ref, actions.load(s, viewer, ref, medication_id), clock.now())
    return see_other(url_for("medications.show", patient_uuid=patient_uuid, saved="struck"))


def _recording(patient_uuid: UUID) -> access.PatientRef:
    """The patient, for a clinician who may see medicines; what they see is noted before it is shown."""
    viewer = access.viewer()
    with db.read() as s:
        ref = access.require_clinician(s, viewer, patient_uuid)
        access.require(s, viewer, ref.id, Kind.INFUSIONS)
    audit.seen(viewer, ref.id, str(Kind.INFUSIONS))
    return ref


def _staff_form(
    ref: access.PatientRef, typed: Mapping[str, str], errors: Mapping[str, str] | None = None,
    checked: Checked | None = None, old: MedicationRow | None = None, mended: MedicationRow | None = None,
) -> str:  # fmt: skip
    return render_template(
        "medications/edit.html", nav="patients", ref=ref, typed=typed, errors=errors or {}, checked=checked,
        old=old, mended=mended, amount_words=amount_words, classes=KNOWN.classes,
        names=sorted(KNOWN.by_phrase),
    )  # fmt: skip


def _end_form(
    ref: access.PatientRef, row: MedicationRow, typed: Mapping[str, str], errors: Mapping[str, str]
) -> str:
    return render_template(
        "medications/end.html",
        nav="patients",
        ref=ref,
        row=row,
        typed=typed,
        errors=errors,
        words=amount_words(row.regime),
    )


# The patient's own page ---------------------------------------------------------------------------


@bp.get("/medications")
@access.patient
def index() -> str:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.own(s, viewer)
        rows = queries.medications_of(s, viewer, ref.id)
        clinics = careteam.own_clinics(s, viewer)
    today = _today(ref)
    standings = [(one, clinic_standing(parse_opening(one.opening), clock.now(), one.zone)) for one in clinics]
    found = spans(row.regime for row in rows)
    now = sorted((span for span in found if span.holds(today)), key=lambda span: name_key(span.regime.name))
    ahead = [span.regime.ref for span in found if span.first > today]
    ended = [span for span in found if span.last is not None and span.last < today and span.following is None]
    return render_template(
        "medications/index.html", nav="more", now=now, ahead=ahead, ended=ended[-12:], clinics=standings,
        calls=[span.regime.ref for span in found if _is_call(span, today)], amount_words=amount_words, known=KNOWN,
        said=SAID.get(request.args.get("said", ""), ""), today=today, call=phone_words(actions.STOPPED)["words"],
        has_clinic_now=any(one.phone and (standing is None or standing.is_open) for one, standing in standings),
    )  # fmt: skip


def _is_call(span: Span, today: date) -> bool:
    """Whether what she said last of a medicine is outside the plan, and nobody has looked at it yet."""
    row: MedicationRow = span.regime.ref
    return (
        row.is_outside_plan and row.is_waiting and (span.following is None or span.following.from_on > today)
    )


@bp.get("/medications/new")
@access.patient
def say_new() -> str:
    ref = _own()
    return _own_form({"from": _today(ref).isoformat()})


@bp.post("/medications/new")
@access.patient
def say_create() -> Response | tuple[str, int]:
    ref = _own()
    checked = _checked(ref, is_new=True)
    return _said(ref, checked, lambda s, value: _recorded(s, ref, checked, value), "recorded")


@bp.get("/medications/<uuid:medication_id>/change")
@access.patient
def say_change(medication_id: UUID) -> str:
    ref = _own()
    row = _row(ref, medication_id)
    typed = _for_change(row, ref)
    if "again" in request.args:
        typed["dose"] = dose_text(row.dose, row.parts)
    return _own_form(typed, old=row)


@bp.post("/medications/<uuid:medication_id>/change")
@access.patient
def say_record_change(medication_id: UUID) -> Response | tuple[str, int]:
    ref = _own()
    row = _row(ref, medication_id)

    def write(s: Session, value: Any) -> actions.Recorded:
        viewer = access.viewer()
        old = actions.load(s, viewer, ref, medication_id)
        return actions.change_medication(s, viewer, ref, old, value, clock.now(), _write_id())

    return _said(ref, _checked(ref, _as_before(row)), write, "changed", row)


@bp.get("/medications/<uuid:medication_id>/end")
@access.patient
def say_ending(medication_id: UUID) -> str:
    ref = _own()
    return _own_end_form(_row(ref, medication_id), {"until": _today(ref).isoformat()}, {})


@bp.post("/medications/<uuid:medication_id>/end")
@access.patient
def say_end(medication_id: UUID) -> Response | tuple[str, int]:
    ref = _own()
    row = _row(ref, medication_id)
    return _ended(ref, row, lambda errors: _own_end_form(row, _typed(), errors))


def _own() -> access.PatientRef:
    with db.read() as s:
        return access.own(s, access.viewer())


def _own_form(
    typed: Mapping[str, str], errors: Mapping[str, str] | None = None, checked: Checked | None = None,
    old: MedicationRow | None = None,
) -> str:  # fmt: skip
    return render_template(
        "medications/say.html", nav="more", typed=typed, errors=errors or {}, checked=checked, old=old,
        again="again" in request.args, amount_words=amount_words,
    )  # fmt: skip


def _own_end_form(row: MedicationRow, typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
    return render_template(
        "medications/stop.html",
        nav="more",
        row=row,
        typed=typed,
        errors=errors,
        words=amount_words(row.regime),
    )


def _said(
    ref: access.PatientRef, checked: Checked, write: Callable[[Session, Any], actions.Recorded], done: str,
    old: MedicationRow | None = None,
) -> Response | tuple[str, int]:  # fmt: skip
    if checked.value is None:
        return _own_form(_typed(), checked.form.errors, checked, old), 422
    try:
        with db.write() as s:
            outcome = write(s, checked.value).outcome
    except actions.Refused as error:
        return _own_form(_typed(), {error.field: str(error)}, checked, old), 422
    return _to_own(outcome, done)


def _to_own(outcome: str, done: str) -> Response:
    return see_other(url_for("medications.index", said="unchanged" if outcome == actions.UNCHANGED else done))


# What both share ----------------------------------------------------------------------------------


def _kept(
    ref: access.PatientRef, checked: Checked, write: Callable[[Session, Any], actions.Recorded], done: str = "recorded",
    **form: Any,
) -> Response | tuple[str, int]:  # fmt: skip
    if checked.value is None:
        return _staff_form(ref, _typed(), checked.form.errors, checked, **form), 422
    try:
        with db.write() as s:
            outcome = write(s, checked.value).outcome
    except actions.Changed:
        problem = {"changed": "Somebody else changed this entry meanwhile. Please open it again and look."}
        return _staff_form(ref, _typed(), problem, checked, **form), 422
    except actions.Refused as error:
        return _staff_form(ref, _typed(), {error.field: str(error)}, checked, **form), 422
    saved = "unchanged" if outcome == actions.UNCHANGED else done
    return see_other(url_for("medications.show", patient_uuid=ref.uuid, saved=saved))


def _ended(
    ref: access.PatientRef, row: MedicationRow, again: Callable[[Mapping[str, str]], str]
) -> Response | tuple[str, int]:
    viewer = access.viewer()
    typed: TypedEnd = parse_end(last_values(request.form), _today(ref))
    if typed.until_on is None or typed.errors:
        return again(typed.errors), 422
    try:
        with db.write() as s:
            stored: Medication = actions.load(s, viewer, ref, row.uuid)
            outcome = actions.stop_medication(
                s, viewer, ref, stored, typed.until_on, typed.reason, clock.now(), _write_id()
            ).outcome
    except actions.Refused as error:
        return again({error.field: str(error)}), 422
    if ref.is_self:
        return _to_own(outcome, "ended")
    saved = "unchanged" if outcome == actions.UNCHANGED else "ended"
    return see_other(url_for("medications.show", patient_uuid=ref.uuid, saved=saved))


def _recorded(
    s: Session, ref: access.PatientRef, checked: Checked, value: MedicationValues
) -> actions.Recorded:
    viewer = access.viewer()
    olds = [actions.load(s, viewer, ref, row.uuid) for row in checked.replaced]
    return actions.record_instead(s, viewer, ref, olds, value, clock.now(), _write_id())


def _row(ref: access.PatientRef, medication_id: UUID) -> MedicationRow:
    with db.read() as s:
        return queries.medication(s, access.viewer(), ref.id, medication_id)


def _today(ref: access.PatientRef) -> date:
    return clock.local(clock.now(), ref.zone).date()


def _write_id() -> UUID | None:
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


def _checked(ref: access.PatientRef, kept: Mapping[str, str] | None = None, is_new: bool = False) -> Checked:
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
    form = parse_medication(texts, _today(ref), KNOWN)
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


def _typed() -> dict[str, str]:
    return {
        name: echo(text) for name, text in _sent().items() if name not in ("csrf_token", "confirm", "beside")
    }


def _as_typed(row: MedicationRow) -> dict[str, str]:
    return {
        "name": row.name, "from": row.from_on.isoformat(), "until": row.until_on.isoformat() if row.until_on else "",
        "class": row.klass, "dose": dose_text(row.dose, row.parts), "dose_unit": row.dose_unit, "route": row.route,
        "times_per_day": "" if row.parts else words.number(row.times_per_day, 4),
        "as_needed": "yes" if row.as_needed else "no", "reason": row.reason, "until_reason": row.until_reason,
    }  # fmt: skip


def _as_before(row: MedicationRow) -> dict[str, str]:
    """What another dose of the same medicine keeps."""
    return {"name": row.name, "class": row.klass, "route": row.route}


def _for_change(row: MedicationRow, ref: access.PatientRef) -> dict[str, str]:
    """The form for another dose, from today on, as the present one stands."""
    return _as_typed(row) | {"from": _today(ref).isoformat(), "until": "", "reason": "", "dose": ""}
