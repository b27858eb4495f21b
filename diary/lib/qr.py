"""QR codes as drawings in the page: dark on white in any light, with a quiet edge, and no style of their own."""

import segno

EDGE = 4


def svg(text: str, label: str = "QR code") -> str:
    """The code of a text as inline SVG, to be sized by the page; readable with 15 % of it spoilt."""
    code = segno.make(text, error="m", micro=False)
    rows = [list(row) for row in code.matrix]
    size = len(rows) + 2 * EDGE
    dark = "".join(
        f"M{start + EDGE} {y + EDGE}h{length}v1h-{length}z"
        for y, row in enumerate(rows)
        for start, length in _runs(row)
    )
    return (
        f'<svg class="qr" viewBox="0 0 {size} {size}" role="img" aria-label="{label}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path fill="#000" d="{dark}"/></svg>'
    )


def _runs(row: list[int]) -> list[tuple[int, int]]:
    """(start, length) of each run of dark modules."""
    found: list[tuple[int, int]] = []
    for x, is_dark in enumerate(row):
        if is_dark and found and sum(found[-1]) == x:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif is_dark:
            found.append((x, 1))
    return found
