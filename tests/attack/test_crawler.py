"""A crawler as each of the cast tries every route and method with everyone's ids: nobody sees what is not theirs.

Every person has a canary of each kind of data; an answer that holds a canary its reader may not see is a leak, and so
is one that lets a reader further than is promised of its route. The control is everybody's own reach: what may be seen
must be found, or the crawler proves nothing. What it is worth is shown by tests/attack/test_mutations.py.
"""

import os
import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from diary import db
from diary.careteam.rules import Kind
from diary.entries.models import Entry, EntryRevision
from diary.lib import clock
from tests.attack.crawl import asks, holds, walk, wanted
from tests.attack.world import BY_NAME, CANARIES, DAY, READERS, TODAY
from tests.sync.phones import HEADERS, a_body

LONG = bool(os.environ.get("NEAP_LONG"))
FIXED = ("nobody", "alice", "charlie", "bob", "cora", "dana", "erin")
MAY_SEE = {None if name == "nobody" else name: BY_NAME[name].sees for name in FIXED}


@pytest.fixture
def planted(world, cast):
    return cast


def report(capsys, what, readers, *walks):
    """The figures, in the test's own output; and what is wrong, if anything is."""
    urls = set().union(*(found.urls for found in walks))
    wrong = [line for found in walks for line in found.wrong]
    statuses = sum((found.statuses for found in walks), start=walks[0].statuses.__class__())
    tried, leaks = sum(found.tried for found in walks), sum(len(found.leaks) for found in walks)
    reached, wished = set().union(*(found.reached for found in walks)), wanted(readers)
    with capsys.disabled():
        print(
            f"\ncrawler, {what}: {len(urls)} URLs, {len(readers)} readers, {tried} requests, {leaks} leaks, "
            f"{len(wrong) - leaks} let in, control {len(wished & reached)} of {len(wished)}, "
            f"answers {dict(sorted(statuses.items()))}"
        )
    assert not wrong, "\n".join(wrong[:20])
    assert len(wished & reached) >= 0.95 * len(wished), sorted(wished - reached)
    assert all(any(one[0] == name for one in reached) for name in {one[0] for one in wished})


def test_nobody_sees_what_is_not_theirs(app, world, tmp_path, capsys):
    """The fixed cast, pages and files with one person's ids at a time."""
    what = [ask for ask in asks(app, world, ["GET"]) if len(set(ask.owners)) < 2]
    report(capsys, "pages of the fixed cast", FIXED, walk(app, world, FIXED, what, tmp_path))


def test_nobody_writes_what_is_not_theirs(app, world, tmp_path, capsys):
    """Forms as strangers to whom they are about; where nothing is shown there is no control."""
    what = [ask for ask in asks(app, world, ["POST", "PUT"]) if ask.owners == ("alice",) * len(ask.owners)]
    found = walk(app, world, ("nobody", "charlie"), what, tmp_path)
    with capsys.disabled():
        print(f"\ncrawler, forms: {found.tried} requests, {len(found.wrong)} let in or leaked")
    assert not found.wrong, "\n".join(found.wrong[:20])
    assert found.tried > 150


@pytest.mark.skipif(not LONG, reason="make attack")
def test_nobody_of_all_readers_gets_what_is_not_theirs(app, world, tmp_path, capsys):
    """Pages, parts for htmx, files and forms, as everybody who has, had or never had a right, with all ids mixed."""
    names = [reader.name for reader in READERS]
    pages = walk(app, world, names, list(asks(app, world, ["GET"])), tmp_path)
    report(capsys, "pages", names, pages)
    parts = walk(app, world, names, list(asks(app, world, ["GET"], htmx=True)), tmp_path)
    forms = walk(app, world, names, list(asks(app, world, ["POST", "PUT"])), tmp_path)
    report(capsys, "pages, parts and forms", names, pages, parts, forms)


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
