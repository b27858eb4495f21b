"""Writes days through the sync API in one process and notes each acknowledgement in a file, for a tracer to see.

`python -m tests.faults.writer DATABASE MODE NUMBER FILE PERSON UUID`: MODE is SQLite's `synchronous`.
"""

import os
import random
import sys
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.conftest import ENVIRON  # sets the level of the log first

from diary import create_app, db  # isort: skip
from tests.faults.outbox import Outbox, some_fields
from tests.page_client import PageClient
from tests.people import Someone
from tests.sync.phones import put


def main(path: str, mode: str, number: str, noted: str, person: str, uuid: str) -> None:
    db.PRAGMAS = (*(p for p in db.PRAGMAS if not p.startswith("synchronous")), f"synchronous={mode}")
    app = create_app({**ENVIRON, "DATABASE_URL": f"sqlite:///{path}", "DATA_DIR": os.path.dirname(path)})
    chance = random.Random(mode)
    phone = Outbox(UUID(uuid), "Phone", lambda: datetime.now(UTC), lambda: 0.0, chance)
    acknowledged = os.open(noted, os.O_WRONLY | os.O_CREAT)
    with app.app_context():
        client = PageClient(app, Someone(int(person), UUID(uuid), "", "", "patient", 0))
        for _ in range(int(number)):
            entry = phone.record(phone.today() - timedelta(days=chance.randrange(6)), some_fields(chance))
            status, said, response = put(client, phone.request(entry), entry.id)
            assert status == 200, said
            phone.answered(entry, status, response.content_type, response.data)
            os.write(acknowledged, entry.id.bytes)
    os._exit(0)  # as if the power went now: no tidy end that would write the log back


if __name__ == "__main__":
    main(*sys.argv[1:])
