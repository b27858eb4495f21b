"""Page two: medications and MME, side effects, sleep, goals, commitments, own words; and open safety matters on page one."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import select

from diary import db
from diary.accounts.queries import person_by_email
from diary.careteam import access
from diary.reports import queries
from diary.safety.actions import open_flag
from diary.sessions.models import Commitment
from tests import factories
from tests.reports import reading
from tests.reports.test_report import made

SINCE, UNTIL = date(2026, 2, 1), date(2026, 4, 10)
GIVEN = date(2026, 3, 15)


@pytest.fixture(autouse=True)
def _now(clock_at):
    clock_at(datetime(2026, 4, 12, 12, tzinfo=UTC))


def page(person, number=2, **period) -> str:
    pdf = made(person, **period)
    assert reading.is_two_pages(pdf)
    return " ".join(reading.pages(pdf)[number - 1].split())


def as_seen_by(cast, someone, since=SINCE, until=UNTIL) -> str:
    """The report as a page would make it for one of the cast."""
    with db.read() as s:
        viewer = access.viewer_of(s, person_by_email(s, someone.email))
        ref = (
            access.own(s, viewer)
            if someone == cast.alice
            else access.load_patient(s, viewer, cast.alice.uuid)
        )
        facts = queries.facts(s, viewer, ref, since, until)
    return reading.flat(queries.report(facts, "a4"))


class TestMedications:
    def test_the_line_the_table_and_what_the_line_lacks(self, cast, written):
        with written() as s:
            give = lambda name, since, **more: factories.medication(s, cast.alice, name, since, **more)  # noqa: E731
            give("oxycodone", date(2025, 12, 1), dose=20, dose_unit="mg", times_per_day=2)
            give("oxycodone", date(2026, 3, 1), dose=10, dose_unit="mg", times_per_day=2)
            give(
                "tramadol",
                date(2026, 1, 5),
                dose=50,
                dose_unit="mg",
                times_per_day=2,
                as_needed="yes",
                until="2026-02-20",
            )
            give("buprenorphine", date(2026, 1, 5), dose=5, dose_unit="mcg/h", route="transdermal")
            give("duloxetine", date(2026, 1, 2), dose=60, dose_unit="mg", times_per_day=1)
        text = page(cast.alice)
        assert (
            "Medications opioids in morphine milligram equivalents (MME) a day, CDC 2022 table, version"
            in text
        )
        assert "oxycodone opioid 10 mg twice a day 1 Mar 30 from 20 mg twice: 30 MME less" in text
        assert "duloxetine SNRI 60 mg once a day 2 Jan none no" in text
        assert "buprenorphine opioid 5 micrograms an hour 5 Jan not counted no" in text
        assert "ended 20 Feb" in text
        assert "not for converting one opioid to another" in text
        assert "Hatched on top: tramadol until 20 Feb as needed, at most 20 MME a day as prescribed" in text
        assert "Not counted: buprenorphine (no number in the table), so the line is too low by it." in text
        pdf = reading.opened(made(cast.alice))
        figures = [str(one.Alt) for one in reading.elements(pdf) if str(one.S) == "/Figure"]
        assert any("60 from 1 Dec 2025" in words and "30 from 1 Mar 2026" in words for words in figures)

    def test_without_an_opioid_there_is_no_line(self, cast, written):
        with written() as s:
            factories.medication(
                s, cast.alice, "duloxetine", date(2026, 1, 2), dose=60, dose_unit="mg", times_per_day=1
            )
        text = page(cast.alice)
        assert "duloxetine SNRI" in text and "MME is an estimate" not in text

    def test_a_later_dose_is_not_told(self, cast, written):
        with written() as s:
            factories.medication(
                s, cast.alice, "codeine", date(2026, 4, 11), dose=60, dose_unit="mg", times_per_day=1
            )
        assert "Medications" not in page(cast.alice)

    def test_many_go_on_in_the_appendix(self, cast, written):
        with written() as s:
            for n in range(15):
                factories.medication(
                    s,
                    cast.alice,
                    f"medicine {n:02}",
                    date(2026, 1, 2),
                    dose=60,
                    dose_unit="mg",
                    times_per_day=1,
                )
        pdf = made(cast.alice)
        assert reading.is_two_pages(pdf) and "7 more medications in the appendix" in reading.flat(pdf)
        assert reading.pages(pdf)[2].count("medicine ") == 7


class TestAfterInfusions:
    def test_side_effects_of_the_first_day_and_what_was_asked(self, cast, written):
        with written() as s:
            one = factories.infusion(s, cast.alice, GIVEN)
            two = factories.infusion(s, cast.alice, GIVEN + timedelta(days=14))
            factories.infusion(s, cast.alice, GIVEN + timedelta(days=20))
            factories.checkin(s, cast.alice, one, GIVEN, nausea="mild")
            morning = {
                "nausea": "severe",
                "still_detached": "no",
                "fall": "no",
                "urine_often": "no",
                "urine_pain": "no",
            }
            factories.checkin(s, cast.alice, one, GIVEN + timedelta(days=1), **morning)
            factories.checkin(s, cast.alice, one, GIVEN + timedelta(days=3), dizziness="severe")
            factories.checkin(s, cast.alice, two, two.day, headache="marked", own="a taste of metal")
            factories.checkin(
                s, cast.alice, two, two.day + timedelta(days=1), still_detached="mild", fall="yes"
            )
        text = page(cast.alice)
        assert "Side effects, first 24 hours infusion 1 2 Headache – marked Nausea severe –" in text
        assert "Dizziness" not in text
        assert "Checked in after 2 of 3 infusions in the first 24 hours; –: not marked." in text
        assert "Detached or confused on the next day: 1 of 2, at most mild." in text
        assert "A fall: 30 Mar." in text
        assert "Urinary symptoms, asked once: none." in text
        assert "a taste of metal" in text

    def test_nobody_checked_in(self, cast, written):
        with written() as s:
            factories.infusion(s, cast.alice, GIVEN)
        assert "No check-in in this period." in page(cast.alice)

    def test_private_words_are_never_in_it(self, cast, written):
        with written() as s:
            one = factories.infusion(s, cast.alice, GIVEN)
            factories.checkin(s, cast.alice, one, GIVEN, insight="canary", insight_private="yes")
            factories.checkin(
                s, cast.alice, one, GIVEN + timedelta(days=1), insight="the sea", insight_private="no"
            )
        for someone in (cast.alice, cast.bob):
            text = as_seen_by(cast, someone)
            assert "canary" not in text and "the sea" in text and "after infusion 1" in text


class TestSessions:
    @pytest.fixture
    def agreed(self, cast, written):
        with written() as s:
            factories.session(
                s, cast.alice, date(2026, 3, 20), commitment_1="Ten quiet minutes", counted_1="yes",
                commitment_2="Walk to the pier", note="staff canary", private_note="private canary",
            )  # fmt: skip
            factories.goal(s, cast.alice, "To the pier twice a week")
        return cast.alice

    def test_goals_and_commitments_as_they_stood(self, agreed, written):
        text = page(agreed)
        assert "Goal: To the pier twice a week" in text
        assert "Ten quiet minutes Agreed 20 Mar; counted: 0 of 20 days" in text
        assert "Walk to the pier Agreed 20 Mar; not counted" in text
        with written() as s:
            two = s.exec(select(Commitment).where(Commitment.place == 2)).one()
            two.outcome, two.outcome_at = "done", datetime(2026, 4, 2, 9, tzinfo=UTC)
        assert "Walk to the pier Agreed 20 Mar; done 2 Apr." in page(agreed)
        assert "Walk to the pier Agreed 20 Mar; not counted" not in page(agreed, until=date(2026, 4, 1))
        assert "done" not in page(agreed, until=date(2026, 4, 1)).partition("In the patient")[0]

    def test_no_note_of_staff_is_in_any_version(self, agreed, cast):
        for someone in (cast.alice, cast.bob):
            assert "canary" not in as_seen_by(cast, someone)

    def test_what_changed_is_told_since_the_session(self, agreed, written):
        with written() as s:
            factories.days(date(2026, 3, 7), [7] * 14 + [5] * 21, s, agreed)
        text = page(agreed, 1)
        assert "last session 20 March" in text and "7–20 Mar Since 21 Mar Since the session" in text
        assert "Pain 7.0 14 of 14 5.0 21 of 21 eased by 2.0" in text
        assert "Since the last session pain was 2.0 points lower on average." in text


class TestSafety:
    def test_open_matters_stand_in_one_line_for_staff_who_read_them(self, cast, written):
        with written() as s:
            at = datetime(2026, 3, 16, 9, tzinfo=UTC)
            open_flag(s, access.OPERATOR, cast.alice.id, "fall", "checkin:1", at, at)
        said = "Open safety matter: a fall on 16 Mar (high), with Dr Bob Ansah."
        assert said in as_seen_by(cast, cast.bob)
        assert said in page(cast.alice, 1)
        assert "safety matter" not in as_seen_by(cast, cast.alice)
        assert "safety matter" not in as_seen_by(cast, cast.bob, until=date(2026, 3, 15))

    def test_what_has_no_room_is_counted(self, cast, written):
        with written() as s:
            at = datetime(2026, 3, 16, 9, tzinfo=UTC)
            for rule in ("fall", "urinary", "little_sleep", "above_usual"):
                open_flag(s, access.OPERATOR, cast.alice.id, rule, "one", at, at)
        assert "Open safety matters: a fall on 16 Mar (high), with Dr Bob Ansah; and 3 more." in page(
            cast.alice, 1
        )
