"""Every action code of the code base has words, the admin's without health, the patient's in plain sentences."""

import ast
import re
from functools import cache

import pytest

from diary.audit.rules.words import CHANGED, LOOKED, MEANINGS, TABLE, TOOK, meaning, role_words
from diary.careteam.rules import Kind, Role
from diary.checkins.rules import KINDS
from tests.imports import PACKAGE, modules
from tests.page_client import HEALTH_WORDS

CODE = re.compile(r"[a-z_]+(\.[a-z_]+)+|import|export|sign_in|sign_out")
# What codes are put together from.
PARTS = {
    "f'{what}.create'": [f"{way}.create" for way in ("passkey", "authenticator")],
    "f'{what}.end'": [f"{way}.end" for way in ("passkey", "authenticator")],
    "f'consent.give.{kind}'": [f"consent.give.{kind}" for kind in Kind],
    "f'consent.withdraw.{kind}'": [f"consent.withdraw.{kind}" for kind in Kind],
    "f'role.give.{role}'": [f"role.give.{role}" for role in Role],
    "f'role.end.{role}'": [f"role.end.{role}" for role in Role],
    """f"{write.kind}.{('create' if number == 1 else 'revise')}\"""": [
        f"{kind}.{what}" for kind in KINDS for what in ("create", "revise")
    ],
    "f'flag.{kind}'": [
        f"flag.{kind}"
        for kind in ("opened", "said_again", "acknowledged", "handed_over", "closed", "reopened")
    ],
}
OWN = ("audit/views.py", "audit/worker.py")
SEEN_BY_KIND = [f"view.{kind}" for kind in Kind]


def calls(source: str, name: str = "audit"):
    """(record or seen, the code's expression) of each call to the audit, which goes by this name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value
            if isinstance(of, ast.Name) and of.id == name and node.func.attr in ("record", "seen", "taken"):
                yield node.func.attr, node.args[2]


def codes_of(source: str, audit: str = "audit") -> list[str]:
    """Every code that a module may write. One in a variable: whatever in the module looks like a code."""
    found = []
    for function, code in calls(source, audit):
        constants = [
            n.value for n in ast.walk(code) if isinstance(n, ast.Constant) and isinstance(n.value, str)
        ]
        if isinstance(code, ast.JoinedStr):
            found += PARTS.get(ast.unparse(code), [ast.unparse(code)])
        elif isinstance(code, ast.Constant | ast.IfExp):
            whole = [one for one in constants if one]
            found += [f"view.{one}" for one in whole] if function == "seen" else whole
        elif function == "seen":
            found += SEEN_BY_KIND
        else:
            words = [n.value for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant)]
            found += [one for one in words if isinstance(one, str) and CODE.fullmatch(one)]
    return found


@cache
def codes() -> dict[str, str]:
    """Each code of the code base, and a module that writes it."""
    found = {}
    for path in modules():
        name = str(path.relative_to(PACKAGE))
        for code in codes_of(path.read_text(), "actions" if name in OWN else "audit"):
            found.setdefault(code, name)
    return found


def test_every_code_has_words():
    found = codes()
    assert len(found) > 70
    assert {code: where for code, where in found.items() if code not in MEANINGS} == {}


def test_no_words_are_for_nothing():
    assert set(MEANINGS) == set(codes())


@pytest.mark.parametrize(
    "line",
    [
        'audit.record(s, viewer, "entry.forgotten", 1)',
        'audit.record(s, viewer, "entry.create" if new else "entry.forgotten", 1)',
        'audit.seen(viewer, 1, "dreams")',
        'what = "entry.forgotten"\naudit.record(s, viewer, what)',
        'audit.record(s, viewer, f"dream.{kind}")',
    ],
)
def test_a_code_without_words_is_found(line):
    assert [code for code in codes_of(line) if code not in MEANINGS]


def test_each_code_stands_once():
    assert len(MEANINGS) == len(TABLE)
    assert {one.group for one in TABLE} == {LOOKED, TOOK, CHANGED}


@pytest.mark.parametrize("one", TABLE, ids=lambda one: one.code)
def test_the_admins_words_say_nothing_of_health(one):
    assert one.did and not HEALTH_WORDS.search(f"{one.did} {one.what}")


def test_what_has_no_words_is_shown_by_its_code():
    assert (meaning("view.dreams").group, meaning("view.dreams").what) == (LOOKED, "view.dreams")
    assert meaning("dream.create").group == CHANGED


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("", "by itself"),
        ("coach", "coach"),
        ("admin+clinician", "admin and clinician"),
        ("operator", "whoever runs Neap"),
    ],
)
def test_roles_in_words(code, words):
    assert role_words(code) == words
