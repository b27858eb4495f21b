"""Sessions for staff: list, plan, record, text and print; for the patient: sessions, commitments and goals."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, Response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from diary import db
from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam.rules import Kind
from diary.checkins.queries import CheckinRow, checkins_of
from diary.infusions.queries import infusions_of
from diary.lib import clock, words
from diary.lib.forms import echo, last_values
from diary.lib.htmx import see_other
from diary.sessions import actions, queries, rules
from diary.sessions.forms import PLACES, TypedSession, parse_goal, parse_revision, parse_session
from diary.sessions.queries import GoalRow, SessionRow
from diary.sessions.rules import CommitmentRow

bp = Blueprint("sessions", __name__)
A_MONTH = timedelta(days=30)
SAVED = {
    "planned": "The session is planned.",
    "held": "The session is saved.",
    "shared": "The session is saved and shared.",
    "unchanged": "Nothing was changed.",
    "cancelled": "The session is cancelled.",
    "goal": "The goal is saved.",
    "ended": "The goal is ended.",
    "ticked": "Saved.",
}


@dataclass(frozen=True)
class Around:
    """What stands beside a session for who may see it: earlier commitments, goals, what comes next, who changed it, and what was said since."""

    earlier: tuple[CommitmentRow, ...] = ()
    agreed: Mapping[int, CommitmentRow] | None = None
    goals: tuple[GoalRow, ...] = ()
    since: str = ""
    following: SessionRow | None = None
    history: tuple[queries.SessionChange, ...] = ()
    said: tuple[CheckinRow, ...] = ()


@bp.get("/patients/<uuid:patient_uuid>/sessions")
@access.staff
def index(patient_uuid: UUID) -> str:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.load_patient(s, viewer, patient_uuid)
        is_shared = ref.shares(Kind.SESSIONS)
        rows = queries.sessions_of(s, viewer, ref.id) if is_shared else []
        agreed = queries.commitments_of(s, viewer, ref.id) if is_shared else []
        goals = queries.goals_of(s, viewer, ref.id) if is_shared else []
    if is_shared:
        audit.seen(viewer, ref.id, "sessions", ref.clinic_id)
    now = clock.now()
    return render_template(
        "sessions/index.html", nav="patients", ref=ref, is_shared=is_shared, today=_today(ref), goals=goals,
        planned=[row for row in rows if row.is_ahead(now)],
        past=[row for row in reversed(rows) if not row.is_ahead(now)],
        agreed=agreed, rules=rules, saved=SAVED.get(request.args.get("saved", ""), ""),
    )  # fmt: skip


@bp.get("/patients/<uuid:patient_uuid>/sessions/new")
@access.staff
def new(patient_uuid: UUID) -> str:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.load_patient(s, viewer, patient_uuid)
        around = _around(s, viewer, ref, None)
    _seen(viewer, ref, around)
    now = clock.local(clock.now(), ref.zone)
    is_plan = "plan" in request.args
    typed = {"status": "planned" if is_plan else "held", "kind": "integration"}
    if not is_plan:
        typed |= {"date": str(now.date())}
    return _form(ref, None, typed, {}, around)


@bp.post("/patients/<uuid:patient_uuid>/sessions/new")
@access.staff
def create(patient_uuid: UUID) -> BaseResponse | tuple[str, int]:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.load_patient(s, viewer, patient_uuid)
        around = _around(s, viewer, ref, None)
        form = _parsed(ref)
        many = 0
        if form.value:
            many = actions.count_on(s, viewer, ref, clock.local(form.value.starts_at, ref.zone).date())
    if form.value is None:
        return _form(ref, None, _typed(), form.errors, around), 422
    if many >= rules.MANY_A_DAY and request.form.get("confirm") != "many":
        return _form(ref, None, _typed(), {}, around, many), 422
    with db.write() as s:
        recorded = actions.record_session(s, viewer, ref, form.value, clock.now(), _is_share())
        uuid, status = recorded.session.uuid, recorded.session.status
    if not ref.shares(Kind.SESSIONS):
        return see_other(url_for("sessions.index", patient_uuid=ref.uuid, saved=status))
    return see_other(url_for("sessions.show", patient_uuid=ref.uuid, session_id=uuid, saved=_done(status)))


@bp.get("/patients/<uuid:patient_uuid>/sessions/<uuid:session_id>")
@access.staff
def show(patient_uuid: UUID, session_id: UUID) -> str:
    ref, row, around = _loaded(patient_uuid, session_id)
    return _form(ref, row, _as_typed(row, around), {}, around)


@bp.post("/patients/<uuid:patient_uuid>/sessions/<uuid:session_id>")
@access.staff
def update(patient_uuid: UUID, session_id: UUID) -> BaseResponse | tuple[str, int]:
    viewer = access.viewer()
    ref, row, around = _loaded(patient_uuid, session_id)
    form = _parsed(ref)
    if form.value is None:
        return _form(ref, row, _typed(), form.errors, around), 422
    try:
        with db.write() as s:
            stored = actions.load(s, viewer, ref, session_id)
            outcome = actions.amend(
                s, viewer, ref, stored, form.value, clock.now(), _is_share(),
                parse_revision(request.form.get("revision", "")),
            ).outcome  # fmt: skip
    except actions.Changed:
        errors = {"changed": "Somebody changed this session meanwhile. What is stored now stands below; what you typed is still here."}  # fmt: skip
        return _form(ref, row, _typed(), errors, around), 422
    done = "unchanged" if outcome == "unchanged" else _done(form.value.status)
    return see_other(url_for("sessions.show", patient_uuid=ref.uuid, session_id=session_id, saved=done))


@bp.post("/patients/<uuid:patient_uuid>/sessions/<uuid:session_id>/cancellation")
@access.staff
def cancel(patient_uuid: UUID, session_id: UUID) -> BaseResponse:
    viewer = access.viewer()
    with db.write() as s:
        ref = access.load_patient(s, viewer, patient_uuid)
        actions.cancel(s, viewer, ref, actions.load(s, viewer, ref, session_id), clock.now())
    return see_other(url_for("sessions.index", patient_uuid=ref.uuid, saved="cancelled"))


@bp.get("/patients/<uuid:patient_uuid>/sessions/<uuid:session_id>/text")
@access.staff
def text(patient_uuid: UUID, session_id: UUID) -> Response:
    ref, row, around = _loaded(patient_uuid, session_id)
    name = {"Content-Disposition": 'inline; filename="neap.txt"'}
    return Response(_text(ref, row, around), mimetype="text/plain", headers=name)


@bp.get("/patients/<uuid:patient_uuid>/sessions/<uuid:session_id>/print")
@access.staff
def paper(patient_uuid: UUID, session_id: UUID) -> str:
    ref, row, around = _loaded(patient_uuid, session_id)
    return render_template(
        "sessions/print.html", nav="patients", ref=ref, row=row, around=around, rules=rules, today=_today(ref)
    )


@bp.post("/patients/<uuid:patient_uuid>/goals")
@access.staff
def create_goal(patient_uuid: UUID) -> BaseResponse | tuple[str, int]:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.load_patient(s, viewer, patient_uuid)
        if not ref.shares(Kind.SESSIONS):
            raise access.Hidden
        goals = queries.goals_of(s, viewer, ref.id)
    form = parse_goal(last_values(request.form), _today(ref))
    if form.errors:
        return render_template("sessions/goal.html", nav="patients", ref=ref, goals=goals, typed=_typed(), errors=form.errors), 422  # fmt: skip
    with db.write() as s:
        actions.set_goal(s, viewer, ref, form.words, form.until_on, clock.now())
    return see_other(url_for("sessions.index", patient_uuid=ref.uuid, saved="goal"))


# The patient's own ----------------------------------------------------------------------------------


@bp.get("/sessions")
@access.patient
def own() -> str:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.own(s, viewer)
        rows = queries.sessions_of(s, viewer, ref.id)
        agreed = queries.commitments_of(s, viewer, ref.id)
        today, now = clock.diary_day(clock.now(), viewer.zone), clock.now()
        seen = queries.ticks_seen(s, viewer, ref.id, today)
    return render_template(
        "sessions/own.html", nav="more", today=today, rules=rules, seen=seen,
        following=[row for row in rows if row.is_ahead(now)],
        past=[row for row in reversed(rows) if row.status == "held"],
        running=[one for one in agreed if one.is_open(today)],
        before={row.uuid: [one for one in agreed if one.session == row.uuid] for row in rows},
        saved=SAVED.get(request.args.get("saved", ""), ""),
    )  # fmt: skip


@bp.post("/commitments/<uuid:commitment_id>/days/<day:day>")
@access.patient
def tick(commitment_id: UUID, day: date) -> BaseResponse:
    viewer = access.viewer()
    now = clock.now()
    with db.write() as s:
        is_done = request.form.get("done") != "no"
        write = rules.TickWrite(uuid4(), now, is_done)
        actions.tick(
            s, viewer, commitment_id, day, write, clock.diary_day(now, viewer.zone), now, device=viewer.device
        )
    return see_other(url_for("sessions.own", saved="ticked"))


@bp.get("/goals")
@access.patient
def goals() -> str:
    return _own_goals({}, {})


@bp.post("/goals")
@access.patient
def create_own_goal() -> BaseResponse | tuple[str, int]:
    return _goal_said(None)


@bp.post("/goals/<uuid:goal_id>")
@access.patient
def update_goal(goal_id: UUID) -> BaseResponse | tuple[str, int]:
    return _goal_said(goal_id)


@bp.post("/goals/<uuid:goal_id>/end")
@access.patient
def end_goal(goal_id: UUID) -> BaseResponse:
    viewer = access.viewer()
    with db.write() as s:
        ref = access.own(s, viewer)
        with suppress(actions.Gone):  # ended already: the same is meant
            actions.end_goal(s, viewer, ref, actions.load_goal(s, viewer, ref, goal_id), clock.now())
    return see_other(url_for("sessions.goals", saved="ended"))


def _goal_said(goal_id: UUID | None) -> BaseResponse | tuple[str, int]:
    viewer = access.viewer()
    with db.read() as s:
        rows = queries.goals_of(s, viewer, access.own(s, viewer).id)
    was_until = next((row.until_on for row in rows if row.uuid == goal_id), None)
    form = parse_goal(last_values(request.form), clock.diary_day(clock.now(), viewer.zone), was_until)
    if form.errors:
        return _own_goals(_typed(), form.errors, goal_id), 422
    try:
        with db.write() as s:
            ref = access.own(s, viewer)
            was = actions.load_goal(s, viewer, ref, goal_id) if goal_id else None
            actions.set_goal(s, viewer, ref, form.words, form.until_on, clock.now(), was)
    except actions.Gone:
        words = "This goal was changed or ended meanwhile. What you typed is here; save it as another goal if you like."
        return _own_goals(_typed(), {"words": words}), 422
    return see_other(url_for("sessions.goals", saved="goal"))


def _own_goals(typed: Mapping[str, str], errors: Mapping[str, str], goal_id: UUID | None = None) -> str:
    viewer = access.viewer()
    with db.read() as s:
        rows = queries.goals_of(s, viewer, access.own(s, viewer).id)
    if goal_id is not None and goal_id not in {row.uuid for row in rows}:
        raise access.Hidden
    return render_template(
        "sessions/goals.html", nav="more", goals=rows, typed=typed, errors=errors, at=goal_id,
        saved=SAVED.get(request.args.get("saved", ""), ""),
    )  # fmt: skip


# What the pages are made of -------------------------------------------------------------------------


def _loaded(patient_uuid: UUID, session_id: UUID) -> tuple[access.PatientRef, SessionRow, Around]:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.load_patient(s, viewer, patient_uuid)
        row = queries.session_row(s, viewer, ref.id, session_id)
        around = _around(s, viewer, ref, row)
    _seen(viewer, ref, around)
    return ref, row, around


def _seen(viewer: access.Viewer, ref: access.PatientRef, around: Around) -> None:
    if ref.shares(Kind.SESSIONS):
        audit.seen(viewer, ref.id, "sessions", ref.clinic_id)
    if around.said:
        audit.seen(viewer, ref.id, "notes", ref.clinic_id)


def _around(s: Any, viewer: access.Viewer, ref: access.PatientRef, row: SessionRow | None) -> Around:
    """Nothing where sessions are not shared: to write one shows nothing."""
    if not ref.shares(Kind.SESSIONS):
        return Around()
    agreed = queries.commitments_of(s, viewer, ref.id)
    sessions = queries.sessions_of(s, viewer, ref.id)
    on = row.day if row else _today(ref)
    mine = {one.place: one for one in agreed if row and one.session == row.uuid}
    # What nobody has said anything of, and what the last session agreed on, as it was answered here.
    last = max((one.agreed_on for one in agreed if one.agreed_on < on), default=None)
    earlier = tuple(
        one for one in agreed if one.agreed_on < on and (one.agreed_on == last or not one.outcome)
    )
    goals = tuple(goal for goal in queries.goals_of(s, viewer, ref.id) if goal.ended_on is None)
    since = ""
    if ref.shares(Kind.INFUSIONS):
        done = [one for one in infusions_of(s, viewer, ref.id) if one.day <= on]
        if done:
            after = (on - done[-1].day).days
            since = (
                f"Day {after} after infusion {done[-1].number}"
                if after
                else f"The day of infusion {done[-1].number}"
            )
    later = [one for one in sessions if one.status == "planned" and (row is None or one.uuid != row.uuid) and one.starts_at > clock.now()]  # fmt: skip
    history = queries.revisions_of(s, viewer, ref.id, row.id) if row else []
    before = max((one.day for one in sessions if one.status == "held" and one.day < on), default=on - A_MONTH)
    said: list[CheckinRow] = []
    if ref.shares(Kind.INFUSIONS):
        said = [one for one in checkins_of(s, viewer, ref.id, before, on) if one.words]
    return Around(
        earlier, mine, goals, since, later[0] if later else None, tuple(history), tuple(reversed(said))
    )


def _form(
    ref: access.PatientRef, row: SessionRow | None, typed: Mapping[str, str], errors: Mapping[str, str], around: Around,
    many: int = 0,
) -> str:  # fmt: skip
    return render_template(
        "sessions/edit.html", nav="patients", ref=ref, row=row, typed=typed, errors=errors, around=around, rules=rules,
        places=PLACES, today=_today(ref), many=many, saved=SAVED.get(request.args.get("saved", ""), ""),
        stored=_as_typed(row, around) if row else {},
    )  # fmt: skip


def _parsed(ref: access.PatientRef) -> TypedSession:
    texts = {name: text for name, text in last_values(request.form).items() if name != "csrf_token"}
    return parse_session(texts, _today(ref), ref.zone)


def _typed() -> dict[str, str]:
    return {name: echo(text) for name, text in last_values(request.form).items() if name != "csrf_token"}


def _as_typed(row: SessionRow, around: Around) -> dict[str, str]:
    typed = {
        "kind": row.kind, "status": row.status, "date": str(row.day), "start": words.time_hm(row.start),
        "end": words.time_hm(row.end), "place": row.place, "note": row.note, "private_note": row.private_note,
        "revision": str(row.revision),
    }  # fmt: skip
    for place, one in (around.agreed or {}).items():
        typed |= {f"commitment_{place}": one.words, f"counted_{place}": "yes" if one.is_counted else "no"}
        typed[f"until_{place}"] = str(one.until_on or "")
    return typed | {f"became_{one.uuid}": one.outcome for one in around.earlier}


def _text(ref: access.PatientRef, row: SessionRow, around: Around) -> str:
    today = _today(ref)
    return rules.as_text(
        f"{row.kind_words} session, {ref.name}", rules.when_words(row.start, row.end), row.who, row.place, row.note,
        row.private_note, [(one, rules.counted_words(one, today)) for one in around.earlier],
        sorted((around.agreed or {}).values(), key=lambda one: one.place),
        [(goal.words, goal.until_on) for goal in around.goals],
    )  # fmt: skip


def _is_share() -> bool:
    return request.form.get("share") == "yes"


def _done(status: str) -> str:
    return "shared" if _is_share() and status == "held" else status


def _today(ref: access.PatientRef) -> date:
    moment: datetime = clock.now()
    return clock.local(moment, ref.zone).date()
