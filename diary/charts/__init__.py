"""The charts' grammar: series of days in, SVG text out; pure, and the same data gives the same text.

0 is at the bottom and 10 at the top of every chart: high is hard, low is calm. Missing days break the line
and are hatched; nothing is smoothed. Where days are finer than pixels each bar is a span of days from its
lowest to its highest score, with a dot at the middle score, and `bin_words` says so.
"""

from diary.charts.bars import bin_words
from diary.charts.brief import brief_lanes
from diary.charts.desk import DESK_PLOT, empty_timeline, timeline
from diary.charts.doses import DoseBar, DoseStep, dose_bars, dose_chart, dose_lane
from diary.charts.durations import durations_chart
from diary.charts.events import Event, Stretch, event_lane, stretch_lane
from diary.charts.followed import LEAD_DAYS, curve, gap_chart, infusion_chart
from diary.charts.model import Day, Frame, Mark, Series, Timeline, Week, gaps
from diary.charts.moments import Moment, moments
from diary.charts.overlay import Ahead, Aligned, Levels, Spot, overlay
from diary.charts.phone import (
    PHONE_PLOT,
    beginning_chart,
    has_weeks_row,
    key_of,
    small_chart,
    story_chart,
)
from diary.charts.points import Dot, points_chart
from diary.charts.printed import print_chart
from diary.charts.printed_doses import print_doses
from diary.charts.small import SPARK_FRAME, spark, squares
from diary.charts.table import Row, table_rows
from diary.charts.weekly import MOST_WEEKS, Gap, RunBar, WeekCell, weekly_chart
from diary.charts.words import describe

__all__ = [
    "DESK_PLOT",
    "LEAD_DAYS",
    "MOST_WEEKS",
    "PHONE_PLOT",
    "SPARK_FRAME",
    "Ahead",
    "Aligned",
    "Day",
    "DoseBar",
    "DoseStep",
    "Dot",
    "Event",
    "Frame",
    "Gap",
    "Levels",
    "Mark",
    "Moment",
    "Row",
    "RunBar",
    "Series",
    "Spot",
    "Stretch",
    "Timeline",
    "Week",
    "WeekCell",
    "beginning_chart",
    "bin_words",
    "brief_lanes",
    "curve",
    "describe",
    "dose_bars",
    "dose_chart",
    "dose_lane",
    "durations_chart",
    "empty_timeline",
    "event_lane",
    "gap_chart",
    "gaps",
    "has_weeks_row",
    "infusion_chart",
    "key_of",
    "moments",
    "overlay",
    "points_chart",
    "print_chart",
    "print_doses",
    "small_chart",
    "spark",
    "squares",
    "story_chart",
    "stretch_lane",
    "table_rows",
    "timeline",
    "weekly_chart",
]
