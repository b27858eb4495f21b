"""The blueprint of reminders; the ways out are opened with it."""

from flask import Blueprint
from flask.sansio.blueprints import BlueprintSetupState

from diary.reminders import transports

bp = Blueprint("reminders", __name__)


@bp.record_once
def _open_the_ways_out(state: BlueprintSetupState) -> None:
    transports.init_app(state.app)  # type: ignore[arg-type]
