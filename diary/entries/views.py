"""Today and the seven days before it: one form a day, each answer saved at once where scripts run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, Response, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from diary import db
from diary.careteam import access
from diary.entries import actions, forms, queries
from diary.entries.rules import DAYS_BACK, SCORES, Merged, digest_of, is_open, why_closed
from diary.infusions import queries as infusions
from diary.lib import clock, words
from diary.lib.errors import page as error_page
from diary.lib.forms import echo
from diary.lib.htmx import is_part_wanted, page_or_part
from diary.lib.symptoms import BY_KEY, Symptom

bp = Blueprint("entries", __name__)
LOW_ENERGY = ("pain", "mood", "fatigue")
FIELD_WORDS = {
    **{key: BY_KEY[key].name for key in SCORES},
    "worst_pain": "Worst pain",
    "interference": "How much it got in the way",
    "sleep_hours": "Hours slept",
    "times_awake": "Times awake",
    "unwell": "Too unwell to log",
    "note": "Note",
}


@dataclass(frozen=True)
class Row:
    """One of the five rows as it stands."""

    symptom: Symptom
    value: float | None
    is_skipped: bool
    is_late: bool
    has_conflict: bool

    @property
    def is_answered(self) -> bool:
        return self.value is not None or self.is_skipped


@dataclass(frozen=True)
class DayPage:
    """Everything a day's page shows; `typed` is what a refused form held."""

    day: date
    today: date
    now: datetime
    zone: str
    open_day: queries.OpenDay
    is_low: bool
    is_enough: bool
    place: str
    errors: Mapping[str, str]
    typed: Mapping[str, str]

    @property
    def shown(self) -> Mapping[str, Merged]:
        return self.open_day.projection.fields if self.open_day.projection else {}

    def value(self, name: str) -> Any:
        merged = self.shown.get(name)
        return merged.value if merged else None

    @property
    def keys(self) -> tuple[str, ...]:
        return LOW_ENERGY if self.is_low else SCORES

    @property
    def rows(self) -> list[Row]:
        late = self.open_day.projection.late if self.open_day.projection else frozenset()
        return [
            Row(BY_KEY[key], self.value(key), key in self.shown and self.value(key) is None, key in late,
                bool(key in self.shown and self.shown[key].conflicts))
            for key in self.keys
        ]  # fmt: skip

    @property
    def current(self) -> str | None:
        """The next question: the first row without an answer, unless that was enough."""
        if self.is_enough or self.is_unwell:
            return None
        return next((row.symptom.key for row in self.rows if not row.is_answered), None)

    @property
    def is_unwell(self) -> bool:
        """Too unwell counts as the day's answer while no score stands beside it."""
        return bool(self.value("unwell")) and not any(self.value(key) is not None for key in SCORES)

    @property
    def has_answer(self) -> bool:
        return bool(self.shown)

    @property
    def is_today(self) -> bool:
        return self.day == self.today

    @property
    def is_open(self) -> bool:
        return is_open(self.day, self.today)

    @property
    def heading(self) -> str:
        ago = (self.today - self.day).days
        return {0: "Today", 1: "Yesterday"}.get(ago, words.weekday(self.day))

    @property
    def already(self) -> str:
        """Between midnight and four: the day that has begun on the wall clock."""
        there = clock.local(self.now, self.zone).date()
        return words.weekday(there) if self.is_today and there != self.today else ""

    @property
    def before(self) -> date | None:
        return self.day - timedelta(days=1) if (self.today - self.day).days < DAYS_BACK else None

    @property
    def after(self) -> date | None:
        return self.day + timedelta(days=1) if self.day < self.today else None

    def name_of(self, day: date) -> str:
        ago = (self.today - day).days
        return {0: "Today", 1: "Yesterday"}.get(ago, words.weekday(day))

    @property
    def conflicts(self) -> list[tuple[str, str, list[tuple[Any, str]]]]:
        """Fields with two answers: name, words, and the values with the text that the form sends back."""
        found = []
        for name, merged in self.shown.items():
            if merged.conflicts:
                values = [merged.value, *dict.fromkeys(value for value, _ in merged.conflicts)]
                found.append((name, FIELD_WORDS[name], [(value, as_text(name, value)) for value in values]))
        return found

    @property
    def saved_at(self) -> str:
        at = self.open_day.changed_at
        return words.time_hm(clock.local(at, self.zone)) if at else ""

    def text(self, name: str) -> str:
        """What a text field holds: what was typed last, else what is stored."""
        if name in self.typed:
            return self.typed[name]
        return as_text(name, self.value(name))


def as_text(name: str, value: Any) -> str:
    """A value as its field would be typed."""
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    return (value.text or "") if name == "note" else words.number(value, 2)


@bp.get("/today")
@access.patient
def today() -> Response:
    viewer = access.viewer()
    return _show(viewer, clock.diary_day(clock.now(), viewer.zone))


@bp.post("/today")
@access.patient
def update_today() -> Response:
    viewer = access.viewer()
    return _update(viewer, clock.diary_day(clock.now(), viewer.zone))


@bp.get("/days/<day:day>")
@access.patient
def show(day: date) -> Response:
    return _show(access.viewer(), day)


@bp.post("/days/<day:day>")
@access.patient
def update(day: date) -> Response:
    return _update(access.viewer(), day)


def _show(viewer: access.Viewer, day: date) -> Response:
    page = _page(viewer, day)
    if day > page.today and not page.has_answer:
        raise access.Hidden
    template = "entries/show.html" if page.is_open else "entries/closed.html"
    return Response(render_template(template, nav="today", page=page, write_id=uuid4()))


def _page(
    viewer: access.Viewer, day: date, errors: Mapping[str, str] | None = None, typed: Mapping[str, str] | None = None
) -> DayPage:
    now = clock.now()
    with db.read() as s:
        ref = access.own(s, viewer)
        opened = queries.open_day(s, viewer, ref.id, day, viewer.zone)
        place = infusions.day_after_infusion(s, viewer, ref.id, day) if opened.projection else ""
    return DayPage(
        day, clock.diary_day(now, viewer.zone), now, viewer.zone, opened, "low" in request.args,
        "enough" in request.args, place, errors or {}, typed or {},
    )  # fmt: skip


def _update(viewer: access.Viewer, day: date) -> Response:
    now = clock.now()
    texts = _last_values(request.form)
    form = forms.parse_day(texts)
    errors = dict(form.errors)
    write_id, seen = _ids(texts, errors)
    if errors or write_id is None:
        return _refused(viewer, day, errors, texts)
    write = actions.DayWrite(
        id=write_id, day=day, fields=form.fields, received_at=now, effective_at=now, zone=viewer.zone,
        source=actions.PAGE, device=viewer.device, written_by=form.written_by, recorded_at=now, seen=seen,
        digest=digest_of({"day": day.isoformat(), "base": str(seen or ""), "form": _typed(texts)}),
    )  # fmt: skip
    try:
        with db.write() as s:
            recorded = actions.record_entry(s, viewer, viewer.person_id or 0, write)
    except actions.Closed as error:
        return _refused(viewer, day, {"day": str(error)}, texts)
    except actions.UnknownBase:
        return _refused(viewer, day, {"day": UNKNOWN_BASE}, texts)
    return _saved(viewer, day, recorded)


UNKNOWN_BASE = (
    "This page is older than what Neap holds now. Nothing was stored yet: what you typed is below, "
    "beside what is stored. Please save it again."
)


def _last_values(form: MultiDict[str, str]) -> dict[str, str]:
    """The last value of each name counts: a checkbox comes after its hidden empty input."""
    return {name: values[-1] for name, values in form.lists()}


def _typed(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: echo(text) for name, text in texts.items() if name not in forms.PAGE_ONLY}


def _ids(texts: Mapping[str, str], errors: dict[str, str]) -> tuple[UUID | None, UUID | None]:
    try:
        write_id = UUID(texts["write_id"]) if texts.get("write_id") else uuid4()
        return write_id, forms.parse_base(texts.get("base", ""))
    except ValueError:
        errors["day"] = "This page is broken. Please open the day again; what you typed is below."
        return None, None


def _saved(viewer: access.Viewer, day: date, recorded: actions.Recorded) -> Response:
    if not is_part_wanted():
        query = {name: 1 for name in ("low", "enough") if name in request.args}
        response = Response(status=303)
        response.headers["Location"] = url_for("entries.show", day=day, **query)
        return response
    page = _page(viewer, day)
    return Response(
        render_template("entries/_saved.html", page=page, write_id=uuid4(), changed=set(recorded.outcome)),
        headers={"Vary": "HX-Request"},
    )


def _refused(viewer: access.Viewer, day: date, errors: Mapping[str, str], texts: Mapping[str, str]) -> Response:
    page = _page(viewer, day, errors, _typed(texts))
    if not page.is_open:
        reason = why_closed(day, page.today) or ""
        if day > page.today:
            return error_page(422)
        return Response(
            render_template("entries/closed.html", nav="today", page=page, reason=reason), status=422
        )
    return page_or_part(
        "entries/show.html", "entries/_refused.html", 422, nav="today", page=page, write_id=uuid4()
    )
