"""Opening flags in the transaction of the answer that fired, and what staff do about them."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select
from sqlmodel import Session

from diary.accounts.models import Person
from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam.models import Clinic
from diary.careteam.queries import clinics_of_patient, reachable_staff
from diary.lib import sealing
from diary.safety.models import Flag, FlagEvent
from diary.safety.queries import FlagRow, colleagues, flag_row, has_seen
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
        Flag.matter.in_(sealing.indexes(matter)),
    )


# What staff do ------------------------------------------------------------------------------------


class Changed(Exception):
    """Something happened since the page was made; carries the number of the first such event, and its actor."""

    def __init__(self, number: int, actor_id: int | None) -> None:
        super().__init__(f"event {number}")
        self.number = number
        self.actor_id = actor_id


class Refused(Exception):
    """It can't be done so; `field` and the words say why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


def acknowledge(s: Session, viewer: access.Viewer, uuid: UUID, doing: str, seen: int, now: datetime) -> None:
    """Say that one is on it: the timer stops, and whoever says so has the flag. Again: another note of the kind."""
    row = _to_act_on(s, viewer, uuid, seen, now)
    flag = row.flag
    if flag.state == "closed":
        raise Refused("doing", "This flag is closed. Open it again first.")
    if flag.state == "open" and row.is_whole:
        flag.owner_id = viewer.me
    flag.state = "acknowledged"
    _did(s, viewer, flag, "acknowledged", now, doing)


def hand_over(
    s: Session, viewer: access.Viewer, uuid: UUID, to: str, why: str, seen: int, now: datetime
) -> None:
    """Give a flag to a coach or clinician of its clinic, who has to acknowledge it: the timer begins again."""
    row = _to_act_on(s, viewer, uuid, seen, now)
    flag = row.flag
    if flag.state == "closed":
        raise Refused("to", "This flag is closed. Open it again first.")
    there = {str(one.uuid): one.person_id for one in colleagues(s, viewer, flag)}
    if to not in there:
        raise Refused("to", "That is nobody of this clinic who can take it.")
    flag.owner_id, flag.state, flag.waits_since = there[to], "open", now
    _did(s, viewer, flag, "handed_over", now, why)


def close(s: Session, viewer: access.Viewer, uuid: UUID, outcome: str, seen: int, now: datetime) -> None:
    """The matter is done; what came of it is kept for good."""
    row = _to_act_on(s, viewer, uuid, seen, now)
    if not row.may_close:
        raise access.Hidden
    if row.flag.state == "closed":
        raise Refused("outcome", "This flag is closed already.")
    row.flag.state = "closed"
    _did(s, viewer, row.flag, "closed", now, outcome)


def reopen(s: Session, viewer: access.Viewer, uuid: UUID, reason: str, seen: int, now: datetime) -> None:
    """It was closed too early: it waits again from now on, with whoever opens it again where its owner is gone."""
    flag = _to_act_on(s, viewer, uuid, seen, now).flag
    if flag.state != "closed":
        raise Refused("reason", "This flag is open already.")
    if s.get_one(Person, flag.patient_id).erased_at is not None:
        raise Refused("reason", "This person was erased: nobody can be called any more.")
    same = (Flag.patient_id == flag.patient_id, Flag.clinic_id == flag.clinic_id, Flag.rule == flag.rule)
    wanted = select(Flag).where(*same, Flag.matter == flag.matter, Flag.state != "closed")
    other = s.scalars(wanted).first()
    if other is not None:
        raise Refused("reason", f"The same matter is open as {other.code}. Please go on there.")
    flag.state, flag.waits_since = "open", now
    _did(s, viewer, flag, "reopened", now, reason)


def note_seen(s: Session, viewer: access.Viewer, uuid: UUID, now: datetime) -> None:
    """Keep that somebody of the staff opened the flag's page; once for each of them."""
    flag = flag_row(s, viewer, uuid, now).flag
    s.refresh(flag, with_for_update=True)
    if not has_seen(s, viewer, flag.id):
        add_event(s, viewer, flag, "seen", now)


def _to_act_on(s: Session, viewer: access.Viewer, uuid: UUID, seen: int, now: datetime) -> FlagRow:
    """The flag, locked, as its page showed it; Changed where anything but a look happened since.

    1. Two open the page. 2. The first acknowledges. 3. The second one's act finds the first one's event, and is
    not done over it: the page comes back with it, and with what was typed.
    """
    found = flag_row(s, viewer, uuid, now)
    _one_at_a_time(s, found.flag.clinic_id)
    s.refresh(found.flag, with_for_update=True)
    found = flag_row(s, viewer, uuid, now)
    since = select(FlagEvent).where(
        FlagEvent.flag_id == found.flag.id, FlagEvent.number > seen, FlagEvent.kind != "seen"
    )
    event = s.scalars(since.order_by(FlagEvent.number)).first()
    if event is not None:
        raise Changed(event.number, event.actor_id)
    return found


def _did(s: Session, viewer: access.Viewer, flag: Flag, kind: str, now: datetime, words: str) -> None:
    add_event(s, viewer, flag, kind, now, words)
    audit.record(s, viewer, f"flag.{kind}", flag.patient_id, thing=str(flag.id), clinic_id=flag.clinic_id)
