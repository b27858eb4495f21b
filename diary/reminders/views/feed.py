"""A link for the person's own calendar: made and ended here, and read by the calendar without a session."""

from flask import Response, current_app, g, render_template, request, url_for
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as BaseResponse

from diary import db
from diary.careteam import access
from diary.lib import clock, http, log
from diary.lib.htmx import see_other
from diary.reminders.actions import links as actions
from diary.reminders.queries import feed as content
from diary.reminders.queries import links as queries
from diary.reminders.transports import ics
from diary.reminders.views.base import bp


@bp.get("/reminders/calendar")
@access.patient
def calendar() -> str:
    return _page()


@bp.post("/reminders/calendar")
@access.patient
@access.fresh
def create_calendar() -> str:
    """A new link, which is shown once; the one before ends."""
    with db.write() as s:
        token = actions.make_feed(s, access.viewer(), clock.now())
    return _page(link=http.address_of(url_for("reminders.calendar_file", token=token)))


@bp.post("/reminders/calendar/end")
@access.patient
def end_calendar() -> BaseResponse:
    with db.write() as s:
        actions.end_feed(s, access.viewer(), clock.now())
    return see_other(url_for("reminders.calendar"))


def _page(**more: object) -> str:
    with db.read_anew() as s:
        feed = queries.feed_of(s, access.viewer(), clock.now())
    context = {"link": "", **more}
    return render_template("reminders/calendar.html", nav="more", feed=feed, **context)


@bp.get("/calendar/<token>.ics")
@access.by_link
def calendar_file(token: str) -> Response:
    now = clock.now()
    with db.read() as s:
        feed = queries.feed_of_token(s, token, now)
        events, zone = content.events_of(s, feed, now)
    home = current_app.config["SETTINGS"].home
    response = Response(content_type="text/calendar; charset=utf-8")
    response.set_etag(ics.tag_of(events, zone, home, feed.made_at))
    response.make_conditional(request)
    if response.status_code == 200:  # most calendars ask every hour, and most hours nothing has changed
        response.set_data(ics.calendar(events, zone, home, feed.made_at))
    g.read_feed = feed.id
    return response


@bp.after_request
def _note_reading(response: Response) -> Response:
    """Her page shows when her calendar was here last; when the store is busy the next reading is noted."""
    feed_id = g.pop("read_feed", None)
    if feed_id is not None:
        try:
            with db.write() as s:
                actions.note_reading(s, feed_id, clock.now())
        except (db.Busy, SQLAlchemyError) as error:
            log.failure(error)
    return response
