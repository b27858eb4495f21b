"""Signing in and out, the passphrase, the list of sessions, and More."""

from urllib.parse import urlsplit

from flask import (
    Blueprint,
    current_app,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import current_user, logout_user
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from diary import db
from diary.accounts import actions, queries
from diary.accounts.forms import PassphraseForm, SignInForm
from diary.accounts.models import Person
from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam import actions as careteam
from diary.lib import clock, errors, http, log
from diary.lib.forms import echo, parse
from diary.lib.htmx import see_other
from diary.lib.sessions import device_cookie, enter, login

bp = Blueprint("accounts", __name__)
WRONG = "This e-mail address and passphrase do not belong together. Please check both."


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


@bp.get("/")
@access.signed_in
def home() -> Response:
    return redirect(access.viewer().landing, 303)


@bp.get("/sign-in")
@access.public
def sign_in() -> Response | str:
    if current_user.is_authenticated:
        return redirect(access.viewer().landing, 303)
    return render_template("accounts/sign_in.html", typed={"next": request.args.get("next", "")}, errors={})


@bp.post("/sign-in")
@access.public
def create_session() -> Response | tuple[str, int]:
    typed = {name: value for name, value in request.form.items() if name != "csrf_token"}
    form = parse(SignInForm, typed)
    if form.value is None:
        return _again(typed, form.errors)
    wait, person = _check(form.value)
    if wait:
        return errors.page(429, headers={"Retry-After": str(wait)})
    if person is None:
        return _again(typed, {"passphrase": WRONG})
    return _enter(person, form.value.next)


def _check(form: SignInForm) -> tuple[int, Person | None]:
    now = clock.now()
    device = request.cookies.get(device_cookie(current_app))
    with db.read() as s:
        person = queries.person_by_email(s, form.email)
        known = person is not None and queries.device_owner(s, device) == person.id
        budgets = queries.budgets_of(form.email, http.address(), device if known else None)
        wait = queries.wait_before_next(s, budgets, now)
    if wait:
        return wait, None
    right = actions.is_passphrase_of(person, form.passphrase)
    if person is None or not right:
        with db.write() as s:
            actions.count_failure(s, list(budgets), now)
            audit.record(s, None, "sign_in.failed", person.id if person else None)
        return 0, None
    return 0, person


def _enter(person: Person, after: str) -> Response:
    """Begin a session with a new id and token, and go where the person was going."""
    known = request.cookies.get(device_cookie(current_app))
    with db.write() as s:
        user, device = careteam.sign_in(s, person, http.device(), known, clock.now())
    return enter(user, device, _safe(after) or user.viewer.landing)


def _safe(after: str) -> str | None:
    """A path of our own to go on to, or None: never another host."""
    parts = urlsplit(after)
    own = (
        after.startswith("/")
        and not after.startswith(("//", "/\\"))
        and not parts.scheme
        and not parts.netloc
    )
    return after if own and after != "/" and "\\" not in after and after.isprintable() else None


def _again(typed: dict[str, str], problems: dict[str, str]) -> tuple[str, int]:
    typed = {name: echo(text) for name, text in typed.items() if name != "passphrase"}
    return render_template("accounts/sign_in.html", typed=typed, errors=problems), 422


@bp.post("/sign-out")
@access.signed_in
def destroy_session() -> Response:
    viewer = access.viewer()
    with db.write() as s:
        actions.end_sessions(s, viewer.me, clock.now(), only=viewer.session_id)
        audit.record(s, viewer, "sign_out", viewer.person_id)
    logout_user()
    session.clear()
    return see_other(url_for("accounts.sign_in"))


@bp.post("/sessions/end-all")
@access.signed_in
def destroy_sessions() -> Response:
    """Sign out everywhere else."""
    viewer = access.viewer()
    with db.write() as s:
        actions.end_sessions(s, viewer.me, clock.now(), but=viewer.session_id)
        audit.record(s, viewer, "sign_out.everywhere", viewer.person_id)
    return see_other(url_for("accounts.more"))


@bp.get("/more")
@access.signed_in
def more() -> str:
    viewer = access.viewer()
    with db.read() as s:
        devices = queries.live_sessions(s, viewer.me, clock.now())
    return render_template("accounts/more.html", nav="more", sessions=devices, this_session=viewer.session_id)


@bp.get("/passphrase")
@access.signed_in
def edit_passphrase() -> str:
    return render_template("accounts/passphrase.html", nav="more", errors={}, saved="saved" in request.args)


@bp.post("/passphrase")
@access.signed_in
def update_passphrase() -> Response | tuple[str, int]:
    viewer = access.viewer()
    form = parse(
        PassphraseForm, {name: value for name, value in request.form.items() if name != "csrf_token"}
    )
    problems = dict(form.errors)
    if form.value and form.value.passphrase != form.value.again:
        problems["again"] = "These two are not the same. Please type the new one twice."
    with db.read() as s:
        person = s.get(Person, viewer.person_id)
        budgets = queries.budgets_of(f"change:{viewer.person_id}", http.address(), None)
        wait = queries.wait_before_next(s, budgets, clock.now())
    if wait:
        return errors.page(429, headers={"Retry-After": str(wait)})
    if not problems and not actions.is_passphrase_of(person, form.value.current if form.value else ""):
        problems["current"] = "This is not your present passphrase."
        with db.write() as s:
            actions.count_failure(s, list(budgets), clock.now())
    if problems or form.value is None:
        return render_template("accounts/passphrase.html", nav="more", errors=problems, saved=False), 422
    with db.write() as s:
        person = s.get_one(Person, viewer.me)
        actions.set_passphrase(s, person, form.value.passphrase)
        actions.end_sessions(s, viewer.me, clock.now(), but=viewer.session_id)
        audit.record(s, viewer, "passphrase.change", viewer.person_id)
    return see_other(url_for("accounts.edit_passphrase", saved=1))
