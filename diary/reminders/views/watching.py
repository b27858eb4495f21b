"""How the scheduler goes: the admin's page, the staff's banner, and the install's alarm."""

from flask import render_template
from flask.sansio.blueprints import BlueprintSetupState
from sqlalchemy.exc import SQLAlchemyError

from diary import db
from diary.careteam import access
from diary.lib import clock, health
from diary.reminders.queries import alarm as queries
from diary.reminders.rules.silence import alarm, is_silent
from diary.reminders.rules.silence import reason_words as words_of
from diary.reminders.views.base import bp


@bp.record_once
def _ring(state: BlueprintSetupState) -> None:
    health.add_alarm(state.app, _alarm)  # type: ignore[arg-type]


def _alarm() -> str:
    now = clock.now()
    with db.read() as s:
        return alarm(queries.pulse(s, now), now)


@bp.app_context_processor
def _for_the_banner() -> dict[str, object]:
    return {"scheduler_silent": _is_silent}


def _is_silent() -> bool:
    """Whether staff have to look for themselves; a page that says that the store is gone says nothing of it."""
    now = clock.now()
    try:
        with db.read() as s:
            return is_silent(queries.last_round(s, now), now)
    except SQLAlchemyError:
        return False


@bp.get("/clinic/reminders")
@access.admin
def overview() -> str:
    viewer, now = access.viewer(), clock.now()
    with db.read() as s:
        clinic = access.clinic_admin(s, viewer).name
        seen = queries.overview(s, viewer, now)
    return render_template(
        "reminders/overview.html", nav="clinic", clinic=clinic, seen=seen, reason_words=words_of
    )
