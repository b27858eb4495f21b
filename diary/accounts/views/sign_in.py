"""Signing in by passphrase or passkey, the second factor, and signing out."""

from flask import g, redirect, render_template, request, session, url_for
from flask_login import current_user, logout_user
from werkzeug.wrappers import Response

from diary import db
from diary.accounts import actions, queries
from diary.accounts.actions import factors
from diary.accounts.forms import AnswerForm, SecondForm, SignInForm
from diary.accounts.models import Person
from diary.accounts.views import keys
from diary.accounts.views.base import GOING_TO, bp, safe_path, typed_form
from diary.accounts.views.guessing import Guess, drawn, guess_of, known_device, passkey_budgets
from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam import actions as careteam
from diary.lib import clock, http, webkeys
from diary.lib.forms import echo, parse
from diary.lib.htmx import see_other
from diary.lib.sessions import enter

WRONG = "This e-mail address and passphrase do not belong together. Please check both."
NO_SUCH_KEY = (
    "Neap could not sign you in with that passkey. Please try another one, or your passphrase. "
    "(One named \u201cNeap on this phone\u201d opens the app lock only.)"
)
WRONG_CODE = "This code does not open. Each counts once, for half a minute: please wait for the next one, and check the phone’s clock."
WRONG_RECOVERY = "This recovery code does not open. Each one works once; please try another."
NEEDED = "Please type the code."
SIGN_IN = "sign_in"


@bp.get("/")
@access.signed_in
def home() -> Response:
    return redirect(access.viewer().landing, 303)


@bp.get("/sign-in")
@access.public
def sign_in() -> Response | str:
    if current_user.is_authenticated:
        return redirect(access.viewer().landing, 303)
    return _sign_in_page({"next": request.args.get("next", "")}, {})


def _sign_in_page(typed: dict[str, str], problems: dict[str, str]) -> str:
    typed = {name: echo(text) for name, text in typed.items() if name not in ("passphrase", "answer")}
    return render_template("accounts/sign_in.html", typed=typed, errors=problems)


@bp.post("/sign-in")
@access.public
def create_session() -> Response | tuple[str, int]:
    typed = typed_form()
    form = parse(SignInForm, typed)
    if form.value is None:
        return _sign_in_page(typed, form.errors), 422
    with db.read() as s:
        person = queries.person_by_email(s, form.value.email)
    guess = guess_of(person, form.value.email)
    if guess.wait:
        return guess.refused()
    right = actions.is_passphrase_of(person, form.value.passphrase)
    if person is None or not right:
        with db.write() as s:
            audit.record(s, None, "sign_in.failed", person.id if person else None)
        return _sign_in_page(typed, {"passphrase": WRONG}), 422
    return let_in(person, form.value.next, guess)


def let_in(person: Person, after: str, guess: Guess | None = None, is_second: bool = False) -> Response:
    """Begin a session with a new id and token, and go where the person was going.

    is_second: the second factor was given too, or is not needed beside what was given.
    """
    now = clock.now()
    half = g.pop("half", None)
    with db.write() as s:
        if half is not None:
            _use_up(s, half.viewer, now)
        if guess is not None:
            guess.was_right(s)
        if current_user.is_authenticated:  # this browser's session of before can't be reached any more
            before = access.viewer()
            actions.end_sessions(s, before.me, now, only=before.session_id)
        user, device = careteam.sign_in(
            s, person, http.device(), known_device(), now, second_at=now if is_second else None
        )
    target = safe_path(after)
    if user.viewer.is_half:
        response = enter(user, device, url_for("accounts.second_factor", next=target))
        if target:
            session[GOING_TO] = target
        return response
    return enter(user, device, target or user.viewer.landing)


def _use_up(s, half: access.Viewer, now) -> None:  # type: ignore[no-untyped-def]
    """Half a session becomes a whole one once."""
    if actions.end_sessions(s, half.me, now, only=half.session_id) != 1:
        raise access.Hidden


# By passkey ---------------------------------------------------------------------------------------


@bp.post("/sign-in/challenge")
@access.public
def ask_passkey() -> Response:
    """Whichever passkey this device keeps: nobody has to type who they are."""
    answers, questions = passkey_budgets()
    guess = drawn(answers)
    if guess.wait:
        return guess.refused()
    with db.write() as s:
        guess.was_right(s)
    asked = drawn(questions)  # not given back: each one is a row in the store
    if asked.wait:
        return asked.refused()
    return keys.question(webkeys.to_use(keys.ask(SIGN_IN)))


@bp.post("/sign-in/passkey")
@access.public
def create_session_by_passkey() -> Response | tuple[str, int]:
    typed = typed_form()
    form = parse(AnswerForm, typed)
    if form.value is None:
        return _sign_in_page(typed, form.errors), 422
    guess = drawn(passkey_budgets()[0])
    if guess.wait:
        return guess.refused()
    try:
        _, person = keys.holder_of(form.value.answer, SIGN_IN)
    except webkeys.Wrong:
        with db.write() as s:
            audit.record(s, None, "sign_in.failed")
        return _sign_in_page(typed, {"answer": NO_SUCH_KEY}), 422
    return let_in(person, form.value.next, guess, is_second=True)


# The second factor --------------------------------------------------------------------------------


@bp.get("/second-factor")
@access.half_in
def second_factor() -> Response | str:
    return _second_page({"next": request.args.get("next", "")}, {})


def _second_page(typed: dict[str, str], problems: dict[str, str]) -> Response | str:
    viewer = access.viewer()
    with db.read_anew() as s:
        own = queries.factors_of(s, viewer.me)
    after = safe_path(typed.get("next", "")) or ""
    if not own.has_any:
        return redirect(url_for("accounts.new_factor", next=after or None), 303)
    return render_template("accounts/second_factor.html", after=after, errors=problems, factors=own)


@bp.post("/second-factor")
@access.half_in
def give_second_factor() -> Response | str | tuple[Response | str, int]:
    typed = typed_form()
    form = parse(SecondForm, typed)
    if form.value is None:
        return _second_page(typed, form.errors), 422
    if not (form.value.code or form.value.recovery):
        return _second_page(typed, {"code": NEEDED}), 422
    viewer, now = access.viewer(), clock.now()
    with db.read() as s:
        person = queries.person_of(s, viewer.me)
    guess = guess_of(person, person.email if person else "")
    if person is None or guess.wait:
        return guess.refused()
    with db.write() as s:
        if form.value.recovery:
            is_right = factors.use_recovery(s, person.id, form.value.recovery, now)
        else:
            is_right = factors.use_code(s, person.id, form.value.code, now)
        if not is_right:
            audit.record(s, viewer, "sign_in.second_failed", person.id)
        elif form.value.recovery:
            audit.record(s, viewer, "recovery_code.use", person.id)
    if not is_right:
        wrong = {"recovery": WRONG_RECOVERY} if form.value.recovery else {"code": WRONG_CODE}
        return _second_page(typed, wrong), 422
    return let_in(person, form.value.next, guess, is_second=True)


@bp.post("/second-factor/challenge")
@access.half_in
def ask_second_passkey() -> Response:
    viewer = access.viewer()
    with db.read() as s:
        known = [one.credential_id for one in queries.factors_of(s, viewer.me).passkeys]
    challenge = keys.ask(f"second:{viewer.session_id}")
    return keys.question(webkeys.to_use(challenge, known, must_verify=False))


@bp.post("/second-factor/passkey")
@access.half_in
def give_second_passkey() -> Response | str | tuple[Response | str, int]:
    """Beside the passphrase a passkey need not know its holder: having it is the second factor."""
    typed = typed_form()
    form = parse(AnswerForm, typed)
    if form.value is None:
        return _second_page(typed, form.errors), 422
    viewer = access.viewer()
    with db.read() as s:
        known = queries.person_of(s, viewer.me)
    guess = guess_of(known, known.email if known else "")
    if guess.wait:
        return guess.refused()
    try:
        _, person = keys.holder_of(
            form.value.answer, f"second:{viewer.session_id}", viewer.me, must_verify=False
        )
    except webkeys.Wrong:
        with db.write() as s:
            audit.record(s, viewer, "sign_in.second_failed", viewer.me)
        return _second_page(typed, {"answer": NO_SUCH_KEY}), 422
    return let_in(person, form.value.next, guess, is_second=True)


# Out ----------------------------------------------------------------------------------------------


@bp.post("/sign-out")
@access.entering
def destroy_session() -> Response:
    viewer = access.viewer()
    with db.write() as s:
        actions.end_sessions(s, viewer.me, clock.now(), only=viewer.session_id)
        audit.record(s, viewer, "sign_out", viewer.person_id)
    logout_user()
    session.clear()
    return see_other(url_for("accounts.sign_in"))
