"""GET and POST /days/<day>/more: where it hurts and what happened, one field a map and one a factor."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from diary.entries.models import Entry, EntryRevision
from diary.lib.extras import FACTORS, REGIONS
from tests import factories
from tests.conftest import stored
from tests.sync.phones import a_body, put

TODAY = date(2026, 11, 23)
URL = f"/days/{TODAY}/more"
MARKED = '{"regions":"left_shoulder neck","factor_stress":true}'


@pytest.fixture
def alice(client_as, clock_at):
    clock_at(datetime(2026, 11, 23, 20, 41, tzinfo=UTC))
    return client_as("alice")


@pytest.fixture
def entry(written, cast):
    def look(day=TODAY):
        with written() as s:
            found = stored(s, Entry, person_id=cast.alice.id, day=day)
            return found[0] if found else None

    return look


def sent(page, **marks) -> dict:
    """What the form sends without scripts: every hidden field, and the boxes that are ticked."""
    form = page.one("form", id="more-form")
    found: dict[str, list[str]] = {}
    for el in form.iter():
        if el.tag.endswith("input") and (el.get("type") != "checkbox" or el.get("checked") is not None):
            found.setdefault(el.get("name"), []).append(el.get("value"))
    for name, value in marks.items():
        found.setdefault(name, []).extend(value if isinstance(value, list) else [value])
    return found


def checked(page) -> set[str]:
    return {el.get("value") for el in page.all("input", name="regions", checked="")} | {
        name for name in FACTORS if page.all("input", name=name, checked="")
    }


def test_nothing_is_marked_and_each_region_has_one_box_and_a_place_on_the_body(alice):
    page = alice.get(URL)
    assert page.status == 200 and checked(page) == set()
    assert [el.get("value") for el in page.all("input", name="regions", type="checkbox")] == list(REGIONS)
    spots = {el.get("for") for el in page.all("label", class_="spot")}
    assert spots == {f"at-{key}" for key in REGIONS}


def test_marks_are_kept_as_one_write_and_shown(alice, entry, written):
    page = alice.get(URL)
    answer = alice.post(URL, sent(page, regions=["neck", "left_shoulder"], factor_stress="yes"))
    assert (answer.status, answer.location) == (303, f"/days/{TODAY}")
    assert (entry().extras, entry().revisions) == (MARKED, 1)
    with written() as s:
        assert stored(s, EntryRevision)[0].fields == MARKED
    page = alice.get(URL)
    assert checked(page) == {"neck", "left_shoulder", "factor_stress"}
    assert "2 places, 1 thing that happened" in alice.get("/today").text
    assert alice.post(URL, sent(page)).status == 303
    assert entry().revisions == 1, "nothing differed"


def test_all_of_it_can_be_taken_back_and_the_day_is_left_alone(alice, entry):
    alice.post("/today", {"pain": "4", "base": "", "write_id": str(uuid4())})
    alice.post(URL, sent(alice.get(URL), regions=["chest"], factor_food="yes"))
    page = alice.get(URL)
    nothing = {name: values[:1] for name, values in sent(page).items()}
    alice.post(URL, nothing)
    assert (entry().extras, entry().pain, entry().revisions) == (None, 4, 3)


def test_a_phone_writes_the_same_field_by_field(alice, cast, entry):
    status, said, _ = put(
        alice, a_body(cast.alice, {"regions": "neck left_shoulder", "factor_stress": "yes"})
    )
    assert status == 200 and said["outcome"] == {"regions": "applied", "factor_stress": "applied"}
    assert entry().extras == MARKED
    put(alice, a_body(cast.alice, {"factor_stress": ""}))
    assert entry().has_conflict, "it had not seen the first one"
    for fields in ({"regions": "elbow"}, {"factor_moon": "yes"}, {"factor_food": "no"}):
        assert put(alice, a_body(cast.alice, fields))[0] == 422


def test_two_answers_are_both_kept_and_one_is_chosen(alice, cast, entry):
    for fields in ({"regions": "neck"}, {"regions": "chest"}, {"factor_food": "yes"}, {"factor_food": ""}):
        put(alice, a_body(cast.alice, fields))
    page = alice.get(URL)
    assert [el.get("disabled") for el in page.all("fieldset")] == ["", ""]
    today = alice.get("/today")
    assert "neck" in today.words(today.one("section", id="two-regions"))
    assert "yes" in today.words(today.one("section", id="two-factor_food"))
    base = today.one("span", id="ids").findall(".//{*}input")[0].get("value")
    alice.post(f"/days/{TODAY}", {"regions": "neck", "base": base, "write_id": str(uuid4())})
    assert '"regions":"neck"' in entry().extras
    assert not alice.get("/today").all("section", id="two-regions")


def test_what_can_not_be_is_refused_and_what_was_marked_stays(alice, entry):
    page = alice.get(URL)
    refused = alice.post(URL, sent(page, regions=["neck", "elbow"], factor_stress="yes"))
    assert refused.status == 422 and "does not know this place" in refused.text
    assert checked(refused) == {"neck", "factor_stress"} and entry() is None


def test_a_closed_day_is_for_reading(alice, cast, written):
    day = TODAY - timedelta(days=8)
    with written() as s:
        factories.entry(s, cast.alice, day, pain=4, regions="neck left_shoulder", factor_movement="yes")
        factories.days(day - timedelta(days=5), [4] * 5, s, cast.alice)  # for Story to have begun
    answer = alice.get(f"/days/{day}/more")
    assert (answer.status, answer.location) == (303, f"/days/{day}")
    said = "Hurts: neck, left shoulder. Also: moved or exercised."
    assert said in alice.get(f"/days/{day}").text
    assert said in alice.get(f"/story?span=all&symptom=pain&day={day}").text
    assert (
        alice.post(f"/days/{day}/more", {"regions": "chest", "base": "", "write_id": str(uuid4())}).status
        == 422
    )
    assert alice.get(f"/days/{TODAY + timedelta(days=1)}/more").status == 404


@pytest.mark.parametrize(("name", "status"), [("bob", 404), ("dana", 404), (None, 303)])
def test_it_is_a_patients_page(client_as, clock_at, name, status):
    clock_at(datetime(2026, 11, 23, 20, 41, tzinfo=UTC))
    client = client_as(name)
    for answer in (client.get(URL), client.post(URL, {"regions": "chest", "base": ""})):
        assert answer.status == status


def test_a_stranger_meets_only_the_own_day(client_as, clock_at, cast, written, entry):
    clock_at(datetime(2026, 11, 23, 20, 41, tzinfo=UTC))
    with written() as s:
        factories.entry(s, cast.alice, TODAY, regions="neck")
    charlie = client_as("charlie")
    assert checked(charlie.get(URL)) == set()
    assert charlie.post(URL, sent(charlie.get(URL), regions=["chest"])).status == 303
    assert entry().extras == '{"regions":"neck"}'
