"""Help: numbers to call, one tap away, signed in or not."""

from flask import Blueprint, g, render_template
from flask.blueprints import BlueprintSetupState
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from diary import db
from diary.careteam import access
from diary.careteam.models import Clinic
from diary.lib import log, pwa
from diary.safety.rules import COUNTRIES, country_for

bp = Blueprint("safety", __name__)


@bp.record_once
def _open_without_internet(state: BlueprintSetupState) -> None:
    pwa.add_shell(state.app, "help", "shell/help.html", nav="help", countries=COUNTRIES)  # type: ignore[arg-type]


@bp.get("/help")
@access.public
def help_page() -> str:
    try:
        clinic, zone = _own_clinic()
    except SQLAlchemyError as error:  # the numbers to call are there while the store is not
        log.failure(error)
        clinic, zone = None, ""
    g.no_store = True
    country = country_for(clinic.country if clinic else "", zone)
    return render_template(
        "safety/help.html", nav="help", clinic=clinic, country=country, countries=COUNTRIES
    )


def _own_clinic() -> tuple[Clinic | None, str]:
    """The clinic of who is signed in, if there is one, and their time zone."""
    if not current_user.is_authenticated:
        return None, ""
    viewer = access.viewer()
    if viewer.clinic_id is None:
        return None, viewer.zone
    with db.read() as s:
        return s.get(Clinic, viewer.clinic_id), viewer.zone
