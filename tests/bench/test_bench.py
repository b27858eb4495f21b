"""`make bench` measures every part that has goals, and none goes missing in silence."""

import importlib

import pytest

from tests.bench import __main__ as bench
from tests.bench.measure import Line


@pytest.mark.parametrize("name", bench.PARTS)
def test_every_part_is_there(name):
    module = importlib.import_module(f"tests.bench.bench_{name}")
    assert module.TITLE and callable(module.run)


def test_all_parts_are_measured_unless_some_are_asked_for():
    assert set(bench.PARTS) <= set(bench.names_of([]))
    assert bench.names_of(["page"]) == ["page"]


def test_a_missing_part_fails_before_anything_is_measured(monkeypatch):
    monkeypatch.setattr(bench, "PARTS", ("response", "nowhere"))
    monkeypatch.setattr("sys.argv", ["bench"])
    with pytest.raises(ModuleNotFoundError, match="bench_nowhere"):
        bench.main()


def test_a_line_says_name_ratio_and_goal():
    assert str(Line("page_over_limit", 2.345, "<= 4")) == "page_over_limit: 2.35 (<= 4)"
    assert Line("rate", 0.5, ">= 0.40").is_met and not Line("rate", 0.3, ">= 0.40").is_met
