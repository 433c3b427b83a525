"""``assert_accurate``: what it lets pass, what it catches, what it says; and in test files of another project."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.accuracy.classification import classify
from harness.catalogue import activation
from harness.formats import FORMATS
from harness.reference.exact import Exact
from harness.testing.assertion import assert_accurate
from harness.testing.faults import Examiner

ROOT = Path(__file__).parents[3]
HALF = FORMATS["float16"]


def right(x: Any) -> Any:
    return torch.sigmoid(x.double()).to(x.dtype)


def rounded(name: str, order: int, bits: np.ndarray) -> np.ndarray:
    exact = Exact(name, order)
    return np.array([exact.at(HALF.value(int(b))).rounded(HALF) for b in bits], np.uint16)


def complaint(*arguments: Any, **options: Any) -> str:
    with pytest.raises(AssertionError) as error:
        assert_accurate(*arguments, **options)
    return str(error.value)


def test_the_correctly_rounded_result_passes_at_half_an_ulp() -> None:
    assert_accurate(right, "sigmoid", format="float16", max_ulp=0.501)  # rounded twice, by way of float32
    assert_accurate(right, "sigmoid", format="bfloat16", max_ulp=0.501)
    bits = np.arange(0, 1 << 16, 7, dtype=np.uint16)
    for name in ("sigmoid", "relu"):
        for order in (0, 1, 2):
            arrays = (bits.view(np.float16), rounded(name, order, bits).view(np.float16))
            assert_accurate(arrays, name, order=order, max_ulp=0.5)


def test_derivatives_are_the_frameworks() -> None:
    said = complaint(torch.sigmoid, "sigmoid", order=1, format="bfloat16", allow=("flushed",))
    assert "sigmoid (torch): 712 of 65,536 results are not sigmoid' in bfloat16 (max_ulp=1, allow=('flushed',))" in said
    assert "vanished: 487, the worst 3 of them\n    x = 6.25 (0x40c8): got 0.0 (0x0000), right is 0.00192 (0x3afc)" in said
    assert "error above 1 ulp: 225" in said
    assert "flushed" not in said.partition("\n")[2]
    assert_accurate(
        right,
        "sigmoid",
        order=1,
        format="bfloat16",
        gradient=lambda x: (torch.sigmoid(x.double()) * torch.sigmoid(-x.double())).to(x.dtype),
    )


MUTANTS = {
    "nan": ({0x3E00: 0x7E00}, "nan: 1\n    x = 1.5 (0x3e00): got nan (0x7e00), right is 0.8174 (0x3a8a)"),
    "ulp": ({0x3E00: 0x3A8B}, "error above 0.51 ulp: 1\n    x = 1.5 (0x3e00): got 0.818 (0x3a8b), right is 0.8174 (0x3a8a)"),
    "tail": ({0xC820: 0x0000}, "vanished: 1\n    x = -8.25 (0xc820): got 0.0 (0x0000), right is 0.0002613 (0x0c48)"),
    "zero": ({0xCD00: 0x8000}, "zero sign: 1\n    x = -20.0 (0xcd00): got -0.0 (0x8000), right is 0.0 (0x0000)"),
    "sign": ({0xCC00: 0x8002}, "wrong sign: 1\n    x = -16.0 (0xcc00): got -1e-07 (0x8002), right is 1e-07 (0x0002)"),
    "infinity": ({0x3E00: 0x7C00}, "overflowed: 1\n    x = 1.5 (0x3e00): got inf (0x7c00)"),
    "limit": ({0x7C00: 0x3BFF}, "special: 1\n    x = inf (0x7c00): got 0.9995 (0x3bff), right is 1.0 (0x3c00)"),
    "flushed": ({0xCB00: 0x0000}, "flushed: 1\n    x = -14.0 (0xcb00): got 0.0 (0x0000), right is 8.3e-07 (0x000e)"),
}
KINDS = {"ulp": "", "zero": "zero_sign", "sign": "wrong_sign", "tail": "vanished", "infinity": "overflowed", "limit": "special"}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_one_wrong_result_among_all_is_named(mutant: str) -> None:
    changes, words = MUTANTS[mutant]
    bits = np.arange(1 << 16, dtype=np.uint16)
    outputs = right(torch.from_numpy(bits.view(np.float16))).numpy().view(np.uint16)
    assert_accurate((bits.view(np.float16), outputs.view(np.float16)), "sigmoid", max_ulp=0.51)
    for at, put in changes.items():
        outputs[at] = put
    arrays = (bits.view(np.float16), outputs.view(np.float16))
    said = complaint(arrays, "sigmoid", max_ulp=0.51)
    assert said.startswith("the arrays: 1 of 65,536 results are not sigmoid in float16 (max_ulp=0.51)\n")
    assert words in said
    allowed = KINDS.get(mutant, mutant)
    if allowed:
        assert_accurate(arrays, "sigmoid", max_ulp=0.51, allow=(allowed,))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_fast_judge_agrees_with_the_slow_one(data: st.DataObject) -> None:
    """Whatever results are given, what is counted is what ball arithmetic says of each."""
    name = data.draw(st.sampled_from(["sigmoid", "relu", "tanh", "softplus"]))
    order, limit = data.draw(st.integers(0, 2)), data.draw(st.sampled_from([0.0, 0.5, 1.0, 3.25]))
    inputs = np.array(data.draw(st.lists(st.integers(0, 65535), min_size=1, max_size=30, unique=True)), np.uint16)
    outputs = rounded(name, order, inputs) if name != "softplus" else inputs.copy()
    for place in data.draw(st.lists(st.integers(0, len(inputs) - 1), max_size=10)):
        outputs[place] = (int(outputs[place]) + data.draw(st.sampled_from([1, 65535, 4, 0x8000, 0x7C00]))) % 65536
    examiner = Examiner(activation(name), order, HALF, limit, ())
    examiner.add(inputs, outputs)
    expected: dict[str, int] = {}
    exact = Exact(name, order)
    for x, y in zip(inputs.tolist(), outputs.tolist(), strict=True):
        truth = exact.at(HALF.value(x))
        judged = classify(truth, x, y, HALF)
        above = False
        if judged.cls in ("correct", "faithful", "inaccurate") and not np.isnan(judged.ulps):
            above = truth.compare_error(y, HALF, Fraction(limit)) > 0 if limit else judged.ulps > 0
        bad = judged.cls in ("nan", "special", "overflowed", "vanished", "flushed")
        kind = judged.cls if bad else "wrong_sign" if judged.wrong_sign else "error" if above else ""
        kind = kind or ("zero_sign" if judged.zero_sign else "")
        if kind:
            expected[kind] = expected.get(kind, 0) + 1
    assert examiner.faults.counts == expected


def test_an_error_next_to_the_limit_is_decided_by_ball_arithmetic() -> None:
    """The fast reference knows errors in float32 to 2^-19 ulp; here they are 2^-30 from the limit."""
    single, exact = FORMATS["float32"], Exact("sigmoid", 1)
    inputs = single.round(np.random.default_rng(1).uniform(-9, 9, 200))
    for bits in inputs.tolist():
        truth = exact.at(single.value(bits))
        result = truth.rounded(single) + 1
        error = truth.error_ulps(result, single)
        for limit, wrong in ((error - 2**-30, 1), (error + 2**-30, 0)):
            examiner = Examiner(activation("sigmoid"), 1, single, limit, ())
            examiner.add(np.array([bits], np.uint32), np.array([result], np.uint32))
            assert examiner.faults.counts.get("error", 0) == wrong


def test_a_zero_may_have_either_sign_where_the_function_is_constant() -> None:
    zeros = np.array([0.0, -0.0], np.float32)
    assert_accurate((zeros[[1, 1]], zeros), "relu")
    assert "zero sign: 1" in complaint((zeros[[0, 0]], zeros), "relu")


def test_arrays_of_every_framework() -> None:
    x = np.linspace(-4, 4, 1000, dtype=np.float32)
    y = (1 / (1 + np.exp(-x.astype(np.float64)))).astype(np.float32)
    for pair in ((x, y), (torch.from_numpy(x), y), (jnp.asarray(x), torch.from_numpy(y))):
        assert_accurate(pair, "sigmoid")
    short = x.astype(ml_dtypes.bfloat16)
    assert_accurate((short, torch.from_numpy(x).bfloat16().relu()), "relu")
    assert_accurate((jnp.asarray(short), torch.from_numpy(x).bfloat16().relu()), "relu", format="bfloat16")


def test_functions_of_every_framework_are_known() -> None:
    assert_accurate(lambda x: jnp.maximum(x, 0), "relu", format="float16")
    assert_accurate(torch.nn.ReLU(), "relu", format="float16", backend="torch")
    assert_accurate(lambda x: np.maximum(x, 0), "relu", format="float16")
    with pytest.raises(ValueError, match="say backend= one of jax, torch"):
        assert_accurate(lambda x: x if jnp else torch, "relu")


def test_nothing_of_the_process_is_changed() -> None:
    code = """if True:
        import os, torch, numpy as np, jax.numpy as jnp
        from harness.testing import assert_accurate
        def state():
            return torch.get_num_threads(), jnp.asarray(1.0).dtype, np.geterr(), dict(os.environ)
        torch.set_num_threads(2)
        before = state()
        assert_accurate(torch.relu, "relu", format="float16")
        assert_accurate(lambda x: jnp.maximum(x, 0), "relu", format="float16")
        assert_accurate(lambda x: np.maximum(x, 0), "relu", format="float16")
        assert state() == before, (state(), before)
        """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((torch.relu, "reloo"), {}, "unknown activation 'reloo'"),
        ((torch.relu, "relu"), {"order": 3}, "unknown order 3: choose from 0, 1, 2"),
        ((torch.relu, "relu"), {"format": "float8"}, "unknown format 'float8'"),
        ((torch.relu, "relu"), {"allow": ("flush",)}, "unknown word 'flush' in allow: choose from nan, special"),
        ((torch.relu, "relu"), {"max_ulp": float("nan")}, "max_ulp nan"),
        ((torch.relu, "relu"), {"inputs": "many", "format": "float32"}, "inputs 'many'"),
        ((torch.relu, "relu"), {"backend": "caffe"}, "unknown backend 'caffe'"),
        ((lambda x: x[:-1], "relu"), {"backend": "torch", "format": "float16"}, "returned shape (65535,) for 65536 inputs"),
        ((np.zeros(3), "relu"), {}, "give a function, or a pair of arrays"),
        (((np.zeros(3), np.zeros(4)), "relu"), {}, "they must be alike"),
        (((np.zeros(3), np.zeros(3, np.float32)), "relu"), {}, "they must be alike"),
        (((np.zeros(3, int), np.zeros(3, int)), "relu"), {}, "an array of int64: choose from"),
        (((np.zeros(3), np.zeros(3)), "relu"), {"format": "float32"}, "the arrays are float64, not float32"),
    ],
)
def test_requests_that_make_no_sense(arguments: Any, options: Any, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        assert_accurate(*arguments, **options)


def test_other_types_are_not_cast() -> None:
    with pytest.raises(TypeError, match="returned float32 for float16 input"):
        assert_accurate(lambda x: torch.relu(x.float()), "relu", format="float16")


BROKEN = {
    "vanished_tail": ["vanished: 15", "x = -8.06 (0xc101): got 0.0 (0x0000), right is 0.000315 (0x39a5)"],
    "one_nan": ["nan: 1", "x = 1.5 (0x3fc0): got nan", "right is 0.816 (0x3f51)"],
    "one_ulp": ["error above 0.51 ulp: 1", "x = 1.5 (0x3fc0): got 0.82 (0x3f52), right is 0.816 (0x3f51)"],
    "zero_sign": ["zero sign: 1", "x = -100.0 (0xc2c8): got -0.0 (0x8000), right is 0.0 (0x0000)"],
}


@pytest.mark.parametrize("framework", ["torch", "jax", pytest.param("tensorflow", marks=pytest.mark.slow)])
def test_in_another_project(framework: str, tmp_path: Path) -> None:
    """The planted mutants fail their tests, with the input and the bits; the right kernel passes."""
    file = tmp_path / f"test_{framework}.py"
    file.write_text((ROOT / "tests" / "project" / f"accuracy_{framework}.py").read_text())
    plugin = ["-p", "harness.testing.pytest_plugin", "-p", "no:lastbit"]  # by its name, whatever is installed here
    command = [sys.executable, "-m", "pytest", "-q", "--strict-markers", "-p", "no:cacheprovider", *plugin, file.name]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False, timeout=300)
    assert "5 failed, 3 passed" in done.stdout, done.stdout + done.stderr
    for kernel, words in BROKEN.items():
        assert f"{kernel} ({framework}): " in done.stdout
        for each in words:
            assert each in done.stdout
    lost = r"vanished: \d+, the worst 3 of them\n.* x = [56]\.\d+ \(0x40..\): got 0\.0 \(0x0000\)"
    assert re.search(rf"textbook \({framework}\): .*\n.* {lost}", done.stdout)


@pytest.mark.parametrize("framework", ["torch", "numpy"])
def test_numpy_and_one_framework_are_enough(framework: str) -> None:
    others = {"torch", "jax", "tensorflow", "autograd", "pandas", "pyarrow", "rich", "typer", "pytest"} - {framework}
    code = f"import sys\nfor name in {sorted(others)}: sys.modules[name] = None\n"
    code += f"from harness.testing import assert_accurate\nimport {framework} as xp\n"
    code += "assert_accurate(lambda x: xp.clip(x, 0, None), 'relu', format='float16')\nprint('right')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout == "right\n", done.stderr
