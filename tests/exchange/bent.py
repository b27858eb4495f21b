"""Files that nobody should send, bent from ones that somebody could: for the fuzzing of imports."""

import csv
import gzip
import io
import json
import random
import zipfile
from datetime import date, timedelta

FIRST = date(2026, 9, 1)
DIARY = (
    "date", "pain", "fatigue", "sleep", "mood", "cognition", "worst_pain", "interference", "sleep_hours", "times_awake",
    "unwell", "note", "note_private", "written_by", "recorded_at", "regions", "factors",
)  # fmt: skip
INFUSIONS = ("date", "time", "number", "dose_mg", "minutes", "weight_kg", "route", "series", "status", "note")
MEDICATIONS = (
    "name", "from", "class", "dose", "dose_unit", "route", "times_per_day", "as_needed", "until", "reason", "until_reason",
    "confirmed",
)  # fmt: skip
CELLS = (
    "", " ", "0", "10", "11", "-1", "5.0", "5,5", " 7 ", "+7", "7.", "1e1", "1e999", "NaN", "inf", "０", "٣", "½", "yes", "no", "YES",
    "null", "x" * 300, "x" * 10_001, "x" * 140_000, "a\x00b", "\x00", "\ufffe", "\u202eabc", "\U0001f30a" * 40, "a\r\nb\rc", "a\nb",
    "<script>alert(1)</script>", "'; DROP TABLE entry; --", "{{7*7}}", "%s%n", "=1+1", "'=1+1", "''", "@x", "\t", "../../etc/passwd",
    "24:00", "23:59", "7:60", "999999", "9" * 400, "\u2028", "\x85", "\x1b[2J", '"', '""', ",", "0001-01-01", "9999-12-31",
    "2026-02-30", "2026-11-25", "２０２６-11-23", "2026-09-01 ", "20260901", "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59.999999-23:59", "2026-09-01T24:00:00+00:00", "2026-09-01T20:41:00+99:99", "2026-09-02T10:00:00Z",
    "done", "planned", "cancelled", "IV", "IM", "self", "proxy", "2", "3", "mg", "mcg", "mcg/h",
)  # fmt: skip
HEADS = (
    "",
    "pain",
    "date",
    "Date",
    "PAIN ",
    "weather",
    "x" * 5000,
    "a\x00",
    "'date",
    "=date",
    "\ufeffdate",
    "name",
    "dose_mg",
    "note;pain",
)
WORDS = ("a walk", "slept badly", "=1+1", "'quoted'", "line\nbreak", 'said "no"', "ü, ñ", "")


def valid(chance: random.Random) -> list[list[str]]:
    """A header and some rows as somebody could have typed them."""
    kind = chance.choice(("diary", "diary", "infusions", "medications"))
    make = {"diary": a_day, "infusions": an_infusion, "medications": a_medicine}[kind]
    all_ = {"diary": DIARY, "infusions": INFUSIONS, "medications": MEDICATIONS}[kind]
    must = {
        "diary": ("date", "pain"),
        "infusions": ("date", "dose_mg", "minutes"),
        "medications": ("name", "from"),
    }[kind]
    columns = [*must, *chance.sample([one for one in all_ if one not in must], chance.randrange(6))]
    chance.shuffle(columns)
    rows = [make(chance) for _ in range(chance.choice((1, 1, 2, 3, 6)))]
    return [columns, *([row.get(column, "") for column in columns] for row in rows)]


def on(chance: random.Random) -> date:
    return FIRST + timedelta(days=chance.randrange(40))


def a_day(chance: random.Random) -> dict[str, str]:
    def score() -> str:
        return chance.choice(("", "0", "3", "7.5", "10", str(chance.randrange(11))))

    day = on(chance)
    scores = {
        name: score() for name in ("fatigue", "sleep", "mood", "cognition", "worst_pain", "interference")
    }
    return scores | {
        "date": day.isoformat(), "pain": str(chance.randrange(11)), "sleep_hours": chance.choice(("", "7:30", "6.5")),
        "times_awake": chance.choice(("", "0", "3")), "unwell": chance.choice(("", "yes")), "note": chance.choice(WORDS),
        "recorded_at": chance.choice(("", f"{day}T20:30:00+00:00")), "written_by": chance.choice(("", "self")),
    }  # fmt: skip


def an_infusion(chance: random.Random) -> dict[str, str]:
    return {
        "date": on(chance).isoformat(), "time": chance.choice(("", "10:00", "14:30")), "dose_mg": str(chance.randrange(20, 90)),
        "minutes": "40", "weight_kg": chance.choice(("", "70")), "route": chance.choice(("", "IV")),
        "series": chance.choice(("", "maintenance", "induction")), "status": chance.choice(("", "done", "cancelled")),
        "note": chance.choice(WORDS), "number": chance.choice(("", "", str(chance.randrange(1, 60)))),
    }  # fmt: skip


def a_medicine(chance: random.Random) -> dict[str, str]:
    dose = chance.choice(({}, {"dose": "60", "dose_unit": "mg", "times_per_day": "2"}))
    return dose | {
        "name": chance.choice(("Duloxetine", "Morphine", "Tea of the house", "Paracetamol")), "from": on(chance).isoformat(),
        "reason": chance.choice(WORDS), "as_needed": chance.choice(("", "yes", "no")), "confirmed": chance.choice(("", "yes", "no")),
    }  # fmt: skip


def a_file(chance: random.Random) -> tuple[str, bytes]:
    """(what was done to it, its bytes)."""
    table = valid(chance)
    roll = chance.random()
    if roll < 0.3:
        return "valid", written(table)
    if roll < 0.7:
        for _ in range(chance.choice((1, 1, 2, 4))):
            chance.choice((cell, cell, cell, width, twice))(chance, table)
        return "bent", written(table)
    if roll < 0.8:
        head(chance, table)
        return "headed", written(table)
    if roll < 0.93:
        return "broken", broken(chance, written(table))
    return "another kind", another_kind(chance, written(table))


def written(table: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(table)
    return out.getvalue().encode("utf-8", "surrogatepass")


def cell(chance: random.Random, table: list[list[str]]) -> None:
    row = chance.choice(table[1:])
    if row:
        row[chance.randrange(len(row))] = chance.choice(CELLS)


def width(chance: random.Random, table: list[list[str]]) -> None:
    row = chance.choice(table[1:])
    if chance.random() < 0.5 and row:
        row.pop()
    else:
        row.append(chance.choice(CELLS[:12]))


def twice(chance: random.Random, table: list[list[str]]) -> None:
    table.append(list(chance.choice(table[1:])))


def head(chance: random.Random, table: list[list[str]]) -> None:
    how = chance.randrange(4)
    if how == 0:
        table[0][chance.randrange(len(table[0]))] = chance.choice(HEADS)
    elif how == 1:
        table[0].append(chance.choice(HEADS))
    elif how == 2:
        del table[0][chance.randrange(len(table[0]))]
    else:
        del table[0]


def broken(chance: random.Random, data: bytes) -> bytes:
    at, how = chance.randrange(len(data)), chance.randrange(9)
    if how == 0:
        return data[:at]
    if how == 1:
        return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
    if how == 2:
        return data[:at] + chance.randbytes(chance.randrange(1, 9)) + data[at:]
    if how == 3:
        return data[:at] + b'"' + data[at:]
    if how == 4:
        return data.decode("utf-8", "replace").encode(
            chance.choice(("utf-16", "utf-32", "utf-7", "utf-8-sig", "utf-16-be"))
        )
    if how == 5:
        return data.replace(b",", chance.choice((b";", b"\t", b"|")))
    if how == 6:
        return data.replace(b"\r\n", chance.choice((b"\r", b"\n", b"\r\n\r\n", b"\x00", b"\x85")))
    if how == 7:
        return data + chance.choice((b"\x00", b"\xff", b'"', b",,,,", b"\n" * 500, b"\x1a"))
    return data[:at] + data[chance.randrange(len(data)) :]


def another_kind(chance: random.Random, data: bytes) -> bytes:
    how = chance.randrange(8)
    if how < 2:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
            bundle.writestr(
                chance.choice(("diary.csv", "../../diary.csv", "/etc/passwd", "xl/workbook.xml")),
                data * chance.choice((1, 400)),
            )
        return out.getvalue()[: chance.choice((None, 30))]
    if how == 2:
        return gzip.compress(data, mtime=0)
    if how == 3:
        entities = (
            '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
        )
        return (
            chance.choice(('<?xml version="1.0"?>', "\ufeff", "\n ", "")) + entities + "<d>&b;&c;</d>"
        ).encode()
    if how == 4:
        return json.dumps(
            [data.decode("utf-8", "replace")] if chance.random() < 0.5 else {"date": "2026-09-01", "pain": 5}
        ).encode()
    if how == 5:
        return chance.choice(
            (b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"SQLite format 3\x00", b"\x7fELF")
        ) + chance.randbytes(200)
    if how == 6:
        return chance.choice(
            (
                b"",
                b"\n",
                b"\xef\xbb\xbf",
                b"\x00" * 5000,
                b"," * 9000,
                b'"' * 9001,
                b"date,pain" + b"\n" * 9000,
            )
        )
    return chance.randbytes(chance.randrange(600))
