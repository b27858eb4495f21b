"""The arrival sheet: the patient confirms it on the day of an infusion, or a clinician with her."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import Response, make_response, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as BaseResponse

from diary import db
from diary.careteam import access
from diary.careteam.rules import Kind
from diary.checkins import actions, queries, rules
from diary.checkins.forms import parse_checkin
from diary.checkins.rules import ARRIVAL
from diary.checkins.views.said import CANCELLED, CheckinPage, base_of, bp, nothing, record, typed_of
from diary.entries import actions as entries
from diary.entries.rules import digest_of
from diary.infusions import queries as infusions
from diary.lib import clock, pwa
from diary.lib.forms import last_values
from diary.lib.htmx import see_other
from diary.review.queries import UNFILLED, ArrivalSheet, Line, arrival_sheet

STAFF_FIELDS = (rules.PAIN_NOW, *rules.URINE, "fall", "way_home")


@dataclass(frozen=True)
class ArrivalPage(CheckinPage):
    """The sheet with what was answered on it."""

    sheet: ArrivalSheet | None = None
    when: str = ""

    kind = ARRIVAL

    @property
    def lines(self) -> tuple[Line, ...]:
        return self.sheet.lines if self.sheet else UNFILLED

    @property
    def yesterday(self) -> str:
        return str(self.due.day - timedelta(days=1))

    @property
    def is_answered(self) -> bool:
        return any(self.value(name) is not None for name in ("done", "with_nurse"))


@bp.record_once
def _open_without_internet(state: BlueprintSetupState) -> None:
    due = rules.Due(date(2000, 1, 3), UUID(int=0), 1, 0, asks=False)
    nobodys = ArrivalPage(due, "first", queries.Stored(None, 0, []), is_nobodys=True)
    pwa.add_shell(state.app, "arrival", "shell/arrival.html", page=nobodys)  # type: ignore[arg-type]


@bp.get("/arrival")
@access.patient
def arrival() -> Response:
    return _shown(_page(access.viewer(), request.args.get("step", "")))


@bp.post("/arrival")
@access.patient
def update_arrival() -> BaseResponse:
    viewer = access.viewer()
    texts = last_values(request.form)
    step = "first" if texts.get("step") == "first" else "sheet"
    answer = record(viewer, ARRIVAL, texts)
    if isinstance(answer, Mapping):
        page = _page(viewer, step, errors=answer, typed=typed_of(texts), base=base_of(texts))
        if page is None or answer == {"target": CANCELLED}:
            return nothing("arrival", answer, texts)
        return _shown(page, 422)
    return see_other(url_for("checkins.arrival", step="sheet" if step == "first" else "done"))


def _shown(page: ArrivalPage | None, status: int = 200) -> Response:
    if page is None:
        return make_response(render_template("checkins/nothing.html", nav="today", what="arrival"), status)
    return make_response(
        render_template("checkins/arrival.html", nav="today", page=page, write_id=uuid4()), status
    )


def _page(viewer: access.Viewer, step: str, **refused: Any) -> ArrivalPage | None:
    """The sheet of the infusion that is planned for today; None where none is.

    The pain now is asked before any past pain is shown, which would colour it.
    """
    now = clock.now()
    today = clock.diary_day(now, viewer.zone)
    with db.read() as s:
        ref = access.own(s, viewer)
        plan = queries.plan(s, viewer, ref.id)
        here = plan.arrival(today)
        if here is None:
            return None
        stored = queries.own_checkin(s, viewer, ref.id, ARRIVAL, here.id, today)
        sheet = arrival_sheet(s, viewer, ref.id, here.id)
        call = queries.whom_to_call(s, viewer, now)
    due = rules.Due(today, here.id, here.number, 0, asks=False)
    page = ArrivalPage(
        due, step, stored, urine_from=plan.urine_from(today), call=call, zone=viewer.zone, sheet=sheet,
        when=rules.when_words(here.day, here.at_time, today), **refused,
    )  # fmt: skip
    if step not in ("first", "sheet", "done") or (step == "done" and not page.is_answered):
        step = "done" if page.is_answered else "sheet" if page.value(rules.PAIN_NOW) is not None else "first"
        page = replace(page, step=step)
    return page


# By the clinic ------------------------------------------------------------------------------------


@bp.post("/patients/<uuid:patient_uuid>/infusions/<uuid:infusion_id>/arrival")
@access.clinician
def confirm(patient_uuid: UUID, infusion_id: UUID) -> BaseResponse:
    """A clinician goes through the sheet with the patient; what is left out stays as it is."""
    viewer = access.viewer()
    now = clock.now()
    with db.read() as s:
        ref = access.require_clinician(s, viewer, patient_uuid)
        access.require(s, viewer, ref.id, Kind.INFUSIONS)
        infusion = infusions.infusion(s, viewer, ref.id, infusion_id)
    texts = last_values(request.form)
    said = {name: texts[name] for name in STAFF_FIELDS if texts.get(name, "").strip()} | {"done": "yes"}
    form = parse_checkin(said, ARRIVAL)
    there = url_for("infusions.show", patient_uuid=patient_uuid, infusion_id=infusion_id)
    if clock.diary_day(now, ref.zone) != infusion.day or infusion.status == "cancelled":
        return see_other(f"{there}?arrival=late#arrival")
    if form.errors:
        return see_other(f"{there}?arrival=unclear#arrival")
    try:
        write_id, seen = UUID(texts.get("write_id", "")), base_of(texts)
    except ValueError:
        return see_other(f"{there}?arrival=unclear#arrival")
    write = actions.CheckinWrite(
        id=write_id, kind=ARRIVAL, target=infusion.uuid, day=infusion.day, fields=form.fields, received_at=now,
        effective_at=now, zone=ref.zone, device=viewer.device, recorded_at=now, seen=seen,
        digest=digest_of({"form": said, "base": str(seen or "")}),
    )  # fmt: skip
    try:
        with db.write() as s:
            recorded = actions.record_arrival_by_staff(s, viewer, ref, write)
    except (entries.Closed, entries.UnknownBase):
        return see_other(f"{there}?arrival=older#arrival")
    return see_other(f"{there}?arrival={'told' if recorded.fired else 'confirmed'}#arrival")
