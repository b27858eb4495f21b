"""/copy/<id>: the zip, for its own person, lately proven, for a day."""

from datetime import timedelta
from io import BytesIO
from uuid import uuid4
from zipfile import ZipFile

import pytest

from diary import db
from diary.audit.models import AuditEvent
from diary.copies.rules import KEPT
from tests.conftest import stored
from tests.copies.asked import NOW, ask, copies, make
from tests.people import PASSPHRASE


@pytest.fixture
def address(cast):
    ask(cast)
    make()
    return f"/copy/{copies()[0].uuid}"


def test_it_is_the_zip_and_written_down_each_time(client_as, cast, address):
    client = client_as("alice")
    answer = client.get(address)
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="neap-copy.zip"'
    with ZipFile(BytesIO(answer.data)) as bundle:
        assert bundle.testzip() is None and "diary.csv" in bundle.namelist()
    client.get(address)
    with db.read_anew() as s:
        events = stored(s, AuditEvent, actor_id=cast.alice.id, action="copy.download")
        assert [(one.patient_id, one.clinic_id, one.thing) for one in events] == [
            (cast.alice.id, cast.alice.clinic_id, copies()[0].uuid.hex)
        ] * 2


@pytest.mark.parametrize("who", ["charlie", "bob", "dana"])
def test_a_stranger_gets_what_is_not_there(client_as, address, who):
    client = client_as(who)
    theirs, nothing = client.get(address), client.get(f"/copy/{uuid4()}")
    assert theirs.status == nothing.status == 404 and theirs.data[:2] != b"PK"


def test_the_address_is_no_key(client_as, address):
    assert client_as().get(address).location.startswith("/sign-in?next=/copy/")


def test_it_asks_whether_it_is_you_and_goes_back_to_the_page(client_as, address, clock_at):
    """Going on to a file the browser would stay on the page that asked."""
    client = client_as("alice")
    clock_at(NOW + timedelta(minutes=11))
    assert client.get(address).location == "/prove?next=/copy"
    assert client.post("/prove", {"passphrase": PASSPHRASE, "next": "/copy"}).location == "/copy"
    assert client.get(address).status == 200


def test_gone_as_soon_as_its_day_is_over(client_as, address, clock_at):
    client = client_as("alice")
    clock_at(NOW + KEPT - timedelta(minutes=1))
    client.post("/prove", {"passphrase": PASSPHRASE})
    assert client.get(address).status == 200
    clock_at(NOW + KEPT)
    assert len(copies()) == 1 and client.get(address).status == 404


def test_one_that_is_not_made_yet(client_as, cast):
    ask(cast)
    assert client_as("alice").get(f"/copy/{copies()[0].uuid}").status == 404
