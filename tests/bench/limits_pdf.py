"""Limit programs of the report: the same two pages by plain WeasyPrint and by Chromium, from invented numbers.

`plain` draws one SVG element for each point; `lean` one path for each layer and keeps the fonts' configuration.
"""

import math
import random
import shutil
from contextlib import contextmanager

DAYS, TOP, LOW, LEFT, STEP = 90, 10, 100, 30, 6.2
NAMES = ("Pain", "Fatigue", "Sleep", "Mood", "Fog")
INFUSED = (10, 38, 66)
STYLE = """@page { size: A4; margin: 15mm; @bottom-right { content: counter(page) " / " counter(pages); font-size: 8pt } }
body { font-family: "DejaVu Sans"; font-size: 9pt } h1 { font-size: 14pt } svg { width: 100%; height: auto }
table { border-collapse: collapse; width: 100% } td, th { border: .5pt solid #999; padding: 2pt 4pt; text-align: left }
.second { break-before: page }"""
_fonts = []


def scores(seed: int) -> list[float]:
    chance = random.Random(seed)
    wave = (5 + 3 * math.sin(day % 28 / 28 * 2 * math.pi) + chance.uniform(-1.5, 1.5) for day in range(DAYS))
    return [min(10, max(0, score)) for score in wave]


def chart(name: str, seed: int, lean: bool) -> str:
    points = [
        (round(LEFT + STEP * day, 1), round(LOW - 9 * score, 1)) for day, score in enumerate(scores(seed))
    ]
    marks = [round(LEFT + STEP * day, 1) for day in INFUSED]
    if lean:
        dots = "".join(f"M{x} {y}h0" for x, y in points)
        dots = f'<path d="{dots}" stroke="#235" stroke-width="2.6" stroke-linecap="round"/>'
        lines = "".join(f"M{x} {TOP}V{LOW}" for x in marks)
        lines = f'<path d="{lines}" stroke="#c33" stroke-dasharray="3 2"/>'
    else:
        dots = "".join(f'<circle cx="{x}" cy="{y}" r="1.3" fill="#235"/>' for x, y in points)
        lines = "".join(
            f'<line x1="{x}" y1="{TOP}" x2="{x}" y2="{LOW}" stroke="#c33" stroke-dasharray="3 2"/>'
            for x in marks
        )
    grid = "".join(
        f'<line x1="{LEFT}" y1="{LOW - 9 * at}" x2="590" y2="{LOW - 9 * at}" stroke="#ddd"/>'
        f'<text x="24" y="{LOW + 3 - 9 * at}" font-size="8" text-anchor="end">{at}</text>'
        for at in (0, 5, 10)
    )
    path = " ".join(f"{x},{y}" for x, y in points)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 120" width="600" height="120">'
        f'<text x="30" y="8" font-size="9" font-family="DejaVu Sans">{name}</text>{grid}{lines}'
        f'<polyline points="{path}" fill="none" stroke="#235"/>{dots}</svg>'
    )


def html(number: int, lean: bool = False) -> str:
    charts = [chart(name, number * 10 + place, lean) for place, name in enumerate(NAMES)]
    chance = random.Random(number)
    rows = "".join(
        f"<tr><td>2026-{month:02d}-05</td><td>{chance.randint(1, 6)} d</td><td>{chance.uniform(10, 60):.0f} %</td>"
        f"<td>{chance.randint(20, 70)} d</td><td>{chance.uniform(0.5, 1):.2f}</td><td>complete</td></tr>"
        for month in range(1, 13)
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Report {number}</title>'
        f"<style>{STYLE}</style></head><body><h1>Report for person {number}</h1>"
        f'<p>Invented numbers, 90 days, five scores a day.</p>{"".join(charts[:3])}<div class="second">'
        f"{''.join(charts[3:])}<h2>Response to each infusion</h2><table><thead><tr><th>Date</th><th>Onset</th>"
        f"<th>Peak</th><th>Duration</th><th>Retained</th><th>State</th></tr></thead><tbody>{rows}</tbody></table>"
        "</div></body></html>"
    )


def plain(number: int) -> bytes:
    from weasyprint import HTML

    return HTML(string=html(number)).write_pdf()


def lean(number: int) -> bytes:
    from weasyprint import HTML
    from weasyprint.text.fonts import FontConfiguration

    if not _fonts:
        _fonts.append(FontConfiguration())
    return HTML(string=html(number, lean=True)).write_pdf(font_config=_fonts[0])


@contextmanager
def chromium():
    """A warm browser that prints the same page; None where there is no Chromium."""
    path = shutil.which("chromium")
    if path is None:
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        page = browser.new_page()

        def print_page(number: int) -> bytes:
            page.set_content(html(number))
            return page.pdf(format="A4", print_background=True)

        yield print_page
        browser.close()
