"""The worked examples of the definitions, number by number, and the edges between them."""

from datetime import date, timedelta

import pytest

from diary.response.rules import as_json, counts_at, courses_of, is_tight

DAY = date(2026, 3, 15)


def diary(before, on, after, start=DAY):
    """Scores and unwell days from 14 days before an infusion on; x missing, u unwell."""
    scores, unwell = {}, set()
    days = [*before.split(), on, *after.split()]
    first = start - timedelta(days=len(before.split()))
    for step, text in enumerate(days):
        day = first + timedelta(days=step)
        if text == "u":
            unwell.add(day)
        elif text != "x":
            scores[day] = float(text)
    return scores, unwell


def one(before, on, after, infused=(DAY,)):
    scores, unwell = diary(before, on, after)
    return courses_of(scores, unwell, infused)


def near(value):
    return pytest.approx(value, abs=5e-5)


def repeated(text, times=14):
    return " ".join([text] * times)


def test_a():
    (course,) = one("7 8 7 6 7 8 7 7 6 7 8 7 7 7", "7", "6 4 3 3 4 4 5 6 7 7 7")
    (infusion,) = course.infusions
    assert (course.baseline, course.swing) == (near(7.0714), near(0.6157))
    assert (infusion.status, infusion.onset_day) == ("response", 2)
    assert (infusion.peak_relief, infusion.peak_day) == (near(0.5758), 3)
    assert (infusion.mean_relief, infusion.week_relief) == (near(0.2801), near(0.4141))
    assert (infusion.duration.low, infusion.duration.high, infusion.duration.censored) == (5, 5, False)
    assert (course.weeks[0].mean_relief, course.weeks[0].responder_share) == (near(0.3737), near(0.7143))


def test_a_as_json():
    courses = one("7 8 7 6 7 8 7 7 6 7 8 7 7 7", "7", "6 4 3 3 4 4 5 6 7 7 7")
    document = as_json("alice@example.org", {"pain": courses, "fatigue": ()})
    (course,) = document["symptoms"]["pain"]
    assert document["symptoms"]["fatigue"] == []
    assert course == {
        "number": 1, "started_on": "2026-03-15", "baseline": near(7.0714), "baseline_days": 14, "swing": near(0.6157),
        "reference": "baseline", "reference_mean": near(7.0714),
        "infusions": [{
            "on": "2026-03-15", "status": "response", "window_days": 11, "logged_days": 11, "unwell_days": 0,
            "infusion_baseline": 7.0, "onset_day": 2, "peak_relief": near(0.5758), "peak_day": 3,
            "mean_relief": near(0.2801), "week_relief": near(0.4141), "mean_change": near(-1.9805),
            "duration": {"low": 5, "high": 5, "censored": False, "by": None},
        }],
        "runs": [{"started_on": "2026-03-17", "infusions": 0, "low": 5, "high": 5, "censored": False, "by": None}],
        "weeks": [
            {"week": 1, "logged_days": 7, "unwell_days": 0, "mean_change": near(-2.6429), "mean_relief": near(0.3737),
             "responder_share": near(0.7143)},
            {"week": 2, "logged_days": 5, "unwell_days": 0, "mean_change": near(-0.6714), "mean_relief": near(0.0949),
             "responder_share": 0.0},
        ],
        "summary": {
            "evaluable": 1, "responders_30": 1, "responders_50": 0, "reached_30": 1, "reached_50": 1, "carried": 0,
            "held_30": 0, "responses": 1, "median_onset": 2, "median_duration": 5, "interval": [5, 5],
        },
    }  # fmt: skip


def test_b_a_blip_and_a_range():
    ((infusion,),) = [c.infusions for c in one(repeated("8"), "8", "5 4 7 4 x x 7 7 8")]
    assert (infusion.onset_day, infusion.peak_relief, infusion.peak_day) == (1, near(0.5), 2)
    assert (infusion.mean_relief, infusion.week_relief) == (near(0.25), near(0.325))
    assert (infusion.duration.low, infusion.duration.high) == (4, 6)
    assert (infusion.logged_days, infusion.window_days) == (7, 9)


def test_c_carried():
    infused = (DAY, DAY + timedelta(days=4))
    (course,) = one("x x x x 6 6 7 7 6 6 7 7 6 6", "6", "4 3 3 5 3 3", infused)
    first, second = course.infusions
    assert course.baseline == near(6.4)
    assert (first.status, first.onset_day) == ("response", 1)
    assert (first.duration.low, first.duration.high, first.duration.by) == (3, None, "next_infusion")
    assert (second.status, second.peak_relief, second.peak_day) == ("carried", near(0.5313), 1)
    assert second.onset_day is None and second.duration is None
    assert course.summary.evaluable == 0
    (run,) = course.runs
    assert (run.started_on, run.low, run.by, run.infusions) == (date(2026, 3, 16), 6, "diary_end", 1)


def test_d_no_response_and_not_yet():
    ((infusion,),) = [c.infusions for c in one(repeated("7"), "7", "6 6 6 7 7 7 7")]
    assert (infusion.status, infusion.peak_relief, infusion.week_relief) == (
        "no_response",
        near(0.1429),
        near(0.0612),
    )
    assert infusion.peak_day == 1
    ((shorter,),) = [c.infusions for c in one(repeated("7"), "7", "6 6 6 7 7 7")]
    assert (shorter.status, shorter.week_relief) == ("not_yet", None)


def test_e_a_low_level_before():
    (course,) = one(repeated("2"), "2", "1 1 1 0 0")
    (infusion,) = course.infusions
    assert (infusion.status, infusion.mean_change) == ("baseline_low", near(-1.4))
    assert infusion.peak_relief is None and course.runs == ()
    assert course.weeks[0].mean_relief is None


def test_f_not_enough_days():
    ((infusion,),) = [c.infusions for c in one(repeated("7"), "7", "x x 3 x x x x")]
    assert (infusion.status, infusion.known_early, infusion.needed_early) == ("not_enough_days", 1, 2)
    assert infusion.window_days == 3 and infusion.mean_change == near(-4)


def test_g_never_two_days_running():
    ((infusion,),) = [c.infusions for c in one(repeated("8"), "8", "5 8 5 8 5 8 5 8")]
    assert (infusion.status, infusion.week_relief) == ("no_response", near(0.2143))


def test_h_unwell_days_end_relief():
    ((infusion,),) = [c.infusions for c in one(repeated("8"), "8", "5 4 4 4 u u 8 8")]
    assert (infusion.duration.low, infusion.duration.high) == (4, 4)
    assert (infusion.mean_relief, infusion.logged_days, infusion.unwell_days) == (near(0.3125), 6, 2)


def test_i_begun_in_mid_treatment():
    (course,) = one(repeated("x"), "6", "5 5 4 4 5 5 4 4")
    assert course.infusions[0].status == "no_baseline"
    assert (course.reference, course.reference_mean) == ("first_days", near(4.6667))
    assert course.weeks[0].mean_change == near(0.1905)
    assert course.baseline_days == 0 and course.runs == ()


def test_two_infusions_on_one_day_are_one():
    assert len(one(repeated("7"), "7", "4 4 4", (DAY, DAY))[0].infusions) == 1


@pytest.mark.parametrize(("gap", "courses"), [(70, 1), (71, 2)])
def test_courses(gap, courses):
    assert len(one(repeated("7"), "7", "4 4 4", (DAY, DAY + timedelta(days=gap)))) == courses


@pytest.mark.parametrize(
    ("after_days", "following", "by", "length"),
    [
        (80, None, "window", 56),
        (56, None, "window", 56),  # a tie: window comes first
        (55, None, "diary_end", 55),
        (80, 57, "window", 56),  # a tie with the next infusion
        (80, 56, "next_infusion", 55),
        (20, 21, "next_infusion", 20),  # a tie with the diary's end
        (19, 21, "diary_end", 19),
    ],
)
def test_where_the_window_ends(after_days, following, by, length):
    infused = (DAY,) if following is None else (DAY, DAY + timedelta(days=following))
    course = one(repeated("8"), "8", repeated("4", after_days), infused)[0]
    assert (course.infusions[0].window_days, course.infusions[0].duration.by) == (length, by)
    assert course.infusions[0].duration.low == length


def test_the_next_infusion_of_another_course_ends_the_window_too():
    infused = (DAY, DAY + timedelta(days=75))
    scores, unwell = diary(repeated("8"), "8", repeated("4", 90))
    first = courses_of(scores, unwell, infused)[0]
    assert first.infusions[0].window_days == 56
    assert first.runs[0].by == "window"


def test_no_window():
    scores, unwell = diary(repeated("7"), "7", "")
    assert courses_of(scores, unwell, (DAY,))[0].infusions[0].status == "no_window"
    assert courses_of({}, set(), (DAY,))[0].infusions[0].status == "no_window"
    assert courses_of({}, set(), ()) == ()


def test_a_score_on_an_unwell_day_counts_as_scored():
    scores, _ = diary(repeated("8"), "8", "4 4 4")
    assert courses_of(scores, set(scores), (DAY,))[0].infusions[0].unwell_days == 0


def test_an_infusion_day_is_in_no_window_but_in_the_run():
    infused = tuple(DAY + timedelta(days=3 * n) for n in range(5))
    (course,) = one(repeated("8"), "8", repeated("4", 16), infused)
    assert [i.window_days for i in course.infusions] == [2, 2, 2, 2, 4]
    assert is_tight(course)
    assert (course.runs[0].low, course.runs[0].infusions) == (16, 4)


def test_thirty_percent_exactly_counts():
    ((infusion,),) = [c.infusions for c in one(repeated("10"), "10", "7 7 10 10 10 10 10")]
    assert infusion.status == "response"


@pytest.mark.parametrize(
    ("baseline", "whole", "at"),
    [(7.3, True, 5), (7.0714, True, 4), (10, True, 7), (2.9, True, None), (6.4, False, 4.4)],
)
def test_counts_at(baseline, whole, at):
    assert counts_at(baseline, whole) == at
