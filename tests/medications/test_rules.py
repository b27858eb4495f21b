"""MME by the CDC's own numbers, classes by name, what changed in words, and the rule on stopping."""

import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.medications.queries import KNOWN, TABLE
from diary.medications.rules import (
    Regime,
    amount_words,
    as_json,
    catalogue,
    changes,
    day_total,
    doubt,
    in_force,
    is_outside_plan,
    mme_of,
    over,
    sentence,
    spans,
    steps,
    table,
)

D = date(2026, 3, 1)
# The table of the CDC's 2022 guideline, typed here once more, so that a slip in the data file is seen.
CDC = {
    "codeine": 0.15, "hydrocodone": 1.0, "hydromorphone": 5.0, "methadone": 4.7, "morphine": 1.0, "oxycodone": 1.5,
    "oxymorphone": 3.0, "tapentadol": 0.4, "tramadol": 0.2,
}  # fmt: skip


def regime(name, dose=None, times=None, unit="mg", **more):
    route = more.pop("route", "transdermal" if unit == "mcg/h" else "oral")
    return Regime(name, more.pop("on", D), more.pop("until", None), dose, unit, route, times, **more)


def total(*regimes, on=D):
    return day_total(on, in_force(spans(regimes), on), KNOWN, TABLE)


@pytest.mark.parametrize("name", CDC)
def test_the_factors_are_the_tables_own(name):
    assert mme_of(regime(name, 10, 3), KNOWN, TABLE) == pytest.approx(30 * CDC[name])
    assert set(TABLE.oral) == set(CDC) and dict(TABLE.patch) == {"fentanyl": 2.4}


@pytest.mark.parametrize(
    ("one", "mme"),
    [
        (regime("Hydrocodone/acetaminophen", 5, 4), 20),  # both are the table's own examples
        (regime("OxyContin", 10, 2), 30),
        (regime("Fentanyl", 25, unit="mcg/h"), 60),
        (regime("Fentanyl", 12, 0.3333, unit="mcg/h"), 28.8),  # a rate, however often the patch is changed
        (regime("Oxycodone MR", 7.5, 2, parts=(10.0, 5.0)), 22.5),
        (regime("Morphine", 5000, 4, unit="mcg"), 20),
        (regime("Methadone", 2.5, 2), 23.5),
    ],
)
def test_mme(one, mme):
    assert mme_of(one, KNOWN, TABLE) == pytest.approx(mme)
    assert total(one).total == pytest.approx(mme)


@pytest.mark.parametrize(
    "one",
    [
        regime("Morphine", 10, 4, route="injected"),
        regime("Morphine", 500, 1, "mcg", route="intrathecal"),
        regime("Buprenorphine", 5, unit="mcg/h"),
        regime("Butrans", 5, unit="mcg/h"),
        regime("Fentanyl", 100, 4, "mcg"),
        regime("Fentanyl", 25, route="transdermal"),
        regime("Oxycodone", 10, 2, route="other"),
        regime("Oxycodone", 10),
        regime("Oxycodone"),
        regime("Dihydrocodeine", 30, 4),
        regime("Percocet", 5, 4),
        regime("Codeine and tramadol", 50, 2),
        regime("Nobody knows this", 10, 2),
        regime("Nobody knows this", 10, 2, klass="opioid"),
    ],
)
def test_what_has_no_number_says_so(one):
    day = total(one, regime("Oramorph", 10, 2))
    assert (day.total, day.as_needed_max, day.not_counted) == (20, 0, (one.name,))
    assert [item["mme"] for item in as_json(day, TABLE)["items"]].count(None) == 1


def test_as_needed_stands_beside_the_total_never_in_it():
    day = total(regime("Oxycodone", 20, 2), regime("Tramadol", 50, 2, as_needed=True))
    assert (day.total, day.as_needed_max, day.not_counted) == (60, 20, ())
    found = as_json(day, TABLE)
    assert (found["mme"], found["as_needed_max"], found["table"]) == (60, 20, "CDC 2022")
    assert {item["name"]: item["mme"] for item in found["items"]} == {"Oxycodone": 60, "Tramadol": None}


def test_as_needed_counts_what_was_taken_where_she_said_so():
    rows = (regime("Oxycodone", 20, 2), regime("Tramadol", 50, 4, as_needed=True))
    taken = {("tramadol", D): 3, ("tramadol", D + timedelta(days=1)): 0}
    days = [
        day_total(on, in_force(spans(rows), on), KNOWN, TABLE, taken)
        for on in (D, D + timedelta(days=1), D + timedelta(days=2))
    ]
    assert [(day.total, day.as_needed_max) for day in days] == [(90, 0), (60, 0), (60, 40)]
    tramadol = as_json(days[0], TABLE)["items"][1]
    assert (tramadol["mme"], tramadol["as_needed_max"], tramadol["times_taken"]) == (30, None, 3)
    run = steps(spans(rows), D, D + timedelta(days=4), KNOWN, TABLE, taken)
    assert [(step.first.day, step.last.day, step.day.total) for step in run] == [
        (1, 1, 90),
        (2, 2, 60),
        (3, 5, 60),
    ]


def test_what_has_no_number_has_none_however_much_was_taken():
    taken = {("dihydrocodeine", D): 4, ("oxycodone", D): 1, ("butrans", D): 2}
    rows = [
        regime("Dihydrocodeine", 30, 4, as_needed=True), regime("Oxycodone", 20, 2), regime("Butrans", 5, unit="mcg/h"),
    ]  # fmt: skip
    day = day_total(D, rows, KNOWN, TABLE, taken)
    assert (day.total, day.not_counted) == (60, ("Dihydrocodeine", "Butrans"))


def test_patch_and_tablets_together():
    day = total(
        regime("Durogesic", 25, unit="mcg/h"), regime("Oramorph", 5, 2), regime("Butrans", 5, unit="mcg/h")
    )
    assert (day.total, day.not_counted) == (70, ("Butrans",))


def test_an_opioid_is_switched_on_one_day():
    rows = (
        regime("Oxycodone", 20, 2, on=D, until=D + timedelta(days=9)),
        regime("Morphine", 15, 2, on=D + timedelta(days=10)),
    )
    assert [total(*rows, on=D + timedelta(days=day)).total for day in (9, 10, 11)] == [60, 30, 30]


def test_a_later_row_of_the_same_name_ends_the_former_whatever_their_order():
    first, second = regime("Oxycodone MR", 20, 2), regime("oxycodone  mr", 10, 2, on=date(2026, 4, 1))
    for rows in ((first, second), (second, first)):
        assert [total(*rows, on=day).total for day in (date(2026, 3, 31), date(2026, 4, 1))] == [60, 30]


def test_two_forms_of_one_medicine_go_on_beside_each_other():
    day = total(regime("Oxycodone MR", 10, 2), regime("Oxycodone IR", 5, 2))
    assert day.total == 45


@pytest.mark.parametrize(
    ("name", "klass", "is_fibromyalgia"),
    [
        ("Duloxetine", "SNRI", True), ("CYMBALTA 60 mg", "SNRI", True), ("savella", "SNRI", True),
        ("Milnacipran", "SNRI", True), ("Lyrica", "gabapentinoid", True), ("pregabalin", "gabapentinoid", True),
        ("Gabapentin", "gabapentinoid", False), ("Venlafaxine", "SNRI", False), ("Sertraline", "SSRI", False),
        ("Amitriptyline", "tricyclic", False), ("Valium", "benzodiazepine", False),
        ("Low dose naltrexone", "opioid antagonist", False), ("co-codamol", "opioid", False),
    ],
)  # fmt: skip
def test_classes_by_generic_and_brand_name(name, klass, is_fibromyalgia):
    drug = KNOWN.drug(name)
    assert (drug.klass, drug.is_us_fibromyalgia) == (klass, is_fibromyalgia)


@pytest.mark.parametrize("name", ["Codein", "Oxy", "dihydrocodeinone", "Vitamin D", ""])
def test_an_unknown_name_is_not_guessed(name):
    assert KNOWN.drug(name) is None
    assert KNOWN.klass("Oxy") == "" and KNOWN.klass("Oxy", "opioid") == "opioid"


def test_only_three_are_approved_for_fibromyalgia_in_the_us():
    names = {drug.name for drug in KNOWN.by_phrase.values() if drug.is_us_fibromyalgia}
    assert names == {"duloxetine", "milnacipran", "pregabalin"}


@pytest.mark.parametrize(
    ("one", "usual"),
    [
        (regime("Oxycodone", 10, 2, "mcg"), "10 mg"),
        (regime("Pregabalin", 75, 2, "mcg"), "75 mg"),
        (regime("Fentanyl", 25, unit="mg", route="transdermal"), "25 micrograms an hour"),
        (regime("Levothyroxine", 50, 1), "50 micrograms"),
        (regime("Oxycodone", 7.5, 2, "mcg", parts=(10.0, 5.0)), "10 + 5 mg"),
        (regime("Morphine", 500, 1, "mcg", route="intrathecal"), None),
        (regime("Levothyroxine", 50, 1, "mcg"), None),
        (regime("Fentanyl", 25, unit="mcg/h"), None),
        (regime("Nobody knows this", 25, 1, "mcg"), None),
    ],
)
def test_a_unit_that_can_hardly_be_meant_asks(one, usual):
    found = doubt(one, KNOWN)
    assert (found.instead if found else None) == usual


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (regime("x", 20, 2), "20 mg twice a day"),
        (regime("x", 60, 1), "60 mg once a day"),
        (regime("x", 5, unit="mcg/h"), "5 micrograms an hour"),
        (regime("x", 50, 2, as_needed=True), "50 mg as needed, at most 2 a day"),
        (regime("x", 7.5, 2, parts=(10.0, 5.0)), "10 + 5 mg a day"),
        (regime("x", 1, 0.3333), "1 mg every 3 days"),
        (regime("x"), "dose not said"),
    ],
)
def test_doses_as_people_say_them(one, words):
    assert amount_words(one) == words


def test_the_last_days_in_words_with_numbers():
    on = D + timedelta(days=400)
    found = spans(
        [
            regime("Oxycodone", 20, 2),
            regime("Oxycodone", 5, 2, on=on - timedelta(days=100)),
            regime("Butrans", 5, unit="mcg/h", until=on - timedelta(days=200)),
            regime("Duloxetine", 30, 1),
            regime("Duloxetine", 60, 1, on=on - timedelta(days=50)),
            regime("Lyrica", 75, 2, on=on - timedelta(days=20)),
        ]
    )
    said = {
        days: [sentence(one, days) for one in over(found, on, days, KNOWN, TABLE)] for days in (30, 90, 365)
    }
    assert said[30] == [
        "Opioids: 15 MME a day, unchanged over 30 days",
        "Duloxetine: 60 mg a day, unchanged over 30 days",
        "Lyrica: started, 150 mg a day now over 30 days",
    ]
    assert said[90][1] == "Duloxetine: 30 to 60 mg a day over 90 days"
    assert said[365][0] == "Opioids: 60 to 15 MME a day, without Butrans (not counted) over 365 days"
    assert said[365][1] == "Butrans: 5 micrograms an hour, then ended over 365 days"


def test_what_lies_before_the_list_is_not_nothing():
    found = spans([regime("Oxycodone", 20, 2)])
    (opioids,) = over(found, D + timedelta(days=10), 365, KNOWN, TABLE)
    assert opioids.words == "not recorded then, 60 MME a day now"


def test_changes_the_latest_first():
    found = changes(
        spans(
            [
                regime("Oxycodone", 20, 2),
                regime("Oxycodone", 15, 2, on=date(2026, 4, 1), until=date(2026, 4, 30)),
                regime("Tramadol", 50, 2, as_needed=True, until=date(2026, 4, 12)),
                regime("Butrans", 5, unit="mcg/h", until=date(2026, 3, 31)),
            ]
        ),
        KNOWN,
        TABLE,
    )
    assert [(str(one.on), one.name, one.after, one.mme) for one in found if one.on > D] == [
        ("2026-05-01", "Oxycodone", "ended", "45 less"),
        ("2026-04-13", "Tramadol", "ended", "20 less at most"),
        ("2026-04-01", "Oxycodone", "15 mg twice a day", "15 less"),
        ("2026-04-01", "Butrans", "ended", "not counted"),
    ]


@pytest.mark.parametrize(
    ("planned", "said", "fires"),
    [
        (regime("Oxycodone", 20, 2), None, True),
        (regime("Oxycodone", 20, 2), regime("Oxycodone", 10, 2), True),
        (regime("Oxycodone", 20, 2), regime("Oxycodone", 11, 2), False),
        (regime("Oxycodone", 20, 2), regime("Oxycodone", 30, 2), False),
        (regime("Diazepam", 2, 1), None, True),
        (regime("Lyrica", 150, 2), regime("Lyrica", 150, 1), True),
        (regime("Duloxetine", 60, 1), regime("Duloxetine", 30, 1), True),
        (regime("Amitriptyline", 25, 1), None, True),
        (regime("Butrans", 10, unit="mcg/h"), regime("Butrans", 5, unit="mcg/h"), True),
        (regime("Nobody knows this", 10, 1, klass="opioid"), None, True),
        (regime("Diazepam", 2, 1, klass="other"), None, True),
        (regime("Ibuprofen", 400, 3), None, False),
        (regime("Nobody knows this", 10, 1), None, False),
        (regime("Fentanyl", 25, unit="mcg/h"), regime("Fentanyl", 100, 4, "mcg"), False),
    ],
)
def test_stopped_or_halved_outside_the_plan(planned, said, fires):
    assert is_outside_plan([planned], [said] if said else [], KNOWN) is fires


# Properties ---------------------------------------------------------------------------------------

days = st.integers(0, 400).map(lambda step: D + timedelta(days=step))
regimes = st.builds(
    Regime,
    st.sampled_from(
        ["Oxycodone", "Oxycodone IR", "Tramadol", "Fentanyl", "Butrans", "Duloxetine", "Nobody knows"]
    ),
    days,
    st.none() | days,
    st.none() | st.floats(0.5, 400),
    st.sampled_from(["mg", "mcg", "mcg/h"]),
    st.sampled_from(["oral", "transdermal", "injected"]),
    st.none() | st.floats(0.25, 8),
    st.booleans(),
)


@given(st.lists(regimes, max_size=8), days, st.randoms())
def test_the_total_is_the_sum_of_what_counts_in_any_order(rows, on, random):
    shuffled = rows[:]
    random.shuffle(shuffled)
    day = total(*rows, on=on)
    assert day.total >= 0 and day.as_needed_max >= 0
    counted = [item["mme"] or 0 for item in as_json(day, TABLE)["items"]]
    assert day.total == pytest.approx(sum(counted), abs=1e-5)
    # Of two with one name and one first day (which the store refuses) the order given decides: leave them out.
    if len({(row.name, row.from_on) for row in rows}) == len(rows):
        assert total(*shuffled, on=on) == day


@given(st.lists(regimes, max_size=8))
def test_steps_tell_every_day(rows):
    found = spans(rows)
    since, until = D + timedelta(days=50), D + timedelta(days=300)
    run = steps(found, since, until, KNOWN, TABLE)
    assert (run[0].first, run[-1].last) == (since, until)
    for step in run:
        for on in (step.first, step.last):
            assert day_total(on, in_force(found, on), KNOWN, TABLE).total == step.day.total


@given(st.lists(regimes, max_size=8), days)
def test_one_name_is_taken_once_a_day(rows, on):
    names = [regime.name for regime in in_force(spans(rows), on)]
    assert len(names) == len(set(names))


# The data files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"oral_mg_a_day": {"morphine": 0}}, "morphine"),
        ({"oral_mg_a_day": {"morphine": "1.0"}}, "morphine"),
        ({"oral_mg_a_day": {"morphine": True}}, "morphine"),
        ({"oral_mg_a_day": {}}, "no factors"),
        ({"source": ""}, "source"),
    ],
)
def test_a_bad_table_is_refused_by_name(change, words):
    good = {
        "table": "t", "version": 1, "source": "s", "oral_mg_a_day": {"morphine": 1}, "transdermal_mcg_an_hour": {},
    }  # fmt: skip
    assert table(json.dumps(good)).oral == {"morphine": 1}
    with pytest.raises(ValueError, match=words):
        table(json.dumps(good | change))
    with pytest.raises(ValueError, match="lacks"):
        table(json.dumps({name: value for name, value in good.items() if name != "version"}))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"name": "x"}, "without a name or a class"),
        ({"name": "x", "class": "opioid", "units": ["g"]}, "x: the units"),
        ({"name": "x", "class": "opioid", "also": ["Brand"]}, "small letters"),
        ({"name": "x", "class": "opioid", "also": ["x"]}, "stands twice"),
        ({"name": "x", "class": "opioid", "colour": "red"}, "unknown 'colour'"),
    ],
)
def test_a_bad_list_of_medicines_is_refused_by_name(row, words):
    good = {"version": 1, "careful_to_stop": [], "drugs": [row]}
    with pytest.raises(ValueError, match=words):
        catalogue(json.dumps(good))
    with pytest.raises(ValueError, match="not JSON"):
        catalogue("{")


def test_a_bad_file_stops_the_start_and_is_named(monkeypatch):
    from diary.medications import queries

    def broken(_text):
        raise ValueError("the MME factor of morphine is 0")

    with pytest.raises(ValueError, match=r"mme_cdc_2022\.json: the MME factor of morphine is 0"):
        queries._read("mme_cdc_2022.json", broken)
