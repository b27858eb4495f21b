"""Every guess draws on a budget before it is looked at; a right one is given back, a spent one answers 429 at once."""

from dataclasses import dataclass

from flask import Response, current_app, request
from sqlmodel import Session

from diary import db
from diary.accounts import queries
from diary.accounts.actions import guesses
from diary.accounts.models import Person
from diary.lib import clock, errors, http
from diary.lib.sessions import device_cookie


@dataclass(frozen=True)
class Guess:
    """One guess that was drawn: on which budgets, or how long to wait for the next."""

    budgets: dict[bytes, int]
    wait: int = 0

    def was_right(self, s: Session) -> None:
        guesses.give_back(s, self.budgets)

    def refused(self) -> Response:
        return errors.page(429, headers={"Retry-After": str(self.wait)})


def known_device() -> str | None:
    return request.cookies.get(device_cookie(current_app))


def guess_of(person: Person | None, email: str) -> Guess:
    """One guess at the account of this address, whoever's it is, from this address or known device."""
    device = known_device()
    with db.read() as s:
        owner = queries.device_owner(s, device)
    is_known = person is not None and owner == person.id
    return drawn(queries.budgets_of(email, http.address(), device if is_known else None))


def passkey_budgets() -> tuple[dict[bytes, int], dict[bytes, int]]:
    """The budgets of passkeys' answers and questions: nobody has said yet who they are, but a device may be known."""
    device = known_device()
    with db.read() as s:
        is_known = queries.device_owner(s, device) is not None
    return queries.passkey_budgets(http.address(), device if is_known else None)


def drawn(budgets: dict[bytes, int]) -> Guess:
    now = clock.now()
    with db.read() as s:
        wait = queries.wait_before_next(s, budgets, now)
    if not wait:
        with db.write() as s:
            wait = guesses.take(s, budgets, now)
    return Guess(budgets, wait)
