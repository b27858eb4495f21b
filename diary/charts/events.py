"""Days on which something happened, as one low lane of the desk's time axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from diary.charts.desk import LEFT, RIGHT, WIDTH, WORDS, through
from diary.charts.model import Frame, Mark
from diary.charts.scale import Plot, label, n, picture
from diary.charts.words import period
from diary.lib.words import date_short, plural

HEIGHT, TOP, BOTTOM = 34, 10, 26
SIDE = 9  # of a mark, in units of the drawing
TOLD = 12
ROWS, STEP = 3, 8.5


@dataclass(frozen=True, slots=True)
class Event:
    """One day: what it was in a word or two, and whether it lies ahead; `open_words`: what is still to be said of it."""

    on: date
    words: str
    is_ahead: bool = False
    open_words: str = ""

    @property
    def is_hollow(self) -> bool:
        return self.is_ahead or bool(self.open_words)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Something that runs from a day to another, or on (None), with the days on which it was done."""

    since: date
    until: date | None
    words: str
    done: Sequence[date] = ()


def event_lane(
    events: Sequence[Event], frame: Frame, noun: str, uid: str = "events", shape: str = "square",
    marks: Sequence[Mark] = (), chosen: date | None = None,
) -> str:  # fmt: skip
    """A mark each event, hollow where it lies ahead or something is open; at the end the next one, else the last.

    `noun` is singular: "session".

    shape: "square", "tick" (narrow, for what comes often) or "flag"; marks: infusions as hairlines.
    """
    plot = Plot(frame, LEFT, RIGHT, TOP, BOTTOM)
    inside = [event for event in events if frame.holds(event.on)]
    filled, draw = SHAPES[shape]
    body = through(frame, marks, chosen, HEIGHT)
    for name, is_hollow in ((filled, False), ("sq", True)):
        middle = (TOP + BOTTOM) / 2
        shapes = "".join(draw(plot.x(event.on), middle) for event in inside if event.is_hollow is is_hollow)
        body += plot.path(name, shapes)
    ahead = next((event.on for event in events if event.is_ahead), None)
    end = f"next {date_short(ahead)}" if ahead else _last(inside[-1]) if inside else ""
    if end:
        body += label(WORDS, (TOP + BOTTOM) / 2 + 4, end, "lab")
    told = ", ".join(_event_told(event) for event in inside[-TOLD:])
    words = plural(len(inside), noun) + (f", the last: {told}." if inside else ".")
    title = f"{noun.capitalize()}s, {period(frame.since, frame.until)}"
    return picture((WIDTH, HEIGHT), uid, title, words, body)


def stretch_lane(
    stretches: Sequence[Stretch], frame: Frame, noun: str, uid: str = "stretches",
    marks: Sequence[Mark] = (), chosen: date | None = None,
) -> str:  # fmt: skip
    """A bar each stretch, at most three above one another, with a tick on each day on which it was done."""
    plot = Plot(frame, LEFT, RIGHT, TOP, BOTTOM)
    inside = [
        one
        for one in stretches
        if one.since <= frame.until and (one.until is None or one.until >= frame.since)
    ]
    bars, ticks, free = "", "", [frame.since] * ROWS
    for one in inside:
        last = min(one.until or frame.until, frame.until)
        first = max(one.since, frame.since)
        row = next((row for row in range(ROWS) if free[row] <= first), ROWS - 1)
        free[row] = last
        y = STEP * row + STEP
        bars += f"M{n(plot.edge(first))} {n(y)}H{n(max(plot.edge(last), plot.edge(first) + 3))}"
        ticks += "".join(f"M{n(plot.x(day))} {n(y - 4)}v8" for day in one.done if frame.holds(day))
    body = through(frame, marks, chosen, HEIGHT) + plot.path("stretch", bars) + plot.path("donetick", ticks)
    told = "; ".join(_told(one) for one in inside[-TOLD:])
    words = plural(len(inside), noun) + (f": {told}." if inside else ".")
    title = f"{noun.capitalize()}s, {period(frame.since, frame.until)}"
    return picture((WIDTH, HEIGHT), uid, title, words, body)


def _last(event: Event) -> str:
    return (
        f"{date_short(event.on)} {event.open_words}" if event.open_words else f"last {date_short(event.on)}"
    )


def _event_told(event: Event) -> str:
    still = f" ({event.open_words})" if event.open_words else ""
    return f"{event.words} on {date_short(event.on)} {event.on.year}{still}"


def _told(one: Stretch) -> str:
    until = f" to {date_short(one.until)}" if one.until else " on"
    done = f", done on {plural(len(one.done), 'day')}" if one.done else ""
    return f"{one.words}, from {date_short(one.since)} {one.since.year}{until}{done}"


def _square(x: float, y: float) -> str:
    return f"M{n(x - SIDE / 2)} {n(y - SIDE / 2)}h{SIDE}v{SIDE}h-{SIDE}Z"


def _tick(x: float, y: float) -> str:
    return f"M{n(x - 1.5)} {n(y - 6)}h3v12h-3Z"


def _flag(x: float, y: float) -> str:
    return f"M{n(x - 4)} {n(y + 7)}v-14l9 4.5l-7 3.5v6Z"


SHAPES = {"square": ("sqf", _square), "tick": ("notetick", _tick), "flag": ("flagmark", _flag)}
