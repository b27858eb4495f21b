"""/calendar/<token>.ics: what a calendar reads without a session, parsed back; and whom the link no longer serves."""

import runpy
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from gunicorn.config import Config
from icalendar import Calendar

from diary import db
from diary.accounts.models import Person
from diary.careteam import access
from diary.careteam.models import Membership
from diary.infusions.actions import move_planned
from diary.infusions.queries import infusions_of
from diary.lib import clock, log
from diary.reminders.actions.links import make_feed
from diary.reminders.models import CalendarFeed, ReminderSettings
from diary.reminders.rules.calendar import Event, ends_of, observances
from diary.reminders.transports import ics
from tests import factories
from tests.conftest import stored
from tests.page_client import HEALTH_WORDS

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def link(cast, clock_at):
    """Alice's link; she has an infusion on each side of the spring's change of clocks, and a session."""
    clock_at(NOW)
    with db.write() as s:
        factories.infusion(s, cast.alice, date(2026, 3, 27), time="10:30", status="planned", minutes="45")
        factories.infusion(s, cast.alice, date(2026, 4, 3), time="10:30", status="planned", dose_mg="41.7")
        factories.infusion(s, cast.alice, date(2026, 4, 10), status="planned")
        factories.infusion(s, cast.alice, date(2026, 4, 17), time="09:00", status="cancelled")
        factories.infusion(s, cast.alice, date(2026, 3, 12), time="10:30")
        factories.infusion(s, cast.alice, date(2026, 6, 20), time="10:30", status="planned")
        met = {"status": "planned", "place": "Room 4", "start": "11:00", "end": "12:00"}
        factories.session(s, cast.alice, date(2026, 3, 31), **met)
        person = s.get_one(Person, cast.alice.id)
        token = make_feed(s, access.viewer_of(s, person), NOW)
    return f"/calendar/{token}.ics"


def get(client_as, path, **headers):
    return client_as().http.get(path, headers=headers)


def entries(answer) -> list:
    assert answer.status_code == 200, answer.status_code
    return Calendar.from_ical(answer.data).walk("VEVENT")


def visits(answer) -> list:
    return [one for one in entries(answer) if one["SUMMARY"] == "Neap: an appointment"]


def test_what_comes_stands_in_it(client_as, link):
    found = visits(get(client_as, link))
    assert [(one.start, one.end) for one in found] == [
        (datetime(2026, 3, 27, 10, 30, tzinfo=LONDON), datetime(2026, 3, 27, 11, 15, tzinfo=LONDON)),
        (datetime(2026, 3, 31, 11, tzinfo=LONDON), datetime(2026, 3, 31, 12, tzinfo=LONDON)),
        (datetime(2026, 4, 3, 10, 30, tzinfo=LONDON), datetime(2026, 4, 3, 11, 10, tzinfo=LONDON)),
        (date(2026, 4, 10), date(2026, 4, 11)),  # nobody has said when: the day
    ]
    # One is before the clocks change, one after.
    assert [one.start.utcoffset() for one in (found[0], found[2])] == [timedelta(0), timedelta(hours=1)]
    assert len({one["UID"] for one in found}) == 4


@pytest.fixture
def reminded(link, cast, written):
    """Every day at 20:30 but on Sundays, and what hangs on infusions; today is done already."""
    with written() as s:
        row = ReminderSettings(
            person_id=cast.alice.id, daily=",".join(["20:30"] * 6 + [""]), quiet_from="22:00", quiet_until="08:00",
            changed_at=NOW,
        )  # fmt: skip
        s.add(row)
        factories.entry(s, cast.alice, NOW.date(), pain=4, at=NOW)
    return link


def rings(answer) -> list[datetime]:
    return sorted(one.start for one in entries(answer) if one["SUMMARY"] == "Neap")


def test_reminders_stand_in_it(client_as, reminded, cast, written):
    everything = rings(get(client_as, reminded))
    with written() as s:
        row = s.get_one(ReminderSettings, cast.alice.id)
        row.checkins = False
        s.add(row)
    # 20:30 of her wall clock on both sides of the change of clocks; the 20th is done, Sundays are off.
    days = [date(2026, 3, 21) + timedelta(days=n) for n in range(59)]
    wanted = [datetime(d.year, d.month, d.day, 20, 30, tzinfo=LONDON) for d in days if d.weekday() != 6]
    found = rings(get(client_as, reminded))
    assert found == wanted and {at.astimezone(UTC).hour for at in found} == {20, 19}
    # With what is asked around infusions there are more, on the evening before one too, and never two at once.
    assert set(everything) > set(wanted) and datetime(2026, 3, 26, 18, tzinfo=LONDON) in everything
    assert len(everything) == len(set(everything))


def test_a_reminder_rings_and_takes_no_time_away(client_as, reminded):
    for one in entries(get(client_as, reminded)):
        is_reminder = one["SUMMARY"] == "Neap"
        assert len(one.walk("VALARM")) == is_reminder
        if is_reminder:
            assert one["TRANSP"] == "TRANSPARENT" and one.end - one.start == timedelta(minutes=10)


def test_a_pause_empties_its_days(client_as, reminded, cast, written):
    with written() as s:
        row = s.get_one(ReminderSettings, cast.alice.id)
        row.paused_until = date(2026, 4, 1)
        s.add(row)
    answer = get(client_as, reminded)
    assert rings(answer)[0].date() >= date(2026, 4, 1) and len(visits(answer)) == 4


def test_whoever_chose_nothing_has_visits_only(client_as, link):
    assert rings(get(client_as, link)) == []


def test_it_says_nothing_of_health_of_her_or_of_where(client_as, reminded):
    text = get(client_as, reminded).data.decode()
    assert not HEALTH_WORDS.search(text)
    for word in (
        "session",
        "coach",
        "therap",
        "clinic",
        "alice",
        "marlow",
        "room 4",
        "41.7",
        "treat",
        "patient",
    ):
        assert word not in text.lower(), word
    titles = {
        line for line in text.replace("\r\n ", "").splitlines() if line.startswith(("SUMMARY", "DESCRIPTION"))
    }
    assert titles <= {"SUMMARY:Neap", "SUMMARY:Neap: an appointment", "DESCRIPTION:Neap"}


def test_it_is_a_calendar_without_a_cookie(client_as, link):
    answer = get(client_as, link)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "Set-Cookie" not in answer.headers and "Cookie" not in answer.headers.get("Vary", "")
    raw = answer.data
    assert raw.startswith(b"BEGIN:VCALENDAR\r\n") and raw.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in raw.split(b"\r\n")) and raw.count(b"\n") == raw.count(b"\r\n")
    assert b"VERSION:2.0" in raw and b"PRODID:" in raw and raw.count(b"DTSTAMP") == raw.count(b"BEGIN:VEVENT")


def test_the_same_is_not_sent_twice(client_as, link, cast, clock_at, written):
    first = get(client_as, link)
    clock_at(NOW + timedelta(minutes=30))
    tag = {"If-None-Match": first.headers["ETag"]}
    again = get(client_as, link, **tag)
    assert again.status_code == 304 and again.data == b""
    assert get(client_as, link).data == first.data
    with db.read() as s:
        assert stored(s, CalendarFeed)[0].read_at == NOW + timedelta(minutes=30)  # a 304 is a reading too
    with written() as s:
        factories.infusion(s, cast.alice, date(2026, 4, 14), time="10:00", status="planned")
    assert len(visits(get(client_as, link, **tag))) == 5


def test_what_moves_keeps_its_name(client_as, link, cast, written):
    before = {one["UID"]: one.start for one in visits(get(client_as, link))}
    with written() as s:
        ref = access.load_patient(s, access.OPERATOR, cast.alice.uuid)
        (row, *_) = infusions_of(s, access.OPERATOR, cast.alice.id, ("planned",))
        move_planned(s, access.OPERATOR, ref, row.uuid, 1, NOW.date(), NOW)
    after = {one["UID"]: one.start for one in visits(get(client_as, link))}
    assert set(after) == set(before)
    moved = {name: at for name, at in after.items() if at != before[name]}
    assert len(moved) == 3 and all(at == before[name] + timedelta(days=1) for name, at in moved.items())


def test_a_link_that_was_never_made(client_as, link):
    token = link.removeprefix("/calendar/").removesuffix(".ics")
    other = "A" if token[0] != "A" else "B"
    for path in (
        f"/calendar/{other}{token[1:]}.ics",
        f"/calendar/{token[:-1]}.ics",
        "/calendar/x.ics",
        f"/calendar/{token}",
    ):
        assert client_as().get(path).status == 404


def test_the_link_of_somebody_who_left(client_as, link, cast, written):
    with written() as s:
        s.get_one(Person, cast.alice.id).ended_at = NOW
    assert client_as().get(link).status == 404


def test_the_link_of_somebody_who_is_no_patient_now(client_as, link, cast, written):
    with written() as s:
        (one,) = stored(s, Membership, person_id=cast.alice.id)
        one.ended_at = NOW
        s.add(one)
    assert client_as().get(link).status == 404


def test_an_invitation_nobody_confirmed_shows_nothing_of_before(client_as, link, cast, written):
    """Security 4: what was recorded before she came is not shown to whoever followed the link."""
    with written() as s:
        (one,) = stored(s, Membership, person_id=cast.alice.id)
        one.accepted_at, one.confirmed_at = NOW, None
        s.add(one)
    found = [one.start for one in visits(get(client_as, link))]
    assert datetime(2026, 3, 27, 10, 30, tzinfo=LONDON) not in found


def test_a_stranger_gets_no_more_than_anybody_with_the_link(client_as, link):
    """A key opens for whoever holds it, and being signed in as somebody else adds nothing."""
    assert client_as("charlie").http.get(link).data == get(client_as, link).data
    assert client_as("charlie").post(link).status == 405


def test_a_reading_writes_little(client_as, link, clock_at):
    for minute in range(6):
        clock_at(NOW + timedelta(minutes=minute))
        get(client_as, link)
    with db.read() as s:
        assert stored(s, CalendarFeed)[0].read_at == NOW


# Zones --------------------------------------------------------------------------------------------

ZONES = (
    "Europe/London",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "America/Santiago",
    "UTC",
)


@pytest.mark.parametrize("zone", ZONES)
def test_its_own_table_of_the_zone_tells_the_right_moment(zone):
    """Read by a calendar that has never heard of the zone, and goes by the table alone."""
    here, lasts = clock.zone_of(zone), timedelta(minutes=10)
    days = [datetime(2026, 3, 1, 9, tzinfo=UTC) + timedelta(hours=53 * n) for n in range(165)]
    starts = [day.astimezone(here) for day in days]
    # An hour that comes twice can be told as the first one only.
    events = [
        Event(f"{n}@x", "Neap", at, ends_of(at, lasts), "/today", True)
        for n, at in enumerate(starts)
        if not at.fold
    ]
    assert len(events) > 160
    text = ics.calendar(events, zone, "https://x.example", NOW).decode()
    read = Calendar.from_ical(
        text.replace(f":{zone}", f":Unheard/{zone}").replace(f"={zone}", f"=Unheard/{zone}")
    )
    found = {
        str(one["UID"]): (one.start.astimezone(UTC), one.end.astimezone(UTC)) for one in read.walk("VEVENT")
    }
    assert found == {one.uid: (one.starts.astimezone(UTC), one.ends.astimezone(UTC)) for one in events}


def test_the_table_holds_what_happens_and_no_more():
    spring = observances(
        "Europe/London", [datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 4, 20, tzinfo=UTC)]
    )
    assert [(one.onset, one.before, one.after, one.name, one.is_summer) for one in spring[1:]] == [
        (datetime.fromisoformat("2026-03-29T01:00"), timedelta(0), timedelta(hours=1), "BST", True)
    ]
    autumn = observances(
        "Europe/London", [datetime(2026, 10, 20, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)]
    )
    assert autumn[1].onset == datetime.fromisoformat("2026-10-25T02:00") and not autumn[1].is_summer
    assert observances("UTC", []) == []


# Logs ---------------------------------------------------------------------------------------------


def test_no_log_of_ours_holds_the_link(client_as, link, capfd):
    log.configure("info")
    try:
        get(client_as, link)
    finally:
        log.configure("critical")
    written = capfd.readouterr().err
    assert "/calendar/<token>.ics" in written and link[10:30] not in written


def test_gunicorns_log_does_not_hold_keys_either(capfd):
    """Even where somebody switches its access log on, with a format of their own."""
    key, config = "herons-by-the-weir", Config()
    config.set("accesslog", "-")
    config.set("access_log_format", "%(r)s %(U)s %(f)s %({raw_uri}e)s")
    logger = runpy.run_path("gunicorn.conf.py")["logger_class"](config)
    answer = SimpleNamespace(status="200 OK", headers=[], sent=1)
    for path in (f"/calendar/{key}.ics", f"/unsubscribe/{key}?a=b", f"/invitations/{key}", "/healthz?seen=1"):
        asked = {
            "REQUEST_METHOD": "GET", "RAW_URI": path, "PATH_INFO": path, "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_REFERER": f"https://neap.example.org{path}",
        }  # fmt: skip
        logger.access(answer, SimpleNamespace(headers=[]), asked, timedelta(0))
        logger.exception("Error handling request %s", path)
    written = "".join(capfd.readouterr())
    assert (
        key not in written
        and written.count("/calendar/<token>") == 5
        and "/unsubscribe/<token>?a=b" in written
    )
    assert written.count("/healthz?seen=1") == 5
