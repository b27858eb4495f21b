"""Each promise is taken out once, and the judgement must turn red for it: a proof that can't fail proves nothing."""

from collections import Counter

import pytest

from tests.conftest import ENVIRON
from tests.faults.conftest import LONG
from tests.faults.fleet import Phone, judged, run_phones
from tests.faults.outbox import Outbox
from tests.faults.proxy import FATES, Proxy
from tests.faults.sabotage import DeletesBeforeAcknowledged, TakesAnythingForAnAnswer
from tests.serving import Server

WRITES, PHONES = 45, 3
IN_LONG_RUNS = pytest.mark.skipif(not LONG, reason="one of a kind is found out in every run")
EACH_TWICE = [name for name, _ in FATES if name != "passed"] * 2


def run(store, work, server_name: str | None, kinds, kills: int = 0) -> list[Counter]:
    """What the oracle says of each kind of phone, every kind in the hands of somebody else behind a proxy of its own."""
    url, cast = store
    app = f"tests.faults.sabotage:{server_name}()" if server_name else "app:app"
    server = Server({**ENVIRON, "DATABASE_URL": url, "DATA_DIR": str(work)}, app=app).start()
    found = []
    try:
        for person, kind in zip((cast.alice, cast.charlie), kinds, strict=False):
            with Proxy(server.port, seed=3, dealt=list(EACH_TWICE)) as proxy:
                phones = [
                    Phone(person, server.port, proxy.port, n + 1, WRITES // PHONES, kind)
                    for n in range(PHONES)
                ]
                run_phones(server, phones, kills, proxy, seconds=120)
                found.append(judged(url, phones, kills, proxy).broken)
        return found
    finally:
        server.stop()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("server_name", "kills", "wanted"),
    [
        ("no_table_of_ids", 0, "doubled"),
        pytest.param("acknowledged_before_commit", 2, "lost", marks=IN_LONG_RUNS),
        pytest.param("whole_row_overwritten", 0, "a field other than line 13", marks=IN_LONG_RUNS),
    ],
)
def test_a_server_is_found_out(store, work, capsys, server_name, kills, wanted):
    (broken,) = run(store, work, server_name, [Outbox], kills)
    with capsys.disabled():
        print(f"\nsabotage {server_name}: {dict(broken)}")
    assert broken[wanted]


@IN_LONG_RUNS
@pytest.mark.slow
def test_phones_are_found_out(store, work, capsys):
    deleting, believing = run(store, work, None, [DeletesBeforeAcknowledged, TakesAnythingForAnAnswer])
    with capsys.disabled():
        print(
            f"\nsabotage delete before acknowledgement: {dict(deleting)}; HTML taken for one: {dict(believing)}"
        )
    assert deleting["recorded and gone"] and believing["lost"]
