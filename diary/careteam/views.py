"""Invitations, and the admin's page: people and care links, no diary."""

from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, g, render_template, request, url_for
from werkzeug.wrappers import Response

from diary import db
from diary.careteam import access, actions, queries
from diary.careteam.forms import InvitationForm, LinkForm, PersonForm, parse_checkin_days, parse_contacts
from diary.careteam.rules import (
    ALWAYS_ASKED,
    CARE_ROLES,
    DAY_KEYS,
    KIND_WORDS,
    Role,
    checkin_days,
    parse_opening,
)
from diary.lib import clock, http, words
from diary.lib.forms import echo, parse
from diary.lib.htmx import see_other
from diary.lib.sessions import device_cookie, enter
from diary.safety.queries import COUNTRIES
from diary.safety.rules import clinic_standing, until_then

bp = Blueprint("careteam", __name__)


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


def _invitation_page(token: str, typed: dict[str, object], problems: dict[str, str]) -> str:
    g.no_store = True
    with db.read() as s:
        found = queries.open_invitation(s, token, clock.now())
    typed = {name: echo(v) if isinstance(v, str) else v for name, v in typed.items() if name != "passphrase"}
    return render_template(
        "careteam/invitation.html",
        invitation=found,
        token=token,
        typed={"name": "" if found.is_patient else found.name, "zone": found.zone, "consent": [], **typed},
        errors=problems,
        zones=clock.zone_names(),
        kinds=KIND_WORDS,
    )


@bp.get("/clinic")
@access.admin
def clinic() -> str:
    return _clinic_page()


def _clinic_page(**extra: object) -> str:
    viewer = access.viewer()
    with db.read() as s:
        clinic = access.clinic_admin(s, viewer)
        members = queries.members(s, viewer, clinic.id)
        links = queries.links(s, viewer, clinic.id)
    patients = [m for m in members if Role.PATIENT in m.roles]
    carers = [m for m in members if CARE_ROLES & set(m.roles)]
    context = {
        "typed": {}, "errors": {}, "link_errors": {}, "invited": None,
        "contacts": _contacts_of(clinic), "contact_errors": {}, "day_errors": {},
        "later_days": ", ".join(map(str, checkin_days(clinic.checkin_days)[len(ALWAYS_ASKED):])), **extra,
    }  # fmt: skip
    country = COUNTRIES.get(clinic.country)
    return render_template(
        "careteam/clinic.html",
        nav="clinic",
        clinic=clinic,
        members=members,
        links=links,
        patients=patients,
        carers=carers,
        countries=[("", "please choose")] + [(c.code, c.name) for c in COUNTRIES.values()],
        zones=[(name, name) for name in clock.zone_names()],
        days=list(zip(DAY_KEYS, words.DAYS, strict=True)),
        standing=clinic_standing(parse_opening(clinic.opening), clock.now(), clinic.zone),
        until_then=until_then(country) if country else "",
        **context,
    )


def _contacts_of(clinic: Any) -> dict[str, str]:
    """The form as it is stored."""
    hours = {
        f"{DAY_KEYS[day]}_{end}": words.time_hm(at)
        for day, both in parse_opening(clinic.opening).items()
        for end, at in zip(("from", "until"), both, strict=True)
    }
    return {
        "phone": clinic.phone, "country": clinic.country, "zone": clinic.zone, "hours": clinic.hours, **hours,
    }  # fmt: skip


@bp.post("/clinic/contacts")
@access.admin
def update_contacts() -> Response | tuple[str, int]:
    """How the clinic is reached, and when it is open."""
    viewer = access.viewer()
    typed = {name: value for name, value in request.form.items() if name != "csrf_token"}
    form = parse_contacts(typed, COUNTRIES)
    if form.value is None:
        shown = {name: echo(value) for name, value in typed.items()}
        return _clinic_page(contacts=shown, contact_errors=form.errors), 422
    with db.write() as s:
        actions.set_contacts(s, viewer, access.clinic_admin(s, viewer), form.value)
    return see_other(url_for("careteam.clinic", saved="contacts"))


@bp.post("/clinic/check-ins")
@access.admin
def update_checkin_days() -> Response | tuple[str, int]:
    """On which days after an infusion patients are asked."""
    viewer = access.viewer()
    text = request.form.get("days", "")
    try:
        days = parse_checkin_days(text)
    except ValueError as error:
        return _clinic_page(later_days=echo(text), day_errors={"days": str(error)}), 422
    with db.write() as s:
        actions.set_checkin_days(s, viewer, access.clinic_admin(s, viewer), days)
    return see_other(url_for("careteam.clinic", saved="check-ins"))


@bp.post("/clinic/invitations")
@access.admin
def create_invitation() -> str | tuple[str, int]:
    """Invite somebody; the page shows the link once, to be handed over."""
    typed = {name: value for name, value in request.form.items() if name != "csrf_token"}
    form = parse(PersonForm, typed)
    if form.value is None:
        return _clinic_page(typed={k: echo(v) for k, v in typed.items()}, errors=form.errors), 422
    viewer = access.viewer()
    try:
        with db.write() as s:
            clinic = access.clinic_admin(s, viewer)
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
        return _clinic_page(typed={k: echo(v) for k, v in typed.items()}, errors={"email": str(error)}), 422
    invited = {"name": form.value.name, "url": http.address_of(url_for("careteam.invitation", token=token))}
    return _clinic_page(invited=invited)


@bp.post("/clinic/people/<uuid:person_id>/confirmation")
@access.admin
def confirm_person(person_id: UUID) -> Response:
    """Whoever accepted the invitation is the patient it was meant for."""
    viewer = access.viewer()
    with db.write() as s:
        clinic = access.clinic_admin(s, viewer)
        actions.confirm_person(s, viewer, clinic.id, person_id, clock.now())
    return see_other(url_for("careteam.clinic", saved="confirmed"))


@bp.post("/clinic/care-links")
@access.admin
def create_link() -> Response | tuple[str, int]:
    viewer = access.viewer()
    form = parse(LinkForm, {name: value for name, value in request.form.items() if name != "csrf_token"})
    problems = dict(form.errors)
    if form.value is not None:
        try:
            with db.write() as s:
                clinic = access.clinic_admin(s, viewer)
                ids = {str(m.uuid): m.person_id for m in queries.members(s, viewer, clinic.id)}
                if form.value.patient not in ids or form.value.staff not in ids:
                    raise actions.Refused("Please choose a patient and who is to care for them.")
                actions.link(
                    s, viewer, clinic.id, ids[form.value.patient], ids[form.value.staff], clock.now()
                )
        except actions.Refused as error:
            problems["staff"] = str(error)
    if problems:
        return _clinic_page(link_errors=problems), 422
    return see_other(url_for("careteam.clinic", saved="linked"))


@bp.post("/clinic/care-links/<uuid:link_id>/end")
@access.admin
def end_link(link_id: UUID) -> Response:
    viewer = access.viewer()
    with db.write() as s:
        clinic = access.clinic_admin(s, viewer)
        actions.end_link(s, viewer, clinic.id, link_id, clock.now())
    return see_other(url_for("careteam.clinic", saved="ended"))
