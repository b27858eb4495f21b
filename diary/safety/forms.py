"""What staff type about a flag."""

from pydantic import ConfigDict, field_validator
from sqlmodel import SQLModel

from diary.lib.forms import UNSHOWABLE

LONGEST_COMMENT = 4_000


def checked_comment(text: str, needed: str = "") -> str:
    """A comment of at most 4,000 characters, trimmed; raises ValueError in plain words where it is `needed`."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text and needed:
        raise ValueError(needed)
    if UNSHOWABLE.search(text):
        raise ValueError("The text holds a character that can't be shown. Please take it out.")
    if len(text) > LONGEST_COMMENT:
        raise ValueError(f"The text has {len(text):,} characters; at most {LONGEST_COMMENT:,} fit.")
    return text


class ActForm(SQLModel):
    """What every act on a flag carries: the number of the last event that its page showed."""

    model_config = ConfigDict(extra="forbid")

    seen: int = 0

    @field_validator("seen", mode="before")
    @classmethod
    def _seen(cls, text: object) -> int:
        return (
            int(text)
            if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) < 6
            else 0
        )


class AcknowledgeForm(ActForm):
    """Somebody is on it, and says what they are doing."""

    doing: str = ""

    @field_validator("doing")
    @classmethod
    def _doing(cls, text: str) -> str:
        return checked_comment(text, "Please write what you are doing now, in a few words.")


class HandOverForm(ActForm):
    """Somebody else is to act."""

    to: str = ""
    why: str = ""

    @field_validator("to")
    @classmethod
    def _to(cls, text: str) -> str:
        if not text:
            raise ValueError("Please choose who takes it.")
        return text

    @field_validator("why")
    @classmethod
    def _why(cls, text: str) -> str:
        return checked_comment(text)


class CloseForm(ActForm):
    """It is done, and what came of it."""

    outcome: str = ""

    @field_validator("outcome")
    @classmethod
    def _outcome(cls, text: str) -> str:
        return checked_comment(text, "Please write what came of it, so that whoever reads this later knows.")


class ReopenForm(ActForm):
    """It was closed too early, and why."""

    reason: str = ""

    @field_validator("reason")
    @classmethod
    def _reason(cls, text: str) -> str:
        return checked_comment(text, "Please write why it is open again.")
