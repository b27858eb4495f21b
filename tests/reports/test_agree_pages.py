"""What Story, Infusions, the caseload and the sheet before a session say of real diaries is what `response --json` says."""

import csv
import io
import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from sqlmodel import select

from diary import db
from diary.infusions.models import Infusion
from tests.exchange.commands import DATA, Commands
from tests.reports import reading
from tests.reports.test_agree import half_up, percent

# Cut so that the last day is read on its own evening: in mid-course, twice a week; between infusions; after the one.
CUTS = {
    "participant1": (date(2021, 2, 15), date(2021, 4, 18)),
    "participant2": (date(2019, 5, 1), date(2020, 1, 31)),
    "participant7": (date(2019, 6, 30), date(2019, 8, 20)),
}


class Laid:
    """A real diary within its cut with infusions over it: the last course of pain as JSON, and its pages."""

    def __init__(self, app, cast, commands: Commands, client_as, name: str):
        first, last = CUTS[name]
        for file in (f"{name}.csv", f"{name}-infusions.csv"):
            assert commands.run("import", cast.alice.email, commands.write(_cut(file, first, last))).code == 0
        told = app.test_cli_runner().invoke(args=["response", cast.alice.email, "--json"])
        self.course = json.loads(told.stdout)["symptoms"]["pain"][-1]
        self.last = last
        until_yesterday = _cut(f"{name}.csv", first, last - timedelta(days=1))
        self.score = float(list(csv.DictReader(io.StringIO(until_yesterday)))[-1]["pain"])
        with db.read() as s:
            given = s.exec(select(Infusion.day, Infusion.uuid, Infusion.number)).all()
        self.given = {day: (uuid, number) for day, uuid, number in given}
        self.alice, self.bob = client_as("alice"), client_as("bob")
        self.patient = f"/patients/{cast.alice.uuid}"

    def saying(self) -> str:
        page = self.alice.get("/story")
        return plain(page.words(page.one("div", class_="saying")))

    def prep(self) -> tuple[str, str, str]:
        """The sheet before a session on the screen, as text and on paper."""
        screen = self.bob.get(f"{self.patient}/prep").words()
        paper = reading.flat(self.bob.get(f"{self.patient}/prep.pdf").data)
        return screen, " ".join(self.bob.get(f"{self.patient}/prep/text").text.split()), paper


def _cut(file: str, first: date, last: date) -> str:
    rows = list(csv.reader((DATA / file).read_text(encoding="utf-8").splitlines()))
    kept = [row for row in rows[1:] if first <= date.fromisoformat(row[0]) <= last]
    return "\n".join(",".join(row) for row in (rows[0], *kept)) + "\n"


@pytest.fixture
def lay(app, cast, tmp_path, client_as, clock_at):
    def laid(name: str) -> Laid:
        clock_at(datetime.combine(CUTS[name][1], time(21), UTC))
        return Laid(app, cast, Commands(app, tmp_path), client_as, name)

    return laid


def plain(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").replace("−", "-").split())


def tenth(value: float) -> str:
    """As people write it: 3, 2.9."""
    shown = f"{half_up(value, 1)}"
    return shown.removesuffix(".0")


def apart(before: float, now: float) -> Decimal:
    """The difference of the two figures as they are shown."""
    return half_up(now, 1) - half_up(before, 1)


def gap_words(change: float) -> str:
    """The sheet's and the report's words for a change in points."""
    shown = half_up(change, 1)
    return f"{abs(shown)} points {'lower' if shown < 0 else 'higher'} than" if shown else "the same as"


def assert_facts(laid: Laid, infusion: dict) -> None:
    """The patient's page of one infusion against its JSON."""
    uuid, _ = laid.given[date.fromisoformat(infusion["on"])]
    page = laid.alice.get(f"/infusions/{uuid}")
    terms = [page.words(term) for term in page.one("dl", class_="facts").iter("dt")]
    said = dict(
        zip(terms, (plain(page.words(dd)) for dd in page.one("dl", class_="facts").iter("dd")), strict=True)
    )
    level = laid.course["baseline"]
    assert said["Level before"].startswith(f"{tenth(level)}before the first infusion") or said[
        "Level before"
    ].startswith(f"{tenth(level)} before the first infusion"), said
    assert f"{laid.course['baseline_days']} of 14 days" in said["Level before"]
    days = "day" if infusion["window_days"] == 1 else "days"
    assert said["Logged"].startswith(f"{infusion['logged_days']} of {infusion['window_days']} {days}"), said
    if infusion["infusion_baseline"] is not None:
        assert said["Week before"].startswith(tenth(infusion["infusion_baseline"])), said
    if infusion["peak_relief"] is not None:
        lowest = level * (1 - infusion["peak_relief"])
        assert said["Lowest day"].startswith(f"{tenth(lowest)}, on day {infusion['peak_day']}"), said
    if infusion["week_relief"] is not None and half_up(100 * infusion["week_relief"]) > 0:
        assert plain(percent(infusion["week_relief"])) in said["First week"], said
    if infusion["onset_day"] is not None:
        assert said["Relief began"].startswith(f"day {infusion['onset_day']}"), said
        assert str(infusion["duration"]["low"]) in said["Lasted"], said


def test_twice_weekly(lay):
    """participant1 in mid-course: weeks lead."""
    laid = lay("participant1")
    course, week = laid.course, laid.course["weeks"][-1]
    days = round(week["responder_share"] * week["logged_days"])
    assert week["logged_days"] >= 3 and len(course["infusions"]) > 12
    assert laid.saying().startswith(f"Relief from pain on {days} of {week['logged_days']} days this week.")
    level = f"{tenth(course['baseline'])}, from {course['baseline_days']} of 14 days"
    assert level in plain(laid.alice.get("/story").words())
    index = laid.alice.get("/infusions")
    shown = [index.words(b) for b in index.one("div", class_="weekbox").iter("b")]
    wanted = [
        f"{round((w['responder_share'] or 0) * w['logged_days'])} of {w['logged_days']}"
        for w in reversed(course["weeks"])
    ]
    assert shown == wanted
    for infusion in course["infusions"][-2:]:
        assert_facts(laid, infusion)
    lead = (
        f"In week {week['week']} of the course pain was {gap_words(week['mean_change'])} {half_up(course['baseline'], 1)}, "
        f"the level before the infusions, with relief on {days} of {week['logged_days']} logged days."
    )
    for sheet in laid.prep():
        assert lead in plain(sheet)
    caseload = laid.bob.get("/patients")
    _, number = laid.given[date.fromisoformat(course["infusions"][-1]["on"])]
    assert f"after no. {number}" in caseload.words()
    ends = [caseload.words(svg).split()[-1] for svg in caseload.all("svg", role="img")]
    assert tenth(laid.score) in ends, "the last score, of yesterday at the latest, ends its line"


def test_staff_are_told_of_one_week_everywhere(lay, monkeypatch):
    """In the middle of a week it is the last whole one, on the screens and on paper alike."""
    monkeypatch.setitem(CUTS, "participant1", (date(2021, 2, 15), date(2021, 4, 15)))
    laid = lay("participant1")
    whole, last = laid.course["weeks"][-2:]
    assert last["mean_change"] is not None and half_up(last["mean_change"], 1) != half_up(
        whole["mean_change"], 1
    )
    for path in ("", "/response"):
        words = laid.bob.get(laid.patient + path).words()
        assert f" in week {whole['week']}, {whole['logged_days']} of 7 days logged." in words
    lead = f"In week {whole['week']} of the course pain was {gap_words(whole['mean_change'])} "
    for sheet in laid.prep():
        assert lead in plain(sheet)


def test_between_infusions(lay):
    """participant2 in its course of three, from a level under 3: changes in points alone."""
    laid = lay("participant2")
    course = laid.course
    assert len(course["infusions"]) == 3 and course["baseline"] < 3
    week = next(week for week in reversed(course["weeks"]) if week["mean_change"] is not None)
    before, now = course["baseline"], course["baseline"] + week["mean_change"]
    moved = apart(before, now)
    verb = (
        "is unchanged"
        if not moved
        else f"has {'eased' if moved < 0 else 'risen'} by {abs(moved)}".removesuffix(".0")
    )
    assert f"{verb}: {tenth(before)} to {tenth(now)}." in laid.saying()
    assert f"week {week['week']}" in laid.saying() and f"{week['logged_days']} of " in laid.saying()
    story, index = laid.alice.get("/story"), plain(laid.alice.get("/infusions").words())
    curves = [plain(story.words(item)) for item in story.one("ol", class_="curves").iter("li")]
    assert len(curves) == 3
    for curve, infusion in zip(curves, reversed(course["infusions"]), strict=True):
        after = course["baseline"] + infusion["mean_change"]
        gap = apart(course["baseline"], after)
        words = (
            f"stayed the same: {tenth(after)} after it"
            if not gap
            else f"{'eased' if gap < 0 else 'rose'}: {tenth(course['baseline'])} to {tenth(after)} after it"
        )
        n = f"{infusion['logged_days']} of {infusion['window_days']} days logged"
        assert f"Pain {words}, {n}." in curve and f"pain {words}, {n}" in index
        assert_facts(laid, infusion)
    last = course["infusions"][-1]
    lead = f"pain was on average {gap_words(last['mean_change'])} a level of {half_up(course['baseline'], 1)}"
    for sheet in laid.prep():
        assert lead in plain(sheet)
    caseload = laid.bob.get("/patients").words()
    _, number = laid.given[date.fromisoformat(last["on"])]
    since = (laid.last - date.fromisoformat(last["on"])) // timedelta(days=1)
    assert f"day {since} after no. {number}" in caseload


def test_after_the_only_infusion(lay):
    """participant7, from a level of 3 or more: what relief did, in whatever status."""
    laid = lay("participant7")
    (infusion,) = laid.course["infusions"]
    assert infusion["status"] == "no_response" and laid.course["baseline"] >= 3
    said = laid.saying()
    assert said.startswith("No relief from pain on two days running since the last infusion.")
    assert f"Logged on {infusion['logged_days']} of {infusion['window_days']} days." in said
    assert_facts(laid, infusion)
    line = (
        f"no relief on two days running, {infusion['logged_days']} of {infusion['window_days']} days logged"
    )
    assert line in plain(laid.alice.get("/infusions").words())
