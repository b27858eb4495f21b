"""One round of making copies: claimed, made outside of any writing, and kept; a process may die at any line.

1. before the claim commits: nothing has happened;
2. before the zip is kept: the lease runs out, and the copy is made from its beginning; after three tries it failed;
3. after that: nothing.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from io import BytesIO

from diary import db
from diary.careteam.access import Hidden
from diary.copies import actions, queries
from diary.copies.queries import Due
from diary.copies.rules import MOST_TRIES
from diary.exchange.queries import export
from diary.lib import clock
from diary.lib.log import failure

BUSY_TRIES = 3  # each waits for its turn by itself


class Lost(Exception):
    """It is not this process's to make any more: its person was erased, or another process took it over."""


def nothing(_window: str) -> None:
    """No test looks on."""


def make_copies(now: Callable[[], datetime] = clock.now, at: Callable[[str], None] = nothing) -> Counter[str]:
    """Everything that waits, one after the other, and what is over a day old goes; how many of each."""
    counts: Counter[str] = Counter()
    with db.read() as s:
        waiting = queries.due(s, now())
    at("found")
    if any(one.is_over for one in waiting):
        with db.write() as s:
            counts["gone"] = actions.delete_gone(s, now())
    for one in waiting:
        if not one.is_over:
            counts[_make(one, now, at)] += 1
    return +counts


def _make(one: Due, now: Callable[[], datetime], at: Callable[[str], None]) -> str:
    if one.tries >= MOST_TRIES:
        with db.write() as s:
            return "failed" if actions.give_up(s, one, now()) else "lost"
    with db.write() as s:
        mine = actions.claim(s, one, now())
    if mine is None:
        return "lost"
    at("claimed")
    try:
        made = _zip(mine, now, at)
        at("made")
        is_kept = _kept(mine, made, now)
    except Lost:
        return "lost"
    except Hidden:
        with db.write() as s:
            actions.drop(s, mine)
        return "dropped"
    except Exception as error:
        failure(error)
        with db.write() as s:
            actions.give_up(s, mine, now())
        return "failed"
    at("kept")
    return "made" if is_kept else "lost"


def _zip(mine: Due, now: Callable[[], datetime], at: Callable[[str], None]) -> bytes:
    def tell(done: int, parts: int) -> None:
        at("part")
        try:
            with db.write() as s:
                if not actions.note_parts(s, mine, done, parts, now()):
                    raise Lost
        except db.Busy:
            return  # it is told with the next part

    out = BytesIO()
    with db.read() as s:
        viewer, patient = queries.owner(s, mine.person_id)
        export(s, viewer, patient, out, tell)
    return out.getvalue()


def _kept(mine: Due, made: bytes, now: Callable[[], datetime]) -> bool:
    for left in reversed(range(BUSY_TRIES)):
        try:
            with db.write() as s:
                return actions.keep(s, mine, made, now())
        except db.Busy:
            if not left:
                raise
    raise AssertionError  # the last turn gives or raises
