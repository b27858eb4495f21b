"""What a kind of database has to do for a copy of it, and why something is not done."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol


class Refused(Exception):
    """Nothing was done; says why in plain words."""


class NoSecond(Refused):
    """There may be no second database beside the one that is served."""


class Store(Protocol):
    """The database of this install, as a copy sees it. All but `put` leave it as it is."""

    kind: str  # as the manifest names it
    file: str  # what the database is called within a copy

    def full(self) -> str:
        """Words for what a copy would be put over; "" where nothing is."""

    def take(self, target: Path) -> dict[str, int]:
        """Copy it as it stands at one moment; how many rows each table had at that moment."""

    def beside(self, copy: Path) -> AbstractContextManager[str]:
        """The address of a second database that holds the copy, and is gone afterwards. Raises NoSecond."""

    def faults(self, url: str, counts: dict[str, int]) -> list[str]:
        """What is wrong with a second database that should hold so many rows."""

    def read(self, copy: Path, counts: dict[str, int]) -> list[str]:
        """The same of a copy that no database could be made of: what can be told by reading it to its end."""

    def put(self, url: str) -> None:
        """Write a second database over it in one transaction; raises Refused, and then nothing has changed."""
