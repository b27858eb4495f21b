"""The one write path: once per id, one revision per accepted write, nothing overwritten in silence."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from diary.audit.models import AuditEvent, SyncWrite
from diary.careteam import access
from diary.entries import queries
from diary.entries.actions import PHONE, Closed, DayWrite, IdReused, UnknownBase, imported, record_entry
from diary.entries.models import Entry, EntryRevision
from diary.entries.rules import Note, digest_of, renamed
from tests.conftest import stored

pytestmark = pytest.mark.both
DAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
WRITE = UUID("12345678-1234-4234-8234-123456789abc")


@pytest.fixture
def alice(cast):
    return access.Viewer(cast.alice.id, "Alice Marlow", "Europe/London", device="Chrome on Android")


def page(minutes=0, write_id=None, seen=None, day=DAY, by=None, **fields) -> DayWrite:
    at = NOON + timedelta(minutes=minutes)
    digest = digest_of({"seen": str(seen), "by": by, "form": {k: repr(v) for k, v in fields.items()}})
    return DayWrite(
        write_id or uuid4(), day, fields, at, at, "Europe/London",
        device="Chrome on Android", written_by=by, recorded_at=at, seen=seen, digest=digest,
    )  # fmt: skip


def phone(minutes=0, base=None, **fields) -> DayWrite:
    return replace(page(minutes, **fields), source=PHONE, base=base or {})


def entry(s, cast) -> Entry:
    s.expire_all()
    return stored(s, Entry, person_id=cast.alice.id, day=DAY)[0]


def test_a_first_write_is_stored_once_with_all_that_belongs_to_it(s, cast, alice):
    recorded = record_entry(s, alice, alice.person_id, page(write_id=WRITE, pain=4, note=Note("quiet", True)))
    assert (recorded.id, recorded.revision, recorded.is_new) == (WRITE, 1, True)
    assert recorded.outcome == {"pain": "applied", "note": "applied"}
    found = entry(s, cast)
    assert (found.pain, found.mood, found.note, found.note_private) == (4, None, "quiet", True)
    assert (found.revisions, found.last_write, found.late, found.skipped) == (1, WRITE.bytes, 0, 0)
    revision = stored(s, EntryRevision, entry_id=found.id)[0]
    assert (revision.actor_id, revision.device, revision.source) == (
        alice.person_id,
        "Chrome on Android",
        "page",
    )
    assert (revision.zone, revision.note, revision.effective_at) == ("Europe/London", "quiet", NOON)
    assert "quiet" not in revision.fields
    receipt = stored(s, SyncWrite, person_id=cast.alice.id)[0]
    assert receipt.write_id == WRITE and receipt.revision == 1
    assert [
        e.action for e in stored(s, AuditEvent, patient_id=cast.alice.id) if e.thing == str(found.id)
    ] == ["entry.create"]


def test_the_note_is_sealed_in_the_database(s, cast, alice):
    record_entry(s, alice, alice.person_id, page(note=Note("a canary sang", False)))
    for table in ("entry", "entry_revision"):
        blob = s.execute(text(f"SELECT note_sealed FROM {table}")).scalar_one()
        assert b"canary" not in bytes(blob)


def test_a_repeat_gives_the_same_answer_and_changes_nothing(s, cast, alice):
    write = page(pain=4)
    first = record_entry(s, alice, alice.person_id, write)
    for _ in range(2):
        again = record_entry(s, alice, alice.person_id, replace(write, received_at=NOON + timedelta(hours=1)))
        assert (again.id, again.revision) == (first.id, first.revision)
    assert entry(s, cast).revisions == 1
    assert len(stored(s, EntryRevision)) == len(stored(s, SyncWrite)) == 1


def test_the_same_page_sent_again_with_other_contents_names_its_first(s, cast, alice):
    """Back, changed, sent again: a new write, which replaces what the same page said before."""
    record_entry(s, alice, alice.person_id, page(write_id=WRITE, pain=4))
    other = page(1, write_id=WRITE, pain=6)
    second = record_entry(s, alice, alice.person_id, other)
    assert second.id == renamed(WRITE, other.digest) and second.revision == 2
    found = entry(s, cast)
    assert found.pain == 6 and not found.has_conflict
    assert record_entry(s, alice, alice.person_id, other).revision == 2
    third = record_entry(s, alice, alice.person_id, page(2, write_id=WRITE, pain=6, mood=1))
    assert third.outcome == {"mood": "applied"}


def test_a_phone_may_not_use_an_id_twice(s, alice):
    write = phone(pain=4)
    record_entry(s, alice, alice.person_id, write)
    with pytest.raises(IdReused):
        record_entry(s, alice, alice.person_id, replace(write, digest=b"x" * 32))


def test_a_page_touches_only_what_differs_from_what_it_showed(s, cast, alice):
    first = record_entry(s, alice, alice.person_id, page(pain=4, mood=5))
    record_entry(s, alice, alice.person_id, page(1, seen=first.id, pain=8, mood=5))  # elsewhere
    stale = record_entry(s, alice, alice.person_id, page(2, seen=first.id, pain=4, mood=5, fatigue=2))
    assert stale.outcome == {"fatigue": "applied"}
    found = entry(s, cast)
    assert (found.pain, found.mood, found.fatigue, found.has_conflict) == (8, 5, 2, False)


def test_nothing_touched_stores_nothing(s, cast, alice):
    first = record_entry(s, alice, alice.person_id, page(pain=4))
    again = record_entry(s, alice, alice.person_id, page(1, seen=first.id, pain=4))
    assert again.revision == 0 and len(stored(s, EntryRevision)) == len(stored(s, SyncWrite)) == 1
    assert record_entry(s, alice, alice.person_id, page(day=DAY - timedelta(days=1))).revision == 0
    assert len(stored(s, Entry)) == 1


def test_two_pages_that_did_not_know_of_each_other(s, cast, alice):
    record_entry(s, alice, alice.person_id, page(pain=4))
    second = record_entry(s, alice, alice.person_id, page(1, pain=7))
    found = entry(s, cast)
    assert found.pain == 7 and found.has_conflict
    shown = queries.open_day(s, alice, alice.person_id, DAY).projection.fields["pain"]
    assert [value for value, _ in shown.conflicts] == [4]
    record_entry(s, alice, alice.person_id, page(2, seen=second.id, pain=7))  # the shown one, chosen
    found = entry(s, cast)
    assert found.pain == 7 and not found.has_conflict


def test_an_older_answer_that_arrives_later_is_kept_beside(s, cast, alice):
    record_entry(s, alice, alice.person_id, phone(5, pain=7))
    older = record_entry(s, alice, alice.person_id, phone(1, pain=3))
    assert older.outcome == {"pain": "superseded"} and older.revision == 2
    found = entry(s, cast)
    assert found.pain == 7 and found.has_conflict and found.revisions == 2
    assert record_entry(s, alice, alice.person_id, phone(1, pain=3)).outcome == {"pain": "superseded"}


def test_a_base_that_is_not_stored(s, alice):
    with pytest.raises(UnknownBase):
        record_entry(s, alice, alice.person_id, page(seen=uuid4(), pain=4))
    assert not stored(s, EntryRevision)


@pytest.mark.parametrize(("ago", "is_writable"), [(0, True), (7, True), (8, False), (-1, False)])
def test_which_days_can_be_written(s, alice, ago, is_writable):
    write = page(pain=4, day=DAY - timedelta(days=ago))
    if is_writable:
        assert record_entry(s, alice, alice.person_id, write).revision == 1
        return
    with pytest.raises(Closed):
        record_entry(s, alice, alice.person_id, write)
    assert not stored(s, Entry) and not stored(s, SyncWrite)


def test_a_day_that_was_written_is_never_future(s, cast, alice):
    """West across the date line: what is yesterday's today may still be changed."""
    first = record_entry(s, alice, alice.person_id, page(pain=4))
    west = replace(page(seen=first.id, pain=5), zone="Pacific/Honolulu", effective_at=NOON)
    assert record_entry(s, alice, alice.person_id, west).revision == 2


def test_late_is_by_score(s, cast, alice):
    yesterday = DAY - timedelta(days=1)
    record_entry(s, alice, alice.person_id, page(-24 * 60, day=yesterday, pain=4))
    record_entry(s, alice, alice.person_id, page(day=yesterday, mood=2, fatigue=None))
    row = queries.days_between(s, alice, alice.person_id, yesterday, yesterday)[0]
    assert row.late == {"mood"} and row.skipped == {"fatigue"}
    assert row.scores == {"pain": 4, "fatigue": None, "sleep": None, "mood": 2, "cognition": None}


def test_an_import_is_unchanged_when_it_says_the_same(s, cast, alice):
    operator = access.OPERATOR
    fields = {"pain": 4.5, "note": Note("n", None)}
    first = record_entry(s, operator, alice.person_id, imported(DAY, fields, "Europe/London", NOON))
    assert first.revision == 1 and not queries.all_days(s, alice, alice.person_id)[0].late
    assert (
        record_entry(s, operator, alice.person_id, imported(DAY, fields, "Europe/London", NOON)).revision == 0
    )
    later = record_entry(s, operator, alice.person_id, imported(DAY, {"pain": 5}, "Europe/London", NOON))
    assert later.revision == 2 and entry(s, cast).note == "n" and not entry(s, cast).has_conflict
    assert stored(s, EntryRevision)[0].source == "import"


def test_unwell_erases_no_score(s, cast, alice):
    first = record_entry(s, alice, alice.person_id, page(pain=9))
    record_entry(s, alice, alice.person_id, page(1, seen=first.id, unwell=True))
    assert (entry(s, cast).pain, entry(s, cast).unwell) == (9, True)


def test_naming_another_writer_signs_the_day_anew(s, cast, alice):
    first = record_entry(s, alice, alice.person_id, page(pain=4, mood=2, by="self"))
    assert record_entry(s, alice, alice.person_id, page(1, seen=first.id, pain=4, by="self")).revision == 0
    second = record_entry(s, alice, alice.person_id, page(2, seen=first.id, pain=4, by="helper"))
    assert second.revision == 2 and entry(s, cast).written_by == "helper"
    third = record_entry(s, alice, alice.person_id, page(3, seen=second.id, fatigue=1))  # absent: as before
    assert entry(s, cast).written_by == "helper"
    record_entry(s, alice, alice.person_id, page(4, seen=third.id, by="self"))
    found = entry(s, cast)
    assert (found.written_by, found.pain, found.mood, found.fatigue) == ("self", 4, 2, 1)
    assert not found.has_conflict


def test_nobody_writes_for_somebody_else(s, cast, alice):
    for someone in (cast.bob, cast.charlie, cast.dana):
        stranger = access.Viewer(someone.id, zone="Europe/London")
        with pytest.raises(access.Hidden):
            record_entry(s, stranger, alice.person_id, page(pain=4))
        with pytest.raises(access.Hidden):
            queries.open_day(s, stranger, alice.person_id, DAY)
    assert not stored(s, Entry)


def test_the_same_id_of_two_people_are_two_writes(s, cast, alice):
    charlie = access.Viewer(cast.charlie.id, zone="Europe/London")
    for viewer in (alice, charlie):
        assert record_entry(s, viewer, viewer.person_id, page(write_id=WRITE, pain=4)).revision == 1


def test_what_fails_leaves_nothing_behind(app, cast, alice, written, monkeypatch):
    from diary.entries import actions

    monkeypatch.setattr(actions.audit, "record", lambda *_args, **_kw: 1 / 0)
    with pytest.raises(ZeroDivisionError), written() as session:
        record_entry(session, alice, alice.person_id, page(pain=4))
    with written() as session:
        assert (
            not stored(session, Entry)
            and not stored(session, EntryRevision)
            and not stored(session, SyncWrite)
        )
