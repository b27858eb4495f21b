"""`migrate` as it is, but at its n-th statement it waits to be killed: `python -m tests.faults.migrating URL N`."""

import sys

from alembic import command
from sqlalchemy import Engine, event

from diary.cli.database import alembic_config


def main(url: str, number: str) -> None:
    done = 0

    @event.listens_for(Engine, "after_cursor_execute")
    def _wait(*_about) -> None:
        nonlocal done
        done += 1
        if done == int(number):
            print("waiting", flush=True)
            sys.stdin.read()

    command.upgrade(alembic_config(url), "head")
    print(done)


if __name__ == "__main__":
    main(*sys.argv[1:])
