"""The fixed cast: Alice is a patient, Bob her clinician, Cora her coach, Dana the admin, Charlie a stranger."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel import Session

from diary.accounts.actions import create_person
from diary.accounts.models import Person
from diary.careteam import access, actions
from diary.careteam.rules import OFF, Kind, Role

PASSPHRASE = "seven quiet waves"
# Made once with argon2 and this passphrase, so that a test database does not hash it five times.
LONG_AGO = datetime(2026, 1, 2, 9, tzinfo=UTC)
EVER = datetime(2000, 1, 1, tzinfo=UTC)  # whatever day a test lives on, the care links have begun
PEOPLE = (
    ("alice", "Alice Marlow", Role.PATIENT, "Harbour Pain Clinic", "1972-05-04"),
    ("bob", "Dr Bob Ansah", Role.CLINICIAN, "Harbour Pain Clinic", None),
    ("cora", "Cora Lindqvist", Role.COACH, "Harbour Pain Clinic", None),
    ("dana", "Dana Whitlock", Role.ADMIN, "Harbour Pain Clinic", None),
    ("charlie", "Charlie Boone", Role.PATIENT, "Hillside Clinic", "1990-11-30"),
    ("erin", "Dr Erin Vale", Role.CLINICIAN, "Hillside Clinic", None),
)


@dataclass(frozen=True)
class Someone:
    """One of the cast."""

    id: int
    uuid: UUID
    email: str
    name: str
    role: str
    clinic_id: int


@dataclass(frozen=True)
class Cast:
    """Everybody; Erin is a clinician of the other clinic, who cares for Charlie."""

    alice: Someone
    bob: Someone
    cora: Someone
    dana: Someone
    charlie: Someone
    erin: Someone


def make_cast(s: Session, passphrase_hash: str) -> Cast:
    found: dict[str, Someone] = {}
    for key, name, role, clinic_name, born in PEOPLE:
        clinic = actions.clinic_named(s, clinic_name, LONG_AGO)
        clinic.second_factor = OFF  # tests/accounts switches it on where it is about that
        person: Person = create_person(s, f"{key}@example.org", name, "Europe/London", LONG_AGO, born)
        person.passphrase_hash = passphrase_hash
        actions.add_member(s, clinic.id, person.id, role, LONG_AGO)
        found[key] = Someone(person.id, person.uuid, f"{key}@example.org", name, str(role), clinic.id)
    cast = Cast(**found)
    operator = access.OPERATOR
    for patient, staff in ((cast.alice, cast.bob), (cast.alice, cast.cora), (cast.charlie, cast.erin)):
        actions.link(s, operator, patient.clinic_id, patient.id, staff.id, EVER)
        actions.give_consent(s, operator, patient.id, staff.id, list(Kind), LONG_AGO)
    return cast
