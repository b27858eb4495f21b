"""Gathering what the sheet before a session says, as far as the reader may see it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from flask import current_app
from sqlmodel import Session

from diary.careteam import access
from diary.careteam.rules import Kind
from diary.checkins.queries import checkins_of
from diary.checkins.rules import INTENTION
from diary.infusions.queries import infusions_of
from diary.lib import pdf
from diary.lib.words import date_long, lower_first, plural, time_hm
from diary.medications.queries import KNOWN, TABLE, spans_of
from diary.medications.rules import changes
from diary.reports.queries.summary import facts, without_open_day
from diary.reports.rules import Facts, prep, said
from diary.reports.rules.finding import finding
from diary.reports.rules.scripts import printable
from diary.safety.queries import by_patient, open_flags
from diary.safety.rules import LEVEL_WORDS, when_words
from diary.sessions.queries import SessionRow, commitments_of, goals_of, sessions_of
from diary.sessions.rules import OUTCOMES, counted

SHEET = "prep.css"
MOST_WORDS = 12
PRINTED_WORDS = (6, 4, 2, 1, 0)


@dataclass(frozen=True)
class PrepPage:
    """The sheet: which session it is for, and everything on it that the reader may see."""

    patient: access.PatientRef
    planned: SessionRow | None
    is_mine: bool
    last: SessionRow | None
    unrecorded: SessionRow | None  # the latest after `last` of which nobody has said whether it was held
    today: date
    brief: prep.Brief

    @property
    def title(self) -> str:
        whose = "your" if self.is_mine else "the next"
        return f"Before {whose} session with {self.patient.name}"

    @property
    def sub(self) -> str:
        """Which session, when the last one was, and the day after the last infusion."""
        parts = []
        if self.planned is not None:
            minutes = round((self.planned.ends_at - self.planned.starts_at).total_seconds() / 60)
            who = f", with {self.planned.who}" if self.planned.who and not self.is_mine else ""
            start = self.planned.start
            parts.append(
                f"{self.planned.kind_words}, {date_long(start.date())}, {time_hm(start)}, {plural(minutes, 'minute')}{who}."
            )
        elif self.patient.shares(Kind.SESSIONS):
            parts.append("No session is planned.")
        else:
            parts.append("Sessions are not shared with you.")
        if self.last is not None:
            parts.append(f"Last session {said.long(self.last.day, self.today)}.")
        elif self.patient.shares(Kind.SESSIONS) and self.unrecorded is None:
            parts.append("No session before.")
        if self.unrecorded is not None:
            parts.append(f"The one of {said.long(self.unrecorded.day, self.today)} is not recorded yet.")
        given = [one for one in self.brief.facts.infusions or () if one.day <= self.today]
        if given:
            after = (self.today - given[-1].day).days
            day = f"Day {after} after infusion" if after else "The day of infusion"
            parts.append(f"{day} {given[-1].number}.")
        return " ".join(parts)

    @property
    def lead(self) -> str:
        return f"{finding(self.brief.facts)} {prep.said_count(self.brief)}"

    @property
    def then(self) -> str:
        """The heading of the second column of figures."""
        return "Since then" if self.last else f"Last {prep.WITHOUT_SESSION} days"


def prep_page(
    s: Session, viewer: access.Viewer, patient: access.PatientRef, today: date, now: datetime
) -> PrepPage:
    """Everything for the next session; Hidden where nothing at all is shared."""
    if not patient.kinds:
        raise access.Hidden
    sessions = sessions_of(s, viewer, patient.id) if patient.shares(Kind.SESSIONS) else []
    planned = next((one for one in sessions if one.is_ahead(now)), None)
    held = [one for one in sessions if one.status == "held" and one.starts_at <= now]
    last = held[-1] if held else None
    unrecorded = [
        one for one in sessions if one.is_unrecorded(now) and (last is None or one.starts_at > last.starts_at)
    ]
    made = without_open_day(
        facts(s, viewer, patient, today - timedelta(days=prep.MOST_CHART_DAYS), today), today
    )
    brief = prep.Brief(
        facts=made,
        met_on=last.day if last else None,
        said=_said(s, viewer, patient, made, last.day if last else None),
        pacts=_pacts(s, viewer, patient, today),
        aims=_aims(s, viewer, patient),
        matters=_matters(s, viewer, patient, now),
        switches=_switches(s, viewer, patient),
        next_infusion=_next_infusion(s, viewer, patient, today),
    )
    shown = replace(made, since=min(brief.frame.since, made.until))
    is_mine = planned is not None and planned.who == viewer.name
    return PrepPage(
        patient,
        planned,
        is_mine,
        last,
        unrecorded[-1] if unrecorded else None,
        today,
        replace(brief, facts=shown),
    )


def _said(
    s: Session, viewer: access.Viewer, patient: access.PatientRef, made: Facts, met_on: date | None
) -> list[prep.Words] | None:
    """Shared notes and insights since the last session, and the intention of the last or next infusion, oldest first."""
    if made.notes is None:
        return None
    since = met_on or made.until - timedelta(days=prep.WITHOUT_SESSION)
    day = "{:%a} {}".format
    found = [
        prep.Words(one.day, one.text, f"{day(one.day, said.short(one.day, made.until))}, shared")
        for one in made.notes
        if one.day > since
    ]
    if patient.shares(Kind.INFUSIONS):
        rows = [one for one in checkins_of(s, viewer, patient.id) if one.words]
        latest = max((one.number for one in made.infusions or ()), default=0)
        intents = [one for one in rows if one.kind == INTENTION and one.number >= latest][:1]
        insights = [one for one in rows if one.kind != INTENTION and one.day > since]
        found += [
            prep.Words(
                one.day, one.words or "",
                f"Intention before infusion {one.number}, {said.short(one.day, made.until)}"
                if one.kind == INTENTION
                else f"Day {one.after} after infusion {one.number}, {said.short(one.day, made.until)}",
            )
            for one in (*intents, *insights)
        ]  # fmt: skip
    return sorted(found, key=lambda one: (one.day, one.what))


def _pacts(
    s: Session, viewer: access.Viewer, patient: access.PatientRef, today: date
) -> list[prep.Pact] | None:
    """What the last session agreed on, and what is open from before, the latest first."""
    if not patient.shares(Kind.SESSIONS):
        return None
    rows = commitments_of(s, viewer, patient.id)
    last = max((one.agreed_on for one in rows), default=None)
    return [
        prep.Pact(
            one.words,
            one.agreed_on,
            one.until_on,
            counted(one, today) if one.is_counted else None,
            OUTCOMES.get(one.outcome, ""),
        )
        for one in sorted(rows, key=lambda one: (-one.agreed_on.toordinal(), one.place))
        if one.agreed_on == last or not one.outcome
    ]


def _aims(s: Session, viewer: access.Viewer, patient: access.PatientRef) -> list[prep.Aim] | None:
    if not patient.shares(Kind.SESSIONS):
        return None
    rows = goals_of(s, viewer, patient.id)
    return [prep.Aim(one.words, one.set_on, one.until_on) for one in rows if one.ended_on is None]


def _matters(
    s: Session, viewer: access.Viewer, patient: access.PatientRef, now: datetime
) -> list[prep.Matter]:
    found = []
    for row in by_patient(open_flags(s, viewer, now)).get(patient.id, ()):
        whose = "with you" if row.is_mine else f"with {row.owner}" if row.owner else "with nobody yet"
        when = when_words(row.flag.answered_at, now, patient.zone)
        late = ", overdue" if row.overdue else ""
        found.append(
            prep.Matter(row.title, f"{when}: {lower_first(LEVEL_WORDS[row.flag.level])} flag, {whose}{late}")
        )
    return found


def _switches(s: Session, viewer: access.Viewer, patient: access.PatientRef) -> Sequence[prep.Switch] | None:
    if not patient.shares(Kind.INFUSIONS):
        return None
    found = changes(spans_of(s, viewer, patient.id), KNOWN, TABLE)
    return [prep.Switch(one.on, one.name, one.before, one.after, one.is_end) for one in found]


def _next_infusion(
    s: Session, viewer: access.Viewer, patient: access.PatientRef, today: date
) -> tuple[int, date] | None:
    if not patient.shares(Kind.INFUSIONS):
        return None
    rows = infusions_of(s, viewer, patient.id, ("planned",))
    return next(((one.number, one.day) for one in rows if one.day >= today), None)


def as_pdf(page: PrepPage, paper: str) -> bytes:
    """The sheet on one page. Raises pdf.PdfBusy when another document takes too long."""
    template = current_app.jinja_env.get_template("reports/prep_paper.html")
    chart = prep.printed(page.brief)

    room = list(PRINTED_WORDS)

    def draft() -> str:
        return template.render(
            page=page, prep=prep, chart=chart, paper=paper, most=room[0], printable=printable
        )

    def shorter(laid: pdf.Laid) -> str | None:
        if laid.pages == 1 or len(room) == 1:
            return None
        room.pop(0)
        return draft()

    return pdf.render(draft(), paper=paper, sheet=SHEET, shorter=shorter)
