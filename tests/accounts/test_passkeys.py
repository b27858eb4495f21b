"""/passkeys: made by whoever proved it lately, named, removed; a key of another site, page or person opens nothing."""

import json
from datetime import timedelta

import pytest

from diary import db
from diary.accounts.models import Passkey, PasskeyChallenge
from diary.audit.models import AuditEvent
from diary.lib import clock
from tests.accounts.keys import PRESENT, Key, enrol, sign_in
from tests.accounts.ways import Mails, is_in, require_second
from tests.conftest import stored


def keys(**where):
    with db.read() as s:
        return stored(s, Passkey, **where)


def options_of(client, path="/sign-in/challenge"):
    return client.post(path).response.get_json()


@pytest.fixture
def alices(client_as):
    client = client_as("alice")
    return client, enrol(client)


@pytest.mark.both
def test_a_passkey_is_made_and_signs_in_without_an_address(client_as, cast, alices):
    _, key = alices
    (kept,) = keys(person_id=cast.alice.id)
    assert kept.name == "My phone" and kept.transports == "internal" and b"My phone" not in kept.name_sealed
    her = client_as()
    answer = sign_in(her, key)
    assert (answer.status, answer.location) == (303, "/today")
    assert is_in(her)
    assert keys()[0].used_at is not None
    with db.read() as s:
        assert {"passkey.create", "sign_in"} <= {e.action for e in stored(s, AuditEvent)}


def test_what_the_browser_is_asked_for(client_as, alices):
    client, key = alices
    made = options_of(client, "/passkeys/challenge")
    assert made["rp"] == {"id": "localhost", "name": "Neap"}
    assert [one["id"] for one in made["excludeCredentials"]] == [
        json.loads(key.answer(options_of(client_as())))["id"]
    ]
    used = options_of(client_as())
    assert used["rpId"] == "localhost" and used["allowCredentials"] == []
    assert used["userVerification"] == "required"


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "http://evil.example"},
        {"origin": "https://localhost"},
        {"challenge": "A" * 43},
        {"site": "evil.example"},
        {"type": "webauthn.create"},
        {"flags": PRESENT},  # nobody was known to it: alone that is no more than having it
        {"flags": 0},
    ],
    ids=str,
)
def test_an_answer_that_is_not_for_here_opens_nothing(client_as, alices, wrong):
    nobody = client_as()
    answer = sign_in(nobody, alices[1], **wrong)
    assert answer.status == 422 and "could not sign you in" in answer.text
    assert not is_in(nobody)


@pytest.mark.parametrize("spoil", ["signature", "authenticatorData", "clientDataJSON", "userHandle"])
def test_an_altered_answer_opens_nothing(client_as, alices, spoil):
    nobody = client_as()
    answer = json.loads(alices[1].answer(options_of(nobody)))
    text = answer["response"][spoil]
    answer["response"][spoil] = ("B" if text[0] != "B" else "C") + text[1:]
    assert nobody.post("/sign-in/passkey", {"answer": json.dumps(answer)}).status == 422
    assert not is_in(nobody)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "x" * 30_000, '{"id": 1}', "\x00", "[" * 10_000])
def test_what_is_no_answer_at_all(client_as, alices, text):
    nobody = client_as()
    options_of(nobody)
    assert nobody.post("/sign-in/passkey", {"answer": text}).status == 422


def test_a_key_that_nobody_keeps(client_as, alices):
    assert sign_in(client_as(), Key(holder=alices[1].holder)).status == 422


def test_a_key_that_says_it_is_somebody_elses(client_as, cast, alices):
    alices[1].holder = cast.charlie.uuid.bytes
    assert sign_in(client_as(), alices[1]).status == 422


def test_an_answer_counts_once(client_as, alices):
    nobody = client_as()
    text = alices[1].answer(options_of(nobody))
    with nobody.http.session_transaction() as session:
        before = dict(session)
    assert nobody.post("/sign-in/passkey", {"answer": text}).status == 303
    thief = client_as()
    with thief.http.session_transaction() as session:
        session.update(before)  # the whole cookie of before, challenge and all
    assert thief.post("/sign-in/passkey", {"answer": text}).status == 422


def test_a_challenge_is_one_browsers_one_purposes_and_old_after_five_minutes(client_as, alices, clock_at):
    clock_at(clock.now())
    one, other = client_as(), client_as()
    text = alices[1].answer(options_of(one))
    assert other.post("/sign-in/passkey", {"answer": text}).status == 422
    hers = client_as("alice")
    text = alices[1].answer(options_of(hers, "/prove/challenge"))
    assert hers.post("/sign-in/passkey", {"answer": text}).status == 422
    text = alices[1].answer(options_of(one))
    clock_at(clock.now() + timedelta(minutes=5))
    assert one.post("/sign-in/passkey", {"answer": text}).status == 422
    clock_at(clock.now() + timedelta(minutes=1))
    options_of(one)
    with db.read() as s:
        assert len(stored(s, PasskeyChallenge)) == 1, "what nobody answered goes"


def test_a_counter_that_does_not_go_on_is_a_copy(client_as):
    key = enrol(client_as("alice"), Key(counter=5))
    assert sign_in(client_as(), key).status == 303
    key.counter = 5  # its copy is a use behind
    assert sign_in(client_as(), key).status == 422
    key.counter = 40
    assert sign_in(client_as(), key).status == 303


def test_keys_that_do_not_count_sign_in_again_and_again(client_as, alices):
    assert [sign_in(client_as(), alices[1]).status for _ in range(2)] == [303, 303]


@pytest.mark.parametrize(
    "wrong", [{"origin": "http://evil.example"}, {"challenge": "A" * 43}, {"site": "evil.example"}]
)
def test_a_key_made_elsewhere_is_not_kept(client_as, wrong):
    client = client_as("alice")
    text = Key().make(options_of(client, "/passkeys/challenge"), **wrong)
    assert client.post("/passkeys", {"name": "x", "answer": text}).status == 422
    assert keys() == []


def test_making_one_asks_for_a_fresh_proof(client_as, clock_at):
    clock_at(clock.now())
    client = client_as("alice")
    key, options = Key(), options_of(client, "/passkeys/challenge")
    clock_at(clock.now() + timedelta(minutes=11))
    assert client.post("/passkeys", {"name": "x", "answer": key.make(options)}).location.startswith("/prove")
    assert options_of(client, "/passkeys/challenge") == {"prove": "/prove?next=/signing-in"}
    assert keys() == []


def test_the_same_key_is_kept_once(client_as, alices):
    client, key = alices
    options = options_of(client, "/passkeys/challenge")
    answer = client.post("/passkeys", {"name": "again", "answer": key.make(options)})
    assert answer.status == 422 and "already" in answer.text and len(keys()) == 1


@pytest.mark.parametrize(("name", "status"), [("Phone <b>", 303), ("", 422), ("a" * 61, 422), ("a\nb", 303)])
def test_it_is_named(client_as, alices, name, status):
    client, _ = alices
    (kept,) = keys()
    answer = client.post(f"/passkeys/{kept.uuid}/name", {"name": name})
    assert answer.status == status
    if status == 303:
        assert "<b>" not in client.get("/signing-in").text.split("keyrow")[1]
        assert keys()[0].name == " ".join(name.split())


def test_it_is_removed_and_opens_nothing_more(client_as, cast, alices):
    client, key = alices
    (kept,) = keys()
    assert client.post(f"/passkeys/{kept.uuid}/removal").status == 303
    assert keys() == [] and sign_in(client_as(), key).status == 422
    assert Mails().go().kinds() == ["way_added", "way_removed"]


def test_the_last_second_factor_stays_where_the_clinic_asks_for_one(client_as, cast):
    client = client_as("bob")
    enrol(client)
    require_second(cast.bob.clinic_id)
    (kept,) = keys()
    answer = client.post(f"/passkeys/{kept.uuid}/removal")
    assert answer.status == 422 and "only one" in answer.text and len(keys()) == 1


def test_somebody_elses_is_not_there(client_as, alices):
    (kept,) = keys()
    stranger = client_as("charlie")
    assert stranger.post(f"/passkeys/{kept.uuid}/removal").status == 404
    assert stranger.post(f"/passkeys/{kept.uuid}/name", {"name": "mine"}).status == 404
    assert client_as().post(f"/passkeys/{kept.uuid}/removal").status == 303
    assert client_as().post("/passkeys", {}).location.startswith("/sign-in")
    assert keys()[0].name == "My phone"


def test_guessing_with_keys_is_slowed_down(client_as, alices, clock_at, monkeypatch):
    from diary.accounts import queries
    from diary.accounts.rules import Budget

    clock_at(clock.now())
    monkeypatch.setattr(queries, "BUDGET", Budget(address=2))
    assert [sign_in(client_as(), Key()).status for _ in range(2)] == [422, 422]
    late = client_as().post("/sign-in/challenge")
    assert late.status == 429 and int(late.headers["Retry-After"]) > 0


def test_asking_without_end_is_slowed_down_and_locks_no_known_device_out(
    client_as, alices, clock_at, monkeypatch
):
    from diary.accounts import queries
    from diary.accounts.rules import Budget

    clock_at(clock.now())
    monkeypatch.setattr(queries, "BUDGET", Budget(questions=2, address=2))
    hers, key = client_as(), alices[1]
    assert sign_in(hers, key).status == 303  # her device is known from here on
    hers.post("/sign-out")
    strangers = [client_as().post("/sign-in/challenge") for _ in range(2)]
    assert [one.status for one in strangers] == [200, 429]
    assert int(strangers[1].headers["Retry-After"]) > 0
    with db.read() as s:
        before = len(stored(s, PasskeyChallenge))
    assert client_as().post("/sign-in/challenge").status == 429
    with db.read() as s:
        assert len(stored(s, PasskeyChallenge)) == before
    assert sign_in(hers, key).status == 303
    clock_at(clock.now() + timedelta(minutes=15, seconds=1))
    assert client_as().post("/sign-in/challenge").status == 200
