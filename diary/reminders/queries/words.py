"""What reminders say, read once from the file that ships with Neap."""

from pathlib import Path

from diary.reminders.rules.words import wordings

# A bad file stops the start, and is named.
WORDS = wordings((Path(__file__).parent.parent / "words.json").read_text("utf-8"))
wording = WORDS.wording
