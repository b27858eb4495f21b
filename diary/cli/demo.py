"""The command that fills a database with the invented clinics."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid5

import click
from flask import Flask, current_app
from sqlmodel import Session

from diary import db
from diary import demo as truths
from diary.accounts import actions as accounts
from diary.accounts.queries import person_by_email
from diary.careteam import access
from diary.careteam import actions as careteam
from diary.careteam.queries import has_clinic, has_people
from diary.careteam.rules import Kind, Role
from diary.checkins import actions as checkins
from diary.checkins.forms import parse_checkin
from diary.cli.common import day_or_fail, fail
from diary.entries import actions as entries
from diary.entries.forms import parse_day
from diary.infusions import actions as infusions
from diary.infusions.forms import GapValues, parse_infusion
from diary.lib import clock
from diary.medications import actions as medications
from diary.medications.forms import parse_medication
from diary.medications.queries import KNOWN
from diary.review import actions as review
from diary.safety import actions as safety
from diary.safety.queries import open_flags
from diary.sessions import actions as sessions
from diary.sessions.forms import parse_session
from diary.sessions.queries import commitments_of
from diary.sessions.rules import TickWrite

CLINIC, OTHER = "Harbour Pain Clinic (demo)", "Hillside Clinic (demo)"
STAFF = (
    ("bob", "Dr Bob Ansah", Role.CLINICIAN, CLINIC),
    ("cora", "Cora Lindqvist", Role.COACH, CLINIC),
    ("dana", "Dana Whitlock", Role.ADMIN, CLINIC),
    ("erin", "Dr Erin Vale", Role.CLINICIAN, OTHER),
    ("finn", "Finn Abara", Role.ADMIN, OTHER),
)
BLOCK = 200


def register(app: Flask) -> None:
    app.cli.add_command(demo)


@click.command("demo")
@click.option("--patients", default=12, type=click.IntRange(2, 500))
@click.option("--days", default=180, type=click.IntRange(1, 3650))
@click.option("--seed", default=1)
@click.option("--until", default="", help="The last day of the diaries; yesterday when left out.")
@click.option("--anyway", is_flag=True, help="Even beside other people.")
def demo(patients: int, days: int, seed: int, until: str, anyway: bool) -> None:
    """Two clinics of invented people."""
    if current_app.config["SETTINGS"].production:
        fail("The demo's passphrase is known to everybody, so it is refused in production.")
    last = (
        day_or_fail(until, "--until")
        if until
        else clock.diary_day(clock.now(), truths.ZONE) - timedelta(days=1)
    )
    with db.read() as s:
        if has_people(s) and not anyway:
            fail("There are people here already; --anyway puts the demo beside them.")
        if has_clinic(s, CLINIC):
            fail("The demo is here already.")
    begun = datetime.combine(last - timedelta(days=days), time(9), UTC)
    hashed = accounts.hasher.hash(truths.PASSPHRASE)
    made = truths.patients(max(patients, 6), days, seed, last)
    if patients < 6:  # Alice and Charlie are always there
        made = [p for p in made if p.key in ("alice", "charlie")] + [
            p for p in made if p.key not in ("alice", "charlie")
        ]
        made = made[:patients]
    with db.write() as s:
        staff = _staff(s, hashed, begun)
    for patient in made:
        _patient(patient, staff, hashed, begun, last)
        _flags(patient, last)
    click.echo(f"Invented people, none of them real: {len(made)} patients up to {last}.")
    for key, name, role, _ in (
        *STAFF[:3],
        ("alice", "Alice Marlow", Role.PATIENT, ""),
        ("charlie", "Charlie Boone", Role.PATIENT, ""),
    ):
        click.echo(f"{key}@demo.example  {name}, {role}")
    click.echo(f"passphrase: {truths.PASSPHRASE}")


def _staff(s: Session, hashed: str, begun: datetime) -> dict[str, tuple[int, int]]:
    """(person, clinic) of each member of staff, by key."""
    found = {}
    for key, name, role, clinic_name in STAFF:
        clinic = careteam.clinic_named(s, clinic_name, begun)
        clinic.is_demo, clinic.country, clinic.second_factor = True, "GB", "off"
        clinic.phone, clinic.opening = truths.PHONES[clinic_name == OTHER], truths.OPENING
        person = accounts.create_person(s, f"{key}@demo.example", name, truths.ZONE, begun)
        person.passphrase_hash = hashed
        careteam.add_member(s, clinic.id or 0, person.id or 0, role, begun)
        found[key] = (person.id or 0, clinic.id or 0)
    return found


def _patient(
    patient: truths.DemoPatient, staff: dict[str, tuple[int, int]], hashed: str, begun: datetime, last: date
) -> None:
    operator = access.OPERATOR
    carers = ("erin",) if patient.key.rstrip("0123456789") in truths.OTHER_CLINIC else ("bob", "cora")
    with db.write() as s:
        person = accounts.create_person(
            s, f"{patient.key}@demo.example", patient.name, truths.ZONE, begun, patient.born
        )
        person.passphrase_hash = hashed
        person_id = person.id or 0
        clinic_id = staff[carers[0]][1]
        careteam.add_member(s, clinic_id, person_id, Role.PATIENT, begun)
        for key in carers:
            careteam.link(s, operator, clinic_id, person_id, staff[key][0], begun)
            careteam.give_consent(s, operator, person_id, staff[key][0], list(Kind), begun)
        ref = access.load_patient(s, operator, person.uuid)
        given: dict[date, UUID] = {}
        for infusion in patient.infusions:
            form = parse_infusion(infusion.fields, date(9999, 1, 1).replace(year=2100))
            if form.value is None:
                raise AssertionError(form.errors)
            recorded = infusions.record_infusion(
                s, operator, ref, form.value, _recorded_at(infusion.on, begun)
            )
            given[infusion.on] = recorded.infusion.uuid
        done = [infusion.on for infusion in patient.infusions if infusion.fields["status"] == "done"]
        if patient.truth.gap and len(done) > 1:
            gap = GapValues(patient.truth.gap, truths.GAP_REASON)
            infusions.mark_gap(s, operator, ref, given[done[-1]], gap, last, _recorded_at(done[-1], begun))
        if (
            patient.key == truths.WITH_GAP
            and patient.infusions
            and patient.infusions[-1].fields["status"] == "planned"
        ):
            gap = GapValues(truths.GAP_DAYS, truths.GAP_REASON)
            uuid, at = given[patient.infusions[-1].on], _recorded_at(last, begun)
            infusions.mark_gap(s, operator, ref, uuid, gap, last, at)
        _medicines(s, patient, carers[0], begun)
        _sessions(s, patient, carers[-1], begun, last)
    for start in range(0, len(patient.days), BLOCK):
        with db.write() as s:
            for day in patient.days[start : start + BLOCK]:
                _day(s, person_id, day)
    with db.write() as s:
        _checkins(s, patient, person_id, given)


def _checkins(s: Session, patient: truths.DemoPatient, person_id: int, given: dict[date, UUID]) -> None:
    for said in patient.checkins:
        typed = parse_checkin(said.fields, said.kind)
        if typed.errors:
            raise AssertionError(typed.errors)
        at = datetime.combine(said.on, time(19 if said.on == said.infused_on else 9), UTC)
        write = checkins.CheckinWrite(
            id=said.id, kind=said.kind, target=given[said.infused_on], day=said.on, fields=typed.fields,
            received_at=at, effective_at=at, zone=truths.ZONE, source=checkins.PHONE, device="Chrome on Android",
            recorded_at=at, digest=bytes(32),
        )  # fmt: skip
        checkins.record_checkin(s, access.OPERATOR, person_id, write)


def _medicines(s: Session, patient: truths.DemoPatient, carer: str, begun: datetime) -> None:
    """As the clinician recorded them; what is the patient's own she said herself, and it waits."""
    person, clinician = (person_by_email(s, f"{key}@demo.example") for key in (patient.key, carer))
    assert person is not None
    assert clinician is not None
    own, theirs = access.viewer_of(s, person), access.viewer_of(s, clinician)
    refs = {True: access.own(s, own), False: access.load_patient(s, theirs, person.uuid)}
    for medicine in patient.medicines:
        form = parse_medication(medicine.fields, date(2100, 1, 1), KNOWN)
        if form.value is None:
            raise AssertionError(form.errors)
        viewer, ref = own if medicine.is_own else theirs, refs[medicine.is_own]
        medications.record_medication(s, viewer, ref, form.value, _recorded_at(medicine.on, begun))


def _flags(patient: truths.DemoPatient, last: date) -> None:
    """What the patient's answers opened, what staff did about it, and what the diary's days open by themselves."""
    operator = access.OPERATOR
    with db.write() as s:
        person = person_by_email(s, f"{patient.key}@demo.example")
        assert person is not None
        flag = truths.FLAGS.get(patient.key)
        if flag is not None:
            at = flag.answered_at(last).astimezone(UTC)
            viewer = access.viewer_of(s, person)
            safety.open_flag(
                s, viewer, person.id, flag.rule, f"demo:{flag.rule}", at, at + timedelta(minutes=1), answer=flag.answer
            )  # fmt: skip
            carer = person_by_email(
                s, f"{'erin' if patient.key in truths.OTHER_CLINIC else 'bob'}@demo.example"
            )
            assert carer is not None
            _acts(s, access.viewer_of(s, carer), flag, at + timedelta(minutes=1))
        morning = datetime.combine(last + timedelta(days=1), time(6), clock.zone_of(truths.ZONE)).astimezone(
            UTC
        )
        review.look_at_days(s, operator, person.id, last + timedelta(days=1), morning)


def _acts(s: Session, carer: access.Viewer, flag: truths.DemoFlag, at: datetime) -> None:
    row = next(row for row in open_flags(s, carer, at) if row.flag.rule == flag.rule)
    for number, (act, hours, said) in enumerate(flag.acts, start=1):
        do = safety.acknowledge if act == "acknowledge" else safety.close
        do(s, carer, row.flag.uuid, said, number, at + timedelta(hours=hours))


def _sessions(s: Session, patient: truths.DemoPatient, carer: str, begun: datetime, last: date) -> None:
    """As the coach recorded them, one after the other; goals as they came up."""
    person, coach = (person_by_email(s, f"{key}@demo.example") for key in (patient.key, carer))
    assert person is not None
    assert coach is not None
    viewer, own = access.viewer_of(s, coach), access.viewer_of(s, person)
    ref = access.load_patient(s, viewer, person.uuid)
    for met in patient.sessions:
        at = _recorded_at(met.on, begun)
        earlier = [one for one in commitments_of(s, viewer, ref.id) if not one.outcome]
        became = {f"became_{one.uuid}": said for one, said in zip(earlier, met.became, strict=False)}
        form = parse_session(met.fields | became, date(2100, 1, 1), ref.zone)
        if form.value is None:
            raise AssertionError(form.errors)
        stored = sessions.record_session(s, viewer, ref, form.value, at, met.is_shared).session
        for one in commitments_of(s, own, ref.id):
            is_its = one.is_counted and one.session == stored.uuid
            for day in truths.done_days(one.agreed_on, last) if is_its else ():
                said = TickWrite(uuid5(one.uuid, str(day)), _recorded_at(day, begun), True)
                sessions.tick(s, own, one.uuid, day, said, day, said.effective_at)
        if met.goal:
            sessions.set_goal(s, viewer, ref, met.goal, met.on + timedelta(days=120), at)


def _recorded_at(on: date, begun: datetime) -> datetime:
    return min(max(begun, datetime.combine(on, time(15), UTC)), clock.now())


def _day(s: Session, person_id: int, day: truths.DemoDay) -> None:
    typed = parse_day(day.fields)
    if typed.errors:
        raise AssertionError(typed.errors)
    at = day.at.astimezone(UTC)
    write = entries.imported(day.on, typed.fields, truths.ZONE, at, typed.written_by, at)
    entries.record_entry(s, access.OPERATOR, person_id, write)
