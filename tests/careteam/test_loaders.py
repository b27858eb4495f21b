"""To load is to authorise: every loader of a patient's data, called as a stranger, without a link, without consent.

The loaders are found by looking, so a new one is judged without being listed. What they give is searched for
canaries: values, days and kinds of rows that only Alice's diary has.
"""

import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Row

import diary
from diary import db
from diary.accounts.actions import create_person
from diary.accounts.models import Person
from diary.careteam import access, actions
from diary.careteam.models import CareLink, Clinic
from diary.careteam.rules import Kind, Role
from diary.checkins.models import CheckinRevision
from diary.checkins.queries import CheckinRow, Severe
from diary.checkins.rules import Given
from diary.entries.actions import name_symptom
from diary.entries.models import EntryRevision
from diary.entries.queries import DayRow, FactorRow, LastWrite, NoteRow, OwnSymptomRow
from diary.entries.rules import Write
from diary.goodday.models import GoodDayWord
from diary.infusions.actions import mark_gap
from diary.infusions.forms import GapValues
from diary.infusions.models import InfusionRevision
from diary.infusions.queries import GapRow, InfusionRow, LastChange
from diary.medications.models import DoseTaken, MedicationRevision
from diary.medications.queries import MedicationRow, Sayers, medications_of
from diary.response.rules import Course
from diary.sessions.models import Commitment, TickRevision
from diary.sessions.queries import Ahead, GoalRow, SessionChange, SessionRow, sessions_of
from diary.sessions.rules import CommitmentRow
from tests import factories
from tests.conftest import stored

TODAY = date(2026, 3, 30)
NOW = datetime(2026, 3, 30, 12, tzinfo=UTC)
FIRST, GIVEN, NOTED = date(2026, 3, 2), date(2026, 3, 16), date(2026, 3, 20)
TICKED = UUID(int=4321)  # the write of a tick
TAG = re.compile(r"<[^>]*>")
OF_A_PATIENT = {"patient_id", "ref", "patient", "refs"}
ROWS = {
    DayRow: Kind.SCORES, LastWrite: Kind.SCORES, OwnSymptomRow: Kind.SCORES, FactorRow: Kind.SCORES, EntryRevision: Kind.SCORES, Write: Kind.SCORES, Course: Kind.SCORES, NoteRow: Kind.NOTES,
    GapRow: Kind.INFUSIONS, InfusionRow: Kind.INFUSIONS, LastChange: Kind.INFUSIONS, Severe: Kind.INFUSIONS, InfusionRevision: Kind.INFUSIONS, MedicationRow: Kind.INFUSIONS,
    MedicationRevision: Kind.INFUSIONS, Sayers: Kind.INFUSIONS, SessionRow: Kind.SESSIONS, GoalRow: Kind.SESSIONS,
    GoodDayWord: Kind.NOTES, CheckinRow: Kind.INFUSIONS, CheckinRevision: Kind.INFUSIONS, Given: Kind.INFUSIONS, CommitmentRow: Kind.SESSIONS, SessionChange: Kind.SESSIONS, Ahead: Kind.SESSIONS,
}  # fmt: skip


# What these tell, a moment or a flag alone, no canary stands for; strangers are told nothing all the same.
WITHOUT_CANARY = {
    "medications.queries.last_change", "sessions.queries.last_change", "reports.queries.summary.last_session", "reports.queries.made.reports_made",
    "safety.queries.flags.flags_of", "safety.queries.flags.matters_of", "reminders.queries.wishes.own_wishes",
    "reminders.queries.phones.phones_of", "reminders.queries.phones.phone_at", "reminders.queries.phones.endpoints_of",
    "reminders.queries.phones.delivered", "reminders.queries.phones.silence", "reminders.queries.phones.tried", "reminders.queries.phones.tries_left",
}  # fmt: skip
# They ask for each kind by itself, or whether somebody reads a patient's flags, and are empty then.
EMPTY = {
    "reports.queries.summary.facts", "exchange.queries.period.period_data", "safety.queries.flags.matters_of",
}  # fmt: skip


def loaders() -> dict[str, Any]:
    """Public functions of a `queries` module that take a session, a viewer and somebody's patient; and the caseload."""
    found = {}
    for module in pkgutil.walk_packages(diary.__path__, "diary."):
        if "queries" not in module.name.split("."):
            continue
        here = import_module(module.name)
        for name, function in inspect.getmembers(here, inspect.isfunction):
            wanted = [*inspect.signature(function).parameters]
            is_loader = wanted[:2] == ["s", "viewer"] and (OF_A_PATIENT & set(wanted) or name == "caseload")
            if function.__module__ == module.name and not name.startswith("_") and is_loader:
                found[f"{module.name.removeprefix('diary.')}.{name}"] = function
    return found


LOADERS = loaders()
MOMENTS = {"changed_at", "as_of"}  # of whatever is told beside them, by no kind of their own
CANARIES = [Kind.SCORES, Kind.INFUSIONS, Kind.NOTES, Kind.SESSIONS]
# For the person and the operator alone, whoever else is let in elsewhere.
OWN_ONLY = {
    "entries.queries.open_day", "entries.queries.revisions_of", "entries.queries.days_with_writes",
    "exchange.queries.export", "checkins.queries.own_checkin", "checkins.queries.for_phone", "checkins.queries.plan",
    "checkins.queries.plan_for_phone", "checkins.queries.due_rows", "checkins.queries.revisions_of",
    "goodday.queries.own_word", "goodday.queries.line", "goodday.queries.for_phone", "goodday.queries.line_for_phone",
    "goodday.queries.revisions_of",
}  # fmt: skip
# The operator has no patients of their own: what these tell begins with a consent given to the viewer.
LISTS_OF_STAFF = {
    "review.queries.caseload.caseload", "entries.queries.changes_of_many", "infusions.queries.changes_of_many",
    "infusions.queries.gaps_of_many", "checkins.queries.severe_of_many", "sessions.queries.ahead_of_many",
}  # fmt: skip


@pytest.fixture
def alice(app, cast, clock_at):
    """Alice with a diary, an infusion and a note; the loaders' arguments are about it."""
    clock_at(NOW)
    with db.write() as s:
        factories.days(FIRST, [7.3] * 14 + ["x"] + [6.1] * 9, s, cast.alice)
        factories.entry(s, cast.alice, NOTED, note="canary in words", note_private="no")
        given = factories.infusion(s, cast.alice, GIVEN, dose_mg="43.21")
        ref = access.load_patient(s, access.OPERATOR, cast.alice.uuid)
        mark_gap(s, access.OPERATOR, ref, given.uuid, GapValues(40), TODAY, NOW)
        said = {"nausea": "severe", "insight": "canary in words", "insight_private": "no", "done": "yes"}
        factories.checkin(s, cast.alice, given, GIVEN, NOW, **said)
        dose = {"dose": "43.21", "dose_unit": "mg", "times_per_day": "1"}
        taken = factories.medication(s, cast.alice, "Gabapentin", FIRST - timedelta(days=14), **dose)
        s.add(DoseTaken(patient_id=cast.alice.id, medication_id=taken.id, day=TODAY, times=4321, at=NOW))
        factories.session(s, cast.alice, FIRST - timedelta(days=10), commitment_1="Rest", until_1=str(TODAY))
        (agreed,) = stored(s, Commitment, patient_id=cast.alice.id)
        tick = {"source": "page", "zone": "Europe/London", "received_at": NOW, "effective_at": NOW}
        s.add(
            TickRevision(
                commitment_id=agreed.id, day=NOTED, number=1, write_id=TICKED.bytes, is_done=True, **tick
            )
        )
        factories.goal(s, cast.alice, "To the harbour")
        actions.set_factors(s, access.OPERATOR, s.get_one(Clinic, cast.alice.clinic_id), ["Ache 7.3"], NOW)
        name_symptom(s, access.OPERATOR, cast.alice.id, "Ache 7.3", datetime.combine(FIRST, time(12), UTC))
        factories.word(s, cast.alice, "canary in words", datetime.combine(NOTED, time(12), UTC))
    return cast.alice


@dataclass(frozen=True)
class Call:
    """One loader called as one viewer: what was told of which kinds, or that it was refused."""

    is_hidden: bool
    told: frozenset[Kind]


def call(loader: str, viewer: access.Viewer, alice) -> Call:
    with db.read() as s:
        ref = access.load_patient(s, access.OPERATOR, alice.uuid)
        (medicine,) = medications_of(s, access.OPERATOR, alice.id)
        (met,) = sessions_of(s, access.OPERATOR, alice.id)
        given = stored(s, import_module("diary.infusions.models").Infusion, patient_id=alice.id)[0]
        values = {
            "s": s, "viewer": viewer, "patient_id": alice.id, "ref": ref, "patient": ref,
            # The list of patients is what this viewer gets; a single one is forged, as if the route had not looked.
            "refs": [ref] if viewer.operator else access.caseload(s, viewer),
            "since": FIRST - timedelta(days=30), "until": TODAY, "day": NOTED, "today": TODAY, "chosen": NOTED, "on": TODAY,
            "uuid": {"medications": medicine, "sessions": met}.get(loader.split(".")[0], given).uuid, "session_id": met.id,
            "medication_id": medicine.id, "rows": [medicine],
            "kind": "checkin", "target": given.uuid, "infusion_id": given.id, "statuses": ("done", "planned"),
            "span": "all", "key": "pain", "with_table": True, "with_others": True,
            "starts": {alice.id: GIVEN}, "search": "", "opened": alice.uuid, "now": NOW, "as_of": NOW, "indexes": [b""],
        }  # fmt: skip
        if loader.startswith("checkins."):  # on the morning after
            morning = GIVEN + timedelta(days=1)
            values |= {"day": GIVEN, "today": morning, "now": datetime.combine(morning, time(12), UTC)}
        names = inspect.signature(LOADERS[loader]).parameters
        unknown = [n for n, p in names.items() if n not in values and p.default is inspect.Parameter.empty]
        arguments = {name: values[name] for name in names if name in values}
        if "out" in unknown:  # the export writes instead of giving
            import io

            arguments["out"] = io.BytesIO()
            unknown.remove("out")
        assert not unknown, f"{loader} takes {unknown}: tell this test what to give it"
        try:
            result = LOADERS[loader](**arguments)
            if "out" in arguments:
                result = [result, "canary" if arguments["out"].getvalue() else ""]
            return Call(False, frozenset(told(result)))
        except access.Hidden:
            return Call(True, frozenset())


def told(value: Any) -> Iterator[Kind]:
    """The kinds of Alice's data in a value, however deep."""
    yield from (kind for row, kind in ROWS.items() if isinstance(value, row))
    if isinstance(value, access.PatientRef | access.Viewer | Person):
        return
    if isinstance(value, str):
        value = TAG.sub(" ", value)  # where a drawing's lines lie tells nothing; its words do
        yield from ([Kind.NOTES] if "canary" in value else [])
        yield from ([Kind.SCORES] if "7.3" in value or "6.1" in value else [])
        yield from ([Kind.SESSIONS] if "To the harbour" in value or "Sessions, " in value else [])
        yield from ([Kind.INFUSIONS] if "43.21" in value or "nfusion 1" in value else [])
    elif isinstance(value, int):
        yield from ([Kind.INFUSIONS] if value == 4321 else [])
    elif isinstance(value, UUID):
        yield from ([Kind.SESSIONS] if value == TICKED else [])
    elif isinstance(value, float):
        yield from ([Kind.SCORES] if value in (7.3, 6.1) else [])
        yield from ([Kind.INFUSIONS] if value == 43.21 else [])
    elif isinstance(value, datetime):
        yield from ([Kind.SCORES] if FIRST <= value.date() < TODAY else [])
    elif isinstance(value, date):
        yield from ([Kind.SCORES] if FIRST <= value < GIVEN else [])
        yield from ([Kind.INFUSIONS] if value == GIVEN else [])
    elif isinstance(value, Mapping):
        for inner in (*value.keys(), *value.values()):
            yield from told(inner)
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            if one.name not in MOMENTS:
                yield from told(getattr(value, one.name))
    elif isinstance(value, list | tuple | set | frozenset | Row) or inspect.isgenerator(value):
        for inner in value:
            yield from told(inner)


def viewer(name: str, cast) -> access.Viewer:
    with db.read() as s:
        return access.viewer_of(s, s.get_one(Person, getattr(cast, name).id))


def test_loaders_are_found():
    assert len(LOADERS) >= 18
    assert {
        "entries.queries.all_days", "entries.queries.notes_between", "infusions.queries.infusions_of",
        "response.queries.responses", "review.queries.story.story_page", "reports.queries.summary.facts",
    } <= set(LOADERS)  # fmt: skip


def leaks(who: access.Viewer, alice, kinds=frozenset(Kind)) -> dict[str, set[Kind]]:
    """By loader, what it tells this viewer of these kinds."""
    found = {loader: set(call(loader, who, alice).told & set(kinds)) for loader in LOADERS}
    return {loader: kinds for loader, kinds in found.items() if kinds}


def newcomer(alice, role: str, kinds, is_linked: bool) -> access.Viewer:
    with db.write() as s:
        new = create_person(s, "new@example.org", "Dr New", "Europe/London", NOW)
        actions.add_member(s, alice.clinic_id, new.id, role, NOW)
        if is_linked:
            actions.link(s, access.OPERATOR, alice.clinic_id, alice.id, new.id, NOW)
        actions.give_consent(s, access.OPERATOR, alice.id, new.id, kinds, NOW)
        return access.viewer_of(s, new)


def test_the_control_whoever_may_see_it_gets_it(cast, alice):
    """Else the canaries would lie where no loader looks."""
    operator, bob = leaks(access.OPERATOR, alice), leaks(viewer("bob", cast), alice)
    judged = set(LOADERS) - WITHOUT_CANARY
    assert judged - set(operator) == LISTS_OF_STAFF
    assert judged - set(bob) == OWN_ONLY


@pytest.mark.parametrize("who", ["charlie", "erin", "dana"])
def test_a_stranger_gets_nothing(who, cast, alice):
    assert not leaks(viewer(who, cast), alice)


def test_whoever_asks_for_one_patient_is_told_that_there_is_none(cast, alice):
    """Only lists of patients may be empty; the report asks for each kind by itself."""
    single = {
        loader
        for loader, function in LOADERS.items()
        if {"patient_id", "ref", "patient"} & set(inspect.signature(function).parameters)
    }
    charlie = viewer("charlie", cast)
    assert {one for one in single if not call(one, charlie, alice).is_hidden} == EMPTY


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.COACH, Role.ADMIN])
def test_staff_of_the_same_clinic_without_a_link_get_nothing(role, alice):
    assert not leaks(newcomer(alice, role, list(Kind), is_linked=False), alice)


def test_staff_whose_link_has_ended_get_nothing(cast, alice):
    with db.write() as s:
        (link,) = stored(s, CareLink, patient_id=alice.id, staff_id=cast.bob.id)
        actions.end_link(s, access.OPERATOR, alice.clinic_id, link.uuid, NOW)
    assert not leaks(viewer("bob", cast), alice)


def test_without_any_consent_staff_get_nothing(alice):
    assert not leaks(newcomer(alice, Role.CLINICIAN, [], is_linked=True), alice)


@pytest.mark.parametrize("kind", CANARIES)
def test_a_kind_that_was_never_given_is_not_told(kind, alice):
    assert not leaks(newcomer(alice, Role.CLINICIAN, set(Kind) - {kind}, is_linked=True), alice, {kind})


@pytest.mark.parametrize("kinds", [*([kind] for kind in CANARIES), list(Kind)])
def test_a_kind_that_was_withdrawn_is_not_told(kinds, cast, alice):
    bob = viewer("bob", cast)
    with db.write() as s:
        actions.withdraw_consent(s, access.OPERATOR, alice.id, cast.bob.id, kinds, NOW)
    assert not leaks(bob, alice, kinds)
