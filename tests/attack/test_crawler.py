"""A crawler as each of the cast tries every route and method with everyone's ids: nobody sees what is not theirs.

Every person has a canary of each kind of data; an answer that holds a canary its reader may not see is a leak.
The control is the owner's own reach: what may be seen must be found, or the crawler proves nothing.
"""

import itertools
import re
import subprocess
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from diary import db
from diary.careteam import access, actions
from diary.careteam.models import CareLink
from diary.careteam.rules import Kind
from diary.entries.models import Entry, EntryRevision
from diary.infusions.models import Infusion
from diary.lib import clock
from diary.medications.models import Medication
from diary.safety.actions import open_flag
from diary.safety.models import Flag
from diary.sessions.models import CareSession, Goal
from tests import factories
from tests.checkins.said import checkin
from tests.sync.phones import HEADERS, a_body

DAY = date(2026, 3, 15)
TODAY = DAY + timedelta(days=30)
TAG = re.compile(r"<(?:script|style)[^>]*>.*?</(?:script|style)>|<[^>]+>", re.S)


@dataclass(frozen=True)
class Canary:
    """A text that stands in one person's data of one kind and nowhere else."""

    owner: str
    kind: str
    text: str


CANARIES = (
    Canary("alice", "name", "Marlow"),
    Canary("alice", Kind.SCORES, "4.3"),
    Canary("alice", Kind.NOTES, "herons-by-the-weir"),
    Canary("alice", "private", "only-for-my-own-eyes"),
    Canary("alice", Kind.INFUSIONS, "41.7"),
    Canary("alice", Kind.SESSIONS, "a-walk-round-the-mill"),
    Canary("alice", "staff", "asks-about-her-brother"),
    Canary("alice", "flag", "tripped-over-the-cat"),
    Canary("charlie", Kind.SESSIONS, "stairs-one-by-one"),
    Canary("charlie", "staff", "wants-a-quieter-room"),
    Canary("charlie", "flag", "slipped-on-the-ferry"),
    Canary("charlie", "name", "Boone"),
    Canary("charlie", Kind.SCORES, "6.9"),
    Canary("charlie", Kind.NOTES, "marsh-at-first-light"),
    Canary("charlie", "private", "nobody-else-reads-this"),
    Canary("charlie", Kind.INFUSIONS, "83.9"),
)
EVERYTHING = {"name", *Kind}


def plant(s, cast, name: str) -> None:
    person = getattr(cast, name)
    found = {canary.kind: canary.text for canary in CANARIES if canary.owner == name}
    for step in range(-16, 28):
        factories.entry(
            s, person, DAY + timedelta(days=step), pain=found[Kind.SCORES], mood=found[Kind.SCORES]
        )
    on = TODAY - timedelta(days=3)
    factories.entry(s, person, on, note=found[Kind.NOTES], note_private="no")
    factories.entry(s, person, on - timedelta(days=1), note=found["private"], note_private="yes")
    target = factories.infusion(
        s, person, DAY, dose_mg=found[Kind.INFUSIONS], note=f"recorded {found[Kind.INFUSIONS]}"
    ).uuid
    for after, kind, private in ((1, Kind.NOTES, "no"), (2, "private", "yes")):
        said = {"own": f"felt {found[Kind.INFUSIONS]}", "insight": found[kind], "insight_private": private}
        checkin(s, person, target, DAY + timedelta(days=after), said)
    factories.session(s, person, DAY, note=found[Kind.SESSIONS], private_note=found["staff"])
    factories.goal(s, person, found[Kind.SESSIONS])
    factories.medication(
        s,
        person,
        f"Rarely {found[Kind.INFUSIONS]}",
        DAY,
        dose=found[Kind.INFUSIONS],
        dose_unit="mg",
        times_per_day="1",
    )


def plant_flag(s, cast, name: str) -> None:
    """An answer that fired: told to whoever cares for the person, whatever the consent, and to nobody else."""
    person = getattr(cast, name)
    (answer,) = (canary.text for canary in CANARIES if canary.owner == name and canary.kind == "flag")
    open_flag(s, access.Viewer(person.id), person.id, "fall", "m", clock.now(), clock.now(), answer=answer)


@pytest.fixture
def planted(app, cast, clock_at):
    from datetime import UTC, datetime, time

    clock_at(datetime.combine(TODAY, time(12), UTC))
    with db.write() as s:
        plant(s, cast, "alice")
        plant(s, cast, "charlie")
        plant_flag(s, cast, "alice")
        plant_flag(s, cast, "charlie")
        # Cora sees Alice's scores only: what she gets of the other kinds would be a leak.
        others = [kind for kind in Kind if kind != Kind.SCORES]
        actions.withdraw_consent(s, access.OPERATOR, cast.alice.id, cast.cora.id, others, clock.now())
    return cast


MAY_SEE = {
    "alice": {("alice", kind) for kind in EVERYTHING | {"private"}},
    "bob": {("alice", kind) for kind in EVERYTHING | {"flag", "staff"}},
    "cora": {("alice", "name"), ("alice", Kind.SCORES), ("alice", "flag")},
    "dana": {("alice", "name")},
    "charlie": {("charlie", kind) for kind in EVERYTHING | {"private"}},
    "erin": {("charlie", kind) for kind in EVERYTHING | {"flag", "staff"}},
    None: set(),
}


def ids(app, cast) -> dict[str, list[str]]:
    """Everything that could stand in a URL, of everybody."""
    with db.read() as s:
        infusions = [str(row.uuid) for row in s.exec(select(Infusion)).all()]
        medicines = [str(row.uuid) for row in s.exec(select(Medication)).all()]
        links = [str(row.uuid) for row in s.exec(select(CareLink)).all()]
        flags = [str(row.uuid) for row in s.exec(select(Flag)).all()]
        sessions = [str(row.uuid) for row in s.exec(select(CareSession)).all()]
        goals = [str(row.uuid) for row in s.exec(select(Goal)).all()]
    people = [str(person.uuid) for person in (cast.alice, cast.charlie, cast.bob)]
    return {
        "UUIDConverter": people + infusions + medicines + links[:1],
        "flag_id": flags + people[:1],
        "session_id": sessions + people[:1],
        "goal_id": goals + people[:1],
        "token": ["x" * 43],
        "other": [str(TODAY - timedelta(days=3)), str(TODAY - timedelta(days=4)), str(DAY)],
    }


def medicine_ids(cast) -> list[str]:
    """Whose second id in an address is a medicine's: both of them, and one that is none."""
    with db.read() as s:
        return [str(row.uuid) for row in s.exec(select(Medication)).all()] + [str(cast.bob.uuid)]


def urls(app, cast):
    known = ids(app, cast)
    with db.read() as s:
        infusion_of = {str(row.uuid): row.patient_id for row in s.exec(select(Infusion)).all()}
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        names = sorted(rule.arguments)
        pools = [
            known[name]
            if name in ("token", "flag_id", "session_id", "goal_id")
            else known.get(rule._converters[name].__class__.__name__, known["other"])
            for name in names
        ]
        if "medication_id" in names:  # every id in both places would be a quarter of all requests
            pools[names.index("medication_id")] = medicine_ids(cast)
        for values in itertools.product(*pools):
            with app.test_request_context():
                path = app.url_map.bind("localhost").build(
                    rule.endpoint,
                    {n: _value(rule, n, v) for n, v in zip(names, values, strict=True)},
                    method=None,
                )
            for query in queries_of(rule.rule):
                yield path + query, sorted(rule.methods & {"GET", "POST"})
    assert infusion_of


def _value(rule, name, text):
    return rule._converters[name].to_python(text)


def queries_of(rule: str) -> list[str]:
    if rule.endswith(".pdf"):
        return [f"?since={DAY - timedelta(days=20)}&until={TODAY}"]
    if rule == "/story":
        return [
            "?span=all&table=1",
            f"?span=all&day={TODAY - timedelta(days=3)}",
            f"?span=all&day={TODAY - timedelta(days=4)}",
        ]
    if rule == "/patients/<uuid:patient_uuid>" or (
        rule.startswith("/patients/<uuid:") and rule.count("/") == 2
    ):
        return ["?span=all", "?span=all&table=1"]
    return [""]


def words(page, tmp_path) -> str:
    kind = page.response.content_type or ""
    if "pdf" in kind:
        (tmp_path / "a.pdf").write_bytes(page.data)
        return subprocess.run(
            ["pdftotext", tmp_path / "a.pdf", "-"], capture_output=True, check=True, text=True
        ).stdout
    if "html" in kind:
        return TAG.sub(" ", page.text) + " ".join(
            re.findall(r'(?:value|alt|title|aria-label)="([^"]*)"', page.text)
        )
    return page.data.decode("utf-8", "replace")


def holds(text: str, canary: Canary) -> bool:
    return re.search(rf"(?<![\d.]){re.escape(canary.text)}(?![\d])", text) is not None


@pytest.mark.slow
def test_nobody_sees_what_is_not_theirs(app, planted, client_as, tmp_path, capsys):
    tried, leaks, reached, statuses = 0, [], {}, {}
    everything = list(urls(app, planted))
    for who, allowed in MAY_SEE.items():
        client = client_as(who)
        for url, methods in everything:
            for method in methods:
                if method == "POST" and url in ("/sign-out", "/sessions/end-all"):
                    continue
                sent_as = (
                    HEADERS if url.startswith("/api/") else None
                )  # what a phone sends, which is no page's form
                page = client.post(url, headers=sent_as) if method == "POST" else client.get(url)
                tried += 1
                statuses[page.status] = statuses.get(page.status, 0) + 1
                assert page.status < 500, f"{who} {method} {url}: {page.status}"
                assert page.status != 403, f"{who} {method} {url}: 403 tells that something is there"
                text = words(page, tmp_path)
                for canary in CANARIES:
                    if not holds(text, canary):
                        continue
                    if (canary.owner, canary.kind) in allowed:
                        reached.setdefault(who, set()).add((canary.owner, canary.kind))
                    else:
                        leaks.append(f"{who} {method} {url}: {canary}")
    wanted = {(who, what) for who, allowed in MAY_SEE.items() for what in allowed if what[1] in HAS_A_PAGE}
    got = {(who, what) for who, found in reached.items() for what in found}
    share = len(wanted & got) / len(wanted)
    with capsys.disabled():
        print(
            f"\ncrawler: {len(everything)} URLs, {len(MAY_SEE)} readers, {tried} requests, {len(leaks)} leaks, "
            f"control {len(wanted & got)} of {len(wanted)}, answers {dict(sorted(statuses.items()))}"
        )
    assert not leaks, leaks[:5]
    assert share >= 0.95, sorted(wanted - got)
    assert tried > 300


HAS_A_PAGE = {"name", "private", "flag", "staff", Kind.SESSIONS, Kind.SCORES, Kind.NOTES, Kind.INFUSIONS}


def test_what_is_hidden_looks_like_what_is_not_there(client_as, planted):
    """A stranger's answer for a real patient and for an invented one: the same but for the request id."""
    for who in ("charlie", "erin", "cora", "dana"):
        client = client_as(who)
        client.get("/more")  # the session's CSRF token is made by its first page
        for path in ("", "/report.pdf", "/infusions/new"):
            real_uuid = planted.charlie.uuid if who in ("cora", "dana") else planted.alice.uuid
            real = client.get(f"/patients/{real_uuid}{path}")
            invented = client.get(f"/patients/{uuid4()}{path}")
            assert real.status == invented.status == 404, (who, path)
            assert without_id(real) == without_id(invented)
            drop = {"X-Request-Id", "Content-Length", "Date"}
            assert {k: v for k, v in real.headers.items() if k not in drop} == {
                k: v for k, v in invented.headers.items() if k not in drop
            }


def without_id(page) -> str:
    """The page but for its request id and the signature of its CSRF token, which holds the second."""
    text = page.text.replace(page.headers["X-Request-Id"], "")
    return re.sub(r'(name="csrf_token" value=")[^"]*', r"\1", text)


# The phone's API ----------------------------------------------------------------------------------

CANARIES_OF_DAYS = (Kind.SCORES, Kind.NOTES, "private", Kind.INFUSIONS)  # own words of check-ins among them


def write_ids(cast) -> dict[str, list[str]]:
    """Writes that are stored, by owner."""
    with db.read() as s:
        rows = s.exec(
            select(EntryRevision.write_id, Entry.person_id).join(Entry, Entry.id == EntryRevision.entry_id)
        )
        found: dict[str, list[str]] = {"alice": [], "charlie": []}
        for write_id, person_id in rows:
            found["alice" if person_id == cast.alice.id else "charlie"].append(str(UUID(bytes=write_id)))
    return found


def revisions_of(person) -> int:
    with db.read() as s:
        return len(s.exec(select(EntryRevision).join(Entry).where(Entry.person_id == person.id)).all())


def attempts(cast, known):
    """(method, url, body) with everybody's person, everybody's write ids and spans of every age."""
    people = {name: str(getattr(cast, name).uuid) for name in ("alice", "charlie", "bob", "dana")}
    spans = [
        (DAY - timedelta(days=16), DAY + timedelta(days=20)),
        (TODAY - timedelta(days=7), TODAY),
        (TODAY, TODAY),
    ]
    for person in [*people.values(), str(uuid4()), "", "alice@example.org"]:
        for since, until in spans:
            yield "GET", f"/api/v1/sync/days?person={person}&from={since}&to={until}", None
        for owner, ids in known.items():
            for write_id in [ids[0], ids[-1], str(uuid4())]:
                body = a_body(
                    cast.alice, {"mood": "9"}, person=person, day=str(TODAY - timedelta(days=3)),
                    recorded_at=clock.now().isoformat(), sent_at=clock.now().isoformat(),
                    base={"mood": known["alice"][-2:] + known["charlie"][-2:], "pain": ids[-9:]},
                )  # fmt: skip
                yield "PUT", f"/api/v1/sync/{write_id}", body | {"device": owner}


def asked(client, method, url, body):
    more = {"json": body} if body is not None else {}
    return client._alone(client.http.open, url, method=method, headers=HEADERS, **more)


def test_the_phones_api_tells_nobody_elses(app, planted, client_as, capsys):
    known = write_ids(planted)
    tried, leaks, reached, statuses = 0, [], set(), {}
    before = {name: revisions_of(getattr(planted, name)) for name in ("alice", "charlie")}
    for who, allowed in MAY_SEE.items():
        client = client_as(who)
        for method, url, body in attempts(planted, known):
            response = asked(client, method, url, body)
            tried += 1
            statuses[response.status_code] = statuses.get(response.status_code, 0) + 1
            text = response.get_data(as_text=True)
            assert response.is_json and response.status_code in (200, 401, 403, 404, 409, 422), (
                who,
                url,
                text,
            )
            named = body["person"] if body else url.split("person=")[1].split("&")[0]
            is_own = who in ("alice", "charlie") and named == str(getattr(planted, who).uuid)
            assert is_own or response.status_code != 200, f"{who} {method} {url}: {text[:200]}"
            assert is_own or not set(known["alice"] + known["charlie"]) & set(
                re.findall(r"[0-9a-f-]{36}", text)
            ), url
            for canary in CANARIES:
                if holds(text, canary):
                    if (canary.owner, canary.kind) in allowed and canary.owner == who:
                        reached.add((who, canary.kind))
                    else:
                        leaks.append(f"{who} {method} {url}: {canary}")
        for name in ("alice", "charlie"):
            now = revisions_of(getattr(planted, name))
            assert now == before[name] or who == name, f"{who} wrote into {name}'s diary"
            before[name] = now
    wanted = {(who, kind) for who in ("alice", "charlie") for kind in CANARIES_OF_DAYS}
    with capsys.disabled():
        print(
            f"\ncrawler of the sync API: {tried} requests, {len(MAY_SEE)} readers, {len(leaks)} leaks, "
            f"control {len(wanted & reached)} of {len(wanted)}, answers {dict(sorted(statuses.items()))}"
        )
    assert not leaks, leaks[:5]
    assert reached == wanted and statuses[200] > 10


def test_anothers_write_id_is_not_known(client_as, planted):
    """Charlie sends Alice's id: it is a new one to him, as an invented one is, and her answer is not his."""
    known = write_ids(planted)["alice"]
    charlie, body = client_as("charlie"), None
    at = clock.now().isoformat()
    for write_id in (known[0], str(uuid4())):
        body = a_body(planted.charlie, {"pain": "1"}, day=str(TODAY), recorded_at=at, sent_at=at)
        response = asked(charlie, "PUT", f"/api/v1/sync/{write_id}", body)
        assert (response.status_code, response.get_json()["outcome"]) == (200, {"pain": "applied"})


@pytest.mark.parametrize("who", ["bob", "cora", "dana", "erin", "charlie", None])
def test_the_api_tells_no_person_from_an_invented_one(client_as, planted, who):
    client = client_as(who)
    urls = [f"/api/v1/sync/days?person={uuid}" for uuid in (planted.alice.uuid, uuid4())]
    real, invented = (asked(client, "GET", url, None) for url in urls)
    assert real.status_code == invented.status_code != 200 and real.get_json() == invented.get_json()
