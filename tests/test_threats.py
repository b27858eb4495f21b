"""Each threat of docs/threat-model.md and each line of docs/requirements.md names tests that exist."""

import ast
import re
from functools import cache
from pathlib import Path

TESTS = Path(__file__).resolve().parent
DOC = (TESTS.parent / "docs" / "threat-model.md").read_text()
BY_FLOW = DOC.split("## By flow")[1].split("\n## ")[0]
ROWS = [
    [cell.strip() for cell in line.split("|")[1:-1]]
    for line in BY_FLOW.splitlines()
    if line.startswith("|") and not line.startswith(("|---", "| flow |"))
]
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


@cache
def names_in(name: str) -> set[str]:
    tree = ast.parse((TESTS / name).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_each_test_that_is_named_exists():
    named = NAMED.findall(DOC)
    assert len(named) == DOC.count("::") > 80
    assert [f"{file}::{name}" for file, name in named if name not in names_in(file)] == []


def test_each_threat_has_its_kind_its_requirement_and_a_test():
    assert len(ROWS) > 40 and {row[1] for row in ROWS} == set("STRIDE")
    for _flow, kind, threat, number, tests in ROWS:
        assert kind in set("STRIDE") and threat
        assert all(one == "I" or 1 <= int(one) <= 44 for one in number.split(", ")), threat
        assert NAMED.search(tests), threat


def test_each_flow_is_looked_at_from_two_sides_at_least():
    sides: dict[str, set[str]] = {}
    flow = ""
    for row in ROWS:
        flow = row[0] or flow
        sides.setdefault(flow, set()).add(row[1])
    assert len(sides) > 8 and min(map(len, sides.values())) >= 2


def test_each_of_the_44_requirements_has_its_line_and_its_tests():
    doc = (TESTS.parent / "docs" / "requirements.md").read_text()
    lines = [line.split("|")[1:-1] for line in doc.splitlines() if re.match(r"\| \d", line)]
    assert [int(line[0]) for line in lines] == list(range(1, 45))
    for number, _asked, met, shown in lines:
        assert met.strip().startswith(("yes", "in part: ", "no: ")), number
        named = NAMED.findall(shown)
        assert named and [f"{file}::{name}" for file, name in named if name not in names_in(file)] == [], (
            number
        )
