"""The admin's pages: people, care links and what the clinic sets for itself; no diary."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from diary import db
from diary.audit import actions as audit
from diary.careteam import access, actions, queries
from diary.careteam.forms import (
    LinkForm,
    parse_checkin_days,
    parse_contacts,
    parse_course_gap,
    parse_factors,
    parse_months,
    parse_roles,
)
from diary.careteam.models import Clinic
from diary.careteam.rules import (
    ALWAYS_ASKED,
    CARE_ROLES,
    COURSE_GAP_DAYS,
    DAY_KEYS,
    MOST_ROWS,
    OFF,
    REQUIRED,
    STAFF_ROLES,
    Role,
    checkin_days,
    end_of_day,
    has_words,
    kinds_words,
    parse_opening,
    start_of_day,
)
from diary.careteam.views.base import bp, typed_form, uuid_of
from diary.checkins.forms import parse_asked
from diary.checkins.rules import ALWAYS_ASKED as ALWAYS_ASKED_ABOUT
from diary.checkins.rules import EFFECT_GROUPS, unasked_of
from diary.lib import clock, words
from diary.lib.extras import FACTORS
from diary.lib.forms import echo, parse
from diary.lib.htmx import see_other
from diary.safety.queries import COUNTRIES
from diary.safety.rules import clinic_standing, until_then


@bp.get("/clinic")
@access.admin
def clinic() -> str:
    return clinic_page()


def clinic_page(**extra: object) -> str:
    viewer, now = access.viewer(), clock.now()
    audit.seen(viewer, None, "people")
    with db.read() as s:
        clinic = access.clinic_admin(s, viewer)
        members = queries.members(s, viewer, clinic.id)
        links = queries.links(s, viewer, clinic.id, now)
        waiting = queries.waiting(s, viewer, now, clinic.id)
        opened = queries.recent_glass(s, viewer, now, clinic.id)
        own_factors = queries.factors_of_clinic(s, viewer, clinic.id)
    context: dict[str, Any] = {
        "typed": {}, "errors": {}, "link_errors": {}, "link_typed": {}, "opened": "",
        "contacts": _contacts_of(clinic), "contact_errors": {}, "day_errors": {},
        "later_days": ", ".join(map(str, checkin_days(clinic.checkin_days)[len(ALWAYS_ASKED):])),
        "unasked": unasked_of(clinic.unasked), "asked_errors": {}, "own_factors": "\n".join(own_factors), "own_errors": {},
        "course_gap": clinic.course_gap_days or "", "gap_errors": {},
        "months": clinic.retention_months or "", "month_errors": {}, "factor_errors": {}, **extra,
    }  # fmt: skip
    wrong = [error for name, errors in context.items() if name.endswith("errors") for error in errors.items()]
    country = COUNTRIES.get(clinic.country)
    patients, search = [m for m in members if m.is_patient], request.args.get("q", "").strip()[:80]
    found = [m for m in patients if has_words(search, m.name, m.email)]
    linked = [link for link in links if has_words(search, link.patient, link.staff)]
    return render_template(
        "careteam/clinic.html",
        nav="clinic",
        wrong=wrong,
        clinic=clinic,
        staff=[m for m in members if m.staff_roles],
        patients=patients,
        search=search,
        found=sorted(
            found, key=lambda m: not m.is_unconfirmed
        ),  # who waits for the clinic's word comes first
        most=MOST_ROWS,
        carers=[m for m in members if CARE_ROLES & set(m.roles)],
        links=links,
        linked=linked,
        invited=waiting,
        glass=opened,
        now=now,
        kinds_words=kinds_words,
        countries=[("", "please choose")] + [(c.code, c.name) for c in COUNTRIES.values()],
        zones=[(name, name) for name in clock.zone_names()],
        days=list(zip(DAY_KEYS, words.DAYS, strict=True)),
        standing=clinic_standing(parse_opening(clinic.opening), now, clinic.zone),
        until_then=until_then(country) if country else "",
        usual_gap=COURSE_GAP_DAYS,
        effects=EFFECT_GROUPS,
        always_asked=ALWAYS_ASKED_ABOUT,
        built_in=FACTORS.values(),
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
    typed = typed_form()
    form = parse_contacts(typed, COUNTRIES)
    if form.value is None:
        shown = {name: echo(value) for name, value in typed.items()}
        return clinic_page(contacts=shown, contact_errors=form.errors), 422
    with db.write() as s:
        actions.set_contacts(s, viewer, access.clinic_admin(s, viewer), form.value)
    return see_other(url_for("careteam.clinic", saved="contacts"))


@bp.post("/clinic/check-ins")
@access.admin
def update_checkin_days() -> Response | tuple[str, int]:
    """On which days after an infusion patients are asked."""
    return _set_text(
        "days", parse_checkin_days, actions.set_checkin_days, "later_days", "day_errors", "check-ins"
    )


@bp.post("/clinic/asked")
@access.admin
def update_asked() -> Response | tuple[str, int]:
    """What check-ins ask about."""
    viewer = access.viewer()
    try:
        unasked = parse_asked(request.form.getlist("asked"))
    except ValueError as error:
        return clinic_page(asked_errors={"asked": str(error)}), 422
    with db.write() as s:
        actions.set_unasked(s, viewer, access.clinic_admin(s, viewer), unasked)
    return see_other(url_for("careteam.clinic", saved="asked"))


@bp.post("/clinic/factors")
@access.admin
def update_factors() -> Response | tuple[str, int]:
    """What patients may tick about a day, beside Neap's own list."""
    return _set_text(
        "factors",
        lambda text: parse_factors(text, FACTORS.values()),
        lambda s, viewer, clinic, names: actions.set_factors(s, viewer, clinic, names, clock.now()),
        "own_factors",
        "own_errors",
        "factors",
    )


@bp.post("/clinic/course-gap")
@access.admin
def update_course_gap() -> Response | tuple[str, int]:
    """After how many days without an infusion a new course begins."""
    return _set_text(
        "gap", parse_course_gap, actions.set_course_gap, "course_gap", "gap_errors", "course-gap"
    )


@bp.post("/clinic/retention")
@access.admin
def update_retention() -> Response | tuple[str, int]:
    """How long the clinic says that it keeps a diary."""
    return _set_text("months", parse_months, actions.set_retention, "months", "month_errors", "retention")


@bp.post("/clinic/second-factor")
@access.admin
@access.fresh
def update_second_factor() -> Response | tuple[str, int]:
    """Whether staff give a second factor."""
    viewer, rule = access.viewer(), request.form.get("rule", "")
    if rule not in (REQUIRED, OFF):
        return clinic_page(factor_errors={"rule": "Please choose one of the two."}), 422
    with db.write() as s:
        actions.set_second_factor(s, viewer, access.clinic_admin(s, viewer), rule)
    return see_other(url_for("careteam.clinic", saved="second-factor"))


def _set_text(
    field: str, parse: Callable[[str], Any], act: Callable[..., None], shown: str, errors: str, saved: str
) -> Response | tuple[str, int]:
    """Keep a setting that is typed into one field; what can't be kept stands there again (`shown`) with why (`errors`)."""
    viewer, text = access.viewer(), request.form.get(field, "")
    try:
        value = parse(text)
    except ValueError as error:
        return clinic_page(**{shown: echo(text), errors: {field: str(error)}}), 422
    with db.write() as s:
        act(s, viewer, access.clinic_admin(s, viewer), value)
    return see_other(url_for("careteam.clinic", saved=saved))


# People -------------------------------------------------------------------------------------------


@bp.post("/clinic/people/<uuid:person_id>/confirmation")
@access.admin
def confirm_person(person_id: UUID) -> Response:
    """Whoever accepted the invitation is the patient it was meant for."""
    viewer = access.viewer()
    with db.write() as s:
        clinic = access.clinic_admin(s, viewer)
        actions.confirm_person(s, viewer, clinic.id, person_id, clock.now())
    return see_other(url_for("careteam.clinic", saved="confirmed"))


@bp.get("/clinic/people/<uuid:person_id>")
@access.admin
def person(person_id: UUID) -> str:
    return _person_page(person_id, {})


def _person_page(person_id: UUID, problems: dict[str, str], chosen: list[str] | None = None) -> str:
    viewer = access.viewer()
    with db.read() as s:
        clinic = access.clinic_admin(s, viewer)
        found = next((m for m in queries.members(s, viewer, clinic.id) if m.uuid == person_id), None)
        links = queries.links(s, viewer, clinic.id, clock.now())
    if found is None:
        raise access.Hidden
    audit.seen(viewer, found.person_id if found.is_patient else None, "people", clinic.id)
    return render_template(
        "careteam/person.html", nav="clinic", clinic=clinic, person=found, errors=problems,
        roles=[Role.COACH, Role.CLINICIAN, Role.ADMIN], chosen=found.staff_roles if chosen is None else chosen,
        links=[one for one in links if person_id in (one.staff_uuid, one.patient_uuid)],
        is_me=found.person_id == viewer.me,
    )  # fmt: skip


@bp.post("/clinic/people/<uuid:person_id>/roles")
@access.admin
def update_roles(person_id: UUID) -> Response | tuple[str, int]:
    """What a member of staff is from now on."""
    viewer, texts = access.viewer(), [role for role in request.form.getlist("role") if role]
    try:
        roles = parse_roles(texts)
        with db.write() as s:
            clinic = access.clinic_admin(s, viewer)
            actions.change_roles(s, viewer, clinic.id, person_id, roles, clock.now())
    except (ValueError, actions.Refused) as error:
        known = [role for role in texts if role in STAFF_ROLES]
        return _person_page(person_id, {"role": str(error)}, known), 422
    return see_other(url_for("careteam.clinic", saved="roles"))


@bp.post("/clinic/people/<uuid:person_id>/staff/end")
@access.admin
def end_staff(person_id: UUID) -> Response | tuple[str, int]:
    return _end(person_id, as_patient=False)


@bp.post("/clinic/people/<uuid:person_id>/patient/end")
@access.admin
def end_patient(person_id: UUID) -> Response | tuple[str, int]:
    return _end(person_id, as_patient=True)


def _end(person_id: UUID, as_patient: bool) -> Response | tuple[str, int]:
    viewer = access.viewer()
    try:
        with db.write() as s:
            clinic = access.clinic_admin(s, viewer)
            actions.end_membership(s, viewer, clinic.id, person_id, clock.now(), as_patient)
    except actions.Refused as error:
        return _person_page(person_id, {"end": str(error)}), 422
    return see_other(url_for("careteam.clinic", saved="left"))


# Care links ---------------------------------------------------------------------------------------


@bp.post("/clinic/care-links")
@access.admin
def create_link() -> Response | tuple[str, int]:
    """A care link, from a day and until one where they are given; with `covers` a cover for a time."""
    viewer, typed = access.viewer(), typed_form()
    form = parse(LinkForm, typed)
    problems = dict(form.errors)
    if form.value is not None:
        try:
            with db.write() as s:
                clinic = access.clinic_admin(s, viewer)
                _link(s, viewer, clinic, form.value)
        except actions.Refused as error:
            problems["staff"] = str(error)
    if problems:
        shown = {name: echo(value) for name, value in typed.items()}
        return clinic_page(link_errors=problems, link_typed=shown), 422
    return see_other(url_for("careteam.clinic", saved="linked"))


def _link(s: Any, viewer: access.Viewer, clinic: Clinic, form: LinkForm) -> None:
    now = clock.now()
    ids = {m.uuid: m.person_id for m in queries.members(s, viewer, clinic.id)}
    patient, staff = (ids.get(uuid_of(text) or UUID(int=0)) for text in (form.patient, form.staff))
    covered = ids.get(uuid_of(form.covers) or UUID(int=0)) if form.covers else None
    if patient is None or staff is None or (form.covers and covered is None):
        raise actions.Refused("Please choose a patient and who is to care for them.")
    begins_at = start_of_day(date.fromisoformat(form.begins_on), clinic.zone) if form.begins_on else now
    actions.link(
        s, viewer, clinic.id, patient, staff, now,
        begins_at=max(begins_at, now),
        ends_at=end_of_day(date.fromisoformat(form.ends_on), clinic.zone) if form.ends_on else None,
        covers_id=covered,
    )  # fmt: skip


@bp.post("/clinic/care-links/<uuid:link_id>/end")
@access.admin
def end_link(link_id: UUID) -> Response:
    viewer = access.viewer()
    with db.write() as s:
        clinic = access.clinic_admin(s, viewer)
        actions.end_link(s, viewer, clinic.id, link_id, clock.now())
    return see_other(url_for("careteam.clinic", saved="ended"))
