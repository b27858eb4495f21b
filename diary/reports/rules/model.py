"""What a report says, as words in the order of the page: the template only sets them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text; kind is "" (plain), "b" (strong), "soft" (said quietly) or "small"."""

    text: str
    kind: str = ""


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A table's heading; kind is "" or "num" (figures, set to the right); wide spans two columns."""

    text: str
    kind: str = ""
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its heading; key names its look, the first cell of each row is the row's heading."""

    key: str
    title: str
    about: str
    columns: tuple[Column, ...]
    rows: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """Who, which period, how complete; and what stands in the margins of both pages."""

    name: str
    born: str
    period: str
    complete: str
    missing: str
    top_left: str
    top_right: str
    foot: str


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of the patient's: when, the text as typed, how much was left out; what they are where they are no note."""

    when: str
    text: str
    cut: str
    what: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """The patient's own words, or why there are none."""

    about: str
    quotes: tuple[Quote, ...]
    more: str


@dataclass(frozen=True, slots=True)
class Medicines:
    """What is taken: SVG text of the opioids' line or "", the table, rows for the appendix, what the line lacks."""

    chart: str
    table: Table
    more: Table | None
    notes: str


@dataclass(frozen=True, slots=True)
class Effects:
    """What the check-ins said: the table, or None where nothing was marked, and a sentence."""

    table: Table | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Promise:
    """A commitment or a goal: a title or "", the words as typed, what became of it, and whether the words are cut."""

    title: str
    text: str
    about: str


@dataclass(frozen=True, slots=True)
class Summary:
    """Both pages and the appendix. charts is SVG text of charts.print_chart, or "" where nothing can be drawn."""

    paper: str
    title: str
    author: str
    changed: str
    head: Head
    closed: tuple[str, ...]
    matters: Line
    finding: str
    changes: Table | None
    charts: str
    unrecorded: str
    response: Table | None
    sums: tuple[Line, ...]
    medicines: Medicines | None
    effects: Effects | None
    sleep: Table | None
    agreed: tuple[Promise, ...]
    agreed_more: str
    words: Words
    appendix: Words | None
    appendix_agreed: tuple[Promise, ...]
    method: tuple[tuple[str, ...], tuple[str, ...]]
