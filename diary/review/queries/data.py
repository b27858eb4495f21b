"""Why somebody stands where they stand: the reasons, read once from the file that ships with Neap."""

from pathlib import Path

from diary.review.rules import book
from diary.safety.queries import RULES

# A bad file stops the start, and is named.
BOOK = book((Path(__file__).parent.parent / "caseload.json").read_text("utf-8"), RULES)
