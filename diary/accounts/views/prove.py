"""Step-up: who is signed in shows once more who they are, and goes on with what they were doing."""

from flask import redirect, render_template, request, session
from werkzeug.wrappers import Response

from diary import db
from diary.accounts import actions, queries
from diary.accounts.actions import factors
from diary.accounts.forms import AnswerForm, ProveForm
from diary.accounts.models import Person
from diary.accounts.views import keys
from diary.accounts.views.base import bp, safe_path, typed_form
from diary.accounts.views.guessing import Guess, guess_of
from diary.accounts.views.sign_in import WRONG_CODE
from diary.audit import actions as audit
from diary.careteam import access
from diary.lib import clock, webkeys
from diary.lib.forms import parse
from diary.lib.htmx import see_other

WRONG = "This is not your passphrase."
NEEDED = "Please type your passphrase."
NO_SUCH_KEY = "That passkey did not prove it. Please try another one, or your passphrase."


@bp.get("/prove")
@access.signed_in
def prove() -> str:
    return _page(request.args.get("next", ""), {})


def _page(after: str, problems: dict[str, str]) -> str:
    viewer = access.viewer()
    with db.read_anew() as s:
        own = queries.factors_of(s, viewer.me)
        person = s.get_one(Person, viewer.me)
    return render_template(
        "accounts/prove.html", nav="more", after=safe_path(after) or "", errors=problems, factors=own,
        email=person.email, has_passphrase=person.has_passphrase, has_typed="typed" in session,
    )  # fmt: skip


@bp.post("/prove")
@access.signed_in
def create_proof() -> Response | str | tuple[str, int]:
    typed = typed_form()
    form = parse(ProveForm, typed)
    after = typed.get("next", "")
    if form.value is None:
        return _page(after, form.errors), 422
    if not (form.value.passphrase or form.value.code):
        return _page(after, {"passphrase": NEEDED}), 422
    viewer, now = access.viewer(), clock.now()
    with db.read() as s:
        person = s.get_one(Person, viewer.me)
    guess = guess_of(person, person.email)
    if guess.wait:
        return guess.refused()
    if form.value.passphrase:
        problems = {"passphrase": WRONG}
        is_right = actions.is_passphrase_of(person, form.value.passphrase)
    else:
        problems = {"code": WRONG_CODE}
        with db.write() as s:
            is_right = factors.use_code(s, person.id, form.value.code, now)
    if not is_right:
        with db.write() as s:
            audit.record(s, viewer, "prove.failed", viewer.me)
        return _page(after, problems), 422
    return _proven(after, guess)


@bp.post("/prove/challenge")
@access.signed_in
def ask_proving_passkey() -> Response:
    viewer = access.viewer()
    with db.read() as s:
        known = [one.credential_id for one in queries.factors_of(s, viewer.me).passkeys]
    return keys.question(webkeys.to_use(keys.ask(f"prove:{viewer.session_id}"), known))


@bp.post("/prove/passkey")
@access.signed_in
def create_proof_by_passkey() -> Response | str | tuple[str, int]:
    form = parse(AnswerForm, typed_form())
    viewer = access.viewer()
    with db.read() as s:
        person = s.get_one(Person, viewer.me)
    guess = guess_of(person, person.email)
    if guess.wait:
        return guess.refused()
    try:
        if form.value is None:
            raise webkeys.Wrong("form")
        keys.holder_of(form.value.answer, f"prove:{viewer.session_id}", viewer.me)
    except webkeys.Wrong:
        with db.write() as s:
            audit.record(s, viewer, "prove.failed", viewer.me)
        return _page(typed_form().get("next", ""), {"answer": NO_SUCH_KEY}), 422
    return _proven(form.value.next, guess)


def _proven(after: str, guess: Guess) -> Response | str:
    """The session gets a new id; then on, or to the form that waits, with what was typed."""
    viewer = access.viewer()
    with db.write() as s:
        guess.was_right(s)
        session["_user_id"] = actions.prove_session(s, viewer.session_id or 0, clock.now())
        audit.record(s, viewer, "prove", viewer.me)
    kept = access.take_typed()
    if kept is not None:
        path, typed = kept
        return render_template(
            "accounts/proven.html",
            nav="more",
            path=path,
            typed=typed,
            back=safe_path(after) or viewer.landing,
        )
    target = safe_path(after) or viewer.landing
    return see_other(target) if request.method == "POST" else redirect(target, 303)
