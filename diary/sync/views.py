"""The phone's API: one write by PUT, its days by GET; JSON only, and every refusal is JSON of ours."""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, jsonify, request
from sqlmodel import Session

from diary import db
from diary.careteam import access
from diary.entries.forms import parse_date
from diary.infusions.queries import infusions_of
from diary.lib import api, clock
from diary.lib.api import answered, of_another
from diary.lib.sessions import csrf
from diary.review import actions as review
from diary.review.queries import arrival_sheet
from diary.sync import actions, queries, rules
from diary.sync.forms import parse_json

bp = Blueprint("sync", __name__, url_prefix="/api/v1/sync")
csrf.exempt(bp)  # a page of another site can send neither the header nor our Origin
bp.before_request(api.own_pages_only)


@bp.put("/<uuid:write_id>")
@access.patient_api
def update(write_id: UUID) -> Response:
    viewer = access.viewer()
    request.max_content_length = rules.LARGEST_BODY
    body = parse_json(request.get_data())
    if body is None:
        return answered(422, fields={"body": "This is not a JSON object."})
    with db.write() as s:
        person = access.own(s, viewer).uuid
        problem = of_another(body, person) or _of_another_version(body)
        if problem is not None:
            return problem
        now = clock.now()
        answer = actions.put_write(s, viewer, person, write_id, body, now)
        if answer.status == 200 and body.get("kind") == "day":
            today = clock.diary_day(now, viewer.zone)
            review.look_after_write(s, viewer, viewer.me, parse_date(body["day"]), body["fields"], today, now)
    return answered(answer.status, **answer.body)


def _of_another_version(body: dict[str, Any]) -> Response | None:
    version = body.get("version")
    if isinstance(version, bool) or not isinstance(version, int):
        return answered(422, fields={"version": "version is a whole number."})
    return None if version in rules.ACCEPTED else answered(426, min=min(rules.ACCEPTED))


@bp.get("/days")
@access.patient_api
def days() -> Response:
    viewer = access.viewer()
    now = clock.now()
    with db.read() as s:
        person = access.own(s, viewer).uuid
        problem = of_another(dict(request.args), person)
        if problem is not None:
            return problem
        today = clock.diary_day(now, viewer.zone)
        span = _span(today)
        if span is None:
            return answered(422, fields={"from": "from and to are days, at most 62 apart."})
        found = queries.days(s, viewer, *span)
        around = queries.around(s, viewer, *span, today, now)
        around["plan"] |= {"arrivals": _arrivals(s, viewer, today)}
        return jsonify(
            epoch=queries.epoch(s),
            person=str(person),
            now=now.isoformat(timespec="milliseconds"),
            days=found,
            **around,
        )


def _span(today: date) -> tuple[date, date] | None:
    try:
        until = parse_date(request.args["to"]) if "to" in request.args else today
        since = parse_date(request.args["from"]) if "from" in request.args else until - timedelta(days=7)
    except (ValueError, OverflowError):
        return None
    return (since, until) if timedelta(0) <= until - since <= rules.LONGEST_RANGE else None


def _arrivals(s: Session, viewer: access.Viewer, today: date) -> list[dict[str, Any]]:
    """The sheets for the nurse of today's and tomorrow's planned infusions, as the diary stands now."""
    planned = infusions_of(s, viewer, viewer.me, ("planned",))
    soon = [row for row in planned if today <= row.day <= today + timedelta(days=1)]
    return [
        {
            "target": str(row.uuid), "number": row.number, "on": row.day.isoformat(), "time": row.at_time,
            "lines": [asdict(line) for line in arrival_sheet(s, viewer, viewer.me, row.uuid).lines],
        }
        for row in soon
    ]  # fmt: skip
