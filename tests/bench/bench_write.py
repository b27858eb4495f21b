"""One day written through the page's form, against one INSERT behind the same server (SQLite, 1 worker x 8 threads)."""

import itertools
import sqlite3
from collections.abc import Callable, Iterator

from tests.bench import product
from tests.bench.load import load
from tests.bench.measure import ROUNDS, Line, again_when_void, in_turn, median, ratio

TITLE = "Diary write, SQLite"
PEOPLE = 2500
AT_ONCE = 50
SECONDS = 2.0
RATE = {1: ">= 0.40", 8: ">= 0.35", 32: ">= 0.35"}
TAIL, SPREAD = "<= 0.6", "<= 2.5"


def run() -> Iterator[Line]:
    with product.folder() as place:
        app = product.made(place / "product")
        request = new_days(product.patients(app, PEOPLE))
        plain = plain_days()
        with (
            product.server(place / "product") as ours,
            product.limit("write", product.limit_database(place)) as limit,
        ):
            programs = {"limit": (limit.port, plain), "product": (ours.port, request)}
            for port, make in programs.values():
                load(port, make, 8, 1.0)
            for concurrency, goal in RATE.items():
                yield from at_concurrency(programs, concurrency, goal)
        said = check(place / "product" / "neap.db")
        print(f"  {said}", flush=True)
    yield Line("write_rate_c1_over_peer_ping", None, ">= 2", "not measured: peer not installed")


def new_days(people: list[product.SignedIn]) -> Callable[[int], bytes]:
    """A new day each request: fifty people at a time, day after day, then the next fifty."""
    blocks = [people[start : start + AT_ONCE] for start in range(0, len(people), AT_ONCE)]
    turns = itertools.cycle((person, day) for block in blocks for day in product.days() for person in block)

    def request(_number: int) -> bytes:
        person, day = next(turns)
        return product.http_request("POST", f"/days/{day}", person.cookie, product.day_form(person.token))

    return request


def plain_days() -> Callable[[int], bytes]:
    form = product.day_form("x" * 90)
    return lambda number: product.http_request(
        "POST", "/entry", "neap=" + "x" * 200, {**form, "day": f"day {number}"}
    )


def at_concurrency(programs, concurrency: int, goal: str) -> Iterator[Line]:
    names = {f"write_rate_c{concurrency}": goal}
    names |= {"write_p99_c8_over_limit": TAIL} if concurrency == 8 else {}
    names |= {"write_p99_over_p50_c32": SPREAD} if concurrency == 32 else {}

    def measured() -> Iterator[Line]:
        found = in_turn(
            {
                name: lambda p=port, m=make: load(p, m, concurrency, SECONDS)
                for name, (port, make) in programs.items()
            },
            ROUNDS,
        )
        ours, limit = found["product"], found["limit"]
        for name, runs in found.items():
            print(
                f"  {name} c{concurrency}: {median([r.rate for r in runs]):.0f}/s, "
                f"p50 {median([r.p50 for r in runs]):.2f} ms, p99 {median([r.p99 for r in runs]):.1f} ms",
                flush=True,
            )
        yield Line(f"write_rate_c{concurrency}", ratio([r.rate for r in ours], [r.rate for r in limit]), goal)
        if concurrency == 8:
            yield Line("write_p99_c8_over_limit", ratio([r.p99 for r in ours], [r.p99 for r in limit]), TAIL)
        if concurrency == 32:
            yield Line("write_p99_over_p50_c32", ratio([r.p99 for r in ours], [r.p50 for r in ours]), SPREAD)

    yield from again_when_void(measured, names)


def check(database) -> str:
    """What the requests left behind: a revision, a receipt and an audit event each, and how many were new days."""
    with sqlite3.connect(database) as c:
        count = {
            name: c.execute(query).fetchone()[0]
            for name, query in {
                "entry": "SELECT count(*) FROM entry",
                "revision": "SELECT count(*) FROM entry_revision",
                "receipt": "SELECT count(*) FROM sync_write",
                "event": "SELECT count(*) FROM audit_event WHERE action LIKE 'entry.%'",
            }.items()
        }
    assert count["revision"] == count["receipt"] == count["event"], count
    return f"{count['revision']} writes, each with revision, receipt and audit event; {count['entry']} of them new days"
