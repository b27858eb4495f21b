"""Mails in development, as they would have been sent: the newest first."""

from flask import Response, abort, current_app, render_template

from diary.careteam import access
from diary.reminders.transports.caught import Caught, CaughtMail
from diary.reminders.views.base import bp

# The mail as a mail program draws it: its own styles, and nothing else of any kind.
AS_MAIL = "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups; frame-ancestors 'none'"


@bp.get("/dev/mail")
@access.development
def caught_mails() -> str:
    catcher = _catcher()
    return render_template("reminders/caught.html", mails=catcher.newest() if catcher else None)


@bp.get("/dev/mail/<token>")
@access.development
def caught_mail(token: str) -> str:
    return render_template("reminders/caught_one.html", mail=_mail(token))


@bp.get("/dev/mail/<token>/html")
@access.development
def caught_html(token: str) -> Response:
    return Response(_mail(token).html, headers={"Content-Security-Policy": AS_MAIL}, mimetype="text/html")


def _mail(name: str) -> Caught:
    catcher = _catcher()
    found = catcher.one(name) if catcher else None
    if found is None:
        abort(404)
    return found


def _catcher() -> CaughtMail | None:
    """Where mails are kept; None where they go to a server."""
    mail = current_app.extensions["mail"]
    return mail if isinstance(mail, CaughtMail) else None
