"""Whole runs with real worker processes: the frames, faults of every kind, and planted defects."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.accuracy.classification import CLASSES, classify
from harness.case import Implementation
from harness.formats import FORMATS
from harness.frames import frame
from harness.reference.exact import Exact
from harness.runs.execution import execute
from harness.runs.plan import Plan, Request, plan
from harness.runs.saved import TIMES
from harness.workers.implementations import every_mode, parse_backend
from harness.workers.process import Worker
from lastbit import run

BLOCK = 1 << 14


def measure(*backends: str, activation: str = "sigmoid", inputs: str = "60000", **limits: Any) -> pd.DataFrame:
    request = Request((activation,), backends, ("float32",), (0,), ("native",), inputs=inputs, seed=1)
    return execute(plan(request), block=BLOCK, **limits).accuracy


def test_frameworks_together() -> None:
    """All four frameworks on one 16-bit format: classes add up, and known facts come out."""
    result = run(backends=("numpy", "torch:eager", "jax:compiled", "tensorflow:eager"), formats=("float16",), inputs="exhaustive")
    rows = result.accuracy
    assert set(rows.status) == {"ok"}
    assert (rows[list(CLASSES)].sum(axis=1) == 65536).all()
    assert rows.exhaustive.all()
    gradient = rows[(rows.backend == "torch") & (rows.order == 1)]
    assert set(gradient.route) == {"autodiff", "from_value", "mirrored", "exponential"}
    vanished = gradient.set_index("route").vanished
    assert vanished["from_value"] > 0
    assert vanished["mirrored"] == vanished["exponential"] == 0
    assert (rows[rows.backend == "torch"].definition_note == "").all()
    dying = gradient[gradient.route.isin(["autodiff", "from_value"])].first_vanished_positive
    assert np.allclose(dying.astype(float), 8.3203125)  # 8.32 was reported
    pair = result.agreement[
        (result.agreement["first"] == "torch:eager autodiff") & (result.agreement.second == "torch:eager from_value")
    ]
    assert int(pair[pair.order == 1].differing.iloc[0]) == 0  # autograd's gradient is the textbook formula
    numpy_gradient = rows[(rows.backend == "numpy") & (rows.route == "autodiff")]
    assert numpy_gradient.backend_version.str.contains("autograd").all()
    assert set(result.environments.backend) == {"numpy", "torch", "jax", "tensorflow"}
    assert (rows.instruction_sets == rows.instruction_sets.iloc[0]).all()


def test_same_tallies_whatever_the_blocks_and_jobs() -> None:
    frames = [
        run(
            "tanh", backends=("numpy", "torch:eager"), formats=("float32",), inputs=100_000, seed=5, block=block, jobs=jobs
        ).accuracy
        for block, jobs in ((1024, 1), (1 << 15, 3))
    ]
    columns = [name for name in frames[0].columns if name not in ("run_id", "seconds", "framework_seconds")]
    pd.testing.assert_frame_equal(frames[0][columns], frames[1][columns])


FAULTS = {
    "hangs": ("timeout", "no answer within"),
    "short": ("failed", "returned shape (16383,) for 16384 inputs"),
    "raises": ("failed", "FloatingPointError: no such luck"),
    "dies": ("crashed", "killed by signal 6 (SIGABRT)"),
    "exits": ("crashed", "exited with code 3"),
    "casts": ("failed", "TypeError: returned float64 for float32 input"),
    "broken": ("missing", "ImportError: libbroken.so.1: cannot open shared object file"),
}


def test_faults_cost_one_row_each(plugins: None) -> None:
    """Everything that can go wrong goes wrong at once; the others' rows are as if they were alone."""
    modes = ("right", "chatters", "flushes", "nan", *FAULTS)
    rows = measure("numpy", *(f"faulty:{mode}" for mode in modes), start_limit=10.0, call_limit=10.0)
    by_mode = rows[rows.backend == "faulty"].set_index("mode")
    for mode, (status, reason) in FAULTS.items():
        assert by_mode.loc[mode, "status"] == status, by_mode.loc[mode, "reason"]
        assert reason in by_mode.loc[mode, "reason"]
        assert pd.isna(by_mode.loc[mode, "inputs"])
    alone = rows[rows.backend == "numpy"].iloc[0]
    figures = [*CLASSES, "max_ulp", "mean_ulp", "output_digest"]
    for mode in ("right", "chatters"):
        assert by_mode.loc[mode, "status"] == "ok"
        assert list(by_mode.loc[mode, figures]) == list(alone[figures])
    assert by_mode.loc["flushes", "flushed"] > alone.flushed  # its own arithmetic, not the harness's
    assert by_mode.loc["nan", "nan"] + by_mode.loc["nan", "correct"] == 60000
    assert by_mode.loc["nan", "nan"] > 59000


def test_a_dead_worker_is_restarted_for_its_next_case(plugins: None) -> None:
    request = Request(("sigmoid", "tanh"), ("faulty:dies",), ("float32",), (0,), ("native",), inputs="60000")
    rows = execute(plan(request), block=BLOCK).accuracy
    assert list(rows.status) == ["crashed", "crashed"]
    request = Request(("sigmoid", "tanh"), ("faulty:dies",), ("float32",), (0,), ("native",), inputs=str(BLOCK))
    rows = execute(plan(request), block=BLOCK).accuracy  # one block each: the second call is another case's
    assert sorted(rows.status) == ["ok", "ok"] or list(rows.status) == ["ok", "crashed"]


@pytest.mark.parametrize("times", [1, 5, 6])
def test_kill_in_mid_sweep_leaves_the_others_right(times: int, plugins: None) -> None:
    """kill -9 from outside, while blocks are being computed: five times the block is computed again."""
    request = Request(("sigmoid",), ("numpy", "faulty:right"), ("float32",), (0,), ("native",), inputs="3000000")
    killed: list[int] = []

    def progress(task: Any, count: int) -> None:
        if task.implementation.backend == "faulty" and task.done == 2 + len(killed) and len(killed) < times:
            children = subprocess.run(
                ["pgrep", "-f", "backends.worker --backend faulty"], capture_output=True, text=True, check=True
            )
            mine = [int(word) for word in children.stdout.split() if _parent(int(word)) == os.getpid()]
            killed.extend(mine)
            for process in mine:
                os.kill(process, signal.SIGKILL)

    rows = execute(plan(request), block=BLOCK, progress=progress).accuracy.set_index("backend")
    assert len(killed) == times
    assert rows.loc["faulty", "status"] == ("crashed" if times == 6 else "ok")
    assert rows.loc["numpy", "status"] == "ok"
    for backend in rows.index[rows.status == "ok"]:
        assert rows.loc[backend, list(CLASSES)].sum() == 3_000_000
    if times < 6:
        undisturbed = execute(plan(request), block=BLOCK).accuracy.set_index("backend")
        passing = [*TIMES["accuracy"]]
        assert rows.drop(columns=passing).equals(undisturbed.drop(columns=passing))


def test_whenever_a_worker_is_killed_the_frames_are_the_same(
    plugins: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """While it starts, while it computes a block, and while its invariances are checked, alone and with two threads."""
    monkeypatch.setenv("MOODY", "steady")
    request = Request(("sigmoid",), ("moody:eager",), ("float32",), (0,), ("native",), inputs="60000", laws=True)
    undisturbed = execute(plan(request), block=BLOCK)
    monkeypatch.setenv("FATE", str(tmp_path))
    for occasion in ("start-1", f"{BLOCK}-1", "67-1", "start-2", f"{1 << 17}-2"):
        (tmp_path / occasion).touch()
    killed = execute(plan(request), block=BLOCK)
    assert not list(tmp_path.iterdir())
    for name in ("accuracy", "laws", "environments", "findings"):
        passing = TIMES.get(name, ())
        one, two = (getattr(result, name).drop(columns=[*passing]) for result in (undisturbed, killed))
        pd.testing.assert_frame_equal(one, two)
    assert set(killed.accuracy.status) == {"ok"}


def _parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


MUTANTS = {  # the inputs changed, and what is put in the place of the right result
    "one_ulp": (range(0x3FC00000, 0x3FC00001), lambda bits: bits + 1),
    "one_nan": (range(0x3FC00000, 0x3FC00001), lambda bits: 0x7FC00000),
    "one_subnormal": (range(0xC2B20000, 0xC2B20001), lambda bits: 0),
    "zero_sign": (range(0xC3000000, 0xC3000001), lambda bits: 0x80000000),
    "one_binade": (range(0x40000000, 0x40800000), lambda bits: bits + 1),
}


@pytest.mark.exhaustive
def test_mutants_among_all_inputs(plugins: None) -> None:
    """One wrong bit pattern in 2^32 is found, in the right class; the unchanged original has none."""
    request = Request(
        ("sigmoid",),
        ("mutant:none", *(f"mutant:{mode}" for mode in MUTANTS)),
        ("float32",),
        (0,),
        ("native",),
        inputs="exhaustive",
    )
    result = execute(plan(request))
    rows = result.accuracy.set_index("mode")
    columns = [*CLASSES, "wrong_sign", "zero_sign"]
    assert (rows[list(CLASSES)].sum(axis=1) == 1 << 32).all()
    original = rows.loc["none"]
    assert original.max_ulp < 0.5 + 1e-6
    form, exact = FORMATS["float32"], Exact("sigmoid", 0)
    for mode, (inputs, change) in MUTANTS.items():
        change_of = {name: int(rows.loc[mode, name] - original[name]) for name in columns}
        pair = result.agreement[
            (result.agreement["first"] == "mutant:none native") & (result.agreement.second == f"mutant:{mode} native")
        ]
        assert int(pair.differing.iloc[0]) == len(inputs)
        if len(inputs) > 1:
            assert change_of["correct"] == -len(inputs)
            assert change_of["faithful"] + change_of["inaccurate"] == len(inputs)
            assert min(change_of["faithful"], change_of["inaccurate"]) > len(inputs) // 4  # errors from 0.5 to 1.5
            continue
        truth = exact.at(form.value(inputs[0]))
        judged = classify(truth, inputs[0], change(truth.rounded(form)), form)
        expected = dict.fromkeys(columns, 0)
        expected["correct"] -= 1
        expected[judged.cls] += 1
        expected["zero_sign"] = int(judged.zero_sign)
        assert change_of == expected, mode


def test_missing_framework_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.workers.implementations.installed_version", lambda spec: None if spec.name == "jax" else "1")
    work: Plan = plan(Request(("relu",), ("numpy", "jax:eager"), ("float16",), (0,), (), inputs="2048"))
    rows = execute(work).accuracy.set_index("backend")
    assert rows.loc["jax", "status"] == "missing"
    assert "pip install" in rows.loc["jax", "reason"]
    assert rows.loc["numpy", "status"] == "ok"


def test_tensorflow_worker_has_no_more_than_it_needs() -> None:
    worker = Worker(Implementation("tensorflow", "eager"))
    worker.start()
    try:
        assert worker.ready() is False  # it had been started
        assert worker.hello
        libraries = Path(f"/proc/{worker._process.pid}/maps").read_text()  # type: ignore[union-attr]
        loaded = [
            name
            for name in ("tensorflow", "pandas", "pyarrow", "scipy", "jaxlib", "matplotlib", "PIL")
            if f"/{name}/" in libraries
        ]
        assert loaded == ["tensorflow"]
    finally:
        worker.stop()


def test_no_orphans_when_the_harness_is_killed(plugins: None, tmp_path: Path) -> None:
    """Even a worker that hangs goes when its parent does."""
    command = "from lastbit import run; run(backends=('faulty:hangs',), formats=('float32',), orders=(0,), inputs=2048)"
    mark = tmp_path / "hangs"
    parent = subprocess.Popen([sys.executable, "-c", command], cwd=tmp_path, env=os.environ | {"FAULTY_HANGS": str(mark)})
    try:
        while not mark.exists():
            assert parent.poll() is None
            time.sleep(0.1)
        found = subprocess.run(["pgrep", "-P", str(parent.pid)], capture_output=True, text=True, check=True).stdout.split()
    finally:
        parent.kill()
        parent.wait()
    for _ in range(3000):
        if not any(Path(f"/proc/{process}").exists() for process in found):
            return
        time.sleep(0.1)
    pytest.fail(f"workers {found} outlived their parent")


def test_many_activations_have_a_smaller_sample() -> None:
    names = ("sigmoid", "tanh", "relu", "silu", "mish")
    counts = [plan(Request(some, ("numpy",), ("float32",), (0,))).inputs["float32"].count for some in (names[:4], names)]
    assert counts == [1 << 22, 1 << 20]
    assert plan(Request(names, ("numpy",), ("float32",), (0,), inputs="5000")).inputs["float32"].count == 5000


def test_every_mode_is_each_backend_in_all_its_modes() -> None:
    words = every_mode()
    assert {"numpy:eager", "torch:compiled", "jax:eager", "tensorflow:xla"} <= set(words)
    assert [str(each) for word in words for each in parse_backend(word)] == list(words)


def test_a_frame_keeps_every_bit_of_an_encoding() -> None:
    bits = [0x3FE0000000000001, 0xBFF8000000000000, 0xC088A00000000000, 0x4088800000000000]
    for column in (bits, [*bits, None]):
        assert frame([{"bits": each} for each in column], {"bits": "UInt64"}).bits.tolist()[:4] == bits
