"""The caseload of 200 patients against a plain table of 200 rows; and how much comes back after an answer is saved."""

import gzip
from collections.abc import Iterator
from uuid import uuid4

from flask import Flask
from sqlmodel import select

from diary import db
from diary.accounts import actions as accounts
from diary.accounts.models import Person
from diary.accounts.queries import person_by_email
from diary.careteam import access
from diary.careteam import actions as careteam
from diary.careteam.rules import Kind
from diary.entries.models import Entry
from diary.infusions.models import Infusion
from diary.lib import clock
from tests.bench import product
from tests.bench.load import load
from tests.bench.measure import Line, again_when_void, in_turn, median, ratio
from tests.serving import Client

TITLE = "Pages"
SHOWN = 200
SECONDS = 2.0
NAMES = {"caseload_200_p50_over_limit_page": "<= 4", "caseload_200_gzip_over_limit_page": "<= 4"}
PART = "<= 1.5 kB"


def run() -> Iterator[Line]:
    with product.folder() as place:
        app = product.made(place / "product")
        coach = fill(app)
        patient = product.patients(app, 1)[0]
        with (
            product.server(place / "product") as ours,
            product.limit("page", product.limit_database(place)) as limit,
        ):
            yield from again_when_void(lambda: pages(ours.port, limit.port, coach), NAMES)
            yield from part(ours.port, patient)
    yield Line("caseload_200_speed_over_peer_list", None, ">= 10", "not measured: peer not installed")


def pages(ours: int, limit: int, coach: product.SignedIn) -> Iterator[Line]:
    asked = {
        "limit": (limit, product.http_request("GET", "/list")),
        "product": (ours, product.http_request("GET", "/patients", coach.cookie)),
    }
    for port, request in asked.values():
        load(port, lambda _n, r=request: r, 1, 1.0)
    found = in_turn(
        {
            name: lambda p=port, r=request: load(p, lambda _n: r, 1, SECONDS)
            for name, (port, request) in asked.items()
        }
    )
    for name, runs in found.items():
        print(f"  {name} c1: p50 {median([run.p50 for run in runs]):.2f} ms", flush=True)
    yield Line(
        "caseload_200_p50_over_limit_page",
        ratio([r.p50 for r in found["product"]], [r.p50 for r in found["limit"]]),
        "<= 4",
    )
    bodies = {"limit": Client(limit).get("/list").body, "product": body_of(ours, coach)}
    sizes = {name: len(gzip.compress(body, 9)) for name, body in bodies.items()}
    print(
        f"  limit {sizes['limit'] / 1e3:.2f} kB, product {sizes['product'] / 1e3:.2f} kB compressed",
        flush=True,
    )
    yield Line("caseload_200_gzip_over_limit_page", sizes["product"] / sizes["limit"], "<= 4")


def body_of(port: int, coach: product.SignedIn) -> bytes:
    client = Client(port)
    answer = client.get("/patients", {"Cookie": coach.cookie})
    assert answer.status == 200
    assert answer.text.count("/patients/") >= SHOWN, "not all patients are on the page"
    return answer.body


def part(port: int, patient: product.SignedIn) -> Iterator[Line]:
    """One answer saved by htmx: the bytes of the part that comes back."""
    client = Client(port)
    client.token = patient.token
    headers = {"Cookie": patient.cookie, "HX-Request": "true"}
    form = {"pain": "4", "base": "", "write_id": str(uuid4())}
    answer = client.post(f"/days/{product.days()[0]}", form, headers)
    assert answer.status == 200, answer.status
    yield Line("fragment_after_saving_gzip_kb", len(gzip.compress(answer.body, 9)) / 1e3, PART)


def fill(app: Flask) -> product.SignedIn:
    """The demo, and so many copies of its patients' days that its coach has 200 patients."""
    with app.app_context():
        made = app.test_cli_runner().invoke(args=["demo"])
        assert made.exit_code == 0, made.exception
        with db.write() as s:
            coach = person_by_email(s, "cora@demo.example")
            viewer = access.viewer_of(s, coach)
            models = access.caseload(s, viewer)
            clinic_id = models[0].clinic_id
            for number in range(SHOWN - len(models)):
                copy(s, models[number % len(models)].id, number, clinic_id, coach)
        db.engine().dispose()
    return product.session_of(app, coach.id, is_staff=True)


def copy(s, patient_id: int, number: int, clinic_id: int, coach: Person) -> None:
    now = clock.now()
    person = accounts.create_person(
        s, f"copy{number}@bench.example", f"Person {number}", product.ZONE, now, "1970-01-01"
    )
    careteam.add_member(s, clinic_id, person.id, "patient", now)
    careteam.link(s, access.OPERATOR, clinic_id, person.id, coach.id, now)
    careteam.give_consent(s, access.OPERATOR, person.id, coach.id, list(Kind), now)
    for model, owner, own in (
        (Entry, "person_id", {"note_sealed": None}),
        (Infusion, "patient_id", {"uuid": uuid4}),
    ):
        table = model.__table__
        for row in s.execute(select(table).where(table.c[owner] == patient_id)).mappings().all():
            values = {name: value for name, value in row.items() if name != "id"}
            values |= {name: value() if callable(value) else value for name, value in own.items()}
            s.execute(table.insert().values(**{**values, owner: person.id}))
