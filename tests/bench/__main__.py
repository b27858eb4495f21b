"""`make bench`: every benchmark, each line `name: ratio (goal)`; `python -m tests.bench write page` for some of them."""

import importlib
import os
import pkgutil
import sys
import time
from pathlib import Path

os.environ.setdefault("LOG_LEVEL", "critical")

FIRST = ("write", "page", "response", "report")


def main() -> int:
    here = [
        m.name.removeprefix("bench_")
        for m in pkgutil.iter_modules([str(Path(__file__).parent)])
        if m.name.startswith("bench_")
    ]
    names = sys.argv[1:] or [*(n for n in FIRST if n in here), *(n for n in sorted(here) if n not in FIRST)]
    began = time.monotonic()
    lines = []
    for name in names:
        module = importlib.import_module(f"tests.bench.bench_{name}")
        print(f"# {getattr(module, 'TITLE', name)}", flush=True)
        for line in module.run() or ():
            print(line, flush=True)
            lines.append(line)
    judged = [line for line in lines if getattr(line, "is_met", None) is not None]
    missed = [line.name for line in judged if not line.is_met]
    print(f"# {len(judged) - len(missed)} of {len(judged)} goals reached in {time.monotonic() - began:.0f} s")
    if missed:
        print(f"# missed: {', '.join(missed)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
