"""Static files under names that change with their content; one list for pages and the worker."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, Response, current_app, request, url_for

A_YEAR = "public, max-age=31536000, immutable"


def init_app(app: Flask) -> None:
    app.jinja_env.globals["asset"] = asset

    @app.after_request
    def _keep(response: Response) -> Response:
        if request.endpoint == "static":
            is_there = response.status_code in (200, 206, 304)
            lasting = A_YEAR if "v" in request.args else "no-cache"
            response.headers["Cache-Control"] = lasting if is_there else "no-store"
        return response


def asset(path: str) -> str:
    """The URL of a static file, with a mark of its content."""
    folder = current_app.static_folder or ""
    return url_for("static", filename=path, v=_mark(Path(folder) / path))


@cache
def _mark(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]
