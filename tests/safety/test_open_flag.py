"""Opening a flag: one for one matter, none lost, in the transaction of the answer, whoever writes at once."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from diary import db
from diary.accounts.models import Person
from diary.audit.models import AuditEvent
from diary.careteam import access
from diary.careteam import actions as careteam
from diary.careteam.models import CareLink, Clinic, Membership
from diary.safety import actions, queries
from diary.safety.models import Flag, FlagEvent
from tests.conftest import stored

NOW = datetime(2026, 11, 21, 20, 35, tzinfo=UTC)
BEFORE = NOW - timedelta(minutes=9)
MATTER = "checkin:6f1c"


def fell(s, cast, matter=MATTER, rule="fall", now=NOW, **more):
    viewer = more.pop("viewer", access.Viewer(cast.alice.id))
    actions.open_flag(s, viewer, cast.alice.id, rule, matter, BEFORE, now, **more)


def flags():
    with db.read() as s:
        return sorted(stored(s, Flag), key=lambda flag: flag.id)


def events(**where):
    with db.read() as s:
        return sorted(stored(s, FlagEvent, **where), key=lambda event: event.id)


def end(s, model, **where):
    for row in stored(s, model, **where):
        row.ended_at = NOW
        s.add(row)
    s.flush()


@pytest.mark.both
def test_a_flag_with_its_owner_its_event_and_its_audit(app, cast):
    with db.write() as s:
        fell(s, cast, answer="A fall: yes")
    (flag,) = flags()
    assert (flag.code, flag.rule, flag.level, flag.state) == ("F-0001", "fall", "high", "open")
    assert flag.rule_version == queries.rule("fall").version
    assert (flag.owner_id, flag.clinic_id) == (cast.bob.id, cast.alice.clinic_id)
    assert (flag.answered_at, flag.opened_at, flag.waits_since) == (BEFORE, NOW, NOW)
    (event,) = events()
    assert (event.kind, event.words, event.actor_id, event.resent) == (
        "opened", "A fall: yes", cast.alice.id, False,
    )  # fmt: skip
    assert b"fall" not in event.words_sealed and len(flag.matter) == 32 and b"checkin" not in flag.matter
    with db.read() as s:
        (audited,) = stored(s, AuditEvent, action="flag.opened")
        assert (audited.patient_id, audited.clinic_id, audited.thing) == (
            cast.alice.id, cast.alice.clinic_id, str(flag.id),
        )  # fmt: skip


def test_consent_is_not_asked(app, cast):
    with db.write() as s:
        careteam.withdraw_consent(
            s, access.Viewer(cast.alice.id), cast.alice.id, cast.bob.id, ["scores", "notes", "infusions"], NOW
        )
        fell(s, cast)
    assert flags()[0].owner_id == cast.bob.id


def test_the_same_matter_is_said_again(app, cast):
    with db.write() as s:
        fell(s, cast)
    with db.write() as s:
        fell(s, cast, now=NOW + timedelta(hours=1), answer="A fall: yes, again")
    (flag,) = flags()
    assert [event.kind for event in events()] == ["opened", "said_again"]
    assert (flag.events, flag.opened_at) == (2, NOW)


@pytest.mark.parametrize("other", [{"rule": "urinary"}, {"matter": "checkin:77"}])
def test_another_rule_or_matter_is_another_flag(app, cast, other):
    with db.write() as s:
        fell(s, cast)
        fell(s, cast, **other)
    assert [flag.number for flag in flags()] == [1, 2]


def test_a_closed_matter_opens_anew(app, cast):
    with db.write() as s:
        fell(s, cast)
        (flag,) = stored(s, Flag)
        flag.state = "closed"
        fell(s, cast)
    assert [(flag.number, flag.state) for flag in flags()] == [(1, "closed"), (2, "open")]


@pytest.mark.both
@pytest.mark.parametrize("state", ["open", "closed"])
def test_the_same_write_changes_nothing(app, cast, state):
    write = uuid4()
    with db.write() as s:
        fell(s, cast, write_id=write)
        stored(s, Flag)[0].state = state
    with db.write() as s:
        fell(s, cast, write_id=write)
    assert len(flags()) == len(events()) == 1


def test_sent_again_after_a_restore_it_is_raised_again_marked_so(app, cast):
    write = uuid4()
    with db.write() as s:
        fell(s, cast, write_id=write)
        fell(s, cast, write_id=write, resent=True)
        assert [event.resent for event in stored(s, FlagEvent)] == [False, True]
        stored(s, Flag)[0].state = "closed"
        s.flush()
        fell(s, cast, write_id=write, resent=True)
    assert [(flag.state, flag.resent) for flag in flags()] == [("closed", False), ("open", True)]


def test_one_write_may_raise_two_rules(app, cast):
    write = uuid4()
    with db.write() as s:
        fell(s, cast, write_id=write)
        fell(s, cast, rule="detached_next_day", write_id=write)
    assert {flag.rule for flag in flags()} == {"fall", "detached_next_day"}


def test_a_patient_of_two_clinics_has_a_flag_in_each(app, cast):
    with db.write() as s:
        careteam.add_member(s, cast.erin.clinic_id, cast.alice.id, "patient", NOW)
        fell(s, cast)
    assert {(flag.clinic_id, flag.owner_id, flag.number) for flag in flags()} == {
        (cast.bob.clinic_id, cast.bob.id, 1),
        (cast.erin.clinic_id, cast.erin.id, 1),
    }


def test_numbers_go_on_by_clinic(app, cast):
    with db.write() as s:
        fell(s, cast)
        fell(s, cast, matter="two")
        actions.open_flag(s, access.Viewer(cast.charlie.id), cast.charlie.id, "fall", MATTER, BEFORE, NOW)
    assert [(flag.clinic_id == cast.alice.clinic_id, flag.number) for flag in flags()] == [
        (True, 1),
        (True, 2),
        (False, 1),
    ]


def test_the_coach_has_what_is_normal(app, cast):
    with db.write() as s:
        fell(s, cast, rule="silence")
    assert flags()[0].owner_id == cast.cora.id


@pytest.mark.parametrize(
    ("gone", "owner"),
    [
        ([], "bob"),
        (["link"], "bob"),
        (["link", "bob"], "dana"),
        (["link", "bob", "dana"], None),
    ],
)
def test_somebody_else_has_it_where_the_clinician_is_gone(app, cast, gone, owner):
    with db.write() as s:
        for name in gone:
            if name == "link":
                end(s, CareLink, staff_id=cast.bob.id)
            else:
                end(s, Membership, person_id=getattr(cast, name).id)
        fell(s, cast)
    assert flags()[0].owner_id == (getattr(cast, owner).id if owner else None)


def test_who_never_signed_up_can_be_told_nothing(app, cast):
    with db.write() as s:
        s.get(Person, cast.bob.id).passphrase_hash = None
        fell(s, cast)
    assert flags()[0].owner_id == cast.dana.id


def test_who_may_raise_one(app, cast):
    for viewer in (access.OPERATOR, access.Viewer(cast.bob.id, roles=frozenset({(1, "clinician")}))):
        with db.write() as s:
            fell(s, cast, viewer=viewer)
    for who in (cast.charlie, cast.erin, cast.dana):
        viewer = access.Viewer(who.id, roles=frozenset({(who.clinic_id, who.role)}))
        with pytest.raises(access.Hidden), db.write() as s:
            fell(s, cast, viewer=viewer)
    assert [event.kind for event in events()] == ["opened", "said_again"]


def test_a_rule_that_is_not_there(app, cast):
    with pytest.raises(KeyError), db.write() as s:
        fell(s, cast, rule="hiccups")


def test_who_left_the_clinic_has_no_flag_but_a_trace(app, cast):
    with db.write() as s:
        end(s, Membership, person_id=cast.alice.id)
        fell(s, cast)
    with db.read() as s:
        assert not flags() and len(stored(s, AuditEvent, action="flag.nowhere")) == 1


@pytest.mark.both
def test_breaking_after_the_flag_leaves_nothing_each_time(app, cast):
    """40 transactions, half of which break after their flag: every kept answer has its flag, no broken one has."""
    kept = []
    for n in range(40):
        breaks = n % 2 == 0
        try:
            with db.write() as s:
                s.add(CareLink(uuid=UUID(int=n), clinic_id=cast.bob.clinic_id, patient_id=cast.alice.id,
                               staff_id=cast.dana.id, began_at=NOW))  # fmt: skip
                fell(s, cast, matter=f"answer {n}")
                if breaks:
                    raise RuntimeError("power")
            kept.append(n)
        except RuntimeError:
            pass
    with db.read() as s:
        answers = [row for row in stored(s, CareLink) if row.staff_id == cast.dana.id]
        counts = [len(answers), len(stored(s, Flag)), len(stored(s, FlagEvent)), len(stored(s, AuditEvent, action="flag.opened"))]  # fmt: skip
    assert counts == [20, 20, 20, 20] and len(kept) == 20
    assert [flag.number for flag in flags()] == list(range(1, 21))


@pytest.mark.both
@pytest.mark.parametrize("same", [True, False])
def test_writers_at_once(app, cast, same):
    """Six writers with one matter make one flag with six events; with six matters six numbers, none twice."""
    barrier, problems = threading.Barrier(6), []

    def write(n):
        with app.app_context():
            try:
                barrier.wait(10)
                with db.write() as s:
                    fell(s, cast, matter="one" if same else f"matter {n}", write_id=uuid4())
            except Exception as error:
                problems.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not problems
    numbers = [flag.number for flag in flags()]
    assert numbers == ([1] if same else [1, 2, 3, 4, 5, 6])
    assert sorted(event.number for event in events()) == ([1, 2, 3, 4, 5, 6] if same else [1] * 6)


@pytest.mark.both
def test_the_database_itself_keeps_one_live_flag(app, cast):
    with db.write() as s:
        fell(s, cast)
        (flag,) = stored(s, Flag)
        copied = {name: getattr(flag, name) for name in Flag.__table__.columns.keys()}  # noqa: SIM118
    copied |= {"id": None, "uuid": uuid4(), "number": 2}
    with pytest.raises(IntegrityError), db.write() as s:
        s.execute(Flag.__table__.insert().values({k: v for k, v in copied.items() if k != "id"}))
    with db.write() as s:
        s.get(Flag, flag.id).state = "closed"
        s.flush()
        s.execute(Flag.__table__.insert().values({k: v for k, v in copied.items() if k != "id"}))


@pytest.mark.both
@pytest.mark.parametrize(
    "sql", ["DELETE FROM flag_event", "DELETE FROM flag", "UPDATE flag_event SET kind = 'seen'"]
)
def test_neither_can_be_deleted_nor_what_happened_changed(app, cast, sql):
    with db.write() as s:
        fell(s, cast)
    with pytest.raises(DBAPIError, match="append-only"), db.write() as s:
        s.execute(text(sql))
    assert len(flags()) == len(events()) == 1


def test_the_clinics_zone_has_a_default(app, cast):
    with db.read() as s:
        assert s.get(Clinic, cast.alice.clinic_id).zone == "Europe/London"
