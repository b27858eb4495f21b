"""Who may see whom: the one place that decides, for every route and every loader."""

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache, wraps
from typing import Any
from uuid import UUID

from flask import abort, current_app, g, has_request_context, jsonify, redirect, request, session, url_for
from flask_login import UserMixin, current_user
from sqlalchemy import and_, bindparam, case, func, literal, or_, select, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from diary import db
from diary.accounts.models import LoginSession, Person
from diary.accounts.rules import is_alive, is_fresh, is_stale, token_hash
from diary.careteam.models import BreakGlass, CareLink, Clinic, Consent, Membership
from diary.careteam.rules import CARE_ROLES, COURSE_GAP_DAYS, STAFF_ROLES, Kind, Role, wants_second
from diary.lib import clock, sealing
from diary.lib.errors import HIDDEN_FIELDS, Hidden
from diary.lib.types import Moment

ALL_KINDS = frozenset(Kind)


@dataclass(frozen=True)
class Viewer:
    """Who looks: a person with roles by clinic, or the operator at the command line."""

    person_id: int | None
    name: str = ""
    zone: str = "UTC"
    roles: frozenset[tuple[int, str]] = frozenset()
    session_id: int | None = None
    device: str = ""
    operator: bool = False
    uuid: UUID | None = None
    proven_at: datetime | None = None  # when this session last saw a proof of who it is
    is_half: bool = False  # the passphrase was right; a second factor is still to come, or to be set up
    hides_before: datetime | None = None  # accepted an invitation then, and nobody has confirmed who it was
    works_in: int | None = None  # the clinic chosen of several, for the lists and pages of one clinic

    def _is(self, *roles: str) -> bool:
        return any(role in roles for _, role in self.roles)

    @property
    def me(self) -> int:
        """The id of the person who looks; the operator is nobody."""
        if self.person_id is None:
            raise Hidden
        return self.person_id

    @property
    def is_patient(self) -> bool:
        return self._is(Role.PATIENT)

    @property
    def is_staff(self) -> bool:
        return self._is(*CARE_ROLES)

    @property
    def is_clinician(self) -> bool:
        return self._is(Role.CLINICIAN)

    @property
    def is_admin(self) -> bool:
        return self._is(Role.ADMIN)

    def clinics(self, *roles: str) -> frozenset[int]:
        return frozenset(clinic for clinic, role in self.roles if role in roles)

    @property
    def landing(self) -> str:
        """Where somebody begins after signing in."""
        if self.is_half:
            return "/second-factor"
        if self.is_patient:
            return "/today"
        return "/patients" if self.is_staff else "/clinic" if self.is_admin else "/more"

    @property
    def role_code(self) -> str:
        """As what somebody does or sees something; in a request that a break-glass let in, that it did."""
        if self.operator:
            return "operator"
        broken = ["break_glass"] if has_request_context() and g.get("broken_glass") else []
        return "+".join([*sorted({str(role) for _, role in self.roles}), *broken])

    @property
    def clinic_id(self) -> int | None:
        clinics = {clinic for clinic, _ in self.roles}
        return clinics.pop() if len(clinics) == 1 else self.works_in


OPERATOR = Viewer(person_id=None, name="operator", operator=True)


@dataclass(frozen=True)
class PatientRef:
    """A patient as far as this viewer may know of them."""

    id: int
    uuid: UUID
    name: str
    born_on: date | None
    zone: str
    clinic_id: int
    clinic_name: str
    kinds: frozenset[Kind]
    staff_roles: frozenset[str]
    is_self: bool = False
    course_gap: int = COURSE_GAP_DAYS  # infusions further apart, in days, are of two courses

    def shares(self, kind: str) -> bool:
        return kind in self.kinds


class SignedIn(UserMixin):
    """Flask-Login's user: the viewer, and the token that its cookie holds."""

    def __init__(self, token: str, viewer: Viewer) -> None:
        self.token = token
        self.viewer = viewer

    def get_id(self) -> str:
        return self.token


_by_token = (
    select(
        LoginSession.id,
        LoginSession.person_id,
        LoginSession.created_at,
        LoginSession.seen_at,
        LoginSession.is_staff,
        LoginSession.device,
        LoginSession.is_half,
        LoginSession.proven_at,
        LoginSession.second_at,
        Person.uuid,
        Person.name_sealed,
        Person.zone,
        Membership.clinic_id,
        Membership.role,
        Membership.accepted_at,
        Membership.confirmed_at,
        Clinic.second_factor,
    )
    .join(Person, Person.id == LoginSession.person_id)
    .outerjoin(Membership, (Membership.person_id == Person.id) & Membership.ended_at.is_(None))
    .outerjoin(Clinic, Clinic.id == Membership.clinic_id)
    .where(
        LoginSession.token_hash == bindparam("token_hash"),
        LoginSession.ended_at.is_(None),
        Person.ended_at.is_(None),
    )
)


def signed_in_by(s: Session, token: str, now: datetime) -> SignedIn | None:
    """Who holds this token, if the session still lives and is whole; one statement.

    Half a session is none: whatever asks for one refuses it, but for the pages that make it whole.
    """
    found = _held_by(s, token, now)
    return None if found is None or found.viewer.is_half else found


def half_in_by(s: Session, token: str, now: datetime) -> SignedIn | None:
    """Who holds this token, where a second factor is still to come."""
    found = _held_by(s, token, now)
    return found if found is not None and found.viewer.is_half else None


def _held_by(s: Session, token: str, now: datetime) -> SignedIn | None:
    rows = s.execute(_by_token, {"token_hash": token_hash(token)}).all()
    if not rows or not is_alive(rows[0].created_at, rows[0].seen_at, rows[0].is_staff, now):
        return None
    first = rows[0]
    is_half = first.is_half or (
        first.second_at is None and wants_second((row.role, row.second_factor) for row in rows)
    )
    if is_stale(first.seen_at, now) and not is_half:
        g.touch_session = first.id
    roles = frozenset((row.clinic_id, row.role) for row in rows if row.role)
    chosen = session.get("works_in") if has_request_context() else None
    return SignedIn(
        token,
        Viewer(
            first.person_id, _opened(first, "name"), first.zone, roles, first.id, first.device,
            uuid=first.uuid, hides_before=_unconfirmed_since(rows), proven_at=first.proven_at, is_half=is_half,
            works_in=chosen if any(clinic == chosen for clinic, _ in roles) else None,
        ),
    )  # fmt: skip


def _unconfirmed_since(rows: Iterable[Any]) -> datetime | None:
    """The moment of an invitation that was accepted and not confirmed, as patient; a link may be forwarded."""
    waiting = [row.accepted_at for row in rows if row.role == Role.PATIENT and row.confirmed_at is None]
    return max((moment for moment in waiting if moment is not None), default=None)


def hidden_before(viewer: Viewer, patient_id: int) -> datetime | None:
    """What was recorded before this moment is not shown to this viewer; None for everybody but an unconfirmed patient."""
    return viewer.hides_before if viewer.person_id == patient_id else None


def viewer_of(s: Session, person: Person) -> Viewer:
    """A person with the roles they have now; for the moment of signing in, and for what goes out to them."""
    live = select(
        Membership.clinic_id, Membership.role, Membership.accepted_at, Membership.confirmed_at
    ).where(Membership.person_id == person.id, Membership.ended_at.is_(None))
    rows = s.execute(live).all()
    roles = frozenset((row.clinic_id, row.role) for row in rows)
    return Viewer(
        person.id, person.name, person.zone, roles, uuid=person.uuid, hides_before=_unconfirmed_since(rows)
    )


def wants_factor(s: Session, viewer: Viewer) -> bool:
    """Whether a clinic in which somebody is staff asks for a second factor."""
    staffed = viewer.clinics(*STAFF_ROLES)
    rules = s.scalars(select(Clinic.second_factor).where(Clinic.id.in_(staffed))) if staffed else ()
    return wants_second((Role.ADMIN, rule) for rule in rules)


def viewer() -> Viewer:
    """The signed-in person of this request; only behind an access rule that asks for a session."""
    return g.half.viewer if "half" in g else current_user.viewer


# Routes -------------------------------------------------------------------------------------------


def _rule(name: str, allowed: Callable[[Viewer], bool] | None) -> Callable[..., Any]:
    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if allowed is not None:
                if not current_user.is_authenticated:
                    return to_sign_in()
                if not allowed(viewer()):
                    abort(404)
                g.no_store = True
            return view(*args, **kwargs)

        guarded.access = name  # type: ignore[attr-defined]
        return guarded

    return decorate


public = _rule("public", None)
by_link = _rule("by_link", None)  # the address itself is the key: it needs no session, and no token of a form
signed_in = _rule("signed_in", lambda _viewer: True)
patient = _rule("patient", lambda viewer: viewer.is_patient)
ever_patient = _rule("ever_patient", lambda viewer: viewer.is_patient or was_patient(viewer))
staff = _rule("staff", lambda viewer: viewer.is_staff)
clinician = _rule("clinician", lambda viewer: viewer.is_clinician)
team = _rule("team", lambda viewer: viewer.is_staff or viewer.is_admin)
admin = _rule("admin", lambda viewer: viewer.is_admin)


def _half_in() -> SignedIn | None:
    token = session.get("_user_id")
    if not token:
        return None
    with db.read() as s:
        return half_in_by(s, token, clock.now())


def half_in(view: Callable[..., Any]) -> Callable[..., Any]:
    """Somebody whose passphrase was right, and whose second factor is still to come."""
    return _rule_with_half("half_in", view, takes_whole=False)


def entering(view: Callable[..., Any]) -> Callable[..., Any]:
    """Somebody who is signed in, or half in: for setting up the first second factor, and every other one."""
    return _rule_with_half("entering", view, takes_whole=True)


def _rule_with_half(name: str, view: Callable[..., Any], takes_whole: bool) -> Callable[..., Any]:
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        g.no_store = True
        if current_user.is_authenticated:
            return view(*args, **kwargs) if takes_whole else redirect(current_user.viewer.landing, 303)
        found = _half_in()
        if found is None:
            return to_sign_in()
        g.half = found
        return view(*args, **kwargs)

    guarded.access = name  # type: ignore[attr-defined]
    return guarded


def fresh(view: Callable[..., Any], page: str = "") -> Callable[..., Any]:
    """Step-up, beneath the role's rule: whoever did not prove within ten minutes who they are does so first.

    What a form held is kept, sealed, in this browser's own session, and offered to be sent on afterwards. page: the
    endpoint to go on to, where the view's own address is a file: a browser would stay on the page that asked.
    """

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if is_fresh(viewer().proven_at, clock.now()):
            return view(*args, **kwargs)
        if request.method != "GET":
            _keep_typed()
        own = request.full_path.rstrip("?") if request.method == "GET" else _page_of(request.path)
        return _go_to(url_for("accounts.prove", next=url_for(page) if page else own))

    guarded.is_fresh = True  # type: ignore[attr-defined]
    return guarded


MOST_KEPT = 1500  # the session's cookie has room for a small form


def _keep_typed() -> None:
    typed = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in HIDDEN_FIELDS and name != "csrf_token"
    ]
    text = json.dumps({"at": clock.now().timestamp(), "path": request.path, "typed": typed})
    session.pop("typed", None)
    if len(text) <= MOST_KEPT and request.query_string == b"":
        sealed = sealing.seal("session", viewer().session_id, "typed", text)
        session["typed"] = base64.b64encode(sealed).decode()


def take_typed() -> tuple[str, list[tuple[str, str]]] | None:
    """(path, fields) of the form that waits for this session's proof, once; None where none does."""
    kept = session.pop("typed", None)
    if kept is None:
        return None
    try:
        found = json.loads(sealing.unseal("session", viewer().session_id, "typed", base64.b64decode(kept)))
    except (ValueError, sealing.Unsealable):
        return None
    is_recent = is_fresh(datetime.fromtimestamp(found["at"], UTC), clock.now())
    return (found["path"], [(name, value) for name, value in found["typed"]]) if is_recent else None


def development(view: Callable[..., Any]) -> Callable[..., Any]:
    """For whoever builds Neap, on their own machine; in production there is no such page."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if current_app.config["SETTINGS"].production:
            abort(404)
        g.no_store = True
        return view(*args, **kwargs)

    guarded.access = "development"  # type: ignore[attr-defined]
    return guarded


def patient_api(view: Callable[..., Any]) -> Callable[..., Any]:
    """A patient's phone: no session is 401 in JSON, which says whether it was taken away, and whether with everything."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        g.no_store = True
        if not current_user.is_authenticated:
            wipe, is_erased = _was_ended(session.get("_user_id"))
            response = jsonify(
                {"error": "signed_out", "wipe": wipe} | ({"erased": True} if is_erased else {})
            )
            response.status_code = 401
            return response
        if not viewer().is_patient:
            abort(404)
        return view(*args, **kwargs)

    guarded.access = "patient_api"  # type: ignore[attr-defined]
    return guarded


def _was_ended(token: str | None) -> tuple[bool, bool]:
    """Whether this token's session was ended from elsewhere, and whether its person was erased.

    An unknown or merely old one was not: what waits on that phone may still be sent by whoever signs in again.
    """
    if not token:
        return False, False
    with db.read() as s:
        wanted = (
            select(LoginSession.revoked, Person.erased_at)
            .join(Person, Person.id == LoginSession.person_id)
            .where(LoginSession.token_hash == token_hash(token))
        )
        row = s.execute(wanted).first()
        return (row.revoked, row.erased_at is not None) if row else (False, False)


def _page_of(path: str) -> str:
    """The page that a form was on, where its address can be opened as well as sent to."""
    try:
        current_app.url_map.bind("").match(path, method="GET")
    except HTTPException:
        return "/"
    return path


def to_sign_in() -> Response:
    after = request.full_path.rstrip("?") if request.method == "GET" else _page_of(request.path)
    return _go_to(url_for("accounts.second_factor" if _half_in() else "accounts.sign_in", next=after))


def _go_to(target: str) -> Response:
    if request.headers.get("HX-Request"):
        return Response(status=204, headers={"HX-Redirect": target})
    return redirect(target, 303)


# Loaders ------------------------------------------------------------------------------------------

_place, _place_of = aliased(Clinic, name="place"), aliased(Membership, name="place_of")
_set_by = aliased(Clinic, name="set_by")


def _course_gap(person_id: Any) -> Any:
    """A patient's course gap in days, as a part of a statement: of two clinics the first one's, as with check-ins.

    It goes by the patient alone, so that everybody who looks reads the same figures; and it stays as it was in the
    clinic that somebody left last.
    """
    own = (
        select(func.coalesce(_place.course_gap_days, COURSE_GAP_DAYS))
        .join(_place_of, _place_of.clinic_id == _place.id)
        .where(_place_of.person_id == person_id, _place_of.role == Role.PATIENT)
        .order_by(_place_of.ended_at.is_not(None), _place_of.ended_at.desc(), _place.id)
        .limit(1)
        .scalar_subquery()
    )
    # Most installs have no such clinic: then nothing is looked up by patient, however long the list.
    is_set = select(_set_by.id).where(_set_by.course_gap_days.is_not(None)).exists()
    return case((is_set, own), else_=COURSE_GAP_DAYS)


_gap_of_one = select(_course_gap(bindparam("patient")))


def course_gap(s: Session, patient_id: int) -> int:
    """The days by which one patient's courses are told apart; whoever asks has authorised the viewer already."""
    return s.connection().execute(_gap_of_one, {"patient": patient_id}).scalar() or COURSE_GAP_DAYS


_own = (
    select(Person, Clinic.id, Clinic.name, _course_gap(Person.id))
    .join(Membership, Membership.person_id == Person.id)
    .join(Clinic, Clinic.id == Membership.clinic_id)
    .where(Membership.role == Role.PATIENT, Membership.ended_at.is_(None), Person.ended_at.is_(None))
    .order_by(Membership.id)
)


def own(s: Session, viewer: Viewer) -> PatientRef:
    """The patient that the viewer is; Hidden for everybody else."""
    row = s.execute(_own.where(Person.id == viewer.person_id).limit(1)).first()
    if row is None:
        raise Hidden
    return _ref(row, ALL_KINDS, frozenset(), is_self=True)


class Unconfirmed(Hidden):
    """Somebody took up a patient's invitation, and nobody has said yet that it was the patient."""


_memberships = (
    select(Person, Clinic.id, Clinic.name, _course_gap(Person.id), Membership)
    .join(Membership, Membership.person_id == Person.id)
    .join(Clinic, Clinic.id == Membership.clinic_id)
    .where(Membership.role == Role.PATIENT, Person.ended_at.is_(None))
    # The live one first, as with `own`; else the one that ended last.
    .order_by(Membership.ended_at.is_not(None), Membership.ended_at.desc(), Membership.id)
)


def own_ever(s: Session, viewer: Viewer) -> PatientRef:
    """The patient that the viewer is, or was until their membership ended; Hidden for everybody else.

    Raises Unconfirmed where the last to take up an invitation was confirmed by nobody, also after that membership
    ended: the link may have been forwarded, and such a session sees nothing of before.
    """
    rows = s.execute(_memberships.where(Person.id == viewer.person_id)).all()
    if not rows:
        raise Hidden
    held = [row[-1] for row in rows]
    if viewer.hides_before is not None or (held[0].ended_at is not None and _is_doubtful(held)):
        raise Unconfirmed
    return _ref(rows[0][:4], ALL_KINDS, frozenset(), is_self=True)


def _is_doubtful(held: Iterable[Membership]) -> bool:
    """Whether an invitation was taken up, unconfirmed, after the last moment at which somebody was sure of the person."""
    taken_up = [one.accepted_at for one in held if one.accepted_at is not None and one.confirmed_at is None]
    sure = [one.confirmed_at or one.began_at for one in held if one.accepted_at is None or one.confirmed_at]
    return bool(taken_up) and (not sure or max(taken_up) > max(sure))


def was_patient(viewer: Viewer) -> bool:
    """Whether somebody has been a patient of any clinic, ever."""
    with db.read() as s:
        return s.execute(_memberships.where(Person.id == viewer.person_id).limit(1)).first() is not None


def load_patient(s: Session, viewer: Viewer, uuid: UUID) -> PatientRef:
    """A patient whom the viewer cares for, covers for or opened by break-glass, with the kinds that they may see."""
    if viewer.operator:
        row = s.execute(_own.where(Person.uuid == uuid).limit(1)).first()
        if row is None:
            raise Hidden
        return _ref(row, ALL_KINDS, frozenset())
    found = _seen_by(s, viewer, Person.uuid == uuid)
    if found is None:
        raise Hidden
    return found


def caseload(s: Session, viewer: Viewer) -> list[PatientRef]:
    """Every patient with a live care link to the viewer, by name, without the date of birth; two statements."""
    return sorted(_linked(s, viewer, is_list=True), key=lambda ref: (ref.name.casefold(), ref.id))


# The moment of the asking, in statements that are built once.
NOW = bindparam("access_now", callable_=clock.now, type_=Moment)


def stands(link: Any) -> Any:
    """Whether a care link is not over, begun or planned, as a part of a statement."""
    return and_(link.ended_at.is_(None), or_(link.ends_at.is_(None), link.ends_at > NOW))


def is_live(link: Any) -> Any:
    """Whether a care link holds now, as a part of a statement."""
    return and_(stands(link), link.began_at <= NOW)


_covered = aliased(CareLink, name="covered")
# A cover holds as long as the link of whom it covers for does.
_is_cover = (
    select(_covered.id)
    .where(
        _covered.patient_id == CareLink.patient_id,
        _covered.clinic_id == CareLink.clinic_id,
        _covered.staff_id == CareLink.covers_id,
        _covered.covers_id.is_(None),
        is_live(_covered),
    )
    .correlate(CareLink)
    .exists()
)


def cares() -> Any:
    """Whether a row of care_link lets its member of staff ask now, as a part of a statement."""
    return and_(is_live(CareLink), or_(CareLink.covers_id.is_(None), _is_cover))


_person = (
    Person.id,
    Person.uuid,
    Person.name_sealed,
    Person.born_sealed,
    Person.zone,
    Clinic.id.label("clinic_id"),
    Clinic.name.label("clinic_name"),
    _course_gap(Person.id).label("course_gap"),
)
# Built once: a caseload is asked for with each look at it.
_links = (
    select(*_person, CareLink.id.label("link_id"), CareLink.covers_id)
    .join(CareLink, CareLink.patient_id == Person.id)
    .join(Clinic, Clinic.id == CareLink.clinic_id)
    .join(
        Membership,
        (Membership.person_id == Person.id)
        & (Membership.clinic_id == Clinic.id)
        & (Membership.role == Role.PATIENT)
        & Membership.ended_at.is_(None),
    )
    .where(
        CareLink.staff_id == bindparam("me"),
        cares(),
        CareLink.clinic_id.in_(bindparam("clinics", expanding=True)),
        Person.ended_at.is_(None),
    )
    .order_by(CareLink.id)
)
_given = select(Consent.patient_id, Consent.kind, literal(0).label("link_id")).where(
    Consent.staff_id == bindparam("me"), Consent.withdrawn_at.is_(None)
)
# What a cover sees: what was given to whom they cover for, once the patient has agreed to this cover.
_given_to_covered = (
    select(Consent.patient_id, Consent.kind, CareLink.id.label("link_id"))
    .join(CareLink, (CareLink.patient_id == Consent.patient_id) & (CareLink.covers_id == Consent.staff_id))
    .where(
        CareLink.staff_id == bindparam("me"),
        CareLink.agreed_at.is_not(None),
        CareLink.ended_at.is_(None),
        Consent.withdrawn_at.is_(None),
    )
)
_consents = union_all(_given, _given_to_covered)
_consents_of_one = union_all(
    _given.where(Consent.patient_id == bindparam("patient")),
    _given_to_covered.where(Consent.patient_id == bindparam("patient")),
)


def sharing(kind: Kind) -> Any:
    """The ids of the patients who share a kind with the staff member `:me`, as part of a statement that is built once.

    It narrows what is read; what is handed out is still decided by each patient's `shares`.
    """
    return union_all(
        select(Consent.patient_id).where(
            Consent.staff_id == bindparam("me"), Consent.kind == kind, Consent.withdrawn_at.is_(None)
        ),
        select(Consent.patient_id)
        .join(
            CareLink, (CareLink.patient_id == Consent.patient_id) & (CareLink.covers_id == Consent.staff_id)
        )
        .where(
            CareLink.staff_id == bindparam("me"),
            CareLink.agreed_at.is_not(None),
            CareLink.ended_at.is_(None),
            Consent.kind == kind,
            Consent.withdrawn_at.is_(None),
        ),
    )


@cache
def _kinds(names: frozenset[str]) -> frozenset[Kind]:
    return frozenset(map(Kind, names))


def _linked(s: Session, viewer: Viewer, *where: Any, is_list: bool = False) -> list[PatientRef]:
    clinics = viewer.clinics(*CARE_ROLES)
    if is_list and viewer.works_in is not None:
        clinics &= {viewer.works_in}
    if not clinics:
        return []
    found = s.connection()
    wanted = {"me": viewer.person_id, "clinics": sorted(clinics)}
    rows = found.execute(_links.where(*where) if where else _links, wanted).all()
    given = _shared_with(s, viewer, {row.id for row in rows})
    name_of = sealing.unsealing("person", "name")
    by_clinic = {clinic: _care_roles(viewer, clinic) for clinic in clinics}
    refs: dict[int, PatientRef] = {}
    for row in rows:
        roles = by_clinic[row.clinic_id]
        kinds = _kinds(given.get((row.id, row.link_id if row.covers_id else 0), frozenset()))
        if row.id in refs:
            ref = refs[row.id]
            refs[row.id] = replace(ref, staff_roles=ref.staff_roles | roles, kinds=ref.kinds | kinds)
            continue
        refs[row.id] = PatientRef(
            id=row.id,
            uuid=row.uuid,
            name=name_of(row.uuid.hex, row.name_sealed),
            born_on=None if is_list else _born(row),
            zone=row.zone,
            clinic_id=row.clinic_id,
            clinic_name=row.clinic_name,
            kinds=kinds,
            staff_roles=roles,
            course_gap=row.course_gap,
        )
    return list(refs.values())


def _shared_with(s: Session, viewer: Viewer, patients: set[int]) -> dict[tuple[int, int], frozenset[str]]:
    """By patient and link the kinds given; link 0 is what was given to the viewer in person, the others are covers."""
    if not patients:
        return {}
    wanted: dict[str, Any] = {"me": viewer.person_id}
    if len(patients) == 1:
        wanted["patient"] = next(iter(patients))
    rows = s.connection().execute(_consents_of_one if len(patients) == 1 else _consents, wanted).all()
    given: dict[tuple[int, int], set[str]] = {}
    for patient_id, kind, link_id in rows:
        given.setdefault((patient_id, link_id), set()).add(kind)
    return {key: frozenset(kinds) for key, kinds in given.items()}


def _care_roles(viewer: Viewer, clinic: int) -> frozenset[str]:
    return frozenset(role for place, role in viewer.roles if place == clinic and role in CARE_ROLES)


# Break-glass ----------------------------------------------------------------------------------------

_broken = (
    select(*_person)
    .join(BreakGlass, BreakGlass.patient_id == Person.id)
    .join(Clinic, Clinic.id == BreakGlass.clinic_id)
    .join(
        Membership,
        (Membership.person_id == Person.id)
        & (Membership.clinic_id == Clinic.id)
        & (Membership.role == Role.PATIENT)
        & Membership.ended_at.is_(None),
    )
    .where(
        BreakGlass.staff_id == bindparam("me"),
        BreakGlass.began_at <= NOW,
        BreakGlass.ends_at > NOW,
        BreakGlass.clinic_id.in_(bindparam("clinics", expanding=True)),
        Person.ended_at.is_(None),
    )
    .order_by(BreakGlass.id)
)


def _seen_by(s: Session, viewer: Viewer, where: Any) -> PatientRef | None:
    """One patient as the viewer may know them: by care link, by a cover, or by a break-glass of this hour.

    A break-glass opens every kind, and to look only: a request that writes is judged without it. Private notes stay
    closed to it as to everybody, since no kind holds them.
    """
    found = _linked(s, viewer, where)
    ref = found[0] if found else None
    clinics = viewer.clinics(Role.CLINICIAN)
    writes = has_request_context() and request.method not in ("GET", "HEAD")
    if not clinics or writes or (ref is not None and ref.kinds == ALL_KINDS):
        return ref
    wanted = {"me": viewer.person_id, "clinics": sorted(clinics)}
    row = s.connection().execute(_broken.where(where), wanted).first()
    if row is None:
        return ref
    if has_request_context():
        g.broken_glass = True
    if ref is not None:
        return replace(ref, kinds=ALL_KINDS)
    return PatientRef(
        row.id, row.uuid, _opened(row, "name"), _born(row), row.zone, row.clinic_id, row.clinic_name,
        ALL_KINDS, frozenset(), course_gap=row.course_gap,
    )  # fmt: skip


def is_patient(s: Session, person_id: int) -> bool:
    """Whether somebody is a patient of any clinic now; for the operator."""
    return s.execute(_own.where(Person.id == person_id).limit(1)).first() is not None


def kinds(s: Session, viewer: Viewer, patient_id: int) -> frozenset[Kind]:
    """The kinds of a patient's data that the viewer may see now; none for a stranger."""
    if viewer.operator or viewer.person_id == patient_id:
        return ALL_KINDS
    found = _seen_by(s, viewer, Person.id == patient_id)
    return found.kinds if found else frozenset()


def require_concerned(s: Session, viewer: Viewer, patient_id: int) -> None:
    """Raises Hidden unless the viewer is the operator, the patient, or cares for the patient; no consent asked."""
    if viewer.operator or viewer.person_id == patient_id:
        return
    if _seen_by(s, viewer, Person.id == patient_id) is None:
        raise Hidden


def require(s: Session, viewer: Viewer, patient_id: int, kind: Kind) -> None:
    """Raises Hidden unless the viewer may see that kind of this patient's data."""
    if viewer.operator or viewer.person_id == patient_id:
        return
    if kind not in kinds(s, viewer, patient_id):
        raise Hidden


def require_clinician(s: Session, viewer: Viewer, uuid: UUID) -> PatientRef:
    """The patient, for a clinician with a live care link in a clinic where they are one; no consent asked."""
    ref = load_patient(s, viewer, uuid)
    if not viewer.operator and Role.CLINICIAN not in ref.staff_roles:
        raise Hidden
    return ref


def clinic_admin(s: Session, viewer: Viewer) -> Clinic:
    """The clinic that the viewer administers; of several the one they chose to work in, else the first."""
    clinics = viewer.clinics(Role.ADMIN)
    if not clinics:
        raise Hidden
    clinic = s.get(Clinic, viewer.works_in if viewer.works_in in clinics else min(clinics))
    if clinic is None:
        raise Hidden
    return clinic


def _ref(row: Any, kinds: frozenset[Kind], roles: frozenset[str], is_self: bool = False) -> PatientRef:
    person, clinic_id, clinic_name, gap = row
    return PatientRef(
        id=person.id,
        uuid=person.uuid,
        name=person.name,
        born_on=person.born_on,
        zone=person.zone,
        clinic_id=clinic_id,
        clinic_name=clinic_name,
        kinds=kinds,
        staff_roles=roles,
        is_self=is_self,
        course_gap=gap,
    )


def _opened(row: Any, column: str) -> str:
    return sealing.unseal("person", row.uuid.hex, column, getattr(row, f"{column}_sealed"))


def _born(row: Any) -> date | None:
    return date.fromisoformat(_opened(row, "born")) if row.born_sealed else None
