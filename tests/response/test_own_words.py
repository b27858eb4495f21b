"""One infusion and one longer gap in the patient's words: every status, every edge, against the days they are about."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diary.lib.symptoms import SYMPTOMS
from diary.response.rules import courses_of
from diary.response.rules.gap import Gap
from diary.response.rules.longer_gap import gap_finding, gap_plan
from diary.response.rules.own import Fact, Seen, curve_words, facts_of, few_days, one_infusion, one_line
from tests.response.test_story_words import DAY, days_of

ONE = "This is one gap only: it says nothing of the next."


class Told:
    """As in the tests of Story's words, but of one infusion: `at` is its place, `read` days after the last known day."""

    def __init__(self, before, after, infused=(0,), on="8", read=0, at=-1):
        first = DAY - timedelta(days=len(days_of(before)))
        scores, unwell = {}, set()
        for step, text in enumerate([*days_of(before), on, *days_of(after)]):
            if text == "u":
                unwell.add(first + timedelta(days=step))
            elif text != "x":
                scores[first + timedelta(days=step)] = float(text)
        self.courses = courses_of(scores, unwell, [DAY + timedelta(days=n) for n in infused])
        last = max((*scores, *unwell), default=DAY)
        self.seen = Seen(scores, unwell, last + timedelta(days=read))
        self.course = self.courses[-1]
        self.infusion = self.course.infusions[at]

    def said(self, key="pain"):
        found = one_infusion(self.course, self.infusion, key, self.seen)
        return plain(found.sentence), plain(found.evidence)

    def facts(self):
        return {
            f.term: (plain(f.words), plain(f.small)) for f in facts_of(self.course, self.infusion, self.seen)
        }


def plain(text):
    return text.replace("\u00a0", " ").replace("’", "'")


SAID = [
    ("ended", {"before": "8x14", "after": "5 4 4 4 8 8 8 8"},
     "Relief from pain: day 1 to day 4.",
     "It lasted 4 days. Then came two days running without it. Logged on 8 of 8 days."),
    ("a range", {"before": "8x14", "after": "8 5 4 4 x x x 8 8"},
     "Relief from pain: day 2 to somewhere between day 4 and day 7.",
     "Three days at its end are missing, so it is a range: 3 to 6 days. Then came two days running without it. "
     "Logged on 6 of 9 days."),
    ("a range of one", {"before": "8x14", "after": "5 4 x 8 8"},
     "Relief from pain: day 1 to somewhere between day 2 and day 3.",
     "One day at its end is missing, so it is a range: 2 to 3 days. Then came two days running without it. "
     "Logged on 4 of 5 days."),
    ("going on", {"before": "8x14", "after": "8 5 4"},
     "Relief from pain since day 2: at least 2 days so far.", "It can still go on. Logged on 3 of 3 days."),
    ("going on, the last day without", {"before": "8x14", "after": "5 4 8"},
     "Relief from pain since day 1: at least 2 days so far.",
     "It can still go on. The last day was without; one such day does not end it. Logged on 3 of 3 days."),
    ("the diary ended", {"before": "8x14", "after": "5 4 4", "read": 30},
     "Relief from pain: day 1 to day 3 at least.",
     "That is at least 3 days. Its last logged day is 18 March 2026. Logged on 3 of 3 days."),
    ("the next infusion", {"before": "8x14", "after": "5 4 4 8 8 8", "infused": (0, 4), "at": 0},
     "Relief from pain: day 1 to day 3 at least.",
     "That is at least 3 days. Then the next infusion came, so its whole length can't be told. "
     "Logged on 3 of 3 days."),
    ("56 days", {"before": "8x14", "after": "4x60"},
     "Relief from pain: day 1 to day 56 at least.",
     "That is at least 56 days. Days after the 56th are not counted. Logged on 56 of 56 days."),
    ("carried", {"before": "8x14", "after": "4x6", "infused": (0, 4)},
     "Relief from pain was there already.",
     "It began before this infusion, so its start and its length are not counted here. "
     "Logged on 2 of 2 days."),
    ("no response", {"before": "8x14", "after": "8 8 u 8 x 8 8 8"},
     "No relief from pain on two days running.",
     "Two logged days running at 5 or less would count. Logged on 6 of 8 days, too unwell on 1."),
    ("not yet, and open", {"before": "8x14", "after": "8 8"},
     "No relief from pain by day 2 yet.", "It can still come. Logged on 2 of 2 days."),
    ("not yet, and over", {"before": "8x14", "after": "8 8 8 8", "infused": (0, 3), "at": 0},
     "No relief from pain by day 2.",
     "Then the next infusion came: too soon to tell, so it is not counted. Logged on 2 of 2 days."),
    ("not yet, and the diary ended", {"before": "8x14", "after": "8 8", "read": 40},
     "No relief from pain by day 2.", "Its last logged day is 17 March 2026. Logged on 2 of 2 days."),
    ("not enough days yet", {"before": "8x14", "after": "x x 3"},
     "Not enough days yet: 1 of 2.",
     "Half of the first 3 days after it is enough. A day can be written up to a week later."),
    ("not enough days, for good", {"before": "8x14", "after": "x x 3", "read": 40},
     "Not enough days: 1 of 2.", "Half of the first 3 days after it would have been enough."),
    ("all too unwell", {"before": "8x14", "after": "u u u"},
     "Too unwell to log on 3 days, and no score.", "Without a score there is nothing to compare."),
    ("no day yet", {"before": "8x14", "after": ""},
     "No day after it yet.", "What it does is counted from the day after it."),
    ("no day ever", {"before": "8x14", "after": "", "read": 40},
     "No day after it is logged.", "So nothing can be told of it."),
    ("no day between", {"before": "8x14", "after": "8 8 8", "infused": (0, 1), "at": 0},
     "No day lies between this infusion and the next one.", "So nothing can be told of it."),
    ("no level", {"before": "x11 8 8 8", "after": "5 4"},
     "Not enough days before: 3 of 4.", "So relief can't be counted. Logged after it on 2 of 2 days."),
    ("first weeks", {"before": "", "after": "6x13 4x7", "infused": (0, 13), "on": "6"},
     "Pain eased: 6 to 4 in the week after it.",
     "Before the first infusion only 0 of the 4 days needed are logged. So it is compared with your first two weeks "
     "here, already in treatment. Logged on 7 of 7 days."),
    ("first weeks, too few", {"before": "", "after": "6x13 4 4", "infused": (0, 13), "on": "6"},
     "Not enough days in its first week to compare.",
     "Before the first infusion only 0 of the 4 days needed are logged. So it is compared with your first two weeks "
     "here, already in treatment: 6. Logged after it on 2 of 2 days."),
    ("under three", {"before": "2x14", "after": "1 1 1 0 0", "on": "2"},
     "Pain eased: 2 to 0.6 after it.",
     "The mean of the logged days beside your level before. That was under 3 of 10, so only the change in points is shown. "
     "Logged on 5 of 5 days."),
    ("under three, the same", {"before": "2x14", "after": "2 2", "on": "2"},
     "Pain stayed the same: 2 after it.",
     "The mean of the logged days beside your level before. That was under 3 of 10, so only the change in points is shown. "
     "Logged on 2 of 2 days."),
    ("under three, no score", {"before": "2x14", "after": "u", "on": "2"},
     "No score after it.", "Your level before was under 3 of 10, so only the change in points is shown. Logged on 0 of 1 day, too unwell on 1."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("days", "sentence", "evidence"), [case[1:] for case in SAID], ids=[c[0] for c in SAID]
)
def test_one_infusion(days, sentence, evidence):
    assert Told(**days).said() == (sentence, evidence)


def test_the_facts_of_the_picture():
    """Day 2 to somewhere between 14 and 17, with one harder day inside."""
    after = "8 5 4 4 5 5 4 5 4 4 7 5 4 5 x x x 8 8"
    assert Told("8 7 7 7 x 7 7 7 7 7 7 8 7 7", after, on="7").facts() == {
        "Relief began": ("day 2", "the first of two logged days running at 5 or less"),
        "First week": ("5 on average", "2.2 below 7.2, 30 %; 7 of 7 days logged"),
        "Lowest day": ("4, on day 3", "3.2 below 7.2, 44 %; one day alone"),
        "Lasted": (
            "13 to 16 days",
            "3 days at its end are missing; one harder day inside, day 11, does not end it; two running would",
        ),
        "Level before": ("7.2", "before the first infusion, 13 of 14 days (baseline)"),
        "Week before": ("7.1", "just before this infusion, 7 of 7 days; only to look at"),
        "Logged": ("16 of 19 days", "hatched days are missing, not zero"),
    }


@pytest.mark.parametrize(
    ("days", "term", "words", "small"),
    [
        ({"before": "8x14", "after": "4x6", "infused": (0, 4)}, "Relief began", "before this infusion", "so it is not counted for this one"),
        ({"before": "8x14", "after": "4x6", "infused": (0, 4)}, "Lasted", "not counted", "relief was there already"),
        ({"before": "8x14", "after": "4x6", "infused": (0, 4)}, "First week", "not a whole week", "2 of 7 days so far"),
        ({"before": "8x14", "after": "4x6", "infused": (0, 4), "at": 0}, "First week", "not a whole week", "3 of 7 days before the next infusion"),
        ({"before": "8x14", "after": "4x6", "infused": (0, 4), "at": 0}, "Lasted", "at least 3 days", "then the next infusion came"),
        ({"before": "8x14", "after": "4x6"}, "Lasted", "at least 6 days", "so far"),
        ({"before": "8x14", "after": "4x6", "read": 30}, "Lasted", "at least 6 days", "the diary ends there"),
        ({"before": "8x14", "after": "4x60"}, "Lasted", "at least 56 days", "counted up to day 56"),
        ({"before": "8x14", "after": "8x8"}, "Relief began", "not here", "no two logged days running at 5 or less"),
        ({"before": "8x14", "after": "9x8"}, "First week", "9 on average", "1 above 8; 7 of 7 days logged"),
        ({"before": "8x13 7.9", "after": "8x7"}, "Lowest day", "8, on day 1", "the same as 8"),
        ({"before": "8x14", "after": "8 8"}, "Relief began", "not by day 2", "no two logged days running yet"),
        ({"before": "8x14", "after": "8 8", "read": 9}, "Relief began", "not by day 2", "the diary ends there"),
        ({"before": "8x14", "after": "x x 3"}, "Relief began", "not counted", "1 of 2 days that it needs"),
        ({"before": "8x14", "after": "u u"}, "Relief began", "not counted", "no score, too unwell on 2 days"),
        ({"before": "8x14", "after": "u u"}, "Logged", "0 of 2 days", "too unwell on 2"),
        ({"before": "8x14", "after": ""}, "Relief began", "not counted", "no day after it"),
        ({"before": "8x14", "after": ""}, "Logged", "no day after it", ""),
        ({"before": "8x14", "after": "x 4 x x 4 4 x 8"}, "First week", "not enough days: 3 of 4", "a mean needs 4 of the 7 days"),
        ({"before": "2x14", "after": "1 1", "on": "2"}, "Relief began", "not counted", "under 3 of 10 before the first infusion"),
        ({"before": "x11 8 8 8", "after": "5 4"}, "Level before", "not enough days before", "before the first infusion 3 of 14 days logged, 4 are needed"),
        ({"before": "", "after": "6x13", "on": "6"}, "First two weeks here", "6", "already in treatment; before the first infusion 0 of 14 days logged, 4 are needed"),
        ({"before": "", "after": "6x13", "on": "6"}, "Week before", "not enough days: 0 of 3", "just before this infusion"),
        ({"before": "8 7 9 8 8 7 9 8 8 8 7 9 8 8", "after": "7 8 8 8 8 8 8"}, "Lowest day", "7, on day 1", "1 below 8, 13 %; days change that much by themselves"),
    ],
)  # fmt: skip
def test_facts_that_are_not_as_usual(days, term, words, small):
    told = Told(**days)
    if term == "First week" and "not enough" in words:  # seen after the week is past writing
        told.seen = Seen(told.seen.scores, told.seen.unwell, told.seen.today + timedelta(days=40))
    assert told.facts()[term] == (words, small)


@pytest.mark.parametrize(
    ("days", "line", "under"),
    [
        ({"before": "", "after": "6x13 4x7", "infused": (0, 13), "on": "6"}, "pain eased: 6 to 4 in the week after it, 7 of 7 days logged", ""),
        ({"before": "2x14", "after": "1 1 1 0 0", "on": "2"}, "pain eased: 2 to 0.6 after it, 5 of 5 days logged", ""),
        ({"before": "x11 8 8 8", "after": "5 4"}, "not enough days before: 3 of 4", ""),
        ({"before": "8x14", "after": "5 4 4 4 8 8 8 8"}, "relief from day 1, for 4 days", " Logged on 8 of 8 days."),
        ({"before": "8x14", "after": "8 8 u 8 8 8 8 8"}, "no relief on two days running, 7 of 8 days logged", ""),
        ({"before": "8x14", "after": "u u u"}, "too unwell to log on 3 days, and no score", ""),
    ],
)  # fmt: skip
def test_one_line_of_a_list_and_under_a_curve(days, line, under):
    told = Told(**days)
    said = (told.course, told.infusion, "pain", told.seen)
    assert one_line(*said) == line
    assert curve_words(*said) == f"{line[0].upper()}{line[1:]}.{under}"


@pytest.mark.parametrize(
    ("days", "have", "need", "sentence"),
    [
        ({"before": "x11 8 8 8", "after": "5 4"}, 3, 4, "Not enough days before: 3 of 4."),
        ({"before": "", "after": "6x13", "on": "6"}, 0, 4, "Not enough days before: 0 of 4."),
        ({"before": "8x14", "after": "x x 3"}, 1, 2, "Not enough days yet: 1 of 2."),
        ({"before": "8x14", "after": "x x 3", "read": 40}, 1, 2, "Not enough days: 1 of 2."),
    ],
)
def test_few_days(days, have, need, sentence):
    told = Told(**days)
    few = few_days(told.courses, told.seen.today)
    assert (few.have, few.need, few.sentence) == (have, need, sentence)


def test_enough_days_have_no_such_box():
    told = Told(before="8x14", after="5 4 4")
    assert few_days(told.courses, told.seen.today) is None and few_days((), told.seen.today) is None


# The longer gap: twice a week, then none for so long ------------------------------------------------

TIGHT = (0, 3, 7, 10)


def in_gap(after, *, read=0, days=14, ended=None, before="8x14"):
    told = Told(
        before=before, after="5x10 " + after, infused=TIGHT + ((10 + ended,) if ended else ()), read=read
    )
    on = DAY + timedelta(days=10)
    gap = Gap("4", on, days, on + timedelta(days=ended) if ended else None)
    found = gap_finding(told.course, gap, "pain", told.seen)
    return plain(found.sentence), plain(found.evidence)


@pytest.mark.parametrize(
    ("days", "sentence", "evidence"),
    [
        ({"after": "5x5"}, "In the longer gap so far relief from pain held to day 5.", f"Day 5 of 14, logged on 5 of 5 days. {ONE}"),
        ({"after": "5x5 8 8 8"}, "In the longer gap so far relief from pain held to day 5, then came two days running without it.", f"Day 8 of 14, logged on 8 of 8 days. {ONE}"),
        ({"after": "5x5 x x 8 8"}, "In the longer gap so far relief from pain held to somewhere between day 5 and day 7, then came two days running without it.", f"Day 9 of 14, logged on 7 of 9 days. {ONE}"),
        ({"after": "5x5", "read": 4}, "In the longer gap so far relief from pain held to day 5 at least.", f"Day 8 of 14, logged on 5 of 8 days. {ONE}"),
        ({"after": "5x13", "read": 1}, "In the longer gap relief from pain held to its last day.", f"Logged on 13 of 13 days. {ONE}"),
        ({"after": "5x13 5x4", "ended": 14}, "In the longer gap relief from pain held to its last day.", f"Logged on 13 of 13 days. {ONE}"),
        ({"after": "5 8x12 4x4", "ended": 14}, "In the longer gap relief from pain held to day 1, then came two days running without it.", f"Logged on 13 of 13 days. {ONE}"),
        ({"after": "2x4", "before": "2x14"}, "Relief can't be counted in the longer gap.", f"Day 4 of 14, logged on 4 of 4 days. {ONE}"),
        ({"after": ""}, "A longer gap is planned.", f"It lasts until Wednesday 8 April. {ONE}"),
    ],
)  # fmt: skip
def test_the_longer_gap(days, sentence, evidence):
    assert in_gap(**days) == (sentence, evidence)


def test_a_gap_that_relief_came_back_in():
    told = Told(before="8x14", after="8x11 8 4 4 8 8", infused=TIGHT)
    gap = Gap("4", DAY + timedelta(days=10), 14)
    assert gap_finding(told.course, gap, "pain", told.seen).sentence == (
        "In the longer gap so far relief from pain went from day 3 to day 4, then came two days running without it."
    )
    told = Told(before="8x14", after="8x16", infused=TIGHT)
    assert gap_finding(told.course, gap, "pain", told.seen).sentence == (
        "In the longer gap so far no relief from pain on two days running."
    )


@pytest.mark.parametrize(
    ("after", "read", "sentence"),
    [
        ("8x11 8 8", 0, "In the longer gap so far no relief from pain on two days running."),
        ("5x10 8 8", 0, "In the longer gap so far no relief from pain on two days running."),
        ("8x9 5 5", 0, "In the longer gap so far relief from pain held to day 1."),
        ("5x10", 1, "A longer gap has begun."),
        ("5x10", 3, "No day of the longer gap is logged yet."),
        ("5x10", 30, "No day of the longer gap is logged."),
    ],
)
def test_the_edges_of_a_longer_gap(after, read, sentence):
    told = Told(before="8x14", after=after, infused=TIGHT, read=read)
    gap = Gap("4", DAY + timedelta(days=10), 14)
    assert gap_finding(told.course, gap, "pain", told.seen).sentence == sentence


def test_the_plan_of_a_gap():
    on = date(2026, 11, 11)
    assert gap_plan(Gap("17", on, 19), 3.5) == "19 days after infusion 17, instead of about 4."
    assert gap_plan(Gap("17", on, 19, on + timedelta(days=16)), None) == "16 days after infusion 17."


DAYS = st.lists(st.sampled_from([None, None, "u", *map(float, range(11))]), min_size=0, max_size=80)
INFUSED = st.sets(st.integers(0, 70), min_size=1, max_size=12)


@given(DAYS, INFUSED, st.integers(0, 90))
def test_any_diary_can_be_told(days, infused, read):
    """Every infusion has a sentence and facts with their n, whatever the days are; figures are those of the data."""
    scores = {DAY + timedelta(days=n): s for n, s in enumerate(days) if isinstance(s, float)}
    unwell = {DAY + timedelta(days=n) for n, s in enumerate(days) if s == "u"}
    courses = courses_of(scores, unwell, [DAY + timedelta(days=n) for n in infused])
    last = max((*scores, *unwell, *(DAY + timedelta(days=n) for n in infused)))
    seen = Seen(scores, unwell, last + timedelta(days=read))
    for course in courses:
        for infusion in course.infusions:
            for symptom in SYMPTOMS:
                found = one_infusion(course, infusion, symptom.key, seen)
                assert found.sentence.endswith(".") and "None" not in found.sentence + found.evidence
            facts = facts_of(course, infusion, seen)
            assert all(isinstance(fact, Fact) and fact.words and "None" not in fact.small for fact in facts)
            assert {"Relief began", "First week", "Week before", "Logged"} <= {fact.term for fact in facts}
            if infusion.status == "response":
                assert f"day {infusion.onset_day}" in one_infusion(course, infusion, "pain", seen).sentence
        gap = Gap("1", course.infusions[-1].on, 20)
        assert gap_finding(course, gap, "pain", seen).sentence.endswith(".")
