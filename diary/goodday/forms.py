"""The words as text to a typed value, or what is wrong with them; page and phone alike."""

from collections.abc import Mapping

from diary.goodday.rules import LONGEST, WORD
from diary.lib.forms import UNSHOWABLE

PAGE_ONLY = frozenset({"csrf_token", "base", "write_id"})


def parse_word(texts: Mapping[str, str]) -> tuple[dict[str, str | None], dict[str, str]]:
    """(the field if it was given, None for cleared; errors by field)."""
    errors = {}
    for name in texts:
        if name != WORD and name not in PAGE_ONLY:
            known_as = UNSHOWABLE.sub("?", name[:40])
            errors[known_as] = f"Neap does not know this field: {known_as}."
    if WORD not in texts:
        return {}, errors
    text = texts[WORD].replace("\r\n", "\n").replace("\r", "\n")
    if UNSHOWABLE.search(text):
        errors[WORD] = "This holds a character that can't be shown. Please take it out."
    elif len(text) > LONGEST:
        errors[WORD] = f"This has {len(text):,} characters; at most {LONGEST:,} fit. Nothing of it is lost."
    return {WORD: text if text.strip() else None}, errors
