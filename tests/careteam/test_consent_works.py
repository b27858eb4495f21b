"""What was taken back is gone at the next request: from pages, lists that keep drawings, searches, sheets and files."""

import re
import subprocess
from datetime import timedelta

import pytest

from diary import db
from diary.careteam.rules import Kind
from diary.lib import clock
from tests import factories

SHARED = {
    Kind.SCORES: r"(?<![\d.])4\.3(?!\d)",
    Kind.NOTES: "herons-by-the-weir",
    Kind.INFUSIONS: r"41\.7",
    Kind.SESSIONS: "a-walk-round-the-mill",
}
PRIVATE = "for-my-own-eyes"
TAG = re.compile(r"<[^>]*>")


@pytest.fixture
def pages(app, cast):
    """Every page and file of staff about Alice, whose diary holds a canary of each kind and a private note."""
    today = clock.diary_day(clock.now(), "Europe/London")
    with db.write() as s:
        for back in range(2, 24):
            factories.entry(s, cast.alice, today - timedelta(days=back), pain="4.3", mood="4.3")
        factories.entry(s, cast.alice, today - timedelta(days=3), note=SHARED[Kind.NOTES], note_private="no")
        factories.entry(s, cast.alice, today - timedelta(days=2), note=PRIVATE, note_private="yes")
        factories.infusion(s, cast.alice, today - timedelta(days=9), dose_mg="41.7", note="gave 41.7")
        met = factories.session(s, cast.alice, today - timedelta(days=8), note=SHARED[Kind.SESSIONS])
    base, note = f"/patients/{cast.alice.uuid}", today - timedelta(days=3)
    return [
        "/patients", "/patients?q=alice", f"/patients?open={cast.alice.uuid}", f"{base}?span=all&table=1",
        f"{base}?span=all&day={note}", f"{base}?span=all&day={today - timedelta(days=2)}", f"{base}/response?table=1",
        f"{base}/infusions", f"{base}/medications", f"{base}/sessions", f"{base}/sessions/{met.uuid}", f"{base}/check-ins", f"{base}/prep",
        f"{base}/prep/text", f"{base}/prep.pdf", f"{base}/report.pdf",
    ]  # fmt: skip


def read(client, pages, tmp_path) -> dict[str, str]:
    """The words of each page that opens, drawings' titles among them."""
    found = {}
    for path in pages:
        page = client.get(path)
        assert page.status in (200, 404), (path, page.status)
        assert page.headers["Cache-Control"] == "no-store", path
        if page.status == 404:
            continue
        if "pdf" in page.headers["Content-Type"]:
            (tmp_path / "a.pdf").write_bytes(page.data)
            done = subprocess.run(
                ["pdftotext", tmp_path / "a.pdf", "-"], capture_output=True, check=True, text=True
            )
            attached = subprocess.run(
                ["pdfdetach", "-list", tmp_path / "a.pdf"], capture_output=True, text=True
            )
            found[path] = done.stdout + attached.stdout
        else:
            # Where a drawing's lines lie tells nothing; its words do.
            said = re.findall(r'(?:value|alt|title|aria-label)="([^"]*)"', page.text)
            found[path] = " ".join([TAG.sub(" ", page.text), *said])
    return found


def where(found, pattern) -> set[str]:
    return {path for path, text in found.items() if re.search(pattern, text)}


@pytest.mark.parametrize("kind", list(SHARED))
def test_one_kind_is_gone_everywhere(client_as, cast, pages, tmp_path, kind):
    bob = client_as("bob")
    before = read(bob, pages, tmp_path)
    for pattern in SHARED.values():
        assert where(before, pattern), f"the control: {pattern} is there to be seen"
    assert not where(before, PRIVATE)
    client_as("alice").post(f"/sharing/{cast.bob.uuid}/consents/end", {"kind": str(kind)})
    after = read(bob, pages, tmp_path)
    assert where(after, SHARED[kind]) == set()
    assert set(after) >= {"/patients", "/patients?q=alice"}
    for other in set(SHARED) - {kind}:
        assert where(after, SHARED[other]), f"{other} is still shared"
    cora = read(client_as("cora"), pages, tmp_path)
    assert where(cora, SHARED[kind]), "Cora's consent is her own"
    client_as("alice").post(f"/sharing/{cast.bob.uuid}/consents", {"kind": str(kind)})
    assert where(read(bob, pages, tmp_path), SHARED[kind]), "and given again it is back"


def test_all_kinds_taken_back_leave_the_name_alone(client_as, cast, pages, tmp_path):
    bob = client_as("bob")
    read(bob, pages, tmp_path)
    client_as("alice").post(f"/sharing/{cast.bob.uuid}/consents/end", {"kind": [str(kind) for kind in Kind]})
    after = read(bob, pages, tmp_path)
    for pattern in (*SHARED.values(), PRIVATE):
        assert where(after, pattern) == set()
    assert f"/patients/{cast.alice.uuid}/report.pdf" not in after
    assert "Alice Marlow" in after["/patients"]
