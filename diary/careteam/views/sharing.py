"""Who sees what: the patient decides, person by person and kind by kind."""

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from diary import db
from diary.careteam import access, actions, queries
from diary.careteam.rules import KIND_MEANS, KIND_WORDS, Kind
from diary.careteam.views.base import bp
from diary.lib import clock
from diary.lib.htmx import is_part_wanted, page_or_part, see_other


@bp.get("/sharing")
@access.patient
def sharing() -> str:
    viewer, now = access.viewer(), clock.now()
    with db.read() as s:
        team = queries.own_team(s, viewer, now)
        opened = [one for one, _ in queries.recent_glass(s, viewer, now)]
        clinics = queries.own_clinics(s, viewer)
    return render_template(
        "careteam/sharing.html", nav="more", team=team, opened=opened, kinds=KIND_WORDS, means=KIND_MEANS, now=now,
        clinics=clinics,
    )  # fmt: skip


@bp.post("/sharing/<uuid:person_id>/consents")
@access.patient
@access.fresh
def create_consent(person_id: UUID) -> Response:
    """Let somebody of the own team see kinds of data."""
    viewer, now = access.viewer(), clock.now()
    with db.write() as s:
        carer = _carer(s, viewer, person_id)
        actions.give_consent(s, viewer, viewer.me, carer.person_id, _kinds(), now)
    return _card(person_id)


@bp.post("/sharing/<uuid:person_id>/consents/end")
@access.patient
def end_consent(person_id: UUID) -> Response:
    """Take kinds back; it holds from the next request on."""
    viewer, now = access.viewer(), clock.now()
    with db.write() as s:
        carer = _carer(s, viewer, person_id)
        actions.withdraw_consent(s, viewer, viewer.me, carer.person_id, _kinds(), now)
    return _card(person_id)


@bp.post("/sharing/covers/<uuid:link_id>/agreement")
@access.patient
@access.fresh
def agree_to_cover(link_id: UUID) -> Response:
    viewer = access.viewer()
    with db.write() as s:
        actions.agree_to_cover(s, viewer, link_id, clock.now())
    return see_other(url_for("careteam.sharing"))


@bp.post("/sharing/covers/<uuid:link_id>/agreement/end")
@access.patient
def refuse_cover(link_id: UUID) -> Response:
    viewer = access.viewer()
    with db.write() as s:
        actions.refuse_cover(s, viewer, link_id, clock.now())
    return see_other(url_for("careteam.sharing"))


def _kinds() -> list[str]:
    """The kinds of the form; one that is none, or none at all, is not there."""
    kinds = [kind for kind in request.form.getlist("kind") if kind]
    if not kinds or any(kind not in set(Kind) for kind in kinds):
        raise access.Hidden
    return kinds


def _carer(s: Any, viewer: access.Viewer, person_id: UUID) -> queries.Carer:
    """Somebody of the own team, planned or begun; a cover is not asked by kind."""
    for one in queries.own_team(s, viewer, clock.now()):
        if one.uuid == person_id and not one.covers:
            return one
    raise access.Hidden


def _card(person_id: UUID) -> Response:
    """The person's card for htmx; without scripts the page again, at that card."""
    if not is_part_wanted():
        return see_other(url_for("careteam.sharing", _anchor=f"of-{person_id}"))
    viewer, now = access.viewer(), clock.now()
    with db.read_anew() as s:
        one = _carer(s, viewer, person_id)
    part = "careteam/_carer.html"
    return page_or_part(part, part, one=one, kinds=KIND_WORDS, means=KIND_MEANS, now=now, viewer=viewer)
