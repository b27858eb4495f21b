"""What people type to sign in and to set a passphrase."""

from pydantic import ConfigDict, field_validator
from sqlmodel import Field, SQLModel

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


class SecondForm(SQLModel):
    """A code of the authenticator app, or a recovery code, and the page to go on to."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field("", max_length=40)
    recovery: str = Field("", max_length=40)
    next: str = ""


class ProveForm(SQLModel):
    """A passphrase, or a code of the authenticator app, and the page to go on to."""

    model_config = ConfigDict(extra="forbid")

    passphrase: str = Field("", max_length=1000)
    code: str = Field("", max_length=40)
    next: str = ""


class AnswerForm(SQLModel):
    """What a passkey said, as the browser wrote it down, and the page to go on to."""

    model_config = ConfigDict(extra="forbid")

    answer: str = ""
    next: str = ""


class NewPasskeyForm(SQLModel):
    """A passkey that the browser made, and what it is to be called."""

    model_config = ConfigDict(extra="forbid")

    answer: str = ""
    name: str = ""

    @field_validator("name")
    @classmethod
    def _name(cls, text: str) -> str:
        return checked_key_name(text)


class NameForm(SQLModel):
    """Another name for a passkey."""

    model_config = ConfigDict(extra="forbid")

    name: str = ""

    @field_validator("name")
    @classmethod
    def _name(cls, text: str) -> str:
        return checked_key_name(text)


class EmailForm(SQLModel):
    """An e-mail address: one that cannot get in, or a new one."""

    model_config = ConfigDict(extra="forbid")

    email: str = ""

    @field_validator("email")
    @classmethod
    def _email(cls, text: str) -> str:
        return checked_email(text)


class NewPassphraseForm(SQLModel):
    """A passphrase in place of one that was forgotten."""

    model_config = ConfigDict(extra="forbid")

    passphrase: str = ""

    @field_validator("passphrase")
    @classmethod
    def _passphrase(cls, text: str) -> str:
        return checked_passphrase(text)


def checked_key_name(text: str) -> str:
    """What somebody calls a passkey, on one line; raises ValueError in plain words."""
    text = " ".join(text.split())
    if not text:
        raise ValueError("Please give it a name, like: my phone.")
    if len(text) > 60 or not text.isprintable():
        raise ValueError("Please choose a name of at most 60 plain characters.")
    return text


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
