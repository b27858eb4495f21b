"""A crawler as each of the cast tries every route and method with everyone's ids: nobody sees what is not theirs.

Every person has a canary of each kind of data; an answer that holds a canary its reader may not see is a leak.
The control is the owner's own reach: what may be seen must be found, or the crawler proves nothing.
"""

import itertools
import re
import subprocess
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from sqlmodel import select

from diary import db
from diary.careteam import access, actions
from diary.careteam.models import CareLink
from diary.careteam.rules import Kind
from diary.infusions.models import Infusion
from diary.lib import clock
from tests import factories

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
    factories.infusion(
        s, person, DAY, dose_mg=found[Kind.INFUSIONS], note=f"recorded {found[Kind.INFUSIONS]}"
    )


@pytest.fixture
def planted(app, cast, clock_at):
    from datetime import UTC, datetime, time

    clock_at(datetime.combine(TODAY, time(12), UTC))
    with db.write() as s:
        plant(s, cast, "alice")
        plant(s, cast, "charlie")
        # Cora sees Alice's scores only: what she gets of the other kinds would be a leak.
        others = [kind for kind in Kind if kind != Kind.SCORES]
        actions.withdraw_consent(s, access.OPERATOR, cast.alice.id, cast.cora.id, others, clock.now())
    return cast


MAY_SEE = {
    "alice": {("alice", kind) for kind in EVERYTHING | {"private"}},
    "bob": {("alice", kind) for kind in EVERYTHING},
    "cora": {("alice", "name"), ("alice", Kind.SCORES)},
    "dana": {("alice", "name")},
    "charlie": {("charlie", kind) for kind in EVERYTHING | {"private"}},
    "erin": {("charlie", kind) for kind in EVERYTHING},
    None: set(),
}


def ids(app, cast) -> dict[str, list[str]]:
    """Everything that could stand in a URL, of everybody."""
    with db.read() as s:
        infusions = [str(row.uuid) for row in s.exec(select(Infusion)).all()]
        links = [str(row.uuid) for row in s.exec(select(CareLink)).all()]
    people = [str(person.uuid) for person in (cast.alice, cast.charlie, cast.bob)]
    return {
        "UUIDConverter": people + infusions + links[:1],
        "token": ["x" * 43],
        "other": [str(TODAY - timedelta(days=3)), str(TODAY - timedelta(days=4)), str(DAY)],
    }


def urls(app, cast):
    known = ids(app, cast)
    with db.read() as s:
        infusion_of = {str(row.uuid): row.patient_id for row in s.exec(select(Infusion)).all()}
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        names = sorted(rule.arguments)
        pools = [
            known["token"]
            if name == "token"
            else known.get(rule._converters[name].__class__.__name__, known["other"])
            for name in names
        ]
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
                page = client.post(url) if method == "POST" else client.get(url)
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


HAS_A_PAGE = {"name", "private", Kind.SCORES, Kind.NOTES, Kind.INFUSIONS}


def test_what_is_hidden_looks_like_what_is_not_there(client_as, planted):
    """A stranger's answer for a real patient and for an invented one: the same but for the request id."""
    from uuid import uuid4

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
