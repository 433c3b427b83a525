"""The model of what a run costs: its arithmetic, and that it tells beforehand what then happens."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from commandline import lastbit, refusal

from backends.worker import _processor_seconds
from harness.runs.execution import execute
from harness.runs.plan import EVERYTHING, Request, plan
from harness.runs.shards.cost import Rates, Table, costs, forecast, rates, spent, starting
from harness.runs.shards.manifest import begin
from harness.runs.shards.measured import reduce, renew
from harness.runs.shards.runner import UnitRunner, block_length
from harness.runs.shards.state import state
from harness.runs.shards.store import Store
from harness.runs.shards.units import KINDS, divide
from harness.workers.implementations import every_mode

ASKED = Request(("sigmoid",), ("numpy", "torch"), ("float32",), (1,))


def core_seconds(request: Request, laboratories: int = 1) -> float:
    work = plan(request)
    return float(sum(forecast(work, divide(work), rates(), laboratories)["core_seconds"].values()))


@pytest.mark.parametrize(
    "more",
    [
        {"inputs": str(1 << 24)},
        {"inputs": "exhaustive"},
        {"activations": ("sigmoid", "tanh")},
        {"backends": ("numpy", "torch", "jax")},
        {"formats": ("float32", "float64")},
        {"formats": ("float32", "bfloat16")},
        {"orders": (1, 2)},
        {"laws": True},
        {"formats": ("float32", "float64"), "search": 1 << 18},
    ],
)
def test_more_costs_more(more: dict[str, Any]) -> None:
    assert core_seconds(replace(ASKED, **more)) > core_seconds(ASKED)


def test_exhaustive_costs_what_inputs_cost() -> None:
    """Without what is paid once, 2^32 inputs cost 1024 times what 2^22 cost."""
    few, all_ = (plan(replace(ASKED, inputs=inputs)) for inputs in (str(1 << 22), "exhaustive"))
    sample, whole = (costs(work, divide(work), rates()) for work in (few, all_))
    for kind in ("frameworks", "comparison"):
        assert whole[kind] == pytest.approx(1024 * sample[kind])
    assert whole["finish"] == pytest.approx(sample["finish"])
    assert whole["preparation"] == pytest.approx(2 * sample["preparation"])  # the edges are looked for afterwards


def test_parts_add_up_to_the_pass_and_prepare_it_again() -> None:
    work = plan(replace(ASKED, inputs="exhaustive"))
    units = [unit for unit in divide(work) if unit.kind == "sweep"]
    whole, some, rest = (costs(work, mine, rates()) for mine in (units, units[:5], units[5:]))
    for kind in ("frameworks", "comparison", "finish"):
        assert some[kind] + rest[kind] == pytest.approx(whole[kind])
    assert some["preparation"] == rest["preparation"] == whole["preparation"] > 0
    assert costs(work, units, rates(), 4)["preparation"] == pytest.approx(4 * whole["preparation"])
    assert costs(work, units[:2], rates(), 4)["preparation"] == pytest.approx(2 * whole["preparation"])


def test_a_slower_machine_takes_longer() -> None:
    work = plan(ASKED)
    units, known = divide(work), rates()
    slower = replace(known, factor=2 * known.factor)
    for one, two in zip(costs(work, units, known).values(), costs(work, units, slower).values(), strict=True):
        assert two == pytest.approx(2 * one)
    assert starting(work, units, slower) == pytest.approx(2 * starting(work, units, known))
    assert forecast(work, units, slower)["bytes"] == forecast(work, units, known)["bytes"]


def test_what_is_missing_costs_nothing() -> None:
    work = plan(ASKED)
    for task in work.tasks:
        task.fail("missing", "not here")
    found = forecast(work, divide(work), rates())
    assert found["results"] == 0
    assert set(found["core_seconds"].values()) == {0.0}


def test_what_was_not_measured_is_the_mean_of_what_is_nearest() -> None:
    table = Table([(("a", 0), 1, (2.0, 10.0)), (("a", 1), 3, (6.0, 20.0)), (("b", 0), 4, (1.0, 0.0))])
    assert table("a", 1) == (6.0, 20.0)
    assert table("a", 2) == (5.0, 17.5)
    assert table("c", 0) == (3.0, 8.75)
    with pytest.raises(ValueError, match="no rates"):
        Table([])("a")


def test_the_model() -> None:
    """The sums of docs/planning.md, with rates that can be told apart; blocks are filled up, for the frameworks alone."""
    inputs = 3 << 20  # a block and a half
    work = plan(replace(ASKED, inputs=str(inputs), laws=True))
    one = {"start": (2.0,), "frameworks": (0.5, 0.25, 10.0), "functions": (7.0, 3.0, 1.0, 1.5), "finish": (0.1, 1000.0, 10.0)}
    one |= {"search": (1.0,), "laws": (0.75,)}
    tables: dict[str, Any] = {name: Table([((), 1, figures)]) for name, figures in one.items()}
    known = Rates(**tables, frames=100, exp=1.0, passes={}, factor=2.0)
    cases = len(work.tasks)
    of_laws = sum(task.case.route == "autodiff" for task in work.tasks)
    found = forecast(work, divide(work), known)
    assert found["core_seconds"] == {
        "start": pytest.approx(2 * 3 * 2.0),  # NumPy, PyTorch in two modes
        "preparation": pytest.approx(2 * (7.0 + cases * 0.25)),
        "frameworks": pytest.approx(2 * 1.5 * cases * 10e-9 * (4 << 20), abs=1e-3),
        "comparison": pytest.approx(2 * inputs * (3e-9 + cases / 2 * 1e-9), abs=1e-3),
        "finish": pytest.approx(2 * 0.1 * cases / 2),
        "search": 0.0,
        "laws": pytest.approx(2 * 0.75 * of_laws),
    }
    assert found["bytes"] == {"finished": 1000 * cases / 2, "parts": 0, "frames": 100 * cases}
    assert found["memory"] == 2 * (cases + 1) * (8 << 20)


FIRST, REST = 2_000_000, 10_000_000


def row(**changed: Any) -> dict[str, Any]:
    """What a pass with two cases of NumPy and one that JAX lacks is measured as, where the rates are those of the test below."""
    whole = {"format": "float32", "activation": "sigmoid", "order": 1, "exp": 0.5, "done": [0.3, 3000], "part_bytes": 500}
    whole |= {"first_inputs": FIRST, "inputs": REST, "harness_first": 2 + FIRST * 13e-9, "harness": REST * 13e-9}
    numpy = ["numpy:eager", "own", True, 0.25 + FIRST * 7e-9, REST * 7e-9]
    whole["alone"] = {"inputs": REST, "harness": REST * 9e-9, "cases": [numpy]}
    return whole | {"cases": [numpy, numpy, ["jax:eager", "own", False, 0.0, 0.0]]} | changed


def test_rates_are_found_again() -> None:
    other = row(activation="tanh", cases=[["numpy:eager", "own", True, 0.25 + FIRST * 14e-9, REST * 14e-9]])
    laws = {"laws": "numpy:eager", "format": "float32", "cases": 4, "harness": 1.0, "workers": 3.0}
    search = {"search": 1000, "order": 1, "harness": 1e-6, "workers": 2e-6}
    fields = json.loads(json.dumps(reduce([row(), other, {"start": {"numpy:eager": 2.0}}, laws, search], 1234.4)))
    found = {name: {tuple(key): figures for key, _, figures in fields[name]} for name in fields if isinstance(fields[name], list)}
    ns = (7 + 7 + 14) / 3
    share, first, per_input = found["frameworks"]["float32", "numpy:eager", "own", 1]
    assert (share, per_input) == (1.0, pytest.approx(ns, 1e-3))
    assert first == pytest.approx(0.25, 1e-3)
    assert found["frameworks"]["float32", "jax:eager", "own", 1] == [0.0, 0.0, 0.0]
    kernels, reference, comparison, relative = found["functions"]["float32", 1, "sigmoid"]
    assert (kernels, reference, comparison) == (pytest.approx(2), pytest.approx(5), pytest.approx(4))
    assert relative == pytest.approx(14 / (2 * ns), 1e-3)
    assert found["functions"]["float32", 1, "tanh"][3] == pytest.approx(14 / ns, 1e-3)
    assert found["finish"]["float32",] == [pytest.approx(0.2), pytest.approx(2000), pytest.approx(375)]
    assert found["start"]["numpy:eager",] == [2.0]
    assert found["laws"]["float32", "numpy:eager"] == [1.0]
    assert found["search"][1,] == [3.0]
    assert (fields["frames"], fields["exp"], fields["passes"]) == (1234, 0.5, {"float32": 2})
    # Laws measured anew, on a machine that is half as fast: what they take there counts half.
    renewed = renew(fields, [{**laws, "format": "float16"}, {**laws, "harness": 5.0}], 1.0)
    assert renewed.pop("laws") == [[["float16", "numpy:eager"], 4, [0.5]], [["float32", "numpy:eager"], 4, [1.0]]]
    assert renewed.items() <= fields.items()


def test_compilers_count() -> None:
    """What a case has to compile is charged to its first block; nothing is compiled for those that follow."""
    never_compiled = f"celu(alpha={random.SystemRandom().uniform(1, 2)})"
    work = plan(Request((never_compiled,), ("torch:compiled",), ("float32",), (0,), ("native",), inputs=str(1 << 16)))
    runner = UnitRunner(work, 1, 1 << 12)
    try:
        record = runner.do(divide(work)[0], Store())
    finally:
        runner.close()
    ((first, further),) = record.circumstances["processor"].values()
    assert first > 10 * further > 0


def test_processes_that_were_waited_for_count() -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    before = _processor_seconds()
    subprocess.run([sys.executable, "-c", burn], check=True)
    assert _processor_seconds() - before >= 0.3


def test_where_a_run_stands_against_its_plan(tmp_path: Path) -> None:
    request = Request(("sigmoid", "relu"), ("numpy", "libm"), ("float16", "float32"), (0,), inputs="100000", laws=True)
    work = plan(request)
    begin(tmp_path, [request])
    execute(work, folder=tmp_path, share=(1, 2))
    half = state(tmp_path)["core_seconds"]
    assert min(half.values()) > 0
    execute(work, folder=tmp_path)
    whole = state(tmp_path)["core_seconds"]
    assert whole["left"] == whole["left_at_this_pace"] == 0.0
    assert whole["spent"] > half["spent"]
    assert whole["planned"] == pytest.approx(half["planned"] + half["left"], abs=0.005)
    assert whole["spent"] == pytest.approx(sum(map(spent, Store(tmp_path).records)), abs=1e-3)
    of_kind = {record.unit.split("-")[0]: set(record.circumstances["costs"]) for record in Store(tmp_path).records}
    assert of_kind == {"pass": {"harness", "wall", "finish"}, "laws": {"harness", "workers"}}
    sizes = sum(file.stat().st_size for file in (tmp_path / "finished").iterdir())
    assert sizes / 3 < forecast(work, divide(work), rates())["bytes"]["finished"] < sizes * 3


def test_the_command() -> None:
    done = lastbit("plan", "sigmoid", "--backend", "numpy", "--inputs", "exhaustive", "--workers", "2", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    work = plan(Request(("sigmoid",), ("numpy",), inputs="exhaustive"))
    kinds = Counter(unit.kind for unit in divide(work))
    assert (kinds["sweep"], kinds["edges"]) == (len(divide(work)) - 3, 3)
    assert found["units"] == {kind: kinds[kind] for kind in KINDS}
    assert found["results"] == sum(work.inputs_of(task).count for task in work.tasks)
    assert found["core_hours"] == pytest.approx(sum(found["core_seconds"].values()) / 3600, abs=1e-3)
    assert found["hours"] == pytest.approx(found["core_hours"] / 2, abs=1e-3)
    told = lastbit("plan", "sigmoid", "--backend", "numpy").stdout
    assert all(word in told for word in ("units", "results", "core-seconds", "time", "on disk", "in memory", "this machine"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], "unknown activation 'nothing'"),
        (["--all", "relu"], "give either names or --all"),
        (["--format", "float64", "--inputs", "exhaustive"], "too many to enumerate"),
        (["--workers", "-1"], "workers -1"),
    ],
)
def test_requests_that_make_no_sense(arguments: list[str], words: str, tmp_path: Path) -> None:
    assert words in refusal("plan", *arguments, cwd=tmp_path)


UNITS, LENGTH = 10, 1 << 22


@pytest.mark.exhaustive
def test_the_plan_of_everything_is_what_then_happens() -> None:
    """Of `lastbit run --all --inputs exhaustive`, units chosen at random take what was planned within a factor of 1.5.

    Of a shard of float32 so many inputs are computed behind the first block, and count for all of it.
    """
    work = plan(Request(EVERYTHING, every_mode(), inputs="exhaustive", laws=True))
    sample = random.Random(7).sample(divide(work), UNITS)
    runner, planned, taken = UnitRunner(work, 1), 0.0, 0.0
    try:
        for unit in sorted(sample, key=lambda unit: unit.kind != "sweep"):
            planned += sum(costs(work, [unit], rates()).values())
            if unit.stop - unit.start <= LENGTH:
                taken += spent(runner.do(unit, Store()))
                continue
            block = block_length(work.inputs["float32"].format, 1 << 32)
            begin = replace(unit, stop=unit.start + block)
            more = replace(unit, start=begin.stop, stop=begin.stop + LENGTH)
            taken += spent(runner.do(begin, Store()))
            taken += spent(runner.do(more, Store())) * (unit.stop - begin.stop) / LENGTH
    finally:
        runner.close()
    print(f"planned {planned:.0f} core-seconds, taken {taken:.0f}")
    assert planned / 1.5 < taken < planned * 1.5
