"""The audit trail's pages: who looked, for the patient and for a clinic's admin; and the install's alarm for its chain."""

import csv
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from io import StringIO
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from flask.sansio.blueprints import BlueprintSetupState

from diary import db
from diary.accounts import queries as accounts
from diary.audit import actions, forms, queries, worker
from diary.audit.models import AuditEvent
from diary.audit.rules import looked, trail
from diary.audit.rules.words import CHANGED, LOOKED, TABLE, TOOK
from diary.careteam import access
from diary.careteam import queries as careteam
from diary.exchange.rules import quoted
from diary.lib import clock, health
from diary.lib.htmx import is_part_wanted, page_or_part

bp = Blueprint("audit", __name__)
LONG_AGO = date(2000, 1, 1)


@bp.record_once
def _ring(state: BlueprintSetupState) -> None:
    health.add_alarm(state.app, _alarm)  # type: ignore[arg-type]


def _alarm() -> str:
    return "" if worker.is_head_fitting() else "the audit trail does not fit its head"


@bp.get("/who-looked")
@access.patient
def who_looked() -> Response:
    """A patient's own: who saw what of their diary, by day."""
    viewer = access.viewer()
    today = clock.local(clock.now(), viewer.zone).date()
    before, wrong = _day(request.args.get("before", ""), today + timedelta(days=1))
    with db.read() as s:
        told, earlier = queries.about_me(s, viewer, viewer.zone, before)
        names = accounts.names_of(s, looked.people(told))
    return page_or_part(
        "audit/who_looked.html", "audit/_looked.html", 422 if wrong else 200, nav="more", today=today, wrong=wrong,
        days=looked.days(told, viewer.me, names), earlier=earlier, is_newest=before > today, is_part=is_part_wanted(),
    )  # fmt: skip


def _day(text: str, newest: date) -> tuple[date, str]:
    """The day before which lines are wanted: without one everything; and what is wrong with it, in words."""
    try:
        return (min(max(date.fromisoformat(text), LONG_AGO), newest) if text else newest), ""
    except ValueError:
        return newest, "This is no date. Here is the newest."


# A clinic's admin ---------------------------------------------------------------------------------

FILE_NAME = "neap-audit.csv"
COLUMNS = (
    "event", "at", "who", "who_id", "role", "code", "words", "patient_id", "whose", "thing", "address", "request_id",
)  # fmt: skip
LINES_AT_ONCE = 1000
WHATS = [
    ("", "anything"), (LOOKED, "somebody looked"), (TOOK, "a copy was taken"), (CHANGED, "something was done"),
    *sorted((one.code, f"{one.code}: {one.did} {one.what}".strip()) for one in TABLE),
]  # fmt: skip


@bp.get("/clinic/audit")
@access.admin
def index() -> Response:
    """Who looked, who changed what, in the clinics that the viewer administers."""
    viewer = access.viewer()
    asked, known = _asked(viewer)
    actions.seen(viewer, asked.wanted.patient, "audit")
    before = request.args.get("before", "")
    lines, earlier = [], None
    if not asked.errors:
        with db.read() as s:
            events, earlier = queries.of_clinics(
                s, viewer, careteam.ever_in(viewer), asked.wanted, int(before) if before.isdecimal() else None
            )
        lines = [_line(event, known, viewer.zone) for event in events]
    query = urlencode({name: text for name, text in asked.typed.items() if text})
    return page_or_part(
        "audit/index.html", "audit/_trail.html", 422 if asked.errors else 200, nav="audit", typed=asked.typed,
        errors=asked.errors, days=_by_day(lines), earlier=earlier, is_newest=not before, query=query, whats=WHATS,
        staff=_staff(known), standing=worker.standing(), shown=len(lines),
    )  # fmt: skip


@bp.get("/clinic/audit.csv")
@access.admin
@access.fresh
def download() -> Response:
    """The lines that were asked for, all of them, as a file; itself a line."""
    viewer = access.viewer()
    asked, known = _asked(viewer)
    if asked.errors:
        return index()
    wanted = asked.wanted
    actions.taken(
        viewer, wanted.patient, "audit.download", thing=f"{wanted.since or ''}/{wanted.until or ''}"
    )
    return Response(
        _as_csv(db.database(), viewer, wanted, known),
        mimetype="text/csv",
        headers={
            "Content-Disposition": f'attachment; filename="{FILE_NAME}"', "Cache-Control": "no-store",
        },
    )  # fmt: skip


def _asked(viewer: access.Viewer) -> tuple[forms.Asked, dict[int, trail.Somebody]]:
    with db.read() as s:
        people = careteam.known_ever(s, viewer)
    known = {one.id: trail.Somebody(one.uuid, one.name) for one in people.values()}
    patients = {one.id for one in people.values() if one.is_patient}
    return forms.parse_wanted(request.args.to_dict(), known, patients, viewer.zone), known


def _staff(known: Mapping[int, trail.Somebody]) -> list[tuple[str, str]]:
    named = sorted((one.name.casefold(), one.name, str(one.uuid)) for one in known.values() if one.name)
    return [("", "anybody"), *((uuid, name) for _, name, uuid in named), (trail.OPERATOR, "the operator")]


def _line(event: AuditEvent, known: Mapping[int, trail.Somebody], zone: str) -> trail.Line:
    return trail.line(
        event.id, clock.local(event.at, zone), event.actor_id, event.role, event.action, event.patient_id,
        event.thing, event.address, event.request_id, known,
    )  # fmt: skip


def _by_day(lines: list[trail.Line]) -> list[tuple[date, list[trail.Line]]]:
    days: dict[date, list[trail.Line]] = {}
    for line in lines:
        days.setdefault(line.at.date(), []).append(line)
    return list(days.items())


def _as_csv(
    database: db.Database, viewer: access.Viewer, wanted: trail.Wanted, known: Mapping[int, trail.Somebody]
) -> Iterator[str]:
    """In blocks, each read by itself: whoever takes it slowly must not hold one picture of the whole database."""
    yield _cells(COLUMNS)
    before: int | None = None
    while True:
        with database.reading() as s:
            events, before = queries.of_clinics(
                s, viewer, careteam.ever_in(viewer), wanted, before, LINES_AT_ONCE
            )
        for event in events:
            one = _line(event, known, "UTC")
            yield _cells((
                str(one.event), one.at.isoformat(timespec="seconds"), one.who, one.who_id, event.role, one.code,
                f"{one.did} {one.what}".strip(), one.whose_id, one.whose, one.thing, one.address, one.request_id,
            ))  # fmt: skip
        if before is None:
            return


def _cells(cells: tuple[str, ...]) -> str:
    text = StringIO()
    csv.writer(text).writerow([quoted(cell) for cell in cells])
    return text.getvalue()
