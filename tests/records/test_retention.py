"""The clinic's time of keeping: only who has left goes, told a month before; what stayed of the erased goes too."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from diary import db
from diary.accounts.actions import create_person
from diary.accounts.models import AccountMail, Person
from diary.careteam import access, actions
from diary.careteam.models import Clinic, Membership
from diary.careteam.rules import Role
from diary.infusions.models import Infusion
from diary.records import actions as records
from diary.records import queries, rules, worker
from tests import factories

LEFT = datetime(2026, 3, 20, 12, tzinfo=UTC)


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


def round(at: datetime, is_mail_on: bool = True, state: str = "sent") -> dict[str, int]:
    """One round of the jobs process; what waited in the box of mails left, or not, a minute later."""
    done = worker.keep_time(at, is_mail_on)
    with db.write() as s:
        waits = update(AccountMail).where(AccountMail.state == "waiting", AccountMail.kind == "going")
        s.execute(waits.values(state=state, try_at=None, sent_at=at + timedelta(minutes=1)))
    return done


DUE = datetime(2027, 3, 20, 3, tzinfo=UTC)
GOES = DUE + timedelta(days=33)


@pytest.mark.both
def test_who_has_left_is_told_and_a_month_later_erased(cast, written):
    leave(written, cast.alice)
    assert round(DUE - timedelta(days=1)) == {}
    assert round(DUE) == {"records_told": 1}
    (mail,) = mails(cast.alice)
    assert (mail.kind, mail.about) == ("going", "22 April 2027")
    for days in (1, 32):
        assert round(DUE + timedelta(days=days)) == {}
    assert erased_at(cast.alice) is None
    assert round(GOES) == {"records_erased": 1}
    assert erased_at(cast.alice) == GOES
    assert worker.listed(worker.list_path()) == {cast.alice.uuid}


def test_nobody_goes_untold(cast, written):
    leave(written, cast.alice)
    assert round(DUE, is_mail_on=False) == {}
    assert round(DUE, state="failed") == {"records_told": 1}
    assert round(DUE + timedelta(days=3)) == {}  # noticed: it begins anew
    later = DUE + timedelta(days=3, minutes=1)
    assert round(later) == {"records_told": 1}
    assert round(GOES) == {} and erased_at(cast.alice) is None
    assert round(later + timedelta(days=33)) == {"records_erased": 1}


def test_the_last_infusion_counts_where_it_is_later(cast, written):
    with written() as s:
        factories.infusion(s, cast.alice, date(2026, 5, 10))
    leave(written, cast.alice)
    assert round(datetime(2027, 5, 9, tzinfo=UTC)) == {}
    assert round(datetime(2027, 5, 10, tzinfo=UTC)) == {"records_told": 1}


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
            of_staff = Membership.role == Role.COACH, Membership.person_id == cast.alice.id
            s.scalars(select(Membership).where(*of_staff)).one().ended_at = LEFT
    for years in (2, 3, 30):
        assert round(datetime(2026 + years, 6, 1, tzinfo=UTC)) == {}
    assert erased_at(cast.alice) is None


def test_who_comes_back_after_being_told_stays(cast, written):
    leave(written, cast.alice)
    assert round(DUE) == {"records_told": 1}
    with written() as s:
        actions.add_member(s, cast.alice.clinic_id, cast.alice.id, Role.PATIENT, DUE)
    assert round(GOES) == {}
    with db.read_anew() as s:
        assert s.get_one(Person, cast.alice.id).goes_at is None


def test_who_is_invited_again_stays_while_the_invitation_is_open(cast, written, clock_at):
    leave(written, cast.alice)
    round(DUE), round(DUE + timedelta(days=1))
    clock_at(GOES - timedelta(days=1))
    with written() as s:
        clinic = s.get_one(Clinic, cast.alice.clinic_id)
        actions.invite(s, access.OPERATOR, clinic, cast.alice.email, Role.PATIENT, GOES - timedelta(days=1))
    clock_at(GOES)
    assert round(GOES) == {} and erased_at(cast.alice) is None
    clock_at(GOES + timedelta(days=7))
    assert round(GOES + timedelta(days=7)) == {"records_told": 1}


def test_who_comes_back_in_the_very_moment_stays(cast, written, monkeypatch):
    leave(written, cast.alice)
    round(DUE), round(DUE + timedelta(days=1))
    erase = records.erase_leaver

    def after_she_is_back(s, *given):
        actions.add_member(s, cast.alice.clinic_id, cast.alice.id, Role.PATIENT, GOES)
        return erase(s, *given)

    monkeypatch.setattr(records, "erase_leaver", after_she_is_back)
    assert round(GOES) == {} and erased_at(cast.alice) is None


def test_many_go_a_few_in_a_round(cast, written):
    with written() as s:
        s.get_one(Clinic, cast.alice.clinic_id).retention_months = 12
        for n in range(8):
            one = create_person(s, f"left{n}@example.org", f"Left {n}", "Europe/London", LEFT)
            actions.add_member(s, cast.alice.clinic_id, one.id, Role.PATIENT, LEFT)
            row = s.scalars(select(Membership).where(Membership.person_id == one.id)).one()
            row.ended_at = LEFT
    assert round(DUE) == {"records_told": 8}
    assert round(DUE + timedelta(days=1)) == {}
    assert [round(GOES).get("records_erased") for _ in range(3)] == [5, 3, None]


def test_what_was_kept_of_somebody_erased_goes_in_its_time(cast, written):
    with written() as s:
        s.get_one(Clinic, cast.alice.clinic_id).retention_months = 12
        for day in (date(2026, 3, 10), date(2026, 4, 10)):
            factories.infusion(s, cast.alice, day)
        records.erase(s, access.OPERATOR, cast.alice.id, LEFT)
    assert round(datetime(2027, 3, 9, tzinfo=UTC)) == {}
    assert round(datetime(2027, 3, 10, tzinfo=UTC)) == {"records_let_go": 1}
    with db.read_anew() as s:
        left = s.scalars(select(Infusion.day).where(Infusion.patient_id == cast.alice.id)).all()
        assert left == [date(2026, 4, 10)] and queries.no_longer_kept(s, date(2027, 3, 10)) == []
