"""Phones on a bad net, a server that is killed: what a phone was told is stored once, and nothing else is."""

import os

import pytest

from tests.conftest import ENVIRON
from tests.faults.chromium import chromium_phones, with_chromium
from tests.faults.fleet import Phone, judged, more_patients, run_phones
from tests.faults.proxy import FATES, Proxy
from tests.serving import Server

LONG = bool(os.environ.get("NEAP_LONG"))
PEOPLE, PHONES, WRITES, KILLS = (14, 16, 8_000, 22) if LONG else (2, 4, 96, 2)
BROWSERS, IN_BROWSERS = (4, 2_000) if LONG else (1, 24)


def run(durable, work, app, passphrase_hash, capsys, browser=None, phones=PHONES, writes=WRITES, kills=KILLS):
    url, cast, database = durable
    patients = [cast.alice, cast.charlie, *more_patients(app, url, passphrase_hash, PEOPLE - 2)]

    def crash(number: int) -> None:
        if database is not None and number % 5 == 0:
            database.crash()
            database.start()

    server = Server({**ENVIRON, "DATABASE_URL": url, "DATA_DIR": str(work)}).start()
    browsers = None
    try:
        with Proxy(server.port, dealt=[name for name, _ in FATES if name != "passed"] * 2) as proxy:
            fleet = [
                Phone(patients[n % len(patients)], server.port, proxy.port, n, writes // phones)
                for n in range(phones)
            ]
            if browser is not None:
                browsers = chromium_phones(browser, patients[:BROWSERS], server.port, proxy.port, IN_BROWSERS)
            run_phones(server, fleet, kills, proxy, crash, browsers, seconds=1800 if LONG else 120)
            found = judged(url, fleet, kills, proxy, browsers)
            if browsers:
                browsers.close()
    finally:
        server.stop()
    with capsys.disabled():
        print(f"\nphones on {url.split(':')[0].split('+')[0]}: {found.words()}, broken {dict(found.broken)}")
    assert not found.broken
    wanted = writes + (IN_BROWSERS if browsers else 0)
    # A tab that was killed between storing a write and noting it has recorded one more than it knows.
    assert found.counts["acknowledged"] >= found.counts["writes"] >= wanted and not found.counts["held"]
    assert found.counts["acknowledged"] == wanted or browsers
    return found


@pytest.mark.slow
@pytest.mark.both
def test_nothing_told_is_lost_and_nothing_is_there_twice(
    durable, work, the_app, passphrase_hash, capsys, request
):
    """In the long run the shipped module takes part in the same crowd; in the short one it has a test of its own."""
    given = (durable, work, the_app, passphrase_hash, capsys)
    found = with_chromium(run, *given) if LONG else run(*given)
    for needed in ("repeats", "dropped requests", "dropped answers", "reordered", "portal pages", "redirects",
                   "clocks asked again"):  # fmt: skip
        assert found.counts[needed], f"no {needed}: nothing was proved"


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(LONG, reason="the long run has it in the crowd")
def test_the_shipped_outbox_in_chromium(durable, work, the_app, passphrase_hash, capsys):
    with_chromium(run, durable, work, the_app, passphrase_hash, capsys, phones=1, writes=20, kills=1)
