"""The blueprint of accounts: who a cookie belongs to, and noting that a session is used."""

from urllib.parse import urlsplit

from flask import Blueprint, g, request
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from diary import db
from diary.accounts import actions
from diary.careteam import access
from diary.lib import clock, log
from diary.lib.sessions import login

bp = Blueprint("accounts", __name__)
GOING_TO = "going_to"  # in half a session: the page that was asked for


@login.user_loader
def _load(token: str) -> access.SignedIn | None:
    with db.read() as s:
        return access.signed_in_by(s, token, clock.now())


@bp.after_app_request
def _touch(response: Response) -> Response:
    """Note that the session was used; when the store is busy the next request does it."""
    session_id = g.pop("touch_session", None)
    if session_id is not None and response.status_code < 500:
        try:
            with db.write() as s:
                actions.touch_session(s, session_id, clock.now())
        except (db.Busy, SQLAlchemyError) as error:
            log.failure(error)
    return response


@bp.app_context_processor
def _viewer() -> dict[str, object]:
    try:
        return {"viewer": current_user.viewer if current_user.is_authenticated else None}
    except SQLAlchemyError:  # an error page is shown while the store is gone, and so is Help
        return {"viewer": None}


def typed_form() -> dict[str, str]:
    return {name: value for name, value in request.form.items() if name != "csrf_token"}


def safe_path(after: str) -> str | None:
    """A path of our own to go on to, or None: never another host."""
    parts = urlsplit(after)
    own = (
        after.startswith("/")
        and not after.startswith(("//", "/\\"))
        and not parts.scheme
        and not parts.netloc
    )
    return after if own and after != "/" and "\\" not in after and after.isprintable() else None
