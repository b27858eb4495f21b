"""The audit trail's pages, and the install's alarm for a chain that somebody touched."""

from flask import Blueprint
from flask.sansio.blueprints import BlueprintSetupState

from diary.audit import worker
from diary.lib import health

bp = Blueprint("audit", __name__)


@bp.record_once
def _ring(state: BlueprintSetupState) -> None:
    health.add_alarm(state.app, _alarm)  # type: ignore[arg-type]


def _alarm() -> str:
    return "" if worker.is_head_fitting() else "the audit trail does not fit its head"
