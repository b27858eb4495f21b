"""What somebody with the database, but without the key, may do to the audit trail: past the triggers, on both."""

from contextlib import contextmanager

from sqlalchemy import text

from diary import db
from diary.audit import actions, worker
from diary.careteam import access

TRIGGERS = (
    "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('audit_event', 'audit_chain')"
)


@contextmanager
def past_the_triggers():
    """A connection that the triggers do not hold up."""
    with db.engine().begin() as c:
        if db.database().is_sqlite:
            for (name,) in c.execute(text(TRIGGERS)).all():
                c.execute(text(f"DROP TRIGGER {name}"))
        else:
            c.execute(text("SET LOCAL session_replication_role = replica"))
        yield c


def tamper(*statements: str, **values) -> None:
    with past_the_triggers() as c:
        for statement in statements:
            assert c.execute(text(statement), values).rowcount != 0, statement


def events(person, count: int = 10) -> list[int]:
    """Events about somebody; their ids."""
    with db.write() as s:
        return [actions.record(s, access.OPERATOR, "export", person.id, thing=str(n)) for n in range(count)]


def appended(person, count: int = 10) -> list[int]:
    ids = events(person, count)
    worker.append()
    return ids


def scalar(statement: str, **values):
    with db.read_anew() as s:
        return s.connection().execute(text(statement), values).scalar()
