"""A patient's own copy of everything: what is in it, asking for it, how far it is, and fetching it."""

from functools import partial
from uuid import UUID

from flask import Blueprint, Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from diary import db
from diary.accounts.rules import is_fresh
from diary.audit import actions as audit
from diary.careteam import access
from diary.copies import actions, queries
from diary.copies.rules import MOST_A_DAY
from diary.lib import clock
from diary.lib.htmx import is_part_wanted, page_or_part, see_other

bp = Blueprint("copies", __name__)
FILE_NAME = "neap-copy.zip"


@bp.get("/copy")
@access.ever_patient
def index() -> Response:
    """What is in a copy, and those that are there or on their way."""
    return _page()


@bp.post("/copy")
@access.ever_patient
@access.fresh
def create() -> BaseResponse:
    """A second request while one is being made shows that one."""
    try:
        with db.write() as s:
            actions.ask_for_copy(s, access.viewer(), clock.now())
    except access.Unconfirmed:
        return _page(422)
    except actions.TooMany:
        return _page(422, is_refused=True)
    return see_other(url_for("copies.index"))


@bp.get("/copy/<uuid:copy_id>")
@access.ever_patient
@partial(access.fresh, page="copies.index")
def show(copy_id: UUID) -> Response:
    """The zip; itself a line of the audit trail. The address is no key: it asks for the person, and lately proven."""
    viewer, now = access.viewer(), clock.now()
    with db.read() as s:
        body = queries.zip_of(s, viewer, copy_id, now)
        clinic_id = access.own_ever(s, viewer).clinic_id
    audit.taken(viewer, viewer.me, "copy.download", clinic_id, copy_id.hex)
    headers = {"Content-Disposition": f'attachment; filename="{FILE_NAME}"', "Cache-Control": "no-store"}
    return Response(body, mimetype="application/zip", headers=headers)


def _page(status: int = 200, is_refused: bool = False) -> Response:
    viewer, now = access.viewer(), clock.now()
    with db.read_anew() as s:
        try:
            page = queries.copies_page(s, viewer, now)
        except access.Unconfirmed:
            page = None
    return page_or_part(
        "copies/index.html", "copies/_copies.html", status, nav="more", page=page, now=now, zone=viewer.zone,
        is_proven=is_fresh(viewer.proven_at, now), is_refused=is_refused, most=MOST_A_DAY,
        is_part=is_part_wanted(),
    )  # fmt: skip
