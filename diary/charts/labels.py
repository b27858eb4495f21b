"""Words beside lines, where they cover neither each other nor what they stand beside."""

from collections.abc import Iterable, Sequence

from diary.charts.scale import label

LETTER, HEIGHT = 6.6, 13  # units that a letter of 12 needs

Box = tuple[float, float, float, float]
Place = tuple[float, float, str]


class Labels:
    """Labels placed one after the other in a box (left, top, right, bottom), the most important first."""

    def __init__(self, within: Box, avoid: Iterable[tuple[float, float]] = ()) -> None:
        self.within, self.avoid = within, list(avoid)
        self.taken: list[Box] = []

    def keep_free(self, words: str, place: Place, letter: float = LETTER) -> None:
        """A label that stands there already."""
        self.taken.append(_box(words, place, letter))

    def put(
        self, words: str, places: Iterable[Place], cls: str = "", letter: float = LETTER, must: bool = False
    ) -> str:
        """The label at the first of the places (x, y, anchor) that is free; else nothing, or the first if it must be."""
        tried = list(places)
        found = next((place for place in tried if self._is_free(_box(words, place, letter))), None)
        if found is None and must and tried:
            found = tried[0]
        if found is None:
            return ""
        self.taken.append(_box(words, found, letter))
        x, y, anchor = found
        return label(x, y, words, cls, anchor)

    def _is_free(self, box: Box) -> bool:
        left, top, right, bottom = box
        low_x, low_y, high_x, high_y = self.within
        if left < low_x or right > high_x or top < low_y or bottom > high_y:
            return False
        if any(
            left < other[2] and other[0] < right and top < other[3] and other[1] < bottom
            for other in self.taken
        ):
            return False
        return not any(left - 2 < x < right + 2 and top - 2 < y < bottom + 2 for x, y in self.avoid)


def _box(words: str, place: Place, letter: float) -> Box:
    x, y, anchor = place
    width = letter * len(words)
    left = x - width if anchor == "end" else x - width / 2 if anchor == "middle" else x
    return (left, y - HEIGHT + 2, left + width, y + 3)


def around(x: float, y: float) -> Sequence[Place]:
    """Places beside a point: right, above, below, left."""
    return (
        (x + 8, y + 4, "start"),
        (x, y - 9, "middle"),
        (x, y + 18, "middle"),
        (x - 8, y + 4, "end"),
    )
