"""Every sentence of a response, word for word, against the days that it is about, and seen from the day it is read."""

from datetime import date, timedelta

import pytest

from diary.response.rules import courses_of, words

DAY = date(2026, 3, 15)
COUNTED = "A score of 5 or less counts as relief."
LONG_AFTER = DAY + timedelta(days=1000)


class Told:
    """A diary from before an infusion on: `before` and `after` are scores, x missing, u unwell; 8x14 is fourteen 8."""

    def __init__(self, before, after, infused=(0,), on="8", read=0):
        first = DAY - timedelta(days=len(days_of(before)))
        scores, unwell = {}, set()
        for step, text in enumerate([*days_of(before), on, *days_of(after)]):
            if text == "u":
                unwell.add(first + timedelta(days=step))
            elif text != "x":
                scores[first + timedelta(days=step)] = float(text)
        known = sorted({*scores, *unwell})
        self.courses = courses_of(scores, unwell, [DAY + timedelta(days=n) for n in infused])
        self.last_day = known[-1] if known else None
        self.today = read if isinstance(read, date) else (self.last_day or DAY) + timedelta(days=read)
        self.is_whole = all(score == int(score) for score in scores.values())

    def story(self, key="pain"):
        found = words.story(self.courses, key, self.last_day, self.today, self.is_whole)
        return found.sentence.replace("\u00a0", " "), found.evidence.replace("\u00a0", " ")


def days_of(text):
    """ "8x14 4 u" is fourteen days of 8, one of 4 and an unwell one; a lone x is a missing day."""
    found = []
    for part in text.split():
        what, _, times = part.partition("x")
        found += [what or "x"] * (int(times) if times else 1)
    return found


def kept(before, after, **more):
    return {"before": before, "after": after, **more}


STORIES = [
    # No infusion, no level, first days, a low level
    ("no infusion", kept(before="8x14", after="", infused=()),
     "No infusion is recorded yet.",
     "Your days before the first one show your level before the infusions."),
    ("no baseline", kept(before="x8 8 8 8", after="8 8", on="8"),
     "Not enough days before the infusions: 3 of 4.",
     "So relief can't be counted here. Your days are drawn as they are."),
    ("first days, eased", kept(before="", after="6x13 4x7", on="6"),
     "Your pain has eased by 2: 6 to 4.",
     "On average in week 3, 7 of 7 days logged. Compared with your first two weeks here, already in treatment."),
    ("first days, risen", kept(before="", after="6x13 7x2 8x1", on="6"),
     "Your pain has risen by 1.3: 6 to 7.3.",
     "On average in week 3, 3 of 3 days logged. Compared with your first two weeks here, already in treatment."),
    ("first days, unchanged, the week in the middle of it", kept(before="", after="6x13 6 x 6 6", on="6"),
     "Your pain is unchanged: 6 to 6.",
     "On average in week 3, 3 of 4 days logged. Compared with your first two weeks here, already in treatment."),
    ("first days, long ago", kept(before="", after="6x13 4x7", on="6", read=LONG_AFTER),
     "Your pain eased by 2: 6 to 4.",
     "On average in week 3, until 4 April 2026, 7 of 7 days logged. Compared with your first two weeks here, "
     "already in treatment."),
    ("first days, unchanged, long ago", kept(before="", after="6x20", on="6", read=LONG_AFTER),
     "Your pain was unchanged: 6 to 6.",
     "On average in week 3, until 4 April 2026, 7 of 7 days logged. Compared with your first two weeks here, "
     "already in treatment."),
    ("a low level", kept(before="2x14", after="1 1 1 0 0", on="2"),
     "Your pain has eased by 1.2: 2 to 0.8.",
     "On average in week 1, 6 of 6 days logged. Compared with your level before the infusions. That was under 3 of "
     "10, so only the change in points is shown."),
    ("first days, and no week to compare", kept(before="", after="6 x5 6 6 x5 6 6 x5 6 6", on="6"),
     "Your pain was 6 in your first two weeks here.",
     "No week since the first infusion has the 3 logged days to compare."),
    ("a low level, nothing after", kept(before="2x14", after="", on="x"),
     "Your pain was 2 before the infusions.",
     "No week since the first infusion has the 3 logged days to compare. That was under 3 of 10, so only the change in "
     "points is shown."),
    # A response: ended, as a range, going on, the last day without, past its window, ended with the diary
    ("ended", kept(before="8x14", after="8 4 3 3 4 4 5 8 8 8 8"),
     "After the last infusion, relief from pain began on day 2 and lasted 6 days.",
     f"Logged on 11 of 11 days. {COUNTED}"),
    ("ended after one day of two", kept(before="8x14", after="4 4 8 8"),
     "After the last infusion, relief from pain began on day 1 and lasted 2 days.",
     f"Logged on 4 of 4 days. {COUNTED}"),
    ("a range", kept(before="8x14", after="5 4 7 4 x x 7 7 8"),
     "After the last infusion, relief from pain began on day 1 and lasted 4 to 6 days.",
     f"Logged on 7 of 9 days. {COUNTED}"),
    ("going on", kept(before="8x14", after="4 4 4"),
     "Relief from pain since day 1: at least 3 days so far.",
     f"It can still go on. Logged on 3 of 3 days. {COUNTED}"),
    ("going on, read in the morning after", kept(before="8x14", after="4 4 4", read=1),
     "Relief from pain since day 1: at least 3 days so far.",
     f"It can still go on. Logged on 3 of 3 days. {COUNTED}"),
    ("going on, with a harder day inside", kept(before="8x14", after="4 4 8 4"),
     "Relief from pain since day 1: at least 4 days so far.",
     f"It can still go on. Logged on 4 of 4 days. {COUNTED}"),
    ("two days without an entry", kept(before="8x14", after="4 4 4", read=2),
     "After the last infusion, relief from pain began on day 1 and lasted at least 3 days.",
     f"Its last logged day is 18 March 2026. Logged on 3 of 3 days. {COUNTED}"),
    ("the last day without", kept(before="8x14", after="4 4 8"),
     "After the last infusion, relief from pain began on day 1 and has lasted at least 2 days.",
     f"The last day was without; one such day does not end it. Logged on 3 of 3 days. {COUNTED}"),
    ("the last day unwell", kept(before="8x14", after="4 4 u"),
     "After the last infusion, relief from pain began on day 1 and has lasted at least 2 days.",
     f"The last day was without; one such day does not end it. Logged on 2 of 3 days. {COUNTED}"),
    ("past its window, and gone since", kept(before="8x14", after="3x60 8x40"),
     "In the 56 days after the last infusion, relief from pain began on day 1 and lasted at least 56 days.",
     f"Longer is not counted. Logged on 56 of 56 days. {COUNTED}"),
    ("the diary ended", kept(before="8x14", after="4x20", read=LONG_AFTER),
     "After the last infusion, relief from pain began on day 1 and lasted at least 20 days.",
     f"Its last logged day is 4 April 2026. Logged on 20 of 20 days. {COUNTED}"),
    # No response
    ("none yet", kept(before="8x14", after="8x10"),
     "No relief from pain on two days running since the last infusion.",
     f"Logged on 10 of 10 days. {COUNTED}"),
    ("none, in the window; then much", kept(before="8x14", after="8x60 3x60"),
     "No relief from pain on two days running in the 56 days after the last infusion.",
     f"Logged on 56 of 56 days. {COUNTED}"),
    ("none, the diary ended", kept(before="8x14", after="8x10", read=LONG_AFTER),
     "No relief from pain on two days running after the last infusion, until its last logged day, 25 March 2026.",
     f"Logged on 10 of 10 days. {COUNTED}"),
    ("not yet", kept(before="8x14", after="8 8 8"),
     "No relief from pain by day 3; it can still come.",
     f"Logged on 3 of 3 days. {COUNTED}"),
    ("not yet, one day", kept(before="8x14", after="8"),
     "No relief from pain by day 1; it can still come.",
     f"Logged on 1 of 1 day. {COUNTED}"),
    ("not yet, the diary ended", kept(before="8x14", after="8 8 8", read=LONG_AFTER),
     "No relief from pain by day 3, its last logged day, 18 March 2026.",
     f"Logged on 3 of 3 days. {COUNTED}"),
    # Too few days, none, carried
    ("not enough days yet", kept(before="8x14", after="x x 3"),
     "Not enough days yet: 1 of 2.",
     f"After the last infusion a few more logged days are needed. {COUNTED}"),
    ("not enough days, the week is past writing", kept(before="8x14", after="x x 3 x x x x", read=12),
     "Not enough days: 1 of 2.",
     f"Too few days after the last infusion were logged. {COUNTED}"),
    ("not enough days, the last day on which the week can be written", kept(before="8x14", after="x x 3", read=11),
     "Not enough days yet: 1 of 2.",
     f"After the last infusion a few more logged days are needed. {COUNTED}"),
    ("not enough days, over", kept(before="8x14", after="x6 3 x50 3"),
     "Not enough days: 1 of 4.",
     f"Too few days after the last infusion were logged. {COUNTED}"),
    ("no day after it", kept(before="8x14", after=""),
     "No day after the last infusion yet.",
     f"Relief can be counted from the day after it. {COUNTED}"),
    ("carried", kept(before="8x14", after="4 4 4 4 4 4 4 4 4 4", infused=(0, 8)),
     "Relief was there already before the last infusion.",
     f"So none is counted for it alone. Logged on 2 of 2 days. {COUNTED}"),
    # Tight: weeks and runs
    ("tight, a run going on", kept(before="8x14", after="8 4x8", infused=(0, 2, 4, 7)),
     "Relief from pain on 3 of 3 days this week.",
     "The run you are in: at least 8 days, since Tuesday 17 March."),
    ("tight, no run", kept(before="8x14", after="8x9", infused=(0, 2, 4, 7)),
     "Relief from pain on 0 of 3 days this week.",
     f"You are in no run of relief now; it takes two such days running. {COUNTED}"),
    ("tight, a run that was lost", kept(before="8x14", after="4 4 4 8 8 8 8 8 8", infused=(0, 2, 4, 7)),
     "Relief from pain on 0 of 3 days this week.",
     f"You are in no run of relief now; it takes two such days running. {COUNTED}"),
    ("tight, too few days this week", kept(before="8x14", after="4x8", infused=(0, 2, 4, 7)),
     "Relief from pain on 6 of 7 days last week.",
     "Not enough days yet this week: 2 of 3. The run you are in: at least 8 days, since Monday 16 March."),
    ("tight, the first week has just begun", kept(before="8x14", after="4", infused=(0, 1)),
     "Not enough days yet this week: 2 of 3.",
     f"You are in no run of relief now; it takes two such days running. {COUNTED}"),
    ("tight, last week", kept(before="8x14", after="4x13", infused=(0, 2, 4, 7), read=1),
     "Relief from pain on 7 of 7 days last week.",
     "The run you are in: at least 13 days, since Monday 16 March."),
    ("tight, too few days last week", kept(before="8x14", after="4x8", infused=(0, 2, 4, 7), read=7),
     "Not enough days last week: 2 of 3.",
     "The run you were in: at least 8 days, from 16 March 2026 on."),
    ("tight, the diary ended in a run", kept(before="8x14", after="8 4x8", infused=(0, 2, 4, 7), read=LONG_AFTER),
     "Relief from pain on 3 of 3 days in your last week here.",
     "It ended on 24 March 2026. The run you were in: at least 8 days, from 17 March 2026 on."),
    ("tight, the diary ended without one", kept(before="8x14", after="8x8", infused=(0, 2, 4, 7), read=LONG_AFTER),
     "Not enough days in your last week here: 2 of 3.",
     f"It ended on 23 March 2026. You were in no run of relief then; it takes two such days running. {COUNTED}"),
    ("tight, then 200 days in relief", kept(before="8x14", after="8 4x199", infused=(0, 2, 4, 7)),
     "Relief from pain on 5 of 5 days this week.",
     "Runs of relief are counted for 56 days after the last infusion. The last one: at least 62 days, from 17 March 2026 on."),
    ("tight, then 200 days without", kept(before="8x14", after="8x200", infused=(0, 2, 4, 7)),
     "Relief from pain on 0 of 5 days this week.",
     f"Runs of relief are counted for 56 days after the last infusion. There was none. {COUNTED}"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("diary", "sentence", "evidence"), [row[1:] for row in STORIES], ids=[row[0] for row in STORIES]
)
def test_story(diary, sentence, evidence):
    assert Told(**diary).story() == (sentence, evidence)


def test_each_symptom_by_its_name():
    told = Told("8x14", "8x10")
    assert told.story("mood")[0] == "No relief from low mood on two days running since the last infusion."
    assert told.story("cognition")[0].startswith("No relief from foggy thinking on two days")


def test_decimals_count_as_they_are():
    assert "A score of 2.1 or less counts as relief." in Told("3x14", "2.1 2 2").story()[1]


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (
            "7 8 7 6 7 8 7 7 6 7 8 7 7 7",
            "Usual swing 0.6: a day within 1.2 points is usual day-to-day change.",
        ),
        (
            "7 7 7 7.1",
            "Usual swing 0.1: a day within 0.2 points is usual day-to-day change.",
        ),  # 0.05, twice 0.1
        ("7x13 7.1", "Usual swing 0."),  # 0.03
        ("x14", ""),
    ],
)
def test_the_swing_and_twice_it_agree(before, said):
    assert words.swing_words(Told(before, "4 4").courses[0]) == said


CELLS = [
    # after, infused, read: first relief, deepest, on, first week, lasted, logged, and the patient's sentence
    (kept(before="8x14", after="5 4 7 4 x x 7 7 8"),
     "day 1", "50 %", "day 2", "33 %", "4 to 6 days", "7 of 9", "relief from day 1, for 4 to 6 days"),
    (kept(before="8x14", after="8 4 4 8 8 8 8"),
     "day 2", "50 %", "day 2", "14 %", "2 days", "7 of 7", "relief from day 2, for 2 days"),
    (kept(before="8x14", after="4 4 4"),
     "day 1", "50 %", "day 1", "too short", "at least 3 days", "3 of 3", "relief from day 1, for at least 3 days"),
    (kept(before="8x14", after="4 4 4 4", infused=(0, 4)),
     "day 1", "50 %", "day 1", "too short", "at least 3 days", "3 of 3",
     "relief from day 1, for at least 3 days, until the next one"),
    (kept(before="8x14", after="8 x x x 8 8 8 8"),
     "no response", "0 %", "day 1", "0 %", "none", "5 of 8", "no relief on two days running, 5 of 8 days logged"),
    (kept(before="8x14", after="x x x 8 u 8 8 8"),
     "no response", "0 %", "day 4", "too few days", "none", "4 of 8, 1 unwell",
     "no relief on two days running, 4 of 8 days logged"),
    (kept(before="8x14", after="8 8"),
     "not by day 2", "0 %", "day 1", "too short", "not counted", "2 of 2", "not by day 2; it can still come"),
    (kept(before="8x14", after="8 8", read=LONG_AFTER),
     "not by day 2", "0 %", "day 1", "too short", "not counted", "2 of 2", "not by day 2"),
    (kept(before="8x14", after="8 8 8 8", infused=(0, 3)),
     "not by day 2", "0 %", "day 1", "too short", "not counted", "2 of 2",
     "not by day 2, then the next infusion came"),
    (kept(before="8x14", after="x x 3"),
     "not enough days: 1 of 2", "", "", "", "not counted", "1 of 3", "not enough days yet: 1 of 2"),
    (kept(before="8x14", after="x x 3", read=LONG_AFTER),
     "not enough days: 1 of 2", "", "", "", "not counted", "1 of 3", "not enough days: 1 of 2"),
    (kept(before="x14 8 8", after="4 4"),
     "no level before", "", "", "", "not counted", "2 of 2", "no level before the infusions to compare with"),
    (kept(before="2x14", after="1 1", on="2"),
     "level before under 3", "", "", "", "not counted", "2 of 2",
     "it was under 3 before the infusions, so no relief is counted"),
    (kept(before="8x14", after=""),
     "no day yet", "", "", "", "not counted", "0 of 0", "no day after it yet"),
]  # fmt: skip


@pytest.mark.parametrize("row", CELLS, ids=[row[-1] for row in CELLS])
def test_the_cells_of_an_infusion(row):
    told = Told(**row[0])
    one = told.courses[0].infusions[0]
    makers = (
        words.first_relief,
        words.deepest,
        words.deepest_on,
        words.first_week,
        words.lasted,
        words.logged,
    )
    assert tuple(make(one).replace("\u00a0", " ") for make in makers) == row[1:-1]
    assert words.infusion_sentence(one, told.today) == row[-1]


def test_the_cells_of_relief_that_was_there_already():
    one = Told("8x14", "4 4 4 4 4 4 4 4 4 4", infused=(0, 2)).courses[0].infusions[1]
    assert words.first_relief(one) == "relief was there already"
    assert (words.deepest(one).replace("\u00a0", " "), words.lasted(one)) == ("50 %", "not counted")
    assert words.infusion_sentence(one) == "relief was there already, so none is counted for this one"


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [(8, 5.4, "eased by 2.6"), (5, 5.4, "rose by 0.4"), (7.04, 6.96, "unchanged"), (None, 3, ""), (3, None, ""),
     (7.05, 6.94, "eased by 0.2")],
)  # fmt: skip
def test_a_change_is_that_of_the_figures_shown(before, now, said):
    assert words.change(before, now) == said


SAYS = [
    (kept(before="8x14", after="4 4 4"), "Pain eased: 8 to 4 since the last infusion (from 14 and 3 days)."),
    (kept(before="8x14", after="9 9 9"), "Pain rose: 8 to 9 since the last infusion (from 14 and 3 days)."),
    (kept(before="8x14", after="4 4 4", read=LONG_AFTER),
     "Pain eased: 8 to 4 after the last infusion, until its last logged day, 18 March 2026 (from 14 and 3 days)."),
    (kept(before="8x14", after="4x60 8x60"), "Pain eased: 8 to 4 in the 56 days after the last infusion (from 14 and 56 days)."),
    (kept(before="8x14", after="4x9", infused=(0, 2, 4, 7)), "Pain eased: 8 to 4 this week (from 14 and 3 days)."),
    (kept(before="8x14", after="4x8", infused=(0, 2, 4, 7)), "Pain eased: 8 to 4.6 last week (from 14 and 7 days)."),
    (kept(before="8x14", after="4x9", infused=(0, 2, 4, 7), read=7), "Pain eased: 8 to 4 last week (from 14 and 3 days)."),
    (kept(before="8x14", after="4x9", infused=(0, 2, 4, 7), read=LONG_AFTER),
     "Pain eased: 8 to 4 in the week until 24 March 2026 (from 14 and 3 days)."),
    (kept(before="", after="6x13 4x7", on="6", read=LONG_AFTER),
     "Pain eased: 6 to 4 in the week until 4 April 2026 (from your first two weeks here and 7 days)."),
    (kept(before="8x14", after="x x 3"), "Not enough days since the last infusion: 1 of 2."),
    (kept(before="x14 8", after="4"), ""),
]  # fmt: skip


@pytest.mark.parametrize(("diary", "said"), SAYS)
def test_a_symptom_in_a_sentence(diary, said):
    told = Told(**diary)
    assert words.says(told.courses, "pain", told.last_day, told.today) == said


def test_runs():
    (course,) = Told("8x14", "4 4 4 8 8 8 4 4 4 4", infused=(0, 2, 4, 7)).courses
    assert [words.lasting(run) for run in course.runs] == ["3 days", "at least 4 days"]
    assert words.longest_run(course) is course.runs[1]
    assert words.run_span(course.runs[0]) == "16 to 18 Mar"
    assert words.current_run(course, DAY) is course.runs[1] and words.current_run(course, None) is None
