"""The primary is killed while phones write, and its standby promoted: what was acknowledged is there, once each, and nobody
restarts the web, which knows both addresses. With a standby that nobody waits for, the same run finds what is lost."""

import threading

import pytest

from tests.conftest import ENVIRON, _fill
from tests.faults import oracle
from tests.faults.conftest import LONG
from tests.faults.fleet import Phone
from tests.faults.standby import a_primary, a_standby, wait_for
from tests.serving import Client, Server

PHONES, WRITES = 6, 150
WAITED_FOR = "ANY 1 (standby1, standby2)"
RUNS = [("in the midst", WAITED_FOR), ("standby away", WAITED_FOR), ("standby away", "")]


@pytest.fixture
def pair():
    """(primary, standby), running."""
    nodes = [a_primary()]
    try:
        nodes.append(a_standby(nodes[0]))
        yield nodes
    finally:
        for node in nodes:
            node.remove()


def configured(primary, names: str) -> None:
    primary.ask(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
    primary.ask("SELECT pg_reload_conf()")


@pytest.mark.slow
@pytest.mark.skipif(not LONG, reason="two more servers of PostgreSQL, in `make faults`")
@pytest.mark.parametrize(("how", "names"), RUNS)
def test_the_primary_is_lost(pair, how, names, the_app, passphrase_hash, tmp_path, capsys):
    primary, standby = pair
    address = "postgresql+psycopg://neap@127.0.0.1:{}/postgres"
    cast = _fill(the_app, address.format(primary.port), passphrase_hash)
    configured(primary, names)
    wanted = "quorum" if names else "async"
    wait_for(lambda: primary.ask("SELECT sync_state FROM pg_stat_replication") == [(wanted,)])
    both = (
        f"postgresql+psycopg://neap@/postgres?host=127.0.0.1:{primary.port}&host=127.0.0.1:{standby.port}"
        "&target_session_attrs=read-write"
    )
    with Server({**ENVIRON, "DATABASE_URL": both, "DATA_DIR": str(tmp_path)}).start() as server:
        phones = [
            Phone((cast.alice, cast.charlie)[n % 2], server.port, server.port, n, WRITES)
            for n in range(PHONES)
        ]
        threads = [threading.Thread(target=phone.run, daemon=True) for phone in phones]
        for thread in threads:
            thread.start()
        wait_for(lambda: acknowledged(phones) > PHONES * WRITES / 4)
        if how == "standby away":
            standby.control("-m", "fast", "stop")
            if names:
                wait_for(lambda: primary.ask("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"))
            else:
                told = acknowledged(phones)
                wait_for(lambda: acknowledged(phones) > told + 20)
        at_the_loss = acknowledged(phones)
        primary.kill()
        assert Client(server.port).get("/readyz").status == 503
        if how == "standby away":
            standby.start()
        standby.control("promote")
        configured(standby, "")
        wait_for(lambda: Client(server.port).get("/readyz").status == 200)
        for thread in threads:
            thread.join(300)
        assert not any(
            phone.failure or thread.is_alive() for phone, thread in zip(phones, threads, strict=True)
        )
    promises = oracle.Promises()
    for phone in phones:
        mine = phone.promises()
        promises.issued |= mine.issued
        promises.acknowledged |= mine.acknowledged
    broken = oracle.judge(address.format(standby.port), promises)
    with capsys.disabled():
        print(
            f"\nprimary lost, {how}, {'waited for' if names else 'not waited for'}: {at_the_loss} of "
            f"{len(promises.acknowledged)} acknowledged before, lost {broken['lost']}, broken {dict(broken)}"
        )
    assert len(promises.acknowledged) == PHONES * WRITES
    if names:
        assert not broken
    else:
        assert broken["lost"] > 0, "the run would not have found a loss"


def acknowledged(phones: list[Phone]) -> int:
    return sum(phone.outbox.acks for phone in phones)
