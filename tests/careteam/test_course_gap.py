"""After how many days without an infusion a new course begins: set by the clinic, and followed wherever courses are told apart."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary import db
from diary.audit.models import AuditEvent
from diary.careteam import access, actions
from diary.careteam.models import Clinic, Membership
from diary.careteam.rules import Role
from diary.goodday.queries import line
from diary.infusions.queries import infusions_of
from diary.reminders.queries.facts import facts_of_many
from diary.reports.queries.summary import facts
from diary.response.rules.days import split_courses
from diary.review.actions import is_anything_met
from tests import factories
from tests.conftest import stored
from tests.reports import reading
from tests.reports.test_report import made

FIRST = date(2026, 3, 15)
GIVEN = [FIRST, FIRST + timedelta(days=40), FIRST + timedelta(days=80)]
TODAY = FIRST + timedelta(days=115)
NOW = datetime(2026, 7, 8, 12, tzinfo=UTC)


@pytest.fixture
def diary(app, cast, clock_at):
    """Three infusions 40 days apart: one course, or three, whose own two weeks before tell another level."""
    clock_at(NOW)
    assert NOW.date() == TODAY
    with db.write() as s:
        factories.days(FIRST - timedelta(days=14), [8] * 14 + [4] * 40 + [6, 7] * 34, s, cast.alice)
        for day in GIVEN:
            factories.infusion(s, cast.alice, day)
    return cast


def starts(app, email="alice@example.org"):
    """By the command: on which days courses begin, and their levels before."""
    result = app.test_cli_runner().invoke(args=["response", email, "--json"])
    assert result.exit_code == 0, result.output
    pain = json.loads(result.output)["symptoms"]["pain"]
    return [(one["started_on"], one["baseline"]) for one in pain]


def save(client_as, gap, who="dana"):
    return client_as(who).post("/clinic/course-gap", {"gap": gap}, follow=True)


def everywhere(client_as, cast):
    """The day on which the latest course begins and the level before it, as each place tells them; and silence in a course."""
    with db.read() as s:
        ref = access.load_patient(s, access.OPERATOR, cast.alice.uuid)
        course = facts(s, access.OPERATOR, ref, FIRST, TODAY).courses["pain"][-1]
        most = line(s, access.OPERATOR, cast.alice.id, TODAY).most
        is_met = is_anything_met(s, access.OPERATOR, cast.alice.id, TODAY)
        subject = facts_of_many(s, access.OPERATOR, [cast.alice.id], NOW, NOW + timedelta(days=9))[
            cast.alice.id
        ]
    own, path = client_as("alice"), f"/patients/{cast.alice.uuid}"
    bob = client_as("bob")
    read = {
        "story": re.search(
            r"your level before the infusions: ([\d.]+),", own.get("/story?span=course").words()
        ),
        "own list": re.search(r"Course \d, since (\d+ \w+)", own.get("/infusions").words()),
        "list": re.search(r"Course \d, since (\d+ \w+)", bob.get(f"{path}/infusions").words()),
        "response": re.search(r"Level before ([\d.]+) ", bob.get(f"{path}/response").words()),
        "patient": re.search(r"infusions? since (\d+ \w+)", bob.get(f"{path}?span=course").words()),
    }
    caseload = bob.get("/patients").words()
    return {
        "report": (course.started_on, course.baseline), "line": most, "silence": is_met,
        "baseline reminder": bool(subject.facts.baseline_for), "caseload": "in mid-course" in caseload,
        **{place: match and match[1] for place, match in read.items()},
    }  # fmt: skip


def test_every_place_follows_what_the_clinic_sets(app, client_as, diary):
    with db.write() as s:
        factories.infusion(s, diary.alice, TODAY + timedelta(days=10), status="planned", series="maintenance")
    set_by_clinic = "after more than 28 days without an infusion, as the clinic has set it"

    def paper() -> str:
        return reading.flat(made(diary.alice, FIRST, TODAY))

    assert starts(app) == [("2026-03-15", 8.0)]
    assert "as the clinic has set it" not in paper()
    assert everywhere(client_as, diary) == {
        "report": (FIRST, 8.0), "line": 5.0, "silence": True, "baseline reminder": False, "caseload": True,
        "story": "8", "own list": "15 March", "list": "15 March", "response": "8", "patient": "15 March",
    }  # fmt: skip
    page = save(client_as, " 28 ")
    assert (
        "Saved" in page.words(page.one("p", role="status"))
        and page.one("input", id="gap").get("value") == "28"
    )
    assert starts(app) == [("2026-03-15", 8.0), ("2026-04-24", 4.0), ("2026-06-03", 6.5)]
    assert everywhere(client_as, diary) == {
        "report": (GIVEN[2], 6.5), "line": 4.0, "silence": False, "baseline reminder": True, "caseload": False,
        "story": "6.5", "own list": "3 June", "list": "3 June", "response": "6.5", "patient": "3 June",
    }  # fmt: skip
    said = client_as("bob").get(f"/patients/{diary.alice.uuid}/response").words()
    assert set_by_clinic in said
    assert set_by_clinic in paper()
    assert save(client_as, "").one("input", id="gap").get("value") == ""
    assert starts(app) == [("2026-03-15", 8.0)]
    with db.read() as s:
        assert {row.course_gap_days for row in stored(s, Clinic)} == {None}
        assert len(stored(s, AuditEvent, action="clinic.course_gap")) == 2


@pytest.mark.both
def test_of_two_clinics_the_first_and_after_leaving_the_last(app, cast, client_as, diary):
    with db.write() as s:
        s.get_one(Clinic, cast.charlie.clinic_id).course_gap_days = 28
        actions.add_member(s, cast.charlie.clinic_id, cast.alice.id, Role.PATIENT, NOW)
    assert cast.alice.clinic_id < cast.charlie.clinic_id
    assert len(starts(app)) == 1
    with db.write() as s:
        (place,) = stored(s, Membership, person_id=cast.alice.id, clinic_id=cast.alice.clinic_id)
        place.ended_at = NOW
        s.add(place)
    assert len(starts(app)) == 3
    with db.write() as s:
        (place,) = stored(s, Membership, person_id=cast.alice.id, clinic_id=cast.charlie.clinic_id)
        place.ended_at = NOW + timedelta(seconds=1)
        s.add(place)
        assert access.course_gap(s, cast.alice.id) == 28


def test_a_longer_gap_is_planned_within_it(client_as, diary):
    save(client_as, "50")
    with db.read() as s:
        last = max(infusions_of(s, access.OPERATOR, diary.alice.id), key=lambda row: row.day)
    path = f"/patients/{diary.alice.uuid}/infusions/{last.uuid}/gap"
    bob = client_as("bob")
    assert "from 1 to 50" in bob.post(path, {"gap_days": "51"}).error_of("gap_days")
    assert bob.post(path, {"gap_days": "50"}).status == 303


@pytest.mark.parametrize("typed", ["27", "181", "soon", "-70", "70.5", "٧٠", "99999"])
def test_bad_input_stands_at_its_field(client_as, cast, typed):
    page = client_as("dana").post("/clinic/course-gap", {"gap": typed})
    assert page.status == 422 and "from 28 to 180" in page.error_of("gap")
    assert page.one("input", id="gap").get("value") == typed
    with db.read() as s:
        assert {row.course_gap_days for row in stored(s, Clinic)} == {None}


@pytest.mark.parametrize("who", ["alice", "bob", "cora", "erin"])
def test_nobody_else(client_as, cast, who):
    assert client_as(who).post("/clinic/course-gap", {"gap": "60"}).status == 404


@given(st.lists(st.integers(1, 200), max_size=12), st.integers(28, 180))
def test_neighbours_lie_within_the_gap_and_courses_beyond_it(steps, gap):
    days = [FIRST + timedelta(days=day) for day in accumulate(steps, initial=0)]
    courses = split_courses(days, gap)
    assert [day for course in courses for day in course] == [day.toordinal() for day in days]
    assert all(later - earlier <= gap for course in courses for earlier, later in pairwise(course))
    assert all(after[0] - before[-1] > gap for before, after in pairwise(courses))
