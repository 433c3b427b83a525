"""What people hand in, as files: each is called as it wants to be, and what it does besides is said."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backends.protocol import Case, Unsupported
from backends.registry import load as adapter
from backends.registry import spec
from backends.substitute import load, prepare
from backends.target import parse
from harness.catalogue import activation
from harness.formats import number_format
from harness.reference.exact import Exact

FOLDER = Path(__file__).parent / "kernels"
X = [-6.0, -2.5, -0.875, -0.375, 0.5, 0.75, 1.5, 5.0]
LENGTH = 64


@dataclass(frozen=True)
class Kernel:
    """A kernel of the folder, what it computes, and what is said of it.

    Attributes:
        backend: whose file it is in.
        words: that name it.
        name, parameters: of the activation.
        of: the activation of its derivatives, where that is another one.
        note: a part of what is said.
        lacks: a part of the reason why an order cannot be had, by order.
    """

    backend: str
    words: str
    name: str
    parameters: tuple[tuple[str, float], ...] = ()
    of: str = ""
    note: str = ""
    lacks: tuple[tuple[int, str], ...] = ()


BETA = (("beta", 2.0),)
NO_TAPE = (2, "a function of Python floats has no automatic differentiation")
KERNELS = [
    Kernel("torch", "MishFunction.apply", "mish"),
    Kernel("torch", "Softplus.apply", "softplus", BETA, lacks=((2, "@once_differentiable"),)),
    Kernel("torch", "Swish(beta=1.0)", "silu"),
    Kernel("torch", "Swish(beta=1.0).forward", "silu"),
    Kernel("torch", "RowRelu()", "relu", note="it takes no vector (ValueError), so it gets one as a tensor of 2 dimensions"),
    Kernel("torch", "get('swish')", "silu"),
    Kernel("torch", "relu_", "relu", note="it changes its input in place, so it gets a copy each time"),
    Kernel("torch", "value_and_input+from_value --gradient-takes value --item 0", "sigmoid"),
    Kernel("torch", "step+straight_through --gradient-takes upstream,input --gradient-of hard_tanh", "step", of="hard_tanh"),
    Kernel("torch", "scaled --with alpha=1.0", "sigmoid"),
    Kernel("torch", "PerChannel(1)", "silu", note="so its elements are taken in their order"),
    Kernel("torch", "Remembering().forward+Remembering().slope --gradient-takes upstream", "sigmoid"),
    Kernel("jax", "swish", "silu"),
    Kernel("jax", "sigmoid", "sigmoid"),
    Kernel("jax", "softplus", "softplus", BETA),
    Kernel("tensorflow", "sigmoid", "sigmoid"),
    Kernel("tensorflow", "Swish(beta=1.0)", "silu"),
    Kernel("tensorflow", "layer", "silu"),
    Kernel("tensorflow", "softplus", "softplus", BETA),
    Kernel("numpy", "Sigmoid().forward+Sigmoid().backward --gradient-takes upstream", "sigmoid"),
    Kernel("numpy", "Keeping().forward+Keeping().backward --gradient-takes upstream,input", "sigmoid"),
    Kernel("numpy", "keeps+of_the_last --gradient-takes upstream", "sigmoid"),
    Kernel("numpy", "plain", "sigmoid"),
    Kernel("numpy", "by_sign", "sigmoid", lacks=((1, "autograd cannot differentiate it (give --gradient)"), (2, "autograd"))),
    Kernel("numpy", "either+either --gradient-takes value --gradient-with deriv=True", "sigmoid"),
    Kernel("numpy", "relu_forward+relu_backward --item 0 --gradient-takes upstream,input", "relu"),
    Kernel("numpy", "of_floats+slope_of_floats --elementwise --gradient-takes value", "sigmoid", lacks=(NO_TAPE,)),
]


@cache
def backend(name: str) -> Any:
    return adapter(spec(name))("eager", "cpu", guest=True)


def computed(kernel: Kernel, order: int, format: str, notes: dict[str, str]) -> np.ndarray:
    """Results for vectors of copies of the inputs."""
    text = f"{kernel.backend}_kernels.py:{kernel.words}"
    own = bool(parse(text).gradient) and order == 1
    route = "native" if order == 0 or own else "autodiff"
    case = Case(kernel.name, order, route, format, kernel.parameters, substitute=load(text, str(FOLDER)))
    form, there = number_format(format), backend(kernel.backend)
    function = prepare(there, case, notes)
    bits = form.round(np.repeat(np.array(X), LENGTH // len(X)))
    return form.decode(there.store(there.synchronise(function(there.load(bits, format))), format))[:: LENGTH // len(X)]


def right(kernel: Kernel, order: int) -> list[float]:
    if kernel.name == "step" and not order:
        return [float(x > 0) for x in X]
    exact = Exact(activation(kernel.of or kernel.name, **dict(kernel.parameters)), order)
    return [float(exact.at(x).decimal(17)) for x in X]


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: f"{kernel.backend}:{kernel.words}")
@pytest.mark.parametrize("order", [0, 1, 2])
def test_kernels_are_called_as_they_want_to_be(kernel: Kernel, order: int) -> None:
    lacking, notes = dict(kernel.lacks).get(order), dict[str, str]()
    for format in ("float16", "float32"):
        if lacking:
            with pytest.raises(Unsupported) as refusal:
                computed(kernel, order, format, notes)
            assert lacking in str(refusal.value)
            continue
        found = computed(kernel, order, format, notes)
        assert found == pytest.approx(right(kernel, order), rel=0.02, abs=0.01), format
    notes.pop("constant", None)  # second derivatives of straight lines
    assert kernel.note in "; ".join(notes.values())
    assert bool(kernel.note) == bool(notes)


def test_a_function_of_floats_may_raise_and_is_rounded_once() -> None:
    """Python raises where it overflows; and of bfloat16 there is no type to round with."""
    notes: dict[str, str] = {}
    case = Case("sigmoid", 0, "native", "bfloat16", substitute=load("numpy_kernels.py:of_floats --elementwise", str(FOLDER)))
    form, there = number_format("bfloat16"), backend("torch")
    function = prepare(there, case, notes)
    x = np.concatenate([np.linspace(-9, 9, 999), [-1000.0, math.nan]])
    bits = form.round(x)
    found = there.store(function(there.load(bits, "bfloat16")), "bfloat16")
    exact = Exact("sigmoid", 0)
    for given, got in zip(bits[:-2].tolist(), found[:-2].tolist(), strict=True):
        assert got == exact.at(form.value(given)).rounded(form)
    assert np.isnan(form.decode(found[-2:])).all()
    assert "it raises OverflowError for some numbers, -1000.0 among them: counted as NaN" in notes.values()


@pytest.mark.parametrize(("framework", "words"), [("torch", "step"), ("torch", "cut"), ("tensorflow", "cut")])
def test_what_is_cut_off_from_its_input_is_said(framework: str, words: str) -> None:
    notes: dict[str, str] = {}
    assert not computed(Kernel(framework, words, "sigmoid"), 1, "float16", notes).any()
    assert notes["constant"].startswith("the framework does not see that its results depend on the input")


def test_a_function_of_floats_is_known_by_its_refusal() -> None:
    with pytest.raises(TypeError, match=r"it takes single numbers and no tensors \(TypeError\): say --elementwise"):
        computed(Kernel("numpy", "of_floats", "sigmoid"), 0, "float16", {})


def test_a_file_may_import_from_its_package(tmp_path: Path) -> None:
    package = tmp_path / "own_package"
    package.mkdir()
    for name, text in (("__init__", ""), ("helper", "def f(x): return x"), ("kernel", "from .helper import f")):
        (package / f"{name}.py").write_text(text)
    assert load("own_package/kernel.py:f", str(tmp_path)).function(3) == 3


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("value_and_input", "returned a tuple of 2: say which item is meant"),
        ("value_and_input --item 2", "returned 2 things: there is no item 2"),
        ("Swish", "Swish is a class: give what makes one of it, Swish()"),
        ("get('silu')", "silu"),
        ("scaled", "missing 1 required positional argument: 'alpha'"),
        ("wide", "returned float64 for float16 input"),
    ],
)
def test_what_goes_wrong_is_said(words: str, reason: str) -> None:
    with pytest.raises((TypeError, IndexError, KeyError)) as error:
        computed(Kernel("torch", words, "sigmoid"), 0, "float16", {})
    assert reason in str(error.value)


def test_a_value_of_another_type_is_said_of_its_gradient() -> None:
    notes: dict[str, str] = {}
    computed(Kernel("torch", "wide", "sigmoid"), 1, "float16", notes)
    assert list(notes.values()) == ["its value is of another type: returned float64 for float16 input"]
