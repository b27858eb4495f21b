"""Today and the seven days before it: one form a day, each answer saved at once where scripts run."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, Flask, Response, make_response, render_template, request, url_for
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as BaseResponse

from diary import db
from diary.careteam import access
from diary.checkins.queries import due_rows
from diary.entries import actions, forms, queries
from diary.entries.rules import MOST_OWN, digest_of
from diary.entries.views.page import MODES, DayPage, nobodys_day
from diary.goodday import queries as goodday
from diary.infusions import queries as infusions
from diary.lib import clock, pwa
from diary.lib.extras import REGIONS
from diary.lib.forms import echo, last_values
from diary.lib.htmx import is_part_wanted, page_or_part, see_other
from diary.reminders.queries import phones as reminders
from diary.review import actions as review

bp = Blueprint("entries", __name__)


@bp.record
def _shells(setup: BlueprintSetupState) -> None:
    app: Flask = setup.app  # type: ignore[assignment]
    pwa.add_shell(app, "day", "shell/day.html", page=nobodys_day())
    pwa.add_shell(app, "extras", "shell/extras.html", page=nobodys_day(), regions=REGIONS)


BROKEN = "This page is broken. Please open the day again; what you typed is below."
UNKNOWN_BASE = (
    "This page is older than what Neap holds now, so nothing was stored yet. "
    "Please look at both and save once more."
)


@bp.get("/today")
@access.patient
def today() -> Response:
    viewer = access.viewer()
    return _show(viewer, clock.diary_day(clock.now(), viewer.zone))


@bp.post("/today")
@access.patient
def update_today() -> BaseResponse:
    viewer = access.viewer()
    return _update(viewer, clock.diary_day(clock.now(), viewer.zone))


@bp.route("/days/<day:day>", methods=["GET", "POST"])  # one rule, or a day that is none would be 405
@access.patient
def show(day: date) -> BaseResponse:
    return (_update if request.method == "POST" else _show)(access.viewer(), day)


def _show(viewer: access.Viewer, day: date) -> Response:
    page = _page(viewer, day)
    if page.is_future:
        raise access.Hidden
    template = "entries/show.html" if page.is_open else "entries/closed.html"
    return make_response(render_template(template, nav="today", page=page, write_id=uuid4()))


@bp.route("/days/<day:day>/more", methods=["GET", "POST"])
@access.patient
def more(day: date) -> BaseResponse:
    viewer = access.viewer()
    if request.method == "POST":
        return _update_more(viewer, day)
    page = _page(viewer, day)
    if page.is_future:
        raise access.Hidden
    return _more(page) if page.is_open else see_other(url_for("entries.show", day=day))


def _more(page: DayPage, status: int = 200) -> Response:
    shown = render_template("entries/more.html", nav="today", page=page, write_id=uuid4(), regions=REGIONS)
    return make_response(shown, status)


# Own symptoms ---------------------------------------------------------------------------------------


@bp.get("/own-scores")
@access.patient
def own() -> str:
    return _own()


def _own(at: UUID | None = None, typed: str = "", error: str = "") -> str:
    viewer = access.viewer()
    with db.read() as s:
        found = queries.own_symptoms(s, viewer, access.own(s, viewer).id)
    return render_template(
        "entries/own.html", nav="more", own=found, most=MOST_OWN, longest=forms.LONGEST_OWN, at=at, typed=typed,
        error=error,
    )  # fmt: skip


TOO_MANY = "Five is the most, so that a day stays short. Stop asking for one first; its scores are kept."


@bp.post("/own-scores")
@access.patient
def name_own() -> BaseResponse:
    return _named(None)


@bp.post("/own-scores/<uuid:symptom_id>")
@access.patient
def rename_own(symptom_id: UUID) -> BaseResponse:
    return _named(symptom_id)


def _named(uuid: UUID | None) -> BaseResponse:
    """Store a new name, of a new one or of one that there is; 422 with what was typed."""
    viewer, now, typed = access.viewer(), clock.now(), request.form.get("name", "")
    try:
        with db.write() as s:
            patient = access.own(s, viewer).id
            known = queries.own_symptoms(s, viewer, patient)
            others = [one.name for one in known if one.retired_on is None and one.uuid != uuid]
            name, error = forms.parse_own_name(typed, others)
            if uuid is not None and uuid not in {one.uuid for one in known}:
                raise access.Hidden
            if not error and uuid is None:
                actions.name_symptom(s, viewer, patient, name, now)
            elif not error and uuid is not None:
                actions.rename_symptom(s, viewer, patient, uuid, name, now)
    except actions.TooMany:
        error = TOO_MANY
    if error:
        return make_response(_own(uuid, echo(typed), error), 422)
    return see_other(url_for("entries.own"))


@bp.post("/own-scores/<uuid:symptom_id>/retirement")
@access.patient
def retire_own(symptom_id: UUID) -> BaseResponse:
    return _retired(symptom_id, True)


@bp.post("/own-scores/<uuid:symptom_id>/return")
@access.patient
def resume_own(symptom_id: UUID) -> BaseResponse:
    return _retired(symptom_id, False)


def _retired(uuid: UUID, retired: bool) -> BaseResponse:
    viewer, now = access.viewer(), clock.now()
    try:
        with db.write() as s:
            actions.retire_symptom(s, viewer, access.own(s, viewer).id, uuid, now, retired)
    except actions.TooMany:
        return make_response(_own(error=TOO_MANY), 422)
    return see_other(url_for("entries.own"))


def _base(texts: Mapping[str, str]) -> UUID | None:
    try:
        return forms.parse_base(texts.get("base", ""))
    except ValueError:
        return None


def _page(viewer: access.Viewer, day: date, **refused: Any) -> DayPage:
    now = clock.now()
    with db.read() as s:
        ref = access.own(s, viewer)
        opened = queries.open_day(s, viewer, ref.id, day)
        last = infusions.last_infusion(s, viewer, ref.id, day)
        is_first = queries.span(s, viewer, ref.id) is None
        is_today = day == clock.diary_day(now, viewer.zone)
        due = due_rows(s, viewer, ref.id, now) if is_today else []
        silence = reminders.silence(s, viewer, ref.id, day) if is_today else ""
        has_word = goodday.own_word(s, viewer, ref.id).word is not None
        own = queries.own_symptoms(s, viewer, ref.id)
        of_clinic = queries.clinic_factors(s, viewer, ref.id)
        line = goodday.line(s, viewer, ref.id, day) if is_today and opened.projection else None
    modes = frozenset(mode for mode in MODES if mode in request.args)
    return DayPage(
        day,
        now,
        viewer.zone,
        opened,
        modes,
        last,
        is_first=is_first,
        due=due,
        has_word=has_word,
        line=line,
        own=own,
        of_clinic=of_clinic,
        silence=silence,
        **refused,
    )


class Refused(Exception):
    """A form that was not stored: its errors by field, and whether it still names what it was made from."""

    def __init__(self, errors: Mapping[str, str], keeps_base: bool = True) -> None:
        self.errors, self.keeps_base = errors, keeps_base


def _update(viewer: access.Viewer, day: date) -> BaseResponse:
    texts = last_values(request.form)
    try:
        recorded = _record(viewer, day, texts)
    except Refused as refused:
        return _refused(viewer, day, refused.errors, texts, refused.keeps_base)
    return _saved(viewer, day, recorded, is_first=not texts.get("base"))


def _update_more(viewer: access.Viewer, day: date) -> BaseResponse:
    """The marked regions come as a checkbox each; from here on they are one field, as the phone sends it."""
    texts = last_values(request.form)
    if "regions" in texts:
        texts["regions"] = " ".join(filter(None, request.form.getlist("regions")))
    try:
        _record(viewer, day, texts)
    except Refused as refused:
        page = _page(
            viewer,
            day,
            errors=refused.errors,
            typed=_typed(texts),
            base=_base(texts),
            keeps_base=refused.keeps_base,
        )
        if not page.is_open:
            return make_response(render_template("entries/closed.html", nav="today", page=page), 422)
        return _more(page, 422)
    return see_other(url_for("entries.show", day=day))


def _record(viewer: access.Viewer, day: date, texts: Mapping[str, str]) -> actions.Recorded:
    form = forms.parse_day(texts)
    errors = dict(form.errors)
    write_id, seen = _ids(texts, errors)
    if errors or write_id is None:
        raise Refused(errors)
    now = clock.now()
    digest = digest_of({"day": day.isoformat(), "base": str(seen or ""), "form": _typed(texts)})
    write = actions.DayWrite(
        id=write_id, day=day, fields=form.fields, received_at=now, effective_at=now, zone=viewer.zone,
        source=actions.PAGE, device=viewer.device, written_by=form.written_by, recorded_at=now, seen=seen,
        digest=digest,
    )  # fmt: skip
    try:
        with db.write() as s:
            recorded = actions.record_entry(s, viewer, viewer.person_id or 0, write)
            today = clock.diary_day(now, viewer.zone)
            review.look_after_write(s, viewer, viewer.me, day, recorded.outcome, today, now)
    except actions.Closed as error:
        raise Refused({"day": str(error)}) from error
    except actions.UnknownSymptom as error:
        raise Refused({"day": BROKEN}) from error
    except actions.UnknownBase as error:
        raise Refused({"day": UNKNOWN_BASE}, keeps_base=False) from error
    return recorded


def _typed(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: echo(text) for name, text in texts.items() if name not in forms.PAGE_ONLY}


def _ids(texts: Mapping[str, str], errors: dict[str, str]) -> tuple[UUID | None, UUID | None]:
    try:
        write_id = UUID(texts["write_id"]) if texts.get("write_id") else uuid4()
        return write_id, forms.parse_base(texts.get("base", ""))
    except ValueError:
        errors["day"] = BROKEN
        return None, None


def _saved(viewer: access.Viewer, day: date, recorded: actions.Recorded, is_first: bool) -> BaseResponse:
    query: dict[str, Any] = {mode: 1 for mode in MODES if mode in request.args}
    if not is_part_wanted() or "unwell" in recorded.outcome or recorded.is_page_old:
        # A page that another device has overtaken is made anew: it must not name as seen what it never showed.
        return see_other(url_for("entries.show", day=day, **query))
    page = _page(viewer, day)
    part = render_template(
        "entries/_saved.html", page=page, write_id=uuid4(), changed=recorded.outcome, is_first=is_first
    )
    return Response(part, headers={"Vary": "HX-Request"})


def _refused(
    viewer: access.Viewer,
    day: date,
    errors: Mapping[str, str],
    texts: Mapping[str, str],
    keeps_base: bool = True,
) -> Response:
    """The form again; it still names the write that its answers were made from, whatever came since."""
    page = _page(viewer, day, errors=errors, typed=_typed(texts), base=_base(texts), keeps_base=keeps_base)
    if not page.is_open:
        return make_response(render_template("entries/closed.html", nav="today", page=page), 422)
    template, part = "entries/show.html", "entries/_refused.html"
    return page_or_part(template, part, 422, nav="today", page=page, write_id=uuid4())
