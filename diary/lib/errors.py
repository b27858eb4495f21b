"""Error pages in plain words, with an id and never any data; what was typed is handed back."""

from flask import Flask, Response, g, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InternalError, OperationalError, ProgrammingError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from diary import db
from diary.lib import http, log
from diary.lib.forms import echo

WORDS = {
    400: ("Neap can't read this request", "Something in it is broken. Please go back and try again."),
    403: (
        "Please send this once more",
        "Neap could not be sure that this came from your own page. Nothing was stored, and nothing is lost: "
        "what you typed is below.",
    ),
    404: ("There is nothing here", "The page may have moved, or it is not one that you can open."),
    405: ("That can't be done here", "Please go back and use the buttons of the page."),
    413: ("That is too large", "Nothing was stored. A note may have 10,000 characters."),
    422: ("Something needs another look", "Nothing was stored yet."),
    429: ("Too many tries", "Please wait a little before the next one."),
    500: ("Something went wrong in Neap", "It is not your fault. Nothing that was saved before is lost."),
    503: (
        "Neap is busy or can't reach its store",
        "Nothing was stored just now. What you typed is below: please send it again in a moment.",
    ),
}
NAMES = {
    400: "unreadable",
    403: "origin",
    404: "not_found",
    405: "method",
    413: "too_large",
    500: "failed",
    503: "busy",
}
HIDDEN_FIELDS = {"csrf_token", "passphrase", "current", "again", "code", "recovery", "answer"}


class Hidden(Exception):
    """Not there, or not for this viewer: the answer is the same 404."""


def init_app(app: Flask) -> None:
    app.register_error_handler(Hidden, lambda _error: page(404))
    app.register_error_handler(CSRFError, lambda _error: page(403, typed=True))
    app.register_error_handler(db.Busy, lambda _error: _busy())
    app.register_error_handler(OperationalError, _store_gone)
    app.register_error_handler(ProgrammingError, _store_gone)  # PostgreSQL's word for a missing table
    app.register_error_handler(
        InternalError, _store_gone
    )  # and for a server that only reads, as after a failover
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def page(code: int, typed: bool = False, headers: dict[str, str] | None = None) -> Response:
    """The error page of a status; with `typed` it holds what the form held, ready to be sent again."""
    try:
        return _page(code, typed, headers)
    except Exception as error:
        # Nothing may escape from here: what the server would log of it holds the path, and a path may hold a token.
        log.failure(error)
        title, words = WORDS.get(code, WORDS[400])
        plain = f"<!doctype html><html lang=en><title>{code} - Neap</title><h1>{title}</h1><p>{words}</p>"
        return Response(plain, status=code, headers=headers)


def _page(code: int, typed: bool, headers: dict[str, str] | None) -> Response:
    if request.path.startswith("/api/"):
        return _for_programs(code, headers)
    title, words = WORDS.get(code, WORDS[400])
    fields = _typed() if typed and request.method == "POST" else []
    body = render_template(
        "errors/error.html", code=code, heading=title, words=words, typed=fields, request_id=http.request_id()
    )
    g.no_store = True
    return Response(body, status=code, headers=headers)


def _for_programs(code: int, headers: dict[str, str] | None) -> Response:
    response = jsonify(error=NAMES.get(code, "refused"))
    response.status_code = code
    response.headers.update(headers or {})
    g.no_store = True
    return response


def _typed() -> list[tuple[str, str]]:
    return [
        (echo(name), echo(value))
        for name, value in request.form.items(multi=True)
        if name not in HIDDEN_FIELDS
    ]


def _busy() -> Response:
    return page(503, typed=True, headers={"Retry-After": "2"})


def _store_gone(error: OperationalError | ProgrammingError | InternalError) -> Response:
    log.failure(error)
    return _busy()


def _http(error: HTTPException) -> Response:
    code = error.code or 500
    if isinstance(error, MethodNotAllowed):
        return page(405, headers={"Allow": ", ".join(sorted(error.valid_methods or ()))})
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    if 300 <= code < 400:
        return error.get_response()  # type: ignore[return-value]
    return page(code if code in WORDS else 400)


def _unexpected(error: Exception) -> Response:
    log.failure(error)
    return page(500)
