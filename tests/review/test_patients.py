"""The caseload: who needs somebody, in words; a constant number of statements; only what is shared."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event

from diary import db
from diary.accounts.actions import create_person
from diary.audit.models import AuditEvent
from diary.careteam import access, actions
from diary.careteam.rules import Kind
from diary.infusions.models import PlannedGap
from diary.lib import clock
from diary.safety.actions import open_flag
from diary.safety.models import Flag
from tests import factories
from tests.conftest import stored

TODAY = date(2026, 4, 20)


@pytest.fixture(autouse=True)
def now(clock_at):
    clock_at(datetime(2026, 4, 20, 12, tzinfo=UTC))


def logged(s, person, scores, until=TODAY):
    factories.days(until - timedelta(days=len(scores) - 1), scores, s, person)


def withdraw(cast, staff, *kinds):
    with db.write() as s:
        actions.withdraw_consent(s, access.OPERATOR, cast.alice.id, staff.id, kinds, clock.now())


def row_of(page, name):
    """The row of the caseload that is somebody's."""
    return next(row for row in page.all("tr") if page.words(row).startswith(name))


def test_each_sees_their_own(client_as):
    page = client_as("cora").get("/patients")
    assert page.status == 200 and "Alice Marlow" in page.text and "Charlie" not in page.text


def test_nobody_linked(client_as, cast):
    from diary.careteam.models import CareLink

    with db.write() as s:
        for link in stored(s, CareLink, staff_id=cast.cora.id):
            link.ended_at = clock.now()
            s.add(link)
    page = client_as("cora").get("/patients")
    assert "Nobody is linked to you yet" in page.text


@pytest.mark.parametrize("who", ["alice", "dana", "charlie"])
def test_strangers_get_404(client_as, who):
    assert client_as(who).get("/patients").status == 404


def test_signed_out(client_as):
    assert client_as().get("/patients").location.startswith("/sign-in")


def test_reasons_in_words(client_as, cast):
    with db.write() as s:
        logged(s, cast.alice, [4] * 14 + [7, 7, 4, 7, 7, 7, 6])
    page = client_as("bob").get("/patients")
    assert "Something to know" in page.text
    assert "Pain above the usual" in page.text
    assert "2 points or more above 4" in page.text


def test_silence_in_mid_course(client_as, cast):
    with db.write() as s:
        logged(s, cast.alice, [6] * 20, until=TODAY - timedelta(days=5))
        factories.infusion(s, cast.alice, TODAY - timedelta(days=12))
    page = client_as("bob").get("/patients")
    assert "No entry since Wed 15 Apr" in page.text
    assert "4 days, in mid-course" in page.text
    assert "day 12 after no. 1" in page.text


def test_a_planned_infusion_is_named(client_as, cast):
    with db.write() as s:
        logged(s, cast.alice, [6] * 20)
        factories.infusion(s, cast.alice, TODAY + timedelta(days=2), status="planned")
    assert "Wed 22 Apr" in client_as("bob").get("/patients").text


def test_the_relief_of_a_long_course_is_judged_by_its_own_level(client_as, cast):
    """The course began 150 days ago: the level before it lies outside the days that the page looks at."""
    first = TODAY - timedelta(days=150)
    with db.write() as s:
        factories.days(first - timedelta(days=14), [8] * 15 + [7] * 126, s, cast.alice)
        for step in (0, 50, 100, 127):
            factories.infusion(s, cast.alice, first + timedelta(days=step))
        logged(s, cast.alice, [4] * 16 + [8] * 6)
    assert "Relief ended on day 18" in client_as("bob").get("/patients").text


def test_finding_somebody(client_as):
    assert "Alice Marlow" in client_as("bob").get("/patients?q=marl").text
    page = client_as("bob").get("/patients?q=%3Cscript%3E")
    assert "Nobody of that name" in page.text and "<script>" not in page.text.split("</head>")[1]


def test_the_other_three_on_request(client_as, cast):
    with db.write() as s:
        for step in range(10):
            factories.entry(
                s,
                cast.alice,
                TODAY - timedelta(days=step + 1),
                pain=5,
                mood=4,
                sleep=6,
                fatigue=step,
                cognition=2,
            )
    page = client_as("bob").get(f"/patients?open={cast.alice.uuid}")
    assert len(page.all("div", class_="three")) == 1
    assert client_as("bob").get("/patients?open=nonsense").status == 200


def test_what_is_not_shared_is_not_there(client_as, cast):
    with db.write() as s:
        logged(s, cast.alice, [4] * 14 + [9] * 7)
        factories.infusion(s, cast.alice, TODAY - timedelta(days=3))
        actions.withdraw_consent(s, access.OPERATOR, cast.alice.id, cast.bob.id, list(Kind), clock.now())
    page = client_as("bob").get("/patients")
    row = row_of(page, "Alice Marlow")
    assert page.words(row) == "Alice Marlow Shares nothing with you not shared not shared Record infusion"
    assert [a.get("href") for a in row.iter("a")] == [f"/patients/{cast.alice.uuid}/infusions/new"]
    assert all("svg" not in str(el.tag) for el in row.iter())
    cora = client_as("cora")
    withdraw(cast, cast.cora, *Kind)
    assert list(row_of(cora.get("/patients"), "Alice Marlow").iter("a")) == [], "a coach records none"


def test_scores_that_are_not_shared_have_no_squares(client_as, cast):
    with db.write() as s:
        logged(s, cast.alice, [4] * 21)
    withdraw(cast, cast.bob, Kind.SCORES)
    page = client_as("bob").get("/patients")
    row = row_of(page, "Alice Marlow")
    assert page.words(row) == "Alice Marlow Scores not shared not shared no infusion planned no infusion yet"
    assert [a.get("href") for a in row.iter("a")] == [f"/patients/{cast.alice.uuid}"]


def test_the_last_scores_in_words_are_those_of_the_chart(client_as, cast):
    """Both end yesterday: today is not over."""
    with db.write() as s:
        logged(s, cast.alice, [8] * 14 + [8] + [3] * 4 + [7, 8, 6, 1])
        factories.infusion(s, cast.alice, TODAY - timedelta(days=8))
    page = client_as("bob").get("/patients")
    row = row_of(page, "Alice Marlow")
    assert "Pain 7, 8, 6 last." in page.words(row)
    assert "Pain, last score 6" in page.words(row)


def test_an_infusion_of_this_night_is_todays(client_as, cast, clock_at):
    clock_at(datetime(2026, 4, 20, 1, 30, tzinfo=UTC))
    with db.write() as s:
        logged(s, cast.alice, [6] * 20, until=TODAY - timedelta(days=1))
        factories.infusion(s, cast.alice, TODAY, time="00:40")
    assert "no. 1 today" in client_as("bob").get("/patients").words()


def flagged(cast, rule="fall", matter="m", ago=timedelta(minutes=5), who="alice"):
    person = getattr(cast, who)
    with db.write() as s:
        then = clock.now() - ago
        open_flag(s, access.Viewer(person.id), person.id, rule, matter, then, then)


def groups(page):
    return [page.words(row) for row in page.all("tr", class_="group")]


def test_open_flags_stand_first_whatever_the_consent(client_as, cast):
    flagged(cast)
    withdraw(cast, cast.bob, *Kind)
    page = client_as("bob").get("/patients")
    assert groups(page) == ["Flags open 1, most pressing first"]
    words = page.words(row_of(page, "Alice Marlow"))
    assert "High flag, with Dr Bob Ansah A fall, today, 12:55. Not acknowledged yet." in words
    with db.read() as s:
        (flag,) = stored(s, Flag)
    assert page.one("a", href=f"/flags/{flag.uuid}") is not None
    assert "As usual" not in words


def test_what_is_overdue_stands_before_what_is_urgent(client_as, cast):
    with db.write() as s:
        noor = create_person(s, "noor@example.org", "Noor Haddad", "UTC", clock.now())
        actions.add_member(s, cast.bob.clinic_id, noor.id, "patient", clock.now())
        actions.link(s, access.OPERATOR, cast.bob.clinic_id, noor.id, cast.bob.id, clock.now())
        open_flag(s, access.OPERATOR, noor.id, "emergency_after_infusion", "m", clock.now(), clock.now())
    flagged(cast, ago=timedelta(hours=3))
    page = client_as("bob").get("/patients")
    names = [page.words(th) for row in page.all("tr") for th in row.findall("th") if th.get("scope") == "row"]
    assert names == ["Alice Marlow", "Noor Haddad"]
    assert "Overdue." in page.words(row_of(page, "Alice Marlow"))


def test_a_flag_over_days_is_said_once_with_the_diarys_words(client_as, cast):
    with db.write() as s:
        logged(s, cast.alice, [4] * 14 + [7, 7, 4, 7, 7, 7, 6])
    flagged(cast, "above_usual", "days:pain")
    page = client_as("bob").get("/patients")
    words = page.words()
    assert words.lower().count("pain above the usual") == 1
    assert [page.words(row) for row in page.all("tr", class_="group")] == [
        "Flags open 1, most pressing first"
    ]
    assert "Flag: pain above the usual 2 points or more above 4" in words
    assert "With Cora Lindqvist. Not acknowledged yet." in words


def test_another_clinics_flags_are_not_told(client_as, cast):
    flagged(cast, who="charlie")
    assert "flag," not in client_as("bob").get("/patients").text
    assert "High flag, with Dr Erin Vale" in client_as("erin").get("/patients").text


def test_looking_at_the_list_is_one_event_without_subjects(client_as, cast):
    client = client_as("bob")
    client.get("/patients")
    client.get("/patients")
    with db.read() as s:
        events = stored(s, AuditEvent, action="view.caseload")
    assert [(e.actor_id, e.patient_id) for e in events] == [(cast.bob.id, None)]


@pytest.mark.both
def test_the_number_of_statements_does_not_grow(app, cast):
    def statements():
        from diary.review import queries

        viewer = access.Viewer(cast.bob.id, roles=frozenset({(cast.bob.clinic_id, "clinician")}))
        count = []
        engine = db.database().reader
        listen = lambda *args: count.append(args[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", listen)
        with db.read() as s:
            rows = queries.caseload(s, viewer, TODAY, now=clock.now())
        event.remove(engine, "before_cursor_execute", listen)
        return len(count), len(rows)

    def add(number):
        with db.write() as s:
            for n in range(number):
                person = create_person(s, f"p{n}-{number}@example.org", f"P {n}", "UTC", clock.now())
                actions.add_member(s, cast.bob.clinic_id, person.id, "patient", clock.now())
                actions.link(s, access.OPERATOR, cast.bob.clinic_id, person.id, cast.bob.id, clock.now())
                actions.give_consent(s, access.OPERATOR, person.id, cast.bob.id, list(Kind), clock.now())
                logged(s, person, [5, 6, 7])
                factories.infusion(s, person, TODAY - timedelta(days=140))
                factories.infusion(s, person, TODAY - timedelta(days=80))

    add(4)
    few, rows_few = statements()
    add(16)
    many, rows_many = statements()
    assert rows_many == rows_few + 16
    assert many == few


def test_only_one_group_is_shown_on_request(client_as, cast):
    with db.write() as s:
        logged(s, cast.alice, [4] * 21)
    client = client_as("bob")
    page = client.get("/patients?show=usual")
    assert row_of(page, "Alice Marlow") is not None
    assert [page.words(a) for a in page.one("nav", aria_label="Show").iter("a")] == [
        "All 1", "Flags open 0", "Something to know 0", "As usual 1",
    ]  # fmt: skip
    assert "Nobody in this group today." in client.get("/patients?show=flags").text
    assert client.get("/patients?show=%3Cb%3E").status == 200


def test_a_session_today_is_prepared_from_here(client_as, cast):
    with db.write() as s:
        logged(s, cast.alice, [4] * 21)
        factories.session(s, cast.alice, TODAY, status="planned", start="15:00", end="16:00")
    page = client_as("cora").get("/patients")
    row = row_of(page, "Alice Marlow")
    assert "Session today at 15:00" in page.words(row)
    assert f"/patients/{cast.alice.uuid}/prep" in [a.get("href") for a in row.iter("a")]


def test_a_severe_side_effect_is_something_to_know(client_as, cast):
    with db.write() as s:
        logged(s, cast.alice, [4] * 21)
        given = factories.infusion(s, cast.alice, TODAY - timedelta(days=3))
        factories.checkin(s, cast.alice, given, TODAY - timedelta(days=2), nausea="severe", done="yes")
    assert "Severe nausea after infusion 1 Said on day 1." in client_as("cora").get("/patients").words()
    withdraw(cast, cast.cora, Kind.INFUSIONS)
    assert "Severe" not in client_as("cora").get("/patients").words()


def test_what_is_kept_is_drawn_again_when_the_diary_changes(client_as, cast, clock_at):
    """The drawings of yesterday's rows are kept; a write, an infusion, another day and a withdrawal each tell."""
    with db.write() as s:
        logged(s, cast.alice, [4] * 20, until=TODAY - timedelta(days=1))

    def seen():
        page = client_as("cora").get("/patients")
        return page.words(row_of(page, "Alice Marlow"))

    assert "last score 4" in seen() and seen() == seen()
    with db.write() as s:
        at = datetime(2026, 4, 20, 11, 59, tzinfo=UTC)
        factories.entry(s, cast.alice, TODAY - timedelta(days=1), at=at, pain=9)
    assert "last score 9" in seen()
    with db.write() as s:
        factories.infusion(s, cast.alice, TODAY - timedelta(days=3))
    assert "day 3 after no. 1" in seen()
    clock_at(datetime(2026, 4, 21, 12, tzinfo=UTC))
    assert "day 4 after no. 1" in seen()
    withdraw(cast, cast.cora, Kind.SCORES)
    assert "last score" not in seen()


def test_a_planned_longer_gap_is_told_and_taken_back(client_as, cast):
    with db.write() as s:
        logged(s, cast.alice, [8] * 14 + [4] * 12, until=TODAY - timedelta(days=1))
        infusion = factories.infusion(s, cast.alice, TODAY - timedelta(days=12))
    gap = PlannedGap(
        patient_id=cast.alice.id, infusion_id=infusion.id, days=14, marked_at=clock.now() - timedelta(days=9)
    )
    assert "Longer gap" not in client_as("cora").get("/patients").words()
    with db.write() as s:
        s.add(gap)
    words = client_as("cora").get("/patients").words()
    assert "Longer gap, day 12 of 14 Planned. Relief has held from day" in words
    assert "days logged. Pain last: 4, 4, 4." in words
    withdraw(cast, cast.cora, Kind.INFUSIONS)
    assert "Longer gap" not in client_as("cora").get("/patients").words()
    with db.write() as s:
        s.get_one(PlannedGap, gap.id).taken_back_at = clock.now()
    assert "Longer gap" not in client_as("bob").get("/patients").words()
