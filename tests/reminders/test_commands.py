"""`reminders`, `reminders-set` and `jobs --once`, as the contract has them."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from diary import db
from tests import factories

NOW = datetime(2026, 3, 27, 12, tzinfo=UTC)


@pytest.fixture
def run(app, clock_at):
    clock_at(NOW)
    runner = app.test_cli_runner()

    def call(*args: str):
        result = runner.invoke(args=[*args])
        assert result.exit_code in (0, 2), result.output
        return result

    return call


def listed(run, since: str, until: str, email: str = "alice@example.org"):
    result = run("reminders", email, "--since", since, "--until", until, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_contract_s_example(run, cast):
    done = run(
        "reminders-set", "alice@example.org", "--daily", "02:30", "--quiet", "none", "--zone", "Europe/Berlin"
    )
    assert done.exit_code == 0, done.output
    assert listed(run, "2026-03-29", "2026-03-29") == [
        {
            "kind": "daily_log", "due_at": "2026-03-29T01:00:00+00:00", "due_local": "2026-03-29T03:00:00+02:00",
            "day": "2026-03-28", "channels": ["email"],
        }
    ]  # fmt: skip


def test_weekdays_quiet_hours_and_channels(run, cast):
    run(
        "reminders-set",
        "alice@example.org",
        "--daily",
        "23:15",
        "--weekdays",
        "fri,sun",
        "--quiet",
        "22:00-07:30",
        "--channels",
        "push,email",
    )
    found = listed(run, "2026-03-27", "2026-04-04")
    assert [(one["due_local"], one["day"]) for one in found] == [
        ("2026-03-28T07:30:00+00:00", "2026-03-27"),
        ("2026-03-30T07:30:00+01:00", "2026-03-29"),
        ("2026-04-04T07:30:00+01:00", "2026-04-03"),
    ]
    assert {tuple(one["channels"]) for one in found} == {("email", "push")}


def test_neither_the_past_nor_done_or_paused_days_are_listed(run, cast):
    run("reminders-set", "alice@example.org", "--daily", "20:30")
    with db.write() as s:
        factories.entry(s, cast.alice, date(2026, 3, 27), NOW, unwell="yes")
        from diary.reminders.models import ReminderSettings

        s.get_one(ReminderSettings, cast.alice.id).not_today = date(2026, 3, 28)
    assert [one["day"] for one in listed(run, "2026-03-20", "2026-03-30")] == ["2026-03-29", "2026-03-30"]


def test_what_is_not_named_stays(run, cast):
    run(
        "reminders-set",
        "alice@example.org",
        "--daily",
        "20:30",
        "--quiet",
        "22:00-08:00",
        "--channels",
        "push",
    )
    run("reminders-set", "alice@example.org", "--daily", "23:30")
    (one,) = listed(run, "2026-03-29", "2026-03-29")
    assert (one["due_local"], one["day"], one["channels"]) == (
        "2026-03-29T08:00:00+01:00",
        "2026-03-28",
        ["push"],
    )


def test_nobody_is_reminded_unasked(run, cast):
    assert listed(run, "2026-03-27", "2026-04-10") == []


@pytest.mark.parametrize(
    "args",
    [
        ("reminders", "nobody@example.org", "--since", "2026-03-01", "--until", "2026-03-02", "--json"),
        ("reminders", "bob@example.org", "--since", "2026-03-01", "--until", "2026-03-02", "--json"),
        ("reminders", "alice@example.org", "--since", "2026-03-03", "--until", "2026-03-02", "--json"),
        ("reminders", "alice@example.org", "--since", "soon", "--until", "2026-03-02", "--json"),
        ("reminders-set", "nobody@example.org", "--daily", "20:30"),
        ("reminders-set", "alice@example.org", "--daily", "25:30"),
        ("reminders-set", "alice@example.org"),
        ("reminders-set", "alice@example.org", "--daily", "20:30", "--weekdays", "someday"),
        ("reminders-set", "alice@example.org", "--daily", "20:30", "--quiet", "22:00"),
        ("reminders-set", "alice@example.org", "--daily", "20:30", "--quiet", "22:00-22:00"),
        ("reminders-set", "alice@example.org", "--daily", "20:30", "--channels", "pigeon"),
        ("reminders-set", "alice@example.org", "--daily", "20:30", "--zone", "Mars/Olympus"),
    ],
)
def test_what_cannot_be_done_is_2_and_says_why_on_stderr(run, cast, args):
    result = run(*args)
    assert result.exit_code == 2
    assert result.stderr.strip()
    assert not result.stdout


def test_one_tick_sends_and_says_so(run, app, cast, clock_at):
    """Set for the next minute, and it comes: kept as a mail in development."""
    run("reminders-set", "alice@example.org", "--daily", "12:01")
    assert "reminders claimed: 0" in run("jobs", "--once").stdout
    clock_at(NOW + timedelta(minutes=1))
    before = len(app.extensions["mail"].newest())
    said = run("jobs", "--once").stdout
    assert "reminders claimed: 1\n" in said
    assert "reminders sent: 1\n" in said
    assert len(app.extensions["mail"].newest()) == before + 1
    assert "reminders sent: 0" in run("jobs", "--once").stdout
    with db.write() as s:
        factories.entry(s, cast.alice, date(2026, 3, 28), NOW + timedelta(days=1), pain=3)
    clock_at(NOW + timedelta(days=1, minutes=1))
    assert "reminders skipped done: 1" in run("jobs", "--once").stdout
