"""The clinic's page of a patient's medicines, and its forms."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from sqlmodel import Session
from werkzeug.wrappers import Response

from diary import db
from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam.rules import Kind, Role
from diary.lib import clock
from diary.lib.htmx import see_other
from diary.medications import actions
from diary.medications.forms import (
    parse_revision,
)
from diary.medications.queries import KNOWN, MedicationRow
from diary.medications.rules import amount_words
from diary.medications.views.both import (
    Checked,
    as_before,
    as_typed,
    bp,
    checked_of,
    ended,
    for_change,
    recorded,
    row_of,
    today_of,
    typed_texts,
)
from diary.review.queries import medication_page

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
    audit.seen(viewer, ref.id, str(Kind.INFUSIONS), ref.clinic_id)
    with db.read() as s:
        page = medication_page(s, viewer, ref, today_of(ref), span if span in dict(PERIODS) else "365")
    return render_template(
        "medications/show.html", nav="patients", ref=ref, page=page, periods=PERIODS,
        may_record=Role.CLINICIAN in ref.staff_roles, saved=SAVED.get(request.args.get("saved", ""), ""),
    )  # fmt: skip


@bp.get("/patients/<uuid:patient_uuid>/medications/new")
@access.clinician
def new(patient_uuid: UUID) -> str:
    ref = _recording(patient_uuid)
    return _staff_form(ref, {"from": today_of(ref).isoformat()})


@bp.post("/patients/<uuid:patient_uuid>/medications/new")
@access.clinician
def create(patient_uuid: UUID) -> Response | tuple[str, int]:
    ref = _recording(patient_uuid)
    checked = checked_of(ref, is_new=True)
    return _kept(ref, checked, lambda s, value: recorded(s, ref, checked, value))


@bp.get("/patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/change")
@access.clinician
def change(patient_uuid: UUID, medication_id: UUID) -> str:
    ref = _recording(patient_uuid)
    row = row_of(ref, medication_id)
    return _staff_form(ref, for_change(row, ref), old=row)


@bp.post("/patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/change")
@access.clinician
def record_change(patient_uuid: UUID, medication_id: UUID) -> Response | tuple[str, int]:
    ref = _recording(patient_uuid)
    row = row_of(ref, medication_id)

    def write(s: Session, value: Any) -> actions.Recorded:
        viewer = access.viewer()
        old = actions.load(s, viewer, ref, medication_id)
        return actions.change_medication(s, viewer, ref, old, value, clock.now())

    return _kept(ref, checked_of(ref, as_before(row)), write, done="changed", old=row)


@bp.get("/patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/end")
@access.clinician
def ending(patient_uuid: UUID, medication_id: UUID) -> str:
    ref = _recording(patient_uuid)
    return _end_form(ref, row_of(ref, medication_id), {"until": today_of(ref).isoformat()}, {})


@bp.post("/patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/end")
@access.clinician
def end(patient_uuid: UUID, medication_id: UUID) -> Response | tuple[str, int]:
    ref = _recording(patient_uuid)
    row = row_of(ref, medication_id)
    return ended(
        ref,
        row,
        lambda errors: _end_form(ref, row, typed_texts(), errors),
        lambda outcome: _to_list(ref, outcome, "ended"),
    )


@bp.get("/patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/edit")
@access.clinician
def edit(patient_uuid: UUID, medication_id: UUID) -> str:
    ref = _recording(patient_uuid)
    row = row_of(ref, medication_id)
    return _staff_form(ref, as_typed(row) | {"revision": str(row.revisions)}, mended=row)


@bp.post("/patients/<uuid:patient_uuid>/medications/<uuid:medication_id>/edit")
@access.clinician
def update(patient_uuid: UUID, medication_id: UUID) -> Response | tuple[str, int]:
    ref = _recording(patient_uuid)
    row = row_of(ref, medication_id)
    seen = parse_revision(request.form.get("revision", ""))

    def write(s: Session, value: Any) -> actions.Recorded:
        viewer = access.viewer()
        stored = actions.load(s, viewer, ref, medication_id)
        return actions.amend(s, viewer, ref, stored, value, clock.now(), seen_revision=seen)

    return _kept(ref, checked_of(ref), write, done="mended", mended=row)


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
    audit.seen(viewer, ref.id, str(Kind.INFUSIONS), ref.clinic_id)
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


def _kept(
    ref: access.PatientRef, checked: Checked, write: Callable[[Session, Any], actions.Recorded], done: str = "recorded",
    **form: Any,
) -> Response | tuple[str, int]:  # fmt: skip
    if checked.value is None:
        return _staff_form(ref, typed_texts(), checked.form.errors, checked, **form), 422
    try:
        with db.write() as s:
            outcome = write(s, checked.value).outcome
    except actions.Changed:
        problem = {"changed": "Somebody else changed this entry meanwhile. Please open it again and look."}
        return _staff_form(ref, typed_texts(), problem, checked, **form), 422
    except actions.Refused as error:
        return _staff_form(ref, typed_texts(), {error.field: str(error)}, checked, **form), 422
    return _to_list(ref, outcome, done)


def _to_list(ref: access.PatientRef, outcome: str, done: str) -> Response:
    saved = "unchanged" if outcome == actions.UNCHANGED else done
    return see_other(url_for("medications.show", patient_uuid=ref.uuid, saved=saved))
