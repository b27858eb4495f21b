"""What a response says in words: windows without a day, windows that are over, counts that agree with the table."""

from datetime import date, timedelta

from diary.response.rules import courses_of, staff, words

DAY = date(2026, 3, 15)


def course(after, infused=(0,), before=(8,) * 14):
    scores = {DAY - timedelta(days=len(before) - k): float(score) for k, score in enumerate(before)}
    scores |= {DAY + timedelta(days=k): float(score) for k, score in enumerate(after) if score is not None}
    return courses_of(scores, (), [DAY + timedelta(days=k) for k in infused])


def test_an_infusion_after_the_last_day_has_no_day_yet():
    for infused in ((0,), (0, 30)):
        courses = course((8,), infused)
        assert courses[-1].infusions[-1].status == "no_window"
        found = words.story(courses, "pain", DAY)
        assert found.sentence == "No day after the last infusion yet."
        assert "day 0" not in found.sentence and "0 of 0" not in found.evidence
        assert words.says(courses, "pain") == "No day after the last infusion yet."
        assert words.infusion_sentence(courses[-1].infusions[-1]) == "no day after it yet"


def test_a_window_that_the_next_infusion_ended_cannot_come_true_any_more():
    first, second = course((8, 8, 8, 8, 8), (0, 3))[0].infusions
    assert words.infusion_sentence(first) == "not by day 2, then the next infusion came"
    assert words.infusion_sentence(second) == "not by day 1; it can still come"


def test_relief_that_was_there_already_is_counted_as_the_table_does():
    (one,) = course([8, 4, 4, 4, 4, 4, 4] + [4] * 20, (0, 3, 6, 9, 12))
    carried = sum(infusion.status == "carried" for infusion in one.infusions)
    assert (carried, one.summary.carried, one.summary.held_30) == (4, 1, 1)
    fact = next(fact for fact in staff.facts(one) if fact.term == "Relief was there already")
    assert fact.words.replace("\u00a0", " ") == "1 of 1 held 30 %"
    assert fact.small == "4 infusions, 3 without a whole first week; not in the rate"


def test_relief_that_was_there_already_without_a_whole_week():
    (one,) = course([8, 4, 4, 4, 4, 4, 4, 4], (0, 3, 5))
    fact = next(fact for fact in staff.facts(one) if fact.term == "Relief was there already")
    assert fact.words == "none can be judged"
    assert fact.small == "2 infusions, 2 without a whole first week; not in the rate"


def test_a_symptom_says_both_figures_with_their_days():
    assert words.says(course([8, 6, 5, 4, 4]), "fatigue") == (
        "Fatigue eased: 8 to 4.8 since the last infusion (from 14 and 4 days)."
    )
    assert "Low mood is unchanged: 8 since" in words.says(course([8, 8, 8, 8, 8]), "mood")
    rarely = course([8] + [None] * 5 + [8])
    assert words.says(rarely, "pain") == "Not enough days since the last infusion: 1 of 3."
    assert words.says((), "pain") == ""


def test_on_a_tight_schedule_a_symptom_tells_its_last_week_that_can_be_told():
    after = [8, *[6] * 6, *[5] * 7, 4]
    assert words.says(course(after, (0, 3, 7, 10)), "pain") == (
        "Pain eased: 8 to 5 last week (from 14 and 7 days)."
    )


def test_begun_in_mid_treatment_a_symptom_is_compared_with_the_first_weeks():
    said = words.says(course([6, *[6] * 14, *[4] * 6], (0,), before=()), "cognition")
    assert said.startswith("Foggy thinking eased: 6 to") and "your first two weeks here" in said


def test_percent_never_stands_alone_at_the_start_of_a_line():
    courses = course([8, 4, 4, 4, 4])
    said = [*(fact.words for fact in staff.facts(courses[0])), staff.definitions(courses[0])]
    assert all(" %" not in one for one in said)
