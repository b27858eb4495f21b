"""One helper that answers with the whole page or with its part, and one that goes on to another page."""

from typing import Any

from flask import Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse


def is_part_wanted() -> bool:
    return bool(request.headers.get("HX-Request")) and not request.headers.get("HX-History-Restore-Request")


def page_or_part(whole: str, part: str, status: int = 200, /, **context: Any) -> Response:
    """The part for htmx, else the page that includes it."""
    response = make_response(render_template(part if is_part_wanted() else whole, **context), status)
    response.vary.add("HX-Request")
    return response


def see_other(url: str) -> BaseResponse:
    """303 to another page; htmx goes there too."""
    if is_part_wanted():
        return Response(status=204, headers={"HX-Redirect": url})
    return redirect(url, 303)
