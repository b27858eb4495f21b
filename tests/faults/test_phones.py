"""Phones on a bad net, a server that is killed: what a phone was told is stored once, and nothing else is."""

import os

import pytest

from tests.conftest import ENVIRON
from tests.faults.fleet import Phone, judged, more_patients, run_phones
from tests.faults.proxy import Proxy
from tests.serving import Server

LONG = bool(os.environ.get("NEAP_LONG"))
PEOPLE, PHONES, WRITES, KILLS = (10, 20, 8_400, 22) if LONG else (2, 4, 300, 2)


@pytest.mark.slow
@pytest.mark.both
def test_nothing_told_is_lost_and_nothing_is_there_twice(durable, work, the_app, passphrase_hash, capsys):
    url, cast, database = durable
    patients = [cast.alice, cast.charlie, *more_patients(the_app, url, passphrase_hash, PEOPLE - 2)]

    def crash(number: int) -> None:
        if database is not None and number % 5 == 0:
            database.crash()
            database.start()

    server = Server({**ENVIRON, "DATABASE_URL": url, "DATA_DIR": str(work)}).start()
    try:
        with Proxy(server.port) as proxy:
            phones = [
                Phone(patients[n % len(patients)], server.port, proxy.port, n, WRITES // PHONES)
                for n in range(PHONES)
            ]
            run_phones(server, phones, KILLS, proxy, crash, seconds=1800 if LONG else 120)
            run = judged(url, phones, KILLS, proxy)
    finally:
        server.stop()
    with capsys.disabled():
        print(f"\nphones on {url.split(':')[0].split('+')[0]}: {run.words()}, broken {dict(run.broken)}")
    assert not run.broken
    assert run.counts["acknowledged"] == run.counts["writes"] == WRITES and not run.counts["held"]
    for needed in (
        "repeats",
        "dropped requests",
        "dropped answers",
        "reordered",
        "portal pages",
        "redirects",
    ):
        assert run.counts[needed], f"no {needed}: nothing was proved"
