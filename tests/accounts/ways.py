"""What several tests of signing in need: clinics that ask for a second factor, apps, mails, and who is in."""

import re
from datetime import datetime, timedelta

import pyotp
from sqlmodel import select

from diary import db
from diary.accounts.actions import factors
from diary.accounts.models import Authenticator
from diary.accounts.worker import send_mails
from diary.careteam.models import Clinic
from diary.careteam.rules import REQUIRED
from diary.lib import clock
from diary.reminders.rules.message import Outcome
from tests.people import PASSPHRASE

KEY = re.compile(r'class="strong typedkey">([A-Z2-7 ]+)<')
CODE = re.compile(r"<li>([a-z2-9]{5}-[a-z2-9]{5})</li>")


def require_second(clinic_id: int) -> None:
    with db.write() as s:
        s.get_one(Clinic, clinic_id).second_factor = REQUIRED


def by_passphrase(client, person, **more):
    return client.post("/sign-in", {"email": person.email, "passphrase": PASSPHRASE, **more})


def app_of(person) -> pyotp.TOTP:
    """An authenticator app, set up without the page."""
    with db.write() as s:
        factors.begin_authenticator(s, person.id, clock.now())
        s.flush()
        row = s.exec(select(Authenticator).where(Authenticator.person_id == person.id)).one()
        row.confirmed_at = clock.now()
        return pyotp.TOTP(row.secret)


def code_at(app: pyotp.TOTP, moment: datetime | None = None, steps: int = 0) -> str:
    return app.at((moment or clock.now()) + timedelta(seconds=30 * steps))


def is_in(client, page: str = "/signing-in") -> bool:
    return client.get(page).status == 200


class Mails:
    """Takes what the jobs process would send; each is (to, letter)."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.sent: list = []
        self.outcomes = list(outcomes)

    def __call__(self, to, letter):
        self.sent.append((to, letter))
        return self.outcomes.pop(0) if self.outcomes else Outcome("sent")

    def go(self) -> "Mails":
        send_mails(self)
        return self

    def link(self) -> str:
        """The path that the last mail leads to."""
        return self.sent[-1][1].address

    def kinds(self) -> list[str]:
        return [letter.kind for _, letter in self.sent]
