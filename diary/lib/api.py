"""What every JSON endpoint of the phone asks of a request before it looks at the session, and how it refuses."""

from typing import Any
from uuid import UUID

from flask import Response, current_app, jsonify, request

from diary.lib import http


def answered(status: int, **body: Any) -> Response:
    response = jsonify(body)
    response.status_code = status
    return response


def own_pages_only() -> Response | None:
    """Origin, then headers: a page of another site can send neither the header nor our Origin (`sync.md` 7)."""
    if request.method != "GET" and (
        request.headers.get("Origin") is None or http.is_foreign(current_app.config["ORIGIN"])
    ):
        return answered(403, error="origin")
    if request.headers.get("Neap-Client") != "1":
        return answered(400, error="client")
    if request.method != "GET" and request.mimetype != "application/json":
        return answered(415, error="content_type")
    return None


def of_another(body: dict[str, Any], person: UUID) -> Response | None:
    """The refusal of a body that names nobody, or somebody else than who is signed in."""
    try:
        named = UUID(body["person"])
    except (KeyError, ValueError, AttributeError, TypeError):
        return answered(422, fields={"person": "person is the id of whoever wrote this."})
    return None if named == person else answered(403, error="other_person")
