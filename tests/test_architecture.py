"""Who may import whom, read from the imports themselves; access rules; the purity of the core."""

import ast

import pytest

from tests.imports import NAMED, PACKAGE, dotted, imported, impurities, modules, place

FLOORS = [
    {"config"},
    {"db"},
    {"lib"},
    {"charts"},
    {"audit"},
    {"accounts"},
    {"careteam"},
    {"safety"},
    {"instruments"},
    {"entries", "infusions", "medications", "sessions"},
    {"checkins"},
    {"response", "fhir"},
    {"goodday"},
    {"sync", "reports", "reminders", "review"},
    {"exchange"},
    {"copies", "records"},
    {"backup"},
]
FLOOR_OF = {name: number for number, floor in enumerate(FLOORS) for name in floor}
NO_SLICES = {"config", "db", "lib", "charts", "fhir"}
RING = {"cli", "jobs", "demo"}
SLICE_FILES = {"rules", "models", "forms", "queries", "actions", "views"}
WITHIN = {
    "rules": {"rules"},
    "models": {"models", "rules"},
    "forms": {"forms", "rules"},
    "queries": {"queries", "models", "rules"},
    "actions": {"actions", "queries", "forms", "models", "rules"},
    "views": {"views", "actions", "queries", "forms", "models", "rules"},
}
# What the ring may take from a slice that is not its own: a table or a page of another slice is not among it.
OFFERED = {"rules", "forms", "queries", "actions", "access", "worker"}
# Helpers that only compute. clock also holds the one clock, whose `now` no rule may call (tests/imports.py).
PURE_LIB = {"diary.lib.clock", "diary.lib.words", "diary.lib.extras", "diary.lib.symptoms"}
# accounts makes tokens and codes, and holds the list of common passphrases.
ALSO = {"diary.accounts.rules": frozenset({"secrets", "zxcvbn", "pyotp"})}


def named(path) -> str:
    return str(path.relative_to(PACKAGE))


def is_ring(path) -> bool:
    top, file = place(path)
    return top in RING or file == "views" or path == PACKAGE / "__init__.py"


def is_pure(path) -> bool:
    top, file = place(path)
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return top in ("charts", "fhir") or file == "rules" or "catalogue" in parts


PURE = {name for name, path in NAMED.items() if is_pure(path)} | PURE_LIB


def wrong_imports(path, source: str) -> list[str]:
    """The imports of a module that break a rule of the floors, of the slice's files, or of the ring."""
    top, file = place(path)
    return [
        name
        for name in imported(source)
        if name.startswith("diary.") and not _may_import(path, top, file, name)
    ]


def _may_import(path, top: str, file: str, name: str) -> bool:
    other, other_file = [*name.split(".")[1:], ""][:2]
    if other in RING:
        return top in RING or path == PACKAGE / "__init__.py"
    if other == top:
        return file not in WITHIN or other_file not in SLICE_FILES or other_file in WITHIN[file]
    if is_ring(path):
        return other in NO_SLICES or other_file in OFFERED
    return other_file != "views" and FLOOR_OF[other] < FLOOR_OF[top]


@pytest.mark.parametrize("path", modules(), ids=named)
def test_imports_go_downwards(path):
    assert not wrong_imports(path, path.read_text())


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("careteam/views.py", "from diary.accounts.views import enter"),
        ("careteam/views.py", "from diary.accounts import views as signing_in"),
        ("careteam/views.py", "import diary.accounts.views"),
        ("safety/views.py", "from diary.careteam.models import Clinic"),
        ("entries/views/page.py", "from diary.infusions import models"),
        ("review/views.py", "from diary.cli.common import fail"),
        ("review/views.py", "from diary import jobs"),
        ("cli/common.py", "from diary.accounts.models import Person"),
        ("cli/people.py", "from diary.accounts.views import landing"),
        ("jobs.py", "from diary.audit import models"),
        ("accounts/actions.py", "from diary.careteam import access"),
        ("entries/queries.py", "from diary.infusions import queries"),
        ("entries/queries.py", "from diary.entries import actions"),
        ("lib/http.py", "from diary import cli"),
        ("lib/http.py", "from diary.audit import actions"),
        ("response/queries.py", "def late():\n    from diary.review import queries"),
    ],
)
def test_a_broken_rule_is_found(path, line):
    assert wrong_imports(PACKAGE / path, line)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("careteam/views.py", "from diary.accounts import actions"),
        ("entries/views/page.py", "from diary.entries.models import Entry"),
        ("cli/demo.py", "from diary import demo as truths"),
        ("cli/people.py", "from diary.cli.common import fail"),
        ("__init__.py", "from diary import cli, db"),
        ("response/queries.py", "from diary.entries.queries import DayRow"),
    ],
)
def test_what_is_allowed_is_not_found(path, line):
    assert not wrong_imports(PACKAGE / path, line)


@pytest.mark.parametrize("path", [path for path in modules() if is_pure(path)], ids=named)
def test_the_core_is_pure(path):
    also = ALSO.get(dotted(path), frozenset())
    assert not impurities(path.read_text(), PURE, also)


@pytest.mark.parametrize("name", sorted(PURE_LIB - {"diary.lib.clock"}))
def test_the_helpers_of_the_core_are_pure(name):
    assert not impurities(NAMED[name].read_text(), PURE_LIB)


def test_the_clock_reaches_for_nothing_but_the_time():
    assert set(impurities(NAMED["diary.lib.clock"].read_text(), PURE_LIB)) == {"uses datetime.datetime.now"}


@pytest.mark.parametrize(
    "line",
    [
        "from datetime import datetime as dt\nx = dt.now()",
        "import datetime\nx = datetime.datetime.now(datetime.UTC)",
        "import datetime as d\nx = d.date.today()",
        "from datetime import date\nx = list(map(date.today, ()))",
        "from diary.lib import clock\nx = clock.now()",
        "from diary.lib import clock as c\nx = c.now",
        "from diary.lib.clock import now",
        "import diary.lib.clock\nx = diary.lib.clock.now()",
        "from uuid import uuid4 as new",
        "from dataclasses import field\nimport uuid\nx = field(default_factory=uuid.uuid4)",
        "x = open('numbers.json').read()",
        "from pathlib import Path\nx = Path('a').read_text()",
        "import os",
        "import random",
        "import time",
        "def late():\n    import socket",
        "from flask import request",
        "from sqlalchemy import select",
        "from diary import db",
        "from diary.lib import http",
        "from diary.lib.forms import parse",
        "from diary.lib.types import Moment",
        "from diary.lib import sealing, words",
        "from diary.entries.queries import DayRow",
        "from diary.careteam import access",
    ],
)
def test_an_impurity_is_found(line):
    assert impurities(line, PURE)


def test_slices_have_only_the_six_file_names():
    for path in modules():
        top, file = place(path)
        if top in FLOOR_OF and top not in NO_SLICES and file:
            own = {
                "accounts": {"worker"}, "audit": {"worker"}, "backup": {"worker", "store", "sqlite", "postgres"}, "careteam": {"access"},
                "copies": {"worker"}, "records": {"worker"}, "reminders": {"worker"},
            }.get(top, set())  # fmt: skip
            assert file in SLICE_FILES | {"__init__", "catalogue", "transports"} | own, path


def test_the_app_factory_stays_small():
    assert len((PACKAGE / "__init__.py").read_text().splitlines()) <= 60


def transactions(source: str) -> list[str]:
    """The calls by which a source begins or ends a transaction of its own; a savepoint is none."""
    called = (node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [
        func.attr
        for func in called
        if isinstance(func, ast.Attribute)
        and func.attr in ("begin", "commit", "rollback", "writing", "write")
    ]


def test_actions_never_commit():
    """The caller opens the transaction. `audit.seen` has one of its own: it is written before the page is shown."""
    for path in modules():
        if place(path)[1] == "actions":
            own = ["write"] if place(path)[0] == "audit" else []
            assert transactions(path.read_text()) == own, path


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("s.commit()", True),
        ("with s.begin():\n    pass", True),
        ("s.connection().begin()", True),
        ("with db.write() as s:\n    pass", True),
        ("with s.begin_nested():\n    pass", False),
        ("s.flush()", False),
    ],
)
def test_a_transaction_is_found(line, is_one):
    assert bool(transactions(line)) == is_one


def sql_of_strings(source: str) -> list[int]:
    """The lines that hand something to the database as SQL which is put together: an f-string, a sum, a format.

    A name that was bound to such a thing in the same source counts as it; `sa.text` and `c.execute` as `text`, `execute`.
    """
    tree = ast.parse(source)
    made = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AugAssign) and _is_put_together(node.value)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _called(node) in SQL_TAKERS]
    return [
        call.lineno
        for call in calls
        for one in [
            *call.args[:1],
            *(word.value for word in call.keywords if word.arg in ("text", "statement")),
        ]
        if _is_put_together(one) or (isinstance(one, ast.Name) and one.id in made)
    ]


SQL_TAKERS = {
    "text",
    "exec_driver_sql",
    "execute",
    "executemany",
    "executescript",
    "literal_column",
    "scalar",
    "scalars",
}


def _called(node: ast.Call) -> str:
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def _is_put_together(node: ast.expr) -> bool:
    """A string with a value in it: what is made of constants only is one itself."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        sides = (node.left, node.right)
        is_text = any(
            isinstance(s, ast.JoinedStr) or (isinstance(s, ast.Constant) and isinstance(s.value, str))
            for s in sides
        )
        return any(_is_put_together(side) for side in sides) or (
            is_text and not all(isinstance(s, ast.Constant) for s in sides)
        )
    is_method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return is_method and node.func.attr in ("format", "join", "replace", "format_map")


def test_no_sql_is_made_of_strings():
    """Text that reaches the database as SQL is a constant, but for table names that migrations hand over."""
    allowed = {
        PACKAGE / "lib" / "append_only.py": "names of tables and columns from migrations",
        PACKAGE / "db.py": "pragmas",
    }
    for path in modules():
        assert path in allowed or not sql_of_strings(path.read_text()), path
    assert all(sql_of_strings(path.read_text()) for path in allowed), "an exception that is none any more"


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ('s.execute(text(f"SELECT 1 FROM person WHERE name = {name}"))', True),
        ('c.exec_driver_sql("SELECT " + name)', True),
        ('sa.text("SELECT %s" % name)', True),
        ('cursor.execute("SELECT {}".format(name))', True),
        ('wanted = f"SELECT {name}"\ns.execute(text(wanted))', True),
        ('wanted = "SELECT"\nwanted += f" {name}"\ntext(wanted)', True),
        ('literal_column(f"max({name})")', True),
        ('text(" AND ".join(parts))', True),
        ('text("SELECT 1 " "FROM person")', False),
        ('text("SELECT 1 " + "FROM person")', False),
        ('s.execute(text("SELECT :name"), {"name": f"{name}"})', False),
        ("s.execute(select(Person).where(Person.id == one))", False),
        ("s.scalars(wanted)", False),
    ],
)
def test_sql_made_of_strings_is_found(line, is_one):
    assert bool(sql_of_strings(line)) == is_one
