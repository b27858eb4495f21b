"""Check-in, intention, the list of both, and what staff see of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as BaseResponse

from diary import db
from diary.audit import actions as audit
from diary.careteam import access
from diary.checkins import actions, queries, rules
from diary.checkins.forms import HELP_SHOWN, PAGE_ONLY, parse_checkin
from diary.checkins.rules import CHECKIN, INTENTION
from diary.entries import actions as entries
from diary.entries.forms import parse_base, parse_date
from diary.entries.rules import digest_of, is_open
from diary.lib import clock, pwa, words
from diary.lib.forms import echo, last_values
from diary.lib.htmx import see_other
from diary.safety.queries import rule as rule_of

bp = Blueprint("checkins", __name__)
BROKEN = "This page is broken. Please open it again; what you typed is below."
UNKNOWN_BASE = (
    "This page is older than what Neap holds now, so nothing was stored yet. Please look and save once more."
)
CANCELLED = "This infusion was cancelled, so nothing was stored and your clinic was not told. If you need help, call them."
STEPS = ("first", "how", "morning", "mind", "ask", "words", "now", "done")
STEP_OF_RULE = {
    "emergency_after_infusion": "now", "fall": "morning", "detached_next_day": "morning", "urinary": "ask",
    "ketamine_outside": "ask",
}  # fmt: skip


@dataclass(frozen=True)
class CheckinPage:
    """Everything that the page of one check-in shows; for the shell one of nobody."""

    due: rules.Due
    step: str
    stored: queries.Stored
    usual: tuple[str, ...] = ()
    unasked: frozenset[str] = frozenset()
    is_all: bool = False
    urine_from: Mapping[str, int] = field(default_factory=dict)
    call: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    base: UUID | None = None
    is_nobodys: bool = False
    zone: str = "UTC"

    kind = CHECKIN

    @property
    def told_hm(self) -> str:
        """When the clinic was told last, on her clock; empty for never."""
        at = self.stored.told_at
        return words.time_hm(clock.local(at, self.zone)) if at else ""

    @cached_property
    def shown(self) -> Mapping[str, Any]:
        return self.stored.fields

    def value(self, name: str) -> Any:
        return self.shown[name].value if name in self.shown else None

    def text(self, name: str) -> str:
        if name in self.typed:
            return self.typed[name]
        return rules.value_words(name, self.value(name))

    @property
    def is_private(self) -> bool:
        note = self.value(rules.WORDS[self.kind])
        typed = self.typed.get(f"{rules.WORDS[self.kind]}_private")
        return typed != "no" if typed else (note.private if note else True)

    def others(self, name: str) -> str:
        """What another device said instead, in words; empty where there is no second answer."""
        if name not in self.shown:
            return ""
        return ", ".join(
            rules.value_words(name, value) or "nothing" for value, _ in self.shown[name].conflicts
        )

    @property
    def form_base(self) -> str:
        if self.base is not None:
            return str(self.base)
        return str(self.stored.writes[-1].id) if self.stored.writes else ""

    @property
    def known(self) -> dict[str, Any]:
        return queries.described(self.stored)

    @cached_property
    def rule_by_answer(self) -> Mapping[str, Mapping[str, str]]:
        return rules.rules_by_answer(self.urine_from)

    @cached_property
    def fired(self) -> set[str]:
        """The rules that the answers fire as they stand."""
        by_answer = self.rule_by_answer
        return {
            by_answer[name][merged.value]
            for name, merged in self.shown.items()
            if isinstance(merged.value, str) and merged.value in by_answer.get(name, {})
        }

    @property
    def help_words(self) -> list[tuple[str, str, str]]:
        """(rule, kind of help, words) of what can be asked on this page."""
        return [(key, rule_of(key).help, rule_of(key).words) for key in STEP_OF_RULE]

    @property
    def is_emergency(self) -> bool:
        return "emergency_after_infusion" in self.fired

    @property
    def steps(self) -> tuple[str, ...]:
        return STEPS[:-2] if self.is_nobodys else self.due.steps

    @property
    def place(self) -> int:
        """Which of its steps this is, from 1; the strengths belong to the first."""
        step = "first" if self.step == "how" else self.step
        return self.due.steps.index(step) + 1 if step in self.due.steps else 0

    @property
    def before(self) -> str:
        """The step to go back to; empty at the beginning."""
        if self.step in ("how", "now"):
            return self.due.steps[0]
        steps = self.due.steps
        return steps[self.place - 2] if self.place > 1 else ""

    def is_left_out(self, name: str) -> bool:
        """Whether the clinic does not ask about a side effect; one that was marked already stays."""
        return name in self.unasked and not self.value(name)

    @property
    def marked(self) -> list[str]:
        return [key for key in rules.EFFECTS if self.value(key)]

    def following(self, marked: bool) -> str:
        """The step after this one; `marked` says whether a strength is to be asked."""
        steps = self.due.steps
        if self.step == "first" and marked:
            return "how"
        if self.step == "now":
            return steps[0]
        return steps[self.place] if self.place < len(steps) else "done"


@bp.record_once
def _open_without_internet(state: BlueprintSetupState) -> None:
    shared = {"effects": rules.EFFECTS, "groups": rules.EFFECT_GROUPS, "choices": rules.EVERY_CHOICE, "drive": rules.DRIVE,
              "emergencies": rules.EMERGENCIES, "grades": rules.GRADES}  # fmt: skip
    state.app.jinja_env.globals["asked"] = shared  # type: ignore[attr-defined]
    pwa.add_shell(state.app, "check-in", "shell/check-in.html", page=nobodys_checkin())  # type: ignore[arg-type]
    pwa.add_shell(state.app, "intention", "shell/intention.html", page=nobodys_intention())  # type: ignore[arg-type]


def nobodys_checkin() -> CheckinPage:
    """A page without a person or an answer, for the shell; scripts put in what is due."""
    due = rules.Due(date(2000, 1, 3), UUID(int=0), 1, 1, asks=True)
    return CheckinPage(due, "first", queries.Stored(None, 0, []), is_nobodys=True)


# Check-in -----------------------------------------------------------------------------------------


@bp.get("/check-in")
@access.patient
def show() -> Response:
    viewer = access.viewer()
    step = request.args.get("step", "")
    page = _page(viewer, step)
    if page is None:
        return make_response(render_template("checkins/nothing.html", nav="today", what="check-in"))
    return make_response(render_template("checkins/show.html", nav="today", page=page, write_id=uuid4()))


def _page(viewer: access.Viewer, step: str, on: date | None = None, **refused: Any) -> CheckinPage | None:
    """Today's check-in, or the one of `on` for a form that was sent; None where none is due."""
    now = clock.now()
    today = clock.diary_day(now, viewer.zone)
    with db.read() as s:
        ref = access.own(s, viewer)
        plan = queries.plan(s, viewer, ref.id)
        due = plan.due(on or today)
        if due is None or (on is None and not rules.is_open_at(due, clock.local(now, viewer.zone))):
            return None
        stored = queries.own_checkin(s, viewer, ref.id, CHECKIN, due.target, due.day)
        call = queries.whom_to_call(s, viewer, now)
    is_done = bool(stored.writes) and "done" in stored.fields and stored.fields["done"].value is not None
    usual = plan.usual(due)
    is_all = step == "all" or not usual
    if step not in (*due.steps, "how", "now", "done"):
        step = "done" if is_done and step != "all" else due.steps[0]
    return CheckinPage(
        due,
        step,
        stored,
        usual,
        plan.unasked,
        is_all,
        plan.urine_from(due.day),
        call,
        zone=viewer.zone,
        **refused,
    )


@bp.post("/check-in")
@access.patient
def update() -> BaseResponse:
    viewer = access.viewer()
    texts = last_values(request.form)
    step = texts.get("step", "")
    answer = record(viewer, CHECKIN, texts)
    if answer == {"target": CANCELLED}:
        return nothing("check-in", answer, texts)
    if isinstance(answer, Mapping):
        page = _page(viewer, step, errors=answer, typed=typed_of(texts), base=base_of(texts))
        if page is None:
            return nothing("check-in", answer, texts)
        return make_response(
            render_template("checkins/show.html", nav="today", page=page, write_id=uuid4()), 422
        )
    page = _page(viewer, step)
    if page is None:
        return see_other(url_for("checkins.index"))
    return see_other(url_for("checkins.show", step=page.following(bool(page.marked))))


def nothing(what: str, errors: Mapping[str, str], texts: Mapping[str, str]) -> Response:
    """There is no form any more for what was sent: why, and the words that were typed."""
    said = [echo(texts[name]) for name in (rules.OWN, *rules.WORDS.values()) if texts.get(name, "").strip()]
    page = render_template("checkins/nothing.html", nav="today", what=what, errors=errors, said=said)
    return make_response(page, 422)


def record(
    viewer: access.Viewer, kind: str, texts: Mapping[str, str]
) -> actions.Recorded | Mapping[str, str]:
    """Store what a page sent, or the errors by field."""
    form = parse_checkin(texts, kind)
    if form.errors:
        return form.errors
    try:
        write_id = UUID(texts["write_id"]) if texts.get("write_id") else uuid4()
        seen, target, day = parse_base(texts.get("base", "")), UUID(texts["target"]), parse_date(texts["day"])
    except (ValueError, KeyError):
        return {"day": BROKEN}
    now = clock.now()
    typed = {"kind": kind, "target": str(target), "day": day.isoformat(), "base": str(seen or "")}
    write = actions.CheckinWrite(
        id=write_id, kind=kind, target=target, day=day, fields=form.fields, received_at=now, effective_at=now,
        zone=viewer.zone, device=viewer.device, recorded_at=now, seen=seen,
        digest=digest_of(typed | {"form": typed_of(texts)}), help_shown=True,  # the page that follows shows it
    )  # fmt: skip
    try:
        with db.write() as s:
            return actions.record_checkin(s, viewer, viewer.me, write)
    except actions.Cancelled:
        return {"target": CANCELLED}
    except entries.Closed as error:
        return {"day": str(error)}
    except entries.UnknownBase:
        return {"day": UNKNOWN_BASE}


def typed_of(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: echo(text) for name, text in texts.items() if name not in (*PAGE_ONLY, HELP_SHOWN)}


def base_of(texts: Mapping[str, str]) -> UUID | None:
    try:
        return parse_base(texts.get("base", ""))
    except ValueError:
        return None


# Intention ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class IntentionPage(CheckinPage):
    """The one box before an infusion, with what she wrote before the last one."""

    when: str = ""
    former: queries.CheckinRow | None = None

    kind = INTENTION


def nobodys_intention() -> IntentionPage:
    due = rules.Due(date(2000, 1, 3), UUID(int=0), 1, -1, asks=False)
    return IntentionPage(due, "words", queries.Stored(None, 0, []), is_nobodys=True)


@bp.get("/intention")
@access.patient
def intention() -> Response:
    page = _intention(access.viewer())
    if page is None:
        return make_response(render_template("checkins/nothing.html", nav="today", what="intention"))
    return make_response(render_template("checkins/intention.html", nav="today", page=page, write_id=uuid4()))


@bp.post("/intention")
@access.patient
def update_intention() -> BaseResponse:
    viewer = access.viewer()
    texts = last_values(request.form)
    answer = record(viewer, INTENTION, texts)
    if not isinstance(answer, Mapping):
        return see_other("/today")
    page = _intention(viewer, errors=answer, typed=typed_of(texts), base=base_of(texts))
    if page is None or answer == {"target": CANCELLED}:
        return nothing("intention", answer, texts)
    return make_response(
        render_template("checkins/intention.html", nav="today", page=page, write_id=uuid4()), 422
    )


def _intention(viewer: access.Viewer, **refused: Any) -> IntentionPage | None:
    today = clock.diary_day(clock.now(), viewer.zone)
    with db.read() as s:
        ref = access.own(s, viewer)
        plan = queries.plan(s, viewer, ref.id)
        ahead = plan.intention(today)
        if ahead is None:
            return None
        begun = plan.intentions.get(ahead.id)
        day = begun if begun is not None and is_open(begun, today) else today
        stored = queries.own_checkin(s, viewer, ref.id, INTENTION, ahead.id, day)
        rows = queries.checkins_of(s, viewer, ref.id)
    former = next(
        (row for row in rows if row.kind == INTENTION and row.target != ahead.id and row.words), None
    )
    due = rules.Due(day, ahead.id, ahead.number, -1, asks=False)
    when = rules.when_words(ahead.day, ahead.at_time, today)
    return IntentionPage(due, "words", stored, when=when, former=former, zone=viewer.zone, **refused)


# Lists --------------------------------------------------------------------------------------------


@bp.get("/check-ins")
@access.patient
def index() -> str:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.own(s, viewer)
        rows = queries.checkins_of(s, viewer, ref.id)
    return render_template("checkins/index.html", nav="check-ins", rows=rows, rules=rules)


@bp.get("/patients/<uuid:patient_uuid>/check-ins")
@access.staff
def of_patient(patient_uuid: UUID) -> str:
    viewer = access.viewer()
    with db.read() as s:
        ref = access.load_patient(s, viewer, patient_uuid)
        rows = queries.checkins_of(s, viewer, ref.id) if ref.shares("infusions") else None
    if rows is not None:
        audit.seen(viewer, ref.id, "checkins", ref.clinic_id)
    by_infusion: dict[UUID, list[queries.CheckinRow]] = {}
    for row in rows or ():
        by_infusion.setdefault(row.target, []).append(row)
    return render_template(
        "checkins/of_patient.html", nav="patients", ref=ref, rows=rows, by_infusion=by_infusion, rules=rules
    )
