"""Eight digits or a printed QR code sign a patient in once: short, single, throttled, audited, and told."""

import re
from datetime import timedelta

import pytest

from diary import db
from diary.accounts.models import LoginSession, Person
from diary.audit.models import AuditEvent
from diary.careteam import actions
from diary.careteam.models import CareLink, Membership, Notice, SignInCode
from diary.careteam.rules import Role
from diary.lib import clock
from tests.conftest import stored


def made(client, person) -> tuple[str, str]:
    """(eight digits, path of the QR code)."""
    page = client.post(f"/people/{person.uuid}/codes")
    assert page.status == 200, page.words()
    assert page.headers["Cache-Control"] == "no-store"
    digits = page.words(page.one("p", class_="digits"))
    assert re.fullmatch(r"\d{4} \d{4}", digits)
    assert page.all("svg", class_="qr")
    return digits, page


@pytest.fixture
def tokens(monkeypatch):
    """The tokens of QR codes, which stand in a drawing only."""
    seen = []
    from diary.careteam.views import phones

    draw = phones.qr.svg
    monkeypatch.setattr(phones.qr, "svg", lambda text, *rest: (seen.append(text), draw(text, *rest))[1])
    return seen


@pytest.mark.parametrize("who", ["bob", "cora", "dana"])
@pytest.mark.parametrize("typed", ["{}", " {} ", "{}-"])
def test_eight_digits_sign_the_patient_in(client_as, cast, who, typed):
    digits, _ = made(client_as(who), cast.alice)
    phone = client_as()
    answer = phone.post("/code", {"code": typed.format(digits)})
    assert (answer.status, answer.location) == (303, "/today")
    assert phone.get("/today").status == 200


def test_it_proves_nothing(client_as, cast):
    """Else whoever made the code could let themselves see everything."""
    digits, _ = made(client_as("bob"), cast.alice)
    phone = client_as()
    phone.post("/code", {"code": digits})
    answer = phone.post(f"/sharing/{cast.bob.uuid}/consents", {"kind": "scores"})
    assert answer.status == 303 and answer.location.startswith("/prove")


def test_it_works_once_and_ends_nothing_else(client_as, cast):
    before, (digits, _) = client_as("alice"), made(client_as("bob"), cast.alice)
    assert client_as().post("/code", {"code": digits}).status == 303
    again = client_as().post("/code", {"code": digits})
    assert again.status == 422 and "does not work" in again.error_of("code")
    assert again.one("input", id="code").get("value") == digits
    assert before.get("/today").status == 200


def test_the_printed_one_is_a_button_and_the_same_code(client_as, cast, tokens):
    digits, _ = made(client_as("bob"), cast.alice)
    (path,) = [re.sub(r"^https?://[^/]+", "", text) for text in tokens]
    page = client_as().get(path)
    assert page.status == 200 and "Alice" not in page.words()
    with db.read() as s:
        assert stored(s, SignInCode)[0].used_at is None, "looking does not use it"
    assert client_as().post(path).location == "/today"
    assert client_as().post(path).status == 404
    assert client_as().post("/code", {"code": digits}).status == 422


def test_it_ends_after_fifteen_minutes(client_as, cast, clock_at):
    now = clock.now()
    clock_at(now)
    digits, _ = made(client_as("bob"), cast.alice)
    clock_at(now + timedelta(minutes=15))
    assert client_as().post("/code", {"code": digits}).status == 422


def test_a_new_one_ends_the_old(client_as, cast):
    first, _ = made(client_as("bob"), cast.alice)
    second, _ = made(client_as("dana"), cast.alice)
    assert client_as().post("/code", {"code": first}).status == 422
    assert client_as().post("/code", {"code": second}).status == 303


def test_only_hashes_are_kept_and_nobody_finds_them_by_trying(client_as, cast, tokens):
    import hashlib

    digits, _ = made(client_as("bob"), cast.alice)
    plain = digits.replace(" ", "")
    with db.read() as s:
        (row,) = stored(s, SignInCode)
    assert plain.encode() not in row.code_hash and row.code_hash != hashlib.sha256(plain.encode()).digest()
    assert tokens[0].rpartition("/")[2].encode() not in row.token_hash


@pytest.mark.parametrize("code", ["", "1234", "12345678901234", "abcdefgh", "１２３４５６７８", "1234 567x"])
def test_what_is_no_code(client_as, code):
    page = client_as().post("/code", {"code": code})
    assert page.status == 422 and "eight digits" in page.error_of("code")


def test_guesses_are_counted_by_address(client_as, cast):
    digits, _ = made(client_as("bob"), cast.alice)
    stranger = client_as()
    wrong = "0000 0000" if digits != "0000 0000" else "1111 1111"
    answers = [stranger.post("/code", {"code": wrong}).status for _ in range(12)]
    assert answers == [422] * 10 + [429] * 2
    stopped = stranger.post("/code", {"code": digits})
    assert stopped.status == 429 and int(stopped.headers["Retry-After"]) > 0
    elsewhere = client_as().post("/code", {"code": digits}, environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert elsewhere.status == 303, "another address has its own budget"


def test_all_addresses_together_have_a_budget(client_as, cast, monkeypatch):
    from diary.careteam.views import phones

    monkeypatch.setattr(phones, "BUDGET_ALL", 3)
    statuses = [
        client_as().post("/code", {"code": "00000000"}, environ_base={"REMOTE_ADDR": f"203.0.{n}.9"}).status
        for n in range(4)
    ]
    assert statuses == [422, 422, 422, 429]


def test_it_is_audited_and_told(client_as, cast):
    digits, _ = made(client_as("bob"), cast.alice)
    phone = client_as()
    phone.post("/code", {"code": digits})
    with db.read() as s:
        events = stored(s, AuditEvent, patient_id=cast.alice.id)
        assert [(e.action, e.actor_id) for e in events if e.action.startswith("code.")] == [
            ("code.make", cast.bob.id),
            ("code.use", cast.alice.id),
        ]
    assert "Somebody signed in as you" in phone.get("/today").words()
    assert "Dr Bob Ansah made the code" in phone.get("/sharing").words()


@pytest.mark.parametrize("who", ["alice", "charlie", "erin"])
def test_strangers_make_none(client_as, cast, who):
    client = client_as(who)
    assert client.get(f"/people/{cast.alice.uuid}/phones").status == 404
    assert client.post(f"/people/{cast.alice.uuid}/codes").status == 404
    assert client.post(f"/people/{cast.alice.uuid}/phones/end", {"phone": "1"}).status == 404


def test_without_a_live_link_a_clinician_makes_none(client_as, cast):
    with db.write() as s:
        (link,) = stored(s, CareLink, staff_id=cast.bob.id)
        link.ends_at = clock.now() - timedelta(seconds=1)
        s.add(link)
    assert client_as("bob").post(f"/people/{cast.alice.uuid}/codes").status == 404


def test_only_for_patients_who_are_no_staff_and_have_signed_up(client_as, cast):
    dana = client_as("dana")
    for person in (cast.bob, cast.cora, cast.dana):
        assert dana.post(f"/people/{person.uuid}/codes").status == 404
    with db.write() as s:
        actions.add_member(s, cast.erin.clinic_id, cast.alice.id, Role.COACH, clock.now())
    page = dana.post(f"/people/{cast.alice.uuid}/codes")
    assert page.status == 422 and "staff too" in page.words()


def test_nobody_makes_one_for_themselves(client_as, cast):
    with db.write() as s:
        actions.add_member(s, cast.dana.clinic_id, cast.dana.id, Role.PATIENT, clock.now())
    assert client_as("dana").post(f"/people/{cast.dana.uuid}/codes").status == 404


def test_whoever_became_staff_since_is_not_signed_in_by_it(client_as, cast):
    digits, _ = made(client_as("bob"), cast.alice)
    with db.write() as s:
        actions.add_member(s, cast.erin.clinic_id, cast.alice.id, Role.COACH, clock.now())
    assert client_as().post("/code", {"code": digits}).status == 422


def test_whoever_left_the_clinic_since_is_not_signed_in_by_it(client_as, cast):
    digits, _ = made(client_as("bob"), cast.alice)
    with db.write() as s:
        for row in stored(s, Membership, person_id=cast.alice.id):
            row.ended_at = clock.now()
            s.add(row)
    assert client_as().post("/code", {"code": digits}).status == 422


def test_before_the_invitation_is_accepted_there_is_none(client_as, cast):
    with db.write() as s:
        s.get_one(Person, cast.alice.id).passphrase_hash = None
    page = client_as("dana").post(f"/people/{cast.alice.uuid}/codes")
    assert page.status == 422 and "not accepted" in page.words()


def test_a_made_up_printed_code(client_as):
    path = "/codes/" + "x" * 43
    assert client_as().get(path).status == 200, "it tells nothing before it is used"
    page = client_as().post(path)
    assert page.status == 404 and "This link does not work" in page.words()


def test_signing_in_leads_there(client_as):
    assert client_as().get("/sign-in").all("a", href="/code")


# Ending a phone -----------------------------------------------------------------------------------


def test_the_clinic_ends_a_lost_phone(client_as, cast):
    lost, kept, bob = client_as("alice"), client_as("alice"), client_as("bob")
    page = bob.get(f"/people/{cast.alice.uuid}/phones")
    numbers = [field.get("value") for field in page.all("input", name="phone")]
    assert len(numbers) == 2
    with db.read() as s:
        first = min(row.id for row in stored(s, LoginSession, person_id=cast.alice.id))
    answer = bob.post(f"/people/{cast.alice.uuid}/phones/end", {"phone": str(first)})
    assert answer.status == 303
    assert (lost.get("/today").status, kept.get("/today").status) == (303, 200)
    with db.read() as s:
        assert s.get_one(LoginSession, first).revoked
        assert [e.actor_id for e in stored(s, AuditEvent, action="device.end")] == [cast.bob.id]
        assert [n.kind for n in stored(s, Notice, person_id=cast.alice.id)] == ["device_ended"]
    assert "signed one of your devices out" in kept.get("/today").words()
    assert "is told" in bob.get(answer.location).words()
    assert bob.post(f"/people/{cast.alice.uuid}/phones/end", {"phone": str(first)}).status == 404


@pytest.mark.parametrize("number", ["", "x", "-1", "0", "999999999999999999999", "²"])
def test_a_phone_that_is_none(client_as, cast, number):
    assert client_as("bob").post(f"/people/{cast.alice.uuid}/phones/end", {"phone": number}).status == 404


def test_somebody_elses_phone_is_not_ended_by_another_address(client_as, cast):
    charlie = client_as("charlie")
    with db.read() as s:
        (row,) = stored(s, LoginSession, person_id=cast.charlie.id)
    assert (
        client_as("bob").post(f"/people/{cast.alice.uuid}/phones/end", {"phone": str(row.id)}).status == 404
    )
    assert charlie.get("/today").status == 200


def test_a_session_as_staff_is_not_theirs_to_end(client_as, cast):
    with db.write() as s:
        actions.add_member(s, cast.bob.clinic_id, cast.bob.id, Role.PATIENT, clock.now())
    client_as("bob")
    page = client_as("dana").get(f"/people/{cast.bob.uuid}/phones")
    assert not page.all("input", name="phone")
    with db.read() as s:
        (row,) = stored(s, LoginSession, person_id=cast.bob.id)
    assert client_as("dana").post(f"/people/{cast.bob.uuid}/phones/end", {"phone": str(row.id)}).status == 404
