"""Neap's own settings, with less patience, so that a test need not wait for thirty seconds."""

from pathlib import Path

exec((Path(__file__).resolve().parent.parent.parent / "gunicorn.conf.py").read_text())  # noqa: S102
PATIENCE_SECONDS = 2
