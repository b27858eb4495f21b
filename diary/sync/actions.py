"""A phone's write: judged in the protocol's order, stored by the diary's own action, answered with a receipt."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Session

from diary.careteam import access
from diary.checkins import actions as checkins
from diary.entries import actions as entries
from diary.entries.rules import digest_of, effective_moment, today_for, why_closed
from diary.goodday import actions as goodday
from diary.goodday.rules import WORD
from diary.lib import sealing
from diary.lib.types import from_ms, to_ms
from diary.sessions import actions as sessions
from diary.sessions.queries import known_tick
from diary.sessions.rules import TickWrite
from diary.sync import rules
from diary.sync.forms import Sent, parse_body
from diary.sync.models import SyncEpoch
from diary.sync.queries import epoch


@dataclass(frozen=True)
class Answer:
    """Status and JSON of an answer; only a 200 means that the write is stored."""

    status: int
    body: Mapping[str, Any]


def put_write(
    s: Session, viewer: access.Viewer, person: UUID, write_id: UUID, body: Mapping[str, Any], now: datetime
) -> Answer:
    """Store one write of the viewer's own diary, or answer its repeat; the body's person and version are checked.

    In the order of line 7: is the id known, then the form, then the action.
    """
    now = from_ms(to_ms(now))  # what is stored has no finer moments, and nothing may be decided by them
    digest = digest_of(rules.digested(body))
    known = _known(s, viewer, write_id)
    if known is not None:
        if known.digest != digest:
            return Answer(409, {"error": "id_reused"})
        return _stored(s, person, write_id, digest, known, now)
    sent, errors = parse_body(body)
    if sent is None:
        return Answer(422, {"fields": errors})
    judged = _judge(sent, person, write_id, digest, now)
    if judged is None:
        return Answer(425, {"now": now.isoformat(timespec="milliseconds")})
    at = _Moment(write_id, digest, now, sent.zone or viewer.zone, *judged)
    record = RECORDERS.get(sent.kind, _record_checkin)
    try:
        revision, outcome = record(s, viewer, sent, at)
    except entries.Closed as error:
        today = today_for(at.effective_at, at.zone)
        return Answer(422, {"fields": {"day": str(error)}, "day": today.isoformat()})
    except entries.UnknownSymptom as error:
        return Answer(422, {"fields": {str(error): "Neap does not know this one of yours."}})
    except access.Hidden:
        words = MISSING.get(sent.kind, NO_TARGET)
        return Answer(404, {"error": "not_found", "fields": {"target": words}})
    lost = {name for name, became in outcome.items() if became == "superseded"}
    stored = entries.Known(
        digest, revision, frozenset(outcome), frozenset(lost), at.effective_at, at.clock_off
    )
    return _stored(s, person, write_id, digest, stored, now)


NO_TARGET = "Neap has no such infusion of yours, or it was cancelled."
NO_COMMITMENT = "Neap counts no such commitment of yours on this day any more."
NOT_YOURS = "A word from a good day is kept for oneself only."


@dataclass(frozen=True)
class _Moment:
    """What of a write is not its body's: its id and digest, and when and where it counts as given."""

    id: UUID
    digest: bytes
    received_at: datetime
    zone: str
    effective_at: datetime
    clock_off: bool
    is_settled: bool


def _known(s: Session, viewer: access.Viewer, write_id: UUID) -> entries.Known | None:
    """What is kept of a stored write of any kind."""
    return (
        entries.known_write(s, viewer, viewer.me, write_id)
        or checkins.known_write(s, viewer, viewer.me, write_id)
        or _known_tick(s, viewer, write_id)
        or goodday.known_write(s, viewer, viewer.me, write_id)
    )


def _known_tick(s: Session, viewer: access.Viewer, write_id: UUID) -> entries.Known | None:
    found = known_tick(s, viewer, write_id)
    if found is None:
        return None
    lost = DONE if found.is_superseded else frozenset()
    return entries.Known(found.digest, found.revision, DONE, lost, found.effective_at, found.clock_off)


def _record_day(s: Session, viewer: access.Viewer, sent: Sent, at: _Moment) -> tuple[int, Mapping[str, str]]:
    write = entries.DayWrite(
        id=at.id, day=sent.day, fields=sent.fields, received_at=at.received_at, effective_at=at.effective_at,
        zone=at.zone, source=entries.PHONE, device=sent.device or viewer.device, written_by=sent.written_by,
        recorded_at=sent.recorded_at, clock_off=at.clock_off, zone_assumed=sent.zone is None, base=sent.base,
        digest=at.digest, is_settled=at.is_settled,
    )  # fmt: skip
    recorded = entries.record_entry(s, viewer, viewer.me, write)
    return recorded.revision, recorded.outcome


def _record_checkin(
    s: Session, viewer: access.Viewer, sent: Sent, at: _Moment
) -> tuple[int, Mapping[str, str]]:
    assert sent.target is not None
    write = checkins.CheckinWrite(
        id=at.id, kind=sent.kind, target=sent.target, day=sent.day, fields=sent.fields,
        received_at=at.received_at, effective_at=at.effective_at, zone=at.zone, source=checkins.PHONE,
        device=sent.device or viewer.device, recorded_at=sent.recorded_at, clock_off=at.clock_off,
        zone_assumed=sent.zone is None, base=sent.base, digest=at.digest, help_shown=sent.help_shown,
        is_settled=at.is_settled,
    )  # fmt: skip
    recorded = checkins.record_checkin(s, viewer, viewer.me, write)
    return recorded.revision, recorded.outcome


def _record_tick(s: Session, viewer: access.Viewer, sent: Sent, at: _Moment) -> tuple[int, Mapping[str, str]]:
    assert sent.target is not None
    today = today_for(at.effective_at, at.zone)
    closed = "" if at.is_settled else why_closed(sent.day, today, False)
    if closed:
        raise entries.Closed(closed)
    write = TickWrite(at.id, at.effective_at, sent.fields["done"], tuple(sent.base.get("done", ())))
    ticked = sessions.tick(
        s, viewer, sent.target, sent.day, write, today, at.received_at, source=checkins.PHONE,
        device=sent.device or viewer.device, recorded_at=sent.recorded_at, clock_off=at.clock_off, zone=at.zone,
        zone_assumed=sent.zone is None, is_settled=at.is_settled, digest=at.digest,
    )  # fmt: skip
    return ticked.revision, {"done": "applied" if ticked.holds else "superseded"}


def _record_word(s: Session, viewer: access.Viewer, sent: Sent, at: _Moment) -> tuple[int, Mapping[str, str]]:
    assert sent.target is not None
    write = goodday.WordWrite(
        id=at.id, target=sent.target, day=sent.day, fields=sent.fields, received_at=at.received_at,
        effective_at=at.effective_at, zone=at.zone, source=goodday.PHONE, device=sent.device or viewer.device,
        recorded_at=sent.recorded_at, clock_off=at.clock_off, zone_assumed=sent.zone is None, base=sent.base,
        digest=at.digest, is_settled=at.is_settled,
    )  # fmt: skip
    recorded = goodday.record_word(s, viewer, access.own(s, viewer), write)
    return recorded.revision, recorded.outcome


DONE = frozenset({"done"})
RECORDERS = {rules.DAY: _record_day, rules.COMMITMENT: _record_tick, WORD: _record_word}
MISSING = {rules.COMMITMENT: NO_COMMITMENT, WORD: NOT_YOURS}


def _judge(
    sent: Sent, person: UUID, write_id: UUID, digest: bytes, now: datetime
) -> tuple[datetime, bool, bool] | None:
    """(when the answer counts as given, whether the clock was off, whether a receipt says so), or None for 425."""
    settled = _by_receipt(sent.receipt, person, write_id, digest) if sent.receipt else None
    if settled is not None:
        return (*settled, True)
    if rules.is_clock_unknown(now, sent.sent_at, sent.skew):
        return None
    return (*effective_moment(sent.recorded_at, sent.sent_at, sent.skew, now), False)


def _by_receipt(text: str, person: UUID, write_id: UUID, digest: bytes) -> tuple[datetime, bool] | None:
    """What this server said before it was restored; None for a receipt that is not its own."""
    found = rules.parse_receipt(text)
    if found is None:
        return None
    moment, clock_off, signature = found
    signed = rules.signed_part(person, write_id, digest, rules.receipt_text(moment, clock_off))
    return (from_ms(moment), clock_off) if sealing.is_signed(signed, signature) else None


def _stored(
    s: Session, person: UUID, write_id: UUID, digest: bytes, known: entries.Known, now: datetime
) -> Answer:
    text = rules.receipt_text(to_ms(known.effective_at), known.clock_off)
    signature = sealing.signature(rules.signed_part(person, write_id, digest, text))
    return Answer(
        200,
        {
            "id": str(write_id),
            "revision": known.revision,
            "outcome": rules.outcome(known.fields, known.superseded),
            "epoch": epoch(s),
            "now": now.isoformat(timespec="milliseconds"),
            "receipt": f"{text}.{signature}",
        },
    )


def begin_epoch(s: Session) -> str:
    """A new epoch, upon which every phone sends again what it sent in the last 35 days; for a restored database."""
    row = s.get_one(SyncEpoch, 1)
    row.epoch = uuid4().hex
    s.add(row)
    return row.epoch
