"""Bodies that no phone of ours would send, bent from ones that it would: never a 5xx, never half a write.

Inputs are numbered; a number is one input of one chunk, so `NEAP_SEED=n` runs that chunk alone.
"""

import json
import os
import random
from collections import Counter
from datetime import UTC, timedelta
from uuid import UUID, uuid1

import pytest
from sqlalchemy import text

from diary import db
from diary.entries import actions as entries
from diary.lib import clock, errors
from tests.faults import oracle
from tests.faults.outbox import iso, new_id, some_fields
from tests.sync.phones import HEADERS, NOW, TODAY, a_body, days, put

LONG = bool(os.environ.get("NEAP_LONG"))
CHUNK = 2000
CHUNKS = 50 if LONG else 1
OURS = {200, 400, 403, 404, 405, 409, 413, 415, 422, 425, 426}
COUNTED = ("entry", "entry_revision", "sync_write")

WORDS = (
    "", " ", "0", "10", "11", "-1", "5.0", "5,5", " 7 ", "+7", "7.", "1e1", "NaN", "inf", "０", "٣", "½", "yes", "no",
    "YES", "null", "true", "x" * 300, "x" * 11_000, "a\x00b", "\x00", "a\ud800b", "\udfff", "\ufffe", "\u202eabc",
    "\U0001f30a" * 40, "a\r\nb\rc", "<script>alert(1)</script>", "'; DROP TABLE entry; --", "{{7*7}}", "%s%n", "=1+1",
    "../../etc/passwd", "24:00", "23:59", "7:60", "999999", "\u2028", "\x85", "\x1b[2J",
)  # fmt: skip
NUMBERS = (
    0, 1, -1, 2, 7, 2**31, -(2**31), 2**63, 2**64, 10**25, 10**400, 1e308, -1e308, 1.5, 5e-324, -0.0, True, False, None,
)  # fmt: skip
MOMENTS = (
    "0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999999-23:59", "9999-12-31T23:59:59Z",
    "1969-12-31T23:59:59+00:00", "2026-11-23T20:41:00", "2026-11-23", "20261123T204100Z", "2026-W48-1T10:00:00+00:00",
    "2026-11-23T24:00:00+00:00", "2026-11-23T20:41:60+00:00", "2026-11-23t20:41:00z", "2026-11-23T20:41:00,5+00:00",
    "2026-11-23T20:41:00+00:00:01.5", "2026-02-30T10:00:00+00:00", "12026-11-23T20:41:00+00:00",
    "2026-11-23T20:41:00+99:99", "1582-10-10T00:00:00+00:00", "0001-01-02T03:59:59+00:00", "0001-01-03T00:00:00+14:00",
)  # fmt: skip
ZONES = (
    "Mars/Base", "", "utc", "UTC", "EST5EDT", "Etc/GMT+12", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu",
    "../UTC", "/etc/localtime", "Europe/London\x00", "Europe/", "posixrules", "x" * 61, "Europe/london",
    "America/Nuuk", "Europe/\ud800",
)  # fmt: skip
DAYS = (
    "0001-01-01", "9999-12-31", "2026-11-24", "2026-11-25", "2026-11-15", "2026-11-16", "2026-02-30", "2026-13-01",
    "２０２６-11-23", "2026-11-23 ", " 2026-11-23", "2026-11-23\n", "23.11.2026", "2026-W48-1", "2026-327", "-001-01-01",
)  # fmt: skip
NAMES = ("steps", "", "pain ", "Pain", "__proto__", "constructor", "x" * 100, "\ud800", "a\x00", "csrf_token", "base",
         "write_id", "written_by", "note_private", "id", "late", "person_id", "ナ")  # fmt: skip
KEYS = (
    "version",
    "person",
    "device",
    "kind",
    "day",
    "zone",
    "recorded_at",
    "sent_at",
    "skew",
    "base",
    "fields",
)


class Bender:
    """Makes one input after the other; knows what was accepted, to replay it with changes."""

    def __init__(self, cast, seed: int):
        self.chance = random.Random(seed)
        self.me, self.other = cast.alice.uuid, cast.charlie.uuid
        self.accepted: list[tuple[UUID, dict, str]] = []
        self.others_ids: list[UUID] = []

    def valid(self) -> dict:
        c = self.chance
        off = timedelta(hours=c.choice((0, 0, 0, 0.1, -5, 24 * 365 * 3, -24 * 365 * 40)))
        ago = timedelta(seconds=c.choice((0, 1, 3600, 86400 * 3)))
        there = clock.now() + off
        day = (clock.now() - ago - timedelta(hours=4)).date() - timedelta(days=c.choice((0, 0, 0, 1, 2, 6)))
        fields = some_fields(c)
        names = sorted({n.removesuffix("_private") for n in fields} - {"written_by"})
        ids = [str(i) for i, _, _ in self.accepted[-30:]] + [str(i) for i in self.others_ids[-3:]]
        base = {name: c.sample(ids, min(len(ids), c.choice((0, 0, 1, 2)))) for name in names}
        skew = (
            round(-off / timedelta(milliseconds=1))
            if abs(off) > timedelta(minutes=10) or c.random() < 0.5
            else 0
        )
        return {
            "version": 1, "person": str(self.me), "device": "Fuzz", "kind": "day", "day": day.isoformat(),
            "zone": c.choice(("Europe/London", "America/New_York", "Pacific/Auckland")),
            "recorded_at": iso(there - ago), "sent_at": iso(there), "skew": skew, "base": base, "fields": fields,
        }  # fmt: skip

    def input(self) -> tuple[str, UUID | str, bytes, dict]:
        """(what was done, id, bytes, headers)."""
        c = self.chance
        roll = c.random()
        if roll < 0.14 and self.accepted:
            return self.replay()
        write_id: UUID | str = new_id(c)
        body = self.valid()
        if roll < 0.32:
            return "valid", write_id, dumped(body), HEADERS
        if roll < 0.42:
            bend = c.choice((self.other_value, self.gentle))
            bend(body)
            return "gentle", write_id, dumped(body), HEADERS
        if roll < 0.82:
            for _ in range(c.choice((1, 1, 1, 2, 3))):
                c.choice((self.key, self.key, self.field, self.field, self.base, self.time, self.time, self.stranger,
                          self.skew, self.receipt, self.gentle))(body)  # fmt: skip
            return "bent", write_id, dumped(body), HEADERS
        if roll < 0.95:
            return "broken", write_id, self.broken(dumped(body)), HEADERS
        return "envelope", *self.envelope(write_id, dumped(body))

    def replay(self):
        c = self.chance
        write_id, body, receipt = c.choice(self.accepted)
        body = dict(body)
        how = c.randrange(5)
        if how == 0:
            body |= {"sent_at": c.choice(MOMENTS), "skew": c.choice(NUMBERS)}
        elif how == 1:
            body["receipt"] = receipt
        elif how == 2:
            c.choice((self.key, self.field, self.base, self.time))(body)
        elif how == 3:
            body["fields"] = some_fields(c)
        else:
            return "replay under another id", new_id(c), dumped(body | {"receipt": receipt}), HEADERS
        return "replay", write_id, dumped(body), HEADERS

    # Bends ----------------------------------------------------------------------------------------

    def anything(self, depth: int = 0):
        c = self.chance
        kind = c.randrange(6 if depth < 3 else 3)
        if kind in (0, 1):
            return c.choice(WORDS)
        if kind == 2:
            return c.choice(NUMBERS)
        if kind == 3:
            return [self.anything(depth + 1) for _ in range(c.randrange(4))]
        if kind == 4:
            return {c.choice(NAMES): self.anything(depth + 1) for _ in range(c.randrange(4))}
        nested: object = "x"
        for _ in range(c.choice((3, 60, 300))):
            nested = [nested] if c.random() < 0.5 else {"a": nested}
        return nested

    def key(self, body) -> None:
        c = self.chance
        name = c.choice(KEYS)
        how = c.randrange(4)
        if how == 0:
            body.pop(name, None)
        elif how == 1:
            body[c.choice(NAMES)] = self.anything()
        else:
            body[name] = self.anything()

    def field(self, body) -> None:
        c = self.chance
        fields = dict(body["fields"]) if isinstance(body.get("fields"), dict) else {}
        how = c.randrange(5)
        if how == 0:
            fields[c.choice(NAMES)] = c.choice(WORDS)
        elif how == 1:
            fields[c.choice(("pain", "mood", "note", "unwell", "sleep_hours"))] = self.anything()
        elif how == 2 and fields:
            fields[c.choice(list(fields))] = c.choice(WORDS)
        elif how == 3:
            fields |= {"note": c.choice(WORDS), "note_private": c.choice(("yes", "no", "", "perhaps"))}
        else:
            fields[c.choice(("sleep_hours", "times_awake", "worst_pain", "interference", "written_by"))] = (
                c.choice(WORDS)
            )
        body["fields"] = fields

    def base(self, body) -> None:
        c = self.chance
        ids = [str(new_id(c)) for _ in range(c.choice((1, 5, 199, 200, 201)))]
        ids += [str(i) for i in self.others_ids[:2]]
        form = c.choice(
            (
                str,
                str.upper,
                "{{{}}}".format,
                "urn:uuid:{}".format,
                lambda i: i.replace("-", ""),
                lambda i: i[:-1],
            )
        )
        name = c.choice(("pain", "note", "note_private", "written_by", "shoe", "late"))
        body["base"] = {name: [form(i) for i in ids]} if c.random() < 0.8 else self.anything()

    def time(self, body) -> None:
        c = self.chance
        how = c.randrange(6)
        if how == 0:
            body[c.choice(("recorded_at", "sent_at"))] = c.choice(MOMENTS)
        elif how == 1:
            body["recorded_at"] = c.choice(MOMENTS)  # with a clock that is believed
        elif how == 2:
            body["zone"] = c.choice(ZONES)
        elif how == 3:
            body["day"] = c.choice(DAYS)
        elif how == 4:  # a clock wrong by years, and said so, in either direction
            off = timedelta(days=365 * c.choice((-399, -100, -30, 1, 30, 390, -2025)))
            body |= {
                "recorded_at": c.choice(MOMENTS),
                "zone": c.choice(ZONES),
                "sent_at": iso(clock.now() - off),
            }
            body["skew"] = round(off / timedelta(milliseconds=1))
        else:
            body |= {"recorded_at": c.choice(MOMENTS), "zone": c.choice(ZONES), "day": c.choice(DAYS)}

    def stranger(self, body) -> None:
        body["person"] = self.chance.choice(
            (
                str(self.other),
                str(self.me).upper(),
                f"urn:uuid:{self.me}",
                f"{{{self.me}}}",
                "1",
                1,
                [str(self.me)],
            )
        )

    def skew(self, body) -> None:
        body["skew"] = self.chance.choice(
            (*NUMBERS, 599_000, 601_000, -601_000, 1.25, "0", 400 * 366 * 86_400_000)
        )

    def receipt(self, body) -> None:
        c = self.chance
        of_other = c.choice(self.accepted)[2] if self.accepted else "1.0.x"
        body["receipt"] = c.choice(
            (of_other, "", "1", "1.0", "1.0.", "999999999999999.1." + "0" * 64, "1" * 16 + ".0.x", "-5.0.a", "٣.0.b",
             of_other.replace(".0.", ".1."), of_other[:-1], "1.0.\ud800", "1.0.é", self.anything())
        )  # fmt: skip

    def gentle(self, body) -> None:
        """What is odd but fine, and reaches the action."""
        c = self.chance
        how = c.randrange(5)
        if how == 0:
            body["zone"] = c.choice(ZONES[:9])
        elif how == 1:
            body["device"] = c.choice(("", "x" * 80, "\u202e", "<b>", "ナ"))
        elif how == 2:
            body["fields"] = {
                "note": c.choice(WORDS[:24] + WORDS[33:39]),
                "note_private": c.choice(("yes", "no", "")),
            }
        elif how == 3:
            body["base"] = {"pain": [str(i) for i in self.others_ids] + [str(new_id(c))] * c.choice((1, 190))}
        else:
            said = body.get("skew")
            is_small = isinstance(said, int) and abs(said) < 10**15
            body["skew"] = (said if is_small else 0) + c.choice((-500_000, 500_000, 0.5))

    def other_value(self, body) -> None:
        body["fields"] = {
            "pain": str(self.chance.randrange(11)),
            "sleep_hours": self.chance.choice(("24", "0", "23:59")),
        }

    # Bytes ----------------------------------------------------------------------------------------

    def broken(self, data: bytes) -> bytes:
        c = self.chance
        how = c.randrange(11)
        at = c.randrange(len(data))
        if how == 0:
            return data[:at]
        if how == 1:
            return data[:at] + bytes([c.randrange(256)]) + data[at + 1 :]
        if how == 2:
            return data[:at] + c.randbytes(c.randrange(1, 9)) + data[at:]
        if how == 3:
            return data[:-1] + b',"day":"2026-11-23","fields":{"pain":"2"}}'
        if how == 4:
            return (
                b"\xef\xbb\xbf" + data
                if c.random() < 0.5
                else data.decode().encode(c.choice(("utf-16", "utf-32", "utf-7")))
            )
        if how == 5:
            return c.choice((b"[", b'{"a":', b"[[", b'{"fields":{"pain":')) * c.choice((10, 900, 20_000))
        if how == 6:
            return data + c.choice((b"x", b"{}", b"\x00", b" " * 70_000))
        if how == 7:
            return data.replace(
                b'"skew":',
                b'"skew":' + c.choice((b"1" * 5000, b"NaN", b"-Infinity", b"1e9999", b"01", b"0x1")),
                1,
            )
        if how == 8:
            return data.replace(b'"', b"'", c.randrange(1, 5))
        if how == 9:
            return c.choice(
                (b"", b"null", b"true", b"0", b'"x"', b"[]", b"{}", b"\xff\xfe", b"a=b&c=d", b"<html>")
            )
        return data[:at] + data[c.randrange(len(data)) :]

    def envelope(self, write_id, data: bytes):
        c = self.chance
        how = c.randrange(5)
        if how == 0:
            odd = (
                "x",
                "..",
                str(write_id).upper(),
                str(write_id)[:-1],
                str(uuid1()),
                str(UUID(int=0)),
                "%00",
                "a/b",
            )
            return c.choice(odd), data, HEADERS
        if how == 1:
            return (
                write_id,
                data,
                {**HEADERS, "Origin": c.choice(("null", "http://evil.example", "http://localhost.evil"))},
            )
        if how == 2:
            return write_id, data, {**HEADERS, "Neap-Client": c.choice(("", "2", "1, 1", "x" * 5000))}
        if how == 3:
            kinds = (
                "text/plain",
                "application/json; charset=utf-16",
                "application/JSON",
                "multipart/form-data",
                "",
            )
            return write_id, data, {**HEADERS, "Content-Type": c.choice(kinds)}
        return write_id, data, {**HEADERS, "X-HTTP-Method-Override": "DELETE", "Content-Encoding": "gzip"}


def dumped(body) -> bytes:
    return json.dumps(body).encode()


def counted(first_event: int) -> tuple[int, ...]:
    with db.read() as s:
        c = s.connection()
        found = [c.execute(text(f"SELECT count(*) FROM {table}")).scalar() for table in COUNTED]
        since = text("SELECT count(*) FROM audit_event WHERE id > :first AND action LIKE 'entry.%'")
        events = c.execute(since, {"first": first_event}).scalar()
    return (*found, events)


@pytest.fixture
def reached(monkeypatch):
    """How often the action was called, and what was logged as a failure."""
    seen: Counter = Counter()
    record, failure = entries.record_entry, errors.log.failure

    def counting(*args):
        seen["action"] += 1
        return record(*args)

    def failing(error):
        seen[f"failure {type(error).__name__}"] += 1
        failure(error)

    monkeypatch.setattr(entries, "record_entry", counting)
    monkeypatch.setattr(errors.log, "failure", failing)
    return seen


@pytest.mark.both
@pytest.mark.slow
def test_no_body_breaks_anything(app, store, cast, client_as, clock_at, reached, capsys):
    seeds = [int(os.environ["NEAP_SEED"])] if "NEAP_SEED" in os.environ else range(CHUNKS)
    statuses: Counter = Counter()
    wrong: list[str] = []
    total = 0
    for seed in seeds:
        clock_at(NOW)
        number = CHUNK if LONG or store[0].startswith("sqlite") else CHUNK // 2
        total += run_chunk(seed, number, store[0], cast, client_as, clock_at, statuses, wrong)
    share = reached["action"] / total
    with capsys.disabled():
        print(
            f"\nfuzz on {store[0].split(':')[0].split('+')[0]}: {total} bodies, {share:.0%} reached the action, "
            f"answers {dict(sorted(statuses.items()))}, 5xx {sum(n for s, n in statuses.items() if s >= 500)}, "
            f"half applied 0" * (not wrong)
        )
    assert not wrong, f"{len(wrong)} wrong:\n" + "\n".join(wrong[:8])
    assert not [name for name in reached if name.startswith("failure")], reached
    assert share >= 0.2


def run_chunk(seed, inputs, url, cast, client_as, clock_at, statuses, wrong) -> int:
    with db.write() as s:
        first_event = s.connection().execute(text("SELECT coalesce(max(id), 0) FROM audit_event")).scalar()
        for table in ("entry_revision", "sync_write", "entry"):
            s.connection().exec_driver_sql(f"DELETE FROM {table}")
    bender, alice, charlie = Bender(cast, seed), client_as("alice"), client_as("charlie")
    issued = set()
    for n in range(3):
        theirs = new_id(bender.chance)
        body = bender.valid() | {"person": str(cast.charlie.uuid), "base": {}}
        if sent(charlie, theirs, dumped(body), HEADERS).status_code == 200:
            bender.others_ids.append(theirs)
            issued.add((cast.charlie.id, theirs))
        assert n < 3
    acknowledged, before = set(), counted(first_event)
    for number in range(inputs):
        clock_at(NOW + timedelta(seconds=number))
        how, write_id, data, headers = bender.input()
        response = sent(alice, write_id, data, headers)
        status, said = response.status_code, response.get_json(silent=True)
        statuses[status] += 1
        after = counted(first_event)
        grew = tuple(b - a for a, b in zip(before, after, strict=True))
        before = after
        whole = grew[1:] in ((0, 0, 0), (1, 1, 1)) and grew[0] in (0, grew[1])
        fine = status in OURS and isinstance(said, dict) and whole and (status == 200 or grew == (0, 0, 0, 0))
        if not fine:
            wrong.append(
                f"seed {seed} input {number} ({how}): {status} {said} grew {grew} for {data[:400]!r} {headers}"
            )
        if status == 200:
            key = (cast.alice.id, UUID(str(write_id)))
            issued.add(key)
            acknowledged.add(key)
            if grew[1] == 1:
                bender.accepted.append((UUID(str(write_id)), without_tries(data), said["receipt"]))
    # Events of the entries of earlier chunks stay: the trail is append-only.
    broken = oracle.judge(url, oracle.Promises(issued=issued, acknowledged=acknowledged), first_event)
    if broken:
        wrong.append(f"seed {seed}: the oracle: {dict(broken)}")
    return inputs


def without_tries(data: bytes) -> dict:
    return {name: value for name, value in json.loads(data).items() if name != "receipt"}


def sent(client, write_id, data: bytes, headers):
    return client._alone(
        client.http.put, f"/api/v1/sync/{write_id}", data=data,
        headers={"Content-Type": "application/json", **headers},
    )  # fmt: skip


SPANS = (
    "",
    "0001-01-01",
    "9999-12-31",
    "2026-11-23",
    "2026-11-24",
    "x",
    "2026-02-30",
    "２０２６-11-23",
    "\x00",
    "1" * 5000,
)


@pytest.mark.both
def test_no_question_for_days_breaks_anything(app, cast, client_as, clock_at):
    clock_at(NOW.astimezone(UTC))
    alice = client_as("alice")
    people = (str(cast.alice.uuid), str(cast.charlie.uuid), "", "x", "\x00", f"urn:uuid:{cast.alice.uuid}")
    for person in people:
        for since in SPANS:
            for until in SPANS:
                response = alice._alone(
                    alice.http.get, "/api/v1/sync/days", headers=HEADERS,
                    query_string={"person": person, "from": since, "to": until},
                )  # fmt: skip
                assert response.status_code in (200, 403, 422), (person, since, until, response.status_code)
                assert isinstance(response.get_json(), dict)
                if response.status_code == 200:
                    assert response.get_json()["person"] == str(cast.alice.uuid)


def stored_note(client, cast):
    return days(client, cast.alice)[1]["days"][TODAY]["values"]["note"]["value"]


def test_a_note_without_its_word_is_private_and_stays(app, cast, client_as, clock_at):
    """Found here: it was answered "applied" and gone with the day's next write."""
    clock_at(NOW)
    alice = client_as("alice")
    assert put(alice, a_body(cast.alice, {"note": "herons", "note_private": ""}))[0] == 200
    assert put(alice, a_body(cast.alice, {"pain": "3"}))[0] == 200
    assert stored_note(alice, cast) == {"text": "herons", "private": True}


def test_who_may_see_a_note_is_not_said_without_it(app, cast, client_as, clock_at):
    """Found here: it replaced the note by an empty one."""
    clock_at(NOW)
    alice = client_as("alice")
    assert put(alice, a_body(cast.alice, {"note": "herons", "note_private": "no"}))[0] == 200
    status, said, _ = put(alice, a_body(cast.alice, {"note_private": "yes"}))
    assert status == 422 and "note" in said["fields"]
    assert stored_note(alice, cast) == {"text": "herons", "private": False}


def test_two_cleared_notes_agree(app, cast, client_as, clock_at):
    clock_at(NOW)
    alice = client_as("alice")
    for private in ("yes", "no"):
        assert put(alice, a_body(cast.alice, {"note": "\r\n ", "note_private": private}))[0] == 200
    assert days(alice, cast.alice)[1]["days"][TODAY]["conflicts"] == {}
    assert stored_note(alice, cast) is None


@pytest.mark.parametrize(
    "recorded_at", ["0001-01-01T00:00:00+00:00", "0001-01-03T00:00:00+14:00", "1899-12-31T00:00:00Z"]
)
@pytest.mark.parametrize("years", [0, -399])
def test_a_moment_before_all_clocks_is_named(app, cast, client_as, clock_at, recorded_at, years):
    """Found here: with a zone west of Greenwich, or a skew of centuries, it was a 500."""
    clock_at(NOW)
    off = timedelta(days=365 * years)
    body = a_body(cast.alice, recorded_at=recorded_at, sent_at=iso(NOW - off), zone="America/New_York")
    body["skew"] = round(off / timedelta(milliseconds=1))
    status, said, _ = put(client_as("alice"), body)
    assert status == 422 and "recorded_at" in said["fields"]
