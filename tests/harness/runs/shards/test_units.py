"""Units, and the accounts of ranges that add up to that of the whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.formats import FORMATS
from harness.runs.execution import execute
from harness.runs.plan import Request, plan
from harness.runs.results import Run
from harness.runs.shards import manifest, parts
from harness.runs.shards.runner import UnitRunner
from harness.runs.shards.store import Store
from harness.runs.shards.units import divide

SHARD = 1 << 14
REQUEST = Request(("sigmoid",), ("numpy", "torch:eager"), ("float16",), (1,))
FRAMES = ("accuracy", "agreement", "findings", "laws", "curves", "distribution", "percentiles")
PASSING = ["seconds", "framework_seconds"]


def same(one: Run, other: Run) -> None:
    """Assert that all that was measured is the same."""
    for name in FRAMES:
        first, second = getattr(one, name), getattr(other, name)
        columns = [column for column in first if column not in PASSING]
        assert len(first)
        assert first[columns].equals(second[columns]), name


@pytest.fixture(scope="module")
def whole() -> Run:
    return execute(plan(REQUEST))


def test_the_size_of_a_shard_changes_nothing_that_is_measured(whole: Run) -> None:
    pieces = execute(plan(REQUEST), shard=SHARD, block=1 << 12)
    pieces.run_id = whole.run_id  # names the units, which are others
    for name in FRAMES:
        getattr(pieces, name)["run_id"] = getattr(whole, name)["run_id"]
    same(pieces, whole)
    for run in (pieces, whole):  # which the workers of both have told, whatever it is today
        assert all(10 << 20 < peak < 4 << 30 for peak in run.environments.peak_bytes.to_numpy(float, na_value=0))


def test_every_input_is_in_one_unit() -> None:
    work = plan(replace(REQUEST, formats=("float16", "float32"), inputs="100000"))
    for form in ("float16", "float32"):
        mine = [unit for unit in divide(work, SHARD) if work.tasks[unit.tasks[0]].case.format == form]
        units = [unit for unit in mine if unit.kind == "sweep"]
        assert [unit.name for unit in mine if unit.kind == "edges"] == [units[0].name] * (len(units) > 1)
        assert [unit.start for unit in units] == list(range(0, work.inputs[form].count, SHARD))
        assert units[-1].stop == work.inputs[form].count
        assert len({unit.identity for unit in units}) == len(units) == units[0].parts


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": "60000"},
        {"inputs": "60001", "seed": 1},
        {"inputs": "60001", "activations": ("elu(alpha=2)",)},
        {"inputs": "60001", "backends": ("numpy",)},
        {"inputs": "60001", "routes": ("autodiff",)},
    ],
)
def test_names_change_with_what_results_depend_on(change: dict[str, object]) -> None:
    asked = Request(("elu",), ("numpy", "torch:eager"), ("float32",), (1,), inputs="60001")
    first, second = (divide(plan(each))[0].name for each in (asked, replace(asked, **change)))  # type: ignore[arg-type]
    assert first != second
    assert first == divide(plan(asked))[0].name


def test_names_change_with_the_users_own_kernel(tmp_path: Path) -> None:
    kernel = tmp_path / "kernel.py"
    asked = Request(("sigmoid",), ("numpy",), ("float16",), (0,), implementations=(f"{kernel}:fast",))
    names = []
    for text in ("def fast(x): return x", "def fast(x): return x + 1"):
        kernel.write_text(text)
        names.append([unit.name for unit in divide(plan(asked))])
    assert names[0] != names[1]


def test_parts_survive_the_disk(tmp_path: Path) -> None:
    work = plan(replace(REQUEST, backends=("numpy",)))
    unit = divide(work, SHARD)[1]
    runner = UnitRunner(work, jobs=1)
    try:
        record = runner.do(unit, Store())
    finally:
        runner.close()
    store = Store(tmp_path)
    store.add(record)
    (again,) = Store(tmp_path).find(unit.identity)
    assert again.digest == record.digest
    form = FORMATS["float16"]
    before = parts.from_json(record.said, record.circumstances, form)
    after = parts.from_json(again.said, again.circumstances, form)
    assert before.kept.keys() == after.kept.keys()
    assert all(np.array_equal(bits, after.kept[case]) and bits.size == SHARD for case, bits in before.kept.items())
    assert before.tallies == after.tallies
    assert before.agreements == after.agreements
    assert before.digests == after.digests
    assert after.ranges == [(SHARD, 2 * SHARD)]


@given(st.permutations(range(4)))
def test_order_of_merging_is_of_no_account(order: list[int]) -> None:
    made = [parts.Part([(10 * n, 10 * n + 10)], {"case": ("ok", "")}, {"case": parts.Tally(digest=n)}) for n in range(4)]
    made[2].statuses["case"], made[3].statuses["case"] = ("failed", "second"), ("crashed", "third")
    merged = parts.merge(made[n] for n in order)
    assert merged.ranges == [(0, 40)]
    assert merged.statuses["case"] == ("failed", "second")
    assert not merged.tallies


def test_an_extended_run_measures_each_case_once(tmp_path: Path) -> None:
    more = replace(REQUEST, activations=("sigmoid", "relu"))
    work = manifest.plan_all([REQUEST, more])
    cases = [(task.implementation, task.case) for task in work.tasks]
    assert len(cases) == len(set(cases))
    alone = {unit.identity for unit in divide(plan(REQUEST))}
    assert alone < {unit.identity for unit in divide(work)}
    assert {task.request for task in work.tasks} == {0, 1}
    with pytest.raises(ValueError, match="seed 3: the run that is extended has 0"):
        manifest.plan_all([REQUEST, replace(more, seed=3)])
