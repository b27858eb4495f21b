"""Opening flags, in the transaction of the answer that fired."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlmodel import Session

from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam.models import Clinic
from diary.careteam.queries import clinics_of_patient, reachable_staff
from diary.lib import sealing
from diary.safety.models import Flag, FlagEvent
from diary.safety.queries import rule as rule_of
from diary.safety.rules import Rule, owner_of

LONGEST_ANSWER = 400


def open_flag(
    s: Session, viewer: access.Viewer, patient_id: int, rule: str, matter: str, answered_at: datetime, now: datetime,
    *, write_id: UUID | None = None, resent: bool = False, answer: str = "",
) -> None:  # fmt: skip
    """Tell every clinic of the patient that a rule fired; in the caller's transaction, whatever the consent.

    `rule` is a key of rules.json (KeyError for another); `matter` names what makes it one matter, as in
    `checkin:<infusion>`. While a flag of the same rule and matter is not closed it is said again there. The same
    `write_id` changes nothing, unless it was `resent` to a restored database: then it is raised again, marked so.
    `answer` is the answer in words, for whoever acts on it ("A fall: yes"); `answered_at` the moment on the phone,
    `now` that of receipt, from which the timer runs. Raises Hidden for a stranger.
    """
    access.require_concerned(s, viewer, patient_id)
    found = rule_of(rule)
    clinics = clinics_of_patient(s, patient_id)
    for clinic_id, zone in clinics:
        _one_at_a_time(s, clinic_id)
        known = _said_in(s, clinic_id, patient_id, rule, matter, write_id)
        if known and not resent:
            continue
        flag = _live(s, clinic_id, patient_id, rule, matter)
        if flag is None:
            flag = _new(s, clinic_id, patient_id, found, matter, answered_at, zone, now, resent)
            kind = "opened"
        else:
            kind = "said_again"
        add_event(
            s, viewer, flag, kind, now, answer[:LONGEST_ANSWER], answered_at=answered_at, write_id=write_id, resent=resent
        )  # fmt: skip
        audit.record(s, viewer, f"flag.{kind}", patient_id, thing=str(flag.id), clinic_id=clinic_id)
    if not clinics:
        audit.record(s, viewer, "flag.nowhere", patient_id)


def add_event(
    s: Session, viewer: access.Viewer, flag: Flag, kind: str, now: datetime, words: str = "", *,
    answered_at: datetime | None = None, write_id: UUID | None = None, resent: bool = False,
) -> None:  # fmt: skip
    """Append what happened, and count it on the flag, so that a page made before knows that it is old."""
    flag.events += 1
    s.add(flag)
    event = FlagEvent(
        uuid=uuid4(), flag_id=flag.id, number=flag.events, kind=kind, at=now, actor_id=viewer.person_id,
        owner_id=flag.owner_id, answered_at=answered_at, write_id=write_id, resent=resent,
    )  # fmt: skip
    event.words = words or None
    s.add(event)
    s.flush()


def _new(
    s: Session, clinic_id: int, patient_id: int, rule: Rule, matter: str, answered_at: datetime, zone: str,
    now: datetime, resent: bool,
) -> Flag:  # fmt: skip
    last = s.scalar(select(func.max(Flag.number)).where(Flag.clinic_id == clinic_id))
    flag = Flag(
        uuid=uuid4(), clinic_id=clinic_id, number=(last or 0) + 1, patient_id=patient_id,
        owner_id=owner_of(rule.level, reachable_staff(s, clinic_id, patient_id)),
        rule=rule.key, rule_version=rule.version, level=rule.level, matter=sealing.index(matter),
        answered_at=answered_at, zone=zone, opened_at=now, waits_since=now, resent=resent, events=0,
    )  # fmt: skip
    s.add(flag)
    s.flush()
    return flag


def _one_at_a_time(s: Session, clinic_id: int) -> None:
    """On PostgreSQL two openings of one clinic wait for each other; on SQLite there is one writer anyway.

    Without it: 1. both find no live flag; 2. both take the same number; 3. the second one's answer is lost with
    its flag when the database refuses it.
    """
    s.execute(select(Clinic.id).where(Clinic.id == clinic_id).with_for_update(key_share=True))


def _live(s: Session, clinic_id: int, patient_id: int, rule: str, matter: str) -> Flag | None:
    wanted = select(Flag).where(*_same(clinic_id, patient_id, rule, matter), Flag.state != "closed")
    return s.scalars(wanted.with_for_update()).first()


def _said_in(
    s: Session, clinic_id: int, patient_id: int, rule: str, matter: str, write_id: UUID | None
) -> bool:
    """Whether this write has raised this matter in this clinic before, in a flag that may be closed since."""
    if write_id is None:
        return False
    wanted = (
        select(FlagEvent.id)
        .join(Flag, Flag.id == FlagEvent.flag_id)
        .where(*_same(clinic_id, patient_id, rule, matter), FlagEvent.write_id == write_id)
    )
    return s.execute(wanted.limit(1)).first() is not None


def _same(clinic_id: int, patient_id: int, rule: str, matter: str) -> tuple:  # type: ignore[type-arg]
    return (
        Flag.patient_id == patient_id,
        Flag.clinic_id == clinic_id,
        Flag.rule == rule,
        Flag.matter == sealing.index(matter),
    )
