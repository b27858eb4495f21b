"""The report of a period, the patient's own and a patient's for staff; which were made; the sheet before a session."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request

from diary import db
from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam.rules import Kind
from diary.exchange.queries import period_data
from diary.lib import clock, errors, pdf
from diary.lib.forms import echo
from diary.reports import actions, forms, queries
from diary.reports.rules import prep as prep_rules

bp = Blueprint("reports", __name__)
FILE_NAME = "neap-summary.pdf"
PREP_NAME = "neap-session.pdf"


@bp.get("/report")
@access.patient
def new() -> str:
    """Which days, and which paper; what stands in it."""
    viewer = access.viewer()
    with db.read() as s:
        patient = access.own(s, viewer)
        made = queries.reports_made(s, viewer, patient)
    return _form(patient, {}, {}, "/more", made)


@bp.get("/report.pdf")
@access.patient
def own() -> Response:
    """The patient's own."""
    viewer = access.viewer()
    with db.read() as s:
        patient = access.own(s, viewer)
    return _answer(viewer, patient, "/more")


@bp.get("/patients/<uuid:patient_uuid>/reports")
@access.staff
def index(patient_uuid: UUID) -> str:
    """Which reports of a patient were made, and the way to another one."""
    viewer = access.viewer()
    with db.read() as s:
        patient = access.load_patient(s, viewer, patient_uuid)
        if not patient.kinds:
            raise errors.Hidden
        made = queries.reports_made(s, viewer, patient)
    audit.seen(viewer, patient.id, "reports", patient.clinic_id)
    today = clock.diary_day(clock.now(), patient.zone)
    usual = forms.Asked(today - timedelta(days=forms.USUAL_DAYS - 1), today)
    asked = forms.parse_period(_given(), today, today)[0] or usual
    page = {"nav": "patients", "ref": patient, "made": made, "asked": asked, "today": today}
    return render_template("reports/index.html", **page, zone=viewer.zone)


@bp.get("/patients/<uuid:patient_uuid>/report.pdf")
@access.staff
def show(patient_uuid: UUID) -> Response:
    """A patient's, for staff with a live care link and any one kind of data shared; noted before it is made."""
    viewer = access.viewer()
    with db.read() as s:
        patient = access.load_patient(s, viewer, patient_uuid)
    if not patient.kinds:
        raise errors.Hidden
    return _answer(viewer, patient, f"/patients/{patient.uuid}")


@bp.get("/patients/<uuid:patient_uuid>/prep")
@access.staff
def prep(patient_uuid: UUID) -> str:
    """The sheet before the next session."""
    page = _prep(patient_uuid)
    head, lanes = prep_rules.lanes(page.brief)
    return render_template(
        "reports/prep.html",
        nav="patients",
        page=page,
        prep=prep_rules,
        head=head,
        lanes=lanes,
        most=queries.MOST_WORDS,
    )


@bp.get("/patients/<uuid:patient_uuid>/prep.pdf")
@access.staff
def prep_paper(patient_uuid: UUID) -> Response:
    """The same on one page of paper."""
    page = _prep(patient_uuid)
    try:
        body = queries.as_pdf(page, "letter" if request.args.get("paper") == "letter" else "a4")
    except pdf.PdfBusy:
        return errors.page(503, headers={"Retry-After": "5"})
    headers = {"Content-Disposition": f'inline; filename="{PREP_NAME}"', "Cache-Control": "no-store"}
    return Response(body, mimetype="application/pdf", headers=headers)


@bp.get("/patients/<uuid:patient_uuid>/prep/text")
@access.staff
def prep_text(patient_uuid: UUID) -> Response:
    """The same as plain text, for another record."""
    page = _prep(patient_uuid)
    text = prep_rules.as_text(page.title, page.sub, page.lead, page.brief, page.today)
    return Response(text, mimetype="text/plain", headers={"Cache-Control": "no-store"})


def _prep(patient_uuid: UUID) -> queries.PrepPage:
    """Loaded, and noted by the kinds that it shows."""
    viewer = access.viewer()
    now = clock.now()
    with db.read() as s:
        patient = access.load_patient(s, viewer, patient_uuid)
        page = queries.prep_page(s, viewer, patient, clock.diary_day(now, patient.zone), now)
    for kind in sorted(patient.kinds):
        audit.seen(viewer, patient.id, str(kind), patient.clinic_id)
    return page


def _answer(viewer: access.Viewer, patient: access.PatientRef, back: str) -> Response:
    now = clock.now()
    today = clock.diary_day(now, patient.zone)
    given = request.args.to_dict()
    session_on = _session_on(viewer, patient, today) if given.get("period") == "session" else None
    asked, wrong = forms.parse_period(given, today, clock.local(now, patient.zone).date(), session_on)
    if asked is None:
        return Response(_form(patient, _given(), wrong, back), 422)
    with db.read() as s:
        made = queries.without_open_day(queries.facts(s, viewer, patient, asked.since, asked.until), today)
        data = period_data(s, viewer, patient, made.since, made.until, made.as_of)
    asked = replace(asked, since=made.since, until=made.until)  # as it stands on the paper
    audit.seen(viewer, patient.id, "report", patient.clinic_id, f"{asked.since}/{asked.until}")
    try:
        body = queries.report(made, asked.paper, data)
    except pdf.PdfBusy:
        return errors.page(503, headers={"Retry-After": "5"})
    _still_shared(viewer, patient, made.kinds)
    with db.write() as s:
        actions.note_report(s, viewer, patient, asked, len(body), made.as_of, now)
    headers = {"Content-Disposition": f'attachment; filename="{FILE_NAME}"', "Cache-Control": "no-store"}
    return Response(body, mimetype="application/pdf", headers=headers)


def _session_on(viewer: access.Viewer, patient: access.PatientRef, today: date) -> date | str | None:
    if not patient.shares(Kind.SESSIONS):
        return "Sessions are not shared with you. Please choose two dates."
    with db.read() as s:
        return queries.last_session(s, viewer, patient, today)


def _still_shared(viewer: access.Viewer, patient: access.PatientRef, kinds: frozenset[str]) -> None:
    """Making it takes a while: what was taken back meanwhile is not sent."""
    with db.read_anew() as s:
        if not kinds <= access.kinds(s, viewer, patient.id):
            raise errors.Hidden


def _form(
    patient: access.PatientRef, given: dict[str, str], wrong: dict[str, str], back: str,
    made: Sequence[queries.MadeRow] = (),
) -> str:  # fmt: skip
    today = clock.diary_day(clock.now(), patient.zone)
    said: dict[str, Any] = {"errors": wrong, "given": given, "back": back, "patient": patient, "today": today}
    said["made"] = made
    return render_template("reports/new.html", nav="more" if patient.is_self else "patients", **said)


def _given() -> dict[str, str]:
    return {name: echo(text) for name, text in request.args.items()}
