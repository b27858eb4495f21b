"""Recording, amending and cancelling infusions; the page and the file end here alike."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlmodel import Session

from diary.audit import actions as audit
from diary.careteam import access
from diary.careteam.rules import Kind, Role
from diary.infusions.forms import GapValues, InfusionValues
from diary.infusions.models import Infusion, InfusionDraft, InfusionRevision, PlannedGap
from diary.infusions.queries import gap_now
from diary.infusions.rules import next_number, usual_interval, why_no_gap
from diary.lib import words

COLUMNS = ("day", "at_time", "series", "dose_mg", "minutes", "weight_kg", "route", "status")


class Refused(Exception):
    """It can't be recorded so; `field` and the words say why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class Changed(Exception):
    """Somebody changed the record since the page was opened."""


class Meets(Exception):
    """Other infusions have such a day already; `met` are their numbers and days."""

    def __init__(self, met: list[tuple[int, date]]) -> None:
        super().__init__()
        self.met = met


class Within(Exception):
    """Infusions are planned within a longer gap; `planned` are their numbers and days, `days` how long it would last."""

    def __init__(self, planned: list[tuple[int, date]], days: int) -> None:
        super().__init__()
        self.planned, self.days = planned, days


@dataclass(frozen=True)
class Recorded:
    """The infusion after the write, and what became of it: new, changed or unchanged."""

    infusion: Infusion
    outcome: str


def record_infusion(
    s: Session,
    viewer: access.Viewer,
    ref: access.PatientRef,
    values: InfusionValues,
    now: datetime,
    source: str = "page",
) -> Recorded:
    """A new infusion of a patient; raises Refused where its moment or number is taken, Hidden for others."""
    _may_record(viewer, ref)
    same = _at(s, ref.id, values.day, values.at_time)
    if same is not None:
        if source == "import":
            return amend(s, viewer, ref, same, merged(same, values), now, source)
        raise Refused("time", f"{_named(viewer, ref, same)} is recorded at this moment already.")
    taken = set(s.scalars(select(Infusion.number).where(Infusion.patient_id == ref.id)))
    if values.number is not None and values.number in taken:
        raise Refused("number", "This number is taken; numbers never change.")
    infusion = Infusion(
        uuid=uuid4(), patient_id=ref.id, clinic_id=ref.clinic_id, number=values.number or next_number(taken),
        day=values.day, dose_mg=values.dose_mg, minutes=values.minutes, zone=ref.zone, changed_at=now,
    )  # fmt: skip
    _set(infusion, values)
    infusion.note = values.note or None
    s.add(infusion)
    s.flush()
    _revise(s, viewer, infusion, now, source)
    audit.record(s, viewer, "infusion.create", ref.id, thing=str(infusion.id), clinic_id=ref.clinic_id)
    return Recorded(infusion, "new")


def amend(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, infusion: Infusion, values: InfusionValues,
    now: datetime, source: str = "page", seen_revision: int | None = None,
) -> Recorded:  # fmt: skip
    """Another revision of an infusion; raises Changed when the page was made from an older one."""
    _may_record(viewer, ref)
    if infusion.patient_id != ref.id:
        raise access.Hidden
    if seen_revision is not None and seen_revision != infusion.revisions:
        raise Changed
    if values.number not in (None, infusion.number):
        raise Refused("number", f"This is infusion {infusion.number}; numbers never change.")
    other = _at(s, ref.id, values.day, values.at_time)
    if other is not None and other.id != infusion.id:
        raise Refused("time", f"{_named(viewer, ref, other)} is recorded at this moment already.")
    before = _all_of(infusion)
    after = before[0] | _columns(values), values.note or "", dict(values.given), dict(values.given_words)
    if before == after:
        return Recorded(infusion, "unchanged")
    if source == "page" and infusion.status == "done" and not values.reason:
        raise Refused("reason", "This one is recorded as done. Please say why it is changed.")
    _set(infusion, values)
    infusion.note = values.note or None
    infusion.revisions += 1
    infusion.changed_at = now
    s.add(infusion)
    _revise(s, viewer, infusion, now, source, values.reason)
    what = (
        "infusion.cancel"
        if infusion.status == "cancelled" and before[0]["status"] != "cancelled"
        else "infusion.revise"
    )
    audit.record(s, viewer, what, ref.id, thing=str(infusion.id), clinic_id=ref.clinic_id)
    return Recorded(infusion, "changed")


def plan_course(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, course: Sequence[InfusionValues], now: datetime
) -> list[Infusion]:
    """Planned infusions, one a day, whose numbers follow on; all of them, or Refused and none."""
    return [record_infusion(s, viewer, ref, values, now).infusion for values in course]


def move_planned(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, uuid: UUID, days: int, today: date, now: datetime,
    may_meet: bool = False,
) -> int:  # fmt: skip
    """Move a planned infusion and all later planned ones by days (negative: earlier); how many moved.

    Numbers stay. Raises Refused where it would be before today, and, unless they may meet, Meets where another
    infusion has its day already.
    """
    first = load(s, viewer, ref, uuid)
    rows = s.scalars(
        select(Infusion).where(Infusion.patient_id == ref.id).order_by(Infusion.day, Infusion.at_time)
    ).all()
    from_on = (first.day, first.at_time)
    moving = [row for row in rows if row.status == "planned" and (row.day, row.at_time) >= from_on]
    if first.status != "planned":
        raise Refused("days", "Only what is planned can be moved.")
    if first.day + timedelta(days=days) < today:
        raise Refused("days", f"Infusion {first.number} would then lie before today.")
    staying = {row.day: row for row in rows if row not in moving and row.status != "cancelled"}
    met = [staying[on] for on in (row.day + timedelta(days=days) for row in moving) if on in staying]
    if met and not may_meet:
        raise Meets([(row.number, row.day) for row in met])
    for row in moving if days < 0 else reversed(moving):  # so that no two stand on one moment on the way
        amend(s, viewer, ref, row, replace(as_values(row), day=row.day + timedelta(days=days)), now)
    return len(moving)


def mark_gap(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, uuid: UUID, values: GapValues, today: date,
    now: datetime, moves: bool = False,
) -> PlannedGap:  # fmt: skip
    """Mark one longer interval after an infusion; planned ones within it move to its end, all later ones with them.

    Raises Refused, and, unless they may move, Within; Meets where a moved one would come upon another infusion.
    """
    after = load(s, viewer, ref, uuid)
    # Locked, so that of two who mark a gap at once the second one finds the first one's.
    wanted = select(Infusion).where(Infusion.patient_id == ref.id, Infusion.status != "cancelled")
    rows = s.scalars(wanted.with_for_update())
    every = sorted(rows, key=lambda row: (row.day, row.at_time))
    last_done = next((row for row in reversed(every) if row.status == "done"), None)
    usual = usual_interval([row.day for row in every], after.day, ref.course_gap)
    why = why_no_gap(after.status, after.day, today, after is last_done, values.days, usual)
    if why:
        raise Refused(*why)
    other = gap_now(s, viewer, ref.id, today)
    if other is not None:
        raise Refused(
            "gap", f"A longer gap is marked already, after infusion {other.number}. Take that one back first."
        )
    until = after.day + timedelta(days=values.days)
    within = [row for row in every if row.status == "planned" and after.day < row.day < until]
    if within and not moves:
        raise Within([(row.number, row.day) for row in within], values.days)
    if within:
        move_planned(s, viewer, ref, within[0].uuid, (until - within[0].day).days, today, now)
    gap = PlannedGap(
        uuid=uuid4(), patient_id=ref.id, clinic_id=ref.clinic_id, infusion_id=after.id, days=values.days,
        usual_days=usual, marked_by=viewer.person_id, marked_at=now,
    )  # fmt: skip
    gap.reason = values.reason
    s.add(gap)
    s.flush()
    audit.record(s, viewer, "gap.create", ref.id, thing=str(gap.id), clinic_id=ref.clinic_id)
    return gap


def take_gap_back(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, uuid: UUID, now: datetime
) -> None:
    """The gap is no longer planned; that it was stays in the history. Again changes nothing."""
    _may_record(viewer, ref)
    access.require(s, viewer, ref.id, Kind.INFUSIONS)
    wanted = select(PlannedGap).where(PlannedGap.uuid == uuid, PlannedGap.patient_id == ref.id)
    gap = s.scalars(wanted.with_for_update()).first()
    if gap is None:
        raise access.Hidden
    if gap.taken_back_at is not None:
        return
    gap.taken_back_at, gap.taken_back_by = now, viewer.person_id
    s.add(gap)
    audit.record(s, viewer, "gap.end", ref.id, thing=str(gap.id), clinic_id=ref.clinic_id)


def keep_draft(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, infusion: Infusion | None, typed: Mapping[str, str],
    now: datetime,
) -> None:  # fmt: skip
    """Keep a form as it was typed, in the place of an earlier draft of the same; nothing counts as recorded by it."""
    _may_record(viewer, ref)
    row = draft_of(s, viewer, ref, infusion)
    if row is None:
        row = InfusionDraft(patient_id=ref.id, author_id=viewer.me, about=_about(infusion), saved_at=now)
    row.typed, row.saved_at = json.dumps(dict(typed)), now
    s.add(row)
    audit.record(s, viewer, "infusion.draft", ref.id, thing=_about(infusion), clinic_id=ref.clinic_id)


def draft_of(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, infusion: Infusion | None
) -> InfusionDraft | None:
    """The viewer's own draft of a new record, or of this one."""
    _may_record(viewer, ref)
    wanted = select(InfusionDraft).where(
        InfusionDraft.patient_id == ref.id,
        InfusionDraft.author_id == viewer.person_id,
        InfusionDraft.about == _about(infusion),
    )
    return s.scalars(wanted).first()


def drop_draft(
    s: Session, viewer: access.Viewer, ref: access.PatientRef, infusion: Infusion | None = None
) -> None:
    """A draft goes when it was recorded, or when its author throws it away."""
    row = draft_of(s, viewer, ref, infusion)
    if row is not None:
        s.delete(row)


def _about(infusion: Infusion | None) -> str:
    return infusion.uuid.hex if infusion else "new"


def as_values(infusion: Infusion) -> InfusionValues:
    """The record as it stands, as if it were typed again."""
    return InfusionValues(
        **values_of(infusion), note=infusion.note,
        given=json.loads(infusion.given), given_words=json.loads(infusion.given_words or "{}"),
    )  # fmt: skip


def load(s: Session, viewer: access.Viewer, ref: access.PatientRef, uuid: UUID) -> Infusion:
    """An infusion to be amended, which shows it: for a clinician with a care link and consent to see infusions."""
    _may_record(viewer, ref)
    access.require(s, viewer, ref.id, Kind.INFUSIONS)
    found = s.scalars(select(Infusion).where(Infusion.uuid == uuid, Infusion.patient_id == ref.id)).first()
    if found is None:
        raise access.Hidden
    return found


def merged(infusion: Infusion, values: InfusionValues) -> InfusionValues:
    """A file's row over what is stored: an absent or empty cell leaves what is there."""
    return InfusionValues(
        day=values.day, at_time=values.at_time, dose_mg=values.dose_mg, minutes=values.minutes,
        weight_kg=values.weight_kg if values.weight_kg is not None else infusion.weight_kg,
        route=values.route or infusion.route, series=values.series or infusion.series,
        number=values.number, status=values.status, note=values.note or infusion.note,
        given=json.loads(infusion.given), given_words=json.loads(infusion.given_words or "{}"),
    )  # fmt: skip


def values_of(infusion: Infusion) -> dict[str, Any]:
    return {name: getattr(infusion, name) for name in COLUMNS}


def _may_record(viewer: access.Viewer, ref: access.PatientRef) -> None:
    if not viewer.operator and Role.CLINICIAN not in ref.staff_roles:
        raise access.Hidden


def _at(s: Session, patient_id: int, day: date, at_time: str) -> Infusion | None:
    wanted = select(Infusion).where(
        Infusion.patient_id == patient_id, Infusion.day == day, Infusion.at_time == at_time
    )
    return s.scalars(wanted).first()


def _named(viewer: access.Viewer, ref: access.PatientRef, infusion: Infusion) -> str:
    """By its number for those who may see the infusions; recording one needs no consent, and tells nothing."""
    return f"Infusion {infusion.number}" if viewer.operator or ref.shares(Kind.INFUSIONS) else "An infusion"


def _all_of(infusion: Infusion) -> tuple[dict[str, Any], str, dict[str, Any], dict[str, str]]:
    words_given = json.loads(infusion.given_words or "{}")
    return values_of(infusion), infusion.note or "", json.loads(infusion.given), words_given


def _columns(values: InfusionValues) -> dict[str, Any]:
    found = {name: getattr(values, name) for name in COLUMNS}
    return {
        name: "" if value is None and name in ("series", "route") else value for name, value in found.items()
    }


def _set(infusion: Infusion, values: InfusionValues) -> None:
    for name, value in _columns(values).items():
        setattr(infusion, name, value)
    infusion.given = json.dumps(dict(values.given), separators=(",", ":"))
    infusion.given_words = json.dumps(dict(values.given_words)) if values.given_words else None


def _revise(
    s: Session,
    viewer: access.Viewer,
    infusion: Infusion,
    now: datetime,
    source: str,
    reason: str | None = None,
) -> None:
    values = {name: str(v) if isinstance(v, date) else v for name, v in values_of(infusion).items()}
    kept = {"number": infusion.number, **values, **json.loads(infusion.given)}
    revision = InfusionRevision(
        uuid=uuid4(), infusion_id=infusion.id, number=infusion.revisions, actor_id=viewer.person_id, source=source,
        at=now, values=json.dumps(kept, separators=(",", ":")),
    )  # fmt: skip
    revision.note = infusion.note
    revision.given_words = infusion.given_words
    revision.reason = reason
    s.add(revision)
    s.flush()


def moment_words(infusion: Infusion) -> str:
    return f"{words.date_full(infusion.day)}{', ' + infusion.at_time if infusion.at_time else ''}"
