"""Doses on the desk's time axis: a total in steps with what may come on top, and a bar for each other medicine."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from diary.charts import ends
from diary.charts import layers as draw
from diary.charts.desk import DESK_PLOT, LEAST_DROPS, LEFT, RIGHT, WIDTH, WORDS, through
from diary.charts.hatching import hatch
from diary.charts.model import A_DAY, Frame, Mark
from diary.charts.scale import Plot, label, n, picture
from diary.charts.words import period
from diary.lib.words import MONTHS, date_short, number, plural

HEIGHT, TOP, BOTTOM = 270, 46, 244
ROW, ROW_BOTTOM, THIN, THICK = 48, 40, 6, 12
SMALL_TOP, SMALL_BOTTOM = 36, 74
CHANGE_ROWS = (13, 28)  # where the words of changes stand
LETTER = 6.2  # units of the drawing that a letter of 12 needs
ROUND = (1, 2, 5)
LONG = 800  # days from which on only years are named


@dataclass(frozen=True, slots=True)
class DoseStep:
    """A run of days with one total, and with what is allowed on top of it; `words` say what it is made of."""

    first: date
    last: date
    total: float
    on_top: float = 0
    words: str = ""


@dataclass(frozen=True, slots=True)
class DoseBar:
    """A run of days with one dose: its words, also short, its height as a share of the highest.

    is_note: it counts for nothing.
    """

    first: date
    last: date
    words: str
    short: str = ""
    share: float = 1.0
    is_note: bool = False


def dose_chart(
    steps: Sequence[DoseStep], frame: Frame, marks: Sequence[Mark], unit: str, end: str, top_words: Sequence[str] = (),
    uid: str = "doses",
) -> str:  # fmt: skip
    """The total as a stepped line over the days, the maximum on top of it hatched, infusions as hairlines.

    steps: one after the other, covering the frame; unit: "MME a day"; end: what the last step is made of.
    """
    most = max((step.total + step.on_top for step in steps), default=0)
    gap = gap_of(most)
    plot, lines = Plot(frame, LEFT, RIGHT, TOP, BOTTOM), lines_of(most, gap)
    ceiling = lines[-1]

    def y(value: float) -> float:
        return BOTTOM - value / ceiling * (BOTTOM - TOP)

    body = ends.month_lines(plot, TOP, HEIGHT)
    body += "".join(
        label(plot.edge(day) + 4, HEIGHT - 8, short_month(day, frame)) for day in ends.spaced_months(plot, 54)
    )
    body += plot.path("grid", "".join(f"M{LEFT} {n(y(value))}H{RIGHT}" for value in lines[1:]))
    body += plot.path("axis0", f"M{LEFT} {BOTTOM}H{RIGHT}")
    body += "".join(label(LEFT - 8, y(value) + 4, number(value), "", "end") for value in lines)
    body += _on_top(plot, steps, y) + _stairs(plot, steps, y) + _step_labels(plot, steps, y)
    body += _infusions(plot, steps, marks, y) + _top_words(plot, steps, y, top_words)
    last = steps[-1] if steps else None
    if last is not None:
        at = min(y(last.total), BOTTOM - 18)
        body += label(WORDS, at + 4, f"{number(last.total, 2)} {unit}", "lab")
        body += label(WORDS, at + 19, _cut(end, WIDTH - WORDS))
    return picture(
        (WIDTH, HEIGHT), uid, f"Opioids, {unit}, {period(frame.since, frame.until)}", told(steps, unit), body
    )


def dose_bars(bars: Sequence[DoseBar], frame: Frame, title: str, end: str, uid: str) -> str:
    """A row of bars on the same axis; the higher the bar the higher the dose of this medicine."""
    plot = Plot(frame, LEFT, RIGHT, 0, ROW)
    body, free = ends.month_lines(plot, 0, ROW), float(LEFT)
    shapes, words = {"medbar": "", "mednote": ""}, ""
    for bar, following in zip(bars, [*bars[1:], None], strict=True):
        left, right = _inside(plot, bar.first, bar.last)
        height = THIN + (THICK - THIN) * bar.share
        name = "mednote" if bar.is_note else "medbar"
        shapes[name] += (
            f"M{n(left)} {n(ROW_BOTTOM - height)}H{n(max(left + 1, right - 1))}V{ROW_BOTTOM}H{n(left)}Z"
        )
        end_at = plot.edge(following.first) if following else float(RIGHT)
        for said in (bar.words, bar.short):
            start = min(left + 6, RIGHT - LETTER * len(said)) if following is None else left + 6
            if said and start >= free and start + LETTER * len(said) <= end_at:
                words += label(start, ROW_BOTTOM - height - 4, said, "ink halo")
                free = start + LETTER * len(said) + 8
                break
    body += "".join(plot.path(name, d) for name, d in shapes.items()) + words
    body += label(WORDS, ROW_BOTTOM - 1, _cut(end, WIDTH - WORDS), "lab" if end != "ended" else "")
    told = "; ".join(f"{bar.words} from {_day(bar.first, frame)} to {_day(bar.last, frame)}" for bar in bars)
    return picture((WIDTH, ROW), uid, title, f"{told}." if told else "Not taken in this time.", body)


def dose_lane(
    steps: Sequence[DoseStep], frame: Frame, marks: Sequence[Mark], changes: Sequence[tuple[date, str]], unit: str,
    uid: str = "dose-lane", chosen: date | None = None,
) -> str:  # fmt: skip
    """One low lane of a timeline: the total in steps, and over it a triangle for each change, with its words.

    changes: (day, words), oldest first; words that have no room are left out, the triangle stays.
    """
    most = max((step.total + step.on_top for step in steps), default=0)
    bottom = SMALL_BOTTOM if most else SMALL_TOP + 4
    height = bottom + 6
    plot, ceiling = Plot(frame, LEFT, RIGHT, SMALL_TOP, bottom), lines_of(most, gap_of(most))[-1]

    def y(value: float) -> float:
        return SMALL_BOTTOM - value / ceiling * (SMALL_BOTTOM - SMALL_TOP)

    body = ""
    if most:
        body += plot.path("grid", f"M{LEFT} {SMALL_TOP}H{RIGHT}M{LEFT} {SMALL_BOTTOM}H{RIGHT}")
        body += label(LEFT - 6, SMALL_TOP + 4, number(ceiling), "", "end")
        body += label(LEFT - 6, SMALL_BOTTOM + 3, "0", "", "end")
        body += _on_top(plot, steps, y) + _stairs(plot, steps, y, SMALL_BOTTOM)
        at = min(max(y(steps[-1].total) + 4, SMALL_TOP + 4), SMALL_BOTTOM + 3)
        body += label(WORDS, at, f"{number(steps[-1].total, 2)} {unit}", "lab")
    body += through(frame, marks, chosen, height) + _change_marks(plot, changes)
    finding = told(steps, unit) if most else ""
    said = "; ".join(f"{words} on {date_short(on)} {on.year}" for on, words in changes if frame.holds(on))
    finding += f" {plural(said.count(';') + 1, 'change')}: {said}." if said else " Nothing changed."
    name = f"Opioids, {unit}, and changes" if most else "Changes of medicines"
    title = f"{name}, {period(frame.since, frame.until)}"
    return picture((WIDTH, height), uid, title, finding.strip(), body)


def _change_marks(plot: Plot, changes: Sequence[tuple[date, str]]) -> str:
    """Triangles that point down at their days, in two rows, so that their words stay apart."""
    shapes, texts, free = "", "", [plot.left] * len(CHANGE_ROWS)
    for on, words in changes:
        if not plot.frame.holds(on):
            continue
        x, width = plot.x(on), LETTER * len(words)
        room = [row for row, at in enumerate(free) if x - 6 >= at]
        row = room[0] if room else max(range(len(free)), key=lambda one: -free[one])
        shapes += f"M{n(x - 4.5)} {n(CHANGE_ROWS[row] - 8)}h9l-4.5 7z"
        if room and x + 8 + width <= WIDTH:
            texts += label(x + 8, CHANGE_ROWS[row], words, "medlab")
            free[row] = x + 8 + width + 4
            continue
        before = [one for one in room if x - 8 - width >= free[one]]
        if before and row == before[0]:
            texts += label(x - 8, CHANGE_ROWS[row], words, "medlab", "end")
        free[row] = x + 10
    return plot.path("medmark", shapes) + texts


def short_month(day: date, frame: Frame) -> str:
    """ "Dec", "Jan 2026"; years alone where the time is long."""
    if frame.days > LONG:
        return str(day.year)
    return f"{MONTHS[day.month - 1][:3]} {day.year}" if day.month == 1 else MONTHS[day.month - 1][:3]


def gap_of(most: float) -> float:
    """The distance of the scale's lines: 1, 2 or 5 times a power of ten, five lines at most."""
    power = 1.0
    while True:
        for one in ROUND:
            if one * power * 5 >= most:
                return one * power
        power *= 10


def lines_of(most: float, gap: float) -> list[float]:
    count = max(1, int(-(-most // gap)))
    return [gap * line for line in range(count + 1)]


def _inside(plot: Plot, first: date, last: date) -> tuple[float, float]:
    """Where a run of days begins and ends, as far as it is shown."""
    frame = plot.frame
    return plot.edge(max(first, frame.since)), plot.edge(min(last, frame.until) + A_DAY)


def _on_top(plot: Plot, steps: Sequence[DoseStep], y) -> str:  # type: ignore[no-untyped-def]
    hatched, outline = "", ""
    for step in steps:
        if step.on_top:
            left, right = _inside(plot, step.first, step.last)
            high, low = y(step.total + step.on_top), y(step.total)
            hatched += hatch(left, high, right - left, low - high, 5)
            outline += f"M{n(left)} {n(low)}V{n(high)}H{n(right)}V{n(low)}"
    return plot.path("gap", hatched) + plot.path("mmetop", outline)


def _stairs(plot: Plot, steps: Sequence[DoseStep], y, bottom: float = BOTTOM) -> str:  # type: ignore[no-untyped-def]
    if not any(step.total for step in steps):
        return ""
    d = ""
    for step in steps:
        left, right = _inside(plot, step.first, step.last)
        d += f"{'V' if d else f'M{n(left)} '}{n(y(step.total))}H{n(right)}"
    fill = f"{d}V{n(bottom)}H{n(plot.left)}Z"
    return plot.path("mmefill", fill) + plot.path("mme", d)


def _step_labels(plot: Plot, steps: Sequence[DoseStep], y) -> str:  # type: ignore[no-untyped-def]
    """The total at each step that is wide enough for it, under the line, or over it where there is no room."""
    found = ""
    for step in steps:
        left, right = _inside(plot, step.first, step.last)
        figure, width = number(step.total, 2), right - left
        if not step.total or width < 12 + 7.5 * len(figure):
            continue
        at = y(step.total)
        base = at + 18 if BOTTOM - at >= 40 else at - 22
        words = step.words if width >= 12 + LETTER * len(step.words) else ""
        found += label(left + 8, base if words or base > at else base + 16, figure, "val")
        found += label(left + 8, base + 16, words, "ink") if words else ""
    return found


def _infusions(plot: Plot, steps: Sequence[DoseStep], marks: Sequence[Mark], y) -> str:  # type: ignore[no-untyped-def]
    inside = [mark for mark in marks if plot.frame.holds(mark.on)]
    if not inside:
        return ""
    named = label(plot.x(inside[0].on) - 10, 15, "infusions", "inflab", "end")
    if plot.x(inside[0].on) - 10 - 9 * LETTER < plot.left:
        named = label(WORDS, 15, "infusions", "inflab")
    if len(inside) * LEAST_DROPS > DESK_PLOT:
        return draw.ticks(plot, inside, 6, 14) + named
    lines = ""
    for mark in inside:
        step = next((one for one in steps if one.first <= mark.on <= one.last), None)
        lines += f"M{n(plot.x(mark.on))} 16V{n(y(step.total + step.on_top) - 3 if step else BOTTOM)}"
    drops = "".join(f"M{n(plot.x(mark.on))} 13{draw.DROP}" for mark in inside)
    return plot.path("inf soft", lines) + plot.path("infdot", drops) + named


def _top_words(plot: Plot, steps: Sequence[DoseStep], y, words: Sequence[str]) -> str:  # type: ignore[no-untyped-def]
    """What the hatching is, at the right end of it, or inside where it reaches the end."""
    hatched = [step for step in steps if step.on_top]
    if not hatched or not words:
        return ""
    widest = max(len(line) for line in words) * LETTER
    _, right = _inside(plot, hatched[-1].first, hatched[-1].last)
    left = (
        min(right + 8, plot.right - widest)
        if right + 8 + widest <= plot.right
        else max(plot.left + 8, plot.right - widest)
    )
    top = y(hatched[-1].total + hatched[-1].on_top) + 4 if right + 8 + widest <= plot.right else TOP - 14
    return "".join(label(left, top + 15 * at, line, "ink halo") for at, line in enumerate(words))


def told(steps: Sequence[DoseStep], unit: str) -> str:
    told = []
    for step in steps:
        on_top = f", at most {number(step.on_top, 2)} more as needed" if step.on_top else ""
        made = f", {step.words}" if step.words else ""
        told.append(f"{number(step.total, 2)} from {date_short(step.first)} {step.first.year}{made}{on_top}")
    return f"{plural(len(steps), 'step')} of {unit}: {'; '.join(told)}." if told else "Nothing recorded."


def _day(on: date, frame: Frame) -> str:
    shown = min(max(on, frame.since), frame.until)
    return f"{date_short(shown)} {shown.year}"


def _cut(words: str, room: float) -> str:
    most = int(room // LETTER)
    return words if len(words) <= most else words[: most - 1] + "…"
