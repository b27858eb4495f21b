"""Reminders as a person sets them: what for, how, quiet hours, a pause, a message to try, and the time zone."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, current_app, make_response, render_template, request, url_for
from flask.sansio.blueprints import BlueprintSetupState
from sqlmodel import Session
from werkzeug.wrappers import Response as BaseResponse

from diary import db
from diary.accounts.queries import person_of
from diary.careteam import access
from diary.lib import clock, pwa, words
from diary.lib.forms import echo, last_values
from diary.lib.htmx import is_part_wanted, page_or_part, see_other
from diary.reminders import forms
from diary.reminders.actions import phones as phone_actions
from diary.reminders.actions import wishes as actions
from diary.reminders.queries import phones as queries
from diary.reminders.queries.wishes import OwnWishes, own_wishes
from diary.reminders.queries.words import wording
from diary.reminders.rules.message import EMAIL, PUSH, TEST, Message, Outcome, Phone
from diary.reminders.rules.pausing import PAUSES, pause_until
from diary.reminders.rules.wishes import LATER, USUAL, WEEKDAYS
from diary.reminders.rules.words import subject
from diary.reminders.views.base import bp

NOT_TODAY = "not_today"
NO_SUCH_ZONE = "Neap does not know this time zone. Please choose one of the list."
ENOUGH = "That were several in a few minutes. Please wait ten minutes before the next one."
NO_WAY = "Nothing is switched on yet. Choose this phone or e-mail first."
HERE = ("/today", "/reminders", "/more", "/story", "/infusions")


@dataclass(frozen=True)
class RemindersPage:
    """Everything that the page shows."""

    own: OwnWishes
    now: datetime
    email: str
    texts: dict[str, str]
    phones: list[queries.PhoneRow] = field(default_factory=list)
    tried: list[queries.Tried] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    pause_typed: str = ""
    push_key: str = ""
    is_mail_kept: bool = False

    @property
    def has_day_error(self) -> bool:
        return any(f"time_{day}" in self.errors for day in WEEKDAYS)

    @property
    def zone(self) -> str:
        return self.own.wishes.zone

    @property
    def days(self) -> list[tuple[str, str]]:
        """The weekdays, by the form's names."""
        return list(zip(WEEKDAYS, words.DAYS, strict=True))

    @property
    def paused_until(self) -> Any:
        until = self.own.wishes.paused_until
        return until if until and until > clock.diary_day(self.now, self.zone) else None

    @property
    def is_silent_today(self) -> bool:
        return self.own.wishes.not_today == clock.diary_day(self.now, self.zone)

    @property
    def pauses(self) -> list[tuple[str, str, Any]]:
        """The lengths to choose from: days, in words, and the day on which it starts again."""
        there = clock.local(self.now, self.zone)
        daily = self.own.wishes.daily[there.weekday()] or USUAL
        return [(days, said, pause_until(there, int(days), daily)) for days, said in PAUSES.items()]

    @property
    def zone_name(self) -> str:
        return self.zone.rpartition("/")[2].replace("_", " ")

    @property
    def is_waiting(self) -> bool:
        """Whether a phone may still say that a message has come."""
        return any(one.is_waiting(self.now) for one in self.tried)

    def last(self, at: datetime) -> str:
        """ "yesterday, 20:30"."""
        there = clock.local(at, self.zone)
        ago = (clock.local(self.now, self.zone).date() - there.date()).days
        day = {0: "today", 1: "yesterday"}.get(ago) or words.date_long(there.date())
        return f"{day}, {words.time_hm(there)}"


@bp.record_once
def _open_without_internet(state: BlueprintSetupState) -> None:
    pwa.add_shell(state.app, "reminders", "shell/reminders.html")  # type: ignore[arg-type]


def _page(
    s: Session, viewer: access.Viewer, typed: dict[str, str] | None = None, **refused: Any
) -> RemindersPage:
    now = clock.now()
    patient = access.own(s, viewer)
    own = own_wishes(s, viewer, patient.id)
    person = person_of(s, viewer.me)
    mail = current_app.extensions["mail"]
    return RemindersPage(
        own, now, person.email or "" if person else "", typed or forms.texts_of(own.wishes.chosen),
        queries.phones_of(s, viewer, patient.id), queries.tried(s, viewer, patient.id, now),
        push_key=current_app.extensions["push"].public_key, is_mail_kept=hasattr(mail, "newest"), **refused,
    )  # fmt: skip


def _shown(status: int = 200, typed: dict[str, str] | None = None, **refused: Any) -> Response:
    with db.read() as s:
        page = _page(s, access.viewer(), typed, **refused)
    shown = render_template("reminders/index.html", nav="more", page=page)
    return make_response(shown, status)


@bp.get("/reminders")
@access.patient
def index() -> Response:
    return _shown()


@bp.post("/reminders")
@access.patient
def update() -> BaseResponse:
    viewer, now = access.viewer(), clock.now()
    texts = last_values(request.form)
    form = forms.parse_wishes(texts)
    if form.value is None:
        typed = {name: echo(text) for name, text in texts.items()}
        response = _shown(422, typed, errors=dict(form.errors))
        if is_part_wanted():  # the whole form again, in its place
            response.headers["HX-Retarget"] = response.headers["HX-Reselect"] = "#wishes"
            response.headers["HX-Reswap"] = "outerHTML"
        return response
    with db.write() as s:
        actions.change_wishes(s, viewer, access.own(s, viewer), form.value, now)
    if is_part_wanted():
        return Response("Saved", headers={"Vary": "HX-Request"})
    return see_other(url_for("reminders.index", saved=1))


# A pause ----------------------------------------------------------------------------------------------


@bp.post("/reminders/pause")
@access.patient
def create_pause() -> BaseResponse:
    """So many days, or until a day of the person's choice."""
    viewer, now, typed = access.viewer(), clock.now(), request.form.get("until", "")
    days = request.form.get("days", "")
    with db.write() as s:
        patient = access.own(s, viewer)
        error, until = "", None
        if days in PAUSES:
            there = clock.local(now, patient.zone)
            daily = own_wishes(s, viewer, patient.id).wishes.daily[there.weekday()] or USUAL
            until = pause_until(there, int(days), daily)
        else:
            until, error = forms.parse_pause(typed, clock.diary_day(now, patient.zone))
        if until is not None:
            actions.pause(s, viewer, patient, until, now)
    if until is None:
        return _shown(422, errors={"until": error}, pause_typed=echo(typed))
    return see_other(url_for("reminders.index", _anchor="pause"))


@bp.post("/reminders/pause/end")
@access.patient
def end_pause() -> BaseResponse:
    viewer = access.viewer()
    with db.write() as s:
        actions.resume(s, viewer, access.own(s, viewer), clock.now())
    return see_other(url_for("reminders.index", _anchor="pause"))


# "Later" ----------------------------------------------------------------------------------------------


@bp.get("/reminders/later/<uuid:message_id>")
@access.patient
def later(message_id: UUID) -> Response:
    return _later(message_id)


def _later(message_id: UUID, status: int = 200, error: str = "", said: str = "") -> Response:
    viewer = access.viewer()
    with db.read() as s:
        about = queries.delivered(s, viewer, access.own(s, viewer).id, message_id)
    page = render_template(
        "reminders/later.html", nav="today", about=about, choices=LATER, error=error, said=said,
        is_over=about.day < clock.diary_day(clock.now(), viewer.zone),
    )  # fmt: skip
    return make_response(page, status)


@bp.post("/reminders/later/<uuid:message_id>")
@access.patient
def create_later(message_id: UUID) -> BaseResponse:
    """The same reminder at another moment, or nothing more on the day that it was about."""
    viewer, now, typed = access.viewer(), clock.now(), request.form.get("when", "")
    choice, error = ("", "") if typed == NOT_TODAY else forms.parse_later(typed)
    if error:
        return _later(message_id, 422, error)
    with db.write() as s:
        patient = access.own(s, viewer)
        about = queries.delivered(s, viewer, patient.id, message_id)
        if not choice:
            actions.say_not_today(s, viewer, patient, about.day, now)
            said = "Nothing more comes for that day. It is a pause, not an answer."
        else:
            at = actions.ask_later(s, viewer, patient, message_id, choice, now)
            said = f"Neap asks once more at {words.time_hm(clock.local(at, viewer.zone))}."
    return _later(message_id, said=said)


# A message to try the ways out ------------------------------------------------------------------------


@bp.get("/reminders/test")
@access.patient
def show_test() -> BaseResponse:
    """What became of the last one; asked again while a phone may still say that it came."""
    if not is_part_wanted():
        return see_other(url_for("reminders.index", _anchor="tried"))
    return _tried()


@bp.post("/reminders/test")
@access.patient
def create_test() -> BaseResponse:
    viewer, now = access.viewer(), clock.now()
    with db.write() as s:
        patient = access.own(s, viewer)
        chosen = own_wishes(s, viewer, patient.id).wishes
        targets = queries.endpoints_of(s, viewer, patient.id)
        channels = (*((PUSH,) if targets else ()), *((EMAIL,) if chosen.by_email else ()))
        error = (
            NO_WAY if not channels else ENOUGH if queries.tries_left(s, viewer, patient.id, now) < 1 else ""
        )
        made = {} if error else phone_actions.begin_test(s, viewer, patient, channels, now)
        person = person_of(s, viewer.me)
        address = person.email or "" if person else ""
    if error:
        return _tried(422, {"try": error}) if is_part_wanted() else _shown(422, errors={"try": error})
    day = clock.diary_day(now, patient.zone)
    outcomes = {
        channel: _sent(_message(uuid, channel, day), channel, address, targets)
        for channel, uuid in made.items()
    }
    with db.write() as s:
        for channel, uuid in made.items():
            phone_actions.end_test(s, viewer, access.own(s, viewer), uuid, outcomes[channel], clock.now())
    return _tried() if is_part_wanted() else see_other(url_for("reminders.index", _anchor="tried"))


def _message(uuid: UUID, channel: str, day: Any) -> Message:
    title, body = wording(TEST, uuid.hex, day)
    return Message(
        uuid, TEST, subject(body) if channel == EMAIL else title, body, url_for("reminders.index", _anchor="tried"),
        day, TEST, 600,
    )  # fmt: skip


def _sent(message: Message, channel: str, address: str, targets: list[Phone]) -> list[tuple[int, Outcome]]:
    """Send with no transaction open; what came of it by the phone's row, 0 for mail."""
    if channel == EMAIL:
        return [(0, current_app.extensions["mail"].send(address, message))]
    return [(phone.id, current_app.extensions["push"].send(phone, message)) for phone in targets]


def _tried(status: int = 200, errors: dict[str, str] | None = None) -> Response:
    with db.read() as s:
        page = _page(s, access.viewer(), errors=errors or {})
    return page_or_part("reminders/index.html", "reminders/_tried.html", status, nav="more", page=page)


# Phones and the time zone -----------------------------------------------------------------------------


@bp.get("/reminders/phone")
@access.patient
def phone_help() -> Response:
    """What to do when nothing comes, in the words of the phone that asks first."""
    agent = request.user_agent.string
    kind = next(
        (name for name, marks in pwa.PHONES.items() if any(mark in agent for mark in marks)), "computer"
    )
    with db.read() as s:
        person = person_of(s, access.viewer().me)
    page = render_template(
        "reminders/phone.html", nav="more", kind=kind, is_denied="denied" in request.args, push_key=current_app.extensions["push"].public_key, email=person.email if person else ""
    )  # fmt: skip
    response = make_response(page)
    response.vary.add("User-Agent")
    return response


@bp.post("/reminders/phones/<uuid:phone_id>/end")
@access.patient
def end_phone(phone_id: UUID) -> BaseResponse:
    viewer = access.viewer()
    with db.write() as s:
        phone_actions.end_phone_by_id(s, viewer, access.own(s, viewer), phone_id, clock.now())
    return see_other(url_for("reminders.index", _anchor="how"))


@bp.get("/reminders/zone")
@access.patient
def edit_zone() -> Response:
    return _zone(access.viewer().zone)


def _zone(chosen: str, status: int = 200, error: str = "") -> Response:
    page = render_template(
        "reminders/zone.html", nav="more", zones=clock.zone_names(), chosen=chosen, error_words=error
    )
    return make_response(page, status)


@bp.post("/reminders/zone")
@access.patient
def update_zone() -> BaseResponse:
    """The diary and the reminders follow another wall clock; what was written keeps the one that it was written by."""
    viewer, zone = access.viewer(), request.form.get("zone", "")
    try:
        with db.write() as s:
            actions.move_to_zone(s, viewer, access.own(s, viewer), zone, clock.now())
    except ValueError:
        return _zone(viewer.zone, 422, NO_SUCH_ZONE)
    back = request.form.get("back", "")
    return see_other(back if back in HERE else url_for("reminders.index", _anchor="zone"))
