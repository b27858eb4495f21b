"""What a process really did to its files, as a tracer saw it, played again up to a moment at which the power goes.

The rules of this disk, kept simple:

1. A sync of a file makes what was written to it and cut from it before durable; a sync of the folder makes files
   that were made or removed in it so.
2. Whatever was not synced at the cut is kept or dropped by chance, in one of three ways: all of it is dropped; of
   each file a first part is kept, and the last write kept is torn at a multiple of 512 bytes; each write is kept
   or dropped alone. What is kept is applied in its order.
3. A file that was made and whose folder was not synced since is there or not.
"""

import os
import random
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CALLS = (
    "pwrite64,pwritev,pwritev2,write,writev,fsync,fdatasync,ftruncate,fallocate,unlink,unlinkat,rename,openat"
)
WAYS = ("all dropped", "a first part kept", "each by chance")
LINE = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)")
FD = re.compile(r"^(\d+)<([^>]*)>")
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True)
class Op:
    """One call: write, cut, sync, sync folder, make, remove, or note (an acknowledgement, outside the disk)."""

    kind: str
    name: str = ""
    offset: int = 0
    data: bytes = b""


def record(command: Sequence[str], database: Path, noted: Path, cwd: Path) -> list[Op]:
    """Run a command under strace and return what it did to the database's files, in order."""
    trace = database.with_suffix(".trace")
    files = [
        database,
        *(Path(f"{database}{more}") for more in ("-wal", "-journal", "-shm")),
        noted,
        database.parent,
    ]
    paths = [part for path in files for part in ("-P", str(path))]
    tracer = ["strace", "-f", "-y", "-xx", "-s", "200000", "-e", f"trace={CALLS}", "-o", str(trace), *paths]
    subprocess.run([*tracer, *command], check=True, cwd=cwd, env={**os.environ, "LOG_LEVEL": "critical"})
    lines = joined(trace.read_text(encoding="ascii", errors="replace").splitlines())
    return [op for line in lines for op in read(line, database, noted)]


def joined(lines: Sequence[str]) -> Iterator[str]:
    """Calls of several threads, whose two halves are put together where they end."""
    begun: dict[str, str] = {}
    for line in lines:
        thread, _, rest = line.partition(" ")
        if rest.endswith("<unfinished ...>"):
            begun[thread] = line.removesuffix("<unfinished ...>")
        elif " resumed>" in rest[:60]:
            yield begun.pop(thread) + rest.split(" resumed>", 1)[1]
        else:
            yield line


def read(line: str, database: Path, noted: Path) -> Iterator[Op]:
    found = LINE.match(line)
    if not found:
        return
    call, rest, result = found[1], found[2], int(found[3])
    if result < 0:
        return
    if call == "openat":
        path = Path(unhexed(TEXT.search(rest)[1]).decode())  # type: ignore[index]
        if "O_CREAT" in rest and is_ours(path, database) and path != database:
            yield Op("make", path.name)
        return
    if call in ("unlink", "unlinkat"):
        path = Path(unhexed(TEXT.search(rest)[1]).decode())  # type: ignore[index]
        if is_ours(path, database):
            yield Op("remove", path.name)
        return
    described = FD.match(rest)
    assert described, f"{call} is not understood: {line[:200]}"
    path = Path(unhexed(described[2]).decode() if described[2].startswith("\\x") else described[2])
    if path == noted:
        yield Op("note", data=unhexed(TEXT.search(rest)[1]))  # type: ignore[index]
    elif path == database.parent:
        yield Op("sync folder")
    elif is_ours(path, database):
        yield from on_file(call, path.name, rest)


def on_file(call: str, name: str, rest: str) -> Iterator[Op]:
    if call in ("fsync", "fdatasync"):
        yield Op("sync", name)
    elif call == "ftruncate":
        yield Op("cut", name, int(rest.rsplit(",", 1)[1]))
    elif call == "pwrite64":
        yield Op("write", name, int(rest.rsplit(",", 1)[1]), unhexed(TEXT.search(rest)[1]))  # type: ignore[index]
    else:
        raise AssertionError(f"{call} of {name}: this disk does not know it")


def is_ours(path: Path, database: Path) -> bool:
    """The database and its log; the index of the log (-shm) is made anew when the database is opened."""
    return path in (database, Path(f"{database}-wal"), Path(f"{database}-journal"))


def unhexed(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


@dataclass
class File:
    """A file's durable bytes and what was done to it since."""

    durable: bytearray = field(default_factory=bytearray)
    is_durable: bool = True
    since: list[Op] = field(default_factory=list)


class Disk:
    """Operations are applied one by one; `cut` says what a power cut at this moment leaves."""

    def __init__(self, files: dict[str, bytes]):
        self.files = {name: File(bytearray(data)) for name, data in files.items()}
        self.removed: dict[str, File] = {}

    def apply(self, op: Op) -> None:
        if op.kind == "make" and op.name not in self.files:
            self.files[op.name] = File(is_durable=False)
        elif op.kind == "remove":
            self.removed[op.name] = self.files.pop(op.name)
        elif op.kind == "sync folder":
            self.removed.clear()
            for file in self.files.values():
                file.is_durable = True
        elif op.kind == "sync":
            file = self.files[op.name]
            for earlier in file.since:
                change(file.durable, earlier)
            file.since = []
        elif op.kind in ("write", "cut"):
            self.files[op.name].since.append(op)

    def cut(self, way: str, chance: random.Random) -> dict[str, bytes]:
        left = {}
        for name, file in [*self.removed.items(), *self.files.items()]:
            is_certain = file.is_durable and file is self.files.get(name)
            if not is_certain and (way == "all dropped") == (name in self.files):
                continue
            if not is_certain and chance.random() < 0.5:
                continue
            data = bytearray(file.durable)
            for op in survivors(file.since, way, chance):
                change(data, op)
            left[name] = bytes(data)
        return left

    def whole(self) -> dict[str, bytes]:
        """Everything, as if the power had stayed."""
        found = {}
        for name, file in self.files.items():
            data = bytearray(file.durable)
            for op in file.since:
                change(data, op)
            found[name] = bytes(data)
        return found


def survivors(since: list[Op], way: str, chance: random.Random) -> list[Op]:
    if way == "all dropped" or not since:
        return []
    if way == "each by chance":
        return [op for op in since if chance.random() < 0.5]
    kept = since[: chance.randrange(len(since) + 1)]
    if kept and kept[-1].kind == "write":
        torn = kept[-1]
        size = 512 * chance.randrange(len(torn.data) // 512 + 1)
        kept[-1] = Op("write", torn.name, torn.offset, torn.data[:size] if size else torn.data)
    return kept


def change(data: bytearray, op: Op) -> None:
    if op.kind == "cut":
        del data[op.offset :]
        data.extend(bytes(max(0, op.offset - len(data))))
        return
    data.extend(bytes(max(0, op.offset - len(data))))
    data[op.offset : op.offset + len(op.data)] = op.data
