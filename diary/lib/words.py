"""Numbers and dates as people say them; rounded half up everywhere, so that page, phone and PDF agree."""

from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def half_up(x: float, places: int = 1) -> Decimal:
    """x rounded half up to so many decimals; 7.25 is 7.3. Noise of the 9th decimal is taken away first."""
    return Decimal(repr(round(x, 9))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def number(x: float | None, places: int = 1) -> str:
    """7.25 is "7.3", 7.0 is "7"; nothing is an empty text."""
    if x is None:
        return ""
    text = f"{half_up(x, places):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def percent(share: float, places: int = 0) -> str:
    """0.4141 is "41 %", with a space that does not break."""
    return f"{number(share * 100, places)}\u00a0%"


def plural(n: int, noun: str, nouns: str | None = None) -> str:
    """1 is "1 day", 3 is "3 days"."""
    return f"{n:,} {noun if n == 1 else nouns or noun + 's'}"


def lower_first(text: str) -> str:
    """A title in the middle of a sentence: "A fall" is "a fall"."""
    return text[:1].lower() + text[1:]


def weekday(d: date) -> str:
    return DAYS[d.weekday()]


def date_long(d: date) -> str:
    """Monday 23 November"""
    return f"{DAYS[d.weekday()]} {d.day} {MONTHS[d.month - 1]}"


def date_full(d: date) -> str:
    """23 November 2026"""
    return f"{d.day} {MONTHS[d.month - 1]} {d.year}"


def date_short(d: date) -> str:
    """23 Nov"""
    return f"{d.day} {MONTHS[d.month - 1][:3]}"


def span_short(first: date, last: date) -> str:
    """17 to 23 Nov; 27 Oct to 2 Nov"""
    begins = str(first.day) if (first.year, first.month) == (last.year, last.month) else date_short(first)
    return f"{begins} to {date_short(last)}"


def period_short(first: date, last: date) -> str:
    """1 Aug to 31 Oct 2026; 29 Nov 2016 to 28 Nov 2026; one day as 28 Nov 2026"""
    ends = f"{date_short(last)} {last.year}"
    if first == last:
        return ends
    return f"{date_short(first)}{'' if first.year == last.year else f' {first.year}'} to {ends}"


def time_hm(t: datetime | time) -> str:
    """09:05"""
    return f"{t.hour:02}:{t.minute:02}"
