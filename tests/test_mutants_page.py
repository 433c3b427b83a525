"""docs/what-the-usual-checks-see.md says what was measured: its rows are the mutants, and its totals are those of its rows."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PLUGINS = ROOT / "tests" / "plugins"
TEXT = (ROOT / "docs" / "what-the-usual-checks-see.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """The rows of the table whose first column has this heading."""
    _, _, rest = TEXT.partition(f"| {heading} |")
    body = rest.split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in body]


@pytest.fixture(scope="module")
def benchmark() -> Any:
    """The script that measures."""
    before = sys.path.copy()
    found = importlib.util.spec_from_file_location("benchmark_of_mutants", ROOT / "benchmarks" / "mutants.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # dataclasses look for it there
    try:
        found.loader.exec_module(module)
    finally:
        sys.path[:] = before
    return module


def test_the_page_has_every_mutant_and_all_are_found() -> None:
    sys.path.insert(0, str(PLUGINS))
    try:
        mutants = importlib.import_module("specimens").MUTANTS
    finally:
        sys.path.remove(str(PLUGINS))
    assert [(row[0], row[1]) for row in rows("mutant")] == [(str(mutant), mutant.kind) for mutant in mutants]


def test_the_totals_are_those_of_the_rows() -> None:
    first, *checks = rows("check")
    cells = [row[2:] for row in rows("mutant")]
    assert first[1] == first[2] == str(len(cells))
    assert len(checks) == len(cells[0])
    for column, check in enumerate(checks):
        applies = [row[column] for row in cells if row[column] != "-"]
        assert (int(check[1]), int(check[2])) == (sum(bool(cell) for cell in applies), len(applies)), check


@pytest.mark.exhaustive
def test_600_points_show_what_the_page_says(benchmark: Any) -> None:
    measured = benchmark.table(benchmark.MUTANTS, (600,))
    shown = {row[0]: row[2::2] for row in rows("mutant")}
    assert {str(mutant): list(cells.values()) for mutant, cells in measured.items()} == shown


def test_checks_fail_on_what_is_wrong_and_pass_what_is_right(benchmark: Any) -> None:
    points = {"n": benchmark.Points(("sigmoid", 1, "float64"), "n", 600)}
    for change, seen in ((lambda right: right.best, ""), (lambda right: right.form.round(right.y * 1.1), "n")):
        assert set(benchmark.cells(points, change, (600,)).values()) == {seen}
