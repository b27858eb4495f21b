"""`make bench`: every benchmark, each line `name: ratio (goal)`; `python -m tests.bench write page` for some of them."""

import importlib
import os
import pkgutil
import sys
import time
from pathlib import Path

os.environ.setdefault("LOG_LEVEL", "critical")

# What performance.md sets goals for, in the order it is measured; a part without its module fails.
PARTS = ("write", "page", "reminders", "response", "caseload", "storage", "report", "weight", "local")


def names_of(asked: list[str]) -> list[str]:
    """The parts asked for, else all of them and whatever else lies here."""
    here = [
        m.name.removeprefix("bench_")
        for m in pkgutil.iter_modules([str(Path(__file__).parent)])
        if m.name.startswith("bench_")
    ]
    return asked or [*PARTS, *(name for name in sorted(here) if name not in PARTS)]


def main() -> int:
    names = names_of(sys.argv[1:])
    modules = {name: importlib.import_module(f"tests.bench.bench_{name}") for name in names}
    began = time.monotonic()
    lines = []
    for module in modules.values():
        print(f"# {module.TITLE}", flush=True)
        for line in module.run():
            print(line, flush=True)
            lines.append(line)
    judged = [line for line in lines if line.is_met is not None]
    missed = [line.name for line in judged if not line.is_met]
    print(f"# {len(judged) - len(missed)} of {len(judged)} goals reached in {time.monotonic() - began:.0f} s")
    if missed:
        print(f"# missed: {', '.join(missed)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
