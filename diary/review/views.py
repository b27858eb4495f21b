"""Story for the patient; caseload and timeline for staff."""

from datetime import date
from functools import lru_cache, partial
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, current_app, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from diary import db
from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam import queries as careteam
from diary.careteam.rules import Kind, Role
from diary.charts import SPARK_FRAME
from diary.infusions.rules import saved_words, two_places
from diary.lib import clock
from diary.lib.htmx import page_or_part
from diary.lib.symptoms import BY_KEY
from diary.response.rules import bands, words
from diary.response.rules.staff import tenths
from diary.review import queries
from diary.safety.rules import when_words

bp = Blueprint("review", __name__)
MOST_DRAWN = 4000
SPANS = ("30", "90", "180", "course", "all")


@bp.get("/story")
@access.patient
def story() -> Response:
    viewer = access.viewer()
    today = clock.diary_day(clock.now(), viewer.zone)
    span = request.args.get("span", "course")
    with db.read() as s:
        ref = access.own(s, viewer)
        page = queries.story_page(
            s, viewer, ref, today, span if span in ("30", "course", "all") else "course", _symptom(),
            _day(request.args.get("day")), "table" in request.args, "others" in request.args,
        )  # fmt: skip
    return page_or_part("review/story.html", "review/_story.html", nav="story", page=page, today=today)


@bp.get("/patients")
@access.staff
def index() -> str:
    viewer = access.viewer()
    now = clock.now()
    today = clock.diary_day(now, viewer.zone)
    search = request.args.get("q", "").strip()[:80]
    audit.seen(viewer, None, "caseload")
    with db.read() as s:
        rows = queries.caseload(s, viewer, today, search, _uuid(request.args.get("open")), now=now)
        invited = careteam.waiting(s, viewer, now)
    show = request.args.get("show", "all")
    places = [[row for row in rows if row.place == place] for place in range(len(queries.GROUPS))]
    named = list(zip(queries.GROUPS, places, strict=True))
    shows = [("all", "All", len(rows)), *((one.key, one.title, len(found)) for one, found in named)]
    show = show if any(show == value for value, _, _ in shows) else "all"
    link = urlencode({"show": show, **({"q": search} if search else {})})
    cases = [
        (one, [_case(row, link) for row in found])
        for one, found in named
        if found and show in ("all", one.key)
    ]
    return render_template(
        "review/patients.html", nav="patients", cases=cases, count=len(rows), search=search, show=show, shows=shows,
        frame=SPARK_FRAME, now=clock.local(now, viewer.zone), invited=invited,
    )  # fmt: skip


@lru_cache(MOST_DRAWN)
def _case(row: queries.CaseRow, link: str) -> Markup:
    """A row of the caseload. What it says is all that it is made of, so an equal row is not made again."""
    return Markup(  # noqa: S704 - the template escapes
        current_app.jinja_env.get_template("review/_case.html").render(row=row, link=link)
    )


@bp.get("/patients/<uuid:patient_uuid>")
@access.staff
def show(patient_uuid: UUID) -> Response:
    viewer = access.viewer()
    now = clock.now()
    span = request.args.get("span", "90")
    with db.read() as s:
        ref = access.load_patient(s, viewer, patient_uuid)
        if not ref.kinds:
            raise access.Hidden
        today = clock.diary_day(now, ref.zone)
    for kind in sorted(ref.kinds):
        audit.seen(viewer, ref.id, str(kind), ref.clinic_id)
    typed = request.args.get("day", "").strip()
    chosen = _day(typed)
    wrong = queries.wrong_day(typed, chosen, today)
    with db.read() as s:
        page = queries.patient_page(
            s, viewer, ref, today, span if span in SPANS else "90", "table" in request.args, now,
            None if wrong else chosen,
        )  # fmt: skip
    return page_or_part(
        "review/patient.html", "review/_patient.html", 422 if wrong else 200, nav="patients", page=page, ref=ref,
        when=partial(when_words, now=now, zone=viewer.zone), may_record=Role.CLINICIAN in ref.staff_roles,
        saved=saved_words(request.args.get("saved", ""), page.number_of(_uuid(request.args.get("infusion")))),
        wrong=wrong, typed=typed, unknown="" if span in SPANS else span[:40],
    )  # fmt: skip


@bp.get("/patients/<uuid:patient_uuid>/response")
@access.staff
def response(patient_uuid: UUID) -> Response:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.load_patient(s, viewer, patient_uuid)
        if not ref.kinds:
            raise access.Hidden
    if {Kind.SCORES, Kind.INFUSIONS} <= ref.kinds:
        for kind in (Kind.INFUSIONS, Kind.SCORES):
            audit.seen(viewer, ref.id, str(kind), ref.clinic_id)
    with db.read() as s:
        page = queries.response_page(
            s, viewer, ref, clock.diary_day(clock.now(), ref.zone), _symptom(),
            _uuid(request.args.get("infusion")), _number(request.args.get("week")), "table" in request.args,
        )  # fmt: skip
    return page_or_part(
        "review/response.html", "review/_response.html", nav="patients", page=page, ref=ref, words=words,
        unknown=_unknown(page), bands=bands, two_places=two_places, tenths=tenths, may_record=Role.CLINICIAN in ref.staff_roles,
    )  # fmt: skip


def _unknown(page: queries.ResponsePage) -> str:
    """What the address asks for and this page does not have, in words; nothing where it has all of it."""
    said = []
    if request.args.get("symptom", "pain") not in BY_KEY:
        said.append("Neap keeps no symptom of that name, so this is pain.")
    part, infusion = page.part, request.args.get("infusion")
    if part is not None and infusion and not page.has(_uuid(infusion)):
        said.append("That infusion is not among those done here, so this is the latest.")
    week = request.args.get("week")
    if (
        part is not None
        and part.weekly
        and week is not None
        and not 1 <= (_number(week) or 0) <= len(part.weeks)
    ):
        said.append(f"The course has weeks 1 to {len(part.weeks)}; these are the nearest.")
    return " ".join(said)


def _symptom() -> str:
    key = request.args.get("symptom", "pain")
    return key if key in BY_KEY else "pain"


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 5 else None


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
