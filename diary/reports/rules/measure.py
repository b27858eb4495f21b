"""About how much text fits a line of the printed page; ems, since a report is laid out without a screen."""

import unicodedata

LATIN_END = 0x250  # the bundled font covers Latin with its accents; see quotes.is_foreign
NARROW, BROAD = set("iljtfrI.,;:'!|()[] "), set("mwMW@%—")


def em(sign: str) -> float:
    """About how wide a character is, in ems."""
    if sign in NARROW:
        return 0.31
    if sign in BROAD:
        return 0.9
    if ord(sign) < LATIN_END:
        return 0.7 if sign.isupper() else 0.56
    if unicodedata.combining(sign):
        return 0.0
    return 1.15 if unicodedata.east_asian_width(sign) in "WF" else 0.8


def end_of(text: str, lines: int, line_em: float) -> tuple[int, int]:
    """How many characters of a text fit so many lines of a width in ems, and how many lines it takes (at most that many)."""
    used, wide = 1, 0.0
    word_at, word_wide = 0, 0.0
    for at, sign in enumerate(text):
        if sign == "\n":
            used, wide, word_at, word_wide = used + 1, 0.0, at + 1, 0.0
        else:
            width = em(sign)
            wide += width
            word_wide = 0.0 if sign == " " else word_wide + width
            word_at = at + 1 if sign == " " else word_at
            if wide > line_em:
                used += 1
                wide = word_wide if word_wide < line_em else width
                word_wide = wide
        if used > lines:
            return max(word_at, 1) if at - word_at < 30 else at, lines
    return len(text), used


def clipped(text: str, lines: int, line_em: float) -> str:
    """The text, or as much of it as fits with an ellipsis to say that there is more."""
    end, _ = end_of(text, lines, line_em)
    if end == len(text):
        return text
    end, _ = end_of(text[:end], lines, line_em - em("—") / lines)
    return text[:end].rstrip() + "…"
