"""The native CSV's columns, how text is kept from being taken for a formula, and what an import counts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

MAX_ROWS = 100_000
MAX_BYTES = 20 * 1024 * 1024
BLOCK_ROWS = 500
FORMULA = ("=", "+", "-", "@", "'", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: every column in it, those that must be there, and of which one at least must be."""

    name: str
    columns: tuple[str, ...]
    needed: tuple[str, ...]
    one_of: tuple[str, ...] = ()
    text: frozenset[str] = frozenset({"note"})

    @property
    def article(self) -> str:
        return "an" if self.name[0] in "aeiou" else "a"


DIARY = Format(
    "diary",
    (
        "date", "pain", "fatigue", "sleep", "mood", "cognition", "worst_pain", "interference", "sleep_hours",
        "times_awake", "unwell", "note", "note_private", "written_by", "recorded_at",
        "regions", "factors",
    ),
    needed=("date",),
    one_of=("pain", "fatigue", "sleep", "mood", "cognition", "unwell", "note"),
)  # fmt: skip
INFUSIONS = Format(
    "infusions",
    ("date", "time", "number", "dose_mg", "minutes", "weight_kg", "route", "series", "status", "note"),
    needed=("date", "dose_mg", "minutes"),
)
MEDICATIONS = Format(
    "medications",
    (
        "name", "from", "class", "dose", "dose_unit", "route", "times_per_day", "as_needed", "until", "reason",
        "until_reason", "confirmed",
    ),
    needed=("name", "from"),
    text=frozenset({"name", "class", "reason", "until_reason"}),
)  # fmt: skip
FORMATS = {one.name: one for one in (DIARY, INFUSIONS, MEDICATIONS)}


# How files begin that are no CSV, whatever they are called. None of them is opened.
OTHERS = (
    ((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"\x1f\x8b", b"BZh", b"7z\xbc\xaf", b"\xfd7zXZ"), "a zip file or a workbook"),
    ((b"\xd0\xcf\x11\xe0",), "a workbook"),
    ((b"%PDF",), "a PDF"),
    ((b"\x89PNG", b"\xff\xd8\xff", b"GIF8"), "a picture"),
    ((b"<",), "a web page or XML"),
    ((b"{", b"["), "JSON"),
)  # fmt: skip


def other_kind(beginning: bytes) -> str:
    """What a file is that begins like this and can be no CSV of ours; empty where it may be one."""
    bare = beginning.removeprefix(b"\xef\xbb\xbf").lstrip()
    return next((name for starts, name in OTHERS if bare.startswith(starts)), "")


class Unreadable(ValueError):
    """The file as a whole can't be taken; the text says why in plain words."""


def quoted(text: str) -> str:
    """A text cell as it is written: a spreadsheet would take some beginnings for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def unquoted(text: str) -> str:
    """A text cell as it was: exactly one leading ' is taken away."""
    return text.removeprefix("'")


def columns_of(header: Sequence[str], wanted: str | None = None) -> tuple[Format, tuple[str, ...]]:
    """The format a header belongs to, and its columns in their order. Raises Unreadable with the reason."""
    names = tuple(name.strip() for name in header)
    if wanted is None:
        wanted = _likely(frozenset(names))
    kind = FORMATS[wanted]
    if not set(names) & set(kind.columns):
        raise Unreadable(_no_header(header))
    unknown = [name for name in names if name not in kind.columns]
    if unknown:
        raise Unreadable(
            f"Neap does not know the column {_named(unknown)} of {kind.article} {kind.name} file."
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Unreadable(f"The column {_named(twice)} stands twice in the header.")
    missing = [name for name in kind.needed if name not in names]
    if missing:
        raise Unreadable(f"The column {_named(missing)} is missing in the header.")
    if kind.one_of and not set(names) & set(kind.one_of):
        raise Unreadable(f"At least one of these columns is needed: {', '.join(kind.one_of)}.")
    return kind, names


def _likely(names: frozenset[str]) -> str:
    """The format that a header without a name for itself can only be."""
    if {"dose_mg", "minutes"} & names:
        return "infusions"
    return "medications" if {"name", "from"} & names else "diary"


def _named(names: Sequence[str]) -> str:
    return ", ".join(f"“{name[:40]}”" for name in names[:5])


def _no_header(header: Sequence[str]) -> str:
    """Why a first line is no header of ours."""
    whole = ",".join(header)
    for sign, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if whole.count(sign) >= 1 and any(part.strip() in ("date", "name") for part in whole.split(sign)):
            return f"The columns are separated by {name}; Neap reads commas."
    return "The first line must name the columns, such as date,pain; none of its names is known."


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing wrong in one row."""

    line: int
    column: str
    value: str
    why: str

    def words(self) -> str:
        """ "line 88, pain, “11”: Scores are 0 to 10." """
        shown = self.value if len(self.value) <= 60 else f"{self.value[:60]}..."
        where = f"line {self.line}, {self.column}" if self.column else f"line {self.line}"
        printable = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in shown)
        return f"{where}, “{printable}”: {self.why}" if self.value else f"{where}: {self.why}"


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the rows; read = new + changed + unchanged + refused, unless nothing was to be written."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0

    def plus(self, outcome: str) -> "Counts":
        """One more row, "new", "changed", "unchanged" or "refused"."""
        return replace(self, read=self.read + 1, **{outcome: getattr(self, outcome) + 1})

    def without_writing(self) -> "Counts":
        """All or nothing, and it was nothing."""
        return Counts(read=self.read, refused=self.refused)

    def line(self) -> str:
        """The last line of every import."""
        return (
            f"read {self.read}, new {self.new}, changed {self.changed}, "
            f"unchanged {self.unchanged}, refused {self.refused}"
        )
