"""Doses by weight, unusual values, and what the form takes and refuses."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.infusions.forms import parse_infusion
from diary.infusions.rules import (
    cumulative,
    cumulative_words,
    day_words,
    mg_per_kg,
    mg_per_kg_h,
    nearest,
    next_number,
    outcome,
    saved_words,
    two_places,
    unusual,
    unusual_units,
    unusual_weight,
)

TODAY = date(2026, 11, 24)
GOOD = {"date": "2026-11-20", "dose_mg": "40", "minutes": "40"}


def test_doses_by_weight():
    assert mg_per_kg(55, 68.4) == pytest.approx(0.804, abs=0.001)
    assert mg_per_kg_h(55, 68.4, 50) == pytest.approx(0.965, abs=0.001)
    assert mg_per_kg(55, None) is None and mg_per_kg_h(55, None, 50) is None


@pytest.mark.parametrize(
    ("dose", "weight", "minutes", "last", "fields"),
    [
        (140, 70, 40, None, []),
        (141, 70, 40, None, ["dose_mg"]),
        (60, 70, 40, 40, []),
        (61, 70, 40, 40, ["dose_mg"]),
        (40, None, 720, 40, []),
        (40, None, 721, 40, ["minutes"]),
        (550, 68.4, 800, 55, ["dose_mg", "minutes"]),
    ],
)
def test_unusual_values(dose, weight, minutes, last, fields):
    assert [ask.field for ask in unusual(dose, weight, minutes, last)] == fields


def test_the_words_of_an_unusual_dose():
    (ask,) = unusual(550, 68.4, 50, 55)
    assert ask.words == "That is 8.04 mg/kg, more than 2, and more than 1.5 times the last dose, 55 mg."
    assert ask.instead == 55


@pytest.mark.parametrize(("taken", "number"), [((), 1), ((1, 2, 3), 4), ((1, 7), 8)])
def test_numbers_are_never_given_twice(taken, number):
    assert next_number(taken) == number


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"dose_mg": "0"}, "dose_mg"),
        ({"dose_mg": "-5"}, "dose_mg"),
        ({"dose_mg": "abc"}, "dose_mg"),
        ({"dose_mg": ""}, "dose_mg"),
        ({"dose_mg": "1e3"}, "dose_mg"),
        ({"dose_mg": "٤٠"}, "dose_mg"),
        ({"minutes": "-40"}, "minutes"),
        ({"minutes": "0"}, "minutes"),
        ({"date": "2026-11-25"}, "date"),
        ({"date": "1899-12-31"}, "date"),
        ({"date": "20.11.2026"}, "date"),
        ({"date": "2026-02-30"}, "date"),
        ({"date": "2029-01-01", "status": "planned"}, "date"),
        ({"time": "25:00"}, "time"),
        ({"time": "9"}, "time"),
        ({"weight_kg": "0"}, "weight_kg"),
        ({"route": "mouth"}, "route"),
        ({"series": "third"}, "series"),
        ({"number": "0"}, "number"),
        ({"number": "1.5"}, "number"),
        ({"status": "maybe"}, "status"),
        ({"note": "a\x00b"}, "note"),
        ({"note": "x" * 10_001}, "note"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_bad_values_are_said_at_their_field(typed, field):
    form = parse_infusion({**GOOD, **typed}, TODAY)
    assert form.value is None
    assert list(form.errors) == [field]


@pytest.mark.parametrize(
    ("typed", "name", "value"),
    [
        ({"dose_mg": "42,5"}, "dose_mg", 42.5),
        ({"weight_lb": "150"}, "weight_kg", 68.04),
        ({"time": "9:05"}, "at_time", "09:05"),
        ({"route": "iv"}, "route", "IV"),
        ({"date": "2028-01-01", "status": "planned"}, "status", "planned"),
        ({"note": "a" * 10_000}, "note", "a" * 10_000),
        ({"note": "=1+1 <script> \u202e 🙂"}, "note", "=1+1 <script> \u202e 🙂"),
    ],
)
def test_good_values(typed, name, value):
    form = parse_infusion({**GOOD, **typed}, TODAY)
    assert form.errors == {}
    assert getattr(form.value, name) == value


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"weight_kg": "150", "weight_unit": "stone"}, "in kg or lb"),
        ({"weight_kg": "1501", "weight_unit": "lb"}, "1501 lb can't be right"),
        ({"weight_kg": "0.001", "weight_unit": "lb"}, "can't be right"),
        ({"weight_lb": "x"}, "number of lb"),
    ],
)
def test_bad_weights_are_said_at_the_weight(typed, words):
    form = parse_infusion({**GOOD, **typed}, TODAY)
    assert list(form.errors) == ["weight_kg"] and words in form.errors["weight_kg"]


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("99999", 99_999), ("00012", 12)])
def test_numbers(text, number):
    assert parse_infusion({**GOOD, "number": text}, TODAY).value.number == number


def test_a_dose_by_weight_has_two_decimals():
    assert [two_places(x) for x in (0.5, 0.125, 8, None)] == ["0.50", "0.13", "8.00", ""]


@pytest.mark.parametrize(
    ("planned", "found"),
    [([], None), ([-11, 11], None), ([10], 10), ([-3, 3], -3), ([5, 1, -2], 1), ([0, 1], 0)],
)
def test_the_planned_infusion_that_a_day_may_be(planned, found):
    days = [TODAY + timedelta(days=step) for step in planned]
    assert nearest(TODAY, days) == (None if found is None else TODAY + timedelta(days=found))


@pytest.mark.parametrize(
    ("before", "now", "is_changed", "words"),
    [
        ("", "done", True, "Infusion 13 is recorded."),
        ("", "planned", True, "Infusion 13 is planned."),
        ("planned", "done", True, "Infusion 13 is recorded."),
        ("done", "done", True, "Infusion 13 is changed."),
        ("done", "cancelled", True, "Infusion 13 is cancelled."),
        ("done", "done", False, "Infusion 13 stays as it was."),
    ],
)
def test_what_is_said_after_a_write(before, now, is_changed, words):
    assert saved_words(outcome(before, now, is_changed), 13) == words


def test_where_a_day_stands():
    assert day_words(TODAY, (date(2026, 11, 25), 14)) == "Infusion 14 on this day"
    assert day_words(TODAY, None) == ""
    assert day_words(TODAY, (date(2026, 11, 21), 14)) == "Day 3 after infusion 14"
    assert day_words(TODAY, (TODAY, 14)) == "Infusion 14 on this day"


@given(st.lists(st.tuples(st.floats(0.1, 1000), st.none() | st.floats(20, 200)), max_size=60))
def test_a_cumulative_dose_is_the_sum_of_what_was_given(doses):
    total = cumulative(doses)
    assert total.count == len(doses) and total.mg == pytest.approx(sum(mg for mg, _ in doses))
    weighed = [mg / kg for mg, kg in doses if kg]
    assert total.weighed == len(weighed)
    assert total.mg_per_kg == (pytest.approx(sum(weighed)) if weighed else None)


@pytest.mark.parametrize(
    ("doses", "said"),
    [
        ([], ""),
        ([(50, None)], "50 mg in 1 infusion; no weight is known, so no mg/kg"),
        ([(35, 70), (35, 70)], "70 mg in 2 infusions; 1.00 mg/kg"),
        ([(35, 70), (35, None)], "70 mg in 2 infusions; 0.50 mg/kg over the 1 with a weight"),
    ],
)
def test_a_cumulative_dose_says_its_n(doses, said):
    assert cumulative_words(cumulative(doses)) == said


@pytest.mark.parametrize(
    ("dose", "weight", "last", "words", "instead"),
    [
        (45_000, None, None, "Was it in micrograms, 45 mg?", 45),
        (45_000, None, 50, "More than 1.5 times the last dose, 50 mg, and was it in micrograms, 45 mg?", 50),
        (0.045, 70, None, "Was it in grams, 45 mg?", 45),
    ],
)
def test_a_dose_of_another_unit_asks_without_a_weight(dose, weight, last, words, instead):
    (ask,) = unusual(dose, weight, 40, last)
    assert (ask.field, ask.words, ask.instead) == ("dose_mg", words, instead)


@pytest.mark.parametrize(
    ("name", "value", "instead"),
    [
        ("midazolam_mg", 1000, 1), ("ondansetron_mg", 4000, 4), ("clonidine_mcg", 0.1, 100), ("magnesium_g", 50, 0.05),
    ],
)  # fmt: skip
def test_micrograms_where_mg_is_meant_ask(name, value, instead):
    (ask,) = unusual_units({name: value})
    assert (ask.field, ask.value, ask.instead) == (name, value, pytest.approx(instead))
    assert unusual_units({name: ask.instead}) == unusual_units({name: 0}) == unusual_units({}) == []


@pytest.mark.parametrize(
    ("now", "last", "asks"),
    [
        (150, 68, True),
        (68, 68, False),
        (31, 68, True),
        (60, 68, False),
        (None, 68, False),
        (150, None, False),
    ],
)
def test_a_weight_far_from_the_last_asks(now, last, asks):
    assert bool(unusual_weight(now, last)) is asks
