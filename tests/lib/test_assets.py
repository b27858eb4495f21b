"""Static files have a version in their path, are never missing to an old page, and Today's scripts stay small."""

import gzip
import os
import re
import shutil
from pathlib import Path

import pytest

from diary import config
from diary.lib import assets

MOST_OF_TODAY = 40 * 1024
IMPORT = re.compile(r"""(?:import|from)\s*["'](\.{1,2}/[^"']+)["']""")
OTHER = "0" * 12


@pytest.fixture
def version(app) -> str:
    return app.extensions["assets"].version


def test_what_a_file_imports_has_its_version(client_as, version):
    page = client_as("alice").get("/today")
    hrefs = {link.get("href") for link in page.all("link", rel="stylesheet")}
    assert f"/static/v-{version}/css/phone.css" in hrefs
    sheet = client_as().get(f"/static/v-{version}/css/phone.css")
    assert 'url("components/phone-pad.css")' in sheet.text
    assert client_as().get(f"/static/v-{version}/css/components/phone-pad.css").status == 200


@pytest.mark.parametrize(
    ("path", "status", "kept"),
    [
        ("v-{version}/css/app.css", 200, assets.A_YEAR),
        (f"v-{OTHER}/css/app.css", 200, "no-cache"),
        ("css/app.css", 200, "no-cache"),
        ("v-{version}/css/nothing.css", 404, "no-store"),
        (f"v-{OTHER}/css/nothing.css", 404, "no-store"),
        ("v-zz/css/app.css", 404, "no-store"),
        ("v-{version}/../../app.py", 404, "no-store"),
    ],
)
def test_how_long_an_answer_is_kept(client_as, version, path, status, kept):
    answer = client_as("alice").get("/static/" + path.format(version=version))
    assert (answer.status, answer.headers["Cache-Control"]) == (status, kept)
    assert "Set-Cookie" not in answer.headers


def test_a_file_that_has_not_changed_is_not_sent_again(client_as):
    client = client_as()
    etag = client.get("/static/css/app.css").headers["ETag"]
    assert client.get("/static/css/app.css", headers={"If-None-Match": etag}).status == 304


def test_a_file_that_is_not_there_is_no_asset(app):
    with app.test_request_context(), pytest.raises(FileNotFoundError):
        assets.asset("css/nothing.css")


def test_the_version_is_of_names_and_bytes_not_of_time(tmp_path):
    copy = tmp_path / "static"
    shutil.copytree(config.ROOT / "static" / "css", copy)
    first = assets.tree(copy).version
    for path in copy.rglob("*.css"):
        os.utime(path, (1, 1))
    assert assets.tree(copy).version == first
    (copy / "app.css").write_text((copy / "app.css").read_text() + " ")
    changed = assets.tree(copy).version
    (copy / "base.css").rename(copy / "basis.css")
    assert len({first, changed, assets.tree(copy).version}) == 3


def test_the_phone_keeps_what_its_pages_need_and_no_more(app):
    with app.test_request_context():
        kept = {url.split("/", 3)[3] for url in assets.precached()}
    assert {
        "css/app.css",
        "css/phone.css",
        "css/components/phone-today.css",
        "fonts/atkinson-hyperlegible-next-latin.woff2",
        "icons/icon.svg",
        "js/app.mjs",
        "js/early.js",
        "js/modules/pad.mjs",
        "js/vendor/htmx-2.0.11.min.js",
    } <= kept
    assert not [name for name in kept if "desk" in name or name.endswith((".txt", ".png"))]
    assert not kept & {"css/report.css", "js/sw.js", "js/modules/keys.mjs"}


def test_every_style_sheet_of_a_phone_is_kept(app):
    with app.test_request_context():
        kept = {url.split("/", 3)[3] for url in assets.precached()}
    folder = Path(app.static_folder)
    for sheet in ("css/app.css", "css/phone.css", "css/tokens.css"):
        for named in re.findall(r'url\("([^"]+)"\)', (folder / sheet).read_text()):
            assert os.path.normpath(f"css/{named}") in kept, named


def scripts_of(page, folder: Path) -> set[Path]:
    """Every script that a page loads: its own, its modules, and what those import."""
    found = {script.get("src").split("/", 3)[3] for script in page.all("script")}
    found |= {f"js/modules/{el.get('data-module')}.mjs" for el in page.tree.iter() if el.get("data-module")}
    waiting, seen = {(folder / name).resolve() for name in found}, set()
    while waiting:
        path = waiting.pop()
        if path in seen or not path.is_file():
            continue
        seen.add(path)
        waiting |= {(path.parent / name).resolve() for name in IMPORT.findall(path.read_text())}
    return seen


def test_the_scripts_of_today_are_small(app, client_as, capsys):
    folder = Path(app.static_folder).resolve()
    scripts = scripts_of(client_as("alice").get("/today"), folder)
    scripts |= set(folder.glob("js/outbox/*.js"))
    sizes = {str(path.relative_to(folder)): len(gzip.compress(path.read_bytes(), 9)) for path in scripts}
    assert {"js/app.mjs", "js/vendor/htmx-2.0.11.min.js", "js/modules/pad.mjs"} <= set(sizes)
    whole = sum(sizes.values())
    with capsys.disabled():
        print(
            f"\nToday's scripts: {whole} of {MOST_OF_TODAY} bytes in {len(sizes)} files, compressed", end=" "
        )
    assert whole <= MOST_OF_TODAY, sizes
