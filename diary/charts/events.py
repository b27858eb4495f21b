"""Days on which something happened, as one low lane of the desk's time axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from diary.charts import ends
from diary.charts.desk import LEFT, RIGHT, WIDTH, WORDS
from diary.charts.model import Frame
from diary.charts.scale import Plot, label, n, picture
from diary.charts.words import period
from diary.lib.words import date_short, plural

HEIGHT, TOP, BOTTOM = 34, 10, 26
SIDE = 9  # of a mark, in units of the drawing
TOLD = 12


@dataclass(frozen=True, slots=True)
class Event:
    """One day: what it was in a word or two, and whether it lies ahead."""

    on: date
    words: str
    is_ahead: bool = False


def event_lane(events: Sequence[Event], frame: Frame, noun: str, uid: str = "events") -> str:
    """A square each event, hollow where it lies ahead; the last one named at the end. `noun` is singular: "session"."""
    plot = Plot(frame, LEFT, RIGHT, TOP, BOTTOM)
    inside = [event for event in events if frame.holds(event.on)]
    body = ends.month_lines(plot, 0, HEIGHT)
    for name, is_ahead in (("sqf", False), ("sq", True)):
        shapes = "".join(
            f"M{n(plot.x(event.on) - SIDE / 2)} {n((TOP + BOTTOM - SIDE) / 2)}h{SIDE}v{SIDE}h-{SIDE}Z"
            for event in inside
            if event.is_ahead is is_ahead
        )
        body += plot.path(name, shapes)
    if inside:
        body += label(WORDS, (TOP + BOTTOM) / 2 + 4, f"last {date_short(inside[-1].on)}", "lab")
    told = ", ".join(f"{event.words} on {date_short(event.on)} {event.on.year}" for event in inside[-TOLD:])
    words = plural(len(inside), noun) + (f", the last: {told}." if inside else ".")
    title = f"{noun.capitalize()}s, {period(frame.since, frame.until)}"
    return picture((WIDTH, HEIGHT), uid, title, words, body)
