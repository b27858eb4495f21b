"""Budgets of guesses: each is taken before it is looked at, so that many at once get no more than one after another."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from diary.accounts.models import SignInBudget
from diary.accounts.rules import WINDOW, retry_after
from diary.lib.types import Moment, from_ms, to_ms

_budget = SignInBudget.__table__  # type: ignore[attr-defined]


def take(s: Session, budgets: Mapping[bytes, int], now: datetime) -> int:
    """Draw one guess on each of these budgets (key -> how many it has); seconds to wait where one is spent, else 0.

    A window that is over begins anew.
    """
    now = from_ms(to_ms(now))
    wait = 0
    for key, allowed in sorted(budgets.items()):  # in one order, so that two do not wait for each other
        failures, since = s.connection().execute(_taken(s, key, now)).one()
        wait = max(wait, retry_after(failures - 1, allowed, since, now))
    # Rows that somebody else holds are left for the next: waiting for them would be waiting in another order.
    old = (
        select(_budget.c.key)
        .where(_budget.c.since < now - 4 * WINDOW)
        .limit(20)
        .with_for_update(skip_locked=True)
    )
    s.connection().execute(delete(SignInBudget).where(SignInBudget.key.in_(old)))
    return wait


def _taken(s: Session, key: bytes, now: datetime) -> Any:
    dialect: Any = sqlite if s.connection().dialect.name == "sqlite" else postgresql
    is_over = _budget.c.since <= now - WINDOW
    return (
        dialect.insert(_budget)
        .values(key=key, failures=1, since=now)
        .on_conflict_do_update(
            index_elements=["key"],
            set_={
                "failures": case((is_over, 1), else_=_budget.c.failures + 1),
                "since": case((is_over, literal(now, Moment)), else_=_budget.c.since),
            },
        )
        .returning(_budget.c.failures, _budget.c.since)
    )


def give_back(s: Session, keys: Iterable[bytes]) -> None:
    """It was no wrong guess."""
    for key in sorted(keys):  # in the order of `take`: one statement for all would lock them in any
        s.connection().execute(
            _budget.update()
            .where(_budget.c.key == key, _budget.c.failures > 0)
            .values(failures=_budget.c.failures - 1)
        )
