"""The walk itself: every route and method as every reader, with their own ids and with everybody else's."""

import hashlib
import itertools
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from contextvars import Context
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

from itsdangerous import URLSafeTimedSerializer

from diary import db
from diary.lib.errors import Hidden
from tests.attack.world import BY_NAME, CANARIES, DAY, TODAY, Reader, World, sign_in
from tests.sync.phones import HEADERS
from tests.test_routes import ROUTES

TAG = re.compile(r"<(?:script|style)[^>]*>.*?</(?:script|style)>|<[^>]+>", re.S)
STAFF = {"coach", "clinician"}
ROLES = {
    "patient": {"patient"}, "patient_api": {"patient"}, "staff": STAFF, "clinician": {"clinician"},
    "team": STAFF | {"admin"}, "admin": {"admin"},
}  # fmt: skip
# Steps that ask first for a proof of who it is, by method and rule.
FRESH = {
    ("POST", "/reminders/calendar"), ("GET", "/clinic/audit.csv"), ("POST", "/sharing/<uuid:person_id>/consents"),
    ("POST", "/sharing/covers/<uuid:link_id>/agreement"), ("GET", "/email"), ("POST", "/email"),
    ("POST", "/passkeys/<uuid:passkey_id>/removal"), ("POST", "/authenticator/removal"), ("POST", "/recovery-codes"),
    ("POST", "/copy"), ("GET", "/copy/<uuid:copy_id>"),
}  # fmt: skip
OWNED = {"copy_id", "infusion_id", "medication_id", "goal_id", "symptom_id", "commitment_id"}
ENDS_THE_SESSION = ("/sign-out", "/sessions/end-all")
ACCESS = {
    (method, line.split()[-1]): line.split()[0]
    for line in ROUTES.strip().splitlines()
    for method in line.split()[1:-1]
}


@dataclass(frozen=True)
class Ask:
    """One address with a method, and whose ids stand in it."""

    method: str
    url: str
    rule: str
    owners: tuple[str, ...]  # by the ids' order in the rule; empty where there are none
    arguments: frozenset[str]
    htmx: bool = False


@dataclass
class Found:
    """What a walk came to."""

    tried: int = 0
    urls: set[str] = field(default_factory=set)
    statuses: Counter = field(default_factory=Counter)
    leaks: list[str] = field(default_factory=list)
    let_in: list[str] = field(default_factory=list)
    reached: set[tuple[str, str, str]] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)  # what the control came across before a rule was taken away

    @property
    def wrong(self) -> list[str]:
        return self.leaks + self.let_in


def asks(app, world: World, methods: Iterable[str], htmx: bool = False, only: str = "") -> Iterator[Ask]:
    """Every rule of the application: all Alice's ids, all Charlie's, and where there are two, one of each."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if only and not re.search(only, rule.rule):
            continue
        names = sorted(rule.arguments, key=rule.rule.index)
        ids = [name for name in names if name not in ("token", "filename", "day")]
        pairs = itertools.product(("alice", "charlie"), repeat=min(len(ids), 2)) if ids else [()]
        for owners in pairs:
            whose = dict(zip(ids, owners, strict=False))
            path = rule.rule
            for name in names:
                path = re.sub(rf"<(\w+:)?{name}>", _value(world, name, whose.get(name, "alice")), path)
            for method in sorted(rule.methods & set(methods)):
                queries = queries_of(rule.rule) if method == "GET" else [""]
                # Of the days, beside everybody's, those before and after somebody came whom nobody has confirmed.
                for back in (3, 6, 10) if "DAY" in path and method == "GET" else (3,):
                    on = path.replace("DAY", str(TODAY - timedelta(days=back)))
                    for query in queries:
                        yield Ask(method, on + query, rule.rule, owners, frozenset(ids), htmx)


def _value(world: World, name: str, owner: str) -> str:
    if name == "day":
        return "DAY"
    return world.ids[owner].get(name, world.ids[owner]["patient_uuid"])


def queries_of(rule: str) -> list[str]:
    if rule.endswith(".pdf"):
        span = f"since={DAY - timedelta(days=20)}&until={TODAY}"
        return [f"?{span}"] if rule.endswith("report.pdf") else [""]
    if rule == "/story":
        days = [f"?span=all&day={TODAY - timedelta(days=back)}" for back in (3, 4, 6, 10)]
        return ["?span=all&table=1", *days]
    if rule == "/patients/<uuid:patient_uuid>":
        return ["?span=all", "?span=all&table=1"]
    if rule == "/api/v1/sync/days":
        return [f"?person={{alice}}&from={DAY}&to={TODAY}", f"?person={{charlie}}&from={DAY}&to={TODAY}"]
    if rule == "/today":
        return ["", f"?day={TODAY - timedelta(days=3)}"]
    return [""]


def may_enter(reader: Reader, ask: Ask) -> bool:
    """Whether this reader may come as far as the page behind an address, by what is promised of it."""
    access = ACCESS.get((ask.method, ask.rule), "none")
    if access in ("public", "by_link", "none", "development"):
        return True
    if access in ("half_in", "entering"):
        return reader.session == "half" or (access == "entering" and reader.session != "none")
    if reader.session in ("none", "half"):
        return False
    if access == "ever_patient" and "patient" not in reader.roles and reader.name != "gone":
        return False
    if access in ROLES and not reader.roles & ROLES[access]:
        return False
    if reader.session == "stale" and (ask.method, ask.rule) in FRESH:
        return False
    if len(set(ask.owners)) > 1 and "patient_uuid" in ask.arguments:
        return False  # one patient's thing under another's name
    if "patient_uuid" in ask.arguments:
        needs_link = ask.method != "GET" or access == "clinician"
        return ask.owners[0] in (reader.writes if needs_link else reader.reads)
    if access in ("patient", "ever_patient") and ask.arguments & OWNED:
        return ask.owners[0] == reader.name or (reader.name == "stale" and ask.owners[0] == "alice")
    return True


def is_kept_out(reader: Reader, ask: Ask, response) -> bool:
    """Whether an answer tells nothing but to sign in, to prove who it is, or that there is nothing there."""
    to = response.headers.get("Location", "") or response.headers.get("HX-Redirect", "")
    is_sent = response.status_code in (303, 204)
    if reader.session == "none":
        return response.status_code == 401 or (is_sent and to.startswith("/sign-in"))
    if reader.session == "half":
        return response.status_code == 401 or (is_sent and to.startswith("/second-factor"))
    if reader.session == "stale" and (ask.method, ask.rule) in FRESH and is_sent and to.startswith("/prove"):
        return True
    if ACCESS.get((ask.method, ask.rule)) == "half_in":
        return is_sent
    return response.status_code == 404


class Walker:
    """One reader's browser; its session is begun anew where an answer ended it."""

    def __init__(self, app, world: World, reader: Reader) -> None:
        self.app, self.world, self.reader = app, world, reader
        self.http = app.test_client()
        self._take(world.tokens[reader.name])

    def _take(self, token: str | None) -> None:
        with self.http.session_transaction() as session:
            session.clear()
            session["csrf_token"] = self.raw = hashlib.sha1(os.urandom(9)).hexdigest()
            if token is not None:
                session["_user_id"], session["_fresh"] = token, True

    def ask(self, ask: Ask):
        url = ask.url.format(**{name: self.world.ids[name]["patient_uuid"] for name in self.world.ids})
        headers = dict(HEADERS) if "/api/" in ask.rule else {}
        if ask.htmx:
            headers["HX-Request"] = "true"
        more = {}
        if ask.method != "GET":
            token = URLSafeTimedSerializer(self.app.secret_key, salt="wtf-csrf-token").dumps(self.raw)
            more = {"json": {}} if "/api/" in ask.rule else {"data": {"csrf_token": token}}
        return Context().run(self.http.open, url, method=ask.method, headers=headers, **more)

    def renew(self) -> None:
        with db.write() as s:
            sign_in(s, self.world, self.reader.name)
        self._take(self.world.tokens[self.reader.name])


def words(response, tmp_path) -> str:
    kind, text = response.content_type or "", ""
    if "pdf" in kind:
        (tmp_path / "a.pdf").write_bytes(response.get_data())
        read = ["pdftotext", tmp_path / "a.pdf", "-"]
        return subprocess.run(read, capture_output=True, check=True, text=True).stdout
    if "zip" in kind:
        with ZipFile(BytesIO(response.get_data())) as bundle:
            return " ".join(bundle.read(name).decode() for name in bundle.namelist())
    text = response.get_data().decode("utf-8", "replace")
    if "html" in kind:
        kept = re.findall(r'(?:value|alt|title|aria-label|href|data-[a-z-]+)="([^"]*)"', text)
        return TAG.sub(" ", text) + " ".join(kept)
    return text


def holds(text: str, canary) -> bool:
    return canary.text in text and (
        re.search(rf"(?<![\d.]){re.escape(canary.text)}(?![\d])", text) is not None
    )


def walk(app, world: World, readers: Iterable[str], what, tmp_path, stops: bool = False) -> Found:
    """Each reader asks for everything; `stops` at the first thing wrong, for who only wants to know whether."""
    found = Found()
    everything = [ask for ask in what if ask.url not in ENDS_THE_SESSION]
    last = [ask for ask in what if ask.url in ENDS_THE_SESSION]
    for name in readers:
        reader = BY_NAME[name]
        walker = Walker(app, world, reader)
        for ask in everything + last:
            if ask.method != "GET" and reader.session != "none":
                walker.renew()
            try:
                response = walker.ask(ask)
                text = words(response, tmp_path)
            except Hidden:  # from within an answer that had begun
                found.let_in.append(f"{name} {ask.method} {ask.url}: broken off")
                continue
            found.tried += 1
            found.urls.add(ask.url)
            found.statuses[response.status_code] += 1
            label = f"{name} {ask.method} {ask.url}{' (htmx)' if ask.htmx else ''}: {response.status_code}"
            if response.status_code >= 500 and not ask.url.startswith("/readyz"):
                found.let_in.append(f"{label} broken")
            if response.status_code == 403 and "/api/" not in ask.rule:
                found.let_in.append(f"{label} tells that something is there")
            if not may_enter(reader, ask) and not is_kept_out(reader, ask, response):
                found.let_in.append(label)
            for canary in CANARIES:
                if not holds(text, canary):
                    continue
                if (canary.owner, canary.kind) in reader.sees:
                    found.reached.add((name, canary.owner, canary.text))
                else:
                    found.leaks.append(f"{label}: {canary}")
            if stops and found.wrong:
                return found
    return found


# They may be told, and no page does: whoever left, to the admin; a symptom that was named and not scored, to staff; whose the first
# second factor will be, which is the answer to a form.
NOWHERE_SHOWN = {
    ("half", "bob"),
    ("dana", "gone"),
    ("dana", "closed"),
    ("staledana", "gone"),
    ("staledana", "closed"),
    ("gone", "gone"),
}
SYMPTOM = "harbour-fog-of-hers"


def wanted(readers: Iterable[str]) -> set[tuple[str, str, str]]:
    """Everything that these readers may see: what the walk must have come across, or it proves nothing."""
    return {
        (name, canary.owner, canary.text)
        for name in readers
        for canary in CANARIES
        if (canary.owner, canary.kind) in BY_NAME[name].sees
        and (name, canary.owner) not in NOWHERE_SHOWN
        and not (canary.text == SYMPTOM and "patient" not in BY_NAME[name].roles)
    }
