"""Every line that Neap would log at its most talkative, in every test of this process, looked through for what must not be there."""

import logging
import re

import structlog

from diary.lib import log
from tests.people import PASSPHRASE, PEOPLE

SURNAMES = tuple(name.split()[-1] for _, name, *_ in PEOPLE)
# Words that tests have people write: those of the crawler's world, of which each person has one of each kind.
WRITTEN = (
    "harbour-fog-of-hers", "herons-by-the-weir", "only-for-my-own-eyes", "a-word-for-a-bad-day", "a-walk-round-the-mill",
    "asks-about-her-brother", "tripped-over-the-cat", "unconscious-on-the-quay", "stairs-one-by-one", "wants-a-quieter-room",
    "slipped-on-the-ferry", "marsh-at-first-light", "nobody-else-reads-this", "written-before-she-came",
    "written-after-she-came", "Quillfeather", "left-the-clinic-behind", "Zephyrine", "day-canary", "private-canary",
    "hunter2-hunter2", PASSPHRASE,
)  # fmt: skip
ADDRESS = r"[\w.+-]+@[\w-]+\.\w+"
TOKEN = r"(?<![\w-])[\w-]{43}(?![\w-])"  # 256 bits as links and cookies bear them
LEAK = re.compile("|".join([*map(re.escape, (*SURNAMES, *WRITTEN)), ADDRESS, TOKEN]))

lines = 0
leaks: list[str] = []
_configure = log.configure


def configure(level: str) -> None:
    """As the product does, but each line is made and looked through, whatever the level lets through."""
    _configure("debug")
    least = getattr(logging, level.upper(), logging.INFO)

    def look(_logger: object, method: str, line: str) -> str:
        global lines
        lines += 1
        if LEAK.search(line):
            leaks.append(line)
        if getattr(logging, method.upper(), logging.INFO) < least:
            raise structlog.DropEvent
        return line

    structlog.configure(processors=[*structlog.get_config()["processors"], look])


def taken() -> list[str]:
    """The leaks since it was asked last."""
    found = leaks[:]
    leaks.clear()
    return found
