"""GET and POST /today: the day in one form, nothing preset, each answer kept once."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from diary.audit.models import AuditEvent
from diary.entries.models import Entry, EntryRevision
from diary.lib.symptoms import SYMPTOMS
from tests import factories
from tests.conftest import stored
from tests.entries.forms_of import fields, fresh, ids, row, sent_by

TODAY = date(2026, 11, 23)
EVENING = datetime(2026, 11, 23, 20, 41, tzinfo=UTC)
SCORES = {"pain": "4", "fatigue": "6", "sleep": "4", "mood": "3", "cognition": "5"}


@pytest.fixture
def alice(client_as, clock_at):
    clock_at(EVENING)
    return client_as("alice")


@pytest.fixture
def entry(written, cast):
    def look(day=TODAY):
        with written() as s:
            found = stored(s, Entry, person_id=cast.alice.id, day=day)
            return found[0] if found else None

    return look


def test_the_first_look_presets_nothing(alice, written, cast):
    with written() as s:
        factories.infusion(s, cast.alice, TODAY - timedelta(days=3))
        factories.entry(s, cast.alice, TODAY - timedelta(days=1), pain=8, note="a bad day")
    page = alice.get("/today")
    assert page.status == 200 and page.headers["Cache-Control"] == "no-store"
    assert page.words(page.one("title")) == "Today - Neap"
    assert "Monday 23 November" in page.text
    sent = sent_by(page)
    assert set(sent) == {
        "csrf_token", "base", "write_id", "written_by", "sleep_hours", "times_awake", "note", "note_private",
    }  # fmt: skip
    assert sent["base"] == sent["sleep_hours"] == sent["note"] == "" and sent["note_private"] == "yes"
    assert row(page, "pain").startswith("Pain") and "not yet" in row(page, "mood")
    assert not page.all("svg", class_="gauge")
    for colouring in ("after infusion", "Saved", "bad day", "of 10"):
        assert colouring not in page.text
    assert "Somebody writes for me" in page.text


def test_each_question_stands_with_both_ends_and_twelve_keys(alice):
    page = alice.get("/today")
    for symptom in SYMPTOMS:
        group = page.one("fieldset", id=f"q-{symptom.key}")
        assert page.words(group).startswith(symptom.question)
        assert symptom.zero in page.words(group) and symptom.ten in page.words(group)
        keys = [el.get("value") for el in group.iter("input")]
        assert keys == [*map(str, range(11)), ""]
        assert {el.get("name") for el in group.iter("input")} == {symptom.key}


def test_a_day_is_stored(alice, entry, written, cast):
    with written() as s:
        factories.infusion(s, cast.alice, TODAY - timedelta(days=3))
    answer = alice.post("/today", {**SCORES, **ids(alice.get("/today"))})
    assert answer.status == 303 and answer.location == "/days/2026-11-23"
    found = entry()
    assert [getattr(found, key) for key in SCORES] == [4, 6, 4, 3, 5]
    assert (found.revisions, found.late, found.written_by) == (1, 0, "self")
    page = alice.get(answer.location)
    assert "Saved at 20:41" in page.text and "Saved. Anything else?" in page.text
    assert "Day 3 after infusion 1" in page.text
    assert row(page, "pain") == "Pain change below 4 of 10. Change"


@pytest.mark.parametrize("key", SCORES)
def test_any_one_score_is_a_day(alice, entry, key):
    assert alice.post("/today", {key: "0", **fresh()}).status == 303
    found = entry()
    assert getattr(found, key) == 0
    assert [getattr(found, other) for other in SCORES if other != key] == [None] * 4


def test_skipped_is_kept_apart_from_not_yet(alice, entry):
    alice.post("/today", {"pain": "", **fresh()})
    page = alice.get("/today")
    assert "skipped" in row(page, "pain") and "not yet" in row(page, "fatigue")
    assert entry().skipped == 1 and entry().pain is None


def test_a_page_sent_back_unchanged_stores_nothing(alice, entry):
    alice.post("/today", {**SCORES, "note": "as it was\r\nwith two lines", "sleep_hours": "7:30", **fresh()})
    before = entry()
    assert before.note == "as it was\nwith two lines" and before.sleep_hours == 7.5
    sent = sent_by(alice.get("/today"))
    assert sent["sleep_hours"] == "7.5" and {key: sent[key] for key in SCORES} == SCORES
    sent["note"] = sent["note"].replace("\n", "\r\n")
    assert alice.post("/today", sent).status == 303
    assert entry().revisions == 1 and entry().changed_at == before.changed_at


def test_the_same_form_twice_is_one_write(alice, entry, written):
    form = {**SCORES, **fresh()}
    assert [alice.post("/today", form).status for _ in range(3)] == [303] * 3
    with written() as s:
        assert len(stored(s, EntryRevision)) == 1
        assert len([e for e in stored(s, AuditEvent) if e.action.startswith("entry.")]) == 1


def test_back_changed_and_sent_again(alice, entry):
    form = {"pain": "4", **fresh()}
    alice.post("/today", form)
    alice.post("/today", {**form, "pain": "6"})
    assert entry().pain == 6 and not entry().has_conflict and entry().revisions == 2


def test_clearing(alice, entry):
    alice.post("/today", {"pain": "4", "sleep_hours": "7", "note": "away", **fresh()})
    sent = sent_by(alice.get("/today"))
    alice.post("/today", {**sent, "pain": "", "sleep_hours": "", "note": ""})
    found = entry()
    assert (found.pain, found.sleep_hours, found.note, found.revisions) == (None, None, None, 2)


def test_extras(alice, entry):
    more = {"worst_pain": "8", "interference": "2", "sleep_hours": "6,5", "times_awake": "3"}
    alice.post("/today", {**more, "note": "we sat in the window", "note_private": "no", **fresh()})
    found = entry()
    assert (found.worst_pain, found.interference, found.sleep_hours, found.times_awake) == (8, 2, 6.5, 3)
    assert found.note == "we sat in the window" and found.note_private is False
    assert sent_by(alice.get("/today"))["note_private"] == "no"


@pytest.mark.parametrize(
    ("choice", "is_private"), [({}, True), ({"note_private": "yes"}, True), ({"note_private": "no"}, False)]
)
def test_a_note_is_private_unless_she_shares_it(alice, entry, choice, is_private):
    alice.post("/today", {"note": "mine", **choice, **fresh()})
    assert entry().note_private is is_private


@pytest.mark.parametrize(
    "note",
    [
        "<script>alert(1)</script> & <b>", "\u202eright to left\u202c", "🌊🏳️‍🌈" * 5, "=1+1", "x" * 10_000, "🌊" * 10_000,
        "\nbegins with a line", "  spaces  ",
    ],
)  # fmt: skip
def test_notes_come_back_as_typed(alice, entry, note):
    assert alice.post("/today", {"note": note, **fresh()}).status == 303
    assert entry().note == note
    assert sent_by(alice.get("/today"))["note"] == note


# Refusals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("pain", "11", "Pain is a whole number from 0 to 10, not “11”."),
        ("mood", "-1", "Low mood is a whole number"),
        ("sleep", "5.5", "Poor rest is a whole number"),
        ("cognition", "abc", "Foggy thinking is a whole number"),
        ("worst_pain", "=5", "Worst pain is a whole number"),
        ("sleep_hours", "75", "Did you mean 7.5?"),
        ("times_awake", "100", "from 0 to 99"),
        ("note", "a\x00b", "can't be shown"),
        ("note", "x" * 10_001, "10,001 characters"),
        ("note_private", "perhaps", "yes, no or empty"),
    ],
)
def test_bad_input_is_refused_at_its_place(alice, entry, name, value, words):
    kept = {"fatigue": "7", "note": "what I typed", "sleep_hours": "6:45"}
    page = alice.post("/today", {**kept, name: value, **fresh()})
    assert page.status == 422 and entry() is None
    described = [el for el in fields(page) if el.get("name") == name and el.get("aria-describedby")]
    assert described, f"nothing describes {name}"
    place = page.one("p", id=described[0].get("aria-describedby"))
    assert words.replace("'", "&#39;") in page.text or words in page.words(place)
    sent = sent_by(page)
    for other, typed in kept.items():
        if other != name:
            assert sent[other] == typed
    if name in ("note", "sleep_hours", "times_awake") and "\x00" not in value:
        assert sent[name] == value
    assert alice.post("/today", {**sent, name: "", "note_private": ""}).status == 303
    assert entry().fatigue == 7


def test_an_unknown_field_is_refused_by_name(alice, entry):
    page = alice.post("/today", {"pain": "4", "pains": "4", **fresh()})
    assert page.status == 422 and "Neap does not know this field: pains." in page.text
    assert entry() is None and sent_by(page)["pain"] == "4"


@pytest.mark.parametrize("broken", [{"base": "not-an-id"}, {"write_id": "x"}])
def test_broken_ids_keep_what_was_typed(alice, entry, broken):
    page = alice.post("/today", {"pain": "4", **fresh(), **broken})
    assert page.status == 422 and entry() is None
    assert sent_by(page)["pain"] == "4" and "This page is broken" in page.text


def test_a_base_that_is_not_stored_gives_the_form_again_with_both_values(alice, entry):
    alice.post("/today", {"pain": "4", "note": "stored", **fresh()})
    page = alice.post("/today", {"pain": "7", "note": "typed", **fresh(base=str(uuid4()))})
    assert page.status == 422 and entry().pain == 4
    assert "Pain: you typed 7; stored is 4." in page.words() and "stored is stored." in page.words()
    sent = sent_by(page)
    assert (sent["pain"], sent["note"]) == ("7", "typed")
    assert alice.post("/today", sent).status == 303
    assert (entry().pain, entry().note, entry().has_conflict) == (7, "typed", False)


def test_without_the_token_nothing_is_stored_and_nothing_lost(alice, entry):
    page = alice.post("/today", {"pain": "4", "note": "do not lose me", **fresh()}, csrf=False)
    assert page.status == 403 and entry() is None and "do not lose me" in page.text


def test_from_another_site(alice, entry):
    page = alice.post("/today", {"pain": "4", **fresh()}, headers={"Origin": "https://elsewhere.example"})
    assert page.status == 403 and entry() is None


# Unwell, low energy, a helper ----------------------------------------------------------------------


def asks(page) -> list[bool]:
    """Whether the rows, the questions and the quiet card's counterpart are hidden."""
    quiet = page.one("section", class_="quietday").get("hidden") is None
    return [
        page.one("ol", class_="scores").get("hidden") is not None,
        page.one("div", id="ask").get("hidden") is not None,
        quiet,
    ]


def test_too_unwell_is_one_tap_and_can_be_undone(alice, entry):
    alice.post("/today", {"unwell": "yes", **fresh()})
    assert entry().unwell is True and entry().skipped == 0
    page = alice.get("/today")
    assert "That is kept for today, and it is enough." in page.text
    assert asks(page) == [True, True, True] and page.all("a", href="/days/2026-11-23?answer=1")
    assert asks(alice.get("/days/2026-11-23?answer=1")) == [False, False, False]
    alice.post("/today", {"unwell": "", **ids(page)})
    assert entry().unwell is False
    assert asks(alice.get("/today")) == [False, False, False]


def test_unwell_beside_scores_keeps_both(alice, entry):
    alice.post("/today", {"pain": "9", **fresh()})
    alice.post("/today", {"unwell": "yes", **ids(alice.get("/today"))})
    assert (entry().pain, entry().unwell) == (9, True)
    assert "9" in row(alice.get("/today"), "pain")


def test_low_energy_asks_three(alice):
    page = alice.get("/days/2026-11-23?low=1")
    assert [el.get("data-key") for el in page.all("fieldset", class_="question")] == [
        "pain",
        "mood",
        "fatigue",
    ]
    assert page.one("button", role="switch").get("aria-checked") == "true"
    assert "Enough for today" in page.text
    answer = alice.post("/days/2026-11-23?low=1", {"pain": "8", **fresh()})
    assert answer.location == "/days/2026-11-23?low=1"
    assert alice.get("/today").one("button", role="switch").get("aria-checked") == "false"


def test_somebody_writes_for_her(alice, entry):
    alice.post("/today", {"pain": "8", "written_by": "helper", **fresh()})
    assert entry().written_by == "helper"
    page = alice.get("/today")
    assert sent_by(page)["written_by"] == "helper" and "Somebody wrote this for me" in page.text
    alice.post("/today", {**sent_by(page), "written_by": "self"})
    assert (entry().written_by, entry().pain) == ("self", 8)


# Two answers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kept", "was"), [("7", "shown"), ("5", "other")])
def test_two_tabs_that_did_not_know_of_each_other(alice, entry, kept, was):
    alice.post("/today", {"pain": "5", **fresh()})
    alice.post("/today", {"pain": "7", "mood": "2", **fresh()})
    assert entry().has_conflict
    page = alice.get("/today")
    assert "Two answers for today" in page.text and "two answers" in row(page, "pain")
    assert "pain" not in sent_by(page) and sent_by(page)["mood"] == "2"
    choices = page.all("form", class_="two-opt")
    assert [page.words(form)[:14] for form in choices] == ["Answered first", "Answered later"]
    chosen = next(
        f for f in choices if any(i.get("name") == "pain" and i.get("value") == kept for i in f.iter("input"))
    )
    form = {i.get("name"): i.get("value") for i in chosen.iter("input")}
    assert alice.post(chosen.get("action"), form).status == 303
    assert entry().pain == int(kept) and not entry().has_conflict


def test_two_notes_keep_their_privacy(alice, entry):
    alice.post("/today", {"note": "only mine", "note_private": "yes", **fresh()})
    alice.post("/today", {"note": "for all", "note_private": "no", **fresh()})
    page = alice.get("/today")
    assert "only mine" in page.text and "for all" in page.text and "note" not in sent_by(page)
    forms = [
        {i.get("name"): i.get("value") for i in f.iter("input")} for f in page.all("form", class_="two-opt")
    ]
    alice.post("/today", next(form for form in forms if form["note"] == "only mine"))
    assert (entry().note, entry().note_private, entry().has_conflict) == ("only mine", True, False)


# htmx ----------------------------------------------------------------------------------------------


def test_a_tap_gets_only_what_changed(alice, entry):
    import gzip

    page = alice.get("/today")
    part = alice.post("/days/2026-11-23", {"pain": "4", **ids(page)}, htmx=True)
    assert part.status == 200 and "HX-Request" in part.headers["Vary"]
    assert {el.get("id") for el in part.tree.iter() if el.get("hx-swap-oob")} == {
        "ids",
        "place",
        "helper",
        "row-pain",
    }
    assert "Saved" in part.text and "fieldset" not in part.text
    small = len(gzip.compress(part.data, 9))
    print(f"fragment after saving: {small} B gz (goal 1500)")
    assert small <= 1500
    again = alice.post("/days/2026-11-23", {"pain": "4", "mood": "2", **ids(part)}, htmx=True)
    assert {el.get("id") for el in again.tree.iter() if el.get("hx-swap-oob")} == {"ids", "place", "row-mood"}
    assert entry().revisions == 2 and not entry().has_conflict


def test_the_last_tap_says_saved_in_the_sheet(alice):
    alice.post("/today", {k: v for k, v in SCORES.items() if k != "mood"} | fresh())
    part = alice.post("/today", {**SCORES, **ids(alice.get("/today"))}, htmx=True)
    assert part.words(part.one("h2", id="anything")) == "Saved. Anything else?"


def test_a_refused_part_holds_the_errors(alice, entry):
    part = alice.post("/today", {"pain": "4", "sleep_hours": "75", **fresh()}, htmx=True)
    assert part.status == 422 and entry() is None
    assert part.one("input", id="sleep_hours").get("value") == "75"
    assert "Did you mean 7.5?" in part.words(part.one("p", id="sleep_hours-error"))
    assert part.one("div", id="problems").get("role") == "alert"


def test_unwell_by_htmx_shows_the_page_anew(alice):
    answer = alice.post("/today", {"unwell": "yes", **fresh()}, htmx=True)
    assert answer.status == 204 and answer.headers["HX-Redirect"] == "/days/2026-11-23"


# Who -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["bob", "cora", "dana"])
def test_staff_have_no_today(client_as, who):
    for answer in (client_as(who).get("/today"), client_as(who).post("/today", {"pain": "4", **fresh()})):
        assert answer.status == 404


def test_signed_out(client_as, entry):
    assert client_as().get("/today").location.startswith("/sign-in?next=")
    assert client_as().post("/today", {"pain": "4", **fresh()}).status == 303
    assert entry() is None


def test_a_stranger_sees_only_their_own(client_as, alice, entry):
    alice.post("/today", {"pain": "9", "note": "of alice", **fresh()})
    charlie = client_as("charlie")
    assert "of alice" not in charlie.get("/today").text
    charlie.post(
        "/today", {"pain": "1", "base": sent_by(alice.get("/today"))["base"], "write_id": str(uuid4())}
    )
    assert entry().pain == 9


# A page that another device has overtaken ------------------------------------------------------------


STILL_SHOWN = {"mood": "5", "note": ""}


def overtaken(alice):
    """A page opened before another device wrote a mood and a note; returns what it would send."""
    alice.post("/today", {"mood": "5", **fresh()})
    page = alice.get("/today")
    other = {**sent_by(page), **ids(alice.get("/today"))}
    alice.post("/today", {**other, "mood": "8", "note": "from the other one", "note_private": "no"})
    return sent_by(page)


def test_an_old_page_is_made_anew_after_its_answer(alice, entry):
    """Its next answer would otherwise send what it still shows as if it had seen what came meanwhile."""
    answer = alice.post("/today", {**overtaken(alice), "fatigue": "2"}, htmx=True)
    assert answer.status == 204 and answer.headers["HX-Redirect"].endswith("/days/2026-11-23")
    assert (entry().mood, entry().note, entry().fatigue) == (8, "from the other one", 2)


def test_a_page_that_is_not_old_stays(alice):
    alice.post("/today", {"mood": "5", **fresh()})
    assert alice.post("/today", {**sent_by(alice.get("/today")), "fatigue": "2"}, htmx=True).status == 200


@pytest.mark.parametrize("htmx", [False, True])
def test_a_refused_old_page_still_rewrites_nothing(alice, entry, htmx):
    refused = alice.post("/today", {**overtaken(alice), "sleep_hours": "75"}, htmx=htmx)
    assert refused.status == 422
    again = {i.get("name"): i.get("value") for i in refused.all("span", id="ids")[0].iter("input")}
    sent = {**STILL_SHOWN, **again, "sleep_hours": "7.5"}
    assert alice.post("/today", sent).status == 303
    assert (entry().mood, entry().note, entry().sleep_hours) == (8, "from the other one", 7.5)


def test_a_refused_first_page_has_still_seen_nothing(alice, entry):
    page = sent_by(alice.get("/today"))
    alice.post("/today", {"mood": "8", **fresh()})
    refused = alice.post("/today", {**page, "mood": "5", "sleep_hours": "75"})
    assert next(i.get("value") for i in refused.all("input", name="base", type="hidden")) in ("", None)
