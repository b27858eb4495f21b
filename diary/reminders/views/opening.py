"""The link of a mail or a notification whose own page's address would speak: it leads on for whom it was sent to."""

from uuid import UUID

from flask import redirect
from werkzeug.wrappers import Response

from diary import db
from diary.careteam import access
from diary.lib import clock
from diary.reminders.queries.links import sent_to
from diary.reminders.rules.decide import path_of
from diary.reminders.views.base import bp


@bp.get("/open/<uuid:delivery_id>")
@access.signed_in
def opening(delivery_id: UUID) -> Response:
    viewer = access.viewer()
    with db.read() as s:
        sent = sent_to(s, viewer, delivery_id)
    return redirect(path_of(sent.kind, sent.day, clock.diary_day(clock.now(), viewer.zone), True), 303)
