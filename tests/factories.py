"""Plain factories: rows as the product itself would have written them."""

from datetime import UTC, date, datetime, time, timedelta

from diary.careteam import access


def entry(s, person, day: date, at: datetime | None = None, **fields):
    """A day of somebody's diary, through the one write path; scores as numbers, other fields as typed."""
    from diary.entries import actions
    from diary.entries.forms import parse_day

    moment = at or datetime.combine(day, time(20), UTC)
    typed = parse_day({name: str(value) for name, value in fields.items()}, files=True)
    assert not typed.errors, typed.errors
    write = actions.imported(day, typed.fields, "Europe/London", moment, typed.written_by, moment)
    return actions.record_entry(s, access.OPERATOR, person.id, write)


def infusion(s, person, day: date, **fields):
    """An infusion that was done, with invented values where none are given."""
    from diary.infusions import actions, forms

    typed = {"date": day.isoformat(), "dose_mg": "40", "minutes": "40", "weight_kg": "70", "route": "IV"}
    form = forms.parse_infusion(
        typed | {name: str(value) for name, value in fields.items()}, date(2030, 1, 1)
    )
    assert not form.errors, form.errors
    ref = access.load_patient(s, access.OPERATOR, person.uuid)
    return actions.record_infusion(
        s, access.OPERATOR, ref, form.value, datetime(2026, 1, 1, tzinfo=UTC)
    ).infusion


def gap(s, person, infusion, days: int, on: date | None = None):
    """A longer gap of so many days, marked after an infusion, on its own day where no other is said."""
    from diary.infusions import actions
    from diary.infusions.forms import GapValues

    ref = access.load_patient(s, access.OPERATOR, person.uuid)
    marked = datetime(2026, 1, 1, tzinfo=UTC)
    return actions.mark_gap(
        s, access.OPERATOR, ref, infusion.uuid, GapValues(days, ""), on or infusion.day, marked
    )


def days(since: date, scores, s=None, person=None):
    """Consecutive days from a date: a number is pain, 'u' unwell, 'x' nothing."""
    for step, score in enumerate(scores):
        day = since + timedelta(days=step)
        if score == "u":
            entry(s, person, day, unwell="yes")
        elif score != "x":
            entry(s, person, day, pain=score)


def medication(s, person, name: str, since: date, viewer=None, **fields):
    """A medicine as a clinic would record it; columns of a file as text."""
    from diary.medications import actions, forms
    from diary.medications.queries import KNOWN

    typed = {"name": name, "from": since.isoformat()} | {key: str(value) for key, value in fields.items()}
    form = forms.parse_medication(typed, date(2030, 1, 1), KNOWN)
    assert not form.errors, form.errors
    by = viewer or access.OPERATOR
    ref = access.own(s, by) if by.person_id == person.id else access.load_patient(s, by, person.uuid)
    return actions.record_medication(s, by, ref, form.value, datetime(2026, 1, 1, tzinfo=UTC)).medication


def session(s, person, day: date, viewer=None, is_shared=True, **fields):
    """A session of an hour as a coach would record it, shared with the patient."""
    from diary.sessions import actions, forms

    typed = {"kind": "coaching", "status": "held", "date": day.isoformat(), "start": "11:00", "end": "12:00"}
    form = forms.parse_session(typed | fields, date(2030, 1, 1), "Europe/London")
    assert not form.errors, form.errors
    by = viewer or access.OPERATOR
    ref = access.load_patient(s, by, person.uuid)
    return actions.record_session(s, by, ref, form.value, datetime(2026, 1, 1, tzinfo=UTC), is_shared).session


def goal(s, person, words: str):
    """A goal, without a last day."""
    from diary.sessions import actions

    ref = access.load_patient(s, access.OPERATOR, person.uuid)
    return actions.set_goal(s, access.OPERATOR, ref, words, None, datetime(2026, 1, 1, tzinfo=UTC))


def checkin(s, person, infusion, day: date, at: datetime | None = None, **fields):
    """A check-in of a day after an infusion, as the phone would have sent it."""
    from uuid import uuid4

    from diary.checkins import actions, forms

    typed = forms.parse_checkin(fields, "checkin")
    assert not typed.errors, typed.errors
    at = at or datetime.combine(day, time(20), UTC)
    write = actions.CheckinWrite(
        id=uuid4(), kind="checkin", target=infusion.uuid, day=day, fields=typed.fields, received_at=at, effective_at=at,
        zone="Europe/London", source=actions.PHONE, device="A phone", digest=bytes(32), is_settled=True,
    )  # fmt: skip
    return actions.record_checkin(s, access.OPERATOR, person.id, write)


def word(s, person, text: str, at: datetime):
    """A word from a good day, as the person's phone would have sent it."""
    from uuid import uuid4

    from diary.goodday import actions

    ref = access.load_patient(s, access.OPERATOR, person.uuid)
    write = actions.WordWrite(
        id=uuid4(), target=ref.uuid, day=at.date(), fields={"word": text}, received_at=at, effective_at=at,
        zone="Europe/London", source=actions.PHONE, device="A phone", digest=bytes(32),
    )  # fmt: skip
    return actions.record_word(s, access.OPERATOR, ref, write)
