"""The patient's own page: what she takes, and where she says what changed."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from sqlmodel import Session
from werkzeug.wrappers import Response

from diary import db
from diary.careteam import access
from diary.careteam import queries as careteam
from diary.careteam.rules import parse_opening
from diary.lib import clock
from diary.lib.forms import echo, last_values
from diary.lib.htmx import see_other
from diary.medications import actions, queries
from diary.medications.forms import TAKEN_BACK, dose_text, parse_taken
from diary.medications.queries import KNOWN, MedicationRow
from diary.medications.rules import Span, amount_words, name_key, spans
from diary.medications.views.both import (
    Checked,
    as_before,
    bp,
    checked_of,
    ended,
    for_change,
    recorded,
    row_of,
    today_of,
    typed_texts,
    write_id,
)
from diary.safety.queries import phone_words
from diary.safety.rules import clinic_standing

SAID = {
    "recorded": "Saved. Your clinic sees that you started it.",
    "changed": "Saved. Your clinic sees the new dose.",
    "ended": "Saved. Your clinic sees that you stopped.",
    "taken": "Saved. Your clinic sees how many you took.",
    "unchanged": "That is what stands here already.",
}


@bp.get("/medications")
@access.patient
def index() -> str:
    return _list()


@bp.post("/medications/<uuid:medication_id>/doses")
@access.patient
def say_taken(medication_id: UUID) -> Response | tuple[str, int]:
    viewer, ref = access.viewer(), _own()
    row_of(ref, medication_id)
    typed = parse_taken(last_values(request.form), today_of(ref))
    if typed.errors or typed.day is None or typed.times is None:
        return _list(medication_id, typed.errors), 422
    try:
        with db.write() as s:
            stored = actions.load(s, viewer, ref, medication_id)
            is_new = actions.say_taken(s, viewer, ref, stored, typed.day, typed.times, clock.now())
    except actions.Refused as error:
        return _list(medication_id, {error.field: str(error)}), 422
    return _to_own("new" if is_new else actions.UNCHANGED, "taken")


def _list(at: UUID | None = None, errors: Mapping[str, str] | None = None) -> str:
    """Her list; `at` is the medicine of which what was said could not be taken."""
    viewer = access.viewer()
    with db.read() as s:
        ref = access.own(s, viewer)
        rows = queries.medications_of(s, viewer, ref.id)
        taken = queries.doses_taken(s, viewer, ref.id)
        clinics = careteam.own_clinics(s, viewer)
    today = today_of(ref)
    standings = [(one, clinic_standing(parse_opening(one.opening), clock.now(), one.zone)) for one in clinics]
    found = spans(row.regime for row in rows)
    now = sorted((span for span in found if span.holds(today)), key=lambda span: name_key(span.regime.name))
    ahead = [span.regime.ref for span in found if span.first > today]
    ended = [span for span in found if span.last is not None and span.last < today and span.following is None]
    return render_template(
        "medications/index.html", nav="more", now=now, ahead=ahead, ended=ended[-12:], clinics=standings,
        calls=[span.regime.ref for span in found if _is_call(span, today)], amount_words=amount_words, known=KNOWN, taken=taken,
        days=[today - timedelta(days=n) for n in range(TAKEN_BACK + 1)], at=at, errors=errors or {},
        typed={name: echo(text) for name, text in last_values(request.form).items()} if at else {},
        said=SAID.get(request.args.get("said", ""), ""), today=today, call=phone_words(actions.STOPPED)["words"],
        has_clinic_now=any(one.phone and (standing is None or standing.is_open) for one, standing in standings),
    )  # fmt: skip


def _is_call(span: Span, today: date) -> bool:
    """Whether what she said last of a medicine is outside the plan, and nobody has looked at it yet."""
    row: MedicationRow = span.regime.ref
    return (
        row.is_outside_plan and row.is_waiting and (span.following is None or span.following.from_on > today)
    )


@bp.get("/medications/new")
@access.patient
def say_new() -> str:
    ref = _own()
    return _own_form({"from": today_of(ref).isoformat()})


@bp.post("/medications/new")
@access.patient
def say_create() -> Response | tuple[str, int]:
    ref = _own()
    checked = checked_of(ref, is_new=True)
    return _said(ref, checked, lambda s, value: recorded(s, ref, checked, value), "recorded")


@bp.get("/medications/<uuid:medication_id>/change")
@access.patient
def say_change(medication_id: UUID) -> str:
    ref = _own()
    row = row_of(ref, medication_id)
    typed = for_change(row, ref)
    if "again" in request.args:
        typed["dose"] = dose_text(row.dose, row.parts)
    return _own_form(typed, old=row)


@bp.post("/medications/<uuid:medication_id>/change")
@access.patient
def say_record_change(medication_id: UUID) -> Response | tuple[str, int]:
    ref = _own()
    row = row_of(ref, medication_id)

    def write(s: Session, value: Any) -> actions.Recorded:
        viewer = access.viewer()
        old = actions.load(s, viewer, ref, medication_id)
        return actions.change_medication(s, viewer, ref, old, value, clock.now(), write_id())

    return _said(ref, checked_of(ref, as_before(row)), write, "changed", row)


@bp.get("/medications/<uuid:medication_id>/end")
@access.patient
def say_ending(medication_id: UUID) -> str:
    ref = _own()
    return _own_end_form(row_of(ref, medication_id), {"until": today_of(ref).isoformat()}, {})


@bp.post("/medications/<uuid:medication_id>/end")
@access.patient
def say_end(medication_id: UUID) -> Response | tuple[str, int]:
    ref = _own()
    row = row_of(ref, medication_id)
    return ended(
        ref,
        row,
        lambda errors: _own_end_form(row, typed_texts(), errors),
        lambda outcome: _to_own(outcome, "ended"),
    )


def _own() -> access.PatientRef:
    with db.read() as s:
        return access.own(s, access.viewer())


def _own_form(
    typed: Mapping[str, str], errors: Mapping[str, str] | None = None, checked: Checked | None = None,
    old: MedicationRow | None = None,
) -> str:  # fmt: skip
    return render_template(
        "medications/say.html", nav="more", typed=typed, errors=errors or {}, checked=checked, old=old,
        again="again" in request.args, amount_words=amount_words,
    )  # fmt: skip


def _own_end_form(row: MedicationRow, typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
    return render_template(
        "medications/stop.html",
        nav="more",
        row=row,
        typed=typed,
        errors=errors,
        words=amount_words(row.regime),
    )


def _said(
    ref: access.PatientRef, checked: Checked, write: Callable[[Session, Any], actions.Recorded], done: str,
    old: MedicationRow | None = None,
) -> Response | tuple[str, int]:  # fmt: skip
    if checked.value is None:
        return _own_form(typed_texts(), checked.form.errors, checked, old), 422
    try:
        with db.write() as s:
            outcome = write(s, checked.value).outcome
    except actions.Refused as error:
        return _own_form(typed_texts(), {error.field: str(error)}, checked, old), 422
    return _to_own(outcome, done)


def _to_own(outcome: str, done: str) -> Response:
    return see_other(url_for("medications.index", said="unchanged" if outcome == actions.UNCHANGED else done))
