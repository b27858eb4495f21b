"""A day's fields from text: what is taken, what is refused, and in which words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.entries.forms import LONGEST_NOTE, parse_day
from diary.entries.rules import SCORES, Note
from diary.lib.extras import FACTORS, REGIONS


def field(name, text, files=False):
    typed = parse_day({name: text}, files)
    assert not typed.errors, typed.errors
    return typed.fields[name]


def error(name, text, files=False):
    typed = parse_day({name: text}, files)
    assert set(typed.errors) == {name} and name not in typed.fields
    return typed.errors[name]


@pytest.mark.parametrize("name", [*SCORES, "worst_pain", "interference"])
def test_scores_are_whole_numbers_on_the_page(name):
    assert [field(name, str(n)) for n in range(11)] == list(range(11))
    assert field(name, "") is None
    assert field(name, " 4 ") == 4
    for text in ("11", "-1", "5.5", "5.0", "abc", "1e1", "+3", "٣", "0x1", "NaN", "=5", "5 5", "100"):
        assert "whole number from 0 to 10" in error(name, text), text


def test_files_may_hold_one_decimal():
    assert field("pain", "5.5", files=True) == 5.5
    assert field("pain", "7.0", files=True) == 7
    for text in ("5.55", "10.1", "=5", ".5", "5,5"):
        assert "at most one decimal" in error("pain", text, files=True)


def test_absent_is_untouched_and_empty_is_cleared():
    assert parse_day({}).fields == {}
    assert parse_day({"pain": "", "note": ""}).fields == {"pain": None, "note": Note("", None)}


@pytest.mark.parametrize(
    ("text", "hours"),
    [("7.5", 7.5), ("7,5", 7.5), ("7:30", 7.5), ("0", 0), ("24", 24), ("7:20", 7.3333), ("", None)],
)
def test_hours_slept(text, hours):
    assert field("sleep_hours", text) == hours


def test_hours_that_no_day_has():
    assert error("sleep_hours", "75") == "A day has 24 hours, so this can’t be “75”. Did you mean 7.5?"
    for text in ("25", "24:01", "-1", "seven", "7:60", "1:2:3", "7.555", "9" * 50):
        error("sleep_hours", text)


def test_times_awake():
    assert [field("times_awake", text) for text in ("0", "3", "99", "")] == [0, 3, 99, None]
    for text in ("100", "-1", "2.5", "x", "9" * 5000, "٣"):
        error("times_awake", text)


def test_unwell_and_who_wrote():
    assert field("unwell", "yes") is True and field("unwell", "") is False
    error("unwell", "no")
    assert parse_day({"written_by": "helper"}).written_by == "helper"
    assert parse_day({"written_by": ""}).written_by == "self"
    assert parse_day({}).written_by is None
    error("written_by", "nurse")


def test_notes_are_kept_as_typed():
    for text in (
        "<script>alert(1)</script>",
        "\u202eright to left",
        "🌊" * LONGEST_NOTE,
        "=1+1",
        " a ",
        "\n\nb\n",
        "0",
    ):
        assert field("note", text) == Note(text, None)
    assert field("note", "a\r\nb\rc") == Note("a\nb\nc", None)
    assert field("note", " \n ") == Note("", None)


def test_notes_that_are_refused():
    assert "10,001 characters" in error("note", "x" * (LONGEST_NOTE + 1))
    for text in ("a\x00b", "a\ud800b", "a\x1bb", "a\ufffeb"):
        assert "can't be shown" in error("note", text)


def test_a_note_and_its_privacy_are_one_field():
    assert parse_day({"note": "x", "note_private": "no"}).fields == {"note": Note("x", False)}
    assert parse_day({"note_private": "yes"}).fields == {"note": Note(None, True)}
    assert parse_day({"note_private": ""}).fields == {}
    assert "note_private" in parse_day({"note_private": "perhaps"}).errors


def test_unknown_fields_are_named():
    assert parse_day({"pains": "4"}).errors == {"pains": "Neap does not know this field: pains."}
    assert parse_day({"a\x00": "4"}).errors == {"a?": "Neap does not know this field: a?."}


@given(
    st.dictionaries(
        st.sampled_from([*SCORES, "note", "unwell", "sleep_hours", "times_awake", "x"]), st.text(max_size=30)
    )
)
def test_nothing_breaks_it(texts):
    typed = parse_day(texts)
    assert typed.value is None or not typed.errors
    for name in SCORES:
        value = typed.fields.get(name)
        assert value is None or 0 <= value <= 10


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", None), ("  ", None), ("neck", "neck"), ("neck left_jaw", "left_jaw neck"),
        (" right_hip\nneck  neck ", "neck right_hip"),
    ],
)  # fmt: skip
def test_regions_are_one_field_sorted_each_once(text, kept):
    assert field("regions", text) == kept


@pytest.mark.parametrize("text", ["elbow", "neck elbow", "Neck", "neck,chest"])
def test_a_region_that_is_none_is_refused(text):
    assert error("regions", text).startswith("Neap does not know this place on the body")


def test_all_nineteen_regions():
    assert len(REGIONS) == 19
    assert field("regions", " ".join(REGIONS)).split() == sorted(REGIONS)


@pytest.mark.parametrize("name", FACTORS)
def test_a_factor_is_yes_or_empty(name):
    assert [field(name, text) for text in ("yes", "", " yes ")] == [True, False, True]
    assert "is yes or empty" in error(name, "no")


def test_a_factor_that_is_none_is_refused():
    assert "does not know this field" in error("factor_moon", "yes")


def test_a_file_names_factors_in_one_cell():
    fields = parse_day({"factors": "stress food"}, files=True).fields
    assert {name for name, value in fields.items() if value} == {"factor_stress", "factor_food"}
    assert fields.keys() == FACTORS.keys()
    assert parse_day({"factors": "moon"}, files=True).errors.keys() == {"factor_moon"}
    assert parse_day({"factors": "stress"}).errors.keys() == {"factors"}
