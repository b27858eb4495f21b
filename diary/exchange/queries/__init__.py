"""Everything of one person, as a zip of native CSV files; the same data gives the same bytes."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from io import TextIOWrapper
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sqlmodel import Session, select

from diary.accounts.models import Person
from diary.audit.models import AuditEvent
from diary.careteam import access
from diary.careteam.rules import Kind
from diary.checkins.queries import checkins_of
from diary.checkins.queries import revisions_of as checkin_revisions
from diary.checkins.rules import CHOICES, EFFECTS, EMERGENCIES, ON_ARRIVAL, PAIN_NOW
from diary.entries.models import Entry, EntryRevision
from diary.entries.queries import all_days, clinic_factors, marks_of, own_symptoms
from diary.exchange.queries.period import period_data as period_data
from diary.exchange.rules import DIARY, INFUSIONS, MEDICATIONS, quoted
from diary.goodday.queries import revisions_of as word_revisions
from diary.infusions.models import Infusion, InfusionRevision
from diary.infusions.queries import gaps_of
from diary.lib import clock
from diary.lib.extras import FACTORS
from diary.lib.symptoms import SYMPTOMS
from diary.lib.words import time_hm
from diary.medications.forms import dose_text
from diary.medications.models import Medication, MedicationRevision
from diary.medications.queries import doses_taken, medications_of
from diary.sessions.forms import PLACES
from diary.sessions.queries import commitments_of, goals_of, sessions_of

EPOCH = (1980, 1, 1, 0, 0, 0)  # a zip's earliest moment: no clock in the file
REVISIONS = (
    "what", "date", "time", "revision", "id", "names", "source", "who", "device", "written_by",
    "recorded_at", "received_at", "effective_at", "clock_off", "zone", "values", "note",
)  # fmt: skip
CHECKINS = (
    "date", "kind", "infusion", "infusion_date", *EFFECTS, "none", "own", *EMERGENCIES, *CHOICES, PAIN_NOW, *ON_ARRIVAL, "words", "words_private",
)  # fmt: skip
SESSIONS = (
    "date", "start", "end", "zone", "kind", "status", "with", "place", "note",
    *(f"{name}_{place}" for place in PLACES for name in ("commitment", "until", "counted", "outcome", "days_done")),
)  # fmt: skip
GAPS = ("after_infusion", "from", "days", "until", "usual_days", "reason", "marked_at", "taken_back_at")
DOSES = ("date", "name", "times")
GOALS = ("goal", "set", "until", "ended")
TICKED = ("date", "name", "id")
OWN = ("date", "name", "score", "id")
NAMED = ("name", "ended", "id")
PERSON = ("name", "email", "born_on", "zone")
WORDS = ("date", "word", "id", "source", "device", "recorded_at", "received_at", "effective_at", "zone")
AUDIT = ("at", "who", "role", "action", "thing")
README = """This is everything that Neap keeps of one person's diary.

diary.csv      one row a day: scores 0 (none) to 10 (worst), unwell, notes; note_private says who may read a note;
               regions names where it hurt (19 parts of the body), factors what else happened that day
infusions.csv  what was given, planned or cancelled
gaps.csv       longer intervals between infusions that were planned, also those taken back
medications.csv  medicines, a row for each dose from a day on; until is the last day taken
doses.csv      how many doses of an as-needed medicine were taken on a day, where you said so
checkins.csv   what was said around infusions: check-ins after, intentions and arrival sheets before; private says who may read words
sessions.csv   meetings, with the notes and commitments that were shared with you; the staff's own notes are not in it
goals.csv      goals in your words
ticked.csv     what your clinic asks about a day beside Neap's own list, a line for each day that you ticked it
own.csv        scores of what you named yourself, 0 (none) to 10 (worst); an unanswered day has no line
named.csv      what you named yourself, scored or not; ended is the day since which it is not asked any more
person.csv     your name, e-mail address, date of birth and time zone
words.csv      words from good days, each as it was kept; the last line is the one that stands, an empty one took it away
revisions.csv  every write behind the files above: when it was recorded and received, by whom, from where
audit.csv      who did or saw what, and when (moments are UTC)

The files are UTF-8 with commas. A text that begins with = + - @ ' a tab or a line's end has a ' in front, so that
no spreadsheet takes it for a formula; Neap's import takes exactly that one away again. diary.csv, infusions.csv and
medications.csv can be imported into Neap: the same comes out.
"""
Cells = Sequence[str]


def number(value: float | None) -> str:
    """7.0 is "7", nothing is empty."""
    return "" if value is None else f"{value:.10g}"


def moment(value: datetime | None) -> str:
    return "" if value is None else value.isoformat()


def nobody_asks(_done: int, _parts: int) -> None:
    """Nobody waits to be told how far it is."""


def export(
    s: Session, viewer: access.Viewer, patient: access.PatientRef, out: BinaryIO,
    tell: Callable[[int, int], None] = nobody_asks,
) -> None:  # fmt: skip
    """Write the zip. The viewer is the patient or the operator; Hidden for everybody else.

    tell: is called after each part with how many are in it, and of how many.
    """
    for kind in Kind:
        access.require(s, viewer, patient.id, kind)
    if not (viewer.operator or patient.is_self):
        raise access.Hidden
    files: tuple[tuple[str, Cells, Iterator[Cells]], ...] = (
        ("diary.csv", DIARY.columns, _diary(s, patient)),
        ("infusions.csv", INFUSIONS.columns, _infusions(s, patient)),
        ("gaps.csv", GAPS, _gaps(s, viewer, patient)),
        ("medications.csv", MEDICATIONS.columns, _medications(s, viewer, patient)),
        ("doses.csv", DOSES, _doses(s, viewer, patient)),
        ("checkins.csv", CHECKINS, _checkins(s, viewer, patient)),
        ("sessions.csv", SESSIONS, _sessions(s, viewer, patient)),
        ("goals.csv", GOALS, _goals(s, viewer, patient)),
        ("ticked.csv", TICKED, _ticked(s, viewer, patient)),
        ("own.csv", OWN, _own(s, viewer, patient)),
        ("named.csv", NAMED, _named_ones(s, viewer, patient)),
        ("words.csv", WORDS, _words(s, viewer, patient)),
        ("person.csv", PERSON, _person(s, patient)),
        ("revisions.csv", REVISIONS, _revisions(s, viewer, patient)),
        ("audit.csv", AUDIT, _audit(s, patient)),
    )
    with ZipFile(out, "w", ZIP_DEFLATED) as bundle:
        for number, (name, columns, rows) in enumerate(files, 1):
            _add(bundle, name, columns, rows)
            tell(number, len(files) + 1)
        bundle.writestr(_named("README.txt"), README)
        tell(len(files) + 1, len(files) + 1)


def _named(name: str) -> ZipInfo:
    info = ZipInfo(name, EPOCH)
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info


def _add(bundle: ZipFile, name: str, columns: Cells, rows: Iterable[Cells]) -> None:
    with bundle.open(_named(name), "w") as raw, TextIOWrapper(raw, "utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(columns)
        writer.writerows(rows)


def _diary(s: Session, patient: access.PatientRef) -> Iterator[Cells]:
    first = _first_recorded(s, patient)
    for entry in s.exec(select(Entry).where(Entry.person_id == patient.id).order_by(Entry.day)):
        recorded = first.get(entry.id or 0)
        if recorded is not None and not entry.late and recorded >= clock.day_end(entry.day, patient.zone):
            recorded = (
                None  # an answer of unknown moment kept the day from being late; the file must not make it so
            )
        note = entry.note or ""
        regions, factors, _ = marks_of(entry.extras)
        yield (
            str(entry.day),
            *(number(getattr(entry, symptom.key)) for symptom in SYMPTOMS),
            number(entry.worst_pain),
            number(entry.interference),
            number(entry.sleep_hours),
            number(entry.times_awake),
            "yes" if entry.unwell else "",
            quoted(note),
            ("yes" if entry.note_private else "no") if note else "",
            entry.written_by,
            moment(recorded),
            " ".join(regions),
            " ".join(factor.removeprefix("factor_") for factor in factors if factor in FACTORS),
        )


def _first_recorded(s: Session, patient: access.PatientRef) -> dict[int, datetime]:
    """The first known moment of recording, by entry."""
    wanted = (
        select(EntryRevision.entry_id, EntryRevision.recorded_at)
        .join(Entry, Entry.id == EntryRevision.entry_id)
        .where(Entry.person_id == patient.id, EntryRevision.recorded_at.is_not(None))  # type: ignore[union-attr]
    )
    found: dict[int, datetime] = {}
    for entry_id, recorded in s.exec(wanted):
        if recorded is not None and (entry_id not in found or recorded < found[entry_id]):
            found[entry_id] = recorded
    return found


def _infusions(s: Session, patient: access.PatientRef) -> Iterator[Cells]:
    wanted = (
        select(Infusion).where(Infusion.patient_id == patient.id).order_by(Infusion.day, Infusion.at_time)
    )
    for one in s.exec(wanted):
        yield (
            str(one.day),
            one.at_time,
            str(one.number),
            number(one.dose_mg),
            number(one.minutes),
            number(one.weight_kg),
            one.route,
            one.series,
            one.status,
            quoted(one.note or ""),
        )


def _medications(s: Session, viewer: access.Viewer, patient: access.PatientRef) -> Iterator[Cells]:
    for one in medications_of(s, viewer, patient.id):
        has_dose = one.dose is not None
        yield (
            quoted(one.name), str(one.from_on), quoted(one.klass), dose_text(one.dose, one.parts),
            one.dose_unit if has_dose else "", one.route, "" if one.parts else number(one.times_per_day),
            "yes" if one.as_needed else "no", str(one.until_on or ""), quoted(one.reason), quoted(one.until_reason),
            "no" if one.is_waiting else "yes",
        )  # fmt: skip


def _gaps(s: Session, viewer: access.Viewer, patient: access.PatientRef) -> Iterator[Cells]:
    for one in gaps_of(s, viewer, patient.id, with_history=True):
        yield (
            str(one.number), str(one.from_on), str(one.days), str(one.until_on), number(one.usual_days),
            quoted(one.reason or ""), moment(one.marked_at), moment(one.taken_back_at),
        )  # fmt: skip


def _doses(s: Session, viewer: access.Viewer, patient: access.PatientRef) -> Iterator[Cells]:
    names = {one.key: one.name for one in medications_of(s, viewer, patient.id)}
    taken = doses_taken(s, viewer, patient.id)
    for key, day in sorted(taken, key=lambda one: (one[1], one[0])):
        yield str(day), quoted(names[key]), number(taken[key, day])


def _checkins(s: Session, viewer: access.Viewer, patient: access.PatientRef) -> Iterator[Cells]:
    for row in reversed(checkins_of(s, viewer, patient.id)):
        said = {**row.answers, "own": quoted(row.own or "")}
        yield (
            str(row.day), row.kind, str(row.number), str(row.infusion_day),
            *(str(said.get(name, "")) for name in CHECKINS[4:-2]),
            quoted(row.words or ""), ("yes" if row.words_private else "no") if row.words else "",
        )  # fmt: skip


def _sessions(s: Session, viewer: access.Viewer, patient: access.PatientRef) -> Iterator[Cells]:
    """What was shared with the patient, for the operator too: the file is the patient's."""
    agreed = {(one.session, one.place): one for one in commitments_of(s, viewer, patient.id)}
    for one in sessions_of(s, viewer, patient.id):
        is_shared = one.shared_at is not None
        cells = [
            str(one.day), time_hm(one.start), time_hm(one.end), one.zone, one.kind, one.status, quoted(one.who),
            quoted(one.place), quoted(one.note) if is_shared else "",
        ]  # fmt: skip
        for place in PLACES:
            said = agreed.get((one.uuid, place)) if is_shared else None
            if said is None:
                cells += [""] * 5
                continue
            done = str(len(said.ticked)) if said.is_counted else ""
            counts = "yes" if said.is_counted else "no"
            cells += [quoted(said.words), str(said.until_on or ""), counts, said.outcome, done]
        yield cells


def _goals(s: Session, viewer: access.Viewer, patient: access.PatientRef) -> Iterator[Cells]:
    for one in goals_of(s, viewer, patient.id):
        yield quoted(one.words), str(one.set_on), str(one.until_on or ""), str(one.ended_on or "")


def _ticked(s: Session, viewer: access.Viewer, patient: access.PatientRef) -> Iterator[Cells]:
    """A line for each day and factor of the clinic's list that was ticked; those off the list too."""
    known = clinic_factors(s, viewer, patient.id)
    for row in all_days(s, viewer, patient.id) if known else ():
        for one in known:
            if one.key in row.factors:
                yield str(row.day), quoted(one.name), one.uuid.hex


def _own(s: Session, viewer: access.Viewer, patient: access.PatientRef) -> Iterator[Cells]:
    """A line for each day and own symptom with a score; retired ones too."""
    symptoms = own_symptoms(s, viewer, patient.id)
    ids = {one.key: one.uuid.hex for one in symptoms}
    for row in all_days(s, viewer, patient.id):
        for one in symptoms:
            if one.key in row.own:
                yield str(row.day), quoted(one.name), number(row.own[one.key]), ids[one.key]


def _named_ones(s: Session, viewer: access.Viewer, patient: access.PatientRef) -> Iterator[Cells]:
    for one in own_symptoms(s, viewer, patient.id):
        yield quoted(one.name), str(one.retired_on or ""), one.uuid.hex


def _person(s: Session, patient: access.PatientRef) -> Iterator[Cells]:
    person = s.get_one(Person, patient.id)
    yield quoted(person.name), quoted(person.email), str(person.born_on or ""), person.zone


def _words(s: Session, viewer: access.Viewer, patient: access.PatientRef) -> Iterator[Cells]:
    """Every write, in the order of when it counts as written: the last one stands but where two phones differed."""
    for one in sorted(
        word_revisions(s, viewer, patient.id), key=lambda one: (one.effective_at, one.write_uuid)
    ):
        yield (
            str(one.day), quoted(one.word or ""), one.write_id.hex(), one.source, quoted(one.device),
            moment(one.recorded_at), moment(one.received_at), moment(one.effective_at), one.zone,
        )  # fmt: skip


def _names(s: Session, patient: access.PatientRef, ids: Iterable[int | None]) -> dict[int | None, str]:
    """Who acted, by id: "you", a name, or the clinic's operator."""
    wanted = {one for one in ids if one is not None}
    people = s.exec(select(Person).where(Person.id.in_(wanted))).all()  # type: ignore[union-attr]
    names: dict[int | None, str] = {person.id: person.name for person in people}
    return names | {None: "operator", patient.id: "you"}


def _revisions(s: Session, viewer: access.Viewer, patient: access.PatientRef) -> Iterator[Cells]:
    days = s.exec(
        select(Entry.day, EntryRevision)
        .join(Entry, Entry.id == EntryRevision.entry_id)
        .where(Entry.person_id == patient.id)
        .order_by(Entry.day, EntryRevision.number)
    ).all()
    given = s.exec(
        select(Infusion.day, Infusion.at_time, InfusionRevision)
        .join(Infusion, Infusion.id == InfusionRevision.infusion_id)
        .where(Infusion.patient_id == patient.id)
        .order_by(Infusion.day, Infusion.at_time, InfusionRevision.number)
    ).all()
    taken = s.exec(
        select(Medication.from_on, MedicationRevision)
        .join(Medication, Medication.id == MedicationRevision.medication_id)
        .where(Medication.patient_id == patient.id)
        .order_by(Medication.from_on, Medication.id, MedicationRevision.number)
    ).all()
    asked = list(checkin_revisions(s, viewer, patient.id))
    names = _names(s, patient, [row[-1].actor_id for row in (*days, *given, *taken, *asked)])
    for day, one in days:
        named = one.names.hex() if one.names else ""
        yield (
            "diary", str(day), "", str(one.number), one.write_id.hex(), named, one.source,
            quoted(names.get(one.actor_id, "")), quoted(one.device), one.written_by, moment(one.recorded_at),
            moment(one.received_at), moment(one.effective_at), "yes" if one.clock_off else "", one.zone,
            _plain(one.fields), quoted(one.note or ""),
        )  # fmt: skip
    for day, at_time, change in given:
        kept = {**json.loads(change.values), **json.loads(change.given_words or "{}")}
        because = {"reason": change.reason} if change.reason else {}
        yield (
            "infusion", str(day), at_time, str(change.number), change.uuid.hex, "", change.source,
            quoted(names.get(change.actor_id, "")), "", "", "", moment(change.at), "", "", "",
            _plain(json.dumps(kept | because)), quoted(change.note or ""),
        )  # fmt: skip
    for from_on, said in taken:
        yield (
            "medication", str(from_on), "", str(said.number), said.uuid.hex, "", said.source,
            quoted(names.get(said.actor_id, "")), "", "", "", moment(said.at), "", "", "", _plain(said.values),
            quoted(said.words or ""),
        )  # fmt: skip

    for kind, on, infusion, write in asked:
        values = {
            "infusion": infusion,
            **json.loads(write.fields),
            **({"own": write.own} if write.own else {}),
        }
        yield (
            kind, str(on), "", str(write.number), write.write_id.hex(), write.names.hex() if write.names else "",
            write.source, quoted(names.get(write.actor_id, "")), quoted(write.device), "", moment(write.recorded_at),
            moment(write.received_at), moment(write.effective_at), "yes" if write.clock_off else "", write.zone,
            _plain(json.dumps(values)), quoted(write.words or ""),
        )  # fmt: skip


def _plain(stored: str) -> str:
    return json.dumps(json.loads(stored), ensure_ascii=False, sort_keys=True)


def _audit(s: Session, patient: access.PatientRef) -> Iterator[Cells]:
    wanted = select(AuditEvent).where(AuditEvent.patient_id == patient.id).order_by(AuditEvent.id)
    events: Sequence[Any] = s.exec(wanted).all()
    names = _names(s, patient, [event.actor_id for event in events])
    for event in events:
        yield moment(event.at), quoted(names.get(event.actor_id, "")), event.role, event.action, event.thing
