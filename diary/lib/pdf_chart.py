"""Our charts' SVG as operators of PDF: WeasyPrint's own SVG sets each letter by itself, a fifth of a report's time."""

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"
SILENT = {f"{SVG}title", f"{SVG}desc"}  # what a screen reader is told of by the image's own words
INLINE = re.compile(r"<svg .*?</svg>", re.DOTALL)
TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
TOKEN = re.compile(r"([MmLlHhVvCcAaZz])|(-?(?:\d+\.?\d*|\.\d+))")
TAKES = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "A": 7, "Z": 0}
CAPS = {"butt": 0, "round": 1, "square": 2}
CIRCLE = 0.5523  # how far the handles of a quarter of a circle reach, in radii


def taken_out(html: str, home: str) -> tuple[str, dict[str, str]]:
    """The document with each inline SVG as an image of the same name, and the drawings by address."""
    found: dict[str, str] = {}

    def image(match: re.Match[str]) -> str:
        address = f"{home}drawing/{len(found)}"
        found[address] = match[0]
        title = TITLE.search(match[0])
        return f'<img src="{address}" alt="{title[1] if title else ""}">'

    return INLINE.sub(image, html), found


def number(value: float) -> str:
    """A number as PDF writes it, with two decimals at most."""
    return f"{round(value, 2) or 0:g}"


def outline(d: str) -> str:
    """The path of SVG in operators of PDF. Arcs are halves of a circle on a level chord: charts have no others."""
    out: list[str] = []
    x = y = start_x = start_y = 0.0
    for command, at in _commands(d):
        kind = command.upper()
        if command != kind:  # relative
            at = _absolute(kind, at, x, y)
        if kind == "Z":
            out.append("h")
            x, y = start_x, start_y
        elif kind == "A":
            out += _half_circle(x, y, at)
            x, y = at[5:]
        elif kind == "C":
            out.append(" ".join(map(number, at)) + " c")
            x, y = at[4:]
        else:
            x, y = (at[0], y) if kind == "H" else (x, at[0]) if kind == "V" else (at[0], at[1])
            if kind == "M":
                start_x, start_y = x, y
            out.append(f"{number(x)} {number(y)} {'m' if kind == 'M' else 'l'}")
    return "\n".join(out)


def _commands(d: str) -> Iterator[tuple[str, list[float]]]:
    command = ""
    numbers: list[float] = []
    for letter, text in TOKEN.findall(d):
        if letter:
            command, numbers = letter, []
        else:
            numbers.append(float(text))
        if len(numbers) == TAKES[command.upper()]:
            yield command, numbers
            numbers = []


def _absolute(kind: str, at: list[float], x: float, y: float) -> list[float]:
    if kind == "H":
        return [at[0] + x]
    if kind == "V":
        return [at[0] + y]
    if kind == "A":
        return [*at[:5], at[5] + x, at[6] + y]
    return [value + (y if place % 2 else x) for place, value in enumerate(at)]


def _half_circle(x: float, y: float, at: list[float]) -> Iterator[str]:
    radius, _, _, _, sweep, end_x, end_y = at
    if abs(end_y - y) > 0.01 or abs(abs(end_x - x) - 2 * radius) > 0.01:
        raise ValueError("only half circles on a level chord are drawn")
    along = radius if end_x > x else -radius
    down = radius if (sweep == 0) == (end_x > x) else -radius
    middle, reach = x + along, CIRCLE * along
    for points in (
        (x, y + CIRCLE * down, middle - reach, y + down, middle, y + down),
        (middle + reach, y + down, end_x, y + CIRCLE * down, end_x, y),
    ):
        yield " ".join(map(number, points)) + " c"


def colour(text: str, opacity: str | None = None) -> str:
    """#rrggbb or #rgb as three shares; what shines through is mixed with the white of the paper."""
    digits = text.removeprefix("#")
    digits = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    part = float(opacity) if opacity else 1
    shares = (1 - part + part * int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return " ".join(f"{share:.3g}" for share in shares)


class Drawing:
    """A chart that WeasyPrint places as an image: it asks for the size, and has it drawn into the page.

    Its dialect is that of diary/charts in print: paths and texts side by side, each with its own attributes.
    """

    def __init__(self, svg: str, fonts: Any, families: list[str]) -> None:
        self.root = ElementTree.fromstring(svg)  # noqa: S314 - our own charts, which escape what they hold
        self.fonts, self.families = fonts, families
        self.width, self.height = (float(part) for part in self.root.get("viewBox", "").split()[2:])
        self.styles: dict[tuple[str, str], Any] = {}

    def get_intrinsic_size(self, _resolution: object, _font_size: object) -> tuple[float, float, float]:
        return self.width, self.height, self.width / self.height

    def draw(self, stream: Any, width: float, _height: float, _style: object) -> None:
        scale = width / self.width
        stream.push_state()
        stream.transform(a=scale, d=scale)
        for node in self.root:
            if node.tag == f"{SVG}path":
                stream.stream.append("\n".join(_path(node)))
            elif node.tag == f"{SVG}text":
                self._text(stream, node)
            elif node.tag not in SILENT:
                raise ValueError(f"a chart in print holds {node.tag}, which is not drawn")
        stream.pop_state()

    def _text(self, stream: Any, node: Any) -> None:
        from weasyprint.draw.text import draw_first_line
        from weasyprint.matrix import Matrix
        from weasyprint.text.line_break import Layout, line_size

        style = self._style(node.get("font-size", "10"), node.get("font-weight", "400"))
        layout = Layout(style)
        layout.set_text(node.text or "")
        x = float(node.get("x"))
        if anchor := node.get("text-anchor"):
            x -= line_size(layout.get_first_line()[0], style)[0] * {"middle": 0.5, "end": 1}[anchor]
        stream.stream.append(f"{colour(node.get('fill'))} rg")
        stream.begin_text()
        draw_first_line(
            stream, _Line(layout, style), "none", "none", Matrix(d=-1, e=x, f=float(node.get("y")))
        )
        stream.end_text()

    def _style(self, size: str, weight: str) -> Any:
        if (size, weight) not in self.styles:
            style = _style(self.fonts)
            style.update(font_family=self.families, font_size=float(size), font_weight=int(weight))
            self.styles[size, weight] = style
        return self.styles[size, weight]


class _Line:
    """What WeasyPrint asks of a line of text that it sets."""

    def __init__(self, layout: Any, style: Any) -> None:
        self.pango_layout, self.style, self.text, self.baseline = layout, style, layout.text, 0


def _style(fonts: Any) -> Any:
    from weasyprint.css.properties import INITIAL_VALUES

    class Style(dict):  # type: ignore[type-arg]
        """The initial values of CSS, with the fonts that they stand for."""

        font_config = fonts

    return Style(INITIAL_VALUES)


def _path(node: Any) -> Iterator[str]:
    fill, stroke = node.get("fill", "none"), node.get("stroke", "none")
    if fill != "none":
        yield f"{colour(fill)} rg"
    if stroke != "none":
        yield f"{colour(stroke, node.get('stroke-opacity'))} RG {node.get('stroke-width', '1')} w"
        round_or_not = CAPS[node.get("stroke-linecap", "butt")]
        yield f"{round_or_not} J {CAPS[node.get('stroke-linejoin', 'butt')]} j [{node.get('stroke-dasharray', '')}] 0 d"
    yield outline(node.get("d"))
    yield {(True, True): "B", (True, False): "f", (False, True): "S"}.get(
        (fill != "none", stroke != "none"), "n"
    )
