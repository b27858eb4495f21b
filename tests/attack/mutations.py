"""Each access rule taken away in turn, in this process and for a moment: what the crawler has to find."""

import importlib
import inspect
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from flask_login import AnonymousUserMixin, current_user

from diary.careteam import access

ACCESS = "diary.careteam.access"


@dataclass(frozen=True)
class Mutation:
    """A rule, how its lines read without it, and which readers and routes are asked."""

    name: str
    old: str
    new: str
    readers: str
    only: str = r"patient_uuid>$|/table|infusions$|/patients$"
    module: str = ACCESS
    methods: str = "GET"


PATIENT = r"^/patients/<uuid:patient_uuid>$"
OWN = r"^/(today|story|infusions|medications|sessions|check-ins|word|who-looked|goals)$"
# Left out, since another rule stands before them on every page: that `own` asks for a live membership (@patient asks
# first), and that a patient's own sessions come without the staff's notes (no page of theirs has a place for them).
CONDITIONS = (
    Mutation("link: not ended", "and_(link.ended_at.is_(None), or_(", "and_(or_(", "linkended", PATIENT),
    Mutation("link: not over", "or_(link.ends_at.is_(None), link.ends_at > NOW)", "link.began_at == link.began_at", "linkover", PATIENT),
    Mutation("link: begun", "link.began_at <= NOW", "link.began_at == link.began_at", "linkahead", PATIENT),
    Mutation("link: a cover needs the covered link", "or_(CareLink.covers_id.is_(None), _is_cover)", "CareLink.id == CareLink.id", "coverofnone", PATIENT),
    Mutation("link: the viewer's own", 'CareLink.staff_id == bindparam("me"),\n        cares(),', 'cares(),', "unlinked", "patient_uuid"),
    Mutation("link: in a clinic of theirs", 'CareLink.clinic_id.in_(bindparam("clinics", expanding=True)),\n        Person.ended_at', "Person.ended_at", "elsewhere", PATIENT),
    Mutation("link: care roles alone", "viewer.clinics(*CARE_ROLES)", "viewer.clinics(*Role) | {1}", "elsewhere", PATIENT),
    Mutation("link: the patient is still the clinic's", '        & (Membership.role == Role.PATIENT)\n        & Membership.ended_at.is_(None),\n    )\n    .where(\n        CareLink', '        & (Membership.role == Role.PATIENT),\n    )\n    .where(\n        CareLink', "bob", r"^/patients$"),
    Mutation("link: the patient's account is open", '        CareLink.clinic_id.in_(bindparam("clinics", expanding=True)),\n        Person.ended_at.is_(None),', '        CareLink.clinic_id.in_(bindparam("clinics", expanding=True)),', "bob", r"^/patients$"),
    Mutation("consent: not taken back", 'Consent.staff_id == bindparam("me"), Consent.withdrawn_at.is_(None)\n)\n', 'Consent.staff_id == bindparam("me")\n)\n', "cora takenback", PATIENT),
    Mutation("consent: to the viewer", '    Consent.staff_id == bindparam("me"), Consent.withdrawn_at.is_(None)\n)\n', '    bindparam("me") == bindparam("me"), Consent.withdrawn_at.is_(None)\n)\n', "takenback", PATIENT),
    Mutation("consent: the patient agreed to the cover", '        CareLink.agreed_at.is_not(None),\n        CareLink.ended_at.is_(None),\n        Consent.withdrawn_at.is_(None),\n    )\n)\n', '        CareLink.ended_at.is_(None),\n        Consent.withdrawn_at.is_(None),\n    )\n)\n', "unagreed", PATIENT),
    Mutation("consent: of the kind", "return kind in self.kinds", "return True", "cora takenback", "."),
    Mutation("consent: require asks for the kind", "if kind not in kinds(s, viewer, patient_id):", "if False:", "takenback cora", "patient_uuid"),
    Mutation("consent: kinds of a link", "    return found.kinds if found else frozenset()", "    return ALL_KINDS", "takenback cora", "patient_uuid"),
    Mutation("glass: the clinician's own", 'BreakGlass.staff_id == bindparam("me"),', "", "unlinked", PATIENT),
    Mutation("glass: for an hour", "BreakGlass.ends_at > NOW,", "", "glassover", PATIENT),
    Mutation("glass: in a clinic of theirs", 'BreakGlass.clinic_id.in_(bindparam("clinics", expanding=True)),', "", "glasselse", PATIENT),
    Mutation("glass: to look only", 'writes = has_request_context() and request.method not in ("GET", "HEAD")', "writes = False", "glass", "patient_uuid", ACCESS, "POST"),
    Mutation("load_patient: whom the viewer knows", "    found = _seen_by(s, viewer, Person.uuid == uuid)\n    if found is None:\n        raise Hidden\n    return found", "    return load_patient(s, OPERATOR, uuid)", "unlinked", "patient_uuid"),
    Mutation("clinician: in that clinic", "if not viewer.operator and Role.CLINICIAN not in ref.staff_roles:", "if False:", "glass", "patient_uuid"),
    Mutation("own: hidden before the clinic confirmed who it is", "return viewer.hides_before if viewer.person_id == patient_id else None", "return None", "pat", r"^/(story|days/<day:day>)$"),
    Mutation("own: nobody is unconfirmed", "row.role == Role.PATIENT and row.confirmed_at is None]", "row.role == Role.PATIENT and False]", "pat", r"^/(story|days/<day:day>)$"),
    Mutation("own: the viewer", "_own.where(Person.id == viewer.person_id)", "_own.where(Person.id > 0)", "charlie", "."),
    Mutation("own_ever: the viewer", "_memberships.where(Person.id == viewer.person_id)).all()", "_memberships.where(Person.id > 0)).all()", "charlie", "^/copy/"),
    Mutation("session: not ended", "        LoginSession.ended_at.is_(None),\n", "", "ended", "."),
    Mutation("session: alive", "not is_alive(rows[0].created_at, rows[0].seen_at, rows[0].is_staff, now)", "False", "idle", "."),
    Mutation("session: the account is open", "LoginSession.ended_at.is_(None),\n        Person.ended_at.is_(None),", "LoginSession.ended_at.is_(None),", "closed", "."),
    Mutation("session: roles held now", "(Membership.person_id == Person.id) & Membership.ended_at.is_(None))\n    .outerjoin(Clinic", "(Membership.person_id == Person.id))\n    .outerjoin(Clinic", "elsewhere gone", "."),
    Mutation("session: whole", "return None if found is None or found.viewer.is_half else found", "return found", "half", "."),
    Mutation("admin: of a clinic", "clinics = viewer.clinics(Role.ADMIN)", "clinics = frozenset({1, 2})", "demoted", "^/(clinic|people)"),
    Mutation("private notes of a day", "if not (viewer.operator or viewer.person_id == patient_id):\n        wanted = wanted.where(_entry.c.note_private.is_(False))", "pass", "bob", "patient_uuid", "diary.entries.queries"),
    Mutation("private words of a check-in", "(is_own or (may_read and not row.words_private))", "(is_own or may_read)", "bob", "patient_uuid", "diary.checkins.queries"),
    Mutation("words of a check-in need NOTES", "(is_own or (may_read and not row.words_private))", "True", "bob", "patient_uuid", "diary.checkins.queries"),
)  # fmt: skip
DECORATORS = (
    "signed_in", "patient", "ever_patient", "staff", "clinician", "team", "admin", "patient_api", "half_in", "entering",
)  # fmt: skip


@contextmanager
def without(mutation: Mutation) -> Iterator[None]:
    """The module's functions and statements as they would be without those lines, whoever holds them already."""
    module = importlib.import_module(mutation.module)
    source = inspect.getsource(module)
    assert source.count(mutation.old) >= 1, f"{mutation.name}: the lines have changed"
    fresh = dict(module.__dict__)
    exec(compile(source.replace(mutation.old, mutation.new), module.__file__, "exec"), fresh)  # noqa: S102  our own source
    kept = dict(module.__dict__)
    codes: list[tuple[types.FunctionType, types.CodeType]] = []

    def swap(old: object, new: object) -> None:
        if not (isinstance(old, types.FunctionType) and isinstance(new, types.FunctionType)):
            return
        if old.__module__ == mutation.module and not old.__closure__ and not new.__closure__:
            codes.append((old, old.__code__))
            old.__code__ = new.__code__

    for name, old in kept.items():
        new = fresh.get(name)
        if name.startswith("__") or isinstance(old, types.ModuleType):
            continue
        if isinstance(old, type):
            if getattr(old, "__module__", "") == mutation.module and isinstance(new, type):
                for method, function in vars(old).items():
                    swap(function, vars(new).get(method))
        elif isinstance(old, types.FunctionType):
            swap(old, new)
        elif not callable(old) and not name.isupper():
            module.__dict__[name] = new
    try:
        yield
    finally:
        for function, code in codes:
            function.__code__ = code
        module.__dict__.update({n: v for n, v in kept.items() if module.__dict__.get(n) is not v})


@contextmanager
def without_rule(app, name: str, lets_in_nobody: bool) -> Iterator[None]:
    """One decorator lets everybody in who has a session (or, the second way, whoever has none) as far as the view."""

    def opened(guarded: Callable) -> Callable:
        view = guarded.__wrapped__

        def asked(*args, **kwargs):
            is_anonymous = isinstance(current_user._get_current_object(), AnonymousUserMixin)
            if is_anonymous != lets_in_nobody:
                return guarded(*args, **kwargs)
            if is_anonymous and access._half_in() is None:
                current_user._get_current_object().viewer = access.Viewer(person_id=0)
            elif is_anonymous:
                from flask import g

                g.half = access._half_in()
            return view(*args, **kwargs)

        asked.access = guarded.access
        return asked

    kept = dict(app.view_functions)
    for endpoint, view in kept.items():
        if getattr(view, "access", "") == name:
            app.view_functions[endpoint] = opened(view)
    try:
        yield
    finally:
        app.view_functions.update(kept)


@contextmanager
def without_proof() -> Iterator[None]:
    """The step-up asks nobody for a proof."""
    kept = access.is_fresh
    access.is_fresh = lambda proven_at, now: True
    try:
        yield
    finally:
        access.is_fresh = kept


@contextmanager
def in_production(app) -> Iterator[None]:
    """The application as in production, where the pages of development are not there."""
    kept = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(kept, production=True)
    try:
        yield
    finally:
        app.config["SETTINGS"] = kept
