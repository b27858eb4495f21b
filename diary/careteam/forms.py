"""What an invited person and an admin type."""

from datetime import date

from pydantic import ConfigDict, field_validator
from sqlmodel import SQLModel

from diary.accounts.forms import checked_email, checked_passphrase
from diary.careteam.rules import Kind, Role
from diary.lib import clock
from diary.lib.forms import UNSHOWABLE

LONGEST_NAME = 120


class InvitationForm(SQLModel):
    """What somebody sets when they accept an invitation."""

    model_config = ConfigDict(extra="forbid")

    name: str = ""
    zone: str = ""
    passphrase: str = ""
    consent: list[str] = []

    @field_validator("name")
    @classmethod
    def _name(cls, text: str) -> str:
        return checked_name(text)

    @field_validator("zone")
    @classmethod
    def _zone(cls, text: str) -> str:
        if not clock.is_zone(text):
            raise ValueError("Please choose where you live, so that your days begin and end with you.")
        return text

    @field_validator("passphrase")
    @classmethod
    def _passphrase(cls, text: str) -> str:
        return checked_passphrase(text)

    @field_validator("consent")
    @classmethod
    def _consent(cls, kinds: list[str]) -> list[str]:
        if any(kind not in set(Kind) for kind in kinds):
            raise ValueError("Neap does not know this kind of data.")
        return kinds


class PersonForm(SQLModel):
    """Somebody an admin invites."""

    model_config = ConfigDict(extra="forbid")

    email: str = ""
    name: str = ""
    role: str = ""
    born_on: str = ""

    @field_validator("email")
    @classmethod
    def _email(cls, text: str) -> str:
        return checked_email(text)

    @field_validator("name")
    @classmethod
    def _name(cls, text: str) -> str:
        return checked_name(text)

    @field_validator("role")
    @classmethod
    def _role(cls, text: str) -> str:
        if text not in set(Role):
            raise ValueError("Please choose what they are in the clinic.")
        return text

    @field_validator("born_on")
    @classmethod
    def _born(cls, text: str) -> str:
        return checked_born(text)


class LinkForm(SQLModel):
    """A patient and who is to care for them, by the ids of the page."""

    model_config = ConfigDict(extra="forbid")

    patient: str = ""
    staff: str = ""


def checked_name(text: str) -> str:
    """A name of at most 120 characters, trimmed; raises ValueError in plain words."""
    text = " ".join(text.split())
    if not text:
        raise ValueError("Please type a name.")
    if len(text) > LONGEST_NAME or UNSHOWABLE.search(text):
        raise ValueError(f"This can't be a name: at most {LONGEST_NAME} characters.")
    return text


def checked_born(text: str) -> str:
    """A birth date as YYYY-MM-DD, or empty; raises ValueError in plain words."""
    if not text.strip():
        return ""
    try:
        born = date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("This is not a date. Please write it like 1958-03-14.") from None
    if not date(1900, 1, 1) <= born <= clock.now().date():
        raise ValueError("A birth date lies between 1900 and today.")
    return born.isoformat()
