"""Periods, papers, diaries and words that are odd, through the door that everybody uses; and many who ask at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Event

import pytest

from diary.lib import pdf
from tests import factories
from tests.reports import reading

NOW = datetime(2026, 4, 12, 12, tzinfo=UTC)
FIRST = date(2026, 3, 1)


@pytest.fixture(autouse=True)
def now(clock_at):
    clock_at(NOW)


def got(client, query: str, base: str = "") -> bytes:
    answer = client.http.get(f"{base}/report.pdf?{query}")
    assert answer.status_code == 200, answer.text
    assert reading.is_two_pages(answer.data)
    return answer.data


@pytest.mark.parametrize("paper", ["a3", "A4", "", "letter "])
def test_a_paper_that_is_none(client_as, paper):
    page = client_as("alice").http.get("/report.pdf", query_string={"paper": paper})
    assert page.status_code == (422 if paper else 200)
    assert (b"The paper is a4 or letter." in page.data) is bool(paper)


def test_one_day(client_as, cast, written):
    with written() as s:
        factories.entry(s, cast.alice, FIRST, pain=4)
    text = reading.flat(got(client_as("alice"), f"since={FIRST}&until={FIRST}"))
    assert "1 of 1 day logged" in text and "1 March 2026" in text


def test_days_and_no_infusion(client_as, cast, written):
    with written() as s:
        factories.days(FIRST, [5, 4, 6, 5, "x", 4], s, cast.alice)
    text = reading.flat(got(client_as("alice"), f"since={FIRST}&until=2026-03-06"))
    assert "5 of 6 days logged" in text and "after each infusion" not in text and "week by week" not in text


def test_every_day_too_unwell(client_as, cast, written):
    with written() as s:
        factories.days(FIRST, ["u"] * 20, s, cast.alice)
        factories.infusion(s, cast.alice, FIRST + timedelta(days=5))
    text = reading.flat(got(client_as("alice"), f"since={FIRST}&until=2026-03-20"))
    assert "0 of 20 days logged 20 too unwell" in text
    assert "20 of 20 have no scores (20 “too unwell”)" in text
    assert "eased" not in text.partition("How this was made")[0]


EVERY_KIND = (
    "<script>alert(1)</script> {{ 7*7 }} \u202eturned\u202c e\u0301\u0302 \U0001f468\u200d\U0001f469\u200d\U0001f467 "
    "مرحبا שלום 中文 \u2066a\u2069 &amp; “q” ]]> %PDF (x) 5 0 R\n"
)


def test_a_note_of_10000_signs_of_every_kind_goes_on_in_the_appendix(client_as, cast, written):
    """Page one is as it is without the note; the name of the clinic, the figures and the words are not disturbed."""
    with written() as s:
        factories.days(FIRST, [7] * 14 + [4] * 10, s, cast.alice)
        factories.infusion(s, cast.alice, FIRST + timedelta(days=14))
    query = f"since={FIRST}&until=2026-03-30"
    before = reading.pages(got(client_as("alice"), query))[0]
    with written() as s:
        note = (EVERY_KIND * 200)[:10_000]
        factories.entry(s, cast.alice, date(2026, 3, 24), pain=4, note=note, note_private="no")
    body = got(client_as("alice"), query)
    found = reading.pages(body)
    assert len(found) > 2 and " ".join(found[0].split()) == " ".join(before.split()).replace(
        "page 1 of 2", f"page 1 of {len(found)}"
    )
    words = reading.flat(body)
    assert "U+1F468" in words and "U+4E2D" in words and "<script>alert(1)</script>" in words
    assert "\U0001f468" not in words and "their number in Unicode" in words
    assert reading.opened(body).check_pdf_syntax() == []


def test_twelve_at_once(app, client_as, cast, written, monkeypatch):
    """While one is made, three wait their turn and the others are told when to come again; none is spoilt."""
    with written() as s:
        factories.entry(s, cast.alice, FIRST, pain=4)
    query = f"since={FIRST}&until=2026-03-30"
    first = got(client_as("alice"), query)
    clients = [client_as("alice") for _ in range(12)]
    away = []
    told = Event()

    def ask(client):
        answer = client.http.get(f"/report.pdf?{query}")
        if answer.status_code != 200:
            away.append(answer)
            if len(away) == 9:
                told.set()
        return answer

    with ThreadPoolExecutor(12) as threads:
        with pdf._lock:
            asked = [threads.submit(ask, client) for client in clients]
            assert told.wait(15)
        answers = [one.result() for one in asked]
    made = [one for one in answers if one.status_code == 200]
    assert len(made) == pdf.MOST_WAITING and all(one.data == first for one in made)
    assert all((one.status_code, one.headers["Retry-After"]) == (503, "5") for one in away)
    assert not any(b"%PDF" in one.data for one in away)
    assert got(client_as("alice"), query) == first


def test_two_at_once_are_both_made(client_as, cast, written):
    with written() as s:
        factories.entry(s, cast.alice, FIRST, pain=4)
        factories.entry(s, cast.charlie, FIRST, pain=9)
    with ThreadPoolExecutor(2) as threads:
        asked = [
            threads.submit(got, client_as(name), f"since={FIRST}&until=2026-03-30")
            for name in ("alice", "charlie")
        ]
        texts = [reading.flat(one.result()) for one in asked]
    assert "Alice" in texts[0] and "Charlie" not in texts[0]
    assert "Charlie" in texts[1] and "Alice" not in texts[1]
