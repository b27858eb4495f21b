"""A flag's own page: what was answered, whose it is, what comes next; acknowledged, handed over, closed, reopened."""

import threading
from datetime import timedelta

import pytest

from diary import db
from diary.accounts.actions import create_person
from diary.audit.models import AuditEvent
from diary.careteam import access, actions
from diary.careteam.models import CareLink, Membership
from diary.careteam.rules import Kind
from diary.safety import actions as safety
from diary.safety.models import Flag, FlagEvent
from tests.conftest import stored
from tests.safety.flags import MONDAY, kinds, latest, raise_flag, set_hours

NOW = MONDAY + timedelta(minutes=38)


@pytest.fixture
def flag(app, cast, clock_at):
    clock_at(NOW)
    set_hours(cast.alice)
    return raise_flag(cast.alice, "emergency_after_infusion", answer="Chest pain: yes")


@pytest.fixture
def url(flag):
    return f"/flags/{flag.uuid}"


@pytest.fixture
def ilse(app, cast, passphrase_hash):
    """Another clinician of the clinic, who does not care for Alice."""
    with db.write() as s:
        person = create_person(s, "ilse@example.org", "Dr Ilse Varga", "Europe/London", MONDAY)
        person.passphrase_hash = passphrase_hash
        actions.add_member(s, cast.bob.clinic_id, person.id, "clinician", MONDAY)
        return person


def send(client, url, act, words, seen=None, **more):
    name = {"acknowledgement": "doing", "closing": "outcome", "owner": "why", "reopening": "reason"}[act]
    seen = seen if seen is not None else client.get(url).one("form", action=f"{url}/{act}")
    number = (
        seen
        if isinstance(seen, str)
        else next(el for el in seen.iter() if el.get("name") == "seen").get("value")
    )
    return client.post(f"{url}/{act}", {name: words, "seen": number, **more})


def test_what_stands_on_it(client_as, url):
    page = client_as("bob").get(url)
    words = page.words(page.one("main"))
    assert page.words(page.one("h1")) == "Alice Marlow: emergency signs after an infusion"
    assert "Urgent, not acknowledged" in words
    assert "With Dr Bob Ansah. Overdue: 09:12, in 22 minutes, unless acknowledged" in words
    assert "Chest pain: yes" in words
    assert "23 November 2026, 08:09 on Alice’s phone, 23 November 2026, 08:12 at the server" in words
    assert "Please call the emergency number now" in words
    assert "alice@example.org" in words and "Neap keeps no telephone numbers of patients" in words
    assert "Who was told that it waits" in words and "Nobody yet." in words
    (drawn,) = (svg for svg in page.all("svg") if svg.get("role") == "img")
    assert "08:12: flag opened; 08:27: 15 minutes waited; 09:12: overdue; now, 38 minutes on." in page.words(
        drawn
    )


@pytest.mark.parametrize("who", ["alice", "charlie", "erin", "dana"])
def test_strangers_get_404(client_as, url, who):
    client = client_as(who)
    assert client.get(url).status == 404
    for act in ("acknowledgement", "closing", "owner", "reopening"):
        assert client.post(f"{url}/{act}", {"doing": "x", "seen": "1"}).status == 404


def test_signed_out(client_as, url):
    assert client_as().get(url).status == 303
    assert client_as().post(f"{url}/closing", {}).status == 303


def test_no_such_flag(client_as, cast):
    assert client_as("bob").get(f"/flags/{cast.alice.uuid}").status == 404


def test_whoever_cares_for_her_sees_it_whatever_the_consent(client_as, cast, url):
    with db.write() as s:
        actions.withdraw_consent(s, access.OPERATOR, cast.alice.id, cast.cora.id, list(Kind), MONDAY)
    page = client_as("cora").get(url)
    assert page.status == 200 and "Chest pain: yes" in page.text
    assert not page.all("a", href=f"/patients/{cast.alice.uuid}"), "the flag, not the diary"
    assert client_as("bob").get(url).all("a", href=f"/patients/{cast.alice.uuid}")


def test_that_somebody_looked_is_kept(client_as, cast, flag, url):
    for who in ("bob", "bob", "cora"):
        client_as(who).get(url)
    assert kinds(flag) == ["opened", "seen", "seen"]
    page = client_as("bob").get(url)
    assert "Dr Bob Ansah opened this page." in page.words()
    with db.read() as s:
        seen = stored(s, AuditEvent, action="view.flag")
    assert {(e.actor_id, e.patient_id) for e in seen} == {
        (cast.bob.id, cast.alice.id),
        (cast.cora.id, cast.alice.id),
    }


def test_acknowledging(client_as, cast, flag, url):
    client = client_as("bob")
    done = send(client, url, "acknowledgement", "Calling her now.")
    assert done.status == 303
    page = client.get(done.location)
    assert "Urgent, acknowledged" in page.text and "Calling her now." in page.text
    assert "Acknowledged by Dr Bob Ansah, 08:50." in page.words()
    assert page.words(page.one("p", role="status")).startswith("You are on it.")
    assert kinds(flag)[-1] == "acknowledged" and latest(cast.alice).state == "acknowledged"
    with db.read() as s:
        (event,) = stored(s, FlagEvent, kind="acknowledged")
        assert event.words == "Calling her now." and b"Calling" not in event.words_sealed
        (audited,) = stored(s, AuditEvent, action="flag.acknowledged")
        assert (audited.actor_id, audited.thing) == (cast.bob.id, str(flag.id))


def test_whoever_acknowledges_has_it(client_as, cast, url):
    send(client_as("cora"), url, "acknowledgement", "I have her on the phone.")
    assert latest(cast.alice).owner_id == cast.cora.id


@pytest.mark.parametrize("act", ["acknowledgement", "closing"])
@pytest.mark.parametrize("words", ["", "  ", "x" * 4001, "a\x00b"])
def test_bad_words(client_as, flag, url, act, words):
    page = send(client_as("bob"), url, act, words)
    assert page.status == 422
    assert page.error_of({"acknowledgement": "doing", "closing": "outcome"}[act])
    assert kinds(flag) == ["opened", "seen"]


def test_an_unknown_field(client_as, flag, url):
    assert (
        client_as("bob").post(f"{url}/acknowledgement", {"doing": "x", "seen": "9", "level": "none"}).status
        == 422
    )
    assert latest_state(flag) == "open"


def latest_state(flag):
    with db.read() as s:
        return stored(s, Flag, id=flag.id)[0].state


def test_two_acknowledge_at_once(client_as, cast, flag, url):
    """The second is told kindly who was first; what they wrote stands there, and can be sent again."""
    bob, cora = client_as("bob"), client_as("cora")
    seen = bob.get(url).one("form", action=f"{url}/acknowledgement")
    also = cora.get(url).one("form", action=f"{url}/acknowledgement")
    assert send(bob, url, "acknowledgement", "Calling her.", seen).status == 303
    page = send(cora, url, "acknowledgement", "I would call her, too.", also)
    assert page.status == 422
    assert "Dr Bob Ansah acknowledged this flag at 08:50, while you were writing." in page.words()
    assert page.words(page.one("textarea", id="doing")) == "I would call her, too."
    assert latest(cast.alice).owner_id == cast.bob.id
    again = page.one("form", action=f"{url}/acknowledgement")
    assert send(cora, url, "acknowledgement", "I sit with her until he calls.", again).status == 303
    assert kinds(flag).count("acknowledged") == 2 and latest(cast.alice).owner_id == cast.bob.id


@pytest.mark.both
def test_two_acknowledge_at_the_very_same_moment(app, cast, clock_at):
    """Of two acts from the same page one is done, the other refused with the first one's event."""
    flag = raise_flag(cast.alice)
    start, done, refused = threading.Barrier(2), [], []

    def act(person):
        viewer = access.Viewer(person.id, roles=frozenset({(person.clinic_id, person.role)}))
        with app.app_context():
            start.wait(10)
            try:
                with db.write() as s:
                    safety.acknowledge(s, viewer, flag.uuid, "on it", 1, NOW)
                done.append(person.id)
            except safety.Changed as error:
                refused.append(error.actor_id)

    threads = [threading.Thread(target=act, args=(person,)) for person in (cast.bob, cast.cora)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(done) == 1 and refused == done
    assert kinds(flag) == ["opened", "acknowledged"]


def test_what_is_said_again_while_one_closes_is_not_overlooked(client_as, cast, flag, url):
    client = client_as("bob")
    old = client.get(url).one("form", action=f"{url}/closing")
    raise_flag(cast.alice, "emergency_after_infusion", answer="Fainting: yes", now=NOW)
    page = send(client, url, "closing", "All is well.", old)
    assert page.status == 422 and "The same was answered once more" in page.text
    assert "Fainting: yes" in page.text and "All is well." in page.text
    assert latest_state(flag) == "open"


def test_closing_and_opening_again(client_as, cast, flag, url, clock_at):
    client = client_as("bob")
    assert send(client, url, "closing", "Seen at the surgery; a bruise.").status == 303
    page = client.get(url)
    assert "Urgent, closed" in page.text and "Seen at the surgery" in page.text
    assert not page.all("form", action=f"{url}/acknowledgement")
    clock_at(NOW + timedelta(hours=2))
    client = client_as("bob")
    assert send(client, url, "reopening", "She called back.").status == 303
    page = client.get(url)
    assert "Urgent, not acknowledged" in page.text and "Overdue: 11:50" in page.words()
    assert kinds(flag) == ["opened", "seen", "closed", "reopened"]


def test_it_is_not_opened_again_beside_itself(client_as, cast, flag, url):
    client = client_as("bob")
    send(client, url, "closing", "Done.")
    raise_flag(cast.alice, "emergency_after_infusion", now=NOW)
    page = send(client, url, "reopening", "Too early.")
    assert page.status == 422 and "The same matter is open as F-0002" in page.error_of("reason")


@pytest.mark.parametrize(("act", "name"), [("acknowledgement", "doing"), ("owner", "to")])
def test_a_closed_flag_takes_no_more(client_as, cast, flag, url, act, name):
    client = client_as("bob")
    send(client, url, "closing", "Done.")
    more = {"to": str(cast.cora.uuid)} if act == "owner" else {}
    page = send(client, url, act, "late words", "99", **more)
    assert page.status == 422 and kinds(flag)[-1] == "closed"


def test_handing_over(client_as, cast, flag, url, ilse, clock_at):
    client = client_as("bob")
    page = client.get(url)
    offered = [page.words(option) for option in page.one("select", id="to").iter("option")]
    assert offered == ["Cora Lindqvist, coach", "Dr Ilse Varga, clinician"]
    send(client, url, "acknowledgement", "Calling.")
    clock_at(NOW + timedelta(minutes=10))
    assert send(client, url, "owner", "I am off.", to=str(ilse.uuid)).status == 303
    row = latest(cast.alice)
    assert (row.owner_id, row.state, row.waits_since) == (ilse.id, "open", NOW + timedelta(minutes=10))
    assert "Dr Bob Ansah handed it to Dr Ilse Varga." in client.get(url).words()


def test_whoever_hands_it_over_without_a_link_goes_back_to_the_list(client_as, cast, flag, url, ilse):
    with db.write() as s:
        for link in stored(s, CareLink, staff_id=cast.bob.id):
            link.ended_at = NOW
            s.add(link)
    done = send(client_as("bob"), url, "owner", "", to=str(ilse.uuid))
    assert done.location == "/flags" and client_as("bob").get(url).status == 404


@pytest.mark.parametrize("to", ["", "nobody", "charlie", "erin", "alice", "dana", "bob"])
def test_to_whom_it_can_not_be_handed(client_as, cast, flag, url, to):
    chosen = str(getattr(cast, to).uuid) if hasattr(cast, to) else to
    page = send(client_as("bob"), url, "owner", "", to=chosen)
    assert page.status == 422 and page.error_of("to")
    assert latest(cast.alice).owner_id == cast.bob.id


def test_an_admin_who_has_it_sees_the_code_and_hands_it_on(client_as, cast, app, clock_at):
    clock_at(NOW)
    with db.write() as s:
        for model in (CareLink, Membership):
            for row in stored(s, model):
                if (getattr(row, "staff_id", None) or getattr(row, "person_id", None)) == cast.bob.id:
                    row.ended_at = NOW
                    s.add(row)
    flag = raise_flag(cast.alice)
    assert flag.owner_id == cast.dana.id
    page = client_as("dana").get(f"/flags/{flag.uuid}")
    assert page.status == 200 and "An admin sees no diary" in page.text
    assert "Marlow" not in page.text and "fall" not in page.text.lower()
    assert not page.all("form", action=f"/flags/{flag.uuid}/closing")
    url = f"/flags/{flag.uuid}"
    assert send(client_as("dana"), url, "closing", "Done.", "9").status == 404
    assert send(client_as("dana"), url, "owner", "", to=str(cast.cora.uuid)).location == "/flags"
    assert latest(cast.alice).owner_id == cast.cora.id


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(38, "Overdue: 09:12, in 22 minutes"), (60, "Overdue since 09:12"), (61, "Urgent, overdue")],
)
def test_when_it_is_overdue(client_as, flag, url, clock_at, minutes, words):
    clock_at(MONDAY + timedelta(minutes=minutes))
    assert words in client_as("bob").get(url).words()


def test_in_the_night_it_waits_for_the_opening(client_as, cast, clock_at, app):
    set_hours(cast.alice)
    evening = MONDAY.replace(hour=20)
    clock_at(evening + timedelta(minutes=1))
    flag = raise_flag(cast.alice, now=evening)
    assert "Overdue: tomorrow, 08:00, in 11 hours" in client_as("bob").get(f"/flags/{flag.uuid}").words()


def test_what_is_normal_has_no_timer(client_as, cast, clock_at, app):
    clock_at(NOW + timedelta(days=4))
    flag = raise_flag(cast.alice, "silence", answer="")
    words = client_as("cora").get(f"/flags/{flag.uuid}").words()
    assert "With Cora Lindqvist. No timer runs for it." in words and "Normal, not acknowledged" in words


def test_what_came_again_after_a_restore_says_so(client_as, cast, clock_at, app):
    clock_at(NOW)
    flag = raise_flag(cast.alice, resent=True)
    assert (
        "Sent once more by the phone after Neap was restored."
        in client_as("bob").get(f"/flags/{flag.uuid}").words()
    )


def test_words_are_shown_as_words(client_as, cast, url):
    client = client_as("bob")
    send(client, url, "acknowledgement", "<script>alert(1)</script>")
    page = client.get(url)
    assert "&lt;script&gt;alert(1)" in page.text and "<script>alert" not in page.text
