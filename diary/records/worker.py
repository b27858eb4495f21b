"""The list of the erased outside the database, what is swept after an erasing, and the clinics' time of keeping.

The database says who was erased. The list beside it says so to a `restore` of an older copy, which does not know. It is
made whole after each erasing, before that is answered, and once a minute: whoever dies in between leaves it to the next.
"""

import fcntl
from contextlib import suppress
from datetime import datetime, time
from pathlib import Path
from uuid import UUID

from flask import current_app
from sqlmodel import Session

from diary import db
from diary.accounts.actions import mails
from diary.accounts.rules.letters import GOING
from diary.careteam import access
from diary.lib import files
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


def round(now: datetime) -> dict[str, int]:
    """What is due once a minute; counts of what was done, without what came to nothing."""
    with db.write() as s:
        swept = actions.sweep(s, now) if queries.erased(s) else 0
    counts = {"records_swept": swept, **keep_time(now), "erased_listed": keep_list()}
    if swept or counts["records_erased"]:
        db.empty_log()
    return {name: number for name, number in counts.items() if number}


def keep_time(now: datetime) -> dict[str, int]:
    """Tell whose record goes a month ahead, erase it then, and let go of what was kept of those erased before."""
    today = now.date()
    with db.read_anew() as s:
        found = queries.leavers(s, today)
        over = queries.no_longer_kept(s, today)
        staying = queries.told_who_stay(s, {one.person_id for one in found})
    told = gone = 0
    for one in found:
        with db.write() as s:
            if one.goes_at is None:
                _tell(s, one, now)
                told += 1
            elif one.goes_at <= now:
                with suppress(actions.Refused):  # something about them is still open at a clinic
                    actions.erase(s, access.OPERATOR, one.person_id, now)
                    gone += 1
    if over or staying:
        with db.write() as s:
            for person_id in staying:
                actions.note_leaving(s, person_id, None)
            actions.end_keeping(s, over)
    return {"records_told": told, "records_erased": gone, "records_let_go": len(over)}


def _tell(s: Session, one: queries.Leaver, now: datetime) -> None:
    goes_at = rules.goes_at(now, datetime.combine(one.due, time(), now.tzinfo))
    actions.note_leaving(s, one.person_id, goes_at)
    day = f"{goes_at.day} {MONTHS[goes_at.month - 1]} {goes_at.year}"
    mails.put(s, one.person_id, GOING, now, about=day)
