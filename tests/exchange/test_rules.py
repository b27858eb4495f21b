"""The native CSV's quoting, headers and counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.exchange.rules import DIARY, INFUSIONS, Counts, Refusal, Unreadable, columns_of, quoted, unquoted


@given(st.text())
def test_quoting_is_taken_back_exactly(text):
    assert unquoted(quoted(text)) == text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "'x", "''", "\tx", "\rx"])
def test_what_a_spreadsheet_would_take_for_a_formula_is_quoted(text):
    assert quoted(text) == "'" + text


@pytest.mark.parametrize("text", ["", "a=1", "x", " =1"])
def test_other_text_is_left_alone(text):
    assert quoted(text) == text


def test_formats_are_recognised_by_their_header():
    assert columns_of(["pain", "date"])[0] is DIARY
    assert columns_of(["minutes", "dose_mg", "date"])[0] is INFUSIONS


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (["date", "pain", "weather"], "“weather” of a diary file"),
        (["date", "minutes", "weather"], "“weather” of an infusions file"),
        (["pain"], "“date” is missing"),
        (["date"], "At least one of these"),
        (["date", "sleep_hours"], "At least one of these"),
        (["date", "pain", "pain"], "twice"),
        (["date", "dose_mg"], "“minutes” is missing"),
        (["date;pain;mood"], "separated by semicolons"),
        (["date\tpain"], "separated by tabs"),
        (["2026-01-01", "5"], "first line must name the columns"),
        (["%PDF-1.7"], "first line must name the columns"),
    ],
)
def test_a_header_that_is_not_ours_is_refused_by_name(header, words):
    with pytest.raises(Unreadable, match=words.replace("(", "\\(")):
        columns_of(header)


def test_counts_add_up_and_are_one_line():
    counts = Counts().plus("new").plus("new").plus("changed").plus("refused").plus("unchanged")
    assert counts.line() == "read 5, new 2, changed 1, unchanged 1, refused 1"
    assert counts.without_writing().line() == "read 5, new 0, changed 0, unchanged 0, refused 1"


def test_a_refusal_shows_nothing_that_a_terminal_would_obey():
    assert "\x1b" not in Refusal(3, "pain", "\x1b[2J", "No.").words()
    assert len(Refusal(3, "note", "x" * 9000, "No.").words()) < 120
