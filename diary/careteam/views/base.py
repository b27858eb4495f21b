"""The blueprint; what a person is told, on their pages; and the clinic that somebody of several works in."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, request, session, url_for
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from diary import db
from diary.accounts.actions import guesses
from diary.accounts.queries import wait_before_next
from diary.careteam import access, actions, queries
from diary.careteam.rules import kinds_words
from diary.lib import clock, words
from diary.lib.htmx import see_other

bp = Blueprint("careteam", __name__)


def typed_form() -> dict[str, str]:
    """What was typed, without the token."""
    return {name: value for name, value in request.form.items() if name != "csrf_token"}


def draw(budgets: dict[bytes, int]) -> int:
    """Draw one guess on these budgets before it is looked at; seconds to wait where one is spent, else 0."""
    now = clock.now()
    with db.read() as s:
        wait = wait_before_next(s, budgets, now)
    if not wait:
        with db.write() as s:
            wait = guesses.take(s, budgets, now)
    return wait


def uuid_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@bp.app_context_processor
def _told() -> dict[str, Any]:
    return {"told": told, "works_in": works_in, "kinds_words": kinds_words}


@bp.app_template_filter("last_day")
def last_day(ends_at: datetime, zone: str) -> str:
    """The last day of something that ends with a day."""
    return words.date_full(clock.local(ends_at - timedelta(seconds=1), zone).date())


def told() -> list[queries.Told]:
    """What the signed-in person has to be told; nothing while the store is gone."""
    try:
        if not current_user.is_authenticated:
            return []
        with db.read() as s:
            return queries.told(s, access.viewer())
    except SQLAlchemyError:
        return []


def works_in() -> list[tuple[UUID, str, str, bool]]:
    """(uuid, name, roles, chosen) of each clinic of the signed-in person, in a fixed order; empty for nobody."""
    try:
        if not current_user.is_authenticated:
            return []
        viewer = access.viewer()
        with db.read() as s:
            clinics = queries.own_clinics(s, viewer)
    except SQLAlchemyError:
        return []
    return [
        (
            clinic.uuid,
            clinic.name,
            ", ".join(sorted(role for place, role in viewer.roles if place == clinic.id)),
            clinic.id == viewer.works_in,
        )
        for clinic in clinics
    ]


@bp.post("/working-as")
@access.signed_in
def update_works_in() -> Response:
    """Which of several clinics the lists and the clinic's page are for; none is all of them."""
    viewer = access.viewer()
    chosen = request.form.get("clinic", "")
    with db.read() as s:
        ids = {str(clinic.uuid): clinic.id for clinic in queries.own_clinics(s, viewer)}
    if chosen and chosen not in ids:
        abort(404)
    if chosen:
        session["works_in"] = ids[chosen]
    else:
        session.pop("works_in", None)
    return see_other("/")


@bp.post("/notices/<uuid:notice_id>/seen")
@access.signed_in
def see_notice(notice_id: UUID) -> Response:
    """The person has seen what they were told."""
    viewer = access.viewer()
    with db.write() as s:
        actions.see_notice(s, viewer, notice_id, clock.now())
    if viewer.is_patient:
        return see_other(url_for("careteam.sharing") if request.form.get("at") == "sharing" else "/today")
    return see_other("/")
