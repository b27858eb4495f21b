"""Three cases worked out with pencil and paper; the working stands beside the figures."""

from datetime import timedelta

from diary.response.rules import courses_of
from diary.response.rules.survival import curve, median_with_interval
from tests.response.test_rules import DAY, diary, near, one


def test_a_response_with_a_blip_a_missing_day_at_its_end_and_an_unwell_one():
    """
    before: 8 8 6 6 . . . . 8 8 6 6 . .    8 scores, sum 56            B      = 7
            deviations 1 1 -1 -1 1 1 -1 -1, squares 8, over 7          swing  = sqrt(8/7) = 1.0690
            the last seven hold 8 8 6 6                                infusion baseline 28/4 = 7
            30 % under 7 is 4.9: a day counts at 4 or less
    day:    1  2  3  4  5  6  7  8  9  10 11 12
    score:  6  4  4  6  3  .  .  3  .  7  u  7
            -  R  R  -  R        R     -  -  -
    onset   2, as 3 is one too. 4 is a blip: 5 is a responder day. 10 is none and 11 (unwell) neither: loss on 10.
    r = 8, so from 8-2+1 = 7 to 10-2 = 8 days.
    peak    3 of 7: 4/7 = 0.5714 on day 5
    mean    6+4+4+6+3+3+7+7 = 40 over 8 = 5: 2/7 = 0.2857, change -2
    week    6+4+4+6+3 = 23 over 5 = 4.6: 2.4/7 = 0.3429
    """
    (course,) = one("8 8 6 6 x x x x 8 8 6 6 x x", "7", "6 4 4 6 3 x x 3 x 7 u 7")
    (infusion,) = course.infusions
    assert (course.baseline, course.baseline_days, course.swing) == (7, 8, near(1.0690))
    assert (infusion.status, infusion.onset_day, infusion.infusion_baseline) == ("response", 2, 7)
    assert (infusion.duration.low, infusion.duration.high, infusion.duration.censored) == (7, 8, False)
    assert (infusion.peak_relief, infusion.peak_day) == (near(0.5714), 5)
    assert (infusion.mean_relief, infusion.mean_change) == (near(0.2857), near(-2))
    assert infusion.week_relief == near(0.3429)
    assert (infusion.window_days, infusion.logged_days, infusion.unwell_days) == (12, 8, 1)


def test_four_infusions_in_ten_days():
    """
    before: 6 on all 14 days                 B = 6, a day counts at 4 or less (4.2)
    day:    0i 1  2  3i 4  5  6  7i 8  9 10i 11 12 13 14 15 16
    score:  6  5  4  4  3  4  3  4  5  4  5  6  6  5  4  4  4
               -  R  R  R  R  R  R  -  R  -  -  -  -  R  R  R
    1st     window days 1-2; day 2 has no next day in the window: no onset, not yet
    2nd-4th the last known day of the three before each (2, 6, 9) is a responder day: carried
    runs    from 2; 8 is a blip; 10 and 11 end it: 10-2 = 8 days, infusions of 3 and 7 in it.
            from 14, to the diary's end: at least 3, none in it.
    weeks   29/7 = 4.1429: change -1.8571, relief 0.3095, 5 of 7; 35/7 = 5: -1, 0.1667, 2 of 7; 4: -2, 0.3333, 3 of 3
    """
    scores, unwell = diary(" ".join(["6"] * 14), "6", "5 4 4 3 4 3 4 5 4 5 6 6 5 4 4 4")
    (course,) = courses_of(scores, unwell, [DAY + timedelta(days=step) for step in (0, 3, 7, 10)])
    assert [infusion.status for infusion in course.infusions] == ["not_yet", "carried", "carried", "carried"]
    first, second = course.runs
    assert (first.started_on, first.low, first.high, first.censored, first.infusions) == (
        DAY + timedelta(days=2), 8, 8, False, 2,
    )  # fmt: skip
    assert (second.started_on, second.low, second.censored, second.by, second.infusions) == (
        DAY + timedelta(days=14), 3, True, "diary_end", 0,
    )  # fmt: skip
    assert [(week.mean_change, week.mean_relief, week.responder_share) for week in course.weeks] == [
        (near(-1.8571), near(0.3095), near(5 / 7)),
        (near(-1), near(0.1667), near(2 / 7)),
        (near(-2), near(0.3333), 1.0),
    ]


def test_how_long_relief_lasted_over_four_responses():
    """
    5 days, at least 7, 8 days, 12 days.
    t = 5:  4 at risk, 1 lost: S = 3/4;              Greenwood 1/(4*3)           = 0.0833
    t = 8:  2 at risk (7 left unlost), 1 lost: 3/8;  Greenwood 0.0833 + 1/(2*1)  = 0.5833
    t = 12: 1 at risk, 1 lost: S = 0, both limits 0
    limits  S to the power of exp(-+ 1.96 sqrt(Greenwood) / ln S):
            at 5  1.96 * 0.2887 / 0.2877 = 1.9668; e^1.9668 = 7.147: 0.75^7.147 = 0.128, 0.75^(1/7.147) = 0.961
            at 8  1.96 * 0.7638 / 0.9808 = 1.5263; e^1.5263 = 4.601: 0.375^4.601 = 0.011, 0.375^(1/4.601) = 0.808
    median  the first t with S at 0.5 or less: 8. Interval: the lower limit is there at 5, the upper at 12.
    """
    times = [(5, True), (7, False), (8, True), (12, True)]
    at_5, at_8, at_12 = curve(times)
    assert [round(part, 3) for part in at_5] == [5, 0.75, 0.128, 0.961]
    assert [round(part, 3) for part in at_8] == [8, 0.375, 0.011, 0.808]
    assert at_12 == (12, 0.0, 0.0, 0.0)
    assert median_with_interval(times) == (8, (5, 12))
