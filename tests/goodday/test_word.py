"""GET and POST /word, and what Today offers: for its own writer only, and never before an answer."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlmodel import select

from diary import db
from diary.audit.models import AuditEvent, SyncWrite
from diary.careteam import access
from diary.goodday.models import GoodDayWord
from tests import factories

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 20, 41, tzinfo=UTC)
SOUP = "Ring Ida. The soup is in the freezer."


@pytest.fixture(autouse=True)
def at_now(clock_at):
    clock_at(NOW)


@pytest.fixture
def course(app, cast):
    """Level 8, so that 5 or less counts; the last days are left to the test."""
    with db.write() as s:
        factories.days(TODAY - timedelta(days=30), [8] * 14 + [4] * 10, s, cast.alice)
        factories.infusion(s, cast.alice, TODAY - timedelta(days=16))


def score(person, ago: int, **fields) -> None:
    with db.write() as s:
        factories.entry(s, person, TODAY - timedelta(days=ago), **fields)


def keep(client, text, **changed):
    page = client.get("/word?write=1")
    form = page.one("form", id="word-form")
    sent = {field.get("name"): field.get("value") for field in form.iter("input")}
    return client.post("/word", {**sent, "word": text, **changed}, csrf=False)


def rows():
    with db.read() as s:
        return s.exec(select(GoodDayWord).order_by(GoodDayWord.id)).all()


def offered(page) -> tuple[bool, bool, bool]:
    """Whether the word is offered beside Help, offered to who is too unwell, and asked for."""
    too_unwell = page.one("a", data_word="")
    parts = (page.one("div", id="offer"), too_unwell, page.one("a", id="keep-word"))
    return tuple(part.get("hidden") is None for part in parts)


def test_written_read_changed_and_taken_away(client_as, cast):
    alice = client_as("alice")
    page = alice.get("/word")
    assert "What would you tell yourself for when it comes back?" in page.words(page.one("h1"))
    said = keep(alice, SOUP)
    assert (said.status, said.location) == (303, "/word")
    page = alice.get("/word")
    assert "You wrote this on Monday 23 November" in page.words() and SOUP in page.words()
    assert page.words(page.one("title")) == "A word - Neap"
    assert keep(alice, SOUP).location == "/word" and len(rows()) == 1, "what is the same is not stored again"
    keep(alice, "Rest.")
    assert "Rest." in alice.get("/word").words() and SOUP not in alice.get("/word").text
    assert keep(alice, " \n").location == "/today"
    assert "What would you tell yourself" in alice.get("/word").words()
    stored = rows()
    assert [row.word for row in stored] == [SOUP, "Rest.", None]
    assert all(SOUP.encode() not in (row.word_sealed or b"") for row in stored)
    with db.read() as s:
        assert len(s.exec(select(SyncWrite)).all()) == 3
        events = s.exec(select(AuditEvent).where(AuditEvent.action == "word.keep")).all()
        assert [(event.patient_id, event.thing) for event in events] == [
            (cast.alice.id, str(row.id)) for row in stored
        ]


def test_the_same_form_sent_twice_is_kept_once(client_as):
    alice = client_as("alice")
    write_id = str(uuid4())
    for _ in range(2):
        assert keep(alice, SOUP, write_id=write_id, base="").status == 303
    assert len(rows()) == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"word": "x" * 2001}, "at most 2,000 fit"),
        ({"word": "a\x00b"}, "can't be shown"),
        ({"base": "00000000-0000-4000-8000-000000000000"}, "older than what Neap holds"),
        ({"base": "none"}, "broken"),
        ({"insight": "a boat"}, "does not know"),
    ],
)
def test_what_can_not_be_taken_comes_back(client_as, changed, words):
    said = keep(client_as("alice"), SOUP, **changed)
    assert said.status == 422 and rows() == []
    if "insight" not in changed:
        assert words in said.words()
    if "word" not in changed:
        assert SOUP in said.text


def test_an_older_page_shows_both_and_overwrites_nothing_unseen(client_as):
    alice = client_as("alice")
    keep(alice, "Rest.")
    keep(alice, SOUP, base="")
    page = alice.get("/word?write=1")
    assert "Rest." in page.text and SOUP in page.text
    keep(alice, SOUP)
    assert "Rest." not in alice.get("/word").text


@pytest.mark.parametrize("name", ["bob", "cora", "dana", "charlie"])
def test_nobody_else_reads_it(client_as, cast, name):
    keep(client_as("alice"), SOUP)
    other = client_as(name)
    assert other.get("/word").status == (200 if name == "charlie" else 404)
    if name == "charlie":
        assert SOUP not in other.get("/word").text
    for path in (f"/patients/{cast.alice.uuid}", f"/patients/{cast.alice.uuid}/check-ins"):
        assert SOUP not in other.get(path).text


def test_a_stranger_is_asked_to_sign_in(client_as):
    assert client_as().get("/word").location == "/sign-in?next=/word"


# Today -------------------------------------------------------------------------------------------


def test_nothing_is_offered_before_the_first_answer(client_as, cast, course):
    alice = client_as("alice")
    keep(alice, SOUP)
    score(cast.alice, 1, pain=8)
    page = alice.get("/today")
    assert offered(page) == (False, True, False)
    assert page.one("div", data_while="unwell").get("hidden") is not None, "only who is too unwell sees it"
    assert SOUP not in page.text


def test_the_second_hard_day_offers_it_beside_help(client_as, cast, course):
    alice = client_as("alice")
    keep(alice, SOUP)
    score(cast.alice, 0, pain=8)
    assert not offered(alice.get("/today"))[0], "one hard day is noise"
    score(cast.alice, 1, unwell="yes")
    assert offered(alice.get("/today")) == (True, True, False)
    assert not offered(alice.get(f"/days/{TODAY - timedelta(days=1)}"))[0]


def test_without_a_word_there_is_nothing_to_offer(client_as, cast, course):
    score(cast.alice, 1, pain=8)
    score(cast.alice, 0, pain=8)
    assert offered(client_as("alice").get("/today")) == (False, False, False)


def test_too_unwell_offers_it(client_as, cast):
    alice = client_as("alice")
    keep(alice, SOUP)
    score(cast.alice, 0, unwell="yes")
    page = alice.get("/today")
    assert offered(page)[1] and page.one("div", data_while="unwell").get("hidden") is None


FIVE = {"pain": 5, "fatigue": 4, "sleep": 4, "mood": 4, "cognition": 4}


def test_a_good_day_asks_for_one_when_all_is_answered(client_as, cast, course):
    alice = client_as("alice")
    score(cast.alice, 0, pain=5)
    assert not offered(alice.get("/today"))[2]
    score(cast.alice, 0, **FIVE)
    assert offered(alice.get("/today")) == (False, False, True)
    keep(alice, SOUP)
    assert not offered(alice.get("/today"))[2], "one is kept already"


@pytest.mark.parametrize(("pain", "asked"), [(5, True), (6, False)])
def test_without_a_course_the_last_weeks_are_the_level(client_as, cast, pain, asked):
    with db.write() as s:
        factories.days(TODAY - timedelta(days=7), [8] * 7, s, cast.alice)
    score(cast.alice, 0, **FIVE | {"pain": pain})
    assert offered(client_as("alice").get("/today"))[2] is asked


def test_too_few_days_claim_no_good_day(client_as, cast):
    with db.write() as s:
        factories.days(TODAY - timedelta(days=6), [8] * 6, s, cast.alice)
    score(cast.alice, 0, **FIVE | {"pain": 0})
    assert not offered(client_as("alice").get("/today"))[2]


def test_who_is_not_confirmed_sees_nothing_of_before(client_as, cast):
    from diary.goodday import queries

    keep(client_as("alice"), SOUP)
    new = access.Viewer(
        cast.alice.id, "Alice", "Europe/London", frozenset(), hides_before=NOW + timedelta(hours=1)
    )
    with db.read() as s:
        assert queries.own_word(s, new, cast.alice.id).word is None
