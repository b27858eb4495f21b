"""Inviting, by link or printed QR code, and accepting."""

from typing import Any
from uuid import UUID

from flask import current_app, g, jsonify, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from diary import db
from diary.accounts.actions import factors
from diary.audit import actions as audit
from diary.careteam import access, actions, queries
from diary.careteam.forms import PASSKEY, InvitationForm, PersonForm
from diary.careteam.rules import CONSENT_WORDING, INVITATION_LIVES, KIND_MEANS, KIND_WORDS, Role
from diary.careteam.views.base import bp, typed_form
from diary.lib import clock, http, qr, webkeys
from diary.lib.forms import echo, parse
from diary.lib.htmx import see_other
from diary.lib.sessions import device_cookie, enter

NO_PASSKEY = "No passkey was made. Nothing is lost; please try once more, or choose a passphrase."


@bp.get("/invitations/<token>")
@access.public
def invitation(token: str) -> str:
    return _invitation_page(token, {}, {})


@bp.post("/invitations/<token>")
@access.public
def accept_invitation(token: str) -> Response | tuple[str, int]:
    typed = _accepted()
    form = parse(InvitationForm, typed)
    if form.value is None:
        others = {name: words for name, words in form.errors.items() if name != "passphrase"}
        problems = others if others and typed.get("way") == PASSKEY else form.errors
        return _invitation_page(token, typed, problems), 422
    now, given = clock.now(), form.value
    try:
        made = _made(token, given.answer) if given.answer else None
        with db.write() as s:
            found = queries.open_invitation(s, token, now)
            passphrase = None if made else given.passphrase
            person = actions.accept_invitation(
                s, found.invitation, given.name, given.zone, passphrase, given.consent, now
            )
            if made:
                factors.add_passkey(s, person.id, made, http.device(), now)
                audit.record(s, access.viewer_of(s, person), "passkey.create", person.id)
            known = request.cookies.get(device_cookie(current_app))
            user, device = actions.sign_in(s, person, http.device(), known, now, now if made else None)
    except (webkeys.Wrong, factors.Refused):
        return _invitation_page(token, typed, {"passphrase": NO_PASSKEY}), 422
    return enter(user, device, user.viewer.landing)


@bp.post("/invitations/<token>/challenge")
@access.public
def ask_invited_passkey(token: str) -> Response | tuple[str, int]:
    """What the phone is to make a passkey from, once the rest of the form is right: none is made for nothing."""
    typed = _accepted()
    form = parse(InvitationForm, {**typed, "answer": "-"})
    if form.value is None:
        return "", 422
    with db.write() as s:
        found = queries.open_invitation(s, token, clock.now())
        if found.joins or not found.is_patient:
            raise access.Hidden
        challenge = factors.make_challenge(s, _purpose(found), clock.now())
    session["challenge"] = challenge
    response = jsonify(
        webkeys.to_make(challenge, found.holder.bytes, found.email, form.value.name, (), alone=True)
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _accepted() -> dict[str, object]:
    typed: dict[str, object] = {name: value for name, value in request.form.items() if name != "csrf_token"}
    typed["consent"] = [kind for kind in request.form.getlist("consent") if kind]
    return typed


def _purpose(found: queries.OpenInvitation) -> str:
    return f"invited:{found.invitation.id}"


def _made(token: str, answer: str) -> webkeys.Made:
    """The passkey that was made for this invitation in this browser; raises webkeys.Wrong."""
    challenge, now = session.pop("challenge", ""), clock.now()
    with db.write() as s:
        found = queries.open_invitation(s, token, now)
        is_asked = found.is_patient and factors.take_challenge(s, challenge, _purpose(found), now)
    if not is_asked:
        raise webkeys.Wrong("challenge")
    return webkeys.made(answer, challenge, must_verify=True)


@bp.post("/invitations/<token>/joining")
@access.signed_in
def join(token: str) -> Response:
    """Somebody who has an account takes a role in one more clinic; as after any sign-in their session is a new one."""
    now = clock.now()
    with db.write() as s:
        found = queries.open_invitation(s, token, now)
        person = actions.join(s, access.viewer(), found.invitation, now)
        known = request.cookies.get(device_cookie(current_app))
        user, device = actions.sign_in(s, person, http.device(), known, now)
    return enter(user, device, "/sharing" if found.is_patient else user.viewer.landing)


def _invitation_page(token: str, typed: dict[str, object], problems: dict[str, str]) -> str:
    g.no_store = True
    with db.read() as s:
        found = queries.open_invitation(s, token, clock.now())
    typed = {
        name: echo(v) if isinstance(v, str) else v
        for name, v in typed.items()
        if name not in ("passphrase", "answer")
    }
    viewer = current_user.viewer if current_user.is_authenticated else None
    return render_template(
        "careteam/join.html" if found.joins else "careteam/invitation.html",
        invitation=found,
        token=token,
        is_them=viewer is not None and viewer.person_id == found.invitation.person_id,
        typed={"name": "" if found.is_patient else found.name, "zone": found.zone, "consent": [], **typed},
        errors=problems,
        zones=clock.zone_names(),
        kinds=KIND_WORDS,
        means=KIND_MEANS,
        wording=CONSENT_WORDING,
    )


# Inviting -----------------------------------------------------------------------------------------


@bp.post("/clinic/invitations")
@access.admin
def create_invitation() -> str | tuple[str, int]:
    """Invite somebody; the sheet with the link is shown once, to be printed or handed over."""
    from diary.careteam.views.clinic import clinic_page

    viewer = access.viewer()
    with db.read() as s:
        place = access.clinic_admin(s, viewer)
    return _invite(
        place.id, typed_form(), lambda typed, errors: clinic_page(typed=typed, errors=errors, opened="invite")
    )


@bp.get("/patients/new")
@access.staff
def new_patient() -> str:
    return _new_patient({}, {})


@bp.post("/patients/new")
@access.staff
def create_patient() -> str | tuple[str, int]:
    """A coach or clinician invites a patient to a clinic of theirs; whom they care for the clinic's admin says."""
    viewer, typed = access.viewer(), typed_form()
    with db.read() as s:
        ids = {str(one.uuid): one.id for one in _own_care_clinics(s, viewer)}
    chosen = typed.pop("clinic", "") or (next(iter(ids)) if len(ids) == 1 else "")
    if chosen not in ids:
        return _new_patient({**typed, "clinic": chosen}, {"clinic": "Please choose to which clinic."}), 422
    return _invite(ids[chosen], {**typed, "role": str(Role.PATIENT)}, _new_patient)


def _own_care_clinics(s: Any, viewer: access.Viewer) -> list[Any]:
    ids = viewer.clinics(Role.COACH, Role.CLINICIAN)
    return [clinic for clinic in queries.own_clinics(s, viewer) if clinic.id in ids]


def _new_patient(typed: dict[str, str], errors: dict[str, str]) -> str:
    with db.read() as s:
        clinics = _own_care_clinics(s, access.viewer())
    shown = {name: echo(value) for name, value in typed.items()}
    return render_template(
        "careteam/new_patient.html", nav="patients", typed=shown, errors=errors,
        clinics=[(str(one.uuid), one.name) for one in clinics],
    )  # fmt: skip


def _invite(clinic_id: int, typed: dict[str, str], again: Any) -> str | tuple[str, int]:
    form = parse(PersonForm, typed)
    shown = {name: echo(value) for name, value in typed.items()}
    if form.value is None:
        return again(shown, form.errors), 422
    viewer = access.viewer()
    try:
        with db.write() as s:
            clinic = actions.lock_clinic(s, clinic_id)
            token = actions.invite(
                s,
                viewer,
                clinic,
                form.value.email,
                form.value.role,
                clock.now(),
                name=form.value.name,
                zone=viewer.zone,
                born=form.value.born_on or None,
            )
    except actions.Refused as error:
        return again(shown, {"email": str(error)}), 422
    return _sheet(form.value.name, form.value.role, clinic.name, token)


@bp.post("/waiting/<uuid:invitation_id>/again")
@access.team
def invite_again(invitation_id: UUID) -> str | Response:
    """Another link for somebody who has not used theirs, which ends."""
    viewer = access.viewer()
    with db.write() as s:
        clinic, email, role, name = queries.invited_again(s, viewer, invitation_id)
        token = actions.invite(s, viewer, clinic, email, role, clock.now(), name=name, zone=viewer.zone)
    return _sheet(name, role, clinic.name, token)


@bp.post("/waiting/<uuid:invitation_id>/end")
@access.team
def end_invitation(invitation_id: UUID) -> Response:
    """The link stops working."""
    viewer = access.viewer()
    with db.write() as s:
        clinic, *_ = queries.invited_again(s, viewer, invitation_id)
        actions.end_invitation(s, viewer, clinic.id, invitation_id, clock.now())
    if viewer.is_admin:
        return see_other(url_for("careteam.clinic", saved="uninvited"))
    return see_other("/patients")


def _sheet(name: str, role: str, clinic: str, token: str) -> str:
    g.no_store = True
    address = http.address_of(url_for("careteam.invitation", token=token))
    until = clock.local(clock.now() + INVITATION_LIVES, access.viewer().zone)
    return render_template(
        "careteam/letter.html", nav="clinic" if access.viewer().is_admin else "patients", name=name,
        is_patient=role == Role.PATIENT, clinic=clinic, address=address, code=qr.svg(address), until=until,
    )  # fmt: skip
