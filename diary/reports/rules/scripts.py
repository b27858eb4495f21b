"""Which signs the report's own type can print, in which writing direction, and what stands for the others."""

import unicodedata
from bisect import bisect_right
from itertools import groupby

# Code points of the bundled fonts; a test holds them against the files.
OWN = """20-7E A0-AC AE-B4 B6-FF 100-107 10A-113 116-11B 11E-123 126-127 12A-12B 12E-131 132-133 136-137 139-13E 141-148
150-155 158-15B 15E-165 16A-16B 16E-17E 192 218-21B 237 2C6-2C7 2C9 2DA 2DC-2DD 1E80-1E85 1E9E 1EF2-1EF3 2009 2013-2014
2018-201A 201C-201E 2020 2022 2026 2039-203A 2044 20AC 20B9 2113 2122 2212 2215"""
LATIN = """20-7E A0-377 37A-37F 384-38A 38C 38E-3A1 3A3-3E1 3F0-52F 1C80-1C88 1DC0-1DF9 1DFB-1F15 1F18-1F1D 1F20-1F45
1F48-1F4D 1F50-1F57 1F59 1F5B 1F5D 1F5F-1F7D 1F80-1FB4 1FB6-1FC4 1FC6-1FD3 1FD6-1FDB 1FDD-1FEF 1FF2-1FF4 1FF6-1FFE
2000-2027 202A-202E 2030-205E 2066-2071 2074-208E 2090-209C 20A0-20BF 2100-214F 25CC FB00-FB06 FE20-FE2F"""
HEBREW = "20 A0 591-5C7 5D0-5EA 5F0-5F4 20AA 25CC FB1D-FB36 FB38-FB3C FB3E FB40-FB41 FB43-FB44 FB46-FB4F"
ARABIC = """20 A0 600-61C 61E-6FF 750-77F 8A0-8B4 8B6-8BE 8D3-8FF 25CC FB50-FBC1 FBD3-FD3F FD50-FD8F FD92-FDC7 FDF0-FDFD
FE70-FE74 FE76-FEFC"""
# They have no shape of their own: joiners, marks of direction, line ends.
UNSEEN = "9-A 200B-200F 2028-202E 2060-2064 2066-206F FEFF AD"
RTL = ("R", "AL")
TURNING = (*RTL, "RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "FSI")


class Signs:
    """A set of code points as sorted ranges."""

    def __init__(self, text: str) -> None:
        ends = [part.partition("-")[::2] for part in text.split()]
        pairs = sorted((int(first, 16), int(last or first, 16)) for first, last in ends)
        self.firsts = [first for first, _ in pairs]
        self.lasts = [last for _, last in pairs]

    def __contains__(self, point: object) -> bool:
        if not isinstance(point, int):
            return False
        at = bisect_right(self.firsts, point) - 1
        return at >= 0 and point <= self.lasts[at]


own, unseen = Signs(OWN), Signs(UNSEEN)
FONTS = tuple(Signs(text) for text in (LATIN, HEBREW, ARABIC))


def is_plain(text: str) -> bool:
    """Whether the report's first font prints all of it, mark by mark."""
    return text.isascii() or all(ord(sign) in own or ord(sign) in unseen for sign in text)


def is_leftward(text: str) -> bool:
    """Whether the text begins in a script that is written from right to left."""
    if text.isascii():
        return False
    kinds = (unicodedata.bidirectional(sign) for sign in text)
    return next((kind for kind in kinds if kind in ("L", *RTL)), "L") in RTL


def isolated(text: str) -> str:
    """A text to stand within a line of ours: what it does to the writing direction ends with it."""
    return f"\u2068{text}\u2069" if _is_turned(text) else text


def printable(text: str) -> str:
    """The text with composed marks, and each sign that no bundled font has as its number in Unicode: "U+4E2D".

    The same sign many times over is counted: "U+4E2D ×12".
    """
    if text.isascii() and text.isprintable():
        return text
    found: list[tuple[bool, str]] = []
    font: Signs | None = None
    for sign in unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")):
        point = ord(sign)
        if unicodedata.combining(sign):
            # A mark takes the font of what it stands on, or they would stand beside each other.
            is_known = font is not None and point in font
        elif point in unseen:
            is_known = True
        else:
            font = next((one for one in FONTS if point in one), None)
            is_known = font is not None or point in own
        found.append((is_known, sign))
    return _numbered(found, "\u2066{}\u2069" if _is_turned(text) else "{}")


def _is_turned(text: str) -> bool:
    """Whether a part of the text runs from right to left, so that what is put in must keep its own direction."""
    return any(unicodedata.bidirectional(sign) in TURNING for sign in text)


def _numbered(found: list[tuple[bool, str]], form: str) -> str:
    text = ""
    for is_known, signs in groupby(found, key=lambda one: one[0]):
        if is_known:
            part = "".join(sign for _, sign in signs)
            text += (" " if text and text[-1:] not in (" ", "\n") and not part[:1].isspace() else "") + part
            continue
        numbers = [_number(sign, len(list(same))) for sign, same in groupby(sign for _, sign in signs)]
        text += (" " if text and not text[-1:].isspace() else "") + form.format(" ".join(numbers))
    return text


def _number(sign: str, times: int) -> str:
    return f"U+{ord(sign):04X}" + (f" ×{times:,}" if times > 1 else "")
