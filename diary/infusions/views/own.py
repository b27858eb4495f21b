"""One infusion for its patient."""

from uuid import UUID

from flask import render_template, request

from diary import db
from diary.careteam import access
from diary.infusions.views.records import bp
from diary.lib import clock
from diary.lib.symptoms import BY_KEY
from diary.review.queries import own_infusion


@bp.get("/infusions/<uuid:infusion_id>")
@access.patient
def own(infusion_id: UUID) -> str:
    viewer = access.viewer()
    key = request.args.get("symptom", "pain")
    with db.read() as s:
        ref = access.own(s, viewer)
        today = clock.diary_day(clock.now(), viewer.zone)
        page = own_infusion(
            s, viewer, ref, infusion_id, today, key if key in BY_KEY else "pain", "table" in request.args
        )
    return render_template("infusions/own.html", nav="infusions", page=page)
