"""What an admin asks of the trail: a period, somebody, a patient, a kind of thing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from diary.audit.rules.trail import OPERATOR, SHORT, Somebody, Wanted, codes_of
from diary.lib.forms import echo

NAMES = ("who", "patient", "since", "until", "what")
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)


@dataclass(frozen=True)
class Asked:
    """What was asked for; with errors by field where it could not be understood, and then nothing is wanted."""

    wanted: Wanted
    typed: Mapping[str, str]
    errors: Mapping[str, str]


def parse_wanted(
    given: Mapping[str, str], known: Mapping[int, Somebody], patients: set[int], zone: str
) -> Asked:
    """known: everybody of the admin's clinics by id, `patients` those of them who are or were patients."""
    typed = {name: echo(given.get(name, "").strip()[:80]) for name in NAMES}
    errors: dict[str, str] = {}
    since, until = (_day(typed[name], name, errors) for name in ("since", "until"))
    if since and until and since > until:
        errors["until"] = "This is before the first day."
    actor = patient = actions = None
    if typed["who"] and typed["who"] != OPERATOR:
        actor = next((id_ for id_, one in known.items() if str(one.uuid) == typed["who"]), None)
        if actor is None:
            errors["who"] = "Please choose somebody from the list."
    if typed["patient"]:
        patient = _patient(typed["patient"].lower(), known, patients)
        if patient is None:
            errors["patient"] = "No patient of yours has this id. The first eight characters are enough."
    try:
        actions = codes_of(typed["what"])
    except KeyError:
        errors["what"] = "Please choose from the list."
    role = OPERATOR if typed["who"] == OPERATOR else ""
    return Asked(Wanted(zone, since, until, actor, role, patient, actions), typed, errors)


def _day(text: str, name: str, errors: dict[str, str]) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
        if len(text) == len("2026-03-15") and EARLIEST <= day < LATEST:
            return day
    except ValueError:
        pass
    errors[name] = "This is no date; one is written like 2026-03-15."
    return None


def _patient(text: str, known: Mapping[int, Somebody], patients: set[int]) -> int | None:
    """The one patient whose opaque id begins so."""
    if len(text) < SHORT:
        return None
    found = [id_ for id_ in patients if str(known[id_].uuid).startswith(text)]
    return found[0] if len(found) == 1 else None
