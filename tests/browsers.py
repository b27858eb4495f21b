"""Which Chromium: the shell without windows, which opens a page in a fifth of the time, or the whole one."""

import shutil

QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
MISSING = "Chromium is not installed: `make system` lists what the tests need."


def shell() -> str:
    """The same engine, scripts and workers; it has no push."""
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    assert path, MISSING
    return path


def whole() -> str:
    path = shutil.which("chromium")
    assert path, MISSING
    return path
