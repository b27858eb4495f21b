"""The admin's page: people and care links, no diary; nobody links themselves."""

import re

import pytest

from diary import db
from diary.accounts.actions import create_person
from diary.careteam import access, actions
from diary.careteam.models import CareLink, Membership
from diary.careteam.rules import MOST_ROWS, Role
from diary.lib import clock
from tests.conftest import stored

PERSON = {"email": "noor@example.org", "name": "Noor Haddad", "role": "patient", "born_on": "1980-02-01"}


def test_dana_sees_people_and_links(client_as):
    page = client_as("dana").get("/clinic")
    assert page.status == 200
    for name in ("Alice Marlow", "Dr Bob Ansah", "Cora Lindqvist"):
        assert name in page.text
    assert "Charlie" not in page.text


@pytest.mark.parametrize("who", ["alice", "bob", "cora", "charlie"])
def test_strangers_get_404(client_as, who):
    client = client_as(who)
    assert client.get("/clinic").status == 404
    assert client.post("/clinic/invitations", PERSON).status == 404
    assert client.post("/clinic/care-links", {}).status == 404


def test_signed_out(client_as):
    assert client_as().get("/clinic").status == 303


def test_inviting_shows_a_link_that_works(client_as):
    page = client_as("dana").post("/clinic/invitations", PERSON)
    (url,) = set(re.findall(r"/invitations/[\w-]{43}", page.text))
    assert client_as().get(url).status == 200


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"email": "x"}, "email"),
        ({"role": "owner"}, "role"),
        ({"born_on": "tomorrow"}, "born_on"),
        ({"name": ""}, "name"),
    ],
)
def test_bad_input(client_as, typed, field):
    page = client_as("dana").post("/clinic/invitations", {**PERSON, **typed})
    assert page.status == 422
    assert page.error_of(field)


def test_somebody_who_has_an_account_elsewhere_is_invited_like_anybody(client_as):
    """What the admin sees does not tell that there is one; how they join is tested in test_joining."""
    page = client_as("dana").post("/clinic/invitations", {**PERSON, "email": "charlie@example.org"})
    assert page.status == 200 and "Charlie" not in page.words()


def test_ending_a_link_hides_the_patient_at_once(client_as, cast):
    with db.read() as s:
        link = next(
            row for row in stored(s, CareLink, patient_id=cast.alice.id) if row.staff_id == cast.cora.id
        )
    assert client_as("dana").post(f"/clinic/care-links/{link.uuid}/end").status == 303
    with db.read() as s, pytest.raises(access.Hidden):
        access.load_patient(
            s, access.Viewer(cast.cora.id, roles=frozenset({(cast.cora.clinic_id, "coach")})), cast.alice.uuid
        )
    assert client_as("dana").post(f"/clinic/care-links/{link.uuid}/end").status == 404


def test_another_clinics_link_is_not_there(client_as, cast):
    with db.read() as s:
        (link,) = stored(s, CareLink, patient_id=cast.charlie.id)
    assert client_as("dana").post(f"/clinic/care-links/{link.uuid}/end").status == 404


def chosen(select) -> str:
    return next(option.get("value") for option in select.iter("option") if option.get("selected") is not None)


def test_inviting_again_says_that_the_earlier_link_is_dead(client_as):
    client = client_as("dana")
    first, second = (client.post("/clinic/invitations", PERSON) for _ in range(2))
    assert "that one no longer works" in second.words()
    links = [page.one("input", id="invitation-link").get("value") for page in (first, second)]
    assert [client_as().get(link.partition("localhost")[2]).status for link in links] == [404, 200]


@pytest.mark.parametrize(("saved", "words"), [("linked", "is made"), ("ended", "is ended")])
def test_what_was_done_is_said(client_as, saved, words):
    page = client_as("dana").get(f"/clinic?saved={saved}")
    assert words in page.words(page.one("p", role="status"))
    assert client_as("dana").get("/clinic?saved=nonsense").all("p", role="status") == []


def test_linking(client_as, cast):
    with db.write() as s:
        person = actions.create_person(s, "noor@example.org", "Noor", "UTC", clock.now())
        actions.add_member(s, cast.dana.clinic_id, person.id, "patient", clock.now())
    client = client_as("dana")
    wanted = {"patient": str(person.uuid), "staff": str(cast.bob.uuid)}
    assert client.post("/clinic/care-links", wanted).status == 303
    again = client.post("/clinic/care-links", wanted)
    assert again.status == 422 and "linked already" in again.error_of("staff")
    assert {
        select.get("name"): chosen(select) for select in again.all("select") if select.get("name") in wanted
    } == wanted
    foreign = client.post(
        "/clinic/care-links", {"patient": str(cast.charlie.uuid), "staff": str(cast.bob.uuid)}
    )
    assert foreign.status == 422


def test_nobody_links_themselves(app, cast):
    dana = access.Viewer(cast.dana.id, roles=frozenset({(cast.dana.clinic_id, "admin")}))
    with pytest.raises(actions.Refused, match="themselves"), db.write() as s:
        actions.link(s, dana, cast.dana.clinic_id, cast.alice.id, cast.dana.id, clock.now())


# Looking for somebody -----------------------------------------------------------------------------


@pytest.fixture
def many(cast, written):
    """A clinic with as many patients as a table does not hold."""
    with written() as s:
        for n in range(MOST_ROWS + 5):
            person = create_person(s, f"p{n}@example.net", f"Zoe Number{n:02}", "Europe/London", clock.now())
            actions.add_member(s, cast.alice.clinic_id, person.id, Role.PATIENT, clock.now())
            actions.link(s, access.OPERATOR, cast.alice.clinic_id, person.id, cast.bob.id, clock.now())


def rows_of(page, table: str) -> list[str]:
    part = page.text.split(f'id="{table}"', 1)[1].split("</section>", 1)[0]
    return re.findall(r'<th scope="row">([^<]+)', part)


def test_a_full_clinic_shows_the_first_and_finds_the_rest(client_as, many):
    page = client_as("dana").get("/clinic")
    assert len(rows_of(page, "patients")) == len(rows_of(page, "links")) == MOST_ROWS
    assert f"The first {MOST_ROWS} of each table" in page.words()
    last = f"Zoe Number{MOST_ROWS + 4}"
    assert last not in rows_of(page, "patients")
    for search in (f"number{MOST_ROWS + 4}", f"p{MOST_ROWS + 4}@EXAMPLE", f"{MOST_ROWS + 4} zoe"):
        page = client_as("dana").get(f"/clinic?q={search.replace(' ', '+')}")
        assert rows_of(page, "patients") == [last], search
    assert rows_of(page, "links") == [last]
    assert "1 patient and 1 care link with" in page.words()


def test_a_search_looks_for_whom_a_member_of_staff_cares_for(client_as, many):
    page = client_as("dana").get("/clinic?q=bob+number1")
    assert rows_of(page, "links") == [f"Zoe Number1{n}" for n in range(10)]
    assert rows_of(page, "patients") == []


def test_nobody_of_that_name_and_nobody_of_the_other_clinic(client_as, cast):
    for search in ("xyz", "Charlie", "Boone"):
        page = client_as("dana").get(f"/clinic?q={search}")
        assert page.status == 200 and "0 patients and 0 care links" in page.words()
        assert rows_of(page, "patients") == rows_of(page, "links") == []
    page = client_as("dana").get("/clinic?q=%3Cscript%3E" + "x" * 500)
    assert page.status == 200 and "<script>x" not in page.text


def test_who_waits_for_the_clinic_s_word_stands_first(client_as, many, written, cast):
    with written() as s:
        person = create_person(s, "last@example.net", "Zz Last", "Europe/London", clock.now())
        actions.add_member(s, cast.alice.clinic_id, person.id, Role.PATIENT, clock.now())
        member = next(m for m in stored(s, Membership) if m.person_id == person.id)
        member.accepted_at, member.confirmed_at = clock.now(), None
        s.add(member)
    assert rows_of(client_as("dana").get("/clinic"), "patients")[0] == "Zz Last"


def test_what_is_wrong_far_down_is_said_at_the_top_and_leads_there(client_as):
    page = client_as("dana").post("/clinic/retention", {"months": "abc"})
    assert page.status == 422
    problems = page.one("div", id="problems")
    assert "One thing needs another look" in page.words(problems)
    (link,) = problems.iter("a")
    assert link.get("href") == "#months" and page.one("input", id="months").get("value") == "abc"
    assert page.words(link) == page.error_of("months")


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/clinic/invitations", {"email": "x", "name": "", "role": "owner", "born_on": "tomorrow"}),
        ("/clinic/care-links", {"begins_on": "x", "ends_on": "y"}),
        ("/clinic/contacts", {"phone": "?", "mon_from": "25:00", "mon_until": "x", "zone": "Mars"}),
        ("/clinic/check-ins", {"days": "x"}),
        ("/clinic/asked", {"asked": "x"}),
        ("/clinic/factors", {"factors": "y" * 90}),
        ("/clinic/course-gap", {"gap": "x"}),
        ("/clinic/second-factor", {"rule": "x"}),
        ("/clinic/retention", {"months": "x"}),
    ],
)
def test_each_word_about_an_error_leads_to_its_field(client_as, path, typed):
    page = client_as("dana").post(path, typed)
    assert page.status == 422
    links = [link.get("href") for link in page.one("div", id="problems").iter("a")]
    assert links
    for href in links:
        assert any(one.get("id") == href[1:] for one in page.tree.iter()), href
