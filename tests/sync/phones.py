"""A phone's requests as the tests make them."""

import json
from datetime import UTC, datetime
from uuid import uuid4

NOW = datetime(2026, 11, 23, 20, 41, tzinfo=UTC)
TODAY = "2026-11-23"
HEADERS = {"Neap-Client": "1", "Origin": "http://localhost"}


def a_body(who, fields=None, **changed):
    """A body as version 1 has it; keys given as None are left out."""
    body = {
        "version": 1, "person": str(who.uuid), "device": "Test phone", "kind": "day", "day": TODAY,
        "zone": "Europe/London", "recorded_at": NOW.isoformat(), "sent_at": NOW.isoformat(), "skew": 0,
        "base": {}, "fields": {"pain": "4"} if fields is None else fields,
    }  # fmt: skip
    body.update(changed)
    return {name: value for name, value in body.items() if value is not None}


def put(client, body, write_id=None, headers=None, data=None):
    """(status, JSON, response) of one PUT."""
    response = client._alone(
        client.http.put,
        f"/api/v1/sync/{write_id or uuid4()}",
        data=json.dumps(body) if data is None else data,
        content_type="application/json",
        headers={**HEADERS, **(headers or {})},
    )
    return response.status_code, response.get_json(silent=True), response


def days(client, person, **query):
    response = client._alone(
        client.http.get,
        "/api/v1/sync/days",
        query_string={"person": str(person.uuid), **query},
        headers=HEADERS,
    )
    return response.status_code, response.get_json(silent=True), response
