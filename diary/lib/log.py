"""Structured logs: one line a request with its id; never bodies, names, addresses, scores or tokens."""

import logging
import re
import sys
import time

import structlog
from flask import Flask, Response, g, request

from diary.lib import http

log = structlog.get_logger("neap")
# Addresses that are keys: what follows these in a path opens something by itself.
KEYS = re.compile(r"(/(?:invitations|unsubscribe|calendar|reset|new-email|codes)/)[^/?#\s\"']+")


def without_keys(text: str) -> str:
    """A line about a request as it may be kept."""
    return KEYS.sub(r"\1<token>", text)


def init_app(app: Flask, level: str) -> None:
    configure(level)
    # Flask's own line would hold the path, which may hold a token.
    app.log_exception = _log_exception  # type: ignore[method-assign, assignment]

    @app.before_request
    def _start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def _finish(response: Response) -> Response:
        # The rule, not the path: a path may hold a token or the day of an entry.
        log.info(
            "request",
            request_id=http.request_id(),
            method=request.method,
            route=request.url_rule.rule if request.url_rule else "none",
            status=response.status_code,
            ms=round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
        )
        return response


def configure(level: str) -> None:
    """One JSON line an event, on stderr, from this level on."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper(), logging.INFO)),
        logger_factory=lambda *_args: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _log_exception(info: tuple[object, BaseException | None, object]) -> None:
    if info[1] is not None:
        failure(info[1])


def failure(error: BaseException) -> None:
    """An unexpected error: its type and the line it came from, not its words, which may quote data."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f"{frame.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{frame.tb_lineno}" if frame else ""
    log.error("failure", request_id=http.request_id(), kind=type(error).__name__, where=where)
