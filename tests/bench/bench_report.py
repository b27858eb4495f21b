"""The report of 90 days against the same two pages by WeasyPrint alone, and by Chromium; warm, in one process."""

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from diary import create_app, db
from diary.accounts.queries import person_by_email
from diary.careteam import access
from diary.entries.models import Entry
from diary.exchange.queries import period_data
from diary.reports import queries
from tests.bench import limits_pdf, product
from tests.bench.measure import Line, again_when_void, median, ratio, steady
from tests.serving import Client

TITLE = "Report, two pages"
PERSON, DOCTOR = "alice@demo.example", "bob@demo.example"
ROUNDS, EACH = 5, 3
POOL = 40
WARM_SECONDS = 4
SIZE = "report_size_over_weasyprint_lean"
GOALS = {
    "report_over_weasyprint_lean": "<= 1.5",
    "report_over_weasyprint": "<= 0.65",
    "report_over_chromium_warm": "<= 2",
}
_apps = {}


def run() -> Iterator[Line]:
    with product.folder() as place:
        app = product.made(place)
        with app.app_context():
            made = app.test_cli_runner().invoke(args=["demo"])
            assert made.exit_code == 0, made.exception
            with db.read() as s:
                doctor = person_by_email(s, DOCTOR)
                uuid = person_by_email(s, PERSON).uuid
            db.engine().dispose()
        yield Line(SIZE, len(report(place, 1)) / len(limits_pdf.lean(1)), "<= 2")
        with limits_pdf.chromium() as chromium:
            yield from again_when_void(lambda: in_turn(place, chromium), GOALS)
        yield from again_when_void(lambda: pool(place), {"report_pool_of_2_over_1": ">= 1.6"})
        yield from first(place, product.session_of(app, doctor.id, is_staff=True), uuid)


def report(place: Path, number: int) -> bytes:
    """What the page does once somebody is let in: read the person's data, set it, and put the data inside.

    The period moves by a day.
    """
    if place not in _apps:
        _apps.clear()
        _apps[place] = create_app(product.environ(place))
    with _apps[place].app_context(), db.read() as s:
        person = person_by_email(s, PERSON)
        patient = access.load_patient(s, access.OPERATOR, person.uuid)
        last = s.scalar(select(func.max(Entry.day)).where(Entry.person_id == person.id)) - timedelta(
            days=number % 7
        )
        since = last - timedelta(days=89)
        facts = queries.facts(s, access.OPERATOR, patient, since, last)
        return queries.report(facts, "a4", period_data(s, access.OPERATOR, patient, since, last, facts.as_of))


def in_turn(place: Path, chromium) -> Iterator[Line]:
    programs = {"lean": limits_pdf.lean, "weasyprint": limits_pdf.plain, "product": partial(report, place)}
    programs |= {"chromium": chromium} if chromium else {}
    size = {name: len(program(1)) for name, program in programs.items()}
    took: dict[str, list[float]] = {name: [] for name in programs}
    for number in range(ROUNDS):
        for name, program in programs.items():
            took[name].append(median([seconds(program, EACH * number + turn) for turn in range(EACH)]))
    for name, values in took.items():
        print(f"  {name}: {median(values) * 1e3:.0f} ms, {size[name] / 1e3:.1f} kB", flush=True)
    steady(took["lean"])
    for name, goal in GOALS.items():
        limit = next(key for key in ("lean", "chromium", "weasyprint") if key in name)
        if limit in took:
            yield Line(name, ratio(took["product"], took[limit]), goal)
        else:
            yield Line(name, None, goal, "not measured: Chromium not installed")


def seconds(program, number: int) -> float:
    began = time.perf_counter()
    program(number)
    return time.perf_counter() - began


def pool(place: Path) -> Iterator[Line]:
    """Forty reports by one process and by two, in turn twice; each process renders two beforehand."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(2):
        for workers in rates:
            with ProcessPoolExecutor(workers) as processes:
                list(processes.map(partial(report, place), range(2 * workers)))
                began = time.perf_counter()
                list(processes.map(partial(report, place), range(POOL), chunksize=2))
                rates[workers].append(POOL / (time.perf_counter() - began))
    steady(rates[1])
    print(f"  one process {median(rates[1]):.1f}/s, two {median(rates[2]):.1f}/s", flush=True)
    yield Line("report_pool_of_2_over_1", ratio(rates[2], rates[1]), ">= 1.6")


def first(place: Path, doctor: product.SignedIn, uuid) -> Iterator[Line]:
    """The first report of a fresh server over the median of those after.

    Asked some seconds after the start: nobody gets to a report without signing in and opening a patient.
    """
    ratios = []
    for _ in range(3):
        with product.server(place) as server:
            client = Client(server.port, timeout=60)
            assert client.get("/patients", {"Cookie": doctor.cookie}).status == 200
            time.sleep(WARM_SECONDS)
            took = []
            for _number in range(8):
                began = time.perf_counter()
                answer = client.get(f"/patients/{uuid}/report.pdf", {"Cookie": doctor.cookie})
                took.append(time.perf_counter() - began)
                assert answer.status == 200, answer.status
                assert answer.body.startswith(b"%PDF")
            ratios.append(took[0] / median(took[1:]))
    yield Line("report_first_after_start_over_warm", median(ratios), "<= 2")
