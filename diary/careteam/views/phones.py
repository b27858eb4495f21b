"""A patient's phones: a printed code that signs in without a passphrase, and ending a phone that is lost."""

from typing import Any
from uuid import UUID

from flask import current_app, g, render_template, request, url_for
from werkzeug.wrappers import Response

from diary import db
from diary.accounts.actions import guesses
from diary.audit import actions as audit
from diary.careteam import access, actions, queries
from diary.careteam.forms import CodeForm
from diary.careteam.rules import CODE_LIVES, grouped
from diary.careteam.views.base import bp, draw, typed_form
from diary.lib import clock, errors, http, qr, sealing
from diary.lib.forms import echo, parse
from diary.lib.htmx import see_other
from diary.lib.sessions import device_cookie, enter

WRONG = (
    "This code does not work. It may be used, or older than 15 minutes. Please ask your clinic for a new one."
)
BUDGET_ADDRESS, BUDGET_ALL = 10, 200  # wrong codes in 15 minutes, of one address and of everybody


@bp.get("/code")
@access.public
def code() -> str:
    return _code_page("", {})


@bp.post("/code")
@access.public
def use_code() -> Response | tuple[str, int]:
    """Eight digits sign a patient in on this phone; guesses are counted by address, and all of them together."""
    typed = typed_form()
    form = parse(CodeForm, typed)
    if form.value is None:
        return _code_page(echo(typed.get("code", "")), form.errors), 422
    now = clock.now()
    budgets = {
        sealing.index(f"code-address:{http.address()}"): BUDGET_ADDRESS,
        sealing.index("code-all"): BUDGET_ALL,
    }
    wait = draw(budgets)
    if wait:
        return errors.page(429, headers={"Retry-After": str(wait)})
    try:
        with db.write() as s:
            person = actions.use_code(s, now, digits=form.value.code)
            guesses.give_back(s, budgets)
            return _entered(s, person)
    except access.Hidden:
        with db.write() as s:
            audit.record(s, None, "code.failed")
        return _code_page(echo(typed.get("code", "")), {"code": WRONG}), 422


def _code_page(typed: str, problems: dict[str, str]) -> str:
    g.no_store = True
    return render_template("careteam/code.html", typed=typed, errors=problems)


@bp.get("/codes/<token>")
@access.public
def printed_code(token: str) -> str:
    """What the QR code opens: a button, since scanners and previews open links; whether it works is said after it."""
    g.no_store = True
    return render_template("careteam/printed_code.html", token=token)


@bp.post("/codes/<token>")
@access.public
def use_printed_code(token: str) -> Response:
    with db.write() as s:
        return _entered(s, actions.use_code(s, clock.now(), token=token))


def _entered(s: Any, person: Any) -> Response:
    known = request.cookies.get(device_cookie(current_app))
    user, device = actions.sign_in(s, person, http.device(), known, clock.now())
    actions.leave_unproven(s, user)
    return enter(user, device, user.viewer.landing)


# The clinic's side --------------------------------------------------------------------------------


@bp.get("/people/<uuid:person_id>/phones")
@access.team
def phones(person_id: UUID) -> str:
    return _phones_page(person_id)


def _phones_page(person_id: UUID, **extra: object) -> str:
    viewer = access.viewer()
    with db.read() as s:
        patient, clinic_id = queries.phone_clinic(s, viewer, person_id)
    audit.seen(viewer, patient.id, "phones", clinic_id)
    with db.read() as s:
        found = queries.patient_phones(s, viewer, person_id, clock.now())
    return render_template(
        "careteam/phones.html", nav="patients" if viewer.is_staff else "clinic", person=found,
        minutes=int(CODE_LIVES.total_seconds() // 60), **{"error": "", **extra},
    )  # fmt: skip


@bp.post("/people/<uuid:person_id>/codes")
@access.team
def create_code(person_id: UUID) -> str | tuple[str, int]:
    """The sheet with a code, shown once."""
    viewer, now = access.viewer(), clock.now()
    try:
        with db.write() as s:
            digits, token = actions.make_code(s, viewer, person_id, now)
            person = queries.patient_phones(s, viewer, person_id, now)
    except actions.Refused as error:
        return _phones_page(person_id, error=str(error)), 422
    g.no_store = True
    address = http.address_of(url_for("careteam.printed_code", token=token))
    return render_template(
        "careteam/code_sheet.html", nav="patients" if viewer.is_staff else "clinic", person=person,
        digits=grouped(digits), address=http.address_of("/code"), code=qr.svg(address),
        until=clock.local(now + CODE_LIVES, viewer.zone),
    )  # fmt: skip


@bp.post("/people/<uuid:person_id>/phones/end")
@access.team
def end_phone(person_id: UUID) -> Response:
    """Sign one of a patient's phones out; they are told."""
    number = request.form.get("phone", "")
    if not (number.isascii() and number.isdigit() and len(number) < 16):
        raise access.Hidden
    with db.write() as s:
        actions.end_device(s, access.viewer(), person_id, int(number), clock.now())
    return see_other(url_for("careteam.phones", person_id=person_id, saved="ended"))
