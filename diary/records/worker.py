"""The list of the erased outside the database, what is swept after an erasing, and the clinics' time of keeping.

The database says who was erased. The list beside it says so to a `restore` of an older copy, which does not know. It is
made whole after each erasing, before that is answered, and once a minute: whoever dies in between leaves it to the next.
"""

import fcntl
from datetime import datetime
from pathlib import Path
from uuid import UUID

from flask import current_app
from sqlmodel import Session

from diary import db
from diary.accounts.actions import mails
from diary.accounts.rules.letters import GOING
from diary.careteam import access
from diary.lib import files
from diary.lib.log import failure
from diary.lib.words import MONTHS
from diary.records import actions, queries, rules

LIST, LOCK = "erased", "erased.lock"


def list_path() -> Path:
    return current_app.config["SETTINGS"].data_dir / LIST


def listed(path: Path) -> set[UUID]:
    """The ids in a list of the erased, one a line. Raises ValueError for a file that is no such list."""
    try:
        return {UUID(line) for line in path.read_text().split()}
    except FileNotFoundError:
        return set()


def put_list(path: Path, gone: set[UUID]) -> None:
    files.replace(path, "".join(f"{one}\n" for one in sorted(gone)))


def finish() -> None:
    """After an erasing, before it is answered: the list, and no trace in the log of the database."""
    keep_list()
    db.empty_log()


def keep_list() -> int:
    """Make the list whole, and on the disk; how many were missing."""
    path = list_path()
    with open(path.with_name(LOCK), "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with db.read_anew() as s:
            gone = queries.erased(s)
        known = listed(path)
        if missing := gone - known:
            put_list(path, known | gone)
        return len(missing)


def sweep(now: datetime) -> dict[str, int]:
    """Once a minute: what came in late for who was erased, each in a turn of its own; and the list made whole."""
    with db.read_anew() as s:
        waiting = queries.to_sweep(s)
    swept = 0
    for person_id in waiting:
        with db.write() as s:
            swept += actions.sweep(s, person_id, now) > 0
    if swept:
        db.empty_log()
    return _said(records_swept=swept, erased_listed=keep_list())


def keep_time(now: datetime, is_mail_on: bool) -> dict[str, int]:
    """Tell whose record goes a month ahead, erase it then, and let go of what was kept of those erased before.

    Nobody is told by a mail that could not leave: then the month has not begun, and without mail it never does.
    """
    today = now.date()
    with db.read_anew() as s:
        found = queries.leavers(s, today)
        over = queries.no_longer_kept(s, today)
        staying = queries.told_who_stay(s, {one.person_id for one in found})
    told = 0
    for one in found:
        if one.goes_at is None and is_mail_on:
            with db.write() as s:
                _tell(s, one.person_id, now)
            told += 1
        elif one.goes_at is not None and one.told_at is None:
            _look_whether_it_left(one.person_id, one.goes_at)
    gone = _erase_due(found, now)
    if over or staying:
        with db.write() as s:
            for person_id in staying:
                actions.note_leaving(s, person_id, None)
            actions.end_keeping(s, over)
    return _said(records_told=told, records_erased=gone, records_let_go=len(over))


def _said(**counts: int) -> dict[str, int]:
    return {name: number for name, number in counts.items() if number}


def _erase_due(found: list[queries.Leaver], now: datetime) -> int:
    due = [one.person_id for one in found if rules.may_go(one.goes_at, one.told_at, now)]
    gone = 0
    for person_id in due:
        if gone == rules.A_ROUND:
            break
        try:
            with db.write() as s:
                gone += actions.erase_leaver(s, access.OPERATOR, person_id, now)
        except actions.Refused:
            continue  # a clinic has not finished with an answer of theirs
        except Exception as error:
            failure(error)  # the others still go
    if gone:
        finish()
    return gone


def _tell(s: Session, person_id: int, now: datetime) -> None:
    goes_at = rules.goes_at(now)
    actions.note_leaving(s, person_id, goes_at)
    day = f"{goes_at.day} {MONTHS[goes_at.month - 1]} {goes_at.year}"
    mails.put(s, person_id, GOING, now, about=day)


def _look_whether_it_left(person_id: int, goes_at: datetime) -> None:
    with db.write() as s:
        state, sent_at = queries.fate_of_letter(s, person_id, GOING)
        if state == "sent":
            actions.note_leaving(s, person_id, goes_at, sent_at)
        elif state != "waiting":
            actions.note_leaving(s, person_id, None)
