"""The response page: one course of one symptom, by consent to scores and infusions; its figures are those of the JSON."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest

from diary import db
from diary.audit.models import AuditEvent
from diary.careteam import access, actions
from diary.careteam.rules import Kind
from diary.infusions.actions import mark_gap
from diary.infusions.forms import GapValues
from diary.infusions.queries import infusions_of
from diary.lib import clock
from diary.lib.words import half_up, number, percent
from diary.response.queries import responses
from diary.response.rules import as_json
from tests import factories
from tests.conftest import stored

DAY = date(2026, 3, 15)


@pytest.fixture(autouse=True)
def now(clock_at):
    clock_at(datetime(2026, 6, 20, 12, tzinfo=UTC))


@pytest.fixture
def spaced(app, cast):
    """Five infusions three weeks apart: responses of differing length, one carried, one without a response."""
    texts = [8, 7, 8, 8, 9, 8, "x", 7, 8, 8, 8, 8, 9, 8]
    for relief, blip in ((6, 0), (9, 1), (21, 0), (0, 0), (7, 2)):
        week = [4] * relief + ["x"] * blip + [8] * 30
        texts += [8 if relief != 21 else 4, *week[:20]]
    with db.write() as s:
        factories.days(DAY - timedelta(days=14), [*texts, "u"], s, cast.alice)
        for k, dose in enumerate((40, 40, 45, 45, 50)):
            series = "induction" if k < 2 else "maintenance"
            factories.infusion(s, cast.alice, DAY + timedelta(days=21 * k), dose_mg=dose, series=series)
    return f"/patients/{cast.alice.uuid}/response"


@pytest.fixture
def tight(app, cast):
    """Twice a week for ten weeks, relief from the third on."""
    texts = [8] * 14 + [8] * 8 + [4] * 20 + [8, 8, 7] + [4] * 30
    with db.write() as s:
        factories.days(DAY - timedelta(days=14), texts, s, cast.alice)
        for k in range(16):
            factories.infusion(s, cast.alice, DAY + timedelta(days=7 * (k // 2) + 3 * (k % 2)))
    return f"/patients/{cast.alice.uuid}/response"


def document(cast, symptom="pain"):
    with db.read() as s:
        return as_json("", responses(s, access.OPERATOR, cast.alice.id))["symptoms"][symptom][-1]


def plain(words):
    """As the test client reads a page: any space is one space."""
    return " ".join(words.split())


def rows_of(page, label):
    """The cells of the table in the region or section with that name."""
    region = next(div for div in page.all("div", role="region") if div.get("aria-labelledby") == label)
    return [[page.words(cell) for cell in row] for row in region.iter("tr")]


def test_the_figures_are_those_of_the_json_to_the_digit(client_as, cast, spaced):
    course = document(cast)
    page = client_as("bob").get(spaced)
    body = [row for row in rows_of(page, "each") if len(row) == 11]
    assert len(body) == 6  # the head and five infusions
    for cells, one in zip(body[1:], course["infusions"], strict=True):
        low = one["duration"] and one["duration"]["low"]
        assert cells[4] == f"{half_up(one['infusion_baseline']):f}"
        assert cells[6] == plain(percent(one["peak_relief"])) and cells[7] == f"day {one['peak_day']}"
        assert cells[8] == plain(percent(one["week_relief"]))
        assert low is None or re.search(rf"\b{low}\b", cells[9])
        assert cells[10].startswith(f"{one['logged_days']} of {one['window_days']}")
    facts = page.words(page.one("dl", class_="measures"))
    s = course["summary"]
    low, high = s["interval"]
    for words in (
        f"{number(course['baseline'])} {course['baseline_days']} of 14 days, swing ±{number(course['swing'])}",
        f"{s['responders_30']} of {s['evaluable']} by 30\u00a0%, {s['responders_50']} of {s['evaluable']} by 50\u00a0%",
        f"On at least one day: {s['reached_30']} and {s['reached_50']} of {s['evaluable']}",
        f"day {number(s['median_onset'])} median of {s['responses']} responses",
        f"{s['median_duration']} days median of {s['responses']}; 95\u00a0% interval {low or 'not reached'} to {high or 'not reached'}",
        f"{s['held_30']} of {s['carried']} held 30\u00a0%",
    ):
        assert plain(words) in facts, words


def test_weeks_and_runs_are_those_of_the_json_too(client_as, cast, tight):
    course = document(cast)
    page = client_as("bob").get(tight)
    weeks = rows_of(page, "each-week")[1:]
    assert len(weeks) == len(course["weeks"]) == 9
    for cells, week in zip(weeks, course["weeks"][::-1], strict=True):
        assert cells[0] == str(week["week"])
        if week["mean_change"] is not None:
            assert cells[3] == f"{half_up(course['reference_mean'] + week['mean_change']):f}"
            assert (
                cells[5] == f"{round(week['responder_share'] * week['logged_days'])} of {week['logged_days']}"
            )
    runs = rows_of(page, "runs")[1:]
    assert [cells[3] for cells in runs] == [str(run["infusions"]) for run in course["runs"][::-1]]
    assert [re.search(r"\d+", cells[1])[0] for cells in runs] == [str(r["low"]) for r in course["runs"][::-1]]
    assert "no median duration is shown" in page.words() and "Kaplan" not in page.text
    assert "It lasted" not in page.words(page.one("dl", class_="measures"))


def test_a_run_without_an_infusion_says_after_which_it_began(client_as, cast):
    with db.write() as s:
        factories.days(DAY - timedelta(days=14), [8] * 20 + [4] * 5 + [8] * 4, s, cast.alice)
        for step in (0, 3):
            factories.infusion(s, cast.alice, DAY + timedelta(days=step))
    page = client_as("bob").get(f"/patients/{cast.alice.uuid}/response")
    assert document(cast)["runs"][0]["infusions"] == 0
    assert rows_of(page, "runs")[1][3] == "none; began after infusion 2"


@pytest.mark.parametrize("who", ["alice", "dana", "charlie", "erin"])
def test_strangers_get_404(client_as, spaced, who):
    assert client_as(who).get(spaced).status == 404


def test_signed_out(client_as, spaced):
    assert client_as().get(spaced).status == 303


@pytest.mark.parametrize("kind", [Kind.SCORES, Kind.INFUSIONS])
def test_it_needs_scores_and_infusions(client_as, cast, spaced, kind):
    client = client_as("cora")
    assert "After infusion 5" in client.get(spaced).text
    with db.write() as s:
        actions.withdraw_consent(s, access.OPERATOR, cast.alice.id, cast.cora.id, [kind], clock.now())
    page = client.get(spaced)
    assert page.status == 200 and "the response needs both scores and infusions" in page.words()
    assert not page.all("svg", role="img") and not page.all("table")


def test_no_kind_at_all_is_404(client_as, cast, spaced):
    with db.write() as s:
        actions.withdraw_consent(s, access.OPERATOR, cast.alice.id, cast.cora.id, list(Kind), clock.now())
    assert client_as("cora").get(spaced).status == 404


def test_a_look_is_noted(client_as, cast, spaced):
    client_as("cora").get(spaced)
    with db.read() as s:
        seen = {e.action for e in stored(s, AuditEvent, patient_id=cast.alice.id, actor_id=cast.cora.id)}
    assert {"view.scores", "view.infusions"} <= seen and "view.notes" not in seen


def test_another_infusion_is_the_strong_one(client_as, spaced):
    client = client_as("bob")
    page = client.get(spaced)
    chosen = next(link for link in page.all("a") if link.get("aria-label") == "Infusion 2 as the strong line")
    other = client.get(chosen.get("href"))
    assert "After infusion 2 relief from pain began" in other.words()
    assert [page.words(row).split()[0] for row in other.all("tr", class_="on")] == ["2"]
    assert "Infusion 2: day" in other.words(other.one("desc", id="overlay-d"))
    assert client.get(f"{spaced}?infusion=0").status == client.get(f"{spaced}?week=x").status == 200


def test_a_part_for_htmx_and_the_whole_for_its_history(client_as, spaced):
    client = client_as("bob")
    part = client.get(f"{spaced}?symptom=mood", htmx=True)
    assert "<html" not in part.text and 'id="response"' in part.text
    assert "HX-Request" in part.headers["Vary"]


def test_the_pictures_as_a_table(client_as, cast, spaced):
    page = client_as("bob").get(f"{spaced}?table=1")
    rows = {cells[0]: cells[1:] for cells in rows_of(page, "sheet-1")}
    days = rows["Infusion"]
    assert rows["1"][days.index("0")] == "8" and rows["1"][days.index("1")] == "4"
    assert rows["logged"][days.index("1")] == "5" and rows["median"][days.index("1")] == "4"
    steps = rows_of(page, "sheet-2")
    assert steps[0][0] == "Days from onset" and len(steps) > 1


def test_the_weeks_as_a_table(client_as, tight):
    rows = rows_of(client_as("bob").get(f"{tight}?table=1"), "sheet-1")
    assert ["15 Mar 2026", "8", "infusion 1"] in rows


def test_factors_and_medicines_stand_within_bands(client_as, cast, spaced):
    with db.write() as s:
        for step in (1, 2, 3, 22, 23):
            factories.entry(s, cast.alice, DAY + timedelta(days=step), factor_stress="yes", pain=9)
        factories.entry(s, cast.alice, DAY + timedelta(days=30), factor_alcohol="yes")
        factories.medication(s, cast.alice, "Duloxetine", DAY - timedelta(days=99), dose=30, times_per_day=1)
        factories.medication(s, cast.alice, "Duloxetine", DAY + timedelta(days=40), dose=60, times_per_day=1)
    page = client_as("bob").get(spaced)
    marked, unmarked = rows_of(page, "factors")[1:3]
    assert marked[:3] == ["Stress", "marked", "9.0 of 5 days"] and unmarked[0] == "not marked"
    assert unmarked[1].endswith("of 10 days")
    assert "Too few days to compare: Alcohol." in page.words()
    medicines = rows_of(page, "medicines")
    assert medicines[1][0].startswith("Duloxetine, 24 April 2026")
    assert medicines[1][1] == "30 mg once a day" and medicines[2][0] == "60 mg once a day"
    assert not re.search(r"\bp\s*[<=]|significan|because of", page.words())


def test_before_the_first_infusion(client_as, cast):
    with db.write() as s:
        factories.days(date(2026, 6, 17), [6, 7], s, cast.alice)
    page = client_as("bob").get(f"/patients/{cast.alice.uuid}/response")
    assert "No infusion is recorded yet." in page.words()
    assert (
        "Pain is logged on 2 of the 14 days before today; a level before the infusions needs 4."
        in page.words()
    )


def test_who_began_in_mid_treatment_gets_points(client_as, cast):
    with db.write() as s:
        factories.days(DAY + timedelta(days=1), [5, 5, 4, 4, 5, 5, 4, 4], s, cast.alice)
        factories.infusion(s, cast.alice, DAY)
    page = client_as("bob").get(f"/patients/{cast.alice.uuid}/response")
    assert "compared with the first two weeks here, already in treatment" in page.words()
    assert "First two weeks here" in page.words(page.one("dl", class_="measures"))
    assert "First relief" not in page.words(page.one("div", id="response"))


def test_under_3_before_only_points(client_as, cast):
    with db.write() as s:
        factories.days(DAY - timedelta(days=14), [2] * 15 + [1, 1, 1, 0, 0], s, cast.alice)
        factories.infusion(s, cast.alice, DAY)
    page = client_as("bob").get(f"/patients/{cast.alice.uuid}/response")
    body = rows_of(page, "each")[-1]
    assert body[5:7] == ["0.6", "eased 1.4"]


def test_an_earlier_course_has_its_own_figures(client_as, cast, spaced):
    with db.write() as s:
        factories.days(date(2025, 9, 1), [6] * 14 + [6, 3, 3, 3, 6, 6, 6, 6], s, cast.alice)
        factories.infusion(s, cast.alice, date(2025, 9, 15))
    client = client_as("bob")
    page = client.get(spaced)
    first = next(link for link in page.all("a") if link.get("id") == "course-1")
    assert "After infusion 1 relief" not in page.words()
    assert "lasted 3 days, to day 3" in client.get(first.get("href")).words()


def test_two_infusions_on_one_day_are_one_with_their_doses_summed(client_as, cast, spaced):
    with db.write() as s:
        factories.infusion(s, cast.alice, DAY, dose_mg="10", time="15:00")
    row = next(row for row in rows_of(client_as("bob").get(spaced), "each") if row[0].startswith("1"))
    assert row[0] == "1 and 6" and row[2] == "50" and row[3] == "0.71"


def test_a_planned_longer_gap_stands_beside_the_usual_intervals(client_as, cast, tight, clock_at):
    """Relief on days 1 to 6 of it, then two days without; marked on the day of its infusion, read on day 9 of 14."""
    last = DAY + timedelta(days=7 * 7 + 3)
    texts = [4] * 6 + [8, 8, 7]
    client = client_as("bob")
    assert "longer gap" not in client.get(tight).words()
    with db.write() as s:
        for step, score in enumerate(texts, 1):
            factories.entry(s, cast.alice, last + timedelta(days=step), pain=score)
        ref = access.load_patient(s, access.OPERATOR, cast.alice.uuid)
        uuid = infusions_of(s, access.OPERATOR, cast.alice.id)[-1].uuid
        mark_gap(s, access.OPERATOR, ref, uuid, GapValues(14, ""), last, clock.now())
    clock_at(datetime.combine(last + timedelta(days=9), time(20), UTC))
    page = client.get(tight)
    assert (
        "In the planned longer gap relief held to day 6, then two days running without it; 9 of 9 days logged."
        in (page.words())
    )
    facts = page.words(page.one("dl", class_="measures"))
    assert "Planned longer gap relief held to day 6 day 9 of 14 today; 9 of 9 days logged" in facts
    told = page.words(page.one("desc", id="gap-d"))
    assert (
        told.startswith("The planned longer gap after infusion 16: day 0 4, day 1 4")
        and "8 other infusions" in told
    )
    assert "Pale: the 8 intervals before it. Relief went on from before" in page.words()
    assert "gap, day 9 of 14" in page.text and "One gap is one observation" in page.words()


def test_a_gap_that_is_still_ahead_is_not_shown(client_as, cast, tight):
    with db.write() as s:
        ref = access.load_patient(s, access.OPERATOR, cast.alice.uuid)
        planned = factories.infusion(s, cast.alice, date(2026, 6, 22), status="planned")
        mark_gap(s, access.OPERATOR, ref, planned.uuid, GapValues(21, ""), date(2026, 6, 20), clock.now())
    page = client_as("bob").get(tight)
    assert "beside the usual ones" not in page.words() and "infusion 17, 22 June 2026" in page.words()


def test_of_many_infusions_the_latest_stand_open_and_all_are_there(client_as, cast):
    """Weekly for 61 weeks: at most 40 others are pale, and the earlier rows are folded, open where the chosen one is."""
    with db.write() as s:
        factories.days(DAY - timedelta(days=440), [8] * 14 + [5] * 9, s, cast.alice)
        for k in range(61):
            factories.infusion(s, cast.alice, DAY - timedelta(days=426 - 7 * k))
    client = client_as("bob")
    page = client.get(f"/patients/{cast.alice.uuid}/response")
    assert "Pale: the 40 nearest of the 60 other infusions." in page.words()
    assert [len(rows_of(page, label)) for label in ("each-before", "each")] == [1 + 1 + 21, 1 + 1 + 40]
    folded = next(one for one in page.all("details") if one.find("{*}summary").get("id") == "each-before")
    assert folded.get("open") is None
    link = next(one for one in page.all("a") if one.get("aria-label") == "Infusion 1 as the strong line")
    other = client.get(link.get("href"))
    assert next(one for one in other.all("details") if one.get("open") is not None) is not None
    assert "After infusion 1 relief from pain" in other.words()


@pytest.mark.parametrize(
    ("since", "texts", "infused", "words"),
    [
        (
            1,
            [5] * 20,
            range(0, 21, 3),
            "compared with the first two weeks here",
        ),  # tight, begun in mid-treatment
        (1, [5] * 20, range(0, 21, 3), "Against 5 Logged"),
        (-14, [2] * 14 + [1] * 20, range(0, 21, 3), "under 3: changes in points only"),  # tight, a low level
        (-14, [8] * 14, (0, 3, 6), "No day after infusion 3 yet"),  # tight, nothing logged since
        (-14, [8] * 18, (0, 1, 2), "Runs of relief"),  # on days running
        (0, [], (0, 30), "Not enough days before the infusions: 0 of 4"),
        (0, ["u"] * 9, (0,), "Not enough days before the infusions: 0 of 4"),
        (-14, ["u"] * 30, (0, 3, 6), "Level before not enough days"),
    ],
)
def test_whatever_was_logged_there_is_a_page(client_as, cast, since, texts, infused, words):
    with db.write() as s:
        factories.days(DAY + timedelta(days=since), texts, s, cast.alice)
        for step in infused:
            factories.infusion(s, cast.alice, DAY + timedelta(days=step))
    client = client_as("bob")
    for query in ("", "?symptom=mood", "?table=1", "?week=1"):
        page = client.get(f"/patients/{cast.alice.uuid}/response{query}")
        assert page.status == 200 and "None" not in page.words()
        assert query == "?symptom=mood" or words in page.words(), page.words()[400:1400]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("symptom=joy", "Neap keeps no symptom of that name, so this is pain."),
        ("symptom=" + "9" * 3000, "Neap keeps no symptom of that name, so this is pain."),
        ("infusion=first", "That infusion is not among those done here, so this is the latest."),
        ("infusion=00000000-0000-0000-0000-000000000000", "That infusion is not among those done here"),
        ("week=0", "; these are the nearest."),
        ("week=99999999999999999999", "; these are the nearest."),
        ("week=-1", "; these are the nearest."),
        ("symptom=mood&week=3", ""),
    ],
)
def test_what_the_page_does_not_have_is_said(client_as, tight, query, said):
    page = client_as("bob").get(f"{tight}?{query}")
    assert page.status == 200
    words = page.words()
    assert said in words
    assert bool(said) is any(one in words for one in ("so this is", "these are the nearest"))
