"""Random sequences of everything that changes who sees whom, against a model of thirty lines, judged after each step.

300 sequences in `make test`, more with NEAP_LONG. Each runs in a savepoint that is rolled back.
"""

import os
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from diary import db
from diary.accounts.actions import create_person
from diary.accounts.models import Person
from diary.careteam import access, actions, queries
from diary.careteam.forms import GlassForm
from diary.careteam.models import CareLink, Clinic
from diary.careteam.rules import CARE_ROLES, STAFF_ROLES, Kind, Role
from diary.lib import clock
from tests.conftest import stored

SEQUENCES, STEPS = (3000, 40) if os.environ.get("NEAP_LONG") else (300, 10)
BEGIN = datetime(2026, 5, 4, 9, tzinfo=UTC)
STAFF, ADMINS, PATIENTS = ("bob", "cora", "tomas"), ("dana", "ruth"), ("alice", "noor")
HOURS = st.integers(0, 30)
LUCK = st.integers(0, 3)  # what empties the clinic comes less often
KINDS = st.sets(st.sampled_from(list(Kind)))


# The model ----------------------------------------------------------------------------------------


@dataclass
class Link:
    patient: str
    staff: str
    begins: datetime
    ends: datetime | None
    covers: str | None
    agreed: bool = False

    def is_live(self, now: datetime) -> bool:
        return self.begins <= now and self.stands(now)

    def stands(self, now: datetime) -> bool:
        return self.ends is None or now < self.ends


@dataclass
class Model:
    now: datetime = BEGIN
    roles: dict[str, set] = field(default_factory=lambda: defaultdict(set))
    links: list[Link] = field(default_factory=list)
    given: dict[tuple, set] = field(default_factory=lambda: defaultdict(set))
    glass: list[tuple] = field(default_factory=list)

    def listed(self, staff: str, patient: str) -> frozenset | None:
        """The kinds by link and consent; None where nobody lets the one ask for the other."""
        if not self.roles[staff] & CARE_ROLES or Role.PATIENT not in self.roles[patient]:
            return None
        live = [one for one in self.links if one.patient == patient and one.is_live(self.now)]
        own = {one.staff for one in live if one.covers is None}
        mine = [one for one in live if one.staff == staff and (one.covers is None or one.covers in own)]
        whose = {one.covers or staff for one in mine if one.covers is None or one.agreed}
        kinds = frozenset().union(*(self.given[patient, one] for one in whose))
        return kinds if mine else None

    def sees(self, staff: str, patient: str) -> frozenset | None:
        broken = any((p, one) == (patient, staff) and self.now < until for p, one, until in self.glass)
        if broken and Role.CLINICIAN in self.roles[staff] and Role.PATIENT in self.roles[patient]:
            return frozenset(Kind)
        return self.listed(staff, patient)


# The machine --------------------------------------------------------------------------------------


def test_access_is_what_the_model_says(app, cast, passphrase_hash, capsys):
    counts = Counter()
    clock.set_for_tests(BEGIN)
    try:
        with db.write() as s:
            known = _people(s, cast, passphrase_hash)
            machine = _machine(s, known, cast.alice.clinic_id, counts)
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=SEQUENCES, stateful_step_count=STEPS, deadline=None, database=None,
                    suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
                ),
            )  # fmt: skip
            s.rollback()
    finally:
        clock.set_for_tests(None)
    with capsys.disabled():
        print(f"\naccess against its model: {dict(sorted(counts.items()))}")
    assert counts["sequences"] >= SEQUENCES and counts["compared"] > 5 * SEQUENCES
    for what in (
        "linked",
        "covered",
        "consented",
        "withdrew",
        "broke",
        "ended",
        "left",
        "became",
        "accepted",
        "refused",
    ):
        assert counts[what] > SEQUENCES / 100, what


def _people(s, cast, passphrase_hash) -> dict[str, Person]:
    clinic = cast.alice.clinic_id
    made = {}
    for name, role in (("tomas", Role.COACH), ("ruth", Role.ADMIN)):
        person = create_person(s, f"{name}@example.org", name.title(), "Europe/London", BEGIN)
        person.passphrase_hash = passphrase_hash
        actions.add_member(s, clinic, person.id, role, BEGIN)
        made[name] = person
    for name in ("alice", "bob", "cora", "dana"):
        made[name] = s.get_one(Person, getattr(cast, name).id)
    s.flush()
    return made


def _machine(s, known, clinic, counts):
    class Access(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            counts["sequences"] += 1
            clock.set_for_tests(BEGIN)
            self.savepoint, self.people = s.begin_nested(), dict(known)
            self.model, self.token = Model(), None
            for name, role in (("alice", Role.PATIENT), ("bob", Role.CLINICIAN), ("cora", Role.COACH),
                               ("tomas", Role.COACH), ("dana", Role.ADMIN), ("ruth", Role.ADMIN)):  # fmt: skip
                self.model.roles[name] = {role}
            for staff in ("bob", "cora"):
                self.model.links.append(Link("alice", staff, BEGIN, None, None))
                self.model.given["alice", staff] = set(Kind)

        def teardown(self):
            self.savepoint.rollback()
            s.expunge_all()

        def viewer(self, name):
            return access.viewer_of(s, self.people[name])

        def done(self, act, *args, **kwargs):
            """Whether the product did it; a refusal leaves no trace, as the transaction's end would see to."""
            inner = s.begin_nested()
            try:
                act(s, *args, **kwargs)
                inner.commit()
            except (actions.Refused, access.Hidden):
                inner.rollback()
                counts["refused"] += 1
                return False
            return True

        def rows(self, patient, staff, covers=False):
            found = stored(s, CareLink, patient_id=self.people[patient].id, staff_id=self.people[staff].id)
            return [row for row in found if row.ended_at is None and (row.covers_id is not None) == covers]

        @rule(hours=HOURS)
        def time_passes(self, hours):
            self.model.now += timedelta(hours=hours)
            clock.set_for_tests(self.model.now)

        @rule(actor=st.sampled_from(ADMINS))
        def invite(self, actor):
            email, now = "noor@example.org", self.model.now
            if "noor" in self.people:
                return
            is_done = self.done(
                lambda s: setattr(self, "token", actions.invite(
                    s, self.viewer(actor), s.get_one(Clinic, clinic), email, Role.PATIENT, now, name="Noor"))
            )  # fmt: skip
            # A patient is invited by an admin, or by whoever would care for them.
            assert is_done == bool(self.model.roles[actor] & {Role.ADMIN, *CARE_ROLES})
            if is_done:
                self.people["noor"] = next(p for p in stored(s, Person) if p.email == email)
                self.model.roles["noor"] = {Role.PATIENT}
                self.until = now + timedelta(days=7)

        @rule(kinds=KINDS)
        def accept(self, kinds):
            if self.token is None:
                return
            carers = {one.staff for one in self.model.links if one.patient == "noor" and one.covers is None
                      and one.stands(self.model.now)}  # fmt: skip
            hoped = self.model.now < self.until and Role.PATIENT in self.model.roles["noor"]

            def act(s):
                found = queries.open_invitation(s, self.token, self.model.now)
                actions.accept_invitation(
                    s, found.invitation, "Noor", "UTC", "by the quiet old weir", kinds, self.model.now
                )

            assert self.done(act) == hoped
            self.token = None if hoped else self.token
            if hoped:
                counts["accepted"] += 1
                assert access.hidden_before(self.viewer("noor"), self.people["noor"].id) == self.model.now
                for staff in carers:
                    self.model.given["noor", staff] |= kinds

        @rule(actor=st.sampled_from(ADMINS))
        def confirm(self, actor):
            if "noor" not in self.people or Role.ADMIN not in self.model.roles[actor]:
                return
            if self.done(
                actions.confirm_person, self.viewer(actor), clinic, self.people["noor"].uuid, self.model.now
            ):
                assert access.hidden_before(self.viewer("noor"), self.people["noor"].id) is None

        @rule(actor=st.sampled_from((*ADMINS, "bob")), patient=st.sampled_from(PATIENTS), staff=st.sampled_from(STAFF),
              wait=HOURS, lasts=st.one_of(st.none(), st.integers(1, 60)))  # fmt: skip
        def link(self, actor, patient, staff, wait, lasts):
            self._link(actor, patient, staff, None, wait, lasts)

        @rule(actor=st.sampled_from(ADMINS), patient=st.sampled_from(PATIENTS), staff=st.sampled_from(STAFF[::-1]),
              covers=st.sampled_from(STAFF), wait=st.sampled_from((0, 0, 5)), lasts=st.sampled_from((20, 60, None)))  # fmt: skip
        def cover(self, actor, patient, staff, covers, wait, lasts):
            self._link(actor, patient, staff, covers, wait, lasts)

        def _link(self, actor, patient, staff, covers, wait, lasts):
            if patient not in self.people:
                return
            model, begins = self.model, self.model.now + timedelta(hours=wait)
            ends = begins + timedelta(hours=lasts) if lasts else None
            standing = [one for one in model.links if one.patient == patient and one.stands(model.now)]
            hoped = (
                Role.ADMIN in model.roles[actor] and actor != staff and bool(model.roles[staff] & CARE_ROLES)
                and Role.PATIENT in model.roles[patient]
                and not any((one.staff, one.covers) == (staff, covers) for one in standing)
                and (covers is None or (ends and covers != staff
                     and any((one.staff, one.covers) == (covers, None) for one in standing)))
            )  # fmt: skip
            ids = [self.people[name].id if name else None for name in (patient, staff, covers)]
            is_done = self.done(
                actions.link, self.viewer(actor), clinic, ids[0], ids[1], model.now, begins, ends, ids[2]
            )
            assert is_done == bool(hoped)
            if not is_done:
                return
            counts["covered" if covers else "linked"] += 1
            if covers is None:
                model.given[patient, staff] = set()
            model.links.append(Link(patient, staff, begins, ends, covers))

        @rule(patient=st.sampled_from(PATIENTS), staff=st.sampled_from(STAFF), is_cover=st.booleans())
        def end_link(self, patient, staff, is_cover):
            if patient not in self.people:
                return
            for row in self.rows(patient, staff, is_cover)[:1]:
                covers = {one.id: name for name, one in self.people.items()}.get(row.covers_id)
                if self.done(actions.end_link, access.OPERATOR, clinic, row.uuid, self.model.now):
                    counts["ended"] += 1
                    self._drop(lambda one, covers=covers: one.patient == patient and (
                        ((one.staff, one.covers) == (staff, covers)) or (covers is None and one.covers == staff)))  # fmt: skip

        @rule(patient=st.sampled_from(PATIENTS), staff=st.sampled_from(STAFF), is_agreed=st.booleans())
        def answer_cover(self, patient, staff, is_agreed):
            if patient not in self.people:
                return
            for row in self.rows(patient, staff, covers=True):
                act = actions.agree_to_cover if is_agreed else actions.refuse_cover
                assert not self.done(act, self.viewer(staff), row.uuid, self.model.now), (
                    "only the patient answers"
                )
                assert self.done(act, self.viewer(patient), row.uuid, self.model.now)
                for one in self.model.links:
                    covers = self.people[one.covers].id if one.covers else None
                    if (one.patient, one.staff, covers, one.begins) == (
                        patient,
                        staff,
                        row.covers_id,
                        row.began_at,
                    ):
                        one.agreed = is_agreed

        @rule(
            patient=st.sampled_from(PATIENTS), staff=st.sampled_from(STAFF), kinds=KINDS, gives=st.booleans()
        )
        def consent(self, patient, staff, kinds, gives):
            if patient not in self.people:
                return
            act = actions.give_consent if gives else actions.withdraw_consent
            ids = (self.people[patient].id, self.people[staff].id)
            assert not self.done(act, self.viewer(staff), *ids, kinds, self.model.now), (
                "only the patient decides"
            )
            assert self.done(act, self.viewer(patient), *ids, kinds, self.model.now)
            counts["consented" if gives else "withdrew"] += 1
            had = self.model.given[patient, staff]
            self.model.given[patient, staff] = had | kinds if gives else had - kinds

        @rule(
            actor=st.sampled_from(ADMINS),
            who=st.sampled_from((*STAFF, *ADMINS)),
            roles=st.sets(st.sampled_from(sorted(STAFF_ROLES)), min_size=1),
            luck=LUCK,
        )
        def change_roles(self, actor, who, roles, luck):
            if luck:
                return
            model = self.model
            hoped = Role.ADMIN in model.roles[actor] and actor != who and bool(model.roles[who])
            if hoped and Role.ADMIN in model.roles[who] - roles:
                hoped = self._admins_but(who)
            is_done = self.done(
                actions.change_roles, self.viewer(actor), clinic, self.people[who].uuid, roles, model.now
            )
            assert is_done == bool(hoped)
            if is_done:
                counts["became"] += 1
                model.roles[who] = set(roles)
                if not roles & CARE_ROLES:
                    self._drop(lambda one: who in (one.staff, one.covers))

        @rule(actor=st.sampled_from(ADMINS), who=st.sampled_from((*STAFF, *ADMINS, *PATIENTS)), luck=LUCK)
        def leave(self, actor, who, luck):
            if who not in self.people or luck:
                return
            model, as_patient = self.model, who in PATIENTS
            hoped = Role.ADMIN in model.roles[actor] and actor != who and bool(model.roles[who])
            if hoped and Role.ADMIN in model.roles[who]:
                hoped = self._admins_but(who)
            is_done = self.done(
                actions.end_membership,
                self.viewer(actor),
                clinic,
                self.people[who].uuid,
                model.now,
                as_patient,
            )
            assert is_done == bool(hoped)
            if is_done:
                counts["left"] += 1
                model.roles[who] = set()
                self._drop(lambda one: who in (one.staff, one.covers, one.patient))

        @rule(who=st.sampled_from((*STAFF, "alice")))
        def come_back(self, who):
            role = Role.PATIENT if who == "alice" else Role.CLINICIAN
            actions.add_member(s, clinic, self.people[who].id, role, self.model.now)
            self.model.roles[who].add(role)

        @rule(staff=st.sampled_from(STAFF), patient=st.sampled_from(PATIENTS))
        def break_glass(self, staff, patient):
            if patient not in self.people:
                return
            form = GlassForm.model_validate(
                {"who": self.people[patient].email, "reason": "Brought in unconscious."}
            )
            model = self.model
            hoped = Role.CLINICIAN in model.roles[staff] and Role.PATIENT in model.roles[patient]
            assert self.done(actions.break_glass, self.viewer(staff), form, model.now) == hoped
            if hoped:
                counts["broke"] += 1
                model.glass.append((patient, staff, model.now + timedelta(hours=1)))

        def _admins_but(self, who):
            return any(Role.ADMIN in self.model.roles[one] for one in (*ADMINS, *STAFF) if one != who)

        def _drop(self, is_over):
            self.model.links = [one for one in self.model.links if not is_over(one)]

        @invariant()
        def it_is_what_the_model_says(self):
            """One member of staff after each step, in turn: their list, and one patient's page."""
            counts["compared"] += 1
            staff, name = STAFF[counts["compared"] % 3], PATIENTS[counts["compared"] % 2]
            viewer = self.viewer(staff)
            listed = {ref.id: ref.kinds for ref in access.caseload(s, viewer)}
            for one in PATIENTS:
                if one in self.people:
                    assert listed.get(self.people[one].id) == self.model.listed(staff, one), (staff, one)
            if name not in self.people:
                return
            try:
                kinds = access.load_patient(s, viewer, self.people[name].uuid).kinds
            except access.Hidden:
                kinds = None
            assert kinds == self.model.sees(staff, name), (staff, name)
            assert access.kinds(s, viewer, self.people[name].id) == (kinds or frozenset())

    return Access
