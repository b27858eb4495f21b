"""The phone's side of reminders: JSON only. Where it is pushed to, what came, and what was answered on a notification."""

from typing import Any

from flask import Blueprint, Response, current_app, request
from sqlmodel import Session

from diary import db
from diary.careteam import access
from diary.entries.forms import parse_date
from diary.lib import api, clock
from diary.lib.api import answered, of_another
from diary.lib.sessions import csrf
from diary.reminders import forms
from diary.reminders.actions import phones, wishes
from diary.reminders.queries import phones as queries
from diary.reminders.rules.wishes import AN_HOUR
from diary.reminders.views.base import bp
from diary.sync.forms import parse_json

LARGEST_BODY = 8 * 1024
NOT_A_SERVICE = "Neap does not know this push service."

program = Blueprint("phone", __name__, url_prefix="/api/v1/reminders")
program.before_request(api.own_pages_only)
csrf.exempt(program)


def _body() -> dict[str, Any] | None:
    request.max_content_length = LARGEST_BODY
    return parse_json(request.get_data())


def _own(
    s: Session, viewer: access.Viewer, body: dict[str, Any]
) -> tuple[access.PatientRef, Response | None]:
    """Who is signed in, and the refusal of a body that is another person's."""
    patient = access.own(s, viewer)
    return patient, of_another(body, patient.uuid)


NO_OBJECT = {"body": "This is not a JSON object."}


@program.put("/phone")
@access.patient_api
def update() -> Response:
    """This phone is reminded from now on: a new subscription, a moved one, or one in the place of another."""
    viewer, body = access.viewer(), _body()
    if body is None:
        return answered(422, fields=NO_OBJECT)
    typed, errors = forms.parse_phone(body)
    push = current_app.extensions["push"]
    if typed and not (push.is_on and push.is_allowed(typed.endpoint)):
        errors = {"endpoint": NOT_A_SERVICE}
    with db.write() as s:
        patient, problem = _own(s, viewer, body)
        if problem is not None:
            return problem
        if typed is None or errors:
            return answered(422, fields=errors)
        uuid = phones.register_phone(s, viewer, patient, typed, viewer.device, clock.now())
    return answered(200, state="live", id=str(uuid), key=push.public_key)


@program.post("/phone/check")
@access.patient_api
def check() -> Response:
    """What the server knows of this phone: live, ended, or unknown. A phone without a subscription asks too."""
    viewer, body = access.viewer(), _body()
    if body is None:
        return answered(422, fields=NO_OBJECT)
    endpoint = forms.parse_endpoint(body.get("endpoint"))
    now, key = clock.now(), current_app.extensions["push"].public_key
    with db.read() as s:
        patient, problem = _own(s, viewer, body)
        if problem is not None:
            return problem
        row = queries.phone_at(s, viewer, patient.id, phones.indexes_of(endpoint)) if endpoint else None
    if row is None:
        return answered(200, state="unknown", key=key)
    if row.ended_at is not None:
        return answered(200, state="ended", key=key)
    if now - row.checked_at >= phones.CHECKED_ONCE_IN:
        with db.write() as s:
            phones.check_phone(s, viewer, access.own(s, viewer), endpoint, now)
    return answered(200, state="live", id=str(row.uuid), key=key)


@program.post("/phone/end")
@access.patient_api
def end() -> Response:
    viewer, body = access.viewer(), _body()
    if body is None:
        return answered(422, fields=NO_OBJECT)
    endpoint = forms.parse_endpoint(body.get("endpoint"))
    with db.write() as s:
        patient, problem = _own(s, viewer, body)
        if problem is not None:
            return problem
        if not endpoint:
            return answered(422, fields={"endpoint": "endpoint is the address of a push service."})
        phones.end_phone(s, viewer, patient, endpoint, clock.now())
    return answered(200, state="ended")


@program.post("/receipts")
@access.patient_api
def receive() -> Response:
    """A message came and was shown."""
    viewer, body = access.viewer(), _body()
    if body is None:
        return answered(422, fields=NO_OBJECT)
    uuid = forms.parse_id(body.get("id"))
    if uuid is None:
        return answered(422, fields={"id": "id is the one of a message."})
    endpoint = forms.parse_endpoint(body.get("endpoint"))
    with db.write() as s:
        phones.note_receipt(s, viewer, access.own(s, viewer), uuid, endpoint, clock.now())
    return answered(200, state="received")


@program.post("/answers")
@access.patient_api
def answer() -> Response:
    """ "Later" or "Not today", touched on a notification, with the day that it named. No answer of a day is touched."""
    viewer, body = access.viewer(), _body()
    if body is None:
        return answered(422, fields=NO_OBJECT)
    uuid, said = forms.parse_id(body.get("id")), body.get("answer")
    errors = {}
    if uuid is None:
        errors["id"] = "id is the one of a message."
    if said not in forms.ANSWERS:
        errors["answer"] = f"answer is one of {', '.join(forms.ANSWERS)}."
    try:
        day = parse_date(str(body.get("day")))
    except ValueError as error:
        errors["day"] = str(error)
    if errors or uuid is None:
        return answered(422, fields=errors)
    now = clock.now()
    with db.write() as s:
        patient = access.own(s, viewer)
        queries.delivered(s, viewer, patient.id, uuid)
        if said == "not_today":
            wishes.say_not_today(s, viewer, patient, day, now)
            return answered(200, state="paused")
        at = wishes.ask_later(s, viewer, patient, uuid, AN_HOUR, now)
    return answered(200, state="later", at=at.isoformat(timespec="milliseconds"))


bp.register_blueprint(program)
