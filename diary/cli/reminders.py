"""The commands that list what comes, and that set when it comes."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import click
from flask import Flask

from diary import db
from diary.audit import actions as audit
from diary.careteam import access
from diary.cli.common import day_or_fail, fail, patient_or_fail
from diary.lib import clock
from diary.reminders.actions.wishes import change_wishes, move_to_zone
from diary.reminders.forms import parse_time
from diary.reminders.queries.facts import facts_of_many
from diary.reminders.queries.wishes import own_wishes
from diary.reminders.rules.message import CHANNELS, EMAIL, PUSH
from diary.reminders.rules.plan import Planned, plan
from diary.reminders.rules.wall import moment_of
from diary.reminders.rules.wishes import WEEKDAYS

A_DAY = timedelta(days=1)
LONGEST = timedelta(days=731)


def register(app: Flask) -> None:
    app.cli.add_command(reminders)
    app.cli.add_command(reminders_set)


@click.command("reminders")
@click.argument("email")
@click.option("--since", "since_text", required=True, metavar="DATE")
@click.option("--until", "until_text", required=True, metavar="DATE")
@click.option("--json", "as_text", is_flag=True, required=True, help="The contract's JSON document.")
def reminders(email: str, since_text: str, until_text: str, as_text: bool) -> None:
    """What is to come between two days of the person's own, both included."""
    since, until = day_or_fail(since_text, "--since"), day_or_fail(until_text, "--until")
    if since > until:
        fail("--since lies after --until.")
    if until - since > LONGEST:
        fail("That is longer than two years.")
    with db.read() as s:
        patient = patient_or_fail(s, email)
    with db.write() as s:
        audit.record(s, access.OPERATOR, "reminders.show", patient.id, clinic_id=patient.clinic_id)
    with db.read() as s:
        wishes = own_wishes(s, access.OPERATOR, patient.id).wishes
        begin = max(moment_of(since, time(0), patient.zone), clock.now())
        end = moment_of(until + A_DAY, time(0), patient.zone)
        found: list[Planned] = []
        if begin < end and wishes.channels:
            people = facts_of_many(s, access.OPERATOR, [patient.id], begin, end)
            found = plan(wishes, people[patient.id].facts, begin, end)
    channels = [channel for channel in CHANNELS if channel in wishes.channels]
    click.echo(json.dumps([as_json(one, channels, patient.zone) for one in found], indent=1))


def as_json(one: Planned, channels: list[str], zone: str) -> Mapping[str, Any]:
    """One reminder as the contract has it."""
    return {
        "kind": one.kind,
        "due_at": one.due_at.astimezone(UTC).isoformat(),
        "due_local": clock.local(one.due_at, zone).isoformat(),
        "day": one.day.isoformat(),
        "channels": channels,
    }


@click.command("reminders-set")
@click.argument("email")
@click.option("--daily", required=True, metavar="HH:MM", help="When to remind of the day.")
@click.option("--weekdays", metavar="mon,tue", help="On these days only.")
@click.option("--quiet", metavar="HH:MM-HH:MM|none", help="Quiet hours.")
@click.option("--channels", metavar="email,push", help="By which ways; email where nothing was chosen yet.")
@click.option("--zone", metavar="ZONE", help="Another time zone, like Europe/Berlin.")
def reminders_set(
    email: str, daily: str, weekdays: str | None, quiet: str | None, channels: str | None, zone: str | None
) -> None:
    """Choose for somebody; what is not named stays as it is."""
    at = _time_or_fail(daily, "--daily")
    days = _several_or_fail(weekdays, WEEKDAYS, "--weekdays") if weekdays is not None else set(WEEKDAYS)
    ways = _several_or_fail(channels, CHANNELS, "--channels") if channels is not None else None
    hours = _quiet_or_fail(quiet) if quiet is not None else None
    if zone is not None and not clock.is_zone(zone):
        fail(f"{zone} is no time zone that Neap knows.")
    now: datetime = clock.now()
    with db.write() as s:
        patient = patient_or_fail(s, email)
        own = own_wishes(s, access.OPERATOR, patient.id)
        chosen = replace(own.wishes.chosen, daily=tuple(at if day in days else None for day in WEEKDAYS))
        if quiet is not None:
            chosen = replace(chosen, quiet=hours)
        elif not own.is_chosen:
            chosen = replace(chosen, quiet=None)
        if ways is not None:
            chosen = replace(chosen, by_email=EMAIL in ways, by_push=PUSH in ways)
        elif not own.is_chosen:
            chosen = replace(chosen, by_email=True)
        change_wishes(s, access.OPERATOR, patient, chosen, now)
        if zone is not None:
            move_to_zone(s, access.OPERATOR, patient, zone, now)
    click.echo(f"{email}: {', '.join(day for day in WEEKDAYS if day in days)} at {at:%H:%M}")


def _time_or_fail(text: str, option: str) -> time:
    try:
        return parse_time(text)
    except ValueError:
        fail(f"{option} has {text!r}; a time is between 00:00 and 23:59, like 20:30.")


def _several_or_fail(text: str, known: tuple[str, ...], option: str) -> set[str]:
    found = {part.strip() for part in text.split(",")}
    unknown = sorted(found - set(known))
    if unknown:
        fail(f"{option} has {unknown[0]!r}; it may have {', '.join(known)}.")
    return found


def _quiet_or_fail(text: str) -> tuple[time, time] | None:
    if text == "none":
        return None
    since, dash, until = text.partition("-")
    if not dash:
        fail(f"--quiet is {text!r}; it is like 22:00-08:00, or none.")
    hours = _time_or_fail(since, "--quiet"), _time_or_fail(until, "--quiet")
    if hours[0] == hours[1]:
        fail("--quiet begins and ends at the same time.")
    return hours
