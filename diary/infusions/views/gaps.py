"""A planned longer gap: marked ahead after an infusion, and taken back."""

from uuid import UUID

from flask import request, url_for
from werkzeug.wrappers import Response

from diary import db
from diary.careteam import access
from diary.infusions import actions
from diary.infusions.forms import parse_gap
from diary.infusions.views.records import bp, record_page, today_of
from diary.lib import clock
from diary.lib.forms import echo, last_values
from diary.lib.htmx import see_other


@bp.post("/patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>/gap")
@access.clinician
def mark_gap(patient_uuid: UUID, infusion_id: UUID) -> Response | tuple[str, int]:
    """After this infusion none for longer than usual; what is planned within moves along when that is confirmed."""
    viewer = access.viewer()
    with db.read() as s:
        ref = access.require_clinician(s, viewer, patient_uuid)
        infusion = actions.load(s, viewer, ref, infusion_id)
    sent = last_values(request.form)
    typed = {name: echo(sent.get(name, "")) for name in ("gap_days", "until", "gap_reason")}
    form = parse_gap(sent, infusion.day, ref.course_gap)
    if form.value is None:
        return record_page(patient_uuid, infusion_id, gap={"typed": typed, "errors": form.errors}), 422
    moves = sent.get("confirm") == f"move={form.value.days}"
    try:
        with db.write() as s:
            actions.mark_gap(s, viewer, ref, infusion_id, form.value, today_of(ref), clock.now(), moves)
    except actions.Refused as error:
        shown = {"typed": typed, "errors": {error.field: str(error)}}
        return record_page(patient_uuid, infusion_id, gap=shown), 422
    except actions.Within as error:
        return record_page(patient_uuid, infusion_id, gap={"typed": typed, "within": error}), 422
    except actions.Meets:
        words = "Moved so far the plan would meet another infusion. Please move the planned ones first."
        return record_page(
            patient_uuid, infusion_id, gap={"typed": typed, "errors": {"gap_days": words}}
        ), 422
    return see_other(url_for("infusions.listed", patient_uuid=patient_uuid, saved="gap"))


@bp.post("/patients/<uuid:patient_uuid>/gaps/<uuid:gap_id>/end")
@access.clinician
def take_gap_back(patient_uuid: UUID, gap_id: UUID) -> Response:
    viewer = access.viewer()
    with db.write() as s:
        ref = access.require_clinician(s, viewer, patient_uuid)
        actions.take_gap_back(s, viewer, ref, gap_id, clock.now())
    return see_other(url_for("infusions.listed", patient_uuid=patient_uuid, saved="no-gap"))
