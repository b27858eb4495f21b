"""The kinds of data, the roles, what an invitation allows, and when a clinic is open."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby

from diary.lib import clock
from diary.lib.words import DAYS

INVITATION_LIVES = timedelta(days=7)
CODE_LIVES = timedelta(minutes=15)
GLASS_LASTS = timedelta(minutes=60)
SHORTEST_REASON, LONGEST_REASON = 20, 1000
MOST_MONTHS = 600
CONSENT_WORDING = "2026-12"


class Kind(StrEnum):
    """The five kinds of data that a patient shares one by one."""

    SCORES = "scores"
    NOTES = "notes"
    INFUSIONS = "infusions"
    QUESTIONNAIRES = "questionnaires"
    SESSIONS = "sessions"


class Role(StrEnum):
    """What somebody is in one clinic."""

    PATIENT = "patient"
    COACH = "coach"
    CLINICIAN = "clinician"
    ADMIN = "admin"


CARE_ROLES = frozenset({Role.COACH, Role.CLINICIAN})
STAFF_ROLES = CARE_ROLES | {Role.ADMIN}
REQUIRED, OFF = "required", "off"  # whether a clinic's staff give a second factor


def wants_second(memberships: Iterable[tuple[str | None, str | None]]) -> bool:
    """Whether somebody needs a second factor, by (role, their clinic's rule) of each live membership."""
    return any(role in STAFF_ROLES and rule == REQUIRED for role, rule in memberships)


KIND_WORDS = {
    Kind.SCORES: "Scores",
    Kind.NOTES: "Notes, but never private ones",
    Kind.INFUSIONS: "Infusions and medications",
    Kind.QUESTIONNAIRES: "Questionnaires",
    Kind.SESSIONS: "Sessions",
}
# What each kind means, as the consent screen says it, to be read aloud; a changed word is a new CONSENT_WORDING.
KIND_MEANS = {
    Kind.SCORES: "Your numbers for each day, your sleep, and what you tick about the day.",
    Kind.NOTES: "Your own words: notes, intentions and what you wrote after an infusion. Never a note marked “only you”.",
    Kind.INFUSIONS: "Your infusions, your medicines, and your answers to the questions after an infusion.",
    Kind.QUESTIONNAIRES: "Your answers to questionnaires, and their results.",
    Kind.SESSIONS: "Your sessions, your goals, and what you agreed on.",
}


def kinds_words(kinds: Iterable[str]) -> str:
    """ "nothing yet", "scores; infusions and medications", "all five kinds": what is shared, in a few words."""
    given = set(kinds)
    if not given:
        return "nothing yet"
    if given >= set(Kind):
        return "all five kinds"
    return "; ".join(KIND_WORDS[kind].split(",")[0].lower() for kind in Kind if kind in given)


def grouped(code: str) -> str:
    """Eight digits as they are read aloud and typed: two groups of four."""
    return f"{code[:4]} {code[4:]}"


def is_code(text: str) -> bool:
    """Whether a text is eight plain digits."""
    return len(text) == 8 and text.isascii() and text.isdigit()


def end_of_day(day: date, zone: str) -> datetime:
    """The UTC moment at which a calendar day ends on the wall clock of a zone."""
    return datetime.combine(day + timedelta(days=1), time(0), clock.zone_of(zone)).astimezone(UTC)


def start_of_day(day: date, zone: str) -> datetime:
    """The UTC moment at which a calendar day begins on the wall clock of a zone."""
    return datetime.combine(day, time(0), clock.zone_of(zone)).astimezone(UTC)


def is_open(expires_at: datetime, used_at: datetime | None, now: datetime) -> bool:
    """Whether an invitation may still be used: once, and for seven days."""
    return used_at is None and now < expires_at


# When a clinic is open ----------------------------------------------------------------------------

Opening = Mapping[int, tuple[time, time]]  # by weekday, 0 is Monday: from and until; a day left out is closed
DAY_KEYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([a-z]{3}) (\d\d):(\d\d)-(\d\d):(\d\d)")


def parse_opening(text: str) -> dict[int, tuple[time, time]]:
    """Hours as they are stored ("mon 08:00-17:00, tue 08:00-17:00"); raises ValueError for anything else."""
    found: dict[int, tuple[time, time]] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _HOURS.fullmatch(part)
        if match is None or match[1] not in DAY_KEYS:
            raise ValueError(f"opening hours: {part}")
        since, until = time(int(match[2]), int(match[3])), time(int(match[4]), int(match[5]))
        if since >= until:
            raise ValueError(f"opening hours: {part}")
        found[DAY_KEYS.index(match[1])] = (since, until)
    return found


def opening_text(opening: Opening) -> str:
    """The other way round, Monday first."""
    return ", ".join(
        f"{DAY_KEYS[day]} {opening[day][0]:%H:%M}-{opening[day][1]:%H:%M}" for day in sorted(opening)
    )


def hour_words(at: time | datetime) -> str:
    """8:00, as people say it."""
    return f"{at.hour}:{at.minute:02}"


def opening_words(opening: Opening) -> str:
    """ "Monday to Thursday, 8:00 to 17:00; Friday, 8:00 to 16:00": days running with the same hours together."""
    said = []
    numbered = sorted(opening.items())
    for _, run in groupby(enumerate(numbered), key=lambda one: (one[1][0] - one[0], one[1][1])):
        days = [day for _, (day, _) in run]
        since, until = opening[days[0]]
        named = (
            DAYS[days[0]]
            if len(days) == 1
            else f"{DAYS[days[0]]} {'and' if len(days) == 2 else 'to'} {DAYS[days[-1]]}"
        )
        said.append(f"{named}, {hour_words(since)} to {hour_words(until)}")
    return "; ".join(said)


def is_open_at(opening: Opening, at: datetime, zone: str) -> bool:
    """Whether a clinic is open at an aware moment; the closing time itself is closed."""
    there = clock.local(at, zone)
    hours = opening.get(there.weekday())
    return hours is not None and hours[0] <= there.time().replace(tzinfo=None) < hours[1]


def next_opening(opening: Opening, at: datetime, zone: str) -> datetime | None:
    """The first moment after `at` at which a clinic opens, in UTC; None for a clinic that never does."""
    there = clock.local(at, zone)
    for ahead in range(9):
        day = there.date() + timedelta(days=ahead)
        hours = opening.get(day.weekday())
        if hours is None:
            continue
        opens = datetime.combine(day, hours[0], clock.zone_of(zone)).astimezone(UTC)
        if opens > at:
            return opens
    return None


def closing_time(opening: Opening, at: datetime, zone: str) -> time | None:
    """Until when a clinic that is open at `at` stays open; None when it is closed."""
    there = clock.local(at, zone)
    return opening[there.weekday()][1] if is_open_at(opening, at, zone) else None


def moment_after(opening: Opening, since: datetime, wait: timedelta, zone: str) -> datetime:
    """When something is due that waits so long in opening hours, else until the next opening (clinical.md, 6).

    `since` and the result are aware. Where no hours are set the wait is the clock's own.
    """
    plain = since + wait
    if not opening or (is_open_at(opening, since, zone) and is_open_at(opening, plain, zone)):
        return plain
    opens = next_opening(opening, since, zone)
    return opens if opens is not None else plain


# Courses -----------------------------------------------------------------------------------------------

# Infusions further apart than this are of two courses (response.md, term 2), unless a clinic says otherwise. The two
# weeks before a course are its baseline, and relief is looked for over 56 days: 70 keeps the two apart.
COURSE_GAP_DAYS = 70
LEAST_COURSE_GAP, MOST_COURSE_GAP = 28, 180

# Check-ins --------------------------------------------------------------------------------------------

ALWAYS_ASKED = (0, 1)  # the evening and the next morning: what is asked then can't be silently removed
USUAL_DAYS = (2, 3, 7)
FURTHEST_DAY, MOST_DAYS = 28, 5


def checkin_days(text: str) -> tuple[int, ...]:
    """Days after an infusion as a clinic keeps them ("2 3 7") with the first two; those of product.md where it set none.

    "-" is a clinic that asks on no later day.
    """
    later = () if text == "-" else tuple(map(int, text.split())) or USUAL_DAYS
    return (*ALWAYS_ASKED, *later)


MOST_ROWS = 40  # of a table on the clinic's page; beyond it people are looked for


def has_words(search: str, *texts: str) -> bool:
    """Whether every word of a search stands in one of these texts, whatever its case; an empty one finds all."""
    whole = " ".join(texts).casefold()
    return all(word in whole for word in search.casefold().split())
