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
    assert page.status == 200 and "Your story begins with a day" in page.text


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


def test_the_other_four_and_the_table(client_as, told):
    page = client_as("alice").get("/story?others=1&table=1")
    assert len(page.all("svg", role="img")) == 5
    assert "17 Mar 2026" in page.text


def test_the_part_for_htmx(client_as, told):
    part = client_as("alice").get("/story", htmx=True)
    assert "<html" not in part.text and "HX-Request" in part.headers["Vary"]


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
