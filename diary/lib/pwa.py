"""Neap as an app on the phone: manifest, worker, the shell pages that open without internet, and how to install it.

The worker keeps a *release*: the static files of one version, and the shell pages that name them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, current_app, render_template, request

from diary.lib import assets

PATIENT: Mapping[str, object] = {"is_patient": True}  # whom a shell page is for: a patient, no matter which
OUTBOX = (
    "js/outbox/lock.js",
    "js/outbox/store.js",
    "js/outbox/send.js",
    "js/push.js",  # the worker's alone
)  # in the order in which the worker needs them
PAPER = "#F5F2EA"
LEAVE = """"use strict";
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(leave()));
async function leave() {
  for (const name of await caches.keys()) if (name.startsWith("neap-")) await caches.delete(name);
  await self.registration.unregister();
}
"""


@dataclass
class Shells:
    """The pages that hold nothing personal, and what was made of them for one version of the static files."""

    pages: dict[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    made: tuple[str, dict[str, str]] = ("", {})


def init_app(app: Flask, worker: bool) -> None:
    app.config["WORKER"] = worker
    app.extensions["shells"] = Shells()
    for path, view in (
        ("/manifest.webmanifest", manifest),
        ("/sw.js", worker_script),
        ("/install", install),
    ):
        _public(app, path, view)
    add_shell(app, "kept", "shell/kept.html")
    add_shell(app, "more", "shell/more.html")


def add_shell(app: Flask, name: str, template: str, **context: Any) -> None:
    """A page at /shell/<name>: the same bytes for everybody, signed in or not."""
    path = f"/shell/{name}"
    app.extensions["shells"].pages[path] = (template, context)

    def shell() -> Response:
        return Response(shells()[path], headers={"Cache-Control": "no-cache"}, mimetype="text/html")

    shell.__name__ = f"shell_{name}"
    _public(app, path, shell)


def _public(app: Flask, path: str, view: Any) -> None:
    view.access = "public"
    app.add_url_rule(path, view.__name__, view)


def shells() -> dict[str, str]:
    """Each shell page by its path. Made past the context processors, which would ask who is signed in."""
    known: Shells = current_app.extensions["shells"]
    version = assets.current().version
    if known.made[0] != version:
        pages = {
            path: current_app.jinja_env.get_template(name).render(
                **{"viewer": PATIENT, "is_shell": True, **context}
            )
            for path, (name, context) in known.pages.items()
        }
        known.made = (version, pages)
    return known.made[1]


def release() -> str:
    """The name of what the worker keeps: another as soon as one byte of it is another."""
    whole = hashlib.sha256(assets.current().version.encode())
    for path, page in sorted(shells().items()):
        whole.update(f"{path}\0{page}\0".encode())
    return whole.hexdigest()[:12]


def worker_script() -> Response:
    """The worker, told its release in a first line; or one that takes itself and its caches away."""
    body = _told() if current_app.config["WORKER"] else LEAVE
    return Response(body, headers={"Cache-Control": "no-cache"}, mimetype="text/javascript")


def _told() -> str:
    tree = assets.current()
    told = {
        "release": release(),
        "version": tree.version,
        "shells": sorted(shells()),
        "assets": assets.precached(),
        "outbox": [assets.asset(path) for path in OUTBOX if path in tree.files],
    }
    return f"self.NEAP = {json.dumps(told)};\n{tree.made['js/sw.js'].decode()}"


def manifest() -> Response:
    """What the phone is told before it keeps Neap. Its pictures have lasting names, or every version were a new icon."""
    icons = f"{current_app.static_url_path}/icons"
    body = {
        "id": "/",
        "name": "Neap",
        "short_name": "Neap",
        "description": "Your diary, kept quietly.",
        "lang": "en",
        "dir": "ltr",
        "start_url": "/today",
        "scope": "/",
        "display": "standalone",
        "theme_color": PAPER,
        "background_color": PAPER,
        "icons": [
            _icon(f"{icons}/icon.svg", "any", kind="image/svg+xml"),
            _icon(f"{icons}/icon-192.png", "192x192"),
            _icon(f"{icons}/icon-512.png", "512x512"),
            _icon(f"{icons}/icon-maskable-512.png", "512x512", purpose="maskable"),
        ],
        "shortcuts": [
            {"name": "Log today", "url": "/today", "icons": [_icon(f"{icons}/shortcut-today.png", "96x96")]},
            {"name": "Help", "url": "/help", "icons": [_icon(f"{icons}/shortcut-help.png", "96x96")]},
        ],
        "screenshots": [
            {**_icon(f"{icons}/screen-narrow.png", "412x915"), "form_factor": "narrow", "label": "Today"},
            {**_icon(f"{icons}/screen-wide.png", "1280x800"), "form_factor": "wide", "label": "Today"},
        ],
    }
    headers = {"Cache-Control": "no-cache"}
    return Response(json.dumps(body), headers=headers, mimetype="application/manifest+json")


def _icon(src: str, sizes: str, kind: str = "image/png", purpose: str = "any") -> dict[str, str]:
    wanted = {"purpose": purpose} if purpose != "any" else {}
    return {"src": src, "sizes": sizes, "type": kind, **wanted}


def install() -> Response:
    """How to put Neap on the home screen, in the words of the phone that asks."""
    agent = request.user_agent.string
    phone = next((name for name, marks in PHONES.items() if any(mark in agent for mark in marks)), "")
    page = current_app.make_response(render_template("shell/install.html", phone=phone))
    page.vary.add("User-Agent")
    return page


PHONES = {"iphone": ("iPhone", "iPad", "iPod"), "android": ("Android",)}
