"""The product with one promise taken out of it: each of these servers and phones must be found out.

A server is served as `tests.faults.sabotage:acknowledged_before_commit()`; nothing of it is reachable from the product.
"""

import threading

from sqlalchemy import text

from diary import create_app, db
from diary.entries import actions as entries
from diary.entries.rules import project
from diary.safety import actions as safety
from diary.sync import actions as sync
from tests.faults.outbox import Entry, Outbox, parsed

LATER = 0.4


def acknowledged_before_commit():
    """The answer goes out first; the write is stored a moment later, if there is a later."""
    app = create_app()
    real = sync.put_write

    def put_write(s, viewer, person, write_id, body, now):
        nested = s.begin_nested()
        answer = real(s, viewer, person, write_id, body, now)
        nested.rollback()

        def store() -> None:
            with app.app_context(), db.write() as later:
                real(later, viewer, person, write_id, body, now)

        threading.Timer(LATER, store).start()
        return answer

    sync.put_write = put_write
    return app


def flag_in_another_transaction():
    """The answer is stored first, and its flag a moment later, if there is a later."""
    app = create_app()
    real = safety.open_flag

    def open_flag(_s, *args, **more) -> None:
        def store() -> None:
            with app.app_context(), db.write() as later:
                real(later, *args, **more)

        threading.Timer(LATER, store).start()

    safety.open_flag = open_flag
    return app


def no_table_of_ids():
    """A repeat is not known for one: it is stored again."""
    nothing = entries._known.where(text("1 = 0"))
    entries._known, entries.known_write = nothing, lambda *_args: None
    entries._insert_sync = entries._insert_sync.prefix_with("OR REPLACE")
    return create_app()


def whole_row_overwritten():
    """The last to arrive takes the day, with all that it does not say."""
    entries.project = lambda writes, day: project(writes[-1:], day)
    return create_app()


class DeletesBeforeAcknowledged(Outbox):
    """A phone that forgets an entry as soon as it has sent it."""

    def request(self, entry: Entry) -> dict:
        body = super().request(entry)
        if entry in self.store.outbox:  # a second try at once, with another skew, finds it gone already
            self.store.outbox.remove(entry)
        return body

    def mend(self, _entry: Entry) -> None:
        """There is nothing left to be mended."""


class TakesAnythingForAnAnswer(Outbox):
    """A phone to which every 200 is "Saved", whoever said it."""

    def answered(self, entry, status, kind, data, retry_after=None) -> str:
        if status == 200 and not self.is_ours(status, kind, parsed(data)):
            entry.receipt, entry.epoch, entry.answered_at = "", self.store.epoch, self.moment()
            self.store.outbox.remove(entry)
            self.store.log[entry.id] = entry
            return "acknowledged"
        return super().answered(entry, status, kind, data, retry_after)
