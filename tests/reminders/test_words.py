"""What reminders say: kind, another line each day, and nothing that could tell a stranger of health."""

import json
import re
from datetime import date, timedelta
from itertools import pairwise

import pytest

from diary.config import ROOT
from diary.reminders.queries.words import WORDS, wording
from diary.reminders.rules.message import COMMITMENT, DAILY, FLAG_OPENED, INFUSION, SAFETY
from diary.reminders.rules.words import KINDS, subject, wordings
from tests.page_client import HEALTH_WORDS

FILE = (ROOT / "diary" / "reminders" / "words.json").read_text()
MORE_HEALTH = re.compile(
    r"treat|clinic|doctor|nurse|coach|patient|illness|disease|drug|pill|tablet|drip|session|therap|body|hurt|\bache|"
    r"tired|anxi|depress|symptom|diar|log\b|relief|better|worse|check-?in|side effect|questionnaire|hospital|health",
    re.I,
)
GUILT = re.compile(
    r"miss|forg[eo]t|you (?:have not|haven|didn|did not)|should|must|need to|have to|don.t|again|still|yet|overdue|"
    r"late\b|streak|great|well done|good job|bravo|keep it up|days? in a row|last chance|hurry|fail|lazy|!",
    re.I,
)
LINES = [(kind, line) for kind, lines in json.loads(FILE)["lines"].items() for line in lines]
DAY = date(2026, 3, 29)


@pytest.mark.parametrize(("kind", "line"), LINES, ids=lambda value: value)
def test_no_line_tells_of_health_or_lays_blame(kind, line):
    assert not HEALTH_WORDS.search(line) and not MORE_HEALTH.search(line)
    if kind not in SAFETY:  # those are for staff, for whom waiting is the matter
        assert not GUILT.search(line)
    assert not re.search(r"\d", line)


@pytest.mark.parametrize(
    "line", ["Your pain log is open.", "You missed yesterday.", "3 days in a row!", "Log again."]
)
def test_such_a_line_would_be_found(line):
    assert HEALTH_WORDS.search(line) or MORE_HEALTH.search(line) or GUILT.search(line)


def test_the_line_of_the_picture_is_among_them():
    assert ("daily_log", "Neap has a question.") in LINES


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_day_reads_the_same_and_the_next_one_differently(kind):
    said = [wording(kind, f"{DAY + timedelta(n)}T20:30", DAY + timedelta(n)) for n in range(400)]
    assert said == [wording(kind, f"{DAY + timedelta(n)}T20:30", DAY + timedelta(n)) for n in range(400)]
    assert {title for title, _ in said} == {"Neap"}
    lines = WORDS.lines[kind]
    assert {body for _, body in said} == set(lines)
    if len(lines) > 1:
        assert all(one != other for one, other in pairwise(said))


def test_no_weekday_has_a_line_of_its_own():
    mondays = {wording(DAILY, "", DAY + timedelta(weeks=n))[1] for n in range(9)}
    assert mondays == set(WORDS.lines[DAILY])


def test_two_things_of_one_day_may_read_differently():
    said = {wording(INFUSION, f"{n:032x}", DAY)[1] for n in range(40)}
    assert said == set(WORDS.lines[INFUSION])


def test_a_late_one_says_so():
    title, body = wording(DAILY, str(DAY), DAY, is_late=True)
    assert title == "Neap" and body == f"{WORDS.late} {wording(DAILY, str(DAY), DAY)[1]}"
    assert not HEALTH_WORDS.search(WORDS.late) and "sorry" not in WORDS.late.lower()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Neap has a question.", "Neap has a question"),
        ("Time for a moment.", "Neap: time for a moment"),
        ("How is your day?", "Neap: how is your day?"),
    ],
)
def test_the_subject_of_the_mail(body, said):
    assert subject(body) == said


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines.pop(COMMITMENT),
        lambda lines: lines.update(other=["Something."]),
        lambda lines: lines.update({FLAG_OPENED: []}),
        lambda lines: lines.update({DAILY: ["Twice.", "Twice."]}),
        lambda lines: lines.update({DAILY: ["No end"]}),
        lambda lines: lines.update({DAILY: ["x" * 80 + "."]}),
        lambda lines: lines.update({DAILY: [" Blank."]}),
    ],
)
def test_a_bad_file_is_refused(change):
    found = json.loads(FILE)
    change(found["lines"])
    with pytest.raises(ValueError):
        wordings(json.dumps(found))
