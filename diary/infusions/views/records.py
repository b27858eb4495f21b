"""Recording infusions (clinician), and the patient's own list of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from diary import db
from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam.rules import Kind, Role
from diary.checkins.queries import checkins_of
from diary.checkins.rules import ARRIVAL, PAIN_NOW
from diary.infusions import actions, queries
from diary.infusions.forms import (
    FIELDS,
    GIVEN,
    PAGE_ONLY,
    InfusionValues,
    TypedInfusion,
    parse_course,
    parse_days,
    parse_infusion,
    parse_revision,
)
from diary.infusions.models import Infusion, InfusionDraft, InfusionRevision
from diary.infusions.rules import (
    ADJUNCTS,
    AT,
    CHOICES,
    COURSE,
    EVENTS,
    LABELS,
    MEASURES,
    ROUTES,
    SEVERITIES,
    UNITS,
    VITALS,
    WORDS,
    Unusual,
    changes,
    confirmation,
    cumulative,
    cumulative_words,
    nearest,
    next_number,
    outcome,
    said,
    saved_words,
    two_places,
    unusual,
    unusual_units,
    unusual_vitals,
    unusual_weight,
)
from diary.lib import clock, words
from diary.lib.forms import echo, last_values
from diary.lib.htmx import see_other
from diary.response.rules import words as response_words
from diary.response.rules.days import split_courses
from diary.review.queries import ArrivalSheet, arrival_sheet, infusion_list

bp = Blueprint("infusions", __name__)
EVERY = ("planned", "done", "cancelled")
DRAFTED = {*FIELDS, *PAGE_ONLY} - {"csrf_token", "confirm"}
LONGEST_DRAFTED = 20_000
ASKED = ("dose_mg", "minutes", "weight_kg", *MEASURES)

LISTED = {
    "planned": "The infusions are planned.", "moved": "The planned infusions are moved.",
    "gap": "The longer gap is marked.", "no-gap": "The longer gap is taken back.",
}  # fmt: skip
RECORD = {
    "at": AT, "vitals": VITALS, "adjuncts": ADJUNCTS, "course_measures": COURSE, "events": EVENTS,
    "severities": SEVERITIES, "said": said, "labels": LABELS,
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """What a new infusion follows: the last one given, the next number, the planned ones; nothing where not shared."""

    last: queries.InfusionRow | None = None
    number: int | None = None
    planned: tuple[queries.InfusionRow, ...] = ()
    standing: tuple[queries.InfusionRow, ...] = ()


@dataclass(frozen=True)
class GivenCourse:
    """The infusions given in one course of the response's own rule, oldest first, and their doses added up."""

    number: int
    rows: tuple[queries.InfusionRow, ...]

    @property
    def total(self) -> str:
        return cumulative_words(cumulative((row.dose_mg, row.weight_kg) for row in self.rows))


@dataclass(frozen=True)
class Checked:
    """The form as sent: values or errors, what is left to ask, and what was confirmed of values as they stand."""

    form: TypedInfusion
    confirmed: Sequence[str] = ()
    asks: Sequence[Unusual] = ()
    met: queries.InfusionRow | None = None

    @property
    def value(self) -> InfusionValues | None:
        """The values, once nothing is left to ask: unusual ones, and another infusion on the same day."""
        return None if self.asks or self.met else self.form.value


@bp.get("/patients/<uuid:patient_uuid>/infusions/new")
@access.clinician
def new(patient_uuid: UUID) -> str:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.require_clinician(s, viewer, patient_uuid)
        plan = _plan(s, viewer, ref)
        draft = actions.draft_of(s, viewer, ref, None)
    if plan.number is not None:
        audit.seen(viewer, ref.id, "infusions", ref.clinic_id)
    typed = _given_now(ref) | {"route": "IV"}
    if plan.last is not None:
        typed |= {"route": plan.last.route, "series": plan.last.series}
    return _form(ref, typed, {}, plan, draft=draft)


@bp.post("/patients/<uuid:patient_uuid>/infusions/new")
@access.clinician
def create(patient_uuid: UUID) -> Response | tuple[str, int]:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.require_clinician(s, viewer, patient_uuid)
        plan = _plan(s, viewer, ref)
    if "keep" in request.form:
        return _kept(viewer, ref)
    checked = _checked(ref, plan.last, plan.standing)
    if checked.value is None:
        return _form(ref, _typed(), checked.form.errors, plan, checked), 422
    try:
        with db.write() as s:
            recorded = actions.record_infusion(s, viewer, ref, checked.value, clock.now())
            actions.drop_draft(s, viewer, ref)
            after = _after(ref, recorded, "")
    except actions.Refused as error:
        return _form(ref, _typed(), {error.field: str(error)}, plan, checked), 422
    return see_other(after)


def _after(ref: access.PatientRef, recorded: actions.Recorded, before: str) -> str:
    """Where what was done is said: the timeline, for a cancelled one its record, without consent an empty form.

    before: the status that the infusion had, empty for a new one.
    """
    done = outcome(before, recorded.infusion.status, recorded.outcome != "unchanged")
    where: dict[str, Any] = {"patient_uuid": ref.uuid, "saved": done}
    if not ref.kinds:
        return url_for("infusions.new", **where)
    if not ref.shares(Kind.INFUSIONS):
        return url_for("review.show", **where)
    if done == "cancelled":
        return url_for("infusions.show", infusion_id=recorded.infusion.uuid, **where)
    return url_for("review.show", infusion=recorded.infusion.uuid, **where)


@bp.get("/patients/<uuid:patient_uuid>/infusions")
@access.staff
def listed(patient_uuid: UUID) -> str:
    """Every infusion of a patient: planned ahead, given by course, cancelled."""
    viewer = access.viewer()
    with db.read() as s:
        ref = access.load_patient(s, viewer, patient_uuid)
        rows = queries.infusions_of(s, viewer, ref.id, EVERY)
        gaps = queries.gaps_of(s, viewer, ref.id)
    audit.seen(viewer, ref.id, "infusions", ref.clinic_id)
    return render_template(
        "infusions/list.html", nav="patients", ref=ref, courses=_courses(rows, ref.course_gap)[::-1], gaps=gaps, today=today_of(ref),
        planned=[row for row in rows if row.status == "planned"],
        cancelled=[row for row in rows if row.status == "cancelled"],
        may_edit=Role.CLINICIAN in ref.staff_roles, two_places=two_places,
        saved=LISTED.get(request.args.get("saved", ""), ""),
    )  # fmt: skip


@bp.get("/patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>/text")
@access.staff
def as_text(patient_uuid: UUID, infusion_id: UUID) -> Response:
    """One infusion as plain text, for the clinic's own record."""
    viewer = access.viewer()
    with db.read() as s:
        ref = access.load_patient(s, viewer, patient_uuid)
        row = queries.infusion(s, viewer, ref.id, infusion_id)
    audit.seen(viewer, ref.id, "infusions", ref.clinic_id)
    return Response(
        render_template("infusions/record.txt", ref=ref, infusion=row, two_places=two_places, **RECORD),
        mimetype="text/plain",
    )


@bp.get("/patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>")
@access.staff
def show(patient_uuid: UUID, infusion_id: UUID) -> str:
    return record_page(patient_uuid, infusion_id)


def record_page(
    patient_uuid: UUID, infusion_id: UUID, gap: Mapping[str, Any] | None = None, **moving: Any
) -> str:
    """An infusion's page; `gap` and `moving` hold what was typed into its forms and what was wrong with it."""
    viewer = access.viewer()
    with db.read() as s:
        ref = access.load_patient(s, viewer, patient_uuid)
        row = queries.infusion(s, viewer, ref.id, infusion_id)
        history = queries.revisions_of(s, viewer, ref.id, row.id)
        courses = _courses(queries.infusions_of(s, viewer, ref.id), ref.course_gap)
        arrival = _arrival(s, viewer, ref, row)
        gaps = queries.gaps_of(s, viewer, ref.id)
    audit.seen(viewer, ref.id, "infusions", ref.clinic_id)
    may_edit = Role.CLINICIAN in ref.staff_roles
    return render_template(
        "infusions/show.html", nav="patients", ref=ref, infusion=row, history=_history(history), **RECORD,
        gaps=[one for one in gaps if one.infusion == row.uuid], gap=gap,
        may_gap=may_edit and _may_gap(ref, row, courses), arrival=arrival, write_id=uuid4(), may_confirm=may_edit and _is_today(ref, row),
        course=next((course for course in courses if row in course.rows), None),
        may_edit=may_edit, two_places=two_places,
        saved=saved_words(request.args.get("saved", ""), row.number), moving=moving,
    )  # fmt: skip


def _may_gap(ref: access.PatientRef, row: queries.InfusionRow, courses: Sequence[GivenCourse]) -> bool:
    """Whether a longer gap can be marked after it: it is planned from today on, or the last one that was given."""
    if row.status == "planned":
        return row.day >= today_of(ref)
    return bool(courses) and row == courses[-1].rows[-1]


def _is_today(ref: access.PatientRef, row: queries.InfusionRow) -> bool:
    return row.status != "cancelled" and row.day == clock.diary_day(clock.now(), ref.zone)


def _arrival(
    s: Any, viewer: access.Viewer, ref: access.PatientRef, row: queries.InfusionRow
) -> ArrivalSheet | None:
    """The arrival sheet on the infusion's day, and later where something was said on it."""
    sheet = arrival_sheet(s, viewer, ref.id, row.uuid)
    return sheet if sheet.said is not None or (_is_today(ref, row) and row.status == "planned") else None


@bp.post("/patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>/move")
@access.clinician
def move(patient_uuid: UUID, infusion_id: UUID) -> Response | tuple[str, int]:
    """A planned infusion and all later planned ones move by some days."""
    viewer = access.viewer()
    with db.read() as s:
        ref = access.require_clinician(s, viewer, patient_uuid)
        actions.load(s, viewer, ref, infusion_id)
    text = last_values(request.form).get("days", "")
    typed = {"days": echo(text)}
    try:
        days = parse_days(text)
        may_meet = request.form.get("confirm") == f"days={days}"
        with db.write() as s:
            actions.move_planned(s, viewer, ref, infusion_id, days, today_of(ref), clock.now(), may_meet)
    except (ValueError, actions.Refused) as error:
        return record_page(patient_uuid, infusion_id, typed=typed, errors={"days": str(error)}), 422
    except actions.Meets as error:
        return record_page(patient_uuid, infusion_id, typed=typed, days=days, met=error.met), 422
    return see_other(url_for("infusions.listed", patient_uuid=patient_uuid, saved="moved"))


@bp.get("/patients/<uuid:patient_uuid>/courses/new")
@access.clinician
def new_course(patient_uuid: UUID) -> str:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.require_clinician(s, viewer, patient_uuid)
        access.require(s, viewer, ref.id, Kind.INFUSIONS)
        plan = _plan(s, viewer, ref)
    audit.seen(viewer, ref.id, "infusions", ref.clinic_id)
    typed = {"route": "IV", "count": "6"}
    if plan.last is not None:
        typed |= {"route": plan.last.route, "series": plan.last.series, "time": plan.last.at_time}
        typed |= {
            "dose_mg": words.number(plan.last.dose_mg, 4),
            "minutes": words.number(plan.last.minutes, 4),
        }
    return _course(ref, plan, typed)


@bp.post("/patients/<uuid:patient_uuid>/courses/new")
@access.clinician
def create_course(patient_uuid: UUID) -> Response | str | tuple[str, int]:
    """The dates to be looked at; then, by a second press, the planned infusions."""
    viewer = access.viewer()
    with db.read() as s:
        ref = access.require_clinician(s, viewer, patient_uuid)
        access.require(s, viewer, ref.id, Kind.INFUSIONS)
        plan = _plan(s, viewer, ref)
        standing = {row.day: row for row in queries.infusions_of(s, viewer, ref.id, ("planned", "done"))}
    sent = _sent()
    answer = sent.pop("answer", "")
    typed = {name: echo(text) for name, text in sent.items() if name not in ("csrf_token", "confirm")}
    form = parse_course(sent, today_of(ref))
    if form.errors:
        return _course(ref, plan, typed, errors=form.errors), 422
    one = form.values[0]
    confirmed = [said for said in request.form.getlist("confirm") if said in _standing(form.found)]
    asks = unusual(one.dose_mg, None, one.minutes, plan.last.dose_mg if plan.last else None)
    asks = [ask for ask in asks if ask.confirmation not in confirmed]
    if asks:
        return _course(ref, plan, typed, asks=asks, confirmed=confirmed), 422
    met = [value.day for value in form.values if value.day in standing]
    kept = [value for value in form.values if answer != "free" or value.day not in met]
    shown = {"confirmed": confirmed, "days": form.values, "standing": standing, "met": met}
    if answer not in ("plan", "all", "free") or not kept:
        return _course(ref, plan, typed, **shown)
    if answer == "plan" and met:
        return _course(ref, plan, typed, **shown), 422
    try:
        with db.write() as s:
            actions.plan_course(s, viewer, ref, kept, clock.now())
    except actions.Refused as error:
        return _course(ref, plan, typed, errors={error.field: str(error)}), 422
    return see_other(url_for("infusions.listed", patient_uuid=patient_uuid, saved="planned"))


def _course(ref: access.PatientRef, plan: Plan, typed: Mapping[str, str], **shown: Any) -> str:
    return render_template(
        "infusions/course.html", nav="patients", ref=ref, typed=typed, routes=ROUTES, units=UNITS, number=plan.number,
        last=plan.last, weekdays=words.DAYS, **{"errors": {}, "asks": (), "confirmed": (), "met": ()} | shown,
    )  # fmt: skip


def _standing(found: Mapping[str, Any]) -> set[str]:
    """What may be confirmed of the values as they stand."""
    return {confirmation(name, found[name]) for name in ASKED if name in found}


@bp.get("/patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>/edit")
@access.clinician
def edit(patient_uuid: UUID, infusion_id: UUID) -> str:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.require_clinician(s, viewer, patient_uuid)
        infusion = actions.load(s, viewer, ref, infusion_id)
        pain = _pain_on_arrival(s, viewer, ref, infusion)
        draft = actions.draft_of(s, viewer, ref, infusion)
    audit.seen(viewer, ref.id, "infusions", ref.clinic_id)
    typed = _as_typed(infusion)
    if infusion.status == "planned":
        typed |= _pain_before(typed, pain)
    if "given" in request.args and infusion.status == "planned":
        typed |= _given_now(ref)
    return _form(ref, typed, {}, infusion=infusion, draft=draft)


@bp.post("/patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>/edit")
@access.clinician
def update(patient_uuid: UUID, infusion_id: UUID) -> Response | tuple[str, int]:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.require_clinician(s, viewer, patient_uuid)
        infusion = actions.load(s, viewer, ref, infusion_id)
        others = [row for row in _plan(s, viewer, ref).standing if row.uuid != infusion_id]
    if "keep" in request.form:
        return _kept(viewer, ref, infusion)
    checked = _checked(ref, infusion, others, infusion.day)
    if checked.value is None:
        return _form(ref, _typed(), checked.form.errors, checked=checked, infusion=infusion), 422
    seen = parse_revision(request.form.get("revision", ""))
    try:
        with db.write() as s:
            stored = actions.load(s, viewer, ref, infusion_id)
            before = stored.status
            recorded = actions.amend(s, viewer, ref, stored, checked.value, clock.now(), seen_revision=seen)
            actions.drop_draft(s, viewer, ref, stored)
            after = _after(ref, recorded, before)
    except actions.Changed:
        problem = {"changed": "Somebody else changed this record meanwhile. Their values stand beside yours."}
        return _form(ref, _typed(), problem, checked=checked, infusion=infusion), 422
    except actions.Refused as error:
        problem = {error.field: str(error)}
        return _form(ref, _typed(), problem, checked=checked, infusion=infusion), 422
    return see_other(after)


@bp.post("/patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>/cancellation")
@access.clinician
def cancel(patient_uuid: UUID, infusion_id: UUID) -> Response | tuple[str, int]:
    return _turn(patient_uuid, infusion_id, "cancelled")


@bp.post("/patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>/completion")
@access.clinician
def complete(patient_uuid: UUID, infusion_id: UUID) -> Response | tuple[str, int]:
    """A planned infusion was given as planned."""
    return _turn(patient_uuid, infusion_id, "done")


def _turn(patient_uuid: UUID, infusion_id: UUID, status: str) -> Response | tuple[str, int]:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.require_clinician(s, viewer, patient_uuid)
        infusion = actions.load(s, viewer, ref, infusion_id)
    reason = last_values(request.form).get("reason", "")
    texts = {**_as_typed(infusion), "reason_cancel": echo(reason)}
    try:
        with db.write() as s:
            stored = actions.load(s, viewer, ref, infusion_id)
            before = stored.status
            sent = {**_as_typed(stored), "number": "", "status": status, "reason": reason}
            if status == "done":
                sent |= _pain_before(sent, _pain_on_arrival(s, viewer, ref, stored))
            typed = parse_infusion(sent, today_of(ref))
            if "reason" in typed.errors:
                raise actions.Refused("reason", typed.errors["reason"])
            if typed.value is None:  # planned for a day to come: its form asks for the day it was given
                there = url_for("infusions.edit", patient_uuid=patient_uuid, infusion_id=infusion_id, given=1)
                return see_other(there)
            after = _after(ref, actions.amend(s, viewer, ref, stored, typed.value, clock.now()), before)
    except actions.Refused as error:
        return _form(ref, texts, {"cancel": str(error)}, infusion=infusion), 422
    return see_other(after)


@bp.get("/infusions")
@access.patient
def index() -> str:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.own(s, viewer)
        page = infusion_list(s, viewer, ref, today_of(ref))
    return render_template("infusions/index.html", nav="infusions", page=page, words=response_words)


def _history(revisions: Sequence[tuple[InfusionRevision, dict[str, Any], str]]) -> list[dict[str, Any]]:
    """Each revision with what it changed of the one before; oldest first."""
    before: dict[str, Any] = {}
    found = []
    for row, values, who in revisions:
        found.append({"row": row, "who": who, "values": values, "changes": changes(before, values)})
        before = values
    return found


def _courses(rows: Sequence[queries.InfusionRow], gap: int) -> list[GivenCourse]:
    """The done ones by course, oldest first."""
    done = [row for row in rows if row.status == "done"]
    return [
        GivenCourse(number, tuple(row for row in done if days[0] <= row.day.toordinal() <= days[-1]))
        for number, days in enumerate(split_courses([row.day for row in done], gap), 1)
    ]


def today_of(ref: access.PatientRef) -> date:
    return clock.local(clock.now(), ref.zone).date()


def _given_now(ref: access.PatientRef) -> dict[str, str]:
    """Given today, at this minute of the patient's clock."""
    here: datetime = clock.local(clock.now(), ref.zone)
    return {"date": here.date().isoformat(), "time": words.time_hm(here), "status": "done"}


def _plan(s: Any, viewer: access.Viewer, ref: access.PatientRef) -> Plan:
    """What goes before a new infusion, as far as consent lets the clinician see it."""
    if not ref.shares(Kind.INFUSIONS):
        return Plan()
    rows = queries.infusions_of(s, viewer, ref.id, EVERY)
    done = [row for row in rows if row.status == "done"]
    planned = tuple(row for row in rows if row.status == "planned")
    standing = tuple(row for row in rows if row.status != "cancelled")
    return Plan(done[-1] if done else None, next_number(row.number for row in rows), planned, standing)


def _offered(plan: Plan, typed: Mapping[str, str]) -> queries.InfusionRow | None:
    """The planned infusion that the typed one may be."""
    try:
        on = nearest(date.fromisoformat(typed.get("date", "")), [row.day for row in plan.planned])
    except ValueError:
        return None
    return next((row for row in plan.planned if row.day == on), None)


def _sent() -> dict[str, str]:
    """The form as sent; a button that says "It is 55 mg" puts its value in the place of its field's."""
    texts = last_values(request.form)
    name, _, value = texts.pop("instead", "").partition("=")
    return texts | ({name: value} if name in ASKED else {})


def _checked(
    ref: access.PatientRef, last: queries.InfusionRow | Infusion | None, others: Sequence[queries.InfusionRow],
    stood_on: date | None = None,
) -> Checked:  # fmt: skip
    """The form as sent; `last` is what its values are held against, `others` are asked about where one has its day."""
    form = parse_infusion(_sent(), today_of(ref))
    confirmed = sorted(_standing(form.found) & set(request.form.getlist("confirm")))
    if form.value is None:
        return Checked(form, confirmed)
    value: InfusionValues = form.value
    asks = unusual(value.dose_mg, value.weight_kg, value.minutes, last.dose_mg if last else None)
    asks += unusual_weight(value.weight_kg, last.weight_kg if last else None)
    asks += unusual_units(value.given) + unusual_vitals(value.given)
    asks = [ask for ask in asks if ask.confirmation not in confirmed]
    is_moved = value.day != stood_on and value.status != "cancelled"
    is_meant = f"day={value.day}" in request.form.getlist("confirm")
    met = next((row for row in others if row.day == value.day and row.at_time != value.at_time), None)
    if met is not None and is_moved and is_meant:
        confirmed.append(f"day={value.day}")
    return Checked(form, confirmed, asks, met if is_moved and not is_meant else None)


def _kept(viewer: access.Viewer, ref: access.PatientRef, infusion: Infusion | None = None) -> Response:
    """The form is kept as a draft as it was typed, right or wrong; or the draft is thrown away."""
    typed = {
        name: text for name, text in _typed().items() if name in DRAFTED and len(text) <= LONGEST_DRAFTED
    }
    with db.write() as s:
        if request.form["keep"] == "draft":
            actions.keep_draft(s, viewer, ref, infusion, typed, clock.now())
        else:
            actions.drop_draft(s, viewer, ref, infusion)
    return see_other(request.path)


def _pain_on_arrival(s: Any, viewer: access.Viewer, ref: access.PatientRef, infusion: Infusion) -> int | None:
    said = checkins_of(s, viewer, ref.id, infusion.day, infusion.day)
    return next(
        (one.answers.get(PAIN_NOW) for one in said if (one.kind, one.target) == (ARRIVAL, infusion.uuid)),
        None,
    )


def _pain_before(typed: Mapping[str, str], on_arrival: int | None) -> dict[str, str]:
    """What was said on the arrival sheet stands in the record's plan, where nothing else does."""
    is_planned = on_arrival is not None and not typed["pain_before"]
    return {"pain_before": str(on_arrival)} if is_planned else {}


def _typed() -> dict[str, str]:
    return {name: echo(text) for name, text in _sent().items() if name not in ("csrf_token", "confirm")}


def _as_typed(infusion: Infusion) -> dict[str, str]:
    given = json.loads(infusion.given)
    return {
        **dict.fromkeys((*GIVEN, *WORDS), ""),
        **{name: words.number(value, 4) if name in MEASURES else value for name, value in given.items()},
        **json.loads(infusion.given_words or "{}"),
        "date": infusion.day.isoformat(),
        "time": infusion.at_time,
        "dose_mg": words.number(infusion.dose_mg, 4),
        "minutes": words.number(infusion.minutes, 4),
        "weight_kg": words.number(infusion.weight_kg, 4),
        "route": infusion.route,
        "series": infusion.series,
        "number": str(infusion.number),
        "status": infusion.status,
        "note": infusion.note or "",
        "revision": str(infusion.revisions),
    }


def _form(
    ref: access.PatientRef, typed: Mapping[str, str], errors: Mapping[str, str], plan: Plan | None = None,
    checked: Checked | None = None, infusion: Infusion | None = None, draft: InfusionDraft | None = None,
) -> str:  # fmt: skip
    plan = plan or Plan()
    if draft is not None:
        typed = {**typed, **json.loads(draft.typed)}
    return render_template(
        "infusions/edit.html", nav="patients", ref=ref, plan=plan, last=plan.last, offered=_offered(plan, typed),
        typed=typed, errors=errors, checked=checked, infusion=infusion, draft=draft,
        stored=_as_typed(infusion) if infusion else {}, routes=ROUTES, units=UNITS, choices=CHOICES, **RECORD,
        saved=saved_words(request.args.get("saved", ""), None),
    )  # fmt: skip
