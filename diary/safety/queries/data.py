"""The numbers to call and the rules, read once from the files that ship with Neap."""

from pathlib import Path

from diary.safety.rules import Rule, countries, safety_rules

HERE = Path(__file__).parent.parent
COUNTRIES = countries((HERE / "crisis_lines.json").read_text("utf-8"))
RULES = safety_rules((HERE / "rules.json").read_text("utf-8"))  # a bad file stops the start, and is named


def rule(key: str) -> Rule:
    """The rule of that key; raises KeyError for one that is not in the file."""
    return RULES[key]


def phone_words(key: str) -> dict[str, str]:
    """What the phone shows at once: `help` is what kind of help stands there, `words` the sentence above it."""
    found = RULES[key]
    return {"rule": key, "help": found.help, "words": found.words}
