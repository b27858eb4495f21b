"""Which signs are printed, by which font, and what stands for the others; held against the font files."""

import unicodedata

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from diary import db
from diary.accounts.models import Person
from diary.lib.pdf import STATIC
from diary.reports.rules import scripts
from tests.factories import entry
from tests.reports import reading
from tests.reports.test_report import UNTIL, made


def signs(*names: str) -> set[int]:
    return set().union(*(TTFont(STATIC / "fonts" / f"{name}.woff2").getBestCmap() for name in names))


@pytest.mark.parametrize(
    ("table", "files"),
    [
        (scripts.OWN, ("atkinson-hyperlegible-next-latin", "atkinson-hyperlegible-next-latin-ext")),
        (scripts.LATIN, ("noto-sans-latin-400",)),
        (scripts.LATIN, ("noto-sans-latin-700",)),
        (scripts.HEBREW, ("noto-sans-hebrew-400",)),
        (scripts.HEBREW, ("noto-sans-hebrew-700",)),
        (scripts.ARABIC, ("noto-sans-arabic-400",)),
        (scripts.ARABIC, ("noto-sans-arabic-700",)),
    ],
)
def test_the_tables_are_what_the_fonts_hold(table, files):
    known, held = scripts.Signs(table), signs(*files)
    unseen = scripts.unseen
    assert [hex(p) for p in range(0x10000) if p in known and p not in held and p not in unseen] == []
    marks = {p for p in held if unicodedata.combining(chr(p))} if table is scripts.OWN else set()
    assert [hex(p) for p in held - marks if p not in known and p not in unseen] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("José, “a” – 5 €", "José, “a” – 5 €"),
        ("Jose\u0301", "José"),
        ("Dvořák", "Dvořák"),
        ("Ἀθηνᾶ Їжак", "Ἀθηνᾶ Їжак"),
        ("שָׁלוֹם مُحَمَّد", "שָׁלוֹם مُحَمَّد"),
        ("中文 Li", "U+4E2D U+6587 Li"),
        ("no 😀 smile", "no U+1F600 smile"),
        ("x😀y", "x U+1F600 y"),
        ("痛" * 12, "U+75DB ×12"),
        ("bell\x07", "bell U+0007"),
        ("a\r\nb", "a\nb"),
        ("ש\u0302", "ש \u2066U+0302\u2069"),  # no font has this mark and this letter
    ],
)
def test_printable(text, shown):
    assert scripts.printable(text) == unicodedata.normalize("NFC", shown)


@given(st.text())
def test_whatever_is_written_can_be_printed(text):
    shown = scripts.printable(text)
    assert scripts.printable(shown) == shown
    fonts = (scripts.own, scripts.unseen, *scripts.FONTS)
    assert all(any(ord(sign) in font for font in fonts) for sign in shown)


@pytest.mark.parametrize(
    ("text", "is_left"), [("abc", False), ("12 שלום", True), ("مرحبا abc", True), ("", False), ("a ש", False)]
)
def test_the_direction_is_that_of_the_first_letter(text, is_left):
    assert scripts.is_leftward(text) is is_left


@pytest.mark.parametrize(
    ("name", "fonts"),
    [
        ("Ελένη Παπαδοπούλου", {"Neap-Latin"}),
        ("Дмитрий Їжак", {"Neap-Latin"}),
        ("נועה כהן", {"Neap-Hebrew", "Neap-Latin"}),
        ("ليلى حداد", {"Neap-Arabic", "Neap-Latin"}),
        ("Ngo\u0303 T\u0302i\u0303nh\u0302", {"Neap-Latin"}),
        ("李小龍", set()),
    ],
)
def test_names_and_notes_of_many_scripts_come_from_bundled_fonts(cast, app, written, name, fonts):
    with db.write() as s:
        s.get(Person, cast.alice.id).name = name
        entry(s, cast.alice, UNTIL, note=f"{name}, and so on", note_private="no")
    pdf = made(cast.alice)
    assert reading.is_two_pages(pdf)
    used = reading.fonts(reading.opened(pdf))
    assert all(used.values())
    plain = {one.split("+")[-1].removesuffix("-Bold").removesuffix("-Regular") for one in used}
    assert {one for one in plain if "Atkinson" not in one} == fonts
    if not fonts:
        assert "U+674E" in reading.flat(pdf)
