"""Help: numbers to call, one tap away, signed in or not."""

from flask import Blueprint, render_template
from flask_login import current_user

from diary import db
from diary.careteam import access
from diary.careteam.models import Clinic
from diary.safety.rules import COUNTRIES, country_for

bp = Blueprint("safety", __name__)


@bp.get("/help")
@access.public
def help_page() -> str:
    clinic, zone = None, ""
    if current_user.is_authenticated:
        viewer = access.viewer()
        zone = viewer.zone
        if viewer.clinic_id is not None:
            with db.read() as s:
                clinic = s.get(Clinic, viewer.clinic_id)
    country = country_for(clinic.country if clinic else "", zone)
    return render_template(
        "safety/help.html", nav="help", clinic=clinic, country=country, countries=COUNTRIES
    )
