"""A reminder as a mail: plain and HTML, the same words in both, nothing fetched and nothing that tells of health."""

from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from jinja2 import Environment

from diary.reminders.rules.message import SAFETY, Message
from diary.reminders.rules.words import subject

WHOLE_LINES = SMTP.clone(max_line_length=None)  # a link that is broken in two is none


class BadAddress(ValueError):
    """Not an address that a mail can go to; one with a line break could add headers of its own."""


class Letters:
    """Writes mails from one sender; `home` is where links begin."""

    def __init__(self, templates: Environment, sender: Address, home: str) -> None:
        self._plain = templates.get_template("emails/reminder.txt")
        self._html = templates.get_template("emails/reminder.html")
        self.sender = sender
        self.home = home

    def write(self, to: str, message: Message, unsubscribe: str, now: datetime) -> EmailMessage:
        """The mail; `unsubscribe` is a path of ours, "" for a mail that can't be stopped. Raises BadAddress."""
        letter = EmailMessage()
        letter["From"] = self.sender
        letter["To"] = address(to)
        letter["Subject"] = subject(message.body)
        letter["Date"] = format_datetime(now)
        letter["Message-ID"] = f"<{message.id.hex}@{self.sender.domain}>"  # the same at every try
        letter["Auto-Submitted"] = "auto-generated"
        stop = self.home + unsubscribe if unsubscribe else ""
        if stop:
            letter["List-Unsubscribe"] = f"<{stop}>"
            letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        words = {
            "message": message,
            "link": self.home + message.address,
            "stop": stop,
            "home": self.home,
            "is_for_staff": message.kind in SAFETY,
        }
        letter.set_content(self._plain.render(words), cte="quoted-printable")
        letter.add_alternative(self._html.render(words), subtype="html", cte="quoted-printable")
        return letter


def address(text: str) -> Address:
    """One address to put into a header and to hand to a server; raises BadAddress."""
    if not text.isprintable() or any(c.isspace() for c in text):
        raise BadAddress
    try:
        name, _, host = text.rpartition("@")
        found = Address(addr_spec=f"{name}@{host.encode('idna').decode()}")
        found.addr_spec.encode("ascii")
    except (ValueError, IndexError, MessageError) as error:
        raise BadAddress from error
    if not found.username or not found.domain or len(found.addr_spec) > 254:
        raise BadAddress
    return found
