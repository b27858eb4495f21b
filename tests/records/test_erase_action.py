"""Erasing takes or empties every row of somebody, leaves everybody else's alone, and can be repeated."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from diary import db
from diary.accounts.actions import guesses
from diary.accounts.models import Person, SignInBudget
from diary.accounts.queries import budgets_of, mail_budgets, person_by_email
from diary.audit import worker as trail
from diary.audit.models import AuditEvent, AuditReason
from diary.careteam import access
from diary.infusions.models import Infusion
from diary.lib import rekey
from diary.records import actions, queries, rules, worker
from diary.records.models import Erasing
from diary.safety.actions import open_flag
from diary.safety.models import Flag
from tests import factories
from tests.records import canaries

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
STAYS = {"audit_event", "flag", "flag_event", "infusion", "login_session"}


def counts(s) -> dict[str, int]:
    return {
        table.name: s.scalar(select(func.count()).select_from(table))
        for table in SQLModel.metadata.sorted_tables
    }


def of(s, person_id: int) -> dict[str, int]:
    """How many rows of each table are a person's."""
    found = {}
    for name, way in rules.OWNED.items():
        table = SQLModel.metadata.tables[name]
        found[name] = s.scalar(
            select(func.count()).select_from(table).where(queries.is_of(table, way, person_id))
        )
    return found


def test_each_table_has_a_fate_and_only_one(app):
    tables = set(inspect(db.engine()).get_table_names()) - {"alembic_version"}
    assert sorted([*rules.OWNED, *rules.EMPTIED, *rules.KEPT]) == sorted(tables)
    assert tables == set(SQLModel.metadata.tables)


@pytest.mark.both
def test_nothing_of_the_person_is_left_and_all_of_everybody_else(app, cast, written):
    with written() as s:
        canaries.fill(s, cast.charlie.id, cast.erin.id, cast.charlie.clinic_id)
        others = of(s, cast.charlie.id)
        alice = s.get_one(Person, cast.alice.id)
        hidden = [bytes(alice.email_sealed), bytes(alice.name_sealed), bytes(alice.email_index)]
    with written() as s:
        before = counts(s)
        canaries.fill(s, cast.alice.id, cast.bob.id, cast.alice.clinic_id)
        guesses.take(s, budgets_of(cast.alice.email, "10.0.0.1", None), NOW)
        guesses.take(s, mail_budgets(cast.alice.email, "10.0.0.2"), NOW)
        assert all(of(s, cast.alice.id).values())
        assert canaries.traces(s, hidden)
    with written() as s:
        actions.erase(s, access.OPERATOR, cast.alice.id, NOW)
    with written() as s:
        assert not any(of(s, cast.alice.id).values())
        assert of(s, cast.charlie.id) == others
        assert canaries.traces(s, [*hidden, cast.alice.email, "Alice"]) == []
        after = counts(s)
        person = s.get_one(Person, cast.alice.id)
        assert (person.name, person.born, person.passphrase_hash, person.zone) == (
            rules.NOBODY,
            None,
            None,
            "UTC",
        )
        assert person.ended_at == person.erased_at == NOW
        assert person_by_email(s, cast.alice.email) is None
        assert s.scalar(select(func.count()).select_from(SignInBudget)) == 2  # the two addresses
        given = s.scalars(select(Infusion).where(Infusion.patient_id == cast.alice.id)).one()
        assert (given.note, given.given_words, given.weight_kg, given.given) == (None, None, None, "{}")
    assert {name for name in after if after[name] > before[name]} == {*STAYS, "notice", "sign_in_budget"}


def test_what_stays_holds_codes_and_numbers_only(app, cast, written, store):
    with written() as s:
        canaries.fill(s, cast.alice.id, cast.bob.id, cast.alice.clinic_id)
    path = Path(store[0].removeprefix("sqlite:///"))
    assert lost(path) == set()
    with written() as s:
        actions.erase(s, access.OPERATOR, cast.alice.id, NOW)
    with db.read_anew() as s:
        assert set(canaries.traces(s, ["canary"])) == {
            "audit_event.action", "audit_event.address", "audit_event.request_id", "audit_event.role", "audit_event.thing",
            "flag.level", "flag.matter", "flag.rule", "flag_event.kind", "infusion.at_time", "infusion.route",
            "infusion.series", "login_session.token_hash",
        }  # fmt: skip
    assert lost(path) == {name for name in rules.OWNED if name not in WORDLESS}


WORDLESS = {"break_glass", "commitment_tick", "dose_taken"}  # nothing in it that could be looked for


def lost(path: Path) -> set[str]:
    """The tables of which no canary stands anywhere in the file of the database, free pages among it."""
    worker.finish()
    raw = path.read_bytes()
    return {name for name in rules.OWNED if name not in WORDLESS and f"canary-{name}-".encode() not in raw}


@pytest.mark.both
def test_what_is_append_only_stays_so_but_for_erasing(cast, written):
    with written() as s:
        factories.infusion(s, cast.alice, date(2026, 3, 10))
    for sql in ("DELETE FROM infusion_revision", "UPDATE infusion_revision SET number = 7"):
        with pytest.raises(Exception, match="append-only"), written() as s:
            s.execute(text(sql))
    with pytest.raises(Exception, match="append-only"), written() as s:
        s.execute(insert(Erasing).values(id=1, never_id=2))
        s.execute(text("DELETE FROM audit_event"))


@pytest.mark.both
def test_the_row_that_opens_it_can_not_be_committed(cast, written):
    with pytest.raises(IntegrityError), written() as s:
        s.execute(insert(Erasing).values(id=1, never_id=2))
    with written() as s:
        assert s.scalar(select(func.count()).select_from(Erasing)) == 0
    for row in ({"id": 2, "never_id": 2}, {"id": 1, "never_id": 1}):
        with pytest.raises(IntegrityError), written() as s:
            s.execute(insert(Erasing).values(**row))


@pytest.mark.both
def test_twice_is_once_and_the_trail_stays_whole(app, cast, written):
    with written() as s:
        factories.entry(s, cast.alice, date(2026, 3, 10), pain=4)
        factories.infusion(s, cast.alice, date(2026, 3, 10))
    trail.append()
    for _ in range(2):
        with written() as s:
            actions.erase(s, access.OPERATOR, cast.alice.id, NOW)
    trail.append()
    with db.read_anew() as s:
        assert trail.walked(s, [])[2] == []
        erased = s.scalars(select(AuditEvent).where(AuditEvent.action == "person.erase")).all()
    assert [(one.patient_id, one.clinic_id) for one in erased] == [(cast.alice.id, cast.alice.clinic_id)]


def test_another_key_can_be_used_afterwards(app, cast, written):
    with written() as s:
        for one in (cast.alice, cast.charlie):
            actions.erase(s, access.OPERATOR, one.id, NOW)
    done = rekey.rotate()
    assert not done.unreadable


@pytest.mark.parametrize("who", ["bob", "charlie", "dana"])
def test_nobody_but_the_person_and_the_operator(cast, written, who):
    with written() as s:
        someone = getattr(cast, who)
        viewer = access.viewer_of(s, s.get_one(Person, someone.id))
        with pytest.raises(access.Hidden):
            actions.erase(s, viewer, cast.alice.id, NOW)


def test_staff_and_a_live_flag_come_first(cast, written):
    with written() as s:
        with pytest.raises(actions.Refused, match="staff"):
            actions.erase(s, access.OPERATOR, cast.bob.id, NOW)
        open_flag(s, access.OPERATOR, cast.alice.id, "fall", "a fall", NOW, NOW)
        with pytest.raises(actions.Refused, match="flag"):
            actions.erase(s, access.OPERATOR, cast.alice.id, NOW)
    with db.read_anew() as s:
        assert s.get_one(Person, cast.alice.id).erased_at is None


def test_in_a_copy_put_back_a_live_flag_is_no_hindrance(cast, written):
    with written() as s:
        open_flag(s, access.OPERATOR, cast.alice.id, "fall", "a fall", NOW, NOW)
        assert actions.erase_again(s, access.OPERATOR, [cast.alice.uuid], NOW) == 1
        assert actions.erase_again(s, access.OPERATOR, [cast.alice.uuid], NOW) == 0
        assert s.scalars(select(Flag.state).where(Flag.patient_id == cast.alice.id)).all() == ["closed"]


def late_in(written, cast):
    with written() as s:
        table = SQLModel.metadata.tables["entry"]
        s.execute(insert(table).values(
            person_id=cast.alice.id, day=date(2026, 5, 4), pain=6, unwell=False, written_by="self", note_private=False,
            late="", skipped="", revisions=1, has_conflict=False, last_write=cast.alice.uuid.bytes, changed_at=NOW, extras="{}",
        ))  # fmt: skip


def test_what_came_in_late_is_swept(cast, written):
    with written() as s:
        actions.erase(s, access.OPERATOR, cast.alice.id, NOW)
    late_in(written, cast)
    assert worker.sweep(NOW + timedelta(minutes=1)).get("records_swept") == 1
    with db.read_anew() as s:
        assert not any(of(s, cast.alice.id).values())
        assert s.get_one(Person, cast.alice.id).erased_at == NOW
    assert worker.sweep(NOW + timedelta(minutes=2)) == {}
    late_in(written, cast)
    assert (
        worker.sweep(NOW + timedelta(hours=9)).get("records_swept") == 1
    )  # the jobs process was down till then
    with db.read_anew() as s:
        assert queries.to_sweep(s) == []


def test_reasons_in_words_go_and_their_events_stay(cast, written):
    from diary.audit import actions as audit

    with written() as s:
        event = audit.record(s, access.OPERATOR, "break_glass.open", cast.alice.id)
        audit.explain(s, event, "Found on the floor")
        actions.erase(s, access.OPERATOR, cast.alice.id, NOW)
        assert s.scalars(select(AuditReason)).all() == []
        assert s.get(AuditEvent, event) is not None


def test_a_closed_flag_is_not_opened_again(client_as, cast, written):
    with written() as s:
        open_flag(s, access.OPERATOR, cast.alice.id, "fall", "a fall", NOW, NOW, answer="A fall: yes")
        flag = s.scalars(select(Flag)).one()
        flag.state, flag.owner_id, uuid = "closed", cast.bob.id, flag.uuid
        s.add(flag)
        actions.erase(s, access.OPERATOR, cast.alice.id, NOW)
        seen = flag.events
    bob = client_as("bob")
    assert "A fall: yes" not in bob.get(f"/flags/{uuid}").text
    page = bob.post(f"/flags/{uuid}/reopening", {"reason": "She rang", "seen": str(seen)})
    assert page.status in (409, 422) and "This person was erased" in page.words()


def test_what_no_clinic_can_claim_goes(cast, written):
    with written() as s:
        factories.infusion(s, cast.alice, date(2026, 3, 10)).clinic_id = None
        s.flush()
        actions.erase(s, access.OPERATOR, cast.alice.id, NOW)
        assert s.scalars(select(Infusion).where(Infusion.patient_id == cast.alice.id)).all() == []
