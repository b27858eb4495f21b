"""Cookies, the CSRF token and the check of Origin: how a browser proves that it is the one that signed in."""

from datetime import timedelta

from flask import Flask, current_app, make_response, request, session
from flask_login import LoginManager, UserMixin, login_user
from flask_wtf.csrf import CSRFProtect
from werkzeug.wrappers import Response

from diary.config import Config
from diary.lib import errors, http
from diary.lib.htmx import see_other

YEAR = 365 * 24 * 3600
SAFE = {"GET", "HEAD", "OPTIONS"}
login = LoginManager()
csrf = CSRFProtect()


def init_app(app: Flask, settings: Config) -> None:
    app.secret_key = settings.secret_key
    app.config.update(
        SECRET_KEY_FALLBACKS=list(settings.secret_key_fallbacks),
        SESSION_COOKIE_NAME="__Host-neap" if settings.https else "neap",
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(days=400),  # the row in the session list ends it sooner
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # Origin is checked below, on every scheme
    )

    @app.before_request
    def _own_pages_only():  # type: ignore[no-untyped-def]
        if request.method in SAFE or not request.endpoint or _is_key(app.view_functions[request.endpoint]):
            return None
        return errors.page(403, typed=True) if http.is_foreign(app.config["ORIGIN"]) else None

    csrf.init_app(app)
    login.session_protection = None  # phones change address and browsers their name
    # All that its init_app does but two things: a word for templates, which would ask the store on every error page
    # too, and its own cookie, for which it reads the session of every answer, static files and all.
    app.login_manager = login  # type: ignore[attr-defined]


def _is_key(view: object) -> bool:
    """Whether its address is the key: mail programs send there by themselves, from wherever they are (RFC 8058)."""
    return getattr(view, "access", "") == "by_link"


def enter(user: UserMixin, device: str | None, target: str) -> Response:
    """A new session's cookie and the device's, and on to a page of ours.

    Without a device the session is half: its cookie is kept, and nobody is signed in by it.
    """
    return entered(user, device, make_response(see_other(target)))


def entered(user: UserMixin, device: str | None, response: Response) -> Response:
    """The same for an answer that is there already: whatever it says was made before."""
    anew(user, device)
    return with_device(device, response)


def anew(user: UserMixin, device: str | None) -> None:
    """A session that nobody had before, with a token of forms of its own."""
    session.clear()
    session.permanent = True
    if device is None:
        session["_user_id"] = user.get_id()
    else:
        login_user(user)


def with_device(device: str | None, response: Response) -> Response:
    """The cookie by which this device is known the next time."""
    if device is None:
        return response
    response.set_cookie(
        device_cookie(current_app), device, max_age=YEAR, httponly=True, samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )  # fmt: skip
    return response


def device_cookie(app: Flask) -> str:
    return f"{app.config['SESSION_COOKIE_NAME']}-device"
