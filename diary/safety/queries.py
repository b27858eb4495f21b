"""The numbers to call, read once from the file that ships with Neap."""

from pathlib import Path

from diary.safety.rules import countries

COUNTRIES = countries((Path(__file__).parent / "crisis_lines.json").read_text("utf-8"))
