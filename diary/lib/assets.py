"""Static files under a path that names their version; one list for pages and the worker."""

import hashlib
import re
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from flask import Flask, Response, current_app, request, send_from_directory

A_YEAR = "public, max-age=31536000, immutable"
VERSIONED = re.compile(r"v-(?P<version>[0-9a-f]{12})/(?P<path>.+)")
# What a phone's own pages never load; everything else is kept on the phone.
NOT_ON_PHONES = (
    "css/desk.css",
    "css/components/desk-*.css",
    "css/report.css",
    "fonts/*-latin-ext.woff2",  # the report's
    "icons/*.png",  # the system's own
    "js/modules/dose.mjs",
    "js/modules/keys.mjs",
    "js/sw.js",
    "*.txt",
)


@dataclass
class Tree:
    """The static folder as it was at the start: its files, and one version of them all."""

    folder: Path
    files: tuple[str, ...]
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
    whole = hashlib.sha256()
    for name in files:
        content = (folder / name).read_bytes()
        whole.update(f"{name}\0{len(content)}\0".encode())
        whole.update(content)
    return Tree(folder, tuple(files), whole.hexdigest()[:12])


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
    response = send_from_directory(current().folder, named["path"] if named else filename, max_age=None)
    is_running = named is not None and named["version"] == current().version
    response.headers["Cache-Control"] = A_YEAR if is_running else "no-cache"
    return response
