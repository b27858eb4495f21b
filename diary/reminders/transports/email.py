"""Mail by SMTP: one connection a mail, and what each answer of the server means for a reminder."""

import re
import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage

from diary.config import LOOPBACK, Smtp
from diary.lib import clock
from diary.reminders.rules.message import SAFETY, Message, Outcome
from diary.reminders.transports.letter import WHOLE_LINES, BadAddress, Letters

SECONDS = 10
DOT = re.compile(rb"^\.", re.M)
BAD_ADDRESS = Outcome("failed", "address")
# Answers that speak of this install (who it is, whether it may send), not of the mail: another try may go.
OF_THE_INSTALL = frozenset({530, 534, 535, 538})


class Nowhere:
    """Production without SMTP_URL: nothing goes, and what waits goes as soon as there is a server."""

    is_on = False

    def send(self, to: str, message: Message, unsubscribe: str = "") -> Outcome:
        return Outcome("retry", "mail_off")


class Refused(Exception):
    """The server answered with something else than what was hoped for."""

    def __init__(self, code: int, of_mail: bool) -> None:
        self.code, self.of_mail = code, of_mail


class Mail:
    """Hands each mail to one server. Safe to share among threads: a connection is one call's own."""

    is_on = True

    def __init__(
        self, server: Smtp, letters: Letters, context: ssl.SSLContext, seconds: float = SECONDS
    ) -> None:
        self._server, self._letters, self._context, self._seconds = server, letters, context, seconds

    def send(self, to: str, message: Message, unsubscribe: str = "") -> Outcome:
        """One try. `unsubscribe` is a path of ours; whether to try again is the outcome's to say."""
        try:
            letter = self._letters.write(to, message, unsubscribe, clock.now())
        except BadAddress:
            return BAD_ADDRESS
        handed = Handed(message.kind in SAFETY)
        try:
            smtp = self._connected()
            try:
                _hand_over(smtp, letter, handed)
            finally:
                _leave(smtp)
        except Refused as error:
            is_for_good = error.of_mail and error.code >= 500 and error.code not in OF_THE_INSTALL
            return Outcome("failed" if is_for_good else "retry", str(error.code))
        except smtplib.SMTPServerDisconnected:
            return handed.otherwise("cut_off")
        except smtplib.SMTPResponseException as error:  # at the greeting or the sign-in
            return handed.otherwise(str(error.smtp_code) if error.smtp_code > 0 else "garbage")
        except smtplib.SMTPException:
            return handed.otherwise("smtp")
        except ssl.SSLError:
            return handed.otherwise("tls")
        except TimeoutError:
            return handed.otherwise("timeout")
        except (OSError, UnicodeError):  # a host whose name can't be looked up, too
            return handed.otherwise("unreachable")
        return Outcome("sent")

    def _connected(self) -> smtplib.SMTP:
        """A connection on which a mail may go: encrypted where the server can, signed in where it asks."""
        server, me = self._server, self._letters.sender.domain
        if server.is_tls:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, me, timeout=self._seconds, context=self._context
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, me, timeout=self._seconds)
        try:
            smtp.ehlo_or_helo_if_needed()
            if not server.is_tls and smtp.has_extn("starttls"):
                smtp.starttls(context=self._context)
                smtp.ehlo()
            elif not server.is_tls and server.user and server.host not in LOOPBACK:
                raise Refused(538, of_mail=False)  # the passphrase does not go in the clear
            if server.user:
                smtp.login(server.user, server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp


class Handed:
    """Whether the whole mail has left: what breaks from there on leaves its fate unknown.

    One of safety goes again all the same: twice is better than never, and its Message-ID is the same.
    """

    def __init__(self, is_safety: bool) -> None:
        self.is_safety, self.is_whole = is_safety, False

    def otherwise(self, reason: str) -> Outcome:
        return Outcome("unknown" if self.is_whole and not self.is_safety else "retry", reason)


def _hand_over(smtp: smtplib.SMTP, letter: EmailMessage, handed: Handed) -> None:
    """MAIL, RCPT, DATA; raises Refused at the first answer that is no yes."""
    (sender,), (to,) = letter["From"].addresses, letter["To"].addresses
    _agreed(smtp.mail(sender.addr_spec), 250)
    _agreed(smtp.rcpt(to.addr_spec), 250, 251)
    _agreed(smtp.docmd("DATA"), 354)
    body = DOT.sub(b"..", letter.as_bytes(policy=WHOLE_LINES))
    smtp.send(body + b".\r\n")
    handed.is_whole = True
    _agreed(smtp.getreply(), 250)


def _agreed(answer: tuple[int, bytes], *codes: int) -> None:
    if answer[0] < 200:  # no answer of SMTP
        raise smtplib.SMTPResponseException(answer[0], "")
    if answer[0] not in codes:
        raise Refused(answer[0], of_mail=True)


def _leave(smtp: smtplib.SMTP) -> None:
    """Say goodbye without waiting for an answer: the mail's fate is settled."""
    with suppress(OSError, smtplib.SMTPException):
        smtp.putcmd("quit")
    smtp.close()
