"""Untrusted input to typed values: one helper that turns a model's complaints into words by field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from werkzeug.datastructures import MultiDict

UNSHOWABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Parsed(Generic[M]):
    """Either a value, or errors by field in words that can stand beside it."""

    value: M | None
    errors: dict[str, str] = field(default_factory=dict)


def parse(model: type[M], given: Mapping[str, Any]) -> Parsed[M]:
    """Validate a mapping of field names to text; the model forbids unknown names."""
    try:
        return Parsed(model.model_validate(dict(given)))
    except ValidationError as error:
        return Parsed(None, words_of(error))


def words_of(error: ValidationError) -> dict[str, str]:
    """The first complaint by field, in plain words."""
    found: dict[str, str] = {}
    for item in error.errors():
        name = str(item["loc"][0]) if item["loc"] else "form"
        found.setdefault(name, _words(item["type"], name, item))
    return found


def _words(kind: str, name: str, item: Mapping[str, Any]) -> str:
    if kind == "value_error":
        return str(item["ctx"]["error"])
    if kind == "extra_forbidden":
        return f"Neap does not know this field: {echo(name[:40])}."
    if kind == "missing":
        return "This is needed."
    if kind in ("string_too_long", "too_long"):
        return f"This is too long: at most {item['ctx'].get('max_length', '')} characters."
    return "Neap can't read this value."


def echo(text: str) -> str:
    """What somebody typed, ready to stand in a page again; a character that HTML can't hold becomes U+FFFD."""
    return UNSHOWABLE.sub("\ufffd", text)


def last_values(form: MultiDict[str, str]) -> dict[str, str]:
    """The last value of each name counts: a checkbox after its hidden empty input, a button after its field."""
    return {name: values[-1] for name, values in form.lists()}
