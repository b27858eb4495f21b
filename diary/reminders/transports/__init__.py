"""The ways out: mail and push. Made once at the start, and handed a message and an address each time."""

import ssl

from flask import Flask

from diary.config import LOOPBACK, Config, Smtp
from diary.reminders.transports.caught import CaughtMail
from diary.reminders.transports.email import Mail, Nowhere
from diary.reminders.transports.letter import Letters
from diary.reminders.transports.push import Push


def init_app(app: Flask) -> None:
    """`app.extensions["mail"]` sends mails, `["push"]` messages to phones."""
    settings: Config = app.config["SETTINGS"]
    letters = Letters(app.jinja_env, settings.mail_from, settings.home)
    app.extensions["mail"] = _mail(settings, letters)
    sender = settings.mail_from
    contact = (
        f"mailto:{sender.addr_spec if '.' in sender.domain else 'neap@localhost'}"  # what the standard takes
    )
    app.extensions["push"] = Push(
        settings.vapid_key, contact, settings.push_hosts, allows_here=not settings.production
    )


def _mail(settings: Config, letters: Letters) -> Mail | CaughtMail | Nowhere:
    """Mail by the server named; without one, in development kept to be looked at, in production held back."""
    if settings.smtp is not None:
        return Mail(settings.smtp, letters, context(settings.smtp))
    return Nowhere() if settings.production else CaughtMail(settings.data_dir / "mail", letters)


def context(server: Smtp) -> ssl.SSLContext:
    """How a mail server proves who it is; one on this machine needs not, its certificate is mostly its own."""
    made = ssl.create_default_context()
    if server.host in LOOPBACK:
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    return made
