"""The drill: a copy is made while phones write, they write on, the copy is put back, and they come again: nothing that a
phone was told is lost, and nothing is there twice."""

import os
import threading
import time

import pyrage
import pytest
from sqlalchemy import create_engine, text

from diary import create_app
from tests import people
from tests.conftest import ENVIRON
from tests.faults.fleet import Phone, judged
from tests.faults.proxy import Proxy
from tests.serving import Client, Server

LONG = bool(os.environ.get("NEAP_LONG"))
PHONES, BESIDE, AFTER = (4, 100, 500) if LONG else (2, 12, 24)  # writes beside the copy, and after it


def flask(app, *arguments: str) -> None:
    with app.app_context():
        done = app.test_cli_runner().invoke(args=list(arguments))
    assert done.exit_code == 0, done.output


def write(phones: list[Phone], more: int, beside=lambda: None) -> None:
    """Each phone records its share of so many more, and sends until nothing waits."""
    for phone in phones:
        phone.writes += more // len(phones)
    threads = [threading.Thread(target=phone.run, daemon=True) for phone in phones]
    for thread in threads:
        thread.start()
    beside()
    for thread in threads:
        thread.join(600)
    assert not any(phone.failure for phone in phones), [phone.failure for phone in phones]


def sign_in_again(phone: Phone, server: Server, proxy: Proxy) -> None:
    """What somebody does who is led to the sign-in; the phone sees another epoch at its next look."""
    phone.fetch()
    phone.client = Client(server.port).sign_in(phone.person.email, people.PASSPHRASE)
    phone.client.close()
    phone.client.port, phone.client.timeout = proxy.port, 15
    phone.outbox.is_signed_out = False
    phone.fetch()


def stored(url: str) -> int:
    engine = create_engine(url)
    with engine.connect() as connection:
        count = connection.execute(text("SELECT count(*) FROM entry_revision")).scalar_one()
    engine.dispose()
    return count


@pytest.mark.both(*(("sqlite", "postgresql") if LONG else ("sqlite",)))
@pytest.mark.slow
def test_what_was_acknowledged_after_the_copy_comes_again(store, tmp_path, monkeypatch, capsys):
    url, cast = store
    pair = pyrage.x25519.Identity.generate()
    (tmp_path / "key.txt").write_text(f"{pair}\n")
    monkeypatch.setenv("BACKUP_RECIPIENT", str(pair.to_public()))
    monkeypatch.setenv("BACKUP_IDENTITY", str(tmp_path / "key.txt"))
    environ = {**ENVIRON, "DATABASE_URL": url, "DATA_DIR": str(tmp_path / "data")}
    app = create_app(environ)
    with Server(environ).start() as server, Proxy(server.port, is_calm=True) as proxy:
        people_of = (cast.alice, cast.charlie)
        fleet = [Phone(people_of[n % 2], server.port, proxy.port, n, 0) for n in range(PHONES)]

        def back_up() -> None:
            end_at = time.monotonic() + 120
            while not all(phone.outbox.acks for phone in fleet) and time.monotonic() < end_at:
                time.sleep(0.005)
            flask(app, "backup", str(tmp_path / "copies"))

        write(fleet, BESIDE, beside=back_up)
        write(fleet, AFTER)
        told = sum(phone.outbox.acks for phone in fleet)
        server.stop()
        (copy,) = (tmp_path / "copies").iterdir()
        flask(app, "restore", str(copy), "--force")
        server.start()
        missing = told - stored(url)
        for phone in fleet:
            sign_in_again(phone, server, proxy)
        again = sum(phone.outbox.sent_again_after_restore for phone in fleet)
        write(fleet, 0)
    found = judged(url, fleet, 0, proxy)
    with capsys.disabled():
        print(
            f"\ndrill on {url.split(':')[0]}: {PHONES} phones, {BESIDE} writes beside the copy and {AFTER} after it, {told} acknowledged; after "
            f"restoring {missing} were missing, {again} sent again: {found.words()}"
        )
    assert told == BESIDE + AFTER and missing >= AFTER, (
        "the copy held what was to be lost: nothing was proved"
    )
    assert again >= missing
    assert not found.broken
    assert found.counts["acknowledged"] == BESIDE + AFTER
    assert stored(url) == told
    flask(app, "verify")
    app.extensions["database"].engine.dispose()
