"""Help: numbers to call, one tap away, signed in or not; and the clinic's flags."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from flask import Blueprint, g, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session
from werkzeug.wrappers import Response

from diary import db
from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam import queries as careteam
from diary.careteam.rules import parse_opening
from diary.lib import clock, log, pwa
from diary.lib.forms import Parsed, echo, parse
from diary.lib.htmx import see_other
from diary.reminders.queries import tellings
from diary.safety import actions, queries
from diary.safety.forms import AcknowledgeForm, ActForm, CloseForm, HandOverForm, ReopenForm
from diary.safety.queries import COUNTRIES
from diary.safety.rules import clinic_standing, clock_words, country_for, until_then, when_words

bp = Blueprint("safety", __name__)
SAVED = {
    "acknowledged": "You are on it. The flag stays open until you close it.",
    "handed": "Handed over. It waits until it is acknowledged.",
    "closed": "The flag is closed.",
    "reopened": "The flag is open again.",
}


@bp.record_once
def _open_without_internet(state: BlueprintSetupState) -> None:
    pwa.add_shell(state.app, "help", "shell/help.html", nav="help", countries=COUNTRIES)  # type: ignore[arg-type]


@bp.get("/help")
@access.public
def help_page() -> str:
    try:
        viewer = access.viewer() if current_user.is_authenticated else None
        with db.read() as s:
            clinics = careteam.own_clinics(s, viewer) if viewer else []
        zone = viewer.zone if viewer else ""
    except SQLAlchemyError as error:  # the numbers to call are there while the store is not
        log.failure(error)
        clinics, zone = [], ""
    g.no_store = True
    now = clock.now()
    chosen = next((clinic.country for clinic in clinics if clinic.country), "")
    country = country_for(COUNTRIES, chosen, zone)
    return render_template(
        "safety/help.html", nav="help", country=country, countries=COUNTRIES,
        clinics=[(one, clinic_standing(parse_opening(one.opening), now, one.zone)) for one in clinics],
        until_then=until_then(country) if country else "", zone=zone,
    )  # fmt: skip


# Flags --------------------------------------------------------------------------------------------


@bp.app_context_processor
def _for_the_side_column() -> dict[str, Callable[[], queries.Waiting | None]]:
    return {"flags_waiting": _flags_waiting}


def _flags_waiting() -> queries.Waiting | None:
    """How many flags wait; None where that can't be told, as on the page that says that the store is gone."""
    try:
        with db.read() as s:
            return queries.waiting(s, access.viewer(), clock.now())
    except SQLAlchemyError:
        return None


@bp.get("/flags")
@access.team
def index() -> str:
    viewer = access.viewer()
    now = clock.now()
    audit.seen(viewer, None, "flags")
    with db.read() as s:
        opened = queries.open_flags(s, viewer, now)
        closed = queries.closed_flags(s, viewer, now)
        unsent = tellings.held_up(s, viewer, now)
    return render_template(
        "safety/flags.html", nav="flags", opened=opened, closed=closed, now=now, unsent=unsent,
        when=partial(when_words, now=now, zone=viewer.zone),
    )  # fmt: skip


@bp.get("/flags/<uuid:flag_id>")
@access.team
def show(flag_id: UUID) -> str:
    viewer = access.viewer()
    _note_seen(viewer, flag_id)
    return _page(flag_id)


def _note_seen(viewer: access.Viewer, flag_id: UUID) -> None:
    """That somebody looks is kept before they see: in the audit trail, and once on the flag itself."""
    now = clock.now()
    with db.read() as s:
        row = queries.flag_row(s, viewer, flag_id, now)
        is_known = queries.has_seen(s, viewer, row.flag.id)
    audit.seen(viewer, row.flag.patient_id, "flag", row.flag.clinic_id)
    if not is_known:
        with db.write() as s:
            actions.note_seen(s, viewer, flag_id, now)


def _page(flag_id: UUID, **extra: Any) -> str:
    viewer = access.viewer()
    now = clock.now()
    with db.read() as s:
        page = queries.flag_page(s, viewer, flag_id, now)
        told = tellings.tellings(s, viewer, flag_id, now)
    context = {"errors": {}, "typed": {}, "changed": "", **extra}
    return render_template(
        "safety/flag.html", nav="flags", page=page, row=page.row, flag=page.row.flag, now=now, told=told,
        line=queries.line_of(page, now), standing=queries.standing(page, now),
        country=country_for(COUNTRIES, page.clinic.country, page.clinic.zone),
        when=partial(when_words, now=now, zone=page.row.zone), saved=SAVED.get(request.args.get("saved", "")),
        **context,
    )  # fmt: skip


@bp.post("/flags/<uuid:flag_id>/acknowledgement")
@access.team
def acknowledge(flag_id: UUID) -> Response | tuple[str, int]:
    def act(s: Session, viewer: access.Viewer, form: AcknowledgeForm, now: datetime) -> None:
        actions.acknowledge(s, viewer, flag_id, form.doing, form.seen, now)

    return _act(flag_id, AcknowledgeForm, act, "acknowledged")


@bp.post("/flags/<uuid:flag_id>/owner")
@access.team
def hand_over(flag_id: UUID) -> Response | tuple[str, int]:
    def act(s: Session, viewer: access.Viewer, form: HandOverForm, now: datetime) -> None:
        actions.hand_over(s, viewer, flag_id, form.to, form.why, form.seen, now)

    return _act(flag_id, HandOverForm, act, "handed")


@bp.post("/flags/<uuid:flag_id>/closing")
@access.team
def close(flag_id: UUID) -> Response | tuple[str, int]:
    def act(s: Session, viewer: access.Viewer, form: CloseForm, now: datetime) -> None:
        actions.close(s, viewer, flag_id, form.outcome, form.seen, now)

    return _act(flag_id, CloseForm, act, "closed")


@bp.post("/flags/<uuid:flag_id>/reopening")
@access.team
def reopen(flag_id: UUID) -> Response | tuple[str, int]:
    def act(s: Session, viewer: access.Viewer, form: ReopenForm, now: datetime) -> None:
        actions.reopen(s, viewer, flag_id, form.reason, form.seen, now)

    return _act(flag_id, ReopenForm, act, "reopened")


def _act(
    flag_id: UUID,
    model: type[ActForm],
    act: Callable[[Session, access.Viewer, Any, datetime], None],
    done: str,
) -> Response | tuple[str, int]:
    """One act: what is wrong stands at its field, what happened meanwhile is told, and nothing typed is lost."""
    viewer = access.viewer()
    texts = {name: value for name, value in request.form.items() if name != "csrf_token"}
    typed = {name: echo(value) for name, value in texts.items() if name != "seen"}
    with db.read() as s:
        queries.flag_row(s, viewer, flag_id, clock.now())
    form: Parsed[Any] = parse(model, texts)
    if form.value is None:
        return _page(flag_id, typed=typed, errors=form.errors), 422
    try:
        with db.write() as s:
            act(s, viewer, form.value, clock.now())
    except actions.Changed as error:
        return _page(flag_id, typed=typed, changed=_meanwhile(flag_id, error.number)), 422
    except actions.Refused as error:
        return _page(flag_id, typed=typed, errors={error.field: str(error)}), 422
    with db.read() as s:
        is_still_theirs = queries.may_open(s, viewer, flag_id, clock.now())
    return see_other(
        url_for("safety.show", flag_id=flag_id, saved=done) if is_still_theirs else url_for("safety.index")
    )


def _meanwhile(flag_id: UUID, number: int) -> str:
    """What somebody else did between this page and its sending, kindly."""
    viewer = access.viewer()
    now = clock.now()
    with db.read() as s:
        page = queries.flag_page(s, viewer, flag_id, now)
    one = next((one for one in page.events if one.event.number == number), None)
    if one is None:
        return "Something was done about this flag while you were writing."
    did = {
        "acknowledged": f"{one.actor} acknowledged this flag",
        "handed_over": f"{one.actor} handed this flag to {one.owner}",
        "closed": f"{one.actor} closed this flag",
        "reopened": f"{one.actor} opened this flag again",
    }.get(one.event.kind, "The same was answered once more")
    return f"{did} at {clock_words(one.event.at, now, page.row.zone)}, while you were writing."
