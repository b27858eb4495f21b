"""More, and "Signing in": passkeys, devices, the passphrase and the e-mail address."""

from uuid import UUID

from flask import g, render_template, request, url_for
from werkzeug.wrappers import Response

from diary import db
from diary.accounts import actions, queries
from diary.accounts.actions import mails
from diary.accounts.forms import PassphraseForm
from diary.accounts.models import Person
from diary.accounts.rules.letters import PASSPHRASE_CHANGED
from diary.accounts.views.base import bp, typed_form
from diary.accounts.views.guessing import guess_of
from diary.audit import actions as audit
from diary.careteam import access
from diary.lib import clock, http
from diary.lib.forms import parse
from diary.lib.htmx import see_other

SAVED = {
    "named": "The name is saved.",
    "added": "It is set up. You can sign in with it from now on.",
    "removed": "It is removed, and opens nothing any more. You may remove it from your phone’s own list too.",
    "ended": "That device is signed out. What it keeps goes when it asks Neap the next time.",
    "everywhere": "Every other device is signed out.",
    "mailed": "A mail is on its way to the new address. It counts once you have opened the link in it.",
}


@bp.get("/more")
@access.signed_in
def more() -> str:
    viewer = access.viewer()
    has_diary = viewer.is_patient or access.was_patient(viewer)
    return render_template("accounts/more.html", nav="more", has_diary=has_diary)


@bp.get("/signing-in")
@access.signed_in
def signing_in() -> str:
    return signing_in_page({})


def signing_in_page(problems: dict[str, str]) -> str:
    viewer = access.viewer()
    with db.read_anew() as s:
        own = queries.factors_of(s, viewer.me)
        devices = queries.live_sessions(s, viewer.me, clock.now())
        person = s.get_one(Person, viewer.me)
        is_required = access.wants_factor(s, viewer)
    g.no_store = True
    return render_template(
        "accounts/signing_in.html",
        nav="more",
        factors=own,
        sessions=devices,
        this_session=viewer.session_id,
        email=person.email,
        has_passphrase=person.has_passphrase,
        device=http.device(),
        is_team=viewer.is_staff or viewer.is_admin,
        is_required=is_required,
        saved=SAVED.get(request.args.get("saved", "")),
        errors=problems,
    )


@bp.post("/devices/<uuid:device_id>/end")
@access.signed_in
def destroy_device(device_id: UUID) -> Response:
    """Sign out a device that is elsewhere: a lost phone, or one that nobody knows."""
    viewer, now = access.viewer(), clock.now()
    with db.write() as s:
        own = queries.live_sessions(s, viewer.me, now)
        found = next((one for one in own if one.handle == device_id and one.id != viewer.session_id), None)
        if found is None:
            raise access.Hidden
        actions.end_sessions(s, viewer.me, now, only=found.id, revoked=True)
        audit.record(s, viewer, "sign_out.device", viewer.me)
    return see_other(url_for("accounts.signing_in", saved="ended"))


@bp.post("/sessions/end-all")
@access.signed_in
def destroy_sessions() -> Response:
    """Sign out everywhere else."""
    viewer = access.viewer()
    with db.write() as s:
        actions.end_sessions(s, viewer.me, clock.now(), but=viewer.session_id)
        audit.record(s, viewer, "sign_out.everywhere", viewer.person_id)
    return see_other(url_for("accounts.signing_in", saved="everywhere"))


@bp.get("/passphrase")
@access.signed_in
def edit_passphrase() -> str:
    return _passphrase_page({}, saved="saved" in request.args)


def _passphrase_page(problems: dict[str, str], saved: bool = False) -> str:
    with db.read_anew() as s:
        person = s.get_one(Person, access.viewer().me)
    return render_template(
        "accounts/passphrase.html", nav="more", errors=problems, saved=saved, email=person.email,
        has_one=person.has_passphrase,
    )  # fmt: skip


@bp.post("/passphrase")
@access.signed_in
def update_passphrase() -> Response | tuple[str, int]:
    """Whoever has none, since they sign in by passkey alone, proves lately who they are in place of the present one."""
    with db.read() as s:
        has_one = s.get_one(Person, access.viewer().me).has_passphrase
    return _update_passphrase() if has_one else _first_passphrase()


@access.fresh
def _first_passphrase() -> Response | tuple[str, int]:
    return _update_passphrase()


def _update_passphrase() -> Response | tuple[str, int]:
    viewer, now = access.viewer(), clock.now()
    form = parse(PassphraseForm, typed_form())
    problems = dict(form.errors)
    if form.value and form.value.passphrase != form.value.again:
        problems["again"] = "These two are not the same. Please type the new one twice."
    if problems or form.value is None:
        return _passphrase_page(problems), 422
    with db.read() as s:
        person = s.get_one(Person, viewer.me)
    guess = guess_of(person, person.email)
    if guess.wait:
        return guess.refused()
    if person.has_passphrase and not actions.is_passphrase_of(person, form.value.current):
        return _passphrase_page({"current": "This is not your present passphrase."}), 422
    with db.write() as s:
        guess.was_right(s)
        actions.change_passphrase(s, s.get_one(Person, viewer.me), form.value.passphrase, now)
        actions.end_sessions(s, viewer.me, now, but=viewer.session_id)
        audit.record(s, viewer, "passphrase.change", viewer.person_id)
        mails.put(s, viewer.me, PASSPHRASE_CHANGED, now)
    return see_other(url_for("accounts.edit_passphrase", saved=1))
