"""wapiti and sqlmap against the running app, as a stranger and as a patient: they find the holes that were dug for
them in the same run, and none else."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from diary import create_app
from tests.attack import planted, scanners
from tests.conftest import ENVIRON
from tests.serving import FORM, ROOT, Client, Server

pytestmark = [
    pytest.mark.skipif(not os.environ.get("NEAP_LONG"), reason="make attack"),
    pytest.mark.skipif(not scanners.there(), reason="the scanners are not installed: make attack does it"),
]
MEDIUM, SECONDS = 2, 120
NOTHING_ASKED = ("/static/", "/sw.js", "/manifest", "/healthz", "/readyz")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The demo clinics behind the product's own server, with the holes in it."""
    folder = tmp_path_factory.mktemp("scanned")
    environ = {**ENVIRON, "DATA_DIR": str(folder), "DATABASE_URL": f"sqlite:///{folder / 'scanned.db'}"}
    for command in (["migrate"], ["demo", "--patients", "3", "--days", "60"]):
        subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", *command],
            cwd=ROOT, env={**os.environ, **environ}, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    with Server(environ, app="tests.attack.planted:app()") as server:
        patient = Client(server.port).sign_in(
            "alice@demo.example", "seven quiet waves"
        )  # while the address may
        yield server, create_app(environ), patient


def client_of(served, name: str | None) -> Client:
    client = Client(served[0].port)
    client.cookies.update(served[2].cookies if name else {})
    client.get("/today" if name else "/sign-in")
    return client


def session_of(client: Client) -> str:
    """The session's cookie alone: with two in it wapiti sends neither."""
    return f"neap={client.cookies['neap']}" if "neap" in client.cookies else ""


def pages(served, client: Client) -> list[str]:
    """Every address without an id that answers this reader with a page of theirs."""
    server, app, _ = served
    paths = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods and not rule.arguments and not rule.rule.startswith(NOTHING_ASKED)
    }
    answers = {path: client.get(path) for path in sorted(paths)}
    return [f"http://127.0.0.1:{server.port}{path}" for path, one in answers.items() if one.status == 200]


@pytest.mark.parametrize("name", [None, "alice"], ids=["stranger", "patient"])
def test_wapiti(served, name, tmp_path, capsys):
    client = client_of(served, name)
    own, base = pages(served, client), f"http://127.0.0.1:{served[0].port}"
    cookie = session_of(client) if name else ""
    holes = [base + planted.BY_STRINGS, base + planted.MARKUP]
    tried, found = scanners.wapiti([*own, *holes], cookie, tmp_path, SECONDS)
    ours = [
        one
        for one in found
        if "/planted/" not in one.where
        and one.level >= MEDIUM
        and not is_refused(client_of(served, name), one)
    ]
    dug = {one.where for one in found if "/planted/" in one.where and one.level >= MEDIUM}
    with capsys.disabled():
        print(
            f"\nwapiti as {name or 'a stranger'}: {len(own)} pages begun at, {tried} addresses tried, of medium or "
            f"above {len(ours)} of the product, planted and found {len(dug)}; low: "
            f"{sorted({one.kind for one in found if one.level < MEDIUM})}"
        )
    assert not ours, "\n".join(map(str, ours))
    assert {"GET /planted/hello", "GET /planted/search"} <= dug
    assert tried > len(own) > (20 if name else 3)
    if name:
        assert client_of(served, name).get("/today").status == 200, "it had signed itself out: it saw nothing"


def is_refused(client: Client, one: scanners.Finding) -> bool:
    """The phone's own pages have forms without a token, since its outbox sends them: as a form they are refused."""
    path = one.where.split()[1]
    return one.kind == "Cross Site Request Forgery" and client._send("POST", path, "", FORM).status == 403


def targets(served, client: Client, name: str | None) -> list[tuple[str, str]]:
    """(address, form) with every parameter that a reader can send in words."""
    base, today = f"http://127.0.0.1:{served[0].port}", datetime.now(UTC).date()
    if name is None:
        sign_in = {
            "csrf_token": client.token,
            "email": "alice@demo.example",
            "passphrase": "x",
            "next": "/today",
        }
        return [
            (f"{base}/sign-in?next=%2Ftoday", ""),
            (f"{base}/sign-in", urlencode(sign_in)),
            (f"{base}/forgotten", urlencode({"csrf_token": client.token, "email": "alice@demo.example"})),
            (f"{base}/invitations/abc*", ""),
        ]
    month = today - timedelta(days=30)
    day = {"csrf_token": client.token, "base": "", "write_id": "", "pain": "4", "note": "words"}
    return [
        (f"{base}/story?span=30", ""),
        (f"{base}/check-in?step=now", ""),
        (f"{base}/report.pdf?since={month}&until={today}&paper=a4", ""),
        (f"{base}/days/{today}*", ""),
        (f"{base}/days/{today}", urlencode(day)),
        (f"{base}/reminders", urlencode({"csrf_token": client.token, "time": "20:30"})),
    ]


@pytest.mark.parametrize("name", [None, "alice"], ids=["stranger", "patient"])
def test_sqlmap(served, name, tmp_path, capsys):
    client = client_of(served, name)
    cookie = client.cookie
    asked = targets(served, client, name)
    through = {page: scanners.sqlmap(page, cookie, tmp_path, form) for page, form in asked}
    hole = scanners.sqlmap(f"http://127.0.0.1:{served[0].port}{planted.BY_STRINGS}", cookie, tmp_path)
    with capsys.disabled():
        print(
            f"\nsqlmap as {name or 'a stranger'}: {len(asked)} pages and forms, {sum(map(bool, through.values()))} "
            f"injectable; the planted one by {hole.count('Title:')} techniques"
        )
    assert hole.count("Title:") > 0
    assert not any(through.values()), through
