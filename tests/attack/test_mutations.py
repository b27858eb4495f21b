"""Takes away each access rule in turn: a crawler that still finds nothing would prove nothing."""

import os
import re

import pytest

from tests.attack import mutations
from tests.attack.crawl import ACCESS, FRESH, asks, walk
from tests.attack.mutations import CONDITIONS, DECORATORS
from tests.attack.world import READERS

LONG = bool(os.environ.get("NEAP_LONG"))
# What `make test` takes away: one condition, one kind of consent, one rule of a route.
SHORT = {"link: not ended", "consent: not taken back", "private notes of a day"}
EVERYBODY = [reader.name for reader in READERS if reader.session == "whole"]


def found_without(app, world, tmp_path, mutation):
    what = list(asks(app, world, [mutation.methods], only=mutation.only))
    readers = mutation.readers.split()
    with mutations.without(mutation):
        found = walk(app, world, readers, what, tmp_path, stops=True)
    if (
        not found.wrong
    ):  # a second rule may stand behind it, which shuts the owner out too: then the control is lost
        lost = walk(app, world, readers, what, tmp_path).reached - found.reached
        found.lost = [f"control lost: {one[0]} no longer sees {one[2]}" for one in sorted(lost)]
    return found


def told(capsys, name, found):
    with capsys.disabled():
        first = (
            re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "…", (found.wrong + found.lost)[0])
            if found.wrong + found.lost
            else "SURVIVES"
        )
        print(f"\nmutation  {name:<50} {found.tried:>5} requests  {first[:110]}", end="")


@pytest.mark.parametrize(
    "mutation", [one for one in CONDITIONS if LONG or one.name in SHORT], ids=lambda one: one.name
)
def test_without_a_condition_the_crawler_fails(app, world, tmp_path, capsys, mutation):
    found = found_without(app, world, tmp_path, mutation)
    told(capsys, mutation.name, found)
    assert found.wrong + found.lost, f"nobody noticed: {mutation.name}"


SIGNED_IN, NOBODY = "whoever is signed in", "whoever is not"
# Behind `ever_patient` each view asks for the patient once more, as `own_ever` finds them.
LET_IN_ANYWAY = {("signed_in", SIGNED_IN), ("entering", SIGNED_IN), ("ever_patient", SIGNED_IN)}


def rules_of(name: str) -> str:
    """The routes that a rule guards, as a pattern."""
    return "|".join(
        sorted({f"^{re.escape(rule)}$" for (_, rule), access in ACCESS.items() if access == name})
    )


@pytest.mark.skipif(not LONG, reason="make attack")
@pytest.mark.parametrize(
    ("name", "whom"),
    [
        (name, whom)
        for name in DECORATORS
        for whom in (SIGNED_IN, NOBODY)
        if (name, whom) not in LET_IN_ANYWAY
    ],
)
def test_without_a_rule_of_routes_the_crawler_fails(app, world, tmp_path, capsys, name, whom):
    is_nobody = whom == NOBODY
    what = list(asks(app, world, ["GET", "POST", "PUT"], only=rules_of(name)))
    with mutations.without_rule(app, name, is_nobody):
        found = walk(app, world, ["nobody"] if is_nobody else EVERYBODY, what, tmp_path, stops=True)
    told(capsys, f"@{name} lets in {whom}", found)
    assert found.wrong, f"nobody noticed: @{name}"


@pytest.mark.skipif(not LONG, reason="make attack")
def test_without_the_step_up_the_crawler_fails(app, world, tmp_path, capsys):
    what = list(asks(app, world, ["GET", "POST"], only="|".join({re.escape(rule) for _, rule in FRESH})))
    assert not walk(app, world, ["stale", "staledana"], what, tmp_path).wrong
    with mutations.without_proof():
        found = walk(app, world, ["stale", "staledana"], what, tmp_path)
    told(capsys, "@fresh asks nobody", found)
    assert (
        len({line.split()[2].split("?")[0] for line in found.wrong}) >= 4
    )  # of the others a walker has nothing that it could remove or agree to


@pytest.mark.skipif(not LONG, reason="make attack")
def test_what_the_mutations_ask_is_green_without_them(app, world, tmp_path):
    readers = sorted({name for one in CONDITIONS for name in one.readers.split()})
    assert not walk(app, world, readers, list(asks(app, world, ["GET"])), tmp_path).wrong
