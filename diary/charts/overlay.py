"""Infusions laid over one another, aligned at day 0: the chosen one strong, the rest pale, their median dark."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from diary.charts import layers as draw
from diary.charts.labels import Labels, around
from diary.charts.scale import apart, label, n, picture
from diary.lib.words import number, plural

WIDTH, HEIGHT = 640, 404
LEFT, TOP, BOTTOM, WORDS = 62, 14, 338, 112
LEAST_ENDS = 14  # from label to label at the right end
DIGIT = 7.2


@dataclass(frozen=True, slots=True)
class Aligned:
    """One infusion's scored days as (day since it, score 0-10), oldest first; `unwell` are days too unwell to log."""

    scores: Sequence[tuple[int, float]]
    unwell: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Levels:
    """The level that days are compared with, its words, and the score that counts as relief."""

    level: float | None = None
    words: str = "level before"
    counts_at: float | None = None
    thirty: float | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    """A point of a pale line that is worth a word, where there is room."""

    day: int
    score: float
    words: str


@dataclass(frozen=True, slots=True)
class Ahead:
    """Days that are still to come, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class _Plot:
    first: int
    last: int
    right: float
    bottom: float = BOTTOM

    @property
    def step(self) -> float:
        return (self.right - LEFT) / (self.last - self.first + 1)

    def x(self, day: float) -> float:
        return LEFT + (day - self.first + 0.5) * self.step

    def y(self, score: float) -> float:
        return self.bottom - score / 10 * (self.bottom - TOP)

    def at(self, point: tuple[int, float]) -> tuple[float, float]:
        return self.x(point[0]), self.y(point[1])


def overlay(
    chosen: Aligned, pale: Sequence[Aligned], middle: Sequence[tuple[int, int, float | None]], levels: Levels,
    names: tuple[str, str, str], title: str, spots: Sequence[Spot] = (), ahead: Ahead | None = None,
    counted: tuple[str, str] = ("logged", "infusions that day"), uid: str = "overlay", size: tuple[int, int] = (WIDTH, HEIGHT),
) -> str:  # fmt: skip
    """One drawing of aligned infusions.

    middle: (day, how many were logged, their median or None) for every day shown; names: of the chosen line, of the
    median, and of the chosen line in the description; counted: the words at both ends of the row of n.
    """
    days = [day for line in (chosen, *pale) for day, _ in line.scores] + [day for day, _, _ in middle] + [0]
    if ahead is not None:
        days.append(ahead.last)
    width, height = size
    plot = _Plot(min(days), max(max(days), 1), width - WORDS - 8, height - 66)
    body = _frame(plot, ahead)
    body += _path("pale", "".join(_line(plot, line.scores) for line in pale))
    body += _path(
        "paledots", "".join(_dot(*plot.at(point)) for line in pale for point in _alone(line.scores))
    )
    body += _levels(plot, levels)
    medians = [(day, value) for day, _, value in middle if value is not None]
    body += _path("median", _line(plot, medians))
    body += _path("picked", _line(plot, chosen.scores))
    body += _path("pickdots", "".join(_dot(*plot.at(point)) for point in chosen.scores))
    triangles = "".join(
        f"M{n(plot.x(day))} {n(plot.bottom - 7)}l4.2 7h-8.4z" for day in chosen.unwell if day >= plot.first
    )
    body += _path("unwell", triangles)
    body += _words(plot, chosen, medians, names, spots, levels) + _axis(plot, middle, counted)
    return picture(size, uid, title, _told(chosen, pale, medians, levels, names[2]), body, "chart overlay")


def _frame(plot: _Plot, ahead: Ahead | None) -> str:
    grid = "".join(f"M{LEFT} {n(plot.y(score))}H{n(plot.right)}" for score in (0, 5, 10))
    here = plot.x(0)
    box = ""
    if ahead is not None and ahead.first <= ahead.last:
        left, right = plot.x(ahead.first - 0.5), plot.x(ahead.last + 0.5)
        box = _path("tocome", f"M{n(left)} {TOP}H{n(right)}V{n(plot.bottom)}H{n(left)}Z")
        middle = (left + right) / 2
        box += label(middle, TOP + 44, "still", "", "middle") + label(
            middle, TOP + 58, "to come", "", "middle"
        )
    return (
        _path("grid", grid)
        + "".join(
            label(LEFT - 8, plot.y(score) + 4, words, "", "end")
            for score, words in ((10, "worst 10"), (5, "5"), (0, "none 0"))
        )
        + box
        + _path("inf", f"M{n(here)} {TOP}V{n(plot.bottom)}")
        + _path("infdot", f"M{n(here)} 9{draw.DROP}")
    )


def _path(cls: str, d: str) -> str:
    return f'<path class="{cls}" d="{d}"/>' if d else ""


def _dot(x: float, y: float) -> str:
    return f"M{n(x)} {n(y)}h0"


def _line(plot: _Plot, points: Sequence[tuple[int, float]]) -> str:
    """The points joined where no day is missing between."""
    d = ""
    for (day, score), (after, then) in pairwise(points):
        if after - day != 1:
            continue
        start = f"M{n(plot.x(day))} {n(plot.y(score))}"
        end = f"L{n(plot.x(after))} {n(plot.y(then))}"
        d += end if d.endswith(start[1:]) else start + end
    return d


def _alone(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """The points whose neighbouring days are both missing."""
    days = {day for day, _ in points}
    return [(day, score) for day, score in points if day - 1 not in days and day + 1 not in days]


def _levels(plot: _Plot, levels: Levels) -> str:
    return "".join(
        _path(name, f"M{LEFT} {n(plot.y(score))}H{n(plot.right)}")
        for name, score in (("base", levels.level), ("thirty", levels.thirty))
        if score is not None
    )


def _ends(plot: _Plot, levels: Levels) -> list[tuple[float, str, str]]:
    """(y, words, class) of the labels at the right end, moved apart."""
    wanted = []
    if levels.level is not None:
        wanted.append((levels.level, f"{levels.words} {number(levels.level)}", "lab"))
    if levels.thirty is not None:
        wanted.append((levels.thirty, f"counts at {number(levels.counts_at)} or less", ""))
    ys = apart([plot.y(score) + 4 for score, _, _ in wanted], LEAST_ENDS, TOP + 4, plot.bottom + 4)
    return [(y, words, cls) for y, (_, words, cls) in zip(ys, wanted, strict=True)]


def _words(
    plot: _Plot, chosen: Aligned, medians: Sequence[tuple[int, float]], names: tuple[str, str, str],
    spots: Sequence[Spot], levels: Levels,
) -> str:  # fmt: skip
    """The levels at the right end; the names of the two strong lines at theirs, or where there is room; the spots."""
    strong = [*_between(plot, chosen.scores), *_between(plot, medians)]
    labels = Labels((LEFT + 2, TOP, plot.right + WORDS, plot.bottom - 2), strong)
    found = ""
    for y, words, cls in _ends(plot, levels):
        labels.keep_free(words, (plot.right + 8, y, "start"))
        found += label(plot.right + 8, y, words, cls)
    if chosen.scores:
        found += labels.put(names[0], _along(plot, chosen.scores), "picklab", 7.4, True)
    if medians:
        found += labels.put(names[1], _along(plot, medians), "lab big", 7.4, True)
    for spot in spots:
        x, y = plot.at((spot.day, spot.score))
        below, above = (x, y + 18, "middle"), (x, y - 9, "middle")
        found += labels.put(spot.words, (below, above) if spot.score < 5 else (above, below), "halo")
    return found


def _along(plot: _Plot, points: Sequence[tuple[int, float]]) -> Iterable[tuple[float, float, str]]:
    """Places beside the last point, then beside those before it, then further below and above them."""
    for point in reversed(points):
        yield from around(*plot.at(point))
    for further in (20, 34, 48, 62):
        for point in reversed(points):
            x, y = plot.at(point)
            yield (x, y + further, "start")
            yield (x, y - further, "start")


def _between(plot: _Plot, points: Sequence[tuple[int, float]]) -> list[tuple[float, float]]:
    """Points of a line close enough together that no label fits between them."""
    found = [plot.at(point) for point in points]
    for (day, score), (after, then) in pairwise(points):
        if after - day == 1:
            found += [plot.at((day, score)), plot.at((after, then))]
            found += [
                (plot.x(day + part / 4), plot.y(score + (then - score) * part / 4)) for part in (1, 2, 3)
            ]
    return found


def _axis(plot: _Plot, middle: Sequence[tuple[int, int, float | None]], counted: tuple[str, str]) -> str:
    """Days under the axis, and how many infusions were logged on each."""
    every = 5 if plot.last - plot.first <= 40 else 10
    ticks = [day for day in range(plot.first, plot.last + 1) if day % every == 0]
    if plot.last < every:
        ticks = list(range(plot.first, plot.last + 1))
    y = plot.bottom
    body = _path("tick", "".join(f"M{n(plot.x(day))} {n(y)}v4" for day in ticks))
    if plot.x(0) - LEFT > 30:
        body += label(LEFT - 8, y + 18, "day", "", "end")
    body += "".join(
        label(plot.x(day), y + 18, "day 0" if day == 0 else str(day), "ink", "middle") for day in ticks
    )
    body += label(LEFT - 8, y + 42, counted[0], "", "end")
    skip = _skip(plot, [(day, logged) for day, logged, _ in middle if logged])
    body += "".join(
        label(plot.x(day), y + 42, str(logged), "", "middle")
        for day, logged, _ in middle
        if logged and day % skip == 0
    )
    return body + label(plot.right + 8, y + 42, counted[1])


def _skip(plot: _Plot, counts: Sequence[tuple[int, int]]) -> int:
    """Every how many days a figure has room beside the next one."""
    for skip in range(1, 60):
        shown = [(plot.x(day), DIGIT * len(str(logged)) / 2) for day, logged in counts if day % skip == 0]
        if all(x + half + 2 <= then - other for (x, half), (then, other) in pairwise(shown)):
            return skip
    return 60


def _told(
    chosen: Aligned, pale: Sequence[Aligned], medians: Sequence[tuple[int, float]], levels: Levels, name: str
) -> str:  # fmt: skip
    """The finding in words: the chosen line day by day, the median, the level."""
    said = ", ".join(f"day {day} {number(score)}" for day, score in chosen.scores) or "no logged day"
    text = f"{name[:1].upper()}{name[1:]}: {said}. {plural(len(pale), 'other infusion')} pale."
    if medians:
        text += " Median where 4 or more were logged: "
        text += ", ".join(f"day {day} {number(value)}" for day, value in medians) + "."
    if levels.level is not None:
        text += f" {levels.words[:1].upper()}{levels.words[1:]} {number(levels.level)}"
        text += f"; a day counts as relief at {number(levels.counts_at)} or less." if levels.thirty else "."
    return text + " 0 is none, 10 the worst; lower is better."
