"""Runs of several machines as one: what agrees is one row, other environments have their own, and what differs is found."""

from __future__ import annotations

import platform
from dataclasses import replace
from pathlib import Path

import pytest

from harness.runs.execution import execute
from harness.runs.plan import Request, plan
from harness.runs.results import Run
from harness.runs.shards.collection import RECOMPUTED, collect
from harness.runs.shards.merge import merge
from harness.runs.shards.store import Record, Store
from harness.runs.shards.units import divide
from lastbit import run

ASKED = {"backends": ("numpy",), "formats": ("float32",), "orders": (0,), "inputs": 4096}
SHARD = 1 << 14
PIECES = Request(("tanh",), ("numpy",), ("float16",), (1,))


def merged(out: Path, *folders: Path) -> Run:
    return collect(*merge(out, folders))


@pytest.mark.skipif(platform.machine() != "x86_64", reason="needs a processor whose instruction sets NumPy can be told to leave")
def test_other_instruction_sets_are_other_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = run("tanh", "exp", out=tmp_path / "here", **ASKED)
    monkeypatch.setenv("NPY_DISABLE_CPU_FEATURES", "X86_V3 X86_V4 AVX512_ICL AVX512_SPR")
    there = run("tanh", "exp", out=tmp_path / "there", **ASKED)
    assert set(here.accuracy.output_digest) != set(there.accuracy.output_digest)
    both = merged(tmp_path / "both", tmp_path / "here", tmp_path / "there")
    for one in (here, there):
        assert set(one.accuracy.output_digest) <= set(both.accuracy.output_digest)
    assert len(both.accuracy) == len(here.accuracy) + len(there.accuracy)
    assert set(both.accuracy.inputs) == {4096}
    assert len(both.environments) == 2
    assert both.environments.variables.nunique() == 2
    assert RECOMPUTED not in set(both.laws.law)


def test_the_order_of_merging_is_of_no_account(tmp_path: Path) -> None:
    run("tanh", out=tmp_path / "a", **ASKED)
    run("relu", out=tmp_path / "b", **ASKED)
    pairs = (("ab", ("a", "b")), ("ba", ("b", "a")))
    first, second = (merged(tmp_path / out, *(tmp_path / name for name in names)).accuracy for out, names in pairs)
    assert set(first.activation) == {"tanh", "relu"}
    sort = ["activation", "route"]  # rows are in the order in which they were asked for
    assert first.sort_values(sort, ignore_index=True).equals(second.sort_values(sort, ignore_index=True))


def test_other_inputs_are_refused(tmp_path: Path) -> None:
    run("tanh", out=tmp_path / "a", **ASKED)
    run("relu", out=tmp_path / "b", **ASKED | {"inputs": 5000})
    with pytest.raises(ValueError, match=r"b/finished/pass-relu.* is of another run, or of inputs"):
        merge(tmp_path / "out", [tmp_path / "a", tmp_path / "b"])
    assert not (tmp_path / "out").exists()


def altered(record: Record, where: str) -> Record:
    """The same range with other results of one case."""
    digests = {span: dict(cases) for span, cases in record.said["digests"].items()}
    case = next(iter(digests[where]))
    digests[where][case] = "0123456789abcdef"
    return replace(record, said=record.said | {"digests": digests})


@pytest.mark.parametrize("part", [False, True])
def test_a_range_that_gives_other_results_elsewhere_is_a_finding(tmp_path: Path, part: bool) -> None:
    """One of four shards, or the whole pass, computed again by somebody who gets something else."""
    work = plan(PIECES)
    shard = SHARD if part else 1 << 16
    units = divide(work, shard)
    execute(work, shard=shard, folder=tmp_path)
    store = Store(tmp_path)
    (done,) = (record for record in store.records if record.unit.startswith("pass-"))
    clean = collect(work, units, store)
    assert RECOMPUTED not in set(clean.laws.law)
    last = [unit for unit in units if unit.kind == "sweep"][-1]
    where = f"{last.start}-{last.stop}"
    other = altered(done, where)
    if part:
        said = other.said | {"digests": {where: other.said["digests"][where]}}
        other = Record(last.identity, done.environment, said)
    store.add(other)
    result = collect(work, units, Store(tmp_path))
    (law,) = result.laws[result.laws.law == RECOMPUTED].to_dict("records")
    assert law["status"] == "broken"
    assert where in law["where"]
    assert "0123456789abcdef" in law["where"]
    (finding,) = result.findings[result.findings.kind == RECOMPUTED].to_dict("records")
    assert finding["diagnosis"] == "not deterministic"
    if part:  # what was measured first still counts
        assert result.accuracy.equals(clean.accuracy)
