"""What a request tells of its sender, and the headers that every answer carries."""

import ipaddress
import re
import secrets

from flask import Flask, Response, current_app, g, has_request_context, request

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Neap": "1",  # by it the worker knows an answer of ours from a captive portal's
}
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
)
ON_FILES = ("X-Content-Type-Options", "Cross-Origin-Resource-Policy", "Neap")  # the others speak of pages
BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))


def init_app(app: Flask, https: bool, origin: str | None) -> None:
    @app.before_request
    def _name_request() -> None:
        g.request_id = secrets.token_hex(8)

    @app.after_request
    def _headers(response: Response) -> Response:
        is_file = request.endpoint == "static" and response.status_code < 400
        for name in ON_FILES if is_file else HEADERS:
            response.headers.setdefault(name, HEADERS[name])
        if not is_file:
            response.headers["X-Request-Id"] = request_id()
        if https:
            response.headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
        if not is_file:
            response.headers.setdefault(
                "Cache-Control", "no-store" if g.get("no_store") else "private, no-cache"
            )
        return response

    app.config["ORIGIN"] = origin


def is_foreign(origin_allowed: str | None) -> bool:
    """Whether the request says it was sent by another site's page; `null` counts as one."""
    origin = request.headers.get("Origin")
    return origin is not None and origin != (origin_allowed or request.host_url.rstrip("/"))


def address_of(path: str) -> str:
    """A path of ours as people open it: at PUBLIC_URL, or where none is set at the request's own host."""
    return (current_app.config["ORIGIN"] or request.host_url.rstrip("/")) + path


def request_id() -> str:
    return g.get("request_id", "") if has_request_context() else ""


def address() -> str:
    """The sender's address, cut to /24 or /48; empty outside a request."""
    if not has_request_context() or not request.remote_addr:
        return ""
    try:
        found = ipaddress.ip_address(request.remote_addr)
    except ValueError:
        return ""
    network = ipaddress.ip_network((found, 24 if found.version == 4 else 48), strict=False)
    return str(network)


def device() -> str:
    """A browser and system in two words, as the person would name them."""
    agent = request.user_agent.string if has_request_context() else ""
    browser = next((name for mark, name in BROWSERS if mark in agent), "A browser")
    system = next(
        (name for mark, name in SYSTEMS if mark in agent), "Linux" if re.search("Linux|X11", agent) else ""
    )
    return f"{browser} on {system}" if system else browser
