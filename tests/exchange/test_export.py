"""The export holds everything of one person, and goes into a new person as the same diary."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diary import db
from diary.accounts.actions import create_person
from diary.careteam import actions as careteam
from diary.careteam.access import OPERATOR, Hidden, Viewer, load_patient
from diary.entries import queries as entries
from diary.exchange import queries
from diary.infusions.queries import infusions_of
from diary.infusions.rules import STATUSES
from tests.checkins.said import checkin
from tests.exchange.commands import DATA
from tests.factories import entry, infusion

DAY = date(2026, 3, 15)
FILES = [
    "diary.csv", "infusions.csv", "gaps.csv", "medications.csv", "checkins.csv", "sessions.csv", "doses.csv", "goals.csv", "ticked.csv", "own.csv", "named.csv", "words.csv", "person.csv",
    "revisions.csv", "audit.csv", "README.txt",
]  # fmt: skip
LONG_AGO, FAR = date(1900, 1, 1), date(2100, 1, 1)


@pytest.fixture(autouse=True)
def _today(clock_at):
    clock_at(datetime(2026, 11, 24, 12, tzinfo=UTC))


@pytest.fixture
def newcomer(written, cast):
    with written() as s:
        person = create_person(
            s, "new@example.org", "New Person", "Europe/London", datetime(2026, 1, 1, tzinfo=UTC), None
        )
        careteam.add_member(s, cast.alice.clinic_id, person.id, "patient", datetime(2026, 1, 1, tzinfo=UTC))
    return person


def unpacked(path) -> dict[str, str]:
    with ZipFile(path) as bundle:
        return {name: bundle.read(name).decode() for name in bundle.namelist()}


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def export(commands, email, name="out.zip") -> dict[str, str]:
    path = commands.folder / name
    done = commands.run("export", email, "--out", path)
    assert done.code == 0, done.err
    return unpacked(path)


def test_check_ins_are_in_it_with_their_words(commands, cast, written):
    with written() as s:
        target = infusion(s, cast.alice, DAY).uuid
        texts = {
            "nausea": "mild",
            "fall": "no",
            "own": "=tingling",
            "insight": "the sea",
            "insight_private": "yes",
        }
        checkin(s, cast.alice, target, DAY, texts)
    files = export(commands, cast.alice.email)
    row = rows(files["checkins.csv"])[0]
    assert (row["date"], row["kind"], row["infusion"], row["nausea"], row["fall"]) == (
        str(DAY), "checkin", "1", "mild", "no",
    )  # fmt: skip
    assert (row["own"], row["words"], row["words_private"]) == ("'=tingling", "the sea", "yes")
    revision = next(one for one in rows(files["revisions.csv"]) if one["what"] == "checkin")
    assert '"nausea": "mild"' in revision["values"] and revision["note"] == "the sea"


def diary(person_id):
    with db.read() as s:
        days = [
            (
                row.day,
                dict(row.scores),
                row.unwell,
                row.late,
                row.helper,
                row.worst_pain,
                row.interference,
                row.sleep_hours,
                row.times_awake,
                row.regions,
                row.factors,
            )
            for row in entries.all_days(s, OPERATOR, person_id)
        ]
        notes = [
            (n.day, n.text, n.private) for n in entries.notes_between(s, OPERATOR, person_id, LONG_AGO, FAR)
        ]
        given = [
            (
                i.day,
                i.at_time,
                i.number,
                i.dose_mg,
                i.minutes,
                i.weight_kg,
                i.route,
                i.series,
                i.status,
                i.note,
            )
            for i in infusions_of(s, OPERATOR, person_id, STATUSES)
        ]
    return days, notes, given


def move(commands, files, email):
    for name in ("diary.csv", "infusions.csv"):
        done = commands.run("import", email, commands.write(files[name], name))
        assert done.code == 0, done.err
        assert ", changed 0, unchanged 0, refused 0" in done.last
    return commands


def test_the_same_diary_comes_out(commands, cast, written, newcomer):
    with written() as s:
        entry(
            s,
            cast.alice,
            DAY,
            pain=5,
            mood=0,
            note="=1+1",
            note_private="no",
            sleep_hours="7:30",
            times_awake=2,
            regions="neck left_jaw",
            factor_stress="yes",
            factor_food="yes",
        )
        entry(s, cast.alice, DAY + timedelta(days=1), unwell="yes")
        entry(
            s,
            cast.alice,
            DAY + timedelta(days=2),
            note='\'private, with "quotes"\nand lines',
            note_private="yes",
        )
        entry(
            s, cast.alice, DAY + timedelta(days=3), pain=7, written_by="helper", worst_pain=9, interference=3
        )
        entry(s, cast.alice, DAY + timedelta(days=4), at=datetime(2026, 3, 21, 9, tzinfo=UTC), fatigue=4)
        infusion(s, cast.alice, DAY, time="09:30", note="@home", series="induction")
        infusion(s, cast.alice, DAY + timedelta(days=9), status="cancelled", route="IM")
    files = export(commands, cast.alice.email)
    assert sorted(files) == sorted(FILES)
    days = rows(files["diary.csv"])
    assert (days[0]["regions"], days[0]["factors"]) == ("left_jaw neck", "food stress")
    assert days[1]["regions"] == days[1]["factors"] == ""
    move(commands, files, newcomer.email)
    assert diary(newcomer.id) == diary(cast.alice.id)
    assert diary(cast.alice.id)[0][4][3] == {"fatigue"}


@pytest.mark.parametrize("name", ["participant1", "participant2", "participant7"])
def test_real_diaries_move_whole(commands, cast, newcomer, name):
    for file in (f"{name}.csv", f"{name}-infusions.csv"):
        assert commands.run("import", cast.alice.email, DATA / file).code == 0
    move(commands, export(commands, cast.alice.email), newcomer.email)
    assert diary(newcomer.id) == diary(cast.alice.id)


def test_text_cells_cannot_become_formulas(commands, cast, written):
    with written() as s:
        entry(s, cast.alice, DAY, note="=cmd|' /C calc'!A0")
    cells = rows(export(commands, cast.alice.email)["diary.csv"])
    assert cells[0]["note"] == "'=cmd|' /C calc'!A0"


def test_revisions_and_audit_are_in_it(commands, cast, written):
    with written() as s:
        entry(s, cast.alice, DAY, pain=5)
        entry(s, cast.alice, DAY, at=datetime(2026, 3, 15, 21, tzinfo=UTC), pain=6, note="second")
        infusion(s, cast.alice, DAY)
    files = export(commands, cast.alice.email)
    changes = rows(files["revisions.csv"])
    assert [(row["what"], row["revision"]) for row in changes] == [
        ("diary", "1"),
        ("diary", "2"),
        ("infusion", "1"),
    ]
    assert changes[1]["note"] == "second" and changes[1]["received_at"] == "2026-03-15T21:00:00+00:00"
    assert {"entry.create", "infusion.create", "export"} <= {
        row["action"] for row in rows(files["audit.csv"])
    }
    assert "diary.csv" in files["README.txt"]


def test_the_same_data_gives_the_same_bytes(app, cast, written):
    with written() as s:
        entry(s, cast.alice, DAY, pain=5)
    out = []
    for _ in range(2):
        with db.read() as s:
            file = io.BytesIO()
            queries.export(s, OPERATOR, load_patient(s, OPERATOR, cast.alice.uuid), file)
            out.append(file.getvalue())
    assert out[0] == out[1]


def test_a_person_without_anything_gets_headers_only(commands, cast):
    files = export(commands, cast.charlie.email)
    assert rows(files["diary.csv"]) == [] and files["diary.csv"].startswith("date,pain,")


def test_only_the_patient_and_the_operator_get_it(app, cast):
    with db.read() as s:
        patient = load_patient(s, OPERATOR, cast.alice.uuid)
        for stranger in (cast.bob, cast.cora, cast.dana, cast.charlie):
            with pytest.raises(Hidden):
                queries.export(s, Viewer(stranger.id), patient, io.BytesIO())


def test_nothing_of_somebody_else_is_in_it(commands, cast, written):
    with written() as s:
        entry(s, cast.charlie, DAY, note="canary of charlie")
    assert not any("canary of charlie" in text for text in export(commands, cast.alice.email).values())


def test_a_place_that_cannot_be_written(commands, cast):
    done = commands.run("export", cast.alice.email, "--out", commands.folder / "none" / "x.zip")
    assert done.code == 2 and done.err.strip()
    assert commands.run("export", "nobody@example.org", "--out", commands.folder / "x.zip").code == 2


SCORE = st.none() | st.integers(0, 10) | st.integers(0, 100).map(lambda tenths: tenths / 10)
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("=+-@'\t\n\""), max_size=40)
DAYS = st.dictionaries(
    st.dates(
        date(2020, 1, 1), date(2026, 11, 23)
    ),  # `entry` writes at eight in the evening, and it is noon of the 24th
    st.fixed_dictionaries(
        {"pain": SCORE, "mood": SCORE, "unwell": st.booleans(), "note": WORDS, "private": st.booleans()}
    ),
    min_size=1,
    max_size=8,
)


@given(DAYS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_written_comes_back(app, commands, cast, days):
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    with db.write() as s:
        people = []
        for _ in range(2):
            people.append(
                create_person(
                    s,
                    f"p{id(days)}-{_}-{datetime.now(UTC).timestamp()}@example.org",
                    "P",
                    "UTC",
                    moment,
                    None,
                )
            )
            careteam.add_member(s, cast.alice.clinic_id, people[-1].id, "patient", moment)
        for day, fields in days.items():
            texts = {name: f"{fields[name]:g}" for name in ("pain", "mood") if fields[name] is not None}
            texts |= {"unwell": "yes"} if fields["unwell"] else {}
            texts |= {"note": fields["note"], "note_private": "yes" if fields["private"] else "no"}
            entry(s, people[0], day, **texts)
    files = export(commands, people[0].email)
    file, days_kept = commands.write(files["diary.csv"], "diary.csv"), rows(files["diary.csv"])
    assert commands.run("import", people[0].email, file).last.endswith(
        f"changed 0, unchanged {len(days_kept)}, refused 0"
    )
    assert commands.run("import", people[1].email, file).code == 0
    assert diary(people[0].id) == diary(people[1].id)


def test_who_it_is_of_and_what_was_named_and_not_scored_yet(commands, cast, client_as):
    assert client_as("alice").post("/own-scores", {"name": "=Burning feet"}).status == 303
    files = export(commands, cast.alice.email)
    assert [row["name"] for row in rows(files["named.csv"])] == ["'=Burning feet"]
    (person,) = rows(files["person.csv"])
    assert person == {
        "name": "Alice Marlow",
        "email": cast.alice.email,
        "born_on": "1972-05-04",
        "zone": "Europe/London",
    }
    assert all(name in files["README.txt"] for name in FILES[:-1])
