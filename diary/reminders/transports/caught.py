"""Mail in development: kept as files and shown at /dev/mail, so that it can be seen without a server."""

import email
import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from diary.lib import clock
from diary.reminders.rules.message import Message, Outcome
from diary.reminders.transports.letter import WHOLE_LINES, BadAddress, Letters

NAME = re.compile(r"\d{8}T\d{9}-[0-9a-f]{32}")
MOST = 200  # of which the newest are kept


@dataclass(frozen=True)
class Caught:
    """One kept mail."""

    name: str
    at: datetime
    to: str
    subject: str
    headers: tuple[tuple[str, str], ...]
    plain: str
    html: str


class CaughtMail:
    """Takes every mail, and sends none."""

    is_on = True

    def __init__(self, folder: Path, letters: Letters) -> None:
        self._folder, self._letters = folder, letters

    def send(self, to: str, message: Message, unsubscribe: str = "") -> Outcome:
        now = clock.now()
        try:
            letter = self._letters.write(to, message, unsubscribe, now)
        except BadAddress:
            return Outcome("failed", "address")
        try:
            self._keep(f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03}-{message.id.hex}", letter)
        except OSError:
            return Outcome("retry", "disk")
        return Outcome("sent")

    def _keep(self, name: str, letter: EmailMessage) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        whole = self._folder / f"{name}.part"
        whole.write_bytes(letter.as_bytes(policy=WHOLE_LINES))
        whole.rename(self._folder / f"{name}.eml")
        for old in self._names()[MOST:]:
            (self._folder / f"{old}.eml").unlink(missing_ok=True)

    def _names(self) -> list[str]:
        """The newest first."""
        return sorted(
            (path.stem for path in self._folder.glob("*.eml") if NAME.fullmatch(path.stem)), reverse=True
        )

    def newest(self, most: int = 50) -> list[Caught]:
        return [found for name in self._names()[:most] if (found := self.one(name))]

    def one(self, name: str) -> Caught | None:
        """A kept mail by its name; None where there is none, and for anything that is no such name."""
        if not NAME.fullmatch(name):
            return None
        try:
            letter = email.message_from_bytes(
                (self._folder / f"{name}.eml").read_bytes(), EmailMessage, policy=default
            )
        except FileNotFoundError:
            return None
        plain, html = letter.get_body(("plain",)), letter.get_body(("html",))
        return Caught(
            name,
            letter["Date"].datetime,
            str(letter["To"]),
            str(letter["Subject"]),
            tuple((key, str(value)) for key, value in letter.items()),
            plain.get_content() if plain else "",
            html.get_content() if html else "",
        )
