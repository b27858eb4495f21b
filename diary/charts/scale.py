"""Where things lie on a chart, how each layer looks in print, and text that stays readable."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from diary.charts.model import Frame

FINEST = 1.2  # units of the drawing that a day needs to be drawn as a day
FINEST_BAR = 2.4
TIDE, INK, INK_2, EDGE, LINE, DROP_COLOUR, NOTE, WATER = (
    "#0A5A63", "#13242B", "#47585F", "#7C878B", "#DCD6C8", "#A8481F", "#7A5A00", "#DCEAE8",
)  # fmt: skip
PRINT = {
    "grid": f'stroke="{LINE}" stroke-width=".7" fill="none"',
    "gap": f'stroke="{EDGE}" stroke-width=".5" fill="none" stroke-opacity=".8"',
    "water": f'fill="{WATER}"',
    "line": f'fill="none" stroke="{TIDE}" stroke-width="1.2" stroke-linejoin="round" stroke-linecap="round"',
    "dots": f'fill="none" stroke="{TIDE}" stroke-width="2.6" stroke-linecap="round"',
    "dots fine": f'fill="none" stroke="{TIDE}" stroke-width="1.9" stroke-linecap="round"',
    "late": f'fill="#fff" stroke="{TIDE}" stroke-width="1.1"',
    "helped": f'fill="none" stroke="{TIDE}" stroke-width="1"',
    "unwell": f'fill="{NOTE}"',
    "base": f'fill="none" stroke="{INK}" stroke-width="1.1" stroke-dasharray="5 3"',
    "thirty": f'fill="none" stroke="{INK}" stroke-width="1" stroke-dasharray="1 3" stroke-linecap="round"',
    "inf": f'fill="none" stroke="{DROP_COLOUR}" stroke-width="1"',
    "inf soft": f'fill="none" stroke="{DROP_COLOUR}" stroke-width="1" stroke-opacity=".55"',
    "inftick": f'fill="none" stroke="{DROP_COLOUR}" stroke-width="1"',
    "infdot": f'fill="{DROP_COLOUR}"',
    "met": f'fill="none" stroke="{INK}" stroke-width="1"',
    "bars": f'fill="none" stroke="{TIDE}" stroke-opacity=".45"',
    "mids": f'fill="none" stroke="{TIDE}" stroke-linecap="round"',
    "month": f'fill="none" stroke="{LINE}" stroke-width=".7"',
}
# What XML does not allow, however it came into a name.
UNPRINTABLE = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535, *range(55296, 57344)))


def bar_days(step: float) -> int:
    """How many days one bar stands for at so many units a day: a week, or four where weeks are too fine."""
    return 7 if step * 7 >= FINEST_BAR else 28


def safe(words: str) -> str:
    """Text for an element or a quoted attribute of the drawing."""
    return escape(words.translate(UNPRINTABLE))


@dataclass(frozen=True, slots=True)
class Plot:
    """Where days and scores lie: left, right, top, bottom in units of the drawing."""

    frame: Frame
    left: float
    right: float
    top: float
    bottom: float
    is_print: bool = False

    @property
    def step(self) -> float:
        return (self.right - self.left) / self.frame.days

    @property
    def is_dense(self) -> bool:
        return self.step < FINEST

    def x(self, day: date) -> float:
        """The middle of a day."""
        return self.left + ((day - self.frame.since).days + 0.5) * self.step

    def edge(self, day: date) -> float:
        """Where a day begins."""
        return self.left + (day - self.frame.since).days * self.step

    def y(self, score: float) -> float:
        return self.bottom - score / 10 * (self.bottom - self.top)

    def path(self, name: str, d: str, extra: str = "") -> str:
        """One layer: by class on the screen, by attributes in print; nothing where there is nothing."""
        if not d:
            return ""
        looks = PRINT[name] if self.is_print else f'class="{name}"'
        return f'<path {looks}{extra} d="{d}"/>'


def n(x: float) -> str:
    """A coordinate with at most one decimal."""
    text = f"{x:.1f}"
    return text[:-2] if text.endswith(".0") else text


def apart(wanted: Sequence[float], least: float, low: float, high: float) -> list[float]:
    """Heights of labels moved apart so that neighbours are at least `least` away, kept within low..high.

    The order of `wanted` (top to bottom) stays.
    """
    placed: list[float] = []
    for y in wanted:
        placed.append(max(y, placed[-1] + least) if placed else max(y, low))
    if placed and placed[-1] > high:
        placed[-1] = high
        for i in range(len(placed) - 2, -1, -1):
            placed[i] = min(placed[i], placed[i + 1] - least)
    return placed


def label(x: float, y: float, words: str, cls: str = "", anchor: str = "", attributes: str = "") -> str:
    """A text; `attributes` carry the looks in print."""
    looks = f' class="{cls}"' if cls else ""
    looks += f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{n(x)}" y="{n(y)}"{looks}{attributes}>{safe(words)}</text>'


def picture(size: tuple[int, int], uid: str, title: str, desc: str, body: str, cls: str = "chart") -> str:
    """The whole drawing with its name and its finding in words."""
    width, height = size
    return (
        f'<svg class="{cls}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{uid}-t {uid}-d">'
        f'<title id="{uid}-t">{safe(title)}</title><desc id="{uid}-d">{safe(desc)}</desc>{body}</svg>'
    )
