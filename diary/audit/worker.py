"""The chain's own work: appending to it, putting its head away, and checking it; each write in a short transaction.

What a death between two steps costs:

1. before a block commits: nothing has happened;
2. before the head is written: the head is some lines behind, which is no fault; the next block writes it anew.

A head that does not fit the chain is evidence. It is never written over but by `put_head`, for whoever looked into it.
"""

import fcntl
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import requests
from flask import current_app
from sqlmodel import Session

from diary import db
from diary.audit import actions, queries
from diary.audit.actions import Actor
from diary.audit.rules.chain import Head, Walk, chain_key
from diary.lib import clock, files
from diary.lib.log import log

HEAD, ANCHOR, LOCK = "audit-head.json", "audit-anchor.json", "audit.lock"
# Each minute only the newest ids are looked through: on PostgreSQL an earlier id may be committed after a later one,
# but hardly by this many. Once an hour, and by `verify`, all are.
OVERLAP = 10_000
ALL_EVERY = timedelta(hours=1)
ANCHOR_EVERY, ANCHOR_AGAIN = timedelta(days=1), timedelta(minutes=10)
SECONDS = 10


class HeadDoesNotFit(Exception):
    """The chain is not the one whose head was put away; nothing is appended until somebody has looked."""


@dataclass(frozen=True)
class Report:
    """What a check found: whole where `faults` is empty."""

    events: int
    lines: int
    appended: int
    mac: bytes
    faults: tuple[str, ...]


def keys() -> list[bytes]:
    """The chain's keys, the present one first."""
    return [chain_key(secret) for secret in current_app.config["SETTINGS"].audit_keys]


def _at(name: str) -> Path:
    return current_app.config["SETTINGS"].data_dir / name


def _kept(name: str) -> Head | None:
    """What was put away here; None where nothing was. Raises ValueError for a file that is not what was written."""
    try:
        found = json.loads(_at(name).read_text())
        datetime.fromisoformat(found["at"])
        return Head(int(found["count"]), bytes.fromhex(found["mac"]), found["at"])
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, OSError) as error:
        raise ValueError(name) from error


def _keep(name: str, head: Head, now: datetime) -> None:
    said = {"count": head.count, "mac": head.mac.hex(), "at": now.isoformat(timespec="seconds")}
    files.replace(_at(name), json.dumps(said) + "\n")


@contextmanager
def _alone() -> Iterator[None]:
    """One process of this machine at a time: else an older head could be written over a newer one."""
    with open(_at(LOCK), "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_head_fitting() -> bool:
    """Whether the chain still holds the lines that were put away; a few small reads. True where none was."""
    try:
        heads = [head for name in (HEAD, ANCHOR) if (head := _kept(name))]
    except ValueError:
        return False
    with db.read() as s:
        return all(queries.line_at(s, head.count) == head.mac for head in heads)


@dataclass(frozen=True)
class Standing:
    """What can be said of the chain at once, without walking it."""

    head: Head
    is_fitting: bool
    at: datetime | None
    anchored_at: datetime | None


def standing() -> Standing | None:
    """How the chain stands by what was put away on this machine; None where nothing was."""
    try:
        head, anchor = _kept(HEAD), _kept(ANCHOR)
    except ValueError:
        return Standing(Head(0, b""), False, None, None)
    if head is None:
        return None
    went = datetime.fromisoformat(anchor.at) if anchor else None
    return Standing(head, is_head_fitting(), datetime.fromisoformat(head.at), went)


def is_head_missing() -> bool:
    """Whether there is a chain and nothing was put away of it; there may be another machine that did."""
    with db.read_anew() as s:
        return queries.tail(s)[0] > 0 and not _at(HEAD).exists()


def append(all_of_it: bool = True) -> int:
    """Append what the chain lacks and put its head away; how many lines. Raises HeadDoesNotFit.

    A head that is missing is not made anew: nobody could tell any more that a tail was cut before.
    """
    count = 0
    with _alone():
        if not is_head_fitting():
            raise HeadDoesNotFit
        is_kept = not is_head_missing()
        with db.read_anew() as s:
            since = queries.ALL if all_of_it else queries.newest_appended(s) - OVERLAP
        while True:
            with db.write() as s:
                lines, head, since = actions.append_block(s, keys()[0], since)
            if not lines:
                return count
            count += lines
            if is_kept:
                _keep(HEAD, head, clock.now())


def put_head(actor: Actor) -> Head:
    """Put the chain's head away anew as it stands: after a restore, or once a fault was looked into. Audited."""
    with _alone():
        with db.write() as s:
            actions.record(s, actor, "audit.head")
            head = Head(*queries.tail(s))
        _keep(HEAD, head, clock.now())
        _at(ANCHOR).unlink(missing_ok=True)
    return head


def verify(actor: Actor, known: Head | None = None) -> Report:
    """Append what is lacking, then walk the whole chain; `known`: a head that was put away elsewhere.

    What was put away here is read before the chain is: the chain may grow meanwhile, and never shrinks.
    """
    heads, faults = _heads(known)
    appended = 0
    try:
        with db.write() as s:
            actions.record(s, actor, "audit.verify")
        appended = append()
    except HeadDoesNotFit:
        pass
    except db.Busy:
        faults.append("The store is busy: what the chain lacks could not be appended. Please try again.")
    with db.read_anew() as s:
        walk, events, found = walked(s, heads)
    if is_head_missing():
        faults.append(
            f"The head file is missing: {HEAD} in DATA_DIR, without which a cut tail can't be found."
        )
    return Report(events, walk.count, appended, walk.mac, (*faults, *found))


def walked(s: Session, heads: Sequence[tuple[str, Head]]) -> tuple[Walk, int, list[str]]:
    """One walk along the whole chain of a database: it, how many events there are, and what is wrong."""
    walk = Walk(keys(), heads)
    for block in queries.lines(s):
        walk.over(block)
    events, never = queries.count_events(s), queries.never_appended(s)
    faults = [f"Event {event[0]} was never appended: it was put in after later events." for event in never]
    return walk, events, [*faults, *walk.end()]


def put_away() -> tuple[list[tuple[str, Head]], list[str]]:
    """Every head that was put away on this machine, by where; and what is wrong with the files."""
    return _heads(None)


def _heads(known: Head | None) -> tuple[list[tuple[str, Head]], list[str]]:
    """Every head that was put away, by where; and which files are no longer what was written."""
    heads, faults = [], []
    for name, words in ((HEAD, "the head file"), (ANCHOR, "what was put away outside")):
        try:
            head = _kept(name)
        except ValueError:
            faults.append(f"{name} in DATA_DIR can't be read; it was changed.")
        else:
            heads += [(words, head)] if head else []
    return heads + ([("the head you named", known)] if known else []), faults


def round(now: datetime) -> dict[str, int]:
    """What the jobs process does each minute: append, and once a day put the head further away."""
    state = current_app.extensions.setdefault("audit", {})
    is_all = state.get("all_at") is None or now - state["all_at"] >= ALL_EVERY or now < state["all_at"]
    try:
        lines = append(is_all)
    except HeadDoesNotFit:
        log.error("audit_head_does_not_fit", see="flask --app app verify")
        return {"audit_chain_stopped": 1}
    if is_head_missing():
        log.error("audit_head_missing", see="flask --app app verify")
    if is_all:
        state["all_at"] = now
    return {"audit_lines": lines} | anchor(now)


def anchor(now: datetime) -> dict[str, int]:
    """Send the head to AUDIT_ANCHOR_URL where a day has gone since the last time; a failure is tried again."""
    url = current_app.config["SETTINGS"].audit_anchor_url
    state = current_app.extensions.setdefault("audit", {})
    head = _kept(HEAD) if url else None
    if head is None or not _is_due(now, state.get("anchor_tried")):
        return {}
    state["anchor_tried"] = now
    try:
        with requests.Session() as http:
            http.trust_env = False  # no proxy of the environment, no credentials of a file
            answer = http.post(
                url,
                json={"count": head.count, "mac": head.mac.hex(), "at": head.at},
                timeout=SECONDS,
                allow_redirects=False,
                stream=True,
            )
        is_taken = 200 <= answer.status_code < 300
        why = f"status {answer.status_code}"
    except requests.RequestException as error:
        is_taken, why = False, type(error).__name__
    if not is_taken:
        log.warning("audit_anchor_failed", why=why)
        return {"audit_anchor_failed": 1}
    _keep(ANCHOR, head, now)
    return {"audit_anchored": 1}


def _is_due(now: datetime, tried: datetime | None) -> bool:
    if tried is not None and tried <= now < tried + ANCHOR_AGAIN:
        return False
    try:
        last = _kept(ANCHOR)
    except ValueError:
        return False  # `verify` names it; another one written over it would hide that
    return last is None or not (timedelta() <= now - datetime.fromisoformat(last.at) < ANCHOR_EVERY)
