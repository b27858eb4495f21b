"""A phone's requests about reminders as the tests make them."""

import json
from datetime import UTC, date, datetime

from diary import db
from diary.reminders.models import Delivery
from diary.reminders.rules.message import DAILY
from tests.reminders.servers import Handset

NOW = datetime(2026, 11, 23, 20, 41, tzinfo=UTC)
TODAY = date(2026, 11, 23)
HEADERS = {"Neap-Client": "1", "Origin": "http://localhost"}
ENDPOINT = "https://fcm.googleapis.com/fcm/send/Aa1"
URL = "/api/v1/reminders/"
KEYS = Handset().keys


def body(who, endpoint=ENDPOINT, **changed):
    """A subscription as a browser describes it; what is given as None is left out."""
    whole = {"person": str(who.uuid), "endpoint": endpoint, "keys": KEYS, **changed}
    return {name: value for name, value in whole.items() if value is not None}


def send(client, what, body, method="post", headers=None, data=None):
    """(status, JSON) of one request."""
    response = client._alone(
        getattr(client.http, method), URL + what, data=json.dumps(body) if data is None else data,
        content_type="application/json", headers={**HEADERS, **(headers or {})},
    )  # fmt: skip
    return response.status_code, response.get_json(silent=True)


def put(client, who, endpoint=ENDPOINT, **changed):
    return send(client, "phone", body(who, endpoint, **changed), "put")


def a_delivery(person, kind=DAILY, day=TODAY, channel="push", state="sent"):
    """A message that went to somebody."""
    with db.write() as s:
        row = Delivery(
            person_id=person.id, kind=kind, thing=day.isoformat(), day=day, due_at=NOW, channel=channel, state=state,
            expires_at=NOW, claimed_at=NOW, sent_at=NOW,
        )  # fmt: skip
        s.add(row)
        s.flush()
        return row.uuid


FOREIGN = [
    ({"Origin": "https://elsewhere.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Neap-Client": ""}, 400),
]
