"""Help: numbers to call, one tap away, signed in or not."""

from flask import Blueprint, g, render_template
from flask.blueprints import BlueprintSetupState
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError

from diary import db
from diary.careteam import access, queries
from diary.lib import log, pwa
from diary.safety.queries import COUNTRIES
from diary.safety.rules import country_for

bp = Blueprint("safety", __name__)


@bp.record_once
def _open_without_internet(state: BlueprintSetupState) -> None:
    pwa.add_shell(state.app, "help", "shell/help.html", nav="help", countries=COUNTRIES)  # type: ignore[arg-type]


@bp.get("/help")
@access.public
def help_page() -> str:
    try:
        viewer = access.viewer() if current_user.is_authenticated else None
        with db.read() as s:
            clinic = queries.own_clinic(s, viewer) if viewer else None
        zone = viewer.zone if viewer else ""
    except SQLAlchemyError as error:  # the numbers to call are there while the store is not
        log.failure(error)
        clinic, zone = None, ""
    g.no_store = True
    country = country_for(COUNTRIES, clinic.country if clinic else "", zone)
    return render_template(
        "safety/help.html", nav="help", clinic=clinic, country=country, countries=COUNTRIES
    )
