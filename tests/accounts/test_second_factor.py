"""/second-factor: half a session opens nothing but the step that makes it whole; codes count once."""

from datetime import timedelta

import pyotp
import pytest

from diary import db
from diary.accounts import rules
from diary.accounts.models import Authenticator, KnownDevice, LoginSession, RecoveryCode
from diary.audit.models import AuditEvent
from diary.careteam.actions import add_member
from diary.careteam.rules import Role
from diary.lib import clock
from tests.accounts.keys import PRESENT, Key, enrol
from tests.accounts.ways import CODE, KEY, app_of, by_passphrase, code_at, is_in, require_second
from tests.conftest import stored
from tests.sync.phones import HEADERS


@pytest.fixture
def app_of_bob(cast, clock_at):
    clock_at(clock.now())
    return app_of(cast.bob)


@pytest.fixture
def half(client_as, cast, app_of_bob):
    """Bob's passphrase was right; his code is still to come."""
    client = client_as()
    assert by_passphrase(client, cast.bob, next="/flags").location == "/second-factor?next=/flags"
    return client


def give(client, **typed):
    return client.post("/second-factor", typed)


def test_the_code_of_the_app_lets_in_where_one_was_going(half, app_of_bob):
    page = half.get("/second-factor?next=/flags")
    assert page.one("input", name="code").get("autocomplete") == "one-time-code"
    answer = give(half, code=code_at(app_of_bob), next="/flags")
    assert (answer.status, answer.location) == (303, "/flags")
    assert is_in(half)


def test_half_a_session_opens_nothing_else(half, app):
    """Every page there is that takes no argument, and every form."""
    own = {"/second-factor", "/second-factor/new", "/authenticator", "/sign-out"}
    tried = 0
    for rule in app.url_map.iter_rules():
        access = getattr(app.view_functions[rule.endpoint], "access", "none")
        if rule.arguments or access in ("public", "none", "by_link", "development") or rule.rule in own:
            continue
        if rule.rule.startswith(("/second-factor/", "/authenticator/", "/passkeys")):
            continue
        for method in rule.methods & {"GET", "POST"}:
            if access == "patient_api":
                phone = half.http.open(rule.rule, method=method, json={}, headers=HEADERS)
                assert phone.status_code == 401, rule
            else:
                answer = half.get(rule.rule) if method == "GET" else half.post(rule.rule)
                assert answer.status == 303 and answer.location.startswith("/second-factor"), rule
            tried += 1
    assert tried > 40
    page = half.get("/help")
    assert "Dr Bob" not in page.text


def test_half_a_session_adds_no_factor_of_its_own(half):
    for path in ("/authenticator/new", "/authenticator", "/passkeys"):
        assert half.post(path, {"name": "x", "answer": "{}"}).location == "/second-factor", path
    assert half.get("/authenticator").location == "/second-factor"
    asked = half.post("/passkeys/challenge")
    assert asked.location == "/second-factor" and "bob@" not in asked.text
    with db.read() as s:
        assert len(stored(s, Authenticator)) == 1


def test_half_a_session_is_no_device_and_not_on_the_list(half, client_as):
    with db.read() as s:
        assert stored(s, KnownDevice) == []
    assert half.http.get_cookie("neap-device") is None
    assert client_as("bob").get("/signing-in").text.count("Where you are signed in") == 1
    assert client_as("bob").get("/signing-in").text.count("signed in ") <= 3


def test_half_a_session_lives_half_an_hour(half, clock_at):
    clock_at(clock.now() + timedelta(minutes=29))
    assert half.get("/second-factor").status == 200
    clock_at(clock.now() + timedelta(minutes=2))
    assert half.get("/second-factor").location.startswith("/sign-in")


def test_the_session_is_new_after_the_second_step(half, app_of_bob):
    with half.http.session_transaction() as session:
        before = dict(session)
    give(half, code=code_at(app_of_bob))
    with half.http.session_transaction() as session:
        assert session["_user_id"] != before["_user_id"]
        assert session.get("csrf_token") != before.get("csrf_token", "")
    with half.http.session_transaction() as session:
        session.clear()
        session.update(before)
    assert half.get("/second-factor").location.startswith("/sign-in"), "the half one has ended"


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_clock_that_is_half_a_minute_off_is_fine(half, app_of_bob, steps):
    assert give(half, code=code_at(app_of_bob, steps=steps)).status == 303


@pytest.mark.parametrize("steps", [-2, 2])
def test_one_that_is_further_off_is_not(half, app_of_bob, steps):
    answer = give(half, code=code_at(app_of_bob, steps=steps))
    assert answer.status == 422 and "does not open" in answer.error_of("code")
    assert not is_in(half)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "000000 OR 1", "-12345"])
def test_what_is_no_code(half, code):
    assert give(half, code=code).status == 422


def test_a_code_counts_once_and_an_older_one_not_after_it(client_as, cast, half, app_of_bob):
    code, older = code_at(app_of_bob), code_at(app_of_bob, steps=-1)
    assert give(half, code=code).status == 303
    for again in (code, older):
        thief = client_as()
        by_passphrase(thief, cast.bob)
        assert give(thief, code=again).status == 422
        assert not is_in(thief)


def test_guessing_codes_is_slowed_down_and_known_devices_go_on(client_as, cast, half, app_of_bob, clock_at):
    give(half, code=code_at(app_of_bob))
    half.post("/sign-out")
    thief = client_as()
    by_passphrase(thief, cast.bob)
    wrong = f"{(int(code_at(app_of_bob, steps=1)) + 1) % 1_000_000:06}"
    for _ in range(rules.BUDGET.account):
        assert give(thief, code=wrong).status == 422
    late = give(thief, code=wrong)
    assert late.status == 429 and int(late.headers["Retry-After"]) > 0
    assert client_as().post("/sign-in", {"email": cast.bob.email, "passphrase": "x" * 12}).status == 429, (
        "all guesses at one account draw on one budget"
    )
    clock_at(clock.now() + timedelta(seconds=60))
    assert by_passphrase(half, cast.bob).status == 303
    assert give(half, code=code_at(app_of_bob)).status == 303


def test_a_recovery_code_opens_once(client_as, cast, half, app_of_bob, clock_at):
    clock_at(clock.now())
    page = client_as("bob").post("/recovery-codes")
    codes = CODE.findall(page.text)
    assert len(set(codes)) == 10 and page.headers["Cache-Control"] == "no-store"
    typed = codes[3].upper().replace("-", " ")
    assert give(half, recovery=typed).status == 303
    assert "9 of 10 left" in half.get("/signing-in").text
    thief = client_as()
    by_passphrase(thief, cast.bob)
    answer = give(thief, recovery=codes[3])
    assert answer.status == 422 and "works once" in answer.error_of("recovery")
    assert not is_in(thief)
    with db.read() as s:
        rows = stored(s, RecoveryCode)
        events = stored(s, AuditEvent, action="recovery_code.use")
    assert len([row for row in rows if row.used_at]) == 1 and len(events) == 1
    assert not any(codes[0].replace("-", "").encode() in row.code_hash for row in rows)


def test_somebody_elses_recovery_codes_and_those_of_before_open_nothing(client_as, cast, half):
    app_of(cast.cora)
    coras = CODE.findall(client_as("cora").post("/recovery-codes").text)
    before = CODE.findall(client_as("bob").post("/recovery-codes").text)
    client_as("bob").post("/recovery-codes")
    for code in (coras[0], before[0]):
        assert give(half, recovery=code).status == 422


def test_a_passkey_is_a_second_factor_too(client_as, cast):
    key = enrol(client_as("bob"))
    client = client_as()
    assert by_passphrase(client, cast.bob).location == "/second-factor"
    options = client.post("/second-factor/challenge").response.get_json()
    assert len(options["allowCredentials"]) == 1 and options["userVerification"] == "preferred"
    answer = client.post("/second-factor/passkey", {"answer": key.answer(options, flags=PRESENT)})
    assert (answer.status, answer.location) == (303, "/patients")


def test_somebody_elses_passkey_is_none(client_as, cast, half):
    charlies = enrol(client_as("charlie"))
    for key in (charlies, Key(holder=cast.bob.uuid.bytes)):
        options = half.post("/second-factor/challenge").response.get_json()
        assert half.post("/second-factor/passkey", {"answer": key.answer(options)}).status == 422
    assert not is_in(half)


def test_patients_with_a_passkey_still_come_in_by_passphrase(client_as, cast):
    enrol(client_as("alice"))
    assert by_passphrase(client_as(), cast.alice).location == "/today"


# Where the clinic asks for one ------------------------------------------------------------------------


@pytest.fixture
def new(client_as, cast, clock_at):
    """Dana's clinic asks for a second factor, and she has none."""
    clock_at(clock.now())
    require_second(cast.dana.clinic_id)
    client = client_as()
    assert by_passphrase(client, cast.dana).location == "/second-factor"
    return client


def test_without_one_there_is_only_the_page_that_sets_it_up(new):
    assert new.get("/second-factor").location == "/second-factor/new"
    assert "Until then nothing else opens" in new.get("/second-factor/new").text
    for path in ("/clinic", "/flags", "/more", "/signing-in", "/email", "/prove", "/passphrase"):
        assert new.get(path).location.startswith("/second-factor"), path


@pytest.mark.both
def test_an_app_is_set_up_and_its_codes_shown_once(new, client_as, cast):
    assert new.post("/authenticator/new").location == "/authenticator"
    page = new.get("/authenticator")
    assert page.one("img", class_="qr").get("src").startswith("data:image/svg+xml")
    secret = KEY.search(page.text)[1].replace(" ", "")
    assert new.post("/authenticator", {"code": "000000"}).status == 422
    done = new.post("/authenticator", {"code": pyotp.TOTP(secret).at(clock.now())})
    assert done.status == 200 and len(CODE.findall(done.text)) == 10
    assert is_in(new, "/clinic")
    assert KEY.search(new.get("/authenticator").text or "") is None
    with db.read() as s:
        (row,) = stored(s, Authenticator)
        assert secret.encode() not in row.secret_sealed
    again = client_as()
    by_passphrase(again, cast.dana)
    assert give(again, code=pyotp.TOTP(secret).at(clock.now())).status == 422, (
        "the first code counted already"
    )


def test_a_passkey_is_set_up(new, client_as):
    options = new.post("/passkeys/challenge").response.get_json()
    done = new.post("/passkeys", {"name": "My laptop", "answer": Key().make(options)})
    assert done.status == 200 and len(CODE.findall(done.text)) == 10
    assert is_in(new, "/clinic")


def test_switched_on_it_holds_for_those_who_are_in_already(client_as, cast):
    bob, dana, alice = client_as("bob"), client_as("dana"), client_as("alice")
    assert is_in(bob, "/patients")
    require_second(cast.bob.clinic_id)
    assert bob.get("/patients").location == "/second-factor?next=/patients"
    assert dana.get("/clinic").location.startswith("/second-factor")
    assert is_in(alice, "/today"), "patients are not asked"


def test_who_becomes_staff_needs_one_at_once(client_as, cast):
    require_second(cast.alice.clinic_id)
    alice = client_as("alice")
    assert is_in(alice, "/today")
    with db.write() as s:
        add_member(s, cast.alice.clinic_id, cast.alice.id, Role.COACH, clock.now())
    assert alice.get("/today").location == "/second-factor?next=/today"


def test_nobody_and_whole_sessions_have_no_business_here(client_as):
    assert client_as().get("/second-factor").location.startswith("/sign-in")
    assert client_as().post("/second-factor", {"code": "123456"}).status == 303
    assert client_as("alice").get("/second-factor").location == "/today"
    assert client_as("alice").get("/second-factor/new").location == "/today"


def test_starting_again_ends_it(half):
    assert half.post("/sign-out").location == "/sign-in"
    assert half.get("/second-factor").location.startswith("/sign-in")
    with db.read() as s:
        assert [row.ended_at is not None for row in stored(s, LoginSession)] == [True]


@pytest.mark.parametrize(
    ("asked", "leads"),
    [("/audit?kind=x", "/audit?kind=x"), ("https://evil.example/", "/clinic"), ("//evil.example", "/clinic")],
)
def test_after_setting_one_up_one_goes_on_to_where_one_was_going(client_as, cast, asked, leads):
    require_second(cast.dana.clinic_id)
    client = client_as()
    by_passphrase(client, cast.dana, next=asked)
    options = client.post("/passkeys/challenge").response.get_json()
    done = client.post("/passkeys", {"name": "My laptop", "answer": Key().make(options)})
    assert done.one("a", class_="primary").get("href") == leads
