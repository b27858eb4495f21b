"""The report as its reader gets it: two pages, honest figures, the same bytes for the same data."""

import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import pytest

from diary import db
from diary.careteam.access import OPERATOR, load_patient
from diary.entries import queries as entries
from diary.exchange.queries import period_data
from diary.infusions.queries import infusions_of
from diary.reports import queries
from diary.response.rules import courses_of
from tests.exchange.commands import DATA, Commands
from tests.factories import days, entry, infusion
from tests.reports import reading

SINCE, UNTIL = date(2026, 2, 1), date(2026, 4, 10)
# Example A of the definitions, and an infusion after which nothing happened.
BEFORE = [7, 8, 7, 6, 7, 8, 7, 7, 6, 7, 8, 7, 7, 7]
AFTER = [7, 6, 4, 3, 3, 4, 4, 5, 6, 7, 7, 7]


@pytest.fixture(autouse=True)
def _now(clock_at):
    clock_at(datetime(2026, 11, 24, 12, tzinfo=UTC))


@pytest.fixture
def alice(written, cast):
    with written() as s:
        days(date(2026, 3, 1), BEFORE + AFTER, s, cast.alice)
        infusion(s, cast.alice, date(2026, 3, 15), dose_mg=42.5, weight_kg=70)
    return cast.alice


def made(person, since=SINCE, until=UNTIL, paper="a4") -> bytes:
    with db.read() as s:
        patient = load_patient(s, OPERATOR, person.uuid)
        facts = queries.facts(s, OPERATOR, patient, since, until)
        data = period_data(s, OPERATOR, patient, since, until, facts.as_of)
    return queries.report(facts, paper, data)


@pytest.mark.parametrize(("paper", "size"), [("a4", (595, 842)), ("letter", (612, 792))])
def test_two_pages_of_either_paper(alice, paper, size):
    pdf = reading.opened(made(alice, paper=paper))
    assert len(pdf.pages) == 2
    assert [tuple(round(float(x)) for x in page.MediaBox[2:]) for page in pdf.pages] == [size, size]


def test_page_one_says_who_when_and_how_complete(alice):
    text = reading.flat(made(alice))
    for words in (
        "Alice",
        "1 February to 10 April 2026",
        "26 of 69 days logged",
        "43 no scores",
        "not a diagnosis",
        "Data as of 26 March 2026, 20:00 (Europe/London)",
        "page 1 of 2",
        "page 2 of 2",
    ):
        assert words in text, words


def test_figures_agree_with_the_response(alice):
    with db.read() as s:
        rows = entries.all_days(s, OPERATOR, alice.id)
        given = infusions_of(s, OPERATOR, alice.id)
    scores = {row.day: row.scores["pain"] for row in rows if row.scores["pain"] is not None}
    (course,) = courses_of(scores, set(), [one.day for one in given])
    text = reading.flat(made(alice))
    assert course.baseline is not None and "7.1 14 of 14" in text
    (only,) = course.infusions
    assert (only.onset_day, only.week_relief, only.peak_relief) == (
        2,
        pytest.approx(0.4141, abs=1e-4),
        pytest.approx(0.5758, abs=1e-4),
    )
    assert "After infusion 1 on 15 March relief of pain began on day 2 and lasted 5 days." in text
    assert re.search(r"1 15 Mar 42.5 mg 0.61 day 2 58 % day 3 41 % 5 days 11 of 11", text)
    assert "Response in the first week: 1 of 1 by 30 %, 0 of 1 by 50 %" in text


def test_a_difference_is_that_of_the_figures_shown(alice):
    """7.0714 is shown as 7.1 and 4.96 as 5.0, so the difference is 2.1."""
    text = reading.flat(made(alice, date(2026, 3, 1), date(2026, 3, 26)))
    row = re.search(
        r"Pain ([\d.]+) 14 of 14 ([\d.]+) \d+ of 13 ([\d.]+) \d+ of 13 (eased|worse) by ([\d.]+) eased by ([\d.]+)",
        text,
    )
    assert row, text
    level, first, last = (float(row[n]) for n in (1, 2, 3))
    assert float(row[5]) == pytest.approx(abs(last - first)) and float(row[6]) == pytest.approx(level - last)


def test_nothing_after_the_period_enters_a_figure(alice):
    early = reading.flat(made(alice, date(2026, 3, 1), date(2026, 3, 20)))
    assert "has lasted at least 4 days" in early
    assert "20 of 20 days logged" in early


def test_it_is_tagged_titled_and_in_english(alice):
    pdf = reading.opened(made(alice))
    root = pdf.Root
    assert str(root.Lang) == "en" and root.MarkInfo.Marked and root.ViewerPreferences.DisplayDocTitle
    assert root.OutputIntents and all(str(page.Tabs) == "/S" for page in pdf.pages)
    assert str(pdf.docinfo["/Title"]).startswith("Diary summary, Alice")
    kinds = [str(one.S) for one in reading.elements(pdf)]
    assert kinds.count("/H1") == 1 and {"/H2", "/P", "/Table", "/TR", "/TH", "/TD", "/Figure"} <= set(kinds)


def test_every_figure_has_a_text_for_those_who_cannot_see_it(alice):
    pdf = reading.opened(made(alice))
    figures = [one for one in reading.elements(pdf) if str(one.S) == "/Figure"]
    assert figures and all(len(str(one.get("/Alt", ""))) > 20 for one in figures)


def test_it_claims_both_standards_it_is_built_to(alice):
    pdf = reading.opened(made(alice))
    metadata = pdf.Root.Metadata.read_bytes()
    ElementTree.fromstring(metadata)
    assert b"<pdfaid:part>3</pdfaid:part>" in metadata or b'pdfaid:part="3"' in metadata
    assert b'pdfuaid:part="1"' in metadata and b"pdfaExtension:schemas" in metadata


def test_the_font_is_ours_and_inside(alice):
    pdf = reading.opened(made(alice))
    fonts = reading.fonts(pdf)
    assert fonts and all(fonts.values())
    assert all("Atkinson-Hyperlegible-Next" in name for name in fonts)


def test_the_same_data_gives_the_same_bytes(alice, clock_at):
    first = made(alice)
    clock_at(datetime(2027, 5, 6, 7, tzinfo=UTC))
    assert made(alice) == first


def test_the_same_bytes_from_another_process(alice, store, work, tmp_path):
    out = tmp_path / "other.pdf"
    environ = {"DATABASE_URL": store[0], "DATA_DIR": str(work), "TZ": "Asia/Tokyo", "PATH": "/usr/bin:/bin"}
    from tests.conftest import ENVIRON

    command = [sys.executable, "-m", "flask", "--app", "app", "report", alice.email]
    command += ["--since", str(SINCE), "--until", str(UNTIL), "--out", str(out)]
    done = subprocess.run(
        command, env={**ENVIRON, **environ}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert out.read_bytes() == made(alice)


def test_a_person_without_entries_gets_an_honest_page(app, cast):
    pdf = made(cast.charlie)
    assert reading.is_two_pages(pdf)
    text = reading.flat(pdf)
    assert "No day was logged in this period." in text and "0 of 69 days logged" in text
    assert "Nothing recorded yet" in text and "What changed" not in text


def test_missing_late_and_unwell_days_are_counted(cast, written):
    with written() as s:
        days(date(2026, 3, 1), [5, "x", "u", 6], s, cast.alice)
        entry(s, cast.alice, date(2026, 3, 5), at=datetime(2026, 3, 8, 9, tzinfo=UTC), pain=4)
    text = reading.flat(made(cast.alice, date(2026, 3, 1), date(2026, 3, 10)))
    assert "3 of 10 days logged 1 of them late; 1 too unwell, 6 no scores" in text
    assert "7 of 10 have no scores (1 “too unwell”)" in text


def test_ten_years_with_520_infusions_are_two_pages(cast, app, tmp_path):
    first = date(2016, 1, 4)
    scores = "".join(
        f"{first + timedelta(days=n)},{(n * 7 + n // 5) % 11},{n % 11},{n % 9},{n % 7},{n % 10}\n"
        for n in range(3650)
        if n % 13
    )
    given = "".join(f"{first + timedelta(days=60 + 7 * n)},45,40,70\n" for n in range(505))
    given += "".join(f"{first + timedelta(days=3600 + n)},45,40,70\n" for n in range(15))
    commands = Commands(app, tmp_path)
    assert commands.take("date,pain,fatigue,sleep,mood,cognition\n" + scores, who=cast.alice.email).code == 0
    assert commands.take("date,dose_mg,minutes,weight_kg\n" + given, who=cast.alice.email).code == 0
    for paper in ("a4", "letter"):
        pdf = made(cast.alice, first, first + timedelta(days=3649), paper)
        assert reading.is_two_pages(pdf)
        text = reading.flat(pdf)
        assert "the last 12 of 520" in text
        assert len(pdf) < 250_000


@pytest.mark.parametrize("name", ["participant1", "participant2", "participant7"])
def test_real_diaries_whole_and_three_months(cast, app, tmp_path, name):
    commands = Commands(app, tmp_path)
    for file in (f"{name}.csv", f"{name}-infusions.csv"):
        assert commands.run("import", cast.alice.email, DATA / file).code == 0
    with db.read() as s:
        first, last = entries.span(s, OPERATOR, cast.alice.id)
    for since in (first, last - timedelta(days=90)):
        pdf = made(cast.alice, since, last)
        assert reading.is_two_pages(pdf)
        assert "Not recorded in this period: Fatigue, Poor rest, Low mood, Foggy thinking." in reading.flat(
            pdf
        )


@pytest.mark.parametrize(
    ("courses", "heading"),
    [
        ([(date(2026, 3, 15), 7)], "Lasted"),
        ([(date(2026, 3, 15), 2)], "Change"),
        ([(date(2026, 3, 15), 7), (date(2026, 7, 1), 2)], "Lasted, or change"),
    ],
)
def test_the_last_column_is_called_by_what_stands_in_it(written, cast, courses, heading):
    """Under a level of 3 no relief is counted: then the change in points stands there."""
    with written() as s:
        for given, level in courses:
            scores = [level] * 14 + [max(0, level - 2)] * 14
            days(given - timedelta(days=14), scores, s, cast.alice)
            infusion(s, cast.alice, given, dose_mg=40)
    text = reading.flat(made(cast.alice, SINCE, date(2026, 8, 1)))
    assert f"First week {heading} Logged" in text
    assert ("eased by 2.0" in text.split("First week")[1].split("Method")[0]) == ("hange" in heading)


def test_on_a_tight_schedule_weeks_and_runs_lead(cast, app, tmp_path):
    commands = Commands(app, tmp_path)
    for file in ("participant1.csv", "participant1-infusions.csv"):
        commands.run("import", cast.alice.email, DATA / file)
    text = reading.flat(made(cast.alice, date(2021, 10, 1), date(2021, 12, 31)))
    assert "Pain, week by week" in text and "Infusions come too close" in text
    assert "medians of" not in text


class TestWords:
    """The patient's own words: shared ones only, as typed, clipped where they must be and said to be."""

    def text(self, cast, written, note, private="no"):
        with written() as s:
            entry(s, cast.alice, date(2026, 4, 9), note=note, note_private=private)
        pdf = made(cast.alice)
        assert reading.is_two_pages(pdf)
        return reading.flat(pdf)

    @pytest.mark.parametrize(
        "note",
        [
            "<script>alert(1)</script>",
            "=1+1",
            "&amp; <b>not bold</b> {{ 7*7 }}",
            "Ünïcödé ąęłňşž",
            "a “quote” – and … €5",
        ],
    )
    def test_shown_as_typed(self, cast, written, note):
        assert note in self.text(cast, written, note)

    def test_signs_without_a_font_stand_as_numbers_and_it_is_said(self, cast, written):
        text = self.text(cast, written, "before \u202eRLO שלום \U0001f600 after")
        assert "U+1F600" in text and "\U0001f600" not in text
        assert "their number in Unicode" in text

    def test_what_is_in_the_font_needs_no_warning(self, cast, written):
        assert "number in Unicode" not in self.text(cast, written, "plain words, 5 €")

    def test_a_private_note_is_never_in_it(self, cast, written):
        text = self.text(cast, written, "canary", private="yes")
        assert "canary" not in text and "No shared note in this period" in text

    def test_a_note_of_10000_characters_goes_on_in_the_appendix(self, cast, written):
        note = ("One day is like the other. " * 400)[:10_000]
        text = self.text(cast, written, note)
        assert "goes on in the appendix" in text and "clipped here" not in text
        assert text.count("One day is like the other.") > 370

    @pytest.mark.parametrize(
        ("note", "most"),
        [
            ("a\n" * 5000, 15),
            ("m" * 10_000, 8),
            ("痛" * 10_000, 2),
            ("痛苦" * 5_000, 15),
            ("\U0001f600" * 10_000, 2),
            ("i" * 10_000, 5),
            ("م" * 10_000, 8),
            ("e\u0301x\u0302" * 2500, 5),
        ],
    )
    def test_odd_shapes_keep_to_two_pages_and_a_bounded_appendix(self, cast, written, note, most):
        with written() as s:
            entry(s, cast.alice, date(2026, 4, 9), note=note, note_private="no")
        pdf = made(cast.alice)
        assert reading.is_two_pages(pdf)
        assert 2 <= len(reading.pages(pdf)) <= most

    def test_what_has_no_room_at_all_is_counted(self, cast, written):
        text = self.text(cast, written, "a\n" * 5000)
        found = re.search(r"clipped here: ([\d,]+) of 10,000 characters", text)
        assert found and 500 < int(found[1].replace(",", "")) < 9000

    def test_many_notes_are_all_there_and_counted(self, cast, written):
        with written() as s:
            for n in range(60):
                note = f"note number {n}, " + "with words " * (n % 30)
                entry(s, cast.alice, SINCE + timedelta(days=n), note=note, note_private="no")
        pdf = made(cast.alice)
        assert reading.is_two_pages(pdf)
        found = reading.pages(pdf)
        shown = found[1].count("note number")
        assert shown >= 6 and f"{60 - shown} more of this period in the appendix" in " ".join(
            found[1].split()
        )
        assert all(f"note number {n}," in "".join(found[1:]) for n in range(60))
