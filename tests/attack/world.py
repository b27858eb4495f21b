"""The world that the crawler walks through: the fixed cast, everybody who once had or never had a right, and canaries.

Every person has a canary of each kind of data; an answer that holds a canary its reader may not see is a leak.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlmodel import select, update

from diary import db
from diary.accounts.actions import begin_session, create_person
from diary.accounts.models import LoginSession, Person
from diary.careteam import access, actions
from diary.careteam.forms import GlassForm
from diary.careteam.models import CareLink, Invitation, Membership, Notice
from diary.careteam.rules import Kind, Role
from diary.copies.actions import ask_for_copy
from diary.copies.models import Copy
from diary.copies.worker import make_copies
from diary.entries.actions import name_symptom
from diary.entries.models import OwnSymptom
from diary.infusions.models import Infusion, PlannedGap
from diary.lib import clock
from diary.medications.models import Medication
from diary.safety.actions import open_flag
from diary.safety.models import Flag
from diary.sessions.models import CareSession, Commitment, Goal
from tests import factories
from tests.checkins.said import checkin

DAY = date(2026, 3, 15)
TODAY = DAY + timedelta(days=30)
NOON = datetime.combine(TODAY, time(12), UTC)
CAME = NOON - timedelta(
    days=8
)  # when whoever took up Pat's invitation did so; nobody has confirmed who it was


@dataclass(frozen=True)
class Canary:
    """A text that stands in one person's data of one kind and nowhere else."""

    owner: str
    kind: str
    text: str


CANARIES = (
    Canary("alice", "name", "Marlow"),
    Canary("alice", "email", "alice@example.org"),
    Canary("alice", Kind.SCORES, "4.3"),
    Canary("alice", Kind.SCORES, "harbour-fog-of-hers"),
    Canary("alice", Kind.NOTES, "herons-by-the-weir"),
    Canary("alice", "private", "only-for-my-own-eyes"),
    Canary("alice", "private", "a-word-for-a-bad-day"),
    Canary("alice", Kind.INFUSIONS, "41.7"),
    Canary("alice", Kind.SESSIONS, "a-walk-round-the-mill"),
    Canary("alice", "staff", "asks-about-her-brother"),
    Canary("alice", "flag", "tripped-over-the-cat"),
    Canary("alice", "reason", "unconscious-on-the-quay"),
    Canary("charlie", "name", "Boone"),
    Canary("charlie", "email", "charlie@example.org"),
    Canary("charlie", Kind.SESSIONS, "stairs-one-by-one"),
    Canary("charlie", "staff", "wants-a-quieter-room"),
    Canary("charlie", "flag", "slipped-on-the-ferry"),
    Canary("charlie", Kind.SCORES, "6.9"),
    Canary("charlie", Kind.NOTES, "marsh-at-first-light"),
    Canary("charlie", "private", "nobody-else-reads-this"),
    Canary("charlie", Kind.INFUSIONS, "83.9"),
    Canary("pat", "before", "written-before-she-came"),
    Canary("pat", Kind.NOTES, "written-after-she-came"),
    Canary("gone", "name", "Quillfeather"),
    Canary("gone", Kind.NOTES, "left-the-clinic-behind"),
    Canary("closed", "name", "Zephyrine"),
    Canary("closed", Kind.NOTES, "an-account-that-ended"),
    Canary("bob", "email", "bob@example.org"),
    Canary("erin", "email", "erin@example.org"),
)
FIXED = ("alice", "bob", "cora", "dana", "charlie", "erin")
SEEN = frozenset({"name", *Kind})  # what a link and every consent open


@dataclass(frozen=True)
class Reader:
    """Somebody who asks: what the crawler holds them to, told apart from the product's own rules."""

    name: str
    roles: frozenset[str] = frozenset()
    sees: frozenset[tuple[str, str]] = frozenset()
    reads: frozenset[str] = frozenset()  # whose record opens
    writes: frozenset[str] = frozenset()  # into whose record they may write
    session: str = "whole"  # or half, stale (proved long ago), ended, idle, none


def _of(owner: str, *kinds: str) -> frozenset[tuple[str, str]]:
    return frozenset((owner, kind) for kind in kinds)


def _staff(name: str, role: str, sees=frozenset(), writes=True, **more: Any) -> Reader:
    """A member of staff who reads, and by a link writes, what is theirs."""
    owners = frozenset(owner for owner, kind in sees if kind == "name")
    linked = owners if writes else frozenset()
    return Reader(name, frozenset({role}), sees, owners, linked, **more)


ALL = ("name", *Kind)
OTHERS = ("flag", "staff", "email")
READERS = (
    Reader("nobody", session="none"),
    Reader("alice", frozenset({"patient"}), _of("alice", *ALL, "private", "email", "reason")),
    Reader("charlie", frozenset({"patient"}), _of("charlie", *ALL, "private", "email")),
    _staff("bob", "clinician", _of("alice", *ALL, *OTHERS) | _of("bob", "email")),
    _staff("cora", "coach", _of("alice", "name", Kind.SCORES, "flag", "email")),
    Reader(
        "dana", frozenset({"admin"}),
        _of("alice", "name", "email", "reason") | _of("gone", "name") | _of("closed", "name") | _of("bob", "email"),
    ),
    _staff("erin", "clinician", _of("charlie", *ALL, *OTHERS) | _of("erin", "email")),
    _staff("unlinked", "clinician"),
    _staff("takenback", "coach", _of("alice", "name", "flag", "email")),
    _staff("cover", "clinician", _of("alice", *ALL, *OTHERS)),
    _staff("unagreed", "clinician", _of("alice", "name", "flag", "email")),
    _staff("coverofnone", "clinician"),
    _staff("linkended", "clinician"),
    _staff("linkover", "clinician"),
    _staff("linkahead", "clinician"),
    _staff("elsewhere", "clinician"),
    Reader("demoted", frozenset({"admin"}), _of("charlie", "name", "email") | _of("erin", "email")),
    _staff("glass", "clinician", _of("alice", *ALL, "flag", "staff", "email"), writes=False),
    _staff("glassover", "clinician"),
    _staff("glasselse", "clinician"),
    Reader("pat", frozenset({"patient"}), _of("pat", Kind.NOTES)),
    Reader("gone", frozenset(), _of("gone", "name")),
    Reader("closed", session="none"),
    # Bob has no second factor here: setting up the first one names whose it is.
    Reader("half", frozenset(), _of("bob", "email"), session="half"),
    Reader("ended", session="none"),
    Reader("idle", session="none"),
    Reader("stale", frozenset({"patient"}), _of("alice", *ALL, "private", "email", "reason"), session="stale"),
    Reader("staledana", frozenset({"admin"}), _of("alice", "name", "email", "reason") | _of("gone", "name") | _of("closed", "name") | _of("bob", "email"), session="stale"),
)  # fmt: skip
BY_NAME = {reader.name: reader for reader in READERS}
# As whom somebody signs in who is another by their session alone.
SAME_PERSON = {"half": "bob", "ended": "bob", "idle": "bob", "stale": "alice", "staledana": "dana"}


def plant(s, person, name: str) -> None:
    """A diary of every kind."""
    found: dict[str, str] = {}
    for canary in CANARIES:
        if canary.owner == name:
            found.setdefault(canary.kind, canary.text)
    for step in range(-16, 28):
        factories.entry(
            s, person, DAY + timedelta(days=step), pain=found[Kind.SCORES], mood=found[Kind.SCORES]
        )
    on = TODAY - timedelta(days=3)
    factories.entry(s, person, on, note=found[Kind.NOTES], note_private="no")
    factories.entry(s, person, on - timedelta(days=1), note=found["private"], note_private="yes")
    given = factories.infusion(
        s, person, DAY, dose_mg=found[Kind.INFUSIONS], note=f"recorded {found[Kind.INFUSIONS]}"
    )
    for after, kind, private in ((1, Kind.NOTES, "no"), (2, "private", "yes")):
        said = {"own": f"felt {found[Kind.INFUSIONS]}", "insight": found[kind], "insight_private": private}
        checkin(s, person, given.uuid, DAY + timedelta(days=after), said)
    factories.gap(s, person, given, 40, DAY)
    agreed = {"commitment_1": found[Kind.SESSIONS], "until_1": str(TODAY + timedelta(days=9))}
    factories.session(
        s, person, TODAY - timedelta(days=2), note=found[Kind.SESSIONS], private_note=found["staff"], **agreed
    )
    factories.goal(s, person, found[Kind.SESSIONS])
    dose = {"dose": found[Kind.INFUSIONS], "dose_unit": "mg", "times_per_day": "1"}
    factories.medication(s, person, f"Rarely {found[Kind.INFUSIONS]}", DAY, **dose)
    now = clock.now()
    by = access.Viewer(person.id)
    open_flag(s, by, person.id, "fall", "m", now, now, answer=found["flag"])


@dataclass
class World:
    """Who is who, the ids that can stand in an address by owner, and each reader's session."""

    people: dict[str, Any]
    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[str, str | None] = field(default_factory=dict)


def build(cast) -> World:
    """Everybody and everything; the clock stands at NOON of TODAY."""
    world = World({name: getattr(cast, name) for name in FIXED})
    with db.write() as s:
        _more_people(s, cast, world)
        for name in ("alice", "charlie"):
            plant(s, world.people[name], name)
        name_symptom(s, access.OPERATOR, cast.alice.id, "harbour-fog-of-hers", NOON)
        name_symptom(s, access.OPERATOR, cast.charlie.id, "Wind", NOON)
        factories.word(s, cast.alice, "a-word-for-a-bad-day", NOON - timedelta(days=6))
        _links(s, cast, world)
        _glass(s, cast, world)
        for name in ("alice", "charlie"):
            ask_for_copy(s, access.viewer_of(s, s.get_one(Person, world.people[name].id)), NOON)
    make_copies()
    with db.write() as s:
        for owner in ("alice", "charlie"):
            world.ids[owner] = _ids(s, world.people[owner])
        sign_in(s, world)
    return world


def _more_people(s, cast, world: World) -> None:
    here, there = cast.alice.clinic_id, cast.charlie.clinic_id
    long_ago = NOON - timedelta(days=90)
    names = {"gone": "Gwen Quillfeather", "closed": "Zoe Zephyrine"}
    for reader in READERS:
        if reader.name in FIXED or reader.name in SAME_PERSON or reader.name == "nobody":
            continue
        name = names.get(reader.name, f"Person {reader.name}")
        person = create_person(s, f"{reader.name}@example.net", name, "Europe/London", long_ago)
        person.passphrase_hash = s.get(Person, cast.alice.id).passphrase_hash
        world.people[reader.name] = person
        role = next(iter(reader.roles), Role.PATIENT)
        if reader.name == "demoted":
            role = Role.CLINICIAN
        actions.add_member(s, here, person.id, role, long_ago)
        if reader.name in ("elsewhere", "glasselse"):
            actions.add_member(s, there, person.id, role, long_ago)
    pat, gone, closed = (world.people[name] for name in ("pat", "gone", "closed"))
    before = CAME - timedelta(days=2)
    factories.entry(s, pat, before.date(), before, pain=5, note="written-before-she-came", note_private="no")
    after = CAME + timedelta(days=2)
    factories.entry(s, pat, after.date(), after, pain=5, note="written-after-she-came", note_private="no")
    for person, note in ((gone, "left-the-clinic-behind"), (closed, "an-account-that-ended")):
        factories.entry(s, person, DAY, note=note, note_private="no")
        actions.link(s, access.OPERATOR, here, person.id, cast.bob.id, long_ago)
        actions.give_consent(s, access.OPERATOR, person.id, cast.bob.id, list(Kind), long_ago)
    live = (Membership.ended_at.is_(None), Membership.role == Role.PATIENT)
    s.exec(update(Membership).where(Membership.person_id == pat.id, *live).values(accepted_at=CAME))
    # Without the actions that end links and sessions beside: each condition stands for itself.
    s.exec(update(Membership).where(Membership.person_id == gone.id).values(ended_at=NOON))
    closed.ended_at = NOON


def _links(s, cast, world: World) -> None:
    now = NOON - timedelta(days=60)
    hour = timedelta(hours=1)
    alice, here = cast.alice.id, cast.alice.clinic_id
    others = [kind for kind in Kind if kind != Kind.SCORES]
    actions.withdraw_consent(s, access.OPERATOR, alice, cast.cora.id, others, NOON)
    for name in ("takenback", "linkended", "linkover", "linkahead", "elsewhere", "demoted"):
        staff = world.people[name]
        actions.link(s, access.OPERATOR, here, alice, staff.id, now)
        actions.give_consent(s, access.OPERATOR, alice, staff.id, list(Kind), now)
    actions.withdraw_consent(s, access.OPERATOR, alice, world.people["takenback"].id, list(Kind), NOON - hour)
    changes = {
        "linkended": {"ended_at": NOON - hour},
        "linkover": {"ends_at": NOON - hour},
        "linkahead": {"began_at": NOON + hour},
    }
    for name, values in changes.items():
        mine = (CareLink.staff_id == world.people[name].id, CareLink.patient_id == alice)
        s.exec(update(CareLink).where(*mine).values(**values))
    later = NOON + timedelta(days=9)
    for name, whom in (("cover", "bob"), ("unagreed", "bob"), ("coverofnone", "linkended")):
        agreed = {} if name == "unagreed" else {"agreed_at": now}
        s.add(
            CareLink(
                clinic_id=here, patient_id=alice, staff_id=world.people[name].id, began_at=now, ends_at=later,
                covers_id=world.people[whom].id, **agreed,
            )
        )  # fmt: skip
    # Memberships that ended without the links: a role taken away holds for itself.
    for name in ("elsewhere", "glasselse"):
        mine = (Membership.person_id == world.people[name].id, Membership.clinic_id == here)
        s.exec(update(Membership).where(*mine).values(ended_at=NOON - hour))
    role = Membership.person_id == world.people["demoted"].id
    s.exec(update(Membership).where(role).values(role=Role.ADMIN, clinic_id=cast.charlie.clinic_id))


def _glass(s, cast, world: World) -> None:
    """Opened by three for an hour: by one this hour, by one earlier, by one whose membership has ended since."""
    reason = "unconscious-on-the-quay"
    form = GlassForm(who="Alice Marlow", born_on=None, reason=f"She was found {reason} this morning.")
    here = frozenset({(cast.alice.clinic_id, str(Role.CLINICIAN))})
    opened = {"glass": NOON - timedelta(minutes=9), "glassover": NOON - timedelta(minutes=61)}
    for name, at in {**opened, "glasselse": NOON - timedelta(minutes=9)}.items():
        person = world.people[name]
        actions.break_glass(s, access.Viewer(person.id, person.name, roles=here, uuid=person.uuid), form, at)


def _ids(s, person) -> dict[str, str]:
    """What of this person's can stand in an address, by the name that it has there."""

    def first(model, column) -> str:
        row = s.exec(select(model).where(column == person.id)).first()
        return str(row.uuid) if row is not None else str(person.uuid)

    met = s.exec(select(CareSession).where(CareSession.patient_id == person.id)).first()
    agreed = s.exec(select(Commitment).where(Commitment.session_id == met.id)).first()
    return {
        "patient_uuid": str(person.uuid),
        "person_id": str(person.uuid),
        "infusion_id": first(Infusion, Infusion.patient_id),
        "medication_id": first(Medication, Medication.patient_id),
        "session_id": str(met.uuid),
        "goal_id": first(Goal, Goal.patient_id),
        "flag_id": first(Flag, Flag.patient_id),
        "gap_id": first(PlannedGap, PlannedGap.patient_id),
        "symptom_id": first(OwnSymptom, OwnSymptom.person_id),
        "commitment_id": str(agreed.uuid),
        "copy_id": first(Copy, Copy.person_id),
        "link_id": first(CareLink, CareLink.patient_id),
        "notice_id": first(Notice, Notice.person_id),
        "invitation_id": first(Invitation, Invitation.person_id),
        "token": "x" * 43,
        "filename": "css/app.css",
    }


def sign_in(s, world: World, only: str = "") -> None:
    """A session for every reader; afresh, since what they do may have ended the last one."""
    for reader in [BY_NAME[only]] if only else READERS:
        if reader.name == "nobody":
            world.tokens[reader.name] = None
            continue
        person = world.people[SAME_PERSON.get(reader.name, reader.name)]
        is_staff = not (reader.roles & {"patient"}) and reader.name != "gone"
        is_half = reader.name == "half"
        token = begin_session(s, person.id, "Test browser", is_staff, clock.now(), is_half=is_half)
        world.tokens[reader.name] = token
        s.flush()
        mine = s.exec(select(LoginSession).order_by(LoginSession.id.desc())).first()
        if reader.name == "ended":
            mine.ended_at = clock.now()
        if reader.name == "idle":
            mine.seen_at = mine.created_at = clock.now() - timedelta(hours=13)
        if reader.session == "stale":
            mine.proven_at = clock.now() - timedelta(minutes=11)
        s.add(mine)
