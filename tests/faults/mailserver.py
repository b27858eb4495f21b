"""A mail server in a process of its own: `python -m tests.faults.mailserver PORT FILE`.

Each mail that it has is a line of JSON in the file (to, subject, Message-ID, body). A line to its standard input says what
it does from then on: "take"; "451" to whoever sends; "421" at once; "swallow": it takes the whole mail and never says so.
"""

import asyncio
import email
import json
import sys
import threading
from email.policy import default

from aiosmtpd.controller import Controller


class Box:
    """Keeps the mails, as it is told."""

    def __init__(self, path: str) -> None:
        self.path, self.does = path, "take"

    async def handle_MAIL(self, _server, _session, envelope, address, _options):
        if self.does == "421":
            return "421 not now"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if self.does == "451":
            return "451 later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        letter = email.message_from_bytes(envelope.original_content, policy=default)
        body = letter.get_body(("plain",)).get_content()
        kept = {
            "to": envelope.rcpt_tos[0],
            "id": letter["Message-ID"],
            "subject": letter["Subject"],
            "body": body,
        }
        with open(self.path, "a") as file:
            file.write(json.dumps(kept) + "\n")
        if self.does == "swallow":
            await asyncio.sleep(3600)
        return "250 OK"


def main() -> None:
    box = Box(sys.argv[2])
    Controller(box, hostname="127.0.0.1", port=int(sys.argv[1])).start()
    print("ready", flush=True)
    for line in sys.stdin:
        box.does = line.strip()
        print(box.does, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
