"""Recording, changing, stopping and confirming medicines; the pages and the file end here alike."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlmodel import Session

from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam.rules import Kind, Role
from diary.lib.words import date_full
from diary.medications.forms import MedicationValues
from diary.medications.models import DoseTaken, Medication, MedicationRevision
from diary.medications.queries import (
    KNOWN,
    doses_taken,
    medication,
    medications_of,
    name_index,
    name_indexes,
    parts_of,
    planned_of,
)
from diary.medications.rules import Regime, amount_words, in_force, is_outside_plan, listed, name_key, spans
from diary.safety.actions import open_flag

COLUMNS = (
    "from_on", "until_on", "dose", "parts", "dose_unit", "route", "times_per_day", "as_needed", "is_struck",
)  # fmt: skip
WORDS = ("name", "klass", "reason", "until_reason")
PATIENT, CLINIC = "patient", "clinic"
NEW, CHANGED, UNCHANGED = "new", "changed", "unchanged"
A_DAY = timedelta(days=1)
STOPPED = "medication_stopped"


class Refused(Exception):
    """It can't be recorded so; `field` and the words say why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class Changed(Exception):
    """Somebody changed the row since the page was opened."""


@dataclass(frozen=True)
class Recorded:
    """The row after the write, and what became of it: new, changed or unchanged."""

    medication: Medication
    outcome: str


def record_medication(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, values: MedicationValues, now: datetime,
    source: str = "page", write_id: UUID | None = None,
) -> Recorded:  # fmt: skip
    """A medicine from a day on; raises Refused where this name is there from that day already, Hidden for others."""
    _may_say(viewer, ref)
    _one_at_a_time(s, ref.id)
    same = _at(s, ref.id, values.name, values.from_on)
    if same is None:
        return _added(s, viewer, ref, values, now, source, write_id)
    if source == "import":
        return amend(s, viewer, ref, same, merged(same, values), now, source)
    if _said(same) == _facts(values):
        return Recorded(same, UNCHANGED)  # the same form came twice
    if same.is_struck:
        return _amended(s, viewer, ref, same, values, now, source)
    raise Refused("name", "This is in the list from that day already. Choose it there to change it.")


def change_medication(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, old: Medication, values: MedicationValues, now: datetime,
    write_id: UUID | None = None,
) -> Recorded:  # fmt: skip
    """Another dose of a medicine from a day on: a new row, before which the old one ends by itself."""
    if values.from_on <= old.from_on:
        raise Refused("from", "That is not after the day on which the present dose began.")
    return record_medication(s, viewer, ref, values, now, write_id=write_id)


def stop_medication(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, stored: Medication, until_on: date, reason: str,
    now: datetime, write_id: UUID | None = None,
) -> Recorded:  # fmt: skip
    """The last day of a medicine, which is kept with its history."""
    _may_say(viewer, ref)
    if until_on < stored.from_on:
        raise Refused("until", "The last day lies before the first one.")
    before, taken = _said(stored), _taken(s, ref)
    stored.until_on, stored.until_reason = until_on, reason or None
    if before == _said(stored):
        return Recorded(stored, UNCHANGED)
    _store(s, viewer, ref, stored, now, "page", "medication.end")
    _mind_the_plan(s, viewer, ref, stored, until_on + A_DAY, taken, now, write_id)
    return Recorded(stored, CHANGED)


def amend(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, stored: Medication, values: MedicationValues,
    now: datetime, source: str = "page", seen_revision: int | None = None,
) -> Recorded:  # fmt: skip
    """Another revision of a row, by a clinician or a file; raises Changed when the page was made from an older one."""
    _may_record(viewer, ref)
    if seen_revision is not None and seen_revision != stored.revisions:
        raise Changed
    other = _at(s, ref.id, values.name, values.from_on)
    if other is not None and other.id != stored.id:
        raise Refused("name", "Another entry of this name begins on that day.")
    return _amended(s, viewer, ref, stored, values, now, source)


def _amended(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, stored: Medication, values: MedicationValues,
    now: datetime, source: str,
) -> Recorded:  # fmt: skip
    before = _said(stored)
    _set(stored, values)
    is_waiting = stored.confirmed_at is None
    if before == _said(stored) and values.is_confirmed in (None, not is_waiting):
        return Recorded(stored, UNCHANGED)
    _store(s, viewer, ref, stored, now, source, "medication.revise", values.is_confirmed)
    return Recorded(stored, CHANGED)


def record_instead(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, olds: Sequence[Medication], values: MedicationValues,
    now: datetime, write_id: UUID | None = None,
) -> Recorded:  # fmt: skip
    """The same medicine under another name in the place of rows that end the day before.

    The new one first: what is taken of the medicine is weighed against the plan when both are said.
    """
    recorded = record_medication(s, viewer, ref, values, now, write_id=write_id)
    for old in olds:
        if values.from_on <= old.from_on:
            raise Refused("from", f"That is not after the day on which {old.name} began.")
        stop_medication(s, viewer, ref, old, values.from_on - A_DAY, f"Now {values.name}", now, write_id)
    return recorded


def confirm(
    s: Session,
    viewer: access.Viewer,
    ref: access.PatientRef,
    stored: Medication,
    seen_revision: int,
    now: datetime,
) -> bool:
    """A clinician takes what the patient said as they saw it; False where that was done already.

    Raises Changed when she has said something else since the page was made.
    """
    _may_record(viewer, ref)
    if seen_revision != stored.revisions:
        raise Changed
    if stored.confirmed_at is not None:
        return False
    _store(s, viewer, ref, stored, now, "page", "medication.confirm", keep_said=True)
    return True


def strike(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, stored: Medication, now: datetime
) -> None:
    """It was recorded by mistake: the row stays with its history, and counts for nothing."""
    _may_record(viewer, ref)
    stored.is_struck = True
    _store(s, viewer, ref, stored, now, "page", "medication.strike")


def say_taken(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, stored: Medication, day: date, times: int, now: datetime
) -> bool:  # fmt: skip
    """How many doses of an as-needed medicine she took on a day; what was said before stays. False where it stood so.

    Raises Refused for a medicine that is not as needed, or was not taken on that day.
    """
    if not (viewer.operator or (ref.is_self and viewer.person_id == ref.id)):
        raise access.Hidden
    rows = spans(row.regime for row in medications_of(s, viewer, ref.id))
    if not any(one.regime.ref.id == stored.id and one.holds(day) for one in rows):
        raise Refused("day", "You did not take this medicine on that day, by what stands here.")
    if not stored.as_needed:
        raise Refused("times", "This is taken as planned. If that changed, say so with “The dose changed”.")
    if doses_taken(s, viewer, ref.id).get((name_key(stored.name), day)) == times:
        return False
    said = DoseTaken(
        patient_id=ref.id, medication_id=stored.id, day=day, times=times, actor_id=viewer.person_id, at=now
    )
    s.add(said)
    s.flush()
    audit.record(s, viewer, "medication.taken", ref.id, thing=str(stored.id), clinic_id=ref.clinic_id)
    return True


def load(s: Session, viewer: access.Viewer, ref: access.PatientRef, uuid: UUID) -> Medication:
    """A row to be written: for its patient, or for a clinician who may see medicines; Hidden for everybody else."""
    _may_say(viewer, ref)
    _one_at_a_time(s, ref.id)
    row = medication(s, viewer, ref.id, uuid)
    found = s.get(Medication, row.id)
    if found is None:
        raise access.Hidden
    return found


def merged(stored: Medication, values: MedicationValues) -> MedicationValues:
    """A file's row over what is stored: an absent or empty cell leaves what is there."""
    has_dose = values.dose is not None
    return MedicationValues(
        stored.name or values.name, values.from_on, _or(values.until_on, stored.until_on), _or(values.klass, stored.klass),
        _or(values.dose, stored.dose), values.parts if has_dose else parts_of(stored.parts),
        _or(values.dose_unit, stored.dose_unit), _or(values.route, stored.route),
        _or(values.times_per_day, stored.times_per_day), _or(values.as_needed, stored.as_needed),
        _or(values.reason, stored.reason), _or(values.until_reason, stored.until_reason),
        _or(values.is_confirmed, stored.confirmed_at is not None),
    )  # fmt: skip


def _or(said, stored):  # type: ignore[no-untyped-def]
    return stored if said is None else said


def _may_record(viewer: access.Viewer, ref: access.PatientRef) -> None:
    if viewer.operator:
        return
    if Role.CLINICIAN not in ref.staff_roles or not ref.shares(Kind.INFUSIONS):
        raise access.Hidden


def _may_say(viewer: access.Viewer, ref: access.PatientRef) -> None:
    if not (ref.is_self and viewer.person_id == ref.id):
        _may_record(viewer, ref)


def _one_at_a_time(s: Session, patient_id: int) -> None:
    """On PostgreSQL two writes of one person's list wait for each other; on SQLite there is one writer anyway.

    Without it: 1. two see no such name from that day; 2. both add it; 3. the second is refused by the database, not
    at its field.
    """
    if s.connection().dialect.name == "postgresql":
        s.execute(select(func.pg_advisory_xact_lock(patient_id)))


def _at(s: Session, patient_id: int, name: str, from_on: date) -> Medication | None:
    wanted = select(Medication).where(
        Medication.patient_id == patient_id, Medication.name_index.in_(name_indexes(patient_id, name)),
        Medication.from_on == from_on,
    )  # fmt: skip
    return s.scalars(wanted).first()


def _added(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, values: MedicationValues, now: datetime, source: str,
    write_id: UUID | None,
) -> Recorded:  # fmt: skip
    stored = Medication(
        uuid=uuid4(), patient_id=ref.id, clinic_id=ref.clinic_id, name_index=b"", name_sealed=b"",
        from_on=values.from_on, said_by=CLINIC, revisions=0, changed_at=now,
    )  # fmt: skip
    _set(stored, values)
    taken = _taken(s, ref)
    _store(s, viewer, ref, stored, now, source, "medication.create", values.is_confirmed)
    _mind_the_plan(s, viewer, ref, stored, stored.from_on, taken, now, write_id)
    return Recorded(stored, NEW)


def _facts(values: MedicationValues) -> dict[str, object]:
    """What a form or a row of a file says, as the columns hold it."""
    regime = values.regime
    return {
        "from_on": values.from_on, "until_on": values.until_on, "dose": values.dose,
        "parts": "+".join(f"{part:.10g}" for part in values.parts), "dose_unit": regime.dose_unit,
        "route": regime.route, "times_per_day": values.times_per_day, "as_needed": regime.as_needed,
        "is_struck": False, "name": values.name, "klass": values.klass or "", "reason": values.reason or "",
        "until_reason": values.until_reason or "",
    }  # fmt: skip


def _said(stored: Medication) -> dict[str, object]:
    """What a row says, to be compared; an empty text is nothing."""
    words = {name: getattr(stored, name) or "" for name in WORDS}
    return {name: getattr(stored, name) for name in COLUMNS} | words


def _set(stored: Medication, values: MedicationValues) -> None:
    for name, value in _facts(values).items():
        setattr(stored, name, (value or None) if name in ("klass", "reason", "until_reason") else value)
    stored.name_index = name_index(stored.patient_id, values.name)


def _store(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, stored: Medication, now: datetime, source: str,
    action: str, is_confirmed: bool | None = None, keep_said: bool = False,
) -> None:  # fmt: skip
    """Write the row with its next revision and its audit event.

    What the patient says waits for a clinician; what a clinic says is confirmed by it. A file may say which it was.
    """
    is_patients = ref.is_self or is_confirmed is False
    if not keep_said:
        stored.said_by = PATIENT if is_patients else CLINIC
        stored.said_by_id = viewer.person_id
    stored.confirmed_by = None if is_patients else viewer.person_id
    stored.confirmed_at = None if is_patients else now
    if not is_patients:
        stored.is_outside_plan = False
    stored.revisions += 1
    stored.changed_at = now
    s.add(stored)
    s.flush()
    values = {name: _plain(getattr(stored, name)) for name in COLUMNS}
    revision = MedicationRevision(
        uuid=uuid4(), medication_id=stored.id, number=stored.revisions, values=json.dumps(values, separators=(",", ":")),
        words_sealed=b"", said_by=stored.said_by, is_confirmed=stored.confirmed_at is not None,
        actor_id=viewer.person_id, source=source, at=now,
    )  # fmt: skip
    revision.words = json.dumps({name: getattr(stored, name) or "" for name in WORDS}, ensure_ascii=False)
    s.add(revision)
    s.flush()
    audit.record(s, viewer, action, ref.id, thing=str(stored.id), clinic_id=ref.clinic_id)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _taken(s: Session, ref: access.PatientRef) -> list[Regime]:
    """Everything on the list as it stands; only asked for what the patient says herself."""
    return [row.regime for row in medications_of(s, access.OPERATOR, ref.id)] if ref.is_self else []


def _mind_the_plan(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, stored: Medication, on: date, before: Sequence[Regime],
    now: datetime, write_id: UUID | None,
) -> None:  # fmt: skip
    """What the patient stopped or halved outside the plan is told to the clinic, in this same transaction.

    The plan is what a clinic said or confirmed; where it has nothing for this medicine, what she had said herself.
    """
    if not ref.is_self:
        return
    drug = KNOWN.key(stored.name)

    def of_drug(regimes: Iterable[Regime], day: date) -> list[Regime]:
        return in_force(spans(one for one in regimes if KNOWN.key(one.name) == drug), day)

    own = [one for one in of_drug(before, on - A_DAY) if one.ref.is_waiting]
    planned = of_drug(planned_of(s, ref.id), on) or own
    if not is_outside_plan(planned, of_drug(_taken(s, ref), on), KNOWN):
        return
    stored.is_outside_plan = True
    s.add(stored)
    answer = (
        f"{stored.name}, planned {listed(amount_words(one) for one in planned)}: {_now_words(stored, on)}"
    )
    open_flag(s, viewer, ref.id, STOPPED, f"medication:{drug}", now, now, write_id=write_id, answer=answer)


def _now_words(stored: Medication, on: date) -> str:
    if stored.until_on is not None and stored.until_on < on:
        return f"stopped, last taken {date_full(stored.until_on)}"
    return f"{amount_words(_regime_of(stored))} from {date_full(on)}"


def _regime_of(stored: Medication) -> Regime:
    """A row as the rules read it."""
    return Regime(
        stored.name, stored.from_on, stored.until_on, stored.dose, stored.dose_unit, stored.route, stored.times_per_day,
        stored.as_needed, stored.klass or "", parts_of(stored.parts),
    )  # fmt: skip
