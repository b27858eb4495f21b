"""Setting up, naming and taking away passkeys, the authenticator app and recovery codes."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

import pyotp
import segno
from flask import g, make_response, redirect, render_template, session, url_for
from sqlmodel import Session
from werkzeug.wrappers import Response

from diary import db
from diary.accounts import actions, queries
from diary.accounts.actions import factors, mails
from diary.accounts.forms import NameForm, NewPasskeyForm, SecondForm
from diary.accounts.models import Person
from diary.accounts.rules import is_fresh
from diary.accounts.rules.letters import WAY_ADDED, WAY_REMOVED
from diary.accounts.views import keys
from diary.accounts.views.base import GOING_TO, bp, safe_path, typed_form
from diary.accounts.views.guessing import guess_of, known_device
from diary.accounts.views.page import signing_in_page
from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam import actions as careteam
from diary.lib import clock, http, webkeys
from diary.lib.forms import parse
from diary.lib.htmx import see_other
from diary.lib.sessions import anew, with_device

NOT_MADE = "No passkey was made. Nothing has changed; please try once more, or choose another way."
WRONG_CODE = "This is not the code that Neap expects now. Please type the one that the app shows, and check the phone’s clock."
LAST_ONE = (
    "Your clinic asks for a second way to sign in, and this is the only one. Please set up another first."
)
LAST_WAY = "This is the only way that you sign in. Please set a passphrase first, or add another passkey."
APP, PASSKEY, CODES = "an authenticator app", "a passkey", "new recovery codes"


def first_or_fresh(view: Callable[..., Any]) -> Callable[..., Any]:
    """Beneath `entering`: half a session may set up a person's first second factor, and no other; else step-up."""
    whole = access.fresh(view)

    @wraps(whole)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        viewer = access.viewer()
        if not viewer.is_half:
            return whole(*args, **kwargs)
        with db.read() as s:
            has_any = queries.factors_of(s, viewer.me).has_any
        return redirect(url_for("accounts.second_factor"), 303) if has_any else view(*args, **kwargs)

    return guarded


@bp.get("/second-factor/new")
@access.half_in
def new_factor() -> Response | str:
    return _new_factor_page({})


def _new_factor_page(problems: dict[str, str]) -> Response | str:
    with db.read_anew() as s:
        if queries.factors_of(s, access.viewer().me).has_any:
            return redirect(url_for("accounts.second_factor"), 303)
    return render_template("accounts/new_factor.html", errors=problems, device=http.device())


# Passkeys -----------------------------------------------------------------------------------------


@bp.post("/passkeys/challenge")
@access.entering
def ask_new_passkey() -> Response:
    """It opens nothing: what comes of it is kept by the one below, which asks for a fresh proof."""
    viewer = access.viewer()
    if not viewer.is_half and not is_fresh(viewer.proven_at, clock.now()):
        return keys.question({"prove": url_for("accounts.prove", next=url_for("accounts.signing_in"))})
    with db.read() as s:
        person, has = s.get_one(Person, viewer.me), queries.factors_of(s, viewer.me)
    if viewer.is_half and has.has_any:  # half a session makes the first one only, and is told nothing else
        return redirect(url_for("accounts.second_factor"), 303)
    known = [one.credential_id for one in has.passkeys]
    challenge = keys.ask(f"make:{viewer.session_id}")
    return keys.question(
        webkeys.to_make(challenge, person.uuid.bytes, person.email, person.name or person.email, known)
    )


@bp.post("/passkeys")
@access.entering
@first_or_fresh
def create_passkey() -> Response | str | tuple[Response | str, int]:
    viewer, now = access.viewer(), clock.now()
    typed = typed_form()
    form = parse(NewPasskeyForm, typed)
    if form.value is None:
        return _not_made(form.errors)
    try:
        made = webkeys.made(form.value.answer, keys.challenge_for(f"make:{viewer.session_id}"))
        with db.write() as s:
            factors.add_passkey(s, viewer.me, made, form.value.name, now)
            codes = _added(s, viewer, "passkey", PASSKEY)
    except webkeys.Wrong:
        return _not_made({"answer": NOT_MADE})
    except factors.Refused as error:
        return _not_made({"answer": str(error)})
    return _after_adding(viewer, codes)


def _not_made(problems: dict[str, str]) -> tuple[Response | str, int]:
    page = _new_factor_page(problems) if access.viewer().is_half else signing_in_page(problems)
    return page, 422


@bp.post("/passkeys/<uuid:passkey_id>/name")
@access.signed_in
def name_passkey(passkey_id: UUID) -> Response | tuple[str, int]:
    form = parse(NameForm, typed_form())
    if form.value is None:
        return signing_in_page({f"name-{passkey_id}": form.errors.get("name", "")}), 422
    with db.write() as s:
        factors.name_passkey(s, access.viewer().me, passkey_id, form.value.name)
    return see_other(url_for("accounts.signing_in", saved="named"))


@bp.post("/passkeys/<uuid:passkey_id>/removal")
@access.signed_in
@access.fresh
def destroy_passkey(passkey_id: UUID) -> Response | tuple[str, int]:
    viewer = access.viewer()
    with db.write() as s:
        own = queries.factors_of(s, viewer.me)
        is_last = [one.uuid for one in own.passkeys] == [passkey_id]
        problem = LAST_WAY if is_last and not s.get_one(Person, viewer.me).has_passphrase else LAST_ONE
        is_needed = is_last and not own.has_app
        if problem == LAST_ONE and not (is_needed and access.wants_factor(s, viewer)):
            factors.remove_passkey(s, viewer.me, passkey_id)
            _removed(s, viewer, "passkey", PASSKEY)
            return see_other(url_for("accounts.signing_in", saved="removed"))
    return signing_in_page({"answer": problem}), 422


# The authenticator app ----------------------------------------------------------------------------


@bp.post("/authenticator/new")
@access.entering
@first_or_fresh
def begin_authenticator() -> Response:
    with db.write() as s:
        factors.begin_authenticator(s, access.viewer().me, clock.now())
    return see_other(url_for("accounts.authenticator"))


@bp.get("/authenticator")
@access.entering
@first_or_fresh
def authenticator() -> Response | str:
    return _authenticator_page({})


def _authenticator_page(problems: dict[str, str]) -> Response | str:
    viewer = access.viewer()
    with db.read_anew() as s:
        secret = queries.waiting_secret(s, viewer.me)
        person = s.get_one(Person, viewer.me)
    if secret is None:
        return redirect(url_for("accounts.second_factor" if viewer.is_half else "accounts.signing_in"), 303)
    link = pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name="Neap")
    return render_template(
        "accounts/authenticator.html",
        nav="" if viewer.is_half else "more",
        link=link,
        picture=segno.make(link, error="m").svg_data_uri(border=4, dark="#000", light="#fff"),
        key=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        errors=problems,
        is_half=viewer.is_half,
    )


@bp.post("/authenticator")
@access.entering
@first_or_fresh
def create_authenticator() -> Response | str | tuple[Response | str, int]:
    viewer, now = access.viewer(), clock.now()
    form = parse(SecondForm, typed_form())
    with db.read() as s:
        person = s.get_one(Person, viewer.me)
    guess = guess_of(person, person.email)
    if guess.wait:
        return guess.refused()
    with db.write() as s:
        if form.value is not None and factors.confirm_authenticator(s, viewer.me, form.value.code, now):
            guess.was_right(s)
            codes = _added(s, viewer, "authenticator", APP)
        else:
            codes = None
    if codes is None:
        return _authenticator_page({"code": WRONG_CODE}), 422
    return _after_adding(viewer, codes)


@bp.post("/authenticator/removal")
@access.signed_in
@access.fresh
def destroy_authenticator() -> Response | tuple[str, int]:
    viewer = access.viewer()
    with db.write() as s:
        if queries.factors_of(s, viewer.me).passkeys or not access.wants_factor(s, viewer):
            factors.remove_authenticator(s, viewer.me)
            _removed(s, viewer, "authenticator", APP)
            return see_other(url_for("accounts.signing_in", saved="removed"))
    return signing_in_page({"app": LAST_ONE}), 422


@bp.post("/recovery-codes")
@access.signed_in
@access.fresh
def create_codes() -> Response:
    viewer = access.viewer()
    with db.write() as s:
        if not queries.factors_of(s, viewer.me).has_any:
            raise access.Hidden
        codes = factors.make_codes(s, viewer.me, clock.now())
        audit.record(s, viewer, "recovery_codes.create", viewer.me)
        mails.put(s, viewer.me, WAY_ADDED, clock.now(), about=CODES)
    return _codes_page(codes, url_for("accounts.signing_in"))


# What they share ----------------------------------------------------------------------------------


def _added(s: Session, viewer: access.Viewer, what: str, words: str) -> list[str]:
    """Note a new way in; with the first one of a member of staff come recovery codes."""
    now = clock.now()
    audit.record(s, viewer, f"{what}.create", viewer.me)
    if viewer.is_half:
        return factors.make_codes(s, viewer.me, now)
    mails.put(s, viewer.me, WAY_ADDED, now, about=words)
    actions.note_second(s, viewer.session_id or 0, now)
    own = queries.factors_of(s, viewer.me)
    is_team = viewer.is_staff or viewer.is_admin
    return factors.make_codes(s, viewer.me, now) if is_team and not own.codes_left else []


def _after_adding(viewer: access.Viewer, codes: list[str]) -> Response:
    """The codes, shown this once; half a session is a whole one from here on."""
    if not viewer.is_half:
        target = url_for("accounts.signing_in", saved="added")
        return _codes_page(codes, target) if codes else see_other(target)
    now = clock.now()
    g.pop("half")
    after = safe_path(session.get(GOING_TO, ""))
    with db.write() as s:
        if actions.end_sessions(s, viewer.me, now, only=viewer.session_id) != 1:
            raise access.Hidden
        person = s.get_one(Person, viewer.me)
        user, device = careteam.sign_in(s, person, http.device(), known_device(), now, second_at=now)
    anew(user, device)
    return with_device(device, _codes_page(codes, after or user.viewer.landing))


def _codes_page(codes: list[str], after: str) -> Response:
    response = make_response(render_template("accounts/codes.html", nav="more", codes=codes, after=after))
    response.headers["Cache-Control"] = "no-store"
    return response


def _removed(s: Session, viewer: access.Viewer, what: str, words: str) -> None:
    """Recovery codes go with the last factor: they stand for one."""
    now = clock.now()
    s.flush()
    if not queries.factors_of(s, viewer.me).has_any:
        factors.remove_factors(s, viewer.me)
    audit.record(s, viewer, f"{what}.end", viewer.me)
    mails.put(s, viewer.me, WAY_REMOVED, now, about=words)
