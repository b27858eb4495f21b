"""What an invited person and an admin type."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, time

from pydantic import ConfigDict, ValidationInfo, field_validator
from sqlmodel import SQLModel

from diary.accounts.forms import checked_email, checked_passphrase
from diary.careteam.rules import (
    DAY_KEYS,
    FURTHEST_DAY,
    LEAST_COURSE_GAP,
    LONGEST_REASON,
    MOST_COURSE_GAP,
    MOST_DAYS,
    MOST_MONTHS,
    SHORTEST_REASON,
    STAFF_ROLES,
    Kind,
    Opening,
    Role,
    is_code,
)
from diary.lib import clock
from diary.lib.forms import UNSHOWABLE, echo

LONGEST_NAME = 120
PASSKEY = "passkey"  # the way in that somebody chose


class InvitationForm(SQLModel):
    """What somebody sets when they accept an invitation."""

    model_config = ConfigDict(extra="forbid", validate_default=True)

    name: str = ""
    zone: str = ""
    answer: str = ""  # what a new passkey said; then there is no passphrase
    way: str = ""
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
    def _passphrase(cls, text: str, info: ValidationInfo) -> str:
        if info.data.get("answer"):
            return ""
        if info.data.get("way") == PASSKEY:
            raise ValueError("No passkey was made here. Please try once more, or choose a passphrase.")
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
    covers: str = ""
    begins_on: str = ""
    ends_on: str = ""

    @field_validator("begins_on", "ends_on")
    @classmethod
    def _day(cls, text: str) -> str:
        return checked_day(text)


class GlassForm(SQLModel):
    """Whose record is to be opened without link or consent, and why."""

    model_config = ConfigDict(extra="forbid")

    who: str = ""
    born_on: date | None = None
    reason: str = ""

    @field_validator("who")
    @classmethod
    def _who(cls, text: str) -> str:
        text = " ".join(text.split())
        if not text or len(text) > 254:
            raise ValueError("Please type their whole name, or their e-mail address.")
        return text

    @field_validator("born_on", mode="before")
    @classmethod
    def _born(cls, text: object) -> object:
        return checked_born(str(text or "")) or None

    @field_validator("reason")
    @classmethod
    def _reason(cls, text: str) -> str:
        return checked_reason(text)


class CodeForm(SQLModel):
    """Eight digits from a sheet of the clinic, typed with or without a space."""

    model_config = ConfigDict(extra="forbid")

    code: str = ""

    @field_validator("code")
    @classmethod
    def _code(cls, text: str) -> str:
        digits = re.sub(r"[\s-]", "", text)
        if not is_code(digits):
            raise ValueError("A code has eight digits, like 1234 5678.")
        return digits


def checked_reason(text: str) -> str:
    """A reason in words of 20 to 1,000 characters; raises ValueError in plain words."""
    text = text.strip()
    if len(" ".join(text.split())) < SHORTEST_REASON:
        raise ValueError(f"Please say why, in at least {SHORTEST_REASON} characters. The patient reads it.")
    if len(text) > LONGEST_REASON or UNSHOWABLE.search(text):
        raise ValueError(f"This can't be kept: at most {LONGEST_REASON} characters.")
    return text


def checked_day(text: str) -> str:
    """A day as YYYY-MM-DD within ten years, or empty; raises ValueError in plain words."""
    if not text.strip():
        return ""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("This is not a date. Please write it like 2026-12-24.") from None
    if abs((day - clock.now().date()).days) > 3653:
        raise ValueError("This day is too far away.")
    return day.isoformat()


def parse_roles(roles: Collection[str]) -> frozenset[Role]:
    """The roles of a member of staff; raises ValueError in plain words."""
    if any(role not in STAFF_ROLES for role in roles):
        raise ValueError("Neap does not know this role.")
    if not roles:
        raise ValueError("Please choose at least one role, or end their membership.")
    return frozenset(Role(role) for role in roles)


def parse_months(text: str) -> int | None:
    """Whole months that a clinic keeps a diary, empty where it says nothing; raises ValueError in plain words."""
    text = text.strip()
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= MOST_MONTHS:
        raise ValueError(f"This is a number of months from 1 to {MOST_MONTHS}.")
    return int(text)


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


PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{2,28}")
TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
LONGEST_HOURS = 200
CONTACTS = ("phone", "country", "zone", "hours")


@dataclass(frozen=True)
class Contacts:
    """How a clinic is reached and when; `hours` are words of its own, such as holidays."""

    phone: str
    country: str
    zone: str
    hours: str
    opening: Opening


@dataclass(frozen=True)
class TypedContacts:
    """Either contacts, or errors by field in plain words."""

    value: Contacts | None
    errors: Mapping[str, str] = field(default_factory=dict)


def parse_contacts(texts: Mapping[str, str], countries: Collection[str]) -> TypedContacts:
    """Phone, country, zone and opening hours by weekday: `mon_from`, `mon_until`; both empty is a closed day."""
    known = {*CONTACTS, *(f"{day}_{end}" for day in DAY_KEYS for end in ("from", "until"))}
    errors = {
        name[:40]: f"Neap does not know this field: {echo(name[:40])}." for name in texts if name not in known
    }
    said = {name: " ".join(texts.get(name, "").split()) for name in known}
    if said["phone"] and not PHONE.fullmatch(said["phone"]):
        errors["phone"] = "This can't be dialled. Please write it like 020 7946 0100."
    if said["country"] not in countries:
        errors["country"] = "Please choose a country, so that the right numbers stand on the help page."
    if not clock.is_zone(said["zone"]):
        errors["zone"] = "Please choose where the clinic is."
    if len(said["hours"]) > LONGEST_HOURS or UNSHOWABLE.search(said["hours"]):
        errors["hours"] = f"This can't be shown: at most {LONGEST_HOURS} characters."
    opening: dict[int, tuple[time, time]] = {}
    for number, day in enumerate(DAY_KEYS):
        try:
            hours = _hours(said[f"{day}_from"], said[f"{day}_until"])
        except ValueError as error:
            errors[f"{day}_until"] = str(error)
            continue
        if hours is not None:
            opening[number] = hours
    if errors:
        return TypedContacts(None, errors)
    return TypedContacts(Contacts(said["phone"], said["country"], said["zone"], said["hours"], opening))


def parse_checkin_days(text: str) -> tuple[int, ...]:
    """Days from 2 to 28 after an infusion, at most five, in order; empty for none. Raises ValueError in plain words."""
    pieces = text.replace(",", " ").split()
    if not all(re.fullmatch(r"[0-9]{1,3}", piece) for piece in pieces):
        raise ValueError("These are days after an infusion, like 2, 3, 7.")
    days = sorted({int(piece) for piece in pieces})
    if any(not 2 <= day <= FURTHEST_DAY for day in days):
        raise ValueError(
            f"These are days from 2 to {FURTHEST_DAY}; the evening and the next morning are always asked."
        )
    if len(days) > MOST_DAYS:
        raise ValueError(f"At most {MOST_DAYS} days, so that nobody is asked too often.")
    return tuple(days)


def parse_course_gap(text: str) -> int | None:
    """Whole days without an infusion before a new course, empty for the usual ones; raises ValueError in plain words."""
    text = text.strip()
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,4}", text) or not LEAST_COURSE_GAP <= int(text) <= MOST_COURSE_GAP:
        raise ValueError(f"This is a number of days from {LEAST_COURSE_GAP} to {MOST_COURSE_GAP}.")
    return int(text)


MOST_FACTORS, LONGEST_FACTOR = 8, 40


def parse_factors(text: str, built_in: Collection[str]) -> tuple[str, ...]:
    """A clinic's own factors, one a line, at most eight; none that is on Neap's list. Raises ValueError in plain words."""
    found: list[str] = []
    for line in text.replace("\r", "\n").split("\n"):
        name = " ".join(line.split())
        if not name:
            continue
        if UNSHOWABLE.search(name):
            raise ValueError("This holds a character that can't be shown. Please take it out.")
        if len(name) > LONGEST_FACTOR:
            raise ValueError(
                f"A line has at most {LONGEST_FACTOR} characters: {echo(name[:LONGEST_FACTOR])}..."
            )
        if name.casefold() in {one.casefold() for one in built_in}:
            raise ValueError(f"Patients can tick this already: {echo(name)}.")
        if name.casefold() in {one.casefold() for one in found}:
            raise ValueError(f"This stands there twice: {echo(name)}.")
        found.append(name)
    if len(found) > MOST_FACTORS:
        raise ValueError(f"At most {MOST_FACTORS} lines, so that a day stays short.")
    return tuple(found)


def _hours(since: str, until: str) -> tuple[time, time] | None:
    if not since and not until:
        return None
    if not since or not until:
        raise ValueError("Please write both times, or neither on a day when you are closed.")
    first, last = TIME.fullmatch(since), TIME.fullmatch(until)
    if first is None or last is None:
        raise ValueError("A time is written like 08:00.")
    begin, end = (time(int(m[1]), int(m[2])) for m in (first, last))
    if begin >= end:
        raise ValueError("The clinic opens before it closes. A night is written as two days.")
    return begin, end
