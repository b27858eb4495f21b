"""The link at the end of each mail: a look at it shows a button, sending it makes reminders quiet for 7 days."""

from flask import g, render_template, request, url_for
from werkzeug.wrappers import Response

from diary import db
from diary.careteam import access
from diary.lib import clock
from diary.lib.htmx import see_other
from diary.lib.sessions import csrf
from diary.reminders.actions import links as actions
from diary.reminders.queries import links as queries
from diary.reminders.views.base import bp


@bp.get("/unsubscribe/<token>")
@access.by_link
def unsubscribing(token: str) -> str:
    return _page(token)


@bp.post("/unsubscribe/<token>")
@csrf.exempt
@access.by_link
def unsubscribe(token: str) -> Response | str:
    """A mail program sends one field by itself and follows no redirect (RFC 8058); a person sends the page's form."""
    with db.write() as s:
        actions.make_quiet(s, token, clock.now())
    if "List-Unsubscribe" in request.form:
        return _page(token)
    return see_other(url_for("reminders.unsubscribing", token=token))


def _page(token: str) -> str:
    g.no_store = True
    with db.read() as s:
        quiet = queries.quiet_of_token(s, token, clock.now())
    return render_template("reminders/unsubscribe.html", quiet=quiet, token=token)
