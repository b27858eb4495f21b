"""What a module's source asks for: the modules it imports, and the outside things it reaches, by whatever name."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "diary"

# Of the standard library the core may use what only computes.
COMPUTING = {
    "__future__", "abc", "bisect", "collections", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools",
    "hashlib", "heapq", "hmac", "html", "itertools", "json", "math", "numbers", "operator", "re", "statistics", "string",
    "textwrap", "types", "typing", "unicodedata", "uuid", "zoneinfo",
}  # fmt: skip
REACHING = {
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
    "diary.lib.clock.now", "diary.lib.clock.set_for_tests", "diary.lib.clock._set_moment",
    "uuid.uuid1", "uuid.uuid4", "uuid.getnode",
    "open", "input", "print", "eval", "exec", "compile", "__import__", "globals", "breakpoint",
}  # fmt: skip


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def dotted(path: Path) -> str:
    """diary/response/rules/__init__.py is diary.response.rules."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMED = {dotted(path): path for path in modules()}


def place(path: Path) -> tuple[str, str]:
    """(slice or top-level name, file of the slice) of a module."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0], parts[1] if len(parts) > 1 else ""


def _from_and_name(source: str) -> Iterator[tuple[str, str, str]]:
    """(module, name taken from it or "", the name it has here) of every import, wherever it stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, "", alias.asname or alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import on line {node.lineno}"
            for alias in node.names:
                yield node.module or "", alias.name, alias.asname or alias.name


def imported(source: str) -> list[str]:
    """Every module imported: `from diary import db` names diary.db, `from diary.db import read` names diary.db too."""
    found = []
    for module, name, _ in _from_and_name(source):
        inner = f"{module}.{name}"
        found.append(inner if name and inner in NAMED else module)
    return found


def reached(source: str) -> list[str]:
    """Names of REACHING that the source uses, called or handed on, under whatever name they were imported."""
    here = {}
    for module, name, as_name in _from_and_name(source):
        here[as_name] = f"{module}.{name}" if name else (module if "." not in module else as_name)
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name | ast.Attribute):
            full = _full(node, here)
            if full in REACHING:
                found.append(full)
        if isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{a.name}" for a in node.names if f"{node.module}.{a.name}" in REACHING]
    return found


def _full(node: ast.expr, here: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return here.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        base = _full(node.value, here)
        return f"{base}.{node.attr}" if base else ""
    return ""


def impurities(source: str, pure: set[str], also: frozenset[str] = frozenset()) -> list[str]:
    """Why a source is no function of its arguments: what it imports beside `pure` modules of ours, or reaches."""
    found = []
    for name in imported(source):
        root = name.split(".")[0]
        if root == "diary":
            if name not in pure:
                found.append(f"imports {name}, which is not pure")
        elif root not in COMPUTING | also:
            kind = (
                "reaches outside" if root in sys.stdlib_module_names else "is no part of the standard library"
            )
            found.append(f"imports {name}, which {kind}")
    return found + [f"uses {name}" for name in reached(source)]
