"""The numbers of the PDF, of `response --json` and of the page are the same, to the digit."""

import json
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest

from diary import db
from diary.careteam.access import OPERATOR
from diary.entries import queries as entries
from diary.response.rules.words import week_share
from tests.exchange.commands import DATA, Commands
from tests.reports import reading
from tests.reports.test_report import _now, made  # noqa: F401

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def half_up(value: float, places: int = 0) -> Decimal:
    """Half up, whatever the binary fraction: 0.5 becomes 1 and -0.5 becomes -1."""
    return Decimal(repr(round(value, 9))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def short(day: date, last: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]}" + ("" if day.year == last.year else f" {day.year}")


def percent(share: float) -> str:
    return f"{half_up(100 * share)} %".replace("-", "−")


def eased(change: float) -> str:
    shown = half_up(change, 1)
    return "the same" if shown == 0 else f"{'eased' if shown < 0 else 'worse'} by {abs(shown)}"


def lasted(run: dict) -> str:
    days = lambda n: f"{n} day" if n == 1 else f"{n} days"  # noqa: E731
    if run["censored"]:
        return f"at least {days(run['low'])}"
    return days(run["low"]) if run["low"] == run["high"] else f"{run['low']} to {days(run['high'])}"


@pytest.fixture
def laid(cast, app, tmp_path):
    """A real diary with infusions over it: its courses of pain as JSON, and the text of its report."""

    def lay(name: str) -> tuple[list, str, date]:
        commands = Commands(app, tmp_path)
        for file in (f"{name}.csv", f"{name}-infusions.csv"):
            assert commands.run("import", cast.alice.email, DATA / file).code == 0
        told = app.test_cli_runner().invoke(args=["response", cast.alice.email, "--json"])
        with db.read() as s:
            first, last = entries.span(s, OPERATOR, cast.alice.id)
        pdf = made(cast.alice, max(first, last - timedelta(days=400)), last)
        assert reading.is_two_pages(pdf) and len(reading.pages(pdf)) == 2
        return json.loads(told.stdout)["symptoms"]["pain"], " ".join(reading.pages(pdf)[0].split()), last

    return lay


def test_each_infusion(laid):
    """participant2, with one infusion in each of its logged stretches."""
    courses, text, last = laid("participant2")
    shown = [infusion for course in courses for infusion in course["infusions"]][-12:]
    assert len(shown) >= 3
    for one in shown:
        row = text.partition(f" {short(date.fromisoformat(one['on']), last)} ")[2].partition(" mg ")[2][:140]
        of = f"{one['logged_days']} of {one['window_days']}"
        assert of in row, (one, row)
        if one["peak_relief"] is not None:
            assert f"{percent(one['peak_relief'])} day {one['peak_day']}" in row, (one, row)
        if one["week_relief"] is not None:
            assert week_share(one["week_relief"]).replace("\u00a0", " ").replace("-", "−") in row, (one, row)
        if one["onset_day"] is not None:
            assert f"day {one['onset_day']} " in row and lasted(one["duration"]) in row, (one, row)
    whole = courses[-1]["summary"]
    if whole["evaluable"]:
        assert (
            f"{whole['responders_30']} of {whole['evaluable']} by 30 %, {whole['responders_50']} of {whole['evaluable']} by 50 %"
            in text
        )
    if courses[-1]["baseline"] is not None:
        assert f"Pain {half_up(courses[-1]['baseline'], 1)} {courses[-1]['baseline_days']} of 14" in text


def test_weeks_and_runs_on_a_tight_schedule(laid):
    """participant1, with a course of six and then twice weekly for a year."""
    courses, text, last = laid("participant1")
    course = courses[-1]
    assert len(course["infusions"]) > 90 and "Pain, week by week" in text and "medians of" not in text
    begun = date.fromisoformat(course["started_on"])
    for week in course["weeks"][-12:]:
        begins = begun + timedelta(days=7 * (week["week"] - 1))
        row = text.partition(f" {week['week']} {short(begins, last)} ")[2][:70]
        assert f"{week['logged_days']} of " in row, (week, row)
        if week["mean_change"] is not None:
            assert eased(week["mean_change"]) in row, (week, row)
        if week["mean_relief"] is not None:
            assert percent(week["mean_relief"]) in row, (week, row)
            days = round(week["responder_share"] * week["logged_days"])
            assert f"{days} of {week['logged_days']} " in row, (week, row)
    if course["runs"]:
        longest = max(course["runs"], key=lambda run: run["low"])
        assert f"Longest run of relief: {lasted(longest)}" in text
        assert f"{len(course['runs'])} run" in text
