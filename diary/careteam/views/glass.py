"""Break-glass: one record for an hour, with a reason, and everybody concerned is told."""

from flask import render_template, url_for
from werkzeug.wrappers import Response

from diary import db
from diary.accounts.actions import guesses
from diary.accounts.rules import BUDGET
from diary.audit import actions as audit
from diary.careteam import access, actions
from diary.careteam.forms import GlassForm
from diary.careteam.rules import GLASS_LASTS, SHORTEST_REASON
from diary.careteam.views.base import bp, draw, typed_form
from diary.lib import clock, errors, sealing
from diary.lib.forms import echo, parse
from diary.lib.htmx import see_other


@bp.get("/break-glass")
@access.clinician
def break_glass() -> str:
    return _page({}, {})


@bp.post("/break-glass")
@access.clinician
def create_glass() -> Response | tuple[str, int]:
    """Open the record, or say what is missing; names that are tried are counted, so that nobody searches here."""
    viewer, now, typed = access.viewer(), clock.now(), typed_form()
    form = parse(GlassForm, typed)
    if form.value is None:
        return _page(typed, form.errors), 422
    budgets = {sealing.index(f"glass:{viewer.me}"): BUDGET.account}
    wait = draw(budgets)
    if wait:
        return errors.page(429, headers={"Retry-After": str(wait)})
    try:
        with db.write() as s:
            patient = actions.break_glass(s, viewer, form.value, now)
            guesses.give_back(s, budgets)
    except actions.Refused as error:
        with db.write() as s:
            audit.record(s, viewer, "break_glass.refused")
        return _page(typed, {"who": str(error)}), 422
    return see_other(url_for("review.show", patient_uuid=patient))


def _page(typed: dict[str, str], problems: dict[str, str]) -> str:
    shown = {name: echo(value) for name, value in typed.items()}
    return render_template(
        "careteam/glass.html", nav="patients", typed=shown, errors=problems, least=SHORTEST_REASON,
        minutes=int(GLASS_LASTS.total_seconds() // 60),
    )  # fmt: skip
