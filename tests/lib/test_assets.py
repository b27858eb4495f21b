"""Static files have a version in their path, are never missing to an old page, and Today's scripts stay small."""

import gzip
import os
import re
import shutil
from pathlib import Path

import pytest

from diary import config
from diary.lib import assets, tight

MOST_OF_TODAY = 40 * 1024
IMPORT = re.compile(r"""(?:import|from)\s*["'](\.{1,2}/[^"']+)["']""")
OTHER = "0" * 12


@pytest.fixture
def version(app) -> str:
    return app.extensions["assets"].version


def sheets_of(page) -> list[str]:
    return [link.get("href").split("/", 3)[3] for link in page.all("link", rel="stylesheet")]


def test_a_day_waits_for_two_sheets_and_each_is_in_one_piece(client_as, version):
    assert sheets_of(client_as("alice").get("/today")) == ["css/app.css", "css/phone.css"]
    assert sheets_of(client_as("alice").get("/story")) == ["css/app.css", "css/phone.css", "css/pages.css"]
    assert sheets_of(client_as("bob").get("/patients")) == ["css/app.css", "css/desk.css"]
    for name in assets.SHEETS:
        sent = client_as().get(f"/static/v-{version}/{name}")
        assert sent.headers["Content-Type"] == "text/css; charset=utf-8"
        assert "@import" not in sent.text and "/*" not in sent.text


def test_a_sheet_is_in_the_layers_that_its_parts_were_given(client_as):
    sent = client_as().get("/static/css/phone.css").text
    assert sent.startswith("@layer reset,tokens,base,layout,components,utilities;@layer components{")
    assert ".pad .k{min-width:0;min-height:2.75rem}" in sent


def test_what_a_sheet_names_by_a_relative_path_lies_where_the_whole_sheet_looks(app):
    """A part in another folder than its whole may name nothing but data: its path would change when joined."""
    folder = Path(app.static_folder) / "css"
    for part in folder.rglob("*.css"):
        for named in re.findall(r'url\("([^"]+)"\)', part.read_text()):
            if part.parent == folder:
                assert named.startswith("data:") or (folder / named.split("?")[0]).is_file(), (
                    part.name,
                    named,
                )
            else:
                assert named.startswith("data:"), (part.name, named)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("a { b: c; }\n", "a{b:c}"),
        ("/* why */\na :hover,\nb { c: d e; }", "a :hover,b{c:d e}"),
        ('a::before { content: "; } /* not */  x"; }', 'a::before{content:"; } /* not */  x"}'),
        ("a { b: calc(1px + 2px); }", "a{b:calc(1px + 2px)}"),
        ("@media (a: b) and (c: d) { e > f { g: h } }", "@media (a:b) and (c:d){e > f{g:h}}"),
    ],
)
def test_a_sheet_loses_nothing_but_comments_and_space(written, sent):
    assert tight.css(written) == sent


def test_a_script_keeps_its_lines(app):
    assert tight.script("  // why\n  if (a) {\n    b; // so\n  }\n") == "\nif (a) {\nb; // so\n}\n"
    tree = app.extensions["assets"]
    for name in tree.made:
        if name.endswith("css"):
            continue
        written = (tree.folder / name).read_text()
        assert written.count("\n") == tree.made[name].decode().count("\n"), name
        # Else an indent or a "//" within it would be taken for the script's own.
        assert [line for line in written.split("\n") if line.count("`") % 2] == [], name


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
        "css/pages.css",
        "fonts/atkinson-hyperlegible-next-latin.woff2",
        "icons/icon.svg",
        "js/app.mjs",
        "js/early.js",
        "js/modules/pad.mjs",
    } <= kept
    assert not [name for name in kept if "desk" in name or name.endswith((".txt", ".png"))]
    assert not kept & {
        "css/tokens.css",
        "css/report.css",
        "js/vendor/htmx-2.0.11.min.js",
        "js/sw.js",
        "js/modules/keys.mjs",
    }


def test_every_file_that_a_phones_sheet_names_is_kept(app):
    with app.test_request_context():
        kept = {url.split("/", 3)[3] for url in assets.precached()}
    for sheet in ("css/app.css", "css/phone.css", "css/pages.css"):
        assert sheet in kept
        for named in re.findall(r'url\("(?!data:)([^"]+)"\)', app.extensions["assets"].made[sheet].decode()):
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
    scripts |= set(
        folder.glob("js/vendor/*.js")
    )  # asked for only where the outbox can't be, and counted all the same
    sizes = {
        name: len(gzip.compress(client_as().get(f"/static/{name}").data, 9))
        for name in (str(path.relative_to(folder)) for path in scripts)
    }
    assert {"js/app.mjs", "js/vendor/htmx-2.0.11.min.js", "js/modules/pad.mjs"} <= set(sizes)
    whole = sum(sizes.values())
    with capsys.disabled():
        print(
            f"\nToday's scripts: {whole} of {MOST_OF_TODAY} bytes in {len(sizes)} files, compressed", end=" "
        )
    assert whole <= MOST_OF_TODAY, sizes
