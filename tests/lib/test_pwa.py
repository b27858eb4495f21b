"""The manifest, the worker's script, the shell pages and the page that says how to install."""

import json
import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from diary import config
from diary.lib import assets, pwa
from diary.safety.views import COUNTRIES

SHELLS = (
    "/shell/arrival",
    "/shell/check-in",
    "/shell/day",
    "/shell/extras",
    "/shell/help",
    "/shell/intention",
    "/shell/kept",
    "/shell/more",
    "/shell/reminders",
    "/shell/word",
)
CAST = ("alice", "bob", "dana", "charlie", None)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Safari/604.1"
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 7) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"


def told(page) -> dict:
    """What the worker's first line tells it."""
    return json.loads(page.text.split("\n", 1)[0].removeprefix("self.NEAP = ").removesuffix(";"))


# Every answer ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/today", "/help", "/no-such-page", "/static/css/app.css", "/sw.js"])
def test_every_answer_says_that_it_is_ours(client_as, path):
    assert client_as("alice").get(path).headers["Neap"] == "1"


# Manifest --------------------------------------------------------------------------------------------


def test_the_manifest(client_as):
    answer = client_as().get("/manifest.webmanifest")
    assert answer.headers["Content-Type"].startswith("application/manifest+json")
    assert answer.headers["Cache-Control"] == "no-cache"
    body = json.loads(answer.text)
    assert (body["name"], body["short_name"], body["id"]) == ("Neap", "Neap", "/")
    assert (body["start_url"], body["scope"], body["display"]) == ("/today", "/", "standalone")
    assert [shortcut["name"] for shortcut in body["shortcuts"]] == ["Log today", "Help"]
    assert {screen["form_factor"] for screen in body["screenshots"]} == {"narrow", "wide"}
    assert {icon["sizes"] for icon in body["icons"]} == {"any", "192x192", "512x512"}
    assert [icon["sizes"] for icon in body["icons"] if icon.get("purpose") == "maskable"] == ["512x512"]


def test_its_colours_are_those_of_the_pages(client_as):
    body = json.loads(client_as().get("/manifest.webmanifest").text)
    head = client_as("alice").get("/today")
    light = head.one("meta", name="theme-color", media="(prefers-color-scheme: light)").get("content")
    assert body["theme_color"] == body["background_color"] == light


def test_its_pictures_are_there_and_as_large_as_it_says(client_as):
    client = client_as()
    body = json.loads(client.get("/manifest.webmanifest").text)
    pictures = body["icons"] + body["screenshots"] + [s["icons"][0] for s in body["shortcuts"]]
    for picture in pictures:
        answer = client.get(picture["src"])
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith(picture["type"])
        if picture["type"] == "image/png":
            width, height = Image.open(BytesIO(answer.data)).size
            assert f"{width}x{height}" == picture["sizes"]
            assert len(answer.data) < 30_000
    assert not re.search(r"/v-[0-9a-f]{12}/", json.dumps(body)), "a new version would be a new icon"


def test_phone_pages_name_the_manifest_and_an_icon_for_the_home_screen(client_as):
    page = client_as("alice").get("/more")
    assert page.one("link", rel="manifest").get("href") == "/manifest.webmanifest"
    icon = client_as().get(page.one("link", rel="apple-touch-icon").get("href"))
    assert Image.open(BytesIO(icon.data)).size == (180, 180)
    assert not client_as("bob").get("/patients").all("link", rel="manifest")


# Worker ----------------------------------------------------------------------------------------------


def test_the_worker_is_asked_for_each_time(client_as):
    answer = client_as().get("/sw.js")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "Set-Cookie" not in answer.headers
    assert answer.text == client_as("alice").get("/sw.js").text


def test_the_worker_is_told_what_to_keep(app, client_as):
    found = told(client_as().get("/sw.js"))
    with app.test_request_context():
        assert found["assets"] == assets.precached()
    assert found["shells"] == sorted(SHELLS)
    assert found["version"] == app.extensions["assets"].version
    for url in (*found["assets"], *found["shells"], *found["outbox"]):
        assert client_as().get(url).status == 200, url


def test_the_outbox_is_read_in_its_order_where_it_is_there(app, client_as):
    there = [path for path in pwa.OUTBOX if (Path(app.static_folder) / path).is_file()]
    assert [url.split("/", 3)[3] for url in told(client_as().get("/sw.js"))["outbox"]] == there


def test_one_changed_byte_is_another_release(app, client_as, monkeypatch):
    first = told(client_as().get("/sw.js"))["release"]
    assert told(client_as().get("/sw.js"))["release"] == first
    monkeypatch.setattr(app.extensions["assets"], "version", "0" * 12)
    second = told(client_as().get("/sw.js"))["release"]
    pages = app.extensions["shells"].pages
    monkeypatch.setitem(pages, "/shell/help", (pages["/shell/help"][0], {"countries": {}}))
    monkeypatch.setattr(app.extensions["assets"], "version", "1" * 12)
    third = told(client_as().get("/sw.js"))["release"]
    assert len({first, second, third}) == 3


def test_the_switch(tmp_path):
    def load(**environ):
        return config.load({"DATA_DIR": str(tmp_path), **environ}).worker

    assert (load(), load(WORKER="on"), load(WORKER="off"), load(WORKER="")) == (True, True, False, True)
    with pytest.raises(config.Misconfigured, match="WORKER"):
        load(WORKER="no")


def test_switched_off_the_worker_only_takes_itself_away(app, client_as, monkeypatch):
    assert client_as("alice").get("/more").all("section", data_module="update")
    monkeypatch.setitem(app.config, "WORKER", False)
    script = client_as().get("/sw.js")
    assert (script.status, script.headers["Cache-Control"]) == (200, "no-cache")
    assert "unregister" in script.text
    assert "indexedDB" not in script.text and "fetch" not in script.text
    assert not client_as("alice").get("/more").all("section", data_module="update")


@pytest.mark.parametrize("name", ["bob", "dana", None])
def test_only_a_patients_pages_register_it(client_as, name):
    for path in ("/help", "/more", "/sign-in", "/install"):
        page = client_as(name).get(path)
        assert page.tree is None or not page.all("section", data_module="update"), path


# Shells ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SHELLS)
def test_a_shell_has_the_same_bytes_for_everybody(client_as, path):
    answers = [client_as(name).get(path) for name in CAST]
    assert {answer.status for answer in answers} == {200}
    assert len({answer.data for answer in answers}) == 1
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", SHELLS)
def test_a_shell_holds_nothing_personal_and_no_token(client_as, path):
    page = client_as("alice").get(path)
    assert not [
        el
        for el in page.all("input")
        if el.get("checked") is not None and not el.get("name").endswith("_private")
    ]
    assert not {el.get("name") for el in page.all("input")} & {"base", "write_id", "csrf_token"}
    assert not page.text.count("data-person")
    assert "csrf_token" not in page.text
    assert not re.search("alice|marlow", page.text, re.I)


@pytest.mark.parametrize("path", SHELLS)
def test_a_shell_has_tabs_and_a_way_to_help(client_as, path):
    page = client_as().get(path)
    assert [a.get("href") for a in page.all("a") if a.get("href") in ("/today", "/story", "/more")]
    assert path == "/shell/help" or page.all("a", href="/help", class_="help")
    is_flow = path in ("/shell/arrival", "/shell/check-in", "/shell/intention", "/shell/word")
    assert len(page.all("nav", class_="tabs")) == (0 if is_flow else 1)


def test_help_without_internet_has_the_numbers_of_every_country(client_as):
    page = client_as().get("/shell/help")
    hrefs = {a.get("href") for a in page.all("a", class_="call")}
    for country in COUNTRIES.values():
        for line in (country.emergency, *country.lines):
            assert f"{'sms' if line.kind == 'text' else 'tel'}:{line.digits}" in hrefs
    assert "Nobody watches your diary in real time" in page.text
    assert page.one("a", class_="go").get("href") == "/today"


# Install ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agent", "has", "has_not"),
    [
        (IPHONE, ["Add to Home Screen", "I have done it"], ["Chrome", "Put Neap on this phone"]),
        (ANDROID, ["Add to home screen", "Put Neap on this phone"], ["Safari"]),
        ("Mozilla/5.0 (X11; Linux)", ["Add to Home Screen", "Add to home screen"], []),
    ],
)
@pytest.mark.parametrize("name", ["alice", None])
def test_how_to_install_in_the_words_of_the_phone(client_as, name, agent, has, has_not):
    page = client_as(name).get("/install", headers={"User-Agent": agent})
    assert page.status == 200
    assert all(words in page.words() for words in has)
    assert not any(words in page.words() for words in has_not)
    assert page.one("a", class_="go").get("href") == "/today"
    assert page.one("a", class_="help").get("href") == "/help"
    assert not page.all("nav", class_="tabs")
    assert "User-Agent" in page.headers["Vary"]


def test_the_hint_is_hidden_until_its_module_has_looked(app):
    with app.test_request_context():
        text = app.jinja_env.get_template("shell/_hint.html").render()
    assert re.search(r'<p [^>]*data-module="install-hint" hidden>', text)
    assert 'href="/install"' in text
