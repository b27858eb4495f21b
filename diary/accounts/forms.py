"""What people type to sign in and to set a passphrase."""

from pydantic import ConfigDict, field_validator
from sqlmodel import SQLModel

from diary.accounts.rules import passphrase_problem


class SignInForm(SQLModel):
    """An e-mail address, a passphrase, and the page to go on to."""

    model_config = ConfigDict(extra="forbid")

    email: str = ""
    passphrase: str = ""
    next: str = ""

    @field_validator("email")
    @classmethod
    def _email(cls, text: str) -> str:
        return checked_email(text)

    @field_validator("passphrase")
    @classmethod
    def _passphrase(cls, text: str) -> str:
        if not text:
            raise ValueError("Please type your passphrase.")
        if len(text) > 1000:
            raise ValueError("This is too long.")
        return text


class PassphraseForm(SQLModel):
    """A change of passphrase: the present one, and the new one twice."""

    model_config = ConfigDict(extra="forbid")

    current: str = ""
    passphrase: str = ""
    again: str = ""

    @field_validator("passphrase")
    @classmethod
    def _passphrase(cls, text: str) -> str:
        return checked_passphrase(text)


def checked_email(text: str) -> str:
    """A plausible address, trimmed; raises ValueError in plain words."""
    text = text.strip()
    name, at, host = text.rpartition("@")
    if not at or not name or "." not in host.strip(".") or any(c.isspace() or ord(c) < 32 for c in text):
        raise ValueError("Please type your e-mail address, like name@example.org.")
    if len(text) > 254:
        raise ValueError("This e-mail address is too long.")
    return text


def checked_passphrase(text: str) -> str:
    """A passphrase that is good enough; raises ValueError in plain words."""
    problem = passphrase_problem(text)
    if problem:
        raise ValueError(problem)
    return text
