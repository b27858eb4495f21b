"""Recording infusions (clinician), and the patient's own list of them."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from diary import db
from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam.rules import Kind, Role
from diary.infusions import actions, queries
from diary.infusions.forms import InfusionValues, TypedInfusion, parse_infusion
from diary.infusions.models import Infusion
from diary.infusions.rules import ROUTES, Unusual, unusual
from diary.lib import clock, words
from diary.lib.forms import echo, last_values
from diary.lib.htmx import see_other
from diary.response.rules import words as response_words
from diary.review.queries import infusion_list

bp = Blueprint("infusions", __name__)
EVERY = ("planned", "done", "cancelled")


@bp.get("/patients/<uuid:patient_uuid>/infusions/new")
@access.clinician
def new(patient_uuid: UUID) -> str:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.require_clinician(s, viewer, patient_uuid)
        last = _last(s, viewer, ref)
    today = clock.local(clock.now(), ref.zone)
    typed = {"date": today.date().isoformat(), "time": words.time_hm(today), "status": "done", "route": "IV"}
    if last is not None:
        typed |= {"route": last.route, "series": last.series}
    return _form(ref, last, typed, {})


@bp.post("/patients/<uuid:patient_uuid>/infusions/new")
@access.clinician
def create(patient_uuid: UUID) -> Response | tuple[str, int]:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.require_clinician(s, viewer, patient_uuid)
        last = _last(s, viewer, ref)
    form, asks = _checked(ref, last.dose_mg if last else None)
    if form.value is None or asks:
        return _form(ref, last, _typed(), form.errors, asks), 422
    try:
        with db.write() as s:
            actions.record_infusion(s, viewer, ref, form.value, clock.now())
    except actions.Refused as error:
        return _form(ref, last, _typed(), {error.field: str(error)}), 422
    return see_other(_after(ref))


def _after(ref: access.PatientRef) -> str:
    """Back to the timeline where consent opens it, else to an empty form that says it is saved."""
    return f"/patients/{ref.uuid}" if ref.kinds else f"/patients/{ref.uuid}/infusions/new?saved=1"


@bp.get("/patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>")
@access.staff
def show(patient_uuid: UUID, infusion_id: UUID) -> str:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.load_patient(s, viewer, patient_uuid)
        row = queries.infusion(s, viewer, ref.id, infusion_id)
        history = queries.revisions_of(s, viewer, ref.id, row.id)
    audit.seen(viewer, ref.id, "infusions")
    return render_template(
        "infusions/show.html", nav="patients", ref=ref, infusion=row, history=history,
        may_edit=Role.CLINICIAN in ref.staff_roles,
    )  # fmt: skip


@bp.get("/patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>/edit")
@access.clinician
def edit(patient_uuid: UUID, infusion_id: UUID) -> str:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.require_clinician(s, viewer, patient_uuid)
        infusion = actions.load(s, viewer, ref, infusion_id)
    return _form(ref, None, _as_typed(infusion), {}, infusion=infusion)


@bp.post("/patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>/edit")
@access.clinician
def update(patient_uuid: UUID, infusion_id: UUID) -> Response | tuple[str, int]:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.require_clinician(s, viewer, patient_uuid)
        infusion = actions.load(s, viewer, ref, infusion_id)
    form, asks = _checked(ref, infusion.dose_mg)
    if form.value is None or asks:
        return _form(ref, None, _typed(), form.errors, asks, infusion), 422
    seen = request.form.get("revision", "")
    try:
        with db.write() as s:
            stored = actions.load(s, viewer, ref, infusion_id)
            actions.amend(
                s,
                viewer,
                ref,
                stored,
                form.value,
                clock.now(),
                seen_revision=int(seen) if seen.isdecimal() else 0,
            )
    except actions.Changed:
        problem = {"changed": "Somebody else changed this record meanwhile. Their values stand beside yours."}
        return _form(ref, None, _typed(), problem, infusion=infusion), 422
    except actions.Refused as error:
        return _form(ref, None, _typed(), {error.field: str(error)}, infusion=infusion), 422
    return see_other(_after(ref))


@bp.post("/patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>/cancellation")
@access.clinician
def cancel(patient_uuid: UUID, infusion_id: UUID) -> Response:
    return _turn(patient_uuid, infusion_id, "cancelled")


@bp.post("/patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>/completion")
@access.clinician
def complete(patient_uuid: UUID, infusion_id: UUID) -> Response:
    """A planned infusion was given as planned."""
    return _turn(patient_uuid, infusion_id, "done")


def _turn(patient_uuid: UUID, infusion_id: UUID, status: str) -> Response:
    viewer = access.viewer()
    with db.write() as s:
        ref = access.require_clinician(s, viewer, patient_uuid)
        infusion = actions.load(s, viewer, ref, infusion_id)
        typed = parse_infusion({**_as_typed(infusion), "status": status}, _today(ref))
        if typed.value is None:
            return see_other(url_for("infusions.edit", patient_uuid=patient_uuid, infusion_id=infusion_id))
        actions.amend(s, viewer, ref, infusion, typed.value, clock.now())
    return see_other(_after(ref))


@bp.get("/infusions")
@access.patient
def index() -> str:

    viewer = access.viewer()
    with db.read() as s:
        ref = access.own(s, viewer)
        page = infusion_list(s, viewer, ref, _today(ref))
    return render_template("infusions/index.html", nav="infusions", page=page, words=response_words)


def _today(ref: access.PatientRef) -> date:
    return clock.local(clock.now(), ref.zone).date()


def _last(s: Any, viewer: access.Viewer, ref: access.PatientRef) -> queries.InfusionRow | None:
    """The last infusion that was given, as far as consent lets the clinician see it."""
    if not ref.shares(Kind.INFUSIONS):
        return None
    done = queries.infusions_of(s, viewer, ref.id)
    return done[-1] if done else None


def _checked(ref: access.PatientRef, last_dose_mg: float | None) -> tuple[TypedInfusion, list[Unusual]]:
    """The form, and what is unusual in it and not confirmed as it stands."""
    form = parse_infusion(last_values(request.form), _today(ref))
    if form.value is None:
        return form, []
    value: InfusionValues = form.value
    confirmed = set(request.form.getlist("confirm"))
    asks = unusual(value.dose_mg, value.weight_kg, value.minutes, last_dose_mg)
    return form, [ask for ask in asks if f"{ask.field}={words.number(ask.value, 4)}" not in confirmed]


def _typed() -> dict[str, str]:
    return {
        name: echo(text)
        for name, text in last_values(request.form).items()
        if name not in ("csrf_token", "confirm")
    }


def _as_typed(infusion: Infusion) -> dict[str, str]:
    return {
        "date": infusion.day.isoformat(),
        "time": infusion.at_time,
        "dose_mg": words.number(infusion.dose_mg, 4),
        "minutes": words.number(infusion.minutes, 4),
        "weight_kg": words.number(infusion.weight_kg, 4),
        "route": infusion.route,
        "series": infusion.series,
        "number": str(infusion.number),
        "status": infusion.status,
        "note": infusion.note or "",
        "revision": str(infusion.revisions),
    }


def _form(
    ref: access.PatientRef, last: queries.InfusionRow | None, typed: Mapping[str, str], errors: Mapping[str, str],
    asks: list[Unusual] | None = None, infusion: Infusion | None = None,
) -> str:  # fmt: skip
    stored = _as_typed(infusion) if infusion else {}
    return render_template(
        "infusions/edit.html", nav="patients", ref=ref, last=last, typed=typed, errors=errors, asks=asks or [],
        infusion=infusion, stored=stored, routes=ROUTES, saved="saved" in request.args,
    )  # fmt: skip
