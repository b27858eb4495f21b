"""Who may import whom, read from the imports themselves; access rules; the purity of the core."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "diary"
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
    {"sync", "reports", "reminders", "review"},
    {"exchange"},
]
FLOOR_OF = {name: number for number, floor in enumerate(FLOORS) for name in floor}
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
PURE_THIRD_PARTY: set[str] = set()
STDLIB_FORBIDDEN = {"os", "random", "secrets", "socket", "subprocess", "threading"}


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def place(path: Path) -> tuple[str, str]:
    """(slice or top-level name, file of the slice) of a module."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0], parts[1] if len(parts) > 1 else ""


def imports(path: Path):
    """Every absolute name that a module imports, as dotted text."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_ring(path: Path) -> bool:
    top, file = place(path)
    return top in RING or file == "views" or path == PACKAGE / "__init__.py"


def is_pure(path: Path) -> bool:
    top, file = place(path)
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return top in ("charts", "fhir") or file == "rules" or "catalogue" in parts


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_downwards(path):
    top, file = place(path)
    for name in imports(path):
        if not name.startswith("diary."):
            continue
        target = [*name.split(".")[1:], "", ""]
        other, other_file = target[0], target[1]
        if other not in FLOOR_OF:
            assert is_ring(path) or other not in RING or top in RING, f"{path.name} imports the ring: {name}"
            continue
        if other == top:
            if file in WITHIN and other_file in SLICE_FILES:
                assert other_file in WITHIN[file], f"{top}/{file} imports {other_file}"
            continue
        if other_file == "views":
            assert is_ring(path), f"{top}/{file} imports {name}"
        if is_ring(path):
            continue
        assert FLOOR_OF[other] < FLOOR_OF[top], f"{top} imports {name}, which is not below it"


@pytest.mark.parametrize(
    "path", [p for p in modules() if is_pure(p)], ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_the_core_is_pure(path):
    import sys

    for name in imports(path):
        root = name.split(".")[0]
        if root == "diary":
            continue
        assert root in sys.stdlib_module_names or root in PURE_THIRD_PARTY or name.startswith("zxcvbn"), (
            f"{path.relative_to(ROOT)} imports {name}"
        )
    if (
        place(path)[0] != "accounts"
    ):  # accounts/rules makes tokens; everything else is a function of its arguments
        for name in imports(path):
            assert name.split(".")[0] not in STDLIB_FORBIDDEN, f"{path.relative_to(ROOT)} imports {name}"
    called = {
        f"{node.func.value.id}.{node.func.attr}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
    }
    assert not called & {"clock.now", "datetime.now", "date.today", "datetime.utcnow", "time.time"}, called


def test_slices_have_only_the_six_file_names():
    for path in modules():
        top, file = place(path)
        if top in FLOOR_OF and top not in ("lib", "charts", "config", "db", "fhir") and file:
            own = {"access"} if top == "careteam" else set()
            assert file in SLICE_FILES | {"__init__", "catalogue", "transports"} | own, path


def test_the_app_factory_stays_small():
    assert len((PACKAGE / "__init__.py").read_text().splitlines()) <= 60


def test_actions_never_commit():
    for path in PACKAGE.rglob("actions.py"):
        assert ".commit(" not in path.read_text(), path


def test_no_sql_is_made_of_strings():
    """Text that reaches the database as SQL is a constant, but for table names that migrations hand over."""
    allowed = {PACKAGE / "lib" / "append_only.py", PACKAGE / "db.py"}
    for path in modules():
        if path in allowed:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in (
                "text",
                "exec_driver_sql",
            ):
                for argument in node.args:
                    assert not isinstance(argument, ast.JoinedStr | ast.BinOp), f"{path}:{node.lineno}"
