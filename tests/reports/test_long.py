"""Much to say: ten years, many infusions and notes, a long name; neither page takes from the other."""

from datetime import UTC, date, datetime, timedelta

import pytest

from diary import db
from diary.accounts.models import Person
from diary.lib import pdf
from diary.lib.pdf import Laid
from diary.reports import rules
from diary.reports.rules.measure import clipped
from diary.sessions.forms import LONGEST_WORDS
from tests import factories
from tests.exchange.commands import Commands
from tests.reports import reading
from tests.reports.test_report import made

FIRST = date(2016, 1, 4)
LAST = FIRST + timedelta(days=3649)
NAMES = {  # of 120 characters
    "words": "Maria Alexandra Wilhelmina Constantia Theodora von Hohenberg und zu Württemberg, called Mina, of the Harbour, Whitby NYK",
    "one word": "Wolfeschlegelsteinhausenbergerdorff" * 4,
    "broad": "MWMW WMWM " * 12,
}


@pytest.fixture(autouse=True)
def _now(clock_at):
    clock_at(datetime(2026, 11, 24, 12, tzinfo=UTC))


@pytest.fixture
def ten_years(cast, app, tmp_path):
    """3,650 days, 520 infusions, 190 notes that are shared."""
    rows = "".join(
        f"{FIRST + timedelta(days=n)},{(n * 7 + n // 5) % 11},{n % 11},{n % 9},{n % 7},{n % 10},"
        + (f"shared note {n} {'with a few more words ' * (n % 5)},no\n" if n % 19 == 3 else ",\n")
        for n in range(3650)
        if n % 13
    )
    given = "".join(f"{FIRST + timedelta(days=60 + 7 * n)},45,40,70\n" for n in range(505))
    given += "".join(f"{FIRST + timedelta(days=3600 + n)},45,40,70\n" for n in range(15))
    commands = Commands(app, tmp_path)
    rows = "date,pain,fatigue,sleep,mood,cognition,note,note_private\n" + rows
    assert commands.take(rows, who=cast.alice.email).code == 0
    assert commands.take("date,dose_mg,minutes,weight_kg\n" + given, who=cast.alice.email).code == 0
    return cast.alice


def call(person, name: str) -> None:
    with db.write() as s:
        s.get(Person, person.id).name = name


def test_a_long_name_costs_neither_rows_nor_quotes(ten_years):
    for name, papers in zip(NAMES.values(), (("a4",), ("letter",), ("a4",)), strict=True):
        call(ten_years, name[:120])
        for paper in papers:
            pdf = made(ten_years, FIRST, LAST, paper)
            assert reading.is_two_pages(pdf), (name, paper)
            text = reading.flat(pdf)
            assert "the last 12 of 520" in text, (name, paper)
            assert text.count("shared note") >= 6, (name, paper)
            opened = reading.opened(pdf)
            assert str(opened.docinfo["/Title"]).startswith(f"Diary summary, {name[:120]}")


def test_a_name_that_fits_is_whole(cast, app):
    call(cast.alice, "Maria Alexandra von Hohenberg-Württemberg")
    assert "Maria Alexandra von Hohenberg- Württemberg" in reading.flat(made(cast.alice, FIRST, LAST))


@pytest.mark.parametrize("text", NAMES.values())
def test_what_is_clipped_says_so_and_is_a_beginning(text):
    short = clipped(text, 2, 15.0)
    assert short.endswith("…") and text.startswith(short[:-1]) and len(short) > 25


def test_a_short_text_is_left_alone():
    assert clipped("Alice Marlow", 2, 15.0) == "Alice Marlow"


def test_a_page_that_is_too_long_costs_only_itself(cast, app, monkeypatch):
    """With a printer that finds page one too long over 8 rows, and page two over 40 % of the notes."""
    seen = []
    summary = rules.summary

    def noted(facts, charts, paper, room, most):
        seen.append((room[0], most))
        return summary(facts, charts, paper, room, most)

    def printer(html, *, shorter, **_):
        while True:
            room, most = seen[-1]
            one, two = 1 + (most > 8), 1 + (room > 0.4)
            laid = Laid(one + two, {"two": one + 1})
            if shorter(laid) is None:
                return b"fits"

    monkeypatch.setattr(rules, "summary", noted)
    monkeypatch.setattr(pdf, "render", printer)
    assert made(cast.alice, FIRST, LAST) == b"fits"
    assert seen == [(1.0, 12), (0.7, 8), (0.4, 8)]


def test_what_never_fits_ends(cast, app, monkeypatch):
    def printer(html, *, shorter, **_):
        asked = 1
        while shorter(Laid(9, {"two": 3, "appendix": 6})) is not None:
            asked += 1
        return asked

    monkeypatch.setattr(pdf, "render", printer)
    assert made(cast.alice, FIRST, LAST) == max(len(rules.ROWS), len(rules.ROOMS))


def test_words_of_every_kind_as_long_as_they_may_be(cast, app, written):
    """A note, an insight and an intention of 10,000 characters, and goals and commitments as long as their forms take."""
    day = date(2026, 3, 15)
    long = ("One day is like the other, and then it is not. " * 300)[:10_000]
    with written() as s:
        given = factories.infusion(s, cast.alice, day)
        factories.entry(s, cast.alice, day, pain=4, note=long, note_private="no")
        factories.checkin(
            s, cast.alice, given, day + timedelta(days=1), insight=long, insight_private="no", own=long[:400]
        )
        factories.session(
            s,
            cast.alice,
            day + timedelta(days=2),
            commitment_1=long[:LONGEST_WORDS],
            commitment_2=long[:LONGEST_WORDS],
        )
        factories.goal(s, cast.alice, long[:LONGEST_WORDS])
        factories.medication(s, cast.alice, long[:100].strip(), day, dose=5, dose_unit="mg", times_per_day=1)
    for paper in ("a4", "letter"):
        pdf = made(cast.alice, day - timedelta(days=30), day + timedelta(days=30), paper)
        assert reading.is_two_pages(pdf)
        assert reading.flat(pdf).count("and then it is not.") >= 2 * 210 + 3 * (LONGEST_WORDS // 48)
        assert "clipped here" not in reading.flat(pdf)


def test_medicines_go_to_the_appendix_before_the_method_goes_to_a_page_of_its_own(cast, app, written):
    names = (
        "Oxycodone prolonged release", "Tramadol slow release tablets", "Morphine sulfate oral solution", "Pregabalin capsules twice",
        "Duloxetine gastro-resistant", "Diazepam when nothing else", "Ibuprofen with something", "Paracetamol soluble tablets",
    )  # fmt: skip
    last = date(2026, 11, 20)
    with written() as s:
        for back, name in enumerate(names):
            how = {"times_per_day": "2"} if back < 2 else {"as_needed": "yes", "times_per_day": "4"}
            dose = {"dose": "12.5", "dose_unit": "mg", **how}
            factories.medication(s, cast.alice, name, last - timedelta(days=300 - back), **dose)
            factories.medication(
                s, cast.alice, name, last - timedelta(days=100 - back), **dose | {"dose": "5"}
            )
        for back in range(120):
            if back % 9:
                more = {"sleep_hours": "6.5", "times_awake": "2", "worst_pain": "7", "interference": "5"}
                scores = dict.fromkeys(("pain", "fatigue", "sleep", "mood", "cognition"), 4 + back % 3)
                note = {"note": "A day by the water", "note_private": "no"} if back % 8 == 0 else {}
                factories.entry(s, cast.alice, last - timedelta(days=back), **scores, **more, **note)
            else:
                factories.entry(s, cast.alice, last - timedelta(days=back), unwell="yes")
        for back in (80, 60, 40, 20, 5):
            given = factories.infusion(s, cast.alice, last - timedelta(days=back))
            felt = dict.fromkeys(
                ("detached", "dizziness", "nausea", "headache", "tiredness", "dreams"), "moderate"
            )
            factories.checkin(s, cast.alice, given, given.day, **felt)
    body = made(cast.alice, last - timedelta(days=3650), last)
    pages = [" ".join(text.split()) for text in reading.pages(body)]
    assert len(pages) == 3
    assert "Figures are rounded half up" in pages[1] and "more medications in the appendix" in pages[1]
    assert all(" ".join(pages).count(name.split()[0]) for name in names)
