"""The clinic's time of keeping: only who has left goes, told a month before; what stayed of the erased goes too."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from diary import db
from diary.accounts.models import AccountMail, Person
from diary.careteam import access, actions
from diary.careteam.models import Clinic, Membership
from diary.careteam.rules import Role
from diary.infusions.models import Infusion
from diary.records import actions as records
from diary.records import queries, rules, worker
from tests import factories

LEFT = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_list(app):
    yield
    with app.app_context():
        worker.list_path().unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("day", "months", "after"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2026-11-30", 1, "2026-12-30"),
        ("2026-10-31", 1, "2026-11-30"),
        ("2026-03-10", 96, "2034-03-10"),
        ("2026-11-15", 13, "2027-12-15"),
    ],
)
def test_months_after(day, months, after):
    assert rules.months_after(date.fromisoformat(day), months) == date.fromisoformat(after)


def test_the_longest_of_several_counts_and_one_without_a_word_keeps():
    day = date(2026, 3, 10)
    assert rules.kept_until([]) is None
    assert rules.kept_until([(day, 12), (day, 24)]) == date(2028, 3, 10)
    assert rules.kept_until([(day, 12), (day, None)]) is None


def leave(written, one, months: int | None = 12) -> None:
    with written() as s:
        s.get_one(Clinic, one.clinic_id).retention_months = months
        row = s.scalars(select(Membership).where(Membership.person_id == one.id)).one()
        row.ended_at = LEFT
        s.add(row)


def erased_at(one) -> datetime | None:
    with db.read_anew() as s:
        return s.get_one(Person, one.id).erased_at


def mails(one) -> list[AccountMail]:
    with db.read_anew() as s:
        return s.scalars(select(AccountMail).where(AccountMail.person_id == one.id)).all()


def test_who_has_left_is_told_and_a_month_later_erased(cast, written):
    leave(written, cast.alice)
    due = datetime(2027, 3, 20, 3, tzinfo=UTC)
    assert worker.round(due - timedelta(days=1)) == {}
    assert worker.round(due) == {"records_told": 1}
    (mail,) = mails(cast.alice)
    assert (mail.kind, mail.about) == ("going", "19 April 2027")
    assert worker.round(due + timedelta(days=1)) == {}
    assert worker.round(due + timedelta(days=29)) == {}
    assert erased_at(cast.alice) is None
    later = due + timedelta(days=30)
    assert worker.round(later) == {"records_erased": 1, "erased_listed": 1}
    assert erased_at(cast.alice) == later


def test_the_last_infusion_counts_where_it_is_later(cast, written):
    with written() as s:
        factories.infusion(s, cast.alice, date(2026, 5, 10))
    leave(written, cast.alice)
    assert worker.round(datetime(2027, 5, 9, tzinfo=UTC)) == {}
    assert worker.round(datetime(2027, 5, 10, tzinfo=UTC)) == {"records_told": 1}


@pytest.mark.parametrize("why", ["stays", "no months", "was staff"])
def test_nobody_else_is_ever_touched(cast, written, why):
    if why == "stays":
        with written() as s:
            s.get_one(Clinic, cast.alice.clinic_id).retention_months = 12
            factories.infusion(s, cast.alice, date(2016, 5, 10))
    else:
        leave(written, cast.alice, None if why == "no months" else 12)
    if why == "was staff":
        with written() as s:
            actions.add_member(s, cast.charlie.clinic_id, cast.alice.id, Role.COACH, LEFT)
            row = s.scalars(
                select(Membership).where(Membership.role == Role.COACH, Membership.person_id == cast.alice.id)
            )
            row.one().ended_at = LEFT
    for years in (2, 3, 30):
        assert worker.round(datetime(2026 + years, 6, 1, tzinfo=UTC)) == {}
    assert erased_at(cast.alice) is None


def test_who_comes_back_after_being_told_stays(cast, written):
    leave(written, cast.alice)
    due = datetime(2027, 3, 21, tzinfo=UTC)
    assert worker.round(due) == {"records_told": 1}
    with written() as s:
        actions.add_member(s, cast.alice.clinic_id, cast.alice.id, Role.PATIENT, due)
    assert worker.round(due + timedelta(days=60)) == {}
    with db.read_anew() as s:
        assert s.get_one(Person, cast.alice.id).goes_at is None


def test_what_was_kept_of_somebody_erased_goes_in_its_time(cast, written):
    with written() as s:
        s.get_one(Clinic, cast.alice.clinic_id).retention_months = 12
        for day in (date(2026, 3, 10), date(2026, 4, 10)):
            factories.infusion(s, cast.alice, day)
        records.erase(s, access.OPERATOR, cast.alice.id, LEFT)
    worker.keep_list()
    assert worker.round(datetime(2027, 3, 9, tzinfo=UTC)) == {}
    assert worker.round(datetime(2027, 3, 10, tzinfo=UTC)) == {"records_let_go": 1}
    with db.read_anew() as s:
        assert s.scalars(select(Infusion.day).where(Infusion.patient_id == cast.alice.id)).all() == [
            date(2026, 4, 10)
        ]
        assert queries.no_longer_kept(s, date(2027, 3, 10)) == []
