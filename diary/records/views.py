"""Erasing one's own diary: what goes, what stays and why, a word to type, and then nothing is left to look at."""

from flask import Blueprint, render_template, request, session
from flask_login import logout_user
from werkzeug.wrappers import Response

from diary import db
from diary.careteam import access
from diary.lib import clock
from diary.lib.forms import parse
from diary.lib.htmx import see_other
from diary.lib.log import failure
from diary.records import actions, queries, worker
from diary.records.forms import EraseForm
from diary.records.rules import BACKUP_DAYS, WORD

bp = Blueprint("records", __name__)
FORGET = '"cookies", "storage"'  # what this browser keeps of Neap, what waits to be sent among it


@bp.get("/erase")
@access.signed_in
def edit() -> str:
    return _page({})


def _page(problems: dict[str, str], typed: str = "") -> str:
    viewer = access.viewer()
    with db.read_anew() as s:
        why = queries.why_not(s, viewer, viewer.me)
        keeping = [] if why == queries.UNCONFIRMED else queries.own_keeping(s, viewer)
    return render_template(
        "records/erase.html", nav="more", keeping=keeping, why=why, errors=problems, typed=typed, word=WORD,
        backup_days=BACKUP_DAYS,
    )  # fmt: skip


@bp.post("/erase")
@access.signed_in
@access.fresh
def destroy() -> Response | tuple[str, int]:
    viewer = access.viewer()
    form = parse(EraseForm, {name: text for name, text in request.form.items() if name != "csrf_token"})
    if form.value is None:
        return _page(form.errors, request.form.get("word", "")), 422
    try:
        with db.write() as s:
            actions.erase(s, viewer, viewer.me, clock.now())
    except actions.Refused:
        return _page({}, form.value.word), 422
    try:
        worker.finish()
    except Exception as error:
        failure(error)  # it is erased all the same; the next round makes the list whole
    logout_user()
    session.clear()
    gone = see_other("/erased")
    gone.headers["Clear-Site-Data"] = FORGET
    return gone


@bp.get("/erased")
@access.public
def erased() -> str:
    return render_template("records/erased.html", backup_days=BACKUP_DAYS)
