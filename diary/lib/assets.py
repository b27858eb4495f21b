"""Static files under a path that names their version; one list for pages and the worker."""

import hashlib
import re
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from flask import Flask, Response, current_app, request, send_from_directory

from diary.lib import tight

A_YEAR = "public, max-age=31536000, immutable"
VERSIONED = re.compile(r"v-(?P<version>[0-9a-f]{12})/(?P<path>.+)")
# The sheets that pages name; all others are parts of these.
SHEETS = ("css/app.css", "css/phone.css", "css/pages.css", "css/desk.css")
# What a phone's own pages never load; everything else is kept on the phone.
NOT_ON_PHONES = (
    "css/components/*",
    "css/base.css",
    "css/desk.css",
    "css/faces.css",
    "css/layout.css",
    "css/prep.css",
    "css/report.css",
    "css/reset.css",
    "css/tokens.css",
    "css/utilities.css",
    "fonts/*-latin-ext.woff2",  # the report's
    "fonts/noto-sans-*.woff2",
    "icons/*.png",  # the system's own
    "js/modules/copy.mjs",
    "js/modules/dose.mjs",
    "js/modules/keys.mjs",
    "js/modules/printing.mjs",
    "js/modules/report.mjs",
    "js/modules/webkey.mjs",  # signing in needs the internet
    "js/push.js",
    "js/sw.js",
    "js/vendor/*",  # asks the server, which is not there when this list is needed
    "*.txt",
)


@dataclass
class Tree:
    """The static folder as it was at the start: its files, those that are sent tighter, and one version of them all."""

    folder: Path
    files: tuple[str, ...]
    made: dict[str, bytes]
    version: str


def init_app(app: Flask) -> None:
    app.extensions["assets"] = tree(Path(app.static_folder or ""))
    app.jinja_env.globals["asset"] = asset
    app.view_functions["static"] = send

    @app.after_request
    def _keep(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code not in (200, 206, 304):
            response.headers["Cache-Control"] = "no-store"
        return response


def tree(folder: Path) -> Tree:
    """Read the folder once. The version tells of names and bytes only, not of when they were written."""
    files = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    )
    made = {name: _tight(folder, name).encode() for name in files if _is_ours(name)}
    whole = hashlib.sha256()
    for name in files:
        content = made.get(name) or (folder / name).read_bytes()
        whole.update(f"{name}\0{len(content)}\0".encode())
        whole.update(content)
    return Tree(folder, tuple(files), made, whole.hexdigest()[:12])


def _is_ours(name: str) -> bool:
    return name in SHEETS or (name.endswith((".js", ".mjs")) and not name.startswith("js/vendor/"))


def _tight(folder: Path, name: str) -> str:
    if name in SHEETS:
        return tight.sheet(folder, name)
    return tight.script((folder / name).read_text(encoding="utf-8"))


def current() -> Tree:
    found: Tree = current_app.extensions["assets"]
    return found


def asset(path: str) -> str:
    """The URL of a static file; what it imports by a relative path has the same version."""
    if path not in current().files:
        raise FileNotFoundError(path)
    return f"{current_app.static_url_path}/v-{current().version}/{path}"


def precached() -> list[str]:
    """The URLs of what a phone's pages need, to be kept on the phone."""
    return [
        asset(path)
        for path in current().files
        if not any(fnmatch(path, pattern) for pattern in NOT_ON_PHONES)
    ]


def send(filename: str) -> Response:
    """A static file: for a year under the running version, to be asked for again under any other.

    A page of another version, opened before an update, gets today's file rather than none.
    """
    named = VERSIONED.fullmatch(filename)
    path = named["path"] if named else filename
    response = _made(path) or send_from_directory(current().folder, path, max_age=None)
    is_running = named is not None and named["version"] == current().version
    response.headers["Cache-Control"] = A_YEAR if is_running else "no-cache"
    return response


def _made(path: str) -> Response | None:
    content = current().made.get(path)
    if content is None:
        return None
    response = Response(content, mimetype="text/css" if path.endswith(".css") else "text/javascript")
    response.add_etag()
    response.make_conditional(request)
    return response
