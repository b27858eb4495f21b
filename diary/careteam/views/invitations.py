"""Inviting, by link or printed QR code, and accepting."""

from typing import Any
from uuid import UUID

from flask import current_app, g, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from diary import db
from diary.careteam import access, actions, queries
from diary.careteam.forms import InvitationForm, PersonForm
from diary.careteam.rules import CONSENT_WORDING, INVITATION_LIVES, KIND_MEANS, KIND_WORDS, Role
from diary.careteam.views.base import bp, typed_form
from diary.lib import clock, http, qr
from diary.lib.forms import echo, parse
from diary.lib.htmx import see_other
from diary.lib.sessions import device_cookie, enter


@bp.get("/invitations/<token>")
@access.public
def invitation(token: str) -> str:
    return _invitation_page(token, {}, {})


@bp.post("/invitations/<token>")
@access.public
def accept_invitation(token: str) -> Response | tuple[str, int]:
    typed: dict[str, object] = {name: value for name, value in request.form.items() if name != "csrf_token"}
    typed["consent"] = [kind for kind in request.form.getlist("consent") if kind]
    form = parse(InvitationForm, typed)
    if form.value is None:
        return _invitation_page(token, typed, form.errors), 422
    now = clock.now()
    with db.write() as s:
        found = queries.open_invitation(s, token, now)
        person = actions.accept_invitation(
            s,
            found.invitation,
            form.value.name,
            form.value.zone,
            form.value.passphrase,
            form.value.consent,
            now,
        )
        known = request.cookies.get(device_cookie(current_app))
        user, device = actions.sign_in(s, person, http.device(), known, now)
    return enter(user, device, user.viewer.landing)


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
    typed = {name: echo(v) if isinstance(v, str) else v for name, v in typed.items() if name != "passphrase"}
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
