"""The rules of safety as data: each is there, the first can't be taken out, a bad file is refused by name."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from diary.careteam.rules import Role
from diary.safety import queries, rules

DATA = Path(rules.__file__).parent / "rules.json"
LEVELS = {
    "self_harm": ("urgent", "crisis"),
    "emergency_after_infusion": ("urgent", "emergency"),
    "fall": ("high", "clinic"),
    "detached_next_day": ("high", "clinic"),
    "urinary": ("high", "clinic"),
    "medication_stopped": ("high", "call_before_change"),
    "little_sleep": ("high", "clinic"),
    "ketamine_outside": ("high", "clinic"),
    "above_usual": ("normal", "none"),
    "silence": ("normal", "none"),
}


def changed(**fields):
    """The file with fields of its rules set; `rule__field=value`, None takes the rule or field out."""
    data = json.loads(DATA.read_text("utf-8"))
    for name, value in fields.items():
        key, _, part = name.partition("__")
        place, last = (data["rules"][key], part) if part else (data["rules"], key)
        if value is None:
            del place[last]
        else:
            place[last] = value
    return json.dumps(data)


def test_the_rules_are_those_of_the_table():
    assert {key: (rule.level, rule.help) for key, rule in queries.RULES.by_key.items()} == LEVELS
    assert [key for key, rule in queries.RULES.by_key.items() if not rule.asked] == ["self_harm"]
    assert (
        queries.phone_words("medication_stopped")["words"] == "Please call the clinic before you change this."
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"fall": None}, "safety rule fall: missing"),
        ({"self_harm": None}, "safety rule self_harm: missing"),
        ({"detached_next_day": None}, "safety rule detached_next_day: missing"),
        ({"emergency_after_infusion": None}, "safety rule emergency_after_infusion: missing"),
        ({"fall__level": "normal"}, "safety rule fall: can't be weakened"),
        ({"self_harm__help": "clinic"}, "safety rule self_harm: can't be weakened"),
        ({"urinary__level": "grave"}, "safety rule urinary: level is 'grave'"),
        ({"urinary__help": "shout"}, "safety rule urinary: help is 'shout'"),
        ({"urinary__when": "never"}, "safety rule urinary: when is 'never'"),
        ({"urinary__version": "1"}, "safety rule urinary: version can't be '1'"),
        ({"urinary__version": True}, "safety rule urinary: version can't be True"),
        ({"urinary__version": 0}, "safety rule urinary: version can't be 0"),
        ({"urinary__title": " "}, "safety rule urinary: has no title"),
        ({"urinary__words": ""}, "safety rule urinary: the phone shows clinic"),
        ({"silence__words": "Hello?"}, "safety rule silence: the phone shows none"),
        ({"urinary__fires": None}, "safety rule urinary: fires is missing"),
        ({"urinary__leve1": "high"}, "safety rule urinary: leve1 is not a field"),
        ({"urinary": []}, "safety rule urinary: is no rule"),
        ({"urinary__counts": {"days": 4}}, "safety rule urinary: counts is not a field"),
        ({"silence__counts": None}, "safety rule silence: counts are days"),
        ({"silence__counts": {"day": 4}}, "safety rule silence: counts are days"),
        ({"silence__counts": {"days": "4"}}, "safety rule silence: days can't be '4'"),
        ({"silence__counts": {"days": 0}}, "safety rule silence: days can't be 0"),
        ({"silence__fires": "No entry for {weeks}."}, "safety rule silence: words name 'weeks'"),
        (
            {"above_usual__counts": dict.fromkeys(rules.COUNTS["above_usual"], 7) | {"of": 6}},
            "safety rule above_usual: on can't be more",
        ),
    ],
)
def test_a_bad_file_is_refused_by_name(fields, words):
    with pytest.raises(ValueError, match=f"^{words}"):
        rules.safety_rules(changed(**fields))


def test_a_rule_over_days_says_its_own_numbers():
    assert queries.RULES["silence"].title == "No entry for 4 days in a course"
    six = rules.safety_rules(changed(silence__counts={"days": 6}))["silence"]
    assert six.fires == "No entry for 6 days in a course."
    assert queries.RULES["above_usual"].fires == (
        "Pain or low mood 2 points above the mean of the 14 scored days before, or 9 to 10, on 5 of 7 scored days."
    )


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": "1"}', '{"version": "", "rules": {}}', "{,}"])
def test_what_is_no_file_of_rules(text):
    with pytest.raises(ValueError, match=r"^safety rules: "):
        rules.safety_rules(text)


def test_a_rule_that_stands_there_twice():
    doubled = DATA.read_text("utf-8").replace('"urinary"', '"fall"')
    with pytest.raises(ValueError, match="fall stands there twice"):
        rules.safety_rules(doubled)


def test_a_clinic_may_add_a_rule():
    own = {**json.loads(DATA.read_text("utf-8"))["rules"]["urinary"], "title": "A rash"}
    assert rules.safety_rules(changed(rash=own))["rash"].title == "A rash"


def test_neap_does_not_start_with_a_bad_file(tmp_path):
    """The import itself fails, and says which rule and why."""
    script = (
        "import pathlib, sys\n"
        "real = pathlib.Path.read_text\n"
        "def read(self, *a, **k):\n"
        "    text = real(self, *a, **k)\n"
        '    return text.replace(\'"level": "high"\', \'"level": "low"\') if self.name == \'rules.json\' else text\n'
        "pathlib.Path.read_text = read\n"
        "from diary import create_app\n"
        "create_app()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=DATA.parents[2],
        env={"DATA_DIR": str(tmp_path), "PATH": ""},
    )  # fmt: skip
    assert done.returncode != 0
    assert "safety rule fall: level is 'low'" in done.stderr


CLINICIAN, OTHER, COACH, ADMIN = 1, 2, 3, 4
STAFF = [
    (ADMIN, Role.ADMIN, False),
    (OTHER, Role.CLINICIAN, False),
    (CLINICIAN, Role.CLINICIAN, True),
    (COACH, Role.COACH, True),
]


@pytest.mark.parametrize(
    ("level", "there", "owner"),
    [
        ("urgent", STAFF, CLINICIAN),
        ("high", STAFF, CLINICIAN),
        ("normal", STAFF, COACH),
        ("urgent", [row for row in STAFF if row[0] != CLINICIAN], OTHER),
        ("normal", [row for row in STAFF if row[0] != COACH], CLINICIAN),
        ("high", [row for row in STAFF if row[0] in (COACH, ADMIN)], ADMIN),
        ("normal", [(COACH, Role.COACH, False), (ADMIN, Role.ADMIN, False)], ADMIN),
        ("high", [(COACH, Role.COACH, True)], None),
        ("urgent", [], None),
    ],
)
def test_whose_a_flag_is(level, there, owner):
    assert rules.owner_of(level, there) == owner
