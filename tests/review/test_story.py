"""Story: one sentence from the data, one chart, a day; on an empty diary and on eight years of a real one."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from diary import db
from tests import factories

DAY = date(2026, 3, 15)
REAL = Path(__file__).resolve().parent.parent / "data" / "diaries" / "participant1.csv"


@pytest.fixture(autouse=True)
def now(clock_at):
    clock_at(datetime(2026, 3, 23, 12, tzinfo=UTC))


@pytest.fixture
def told(app, cast):
    with db.write() as s:
        factories.days(DAY - timedelta(days=14), [8] * 15 + [5, 4, 4, 4, 8, 8, 8], s, cast.alice)
        factories.infusion(s, cast.alice, DAY)
        factories.entry(s, cast.alice, date(2026, 3, 17), mood=3, note="saw the sea", note_private="yes")


def test_an_empty_diary_says_what_will_be_here(client_as):
    page = client_as("alice").get("/story")
    assert page.status == 200 and "Here your days become a line" in page.text
    assert "Not enough days yet: 0 of 4." in page.words()
    assert page.one("div", class_="actions")[0].get("href") == "/today"


def test_a_first_day_before_the_first_infusion(client_as, cast):
    with db.write() as s:
        factories.entry(s, cast.alice, date(2026, 3, 23), pain=4)
        factories.infusion(s, cast.alice, date(2026, 3, 29), status="planned", time="10:00")
    page = client_as("alice").get("/story?day=2026-03-23")
    assert "One day is written." in page.words() and "Not enough days yet: 1 of 4." in page.words()
    assert "infusion 1, in 6 days" in page.text
    with db.write() as s:
        for ago in (1, 2, 3):
            factories.entry(s, cast.alice, date(2026, 3, 23) - timedelta(days=ago), pain=4)
    assert "Here your days become a line" not in client_as("alice").get("/story").text


def test_the_sentence(client_as, told):
    page = client_as("alice").get("/story")
    assert "relief from pain began on day 1 and lasted 4 days" in page.words(page.one("p", class_="finding"))
    assert "from 14 of 14 days" in page.text


@pytest.mark.parametrize("span", ["30", "course", "all", "nonsense"])
@pytest.mark.parametrize("symptom", ["pain", "mood", "nonsense"])
def test_every_span_and_symptom(client_as, told, span, symptom):
    assert client_as("alice").get(f"/story?span={span}&symptom={symptom}").status == 200


def test_the_day_card_shows_own_words_even_private_ones(client_as, told):
    page = client_as("alice").get("/story?span=30&day=2026-03-17")
    card = page.words(page.one("section", class_="daycard"))
    assert "Tuesday 17 March" in card and "Day 2 after infusion 1" in card and "saw the sea" in card


def test_the_day_card_shows_what_was_said_around_an_infusion(client_as, cast):
    with db.write() as s:
        factories.days(DAY - timedelta(days=4), [8] * 9, s, cast.alice)
        given = factories.infusion(s, cast.alice, DAY)
        factories.checkin(
            s, cast.alice, given, DAY + timedelta(days=1), insight="a warm hand", insight_private="yes"
        )
    card = client_as("alice").get("/story?day=2026-03-16").one("section", class_="daycard")
    assert "a warm hand" in "".join(card.itertext())


def test_the_days_step_without_losing_the_place(client_as, told):
    page = client_as("alice").get("/story?span=30&symptom=mood&others=1&day=2026-03-17")
    card = page.one("section", class_="daycard")
    assert card.get("tabindex") == "-1"
    before = page.one("a", id="day-before")
    assert before.get("href") == "/story?span=30&symptom=mood&others=1&day=2026-03-16#day"
    assert before.get("hx-target") == "#day"
    assert page.one("a", class_="close").get("href") == "/story?span=30&symptom=mood&others=1"


@pytest.mark.parametrize(
    ("day", "words"), [("2026-03-23", "Log today"), ("2026-03-22", "Write this day"), ("2026-03-15", None)]
)
def test_a_day_that_is_still_open_can_be_written(client_as, cast, day, words):
    with db.write() as s:
        factories.days(DAY - timedelta(days=20), [8] * 10, s, cast.alice)
    page = client_as("alice").get(f"/story?day={day}")
    offered = page.all("a", href=f"/days/{day}")
    assert [page.words(link) for link in offered] == ([words] if words else [])


def test_without_a_course_no_course_is_offered(client_as, cast):
    with db.write() as s:
        factories.days(DAY - timedelta(days=9), [8] * 9, s, cast.alice)
    page = client_as("alice").get("/story")
    assert "This course" not in page.text
    assert [page.words(link) for link in page.all("a", aria_current="true") if link.get("class") == "on"] == [
        "All",
        "Pain",
    ]


def test_the_key_names_only_what_is_there(client_as, told):
    page = client_as("alice").get("/story")
    assert "somebody else wrote" not in page.text and ">late<" not in page.text


def test_an_infusion_after_the_last_day(client_as, told, cast):
    with db.write() as s:
        factories.infusion(s, cast.alice, date(2026, 3, 23))
    page = client_as("alice").get("/story")
    assert "No day after the last infusion yet." in page.text and "0 of 0" not in page.text


def test_twice_a_week_for_a_year_shows_all_weeks_or_none(client_as, cast):
    since = date(2026, 3, 23) - timedelta(days=200)
    with db.write() as s:
        factories.days(since, [8] * 14 + [4] * 186, s, cast.alice)
        for step in range(14, 198, 3):
            factories.infusion(s, cast.alice, since + timedelta(days=step))
    page = client_as("alice").get("/story")
    assert "The last row" not in page.text and "62 infusions" in page.text
    page = client_as("alice").get("/story?span=30")
    assert "The last row" in page.text and "7/7" in page.text


def test_a_week_of_one_day_counts_its_relief(client_as, cast):
    """The share of a week needs three days; the row counts days and needs none."""
    since = date(2026, 3, 23) - timedelta(days=21)
    with db.write() as s:
        factories.days(since, [8] * 14 + [4] * 8, s, cast.alice)
        for step in (14, 17, 20):
            factories.infusion(s, cast.alice, since + timedelta(days=step))
    assert "1/1" in client_as("alice").get("/story").text


def test_the_other_four_have_their_sentence(client_as, cast, clock_at):
    clock_at(datetime(2026, 3, 21, 12, tzinfo=UTC))
    with db.write() as s:
        for step in range(20):
            level = 8 if step < 14 else 4
            factories.entry(s, cast.alice, DAY - timedelta(days=14 - step), pain=level, mood=level)
        factories.infusion(s, cast.alice, DAY - timedelta(days=1))
    page = client_as("alice").get("/story?others=1")
    assert "Low mood eased: 8 to 4 since the last infusion" in page.words()


def test_the_other_four_and_the_table(client_as, told):
    page = client_as("alice").get("/story?others=1&table=1&symptom=mood")
    shown = [svg.get("aria-labelledby") for svg in page.all("svg", role="img")]
    assert shown == ["chart-mood-t chart-mood-d", "chart-pain-t chart-pain-d"]
    assert "17 Mar 2026" in page.text
    assert "Not logged so far: Fatigue, poor rest, foggy thinking." in page.words(), (
        "in one line, not as empty charts"
    )


def test_the_part_for_htmx(client_as, told):
    part = client_as("alice").get("/story", htmx=True)
    assert "<html" not in part.text and "HX-Request" in part.headers["Vary"]


def test_the_last_infusions_are_small_curves_on_the_way_to_their_pages(client_as, cast):
    with db.write() as s:
        factories.days(DAY - timedelta(days=182), [8] * 14 + [5] * 176, s, cast.alice)
        made = [factories.infusion(s, cast.alice, DAY - timedelta(days=28 * n)).uuid for n in range(7)]
    page = client_as("alice").get("/story?symptom=mood")
    links = [link.get("href") for link in page.one("ol", class_="curves").iter("a")]
    assert links == [f"/infusions/{uuid}?symptom=mood" for uuid in made[:6]], "at most six, the newest first"
    page = client_as("alice").get("/story")
    said = [page.words(one) for one in page.one("ol", class_="curves").iter("p")]
    assert said[0] == "Relief was there already, so none is counted for this one. Logged on 7 of 7 days."
    curves = [svg for svg in page.all("svg", role="img") if svg.get("aria-labelledby").startswith("curve-")]
    sizes = {svg.get("viewbox") or svg.get("viewBox") for svg in curves}
    assert len(curves) == 6 and len(sizes) == 1, "one size, so one scale"


def test_no_curves_of_one_infusion_or_on_a_tight_schedule(client_as, told, cast):
    assert not client_as("alice").get("/story").all("ol", class_="curves")
    with db.write() as s:
        factories.infusion(s, cast.alice, DAY + timedelta(days=3))
    assert not client_as("alice").get("/story").all("ol", class_="curves")


def test_the_longer_gap_stands_beside_the_usual_ones(client_as, cast):
    last = date(2026, 3, 15)
    with db.write() as s:
        factories.days(last - timedelta(days=24), [8] * 15 + [4] * 14 + [8, 8], s, cast.alice)
        for back in (10, 7, 3, 0):
            given = factories.infusion(s, cast.alice, last - timedelta(days=back))
        factories.gap(s, cast.alice, given, 14)
    page = client_as("alice").get("/story")
    assert "14 days after infusion 4, instead of about 3." in page.words()
    assert (
        "In the longer gap so far relief from pain held to day 4, then came two days running without it."
        in page.words()
    )
    assert "Pale: the 3 usual gaps before it." in page.words()
    assert page.one("path", class_="pale") is not None and 'class="gapband"' in page.text
    assert "the longer gap" in page.words(page.one("p", class_="key"))


def test_what_has_too_few_days_before_says_how_many(client_as, cast):
    with db.write() as s:
        for step in range(22):
            fog = {"cognition": 4} if step > 11 else {}
            factories.entry(s, cast.alice, DAY - timedelta(days=14 - step), pain=8, **fog)
        factories.infusion(s, cast.alice, DAY)
    page = client_as("alice").get("/story?others=1")
    said = [page.words(one) for one in page.all("p", class_="notyet")]
    assert (
        "Not enough days before: 2 of 4. So it is compared with your first two weeks here, already in treatment, in points only."
        in said
    )
    page = client_as("alice").get("/story?symptom=cognition")
    assert "Not enough days before: 2 of 4." in page.words(page.one("p", class_="notyet"))


@pytest.mark.parametrize("who", ["bob", "cora", "dana"])
def test_staff_have_no_story(client_as, who):
    assert client_as(who).get("/story").status == 404


def test_signed_out(client_as):
    assert client_as().get("/story").status == 303


def test_begun_in_mid_treatment(client_as, cast):
    with db.write() as s:
        for back in (40, 10):
            factories.infusion(s, cast.alice, DAY - timedelta(days=back))
        factories.days(DAY - timedelta(days=8), [6] * 7 + [4] * 7, s, cast.alice)
    page = client_as("alice").get("/story")
    assert "already in treatment" in page.text
    assert "lasted" not in page.words(page.one("p", class_="finding"))


def test_eight_years_of_a_real_diary(client_as, cast, clock_at):
    clock_at(datetime(2024, 2, 1, 12, tzinfo=UTC))
    with db.write() as s, REAL.open() as file:
        for row in csv.DictReader(file):
            factories.entry(s, cast.alice, date.fromisoformat(row["date"]), pain=row["pain"])
    page = client_as("alice").get("/story?span=all")
    assert page.status == 200
    assert "Each bar is four weeks" in page.text
    assert len(page.data) < 60_000


def test_a_diary_that_ended_years_ago_is_not_told_as_of_today(client_as, cast, clock_at):
    with db.write() as s:
        factories.days(DAY - timedelta(days=14), [8] * 15 + [4] * 12, s, cast.alice)
        for step in (0, 2, 4, 7, 9):
            factories.infusion(s, cast.alice, DAY + timedelta(days=step))
    clock_at(datetime(2029, 3, 1, 12, tzinfo=UTC))
    page = client_as("alice").get("/story")
    assert page.words(page.one("p", class_="finding")) == (
        "Relief from pain on 6 of 6 days in your last week here."
    )
    assert (
        "It ended on 27 March 2026. The run you were in: at least 12 days, from 16 March 2026 on."
        in page.words()
    )
    assert "this week" not in page.words() and "now" not in page.words(page.one("div", class_="saying"))


def test_decimals_count_in_the_text_as_on_the_chart(client_as, cast):
    """A level of 3: where scores have tenths, a day counts at 2.1 or less, not at 2."""
    with db.write() as s:
        factories.days(DAY - timedelta(days=14), [3] * 14 + [3, 2.1, 2.1, 2, 2, 2, 2, 2], s, cast.alice)
        factories.infusion(s, cast.alice, DAY)
    page = client_as("alice").get("/story")
    assert "A score of 2.1 or less counts as relief." in page.words()
    assert "at 2 or less" not in page.words()


def test_a_level_under_three_shows_points_and_no_share(client_as, cast):
    with db.write() as s:
        factories.days(DAY - timedelta(days=14), [2.9] * 14 + [3, 1, 1, 1, 1, 1, 1, 1], s, cast.alice)
        factories.infusion(s, cast.alice, DAY)
    page = client_as("alice").get("/story")
    assert page.words(page.one("p", class_="finding")).startswith("Your pain has eased by")
    assert "Your level before the infusions: 2.9, from 14 of 14 days." in page.words()
    assert "counts as relief" not in page.words() and "30\u00a0%" not in page.words()
