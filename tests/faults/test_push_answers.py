"""What becomes of a reminder and of the phone's subscription for each thing that a push service may say: the whole engine,
the real way out, and a service on this machine that reads what the phone would read."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime

import pytest

from diary import db
from diary.accounts.actions import create_person
from diary.careteam import actions as careteam
from diary.careteam.rules import Role
from diary.config import PUSH_HOSTS
from diary.reminders.actions.phones import index_of
from diary.reminders.models import Delivery, PushSubscription, ReminderSettings
from diary.reminders.rules.message import Outcome
from diary.reminders.transports.push import Push
from diary.reminders.worker import Worker
from tests.conftest import stored
from tests.faults.conftest import LONG
from tests.reminders.engine import at
from tests.reminders.servers import Handset, PushService
from tests.serving import free_port

DUE = at("2026-11-23T20:30")
DAY = DUE.date()
KEY = "x" * 42 + "A"


def date_in(minutes: int) -> str:
    return format_datetime(DUE + timedelta(minutes=minutes), usegmt=True)


@dataclass(frozen=True)
class Case:
    """What the service says to the first message (and then 201), and what has to come of it.

    `first`: state and reason after the first try. `again`: minutes to the next try, None where there is none. `ended`: why
    the subscription has ended. `is_failing`: whether the phone counts as one that fails, after all.
    """

    says: object
    first: tuple[str, str]
    again: int | None = None
    ended: str = ""
    is_failing: bool = False


SENT = ("sent", "")
CASES = {
    "200": Case(200, SENT),
    "201": Case(201, SENT),
    "202": Case(202, SENT),
    "204": Case(204, SENT),
    "400": Case(400, ("failed", "400"), is_failing=True),
    "403": Case(403, ("failed", "403"), is_failing=True),
    "404": Case(404, ("failed", "404"), ended="404"),
    "410": Case(410, ("failed", "410"), ended="410"),
    "413": Case(413, ("failed", "413"), is_failing=True),
    "429": Case(429, ("waiting", "429"), 1),
    "429, 1800 s": Case((429, {"Retry-After": "1800"}), ("waiting", "429"), 30),
    "429, a date": Case((429, {"Retry-After": date_in(20)}), ("waiting", "429"), 20),
    "429, a date gone by": Case((429, {"Retry-After": date_in(-20)}), ("waiting", "429"), 1),
    "429, nonsense": Case((429, {"Retry-After": "soon"}), ("waiting", "429"), 1),
    "429, longer than it is of use": Case(
        (429, {"Retry-After": "86400"}), ("failed", "429"), is_failing=True
    ),
    "500": Case(500, ("waiting", "500"), 1),
    "503, 120 s": Case((503, {"Retry-After": "120"}), ("waiting", "503"), 2),
    "time-out": Case("hang", ("waiting", "timeout"), 1),
    "nothing": Case(b"", ("waiting", "unreachable"), 1),
    "garbage": Case(b"\x00garbage\xff\r\n\r\n", ("waiting", "unreachable"), 1),
    "another protocol": Case(b"SSH-2.0-x\r\n", ("waiting", "unreachable"), 1),
    "redirect": Case((307, {"Location": "/push/elsewhere"}), ("failed", "307"), is_failing=True),
    "redirect for good": Case((301, {"Location": "/push/elsewhere"}), ("failed", "301"), is_failing=True),
}


class Service(PushService):
    """Says to each phone what it is told for it; one worker asks, so that the last request is the one answered."""

    def __init__(self) -> None:
        super().__init__()
        self.says: dict[str, list] = {}
        self.took: Counter[str] = Counter()

    def _next(self) -> tuple:
        path = self.got[-1].path
        said = self.says.get(path)
        answer = said.pop(0) if said else 201
        self.took[path] += answer in (200, 201, 202, 204)
        return (*answer, b"")[:3] if isinstance(answer, tuple) else (answer, {}, b"")


@dataclass
class Engine:
    """The engine with the real push and a mail that is only counted."""

    push: Push
    clock_at: object
    mails: list = field(default_factory=list)

    def tick(self, now: datetime) -> None:
        self.clock_at(now)  # a Retry-After that is a date is one of the service's clock
        ways = {"email": self.mail, "push": lambda parcel, phone: self.push.send(phone, parcel.message)}
        Worker(ways, now=lambda: now, threads=1, jitter=lambda: 0.5).round()

    def mail(self, parcel, _phone):
        self.mails.append(parcel.to)
        return Outcome("sent")


@pytest.fixture
def service():
    with Service() as running:
        yield running


@pytest.fixture
def engine(app, clock_at):
    return Engine(Push(KEY, "mailto:neap@example.org", PUSH_HOSTS, allows_here=True, seconds=0.5), clock_at)


def person(s, cast, name: str, endpoint: str, handset: Handset) -> tuple[int, int]:
    """(a person with a phone, which mail stands in for, the phone)"""
    made = create_person(s, f"{name}@example.org", name, "Europe/London", DUE)
    careteam.add_member(s, cast.alice.clinic_id, made.id, Role.PATIENT, DUE)
    since = DUE - timedelta(hours=1)
    s.add(
        ReminderSettings(
            person_id=made.id, daily=",".join(["20:30"] * 7), by_push=True, email_instead=True, checkins=False, ahead=False,
            commitments=False, wake_at=since, looked_at=since, changed_at=since,
        )
    )  # fmt: skip
    phone = PushSubscription(
        person_id=made.id,
        endpoint_index=index_of(endpoint),
        made_at=since,
        checked_at=since - timedelta(days=9),
    )
    phone.endpoint, phone.keys = endpoint, json.dumps(handset.keys)
    s.add(phone)
    s.flush()
    return made.id, phone.id


def delivery(person_id: int, day=DAY) -> Delivery:
    with db.read() as s:
        (row,) = stored(s, Delivery, person_id=person_id, day=day)
        return row


def phone_of(phone_id: int) -> PushSubscription:
    with db.read() as s:
        return s.get_one(PushSubscription, phone_id)


@pytest.mark.slow
def test_each_answer(engine, service, cast, capsys):
    handset = Handset()
    people = {}
    with db.write() as s:
        for n, (name, case) in enumerate(CASES.items()):
            path = f"/push/{n}"
            service.says[path] = [case.says]
            people[name] = (
                *person(s, cast, f"p{n}", f"http://127.0.0.1:{service.port}{path}", handset),
                path,
            )
    asked: dict[str, list[int]] = {path: [] for *_, path in people.values()}
    for minute in range(45):
        seen = len(service.got)
        engine.tick(DUE + timedelta(minutes=minute))
        for one in service.got[seen:]:
            asked[one.path].append(minute)
            assert handset.read(one.body)["title"] == "Neap"
        if minute == 0:
            first = {name: delivery(who) for name, (who, *_) in people.items()}
    told = []
    for name, case in CASES.items():
        who, phone_id, path = people[name]
        last, phone = delivery(who), phone_of(phone_id)
        told.append(
            f"{name}: {' '.join(case.first).strip()}, {last.state} after {len(asked[path])}, {(phone.ended_why and 'ended') or 'alive'}"
        )
        assert (first[name].state, first[name].reason) == case.first, name
        assert asked[path] == ([0] if case.again is None else [0, case.again]), name
        assert last.state == ("sent" if case.again is not None else case.first[0]), name
        assert service.took[path] == (last.state == "sent"), name
        assert phone.ended_why == case.ended and (phone.ended_at is not None) == bool(case.ended), name
        assert (phone.failing_since is not None) == case.is_failing, name
        assert (phone.sent_at is not None) == (last.state == "sent"), name
    assert {one.path for one in service.got} == set(asked), "no redirect was followed"
    topics = {path: {one.headers["Topic"] for one in service.got if one.path == path} for path in asked}
    assert all(len(several) == 1 for several in topics.values())
    with capsys.disabled():
        print(f"\npush answers, through the engine: {'; '.join(told)}")
    # The next day: nobody asks where a subscription has ended, and mail comes in its place; all others are asked again.
    seen = len(service.got)
    engine.tick(DUE + timedelta(days=1))
    ended = {path for name, (*_, path) in people.items() if CASES[name].ended}
    assert {one.path for one in service.got[seen:]} == set(asked) - ended
    assert sorted(engine.mails) == sorted(f"p{path.rsplit('/', 1)[1]}@example.org" for path in ended)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["500", "nobody listens", "time-out"] if LONG else ["500"])
def test_after_three_days_without_it_mail_comes_until_the_phone_is_there_again(engine, service, cast, how):
    endpoint = f"http://127.0.0.1:{free_port() if how == 'nobody listens' else service.port}/push/one"
    service.says["/push/one"] = ["hang" if how == "time-out" else 500] * 1000
    with db.write() as s:
        who, phone_id = person(s, cast, "p", endpoint, Handset())
    by_day = []
    for day in range(5):
        before = len(engine.mails), len(service.got)
        for hour in range(9):  # until it is of no use any more
            engine.tick(DUE + timedelta(days=day, hours=hour))
        by_day.append((len(engine.mails) - before[0], len(service.got) > before[1]))
    asks = how != "nobody listens"
    assert by_day == [(0, asks)] * 3 + [(1, False)] * 2
    assert {delivery(who, DAY + timedelta(days=n)).state for n in range(3)} == {"failed"}
    assert phone_of(phone_id).ended_at is None, "it may come back"
    if asks:
        service.says.clear()
        with db.write() as s:
            s.get_one(PushSubscription, phone_id).checked_at = DUE + timedelta(
                days=4, hours=12
            )  # at an opening
        engine.tick(DUE + timedelta(days=5))
        assert (service.took["/push/one"], len(engine.mails)) == (1, 2)
        assert phone_of(phone_id).failing_since is None
