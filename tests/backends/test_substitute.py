"""Functions of the user's own in the place of the frameworks'."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from backends.arrays import Arrays
from backends.protocol import Case, Unsupported
from backends.registry import load as adapter
from backends.registry import spec
from backends.substitute import Substitute, load, prepare, routes_of
from backends.target import Target, parse

ADAPTERS = [("numpy", "eager"), ("torch", "eager"), ("torch", "compiled"), ("jax", "eager"), ("jax", "compiled")]


@pytest.fixture(scope="module", params=ADAPTERS, ids=":".join)
def backend(request: pytest.FixtureRequest) -> Any:
    name, mode = request.param
    return adapter(spec(name))(mode, "cpu")


def results(backend: Any, case: Case, x: np.ndarray) -> np.ndarray:
    function = prepare(backend, case)
    bits = backend.store(backend.synchronise(function(backend.load(x.view(np.uint32), "float32"))), "float32")
    return bits.view(np.float32)


def cubic(x: Any) -> Any:
    return x * x * x


def slope(x: Any) -> Any:
    return 4 * x * x  # wrong on purpose: it is told from the derivative


X = np.array([-2.0, 0.5, 3.0, 1.0] * 16, np.float32)


def test_value_and_derivatives_are_the_functions_own(backend: Any) -> None:
    for order, route, expected in ((0, "native", X**3), (1, "autodiff", 3 * X**2), (2, "autodiff", 6 * X)):
        assert results(backend, Case("sigmoid", order, route, "float32", substitute=Substitute(cubic)), X) == pytest.approx(
            expected
        )


def test_a_gradient_of_its_own_is_asked_and_differentiated(backend: Any) -> None:
    for order, route, expected in ((0, "native", X**3), (1, "native", 4 * X**2), (2, "autodiff", 8 * X)):
        assert results(
            backend, Case("sigmoid", order, route, "float32", substitute=Substitute(cubic, slope)), X
        ) == pytest.approx(expected)


def test_formulas_take_the_functions_value(backend: Any) -> None:
    case = Case("sigmoid", 1, "from_value", "float32", substitute=Substitute(cubic))
    assert results(backend, case, X) == pytest.approx(X**3 * (1 - X**3))


def test_parameters_are_passed_to_keywords(backend: Any) -> None:
    case = Case("softplus", 0, "native", "float32", (("beta", 3.0),), substitute=Substitute(lambda x, beta=1.0: beta * x))
    assert results(backend, case, X) == pytest.approx(3 * X)
    assert results(
        backend, Case("softplus", 0, "native", "float32", (("beta", 3.0),), substitute=Substitute(cubic)), X
    ) == pytest.approx(X**3)


@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_it_is_called_as_others_are(mode: str, tmp_path: Path) -> None:
    """Otherwise one of two equal functions takes longer: to enter no_grad is 9 % of a sigmoid of 65,536 numbers in PyTorch."""
    (tmp_path / "own.py").write_text("import torch\ndef mine(x, f): return x * float(torch.is_grad_enabled())\n")

    def own(x: Any) -> Any:
        return x * float(torch.is_grad_enabled())

    backend = adapter(spec("torch"))(mode, "cpu")
    plain = results(backend, Case("mine", 0, "native", "float32", definition=str(tmp_path / "own.py")), X)
    assert np.array_equal(results(backend, Case("mine", 0, "native", "float32", substitute=Substitute(own)), X), plain)


def test_an_adapter_that_takes_none_is_refused() -> None:
    class Deaf(Arrays):
        def prepare(self, case: Case) -> Any:
            return lambda x: x

    with pytest.raises(Unsupported, match="the adapter Deaf takes no functions"):
        prepare(Deaf(), Case("sigmoid", 0, "native", "float32", substitute=Substitute(cubic)))


def test_targets() -> None:
    assert parse("a/b c.py:f.g+h") == Target("a/b c.py", "f.g", "h")
    assert parse("package.module:name") == Target("package.module", "name")
    assert parse("k.py:Mish()") == Target("k.py", "Mish()")
    assert parse("k.py:get('a, b').forward") == Target("k.py", "get('a,\\x20b').forward")
    assert parse("k.py:Swish(beta = -1.0).forward+Swish(beta = -1.0).slope") == Target(
        "k.py", "Swish(beta=-1.0).forward", "Swish(beta=-1.0).slope"
    )
    words = "k.py:f --gradient other.py:g --gradient-takes upstream,value --gradient-of 'elu(alpha=0.5)'"
    words += " --with alpha=1.0 --with mode='a b' --item 0 --elementwise"
    fixed = (("alpha", 1.0), ("mode", "a b"))
    full = Target("k.py", "f", "g", "other.py", "upstream,value", "elu(alpha=0.5)", fixed, 0, True)
    assert parse(words.replace("mode='a b'", "\"mode='a b'\"")) == full
    assert parse(str(full)) == full
    assert full.files == ("k.py", "other.py")
    assert ", " not in str(parse("k.py:f('a, b', (1, 2), x = [3, 4]) --with \"x=('a, b', 2)\""))
    assert str(parse("k.py:f --gradient k.py:g")) == "k.py:f+g"
    for text in (
        "",
        "f",
        "a.py",
        "a.py:",
        ":f",
        "a.py:f+",
        "a.py:1f",
        "a b:f",
        "=a.py:f",
        "-a.py:f",
        "a.py:f\n",
        "a\x1b.py:f",
        "a.py:f(x)",
        "a.py:f(g())",
        "a.py:f(**{})",
        "a.py:f[0]",
        "a.py:f-g",
        "a.py:(lambda: 1)()",
        "a.py:f+g+h",
        "a.py:" + "(" * 900,
        "a.py:f --item x",
        "a.py:f --item",
        "a.py:f --with 3=4",
        "a.py:f --with a=b",
        "a.py:f --gradient-takes value",
        "a.py:f+g --gradient-takes output",
        "a.py:f+g --gradient h",
        "a.py:f --item 0 --items 3",
    ):
        with pytest.raises(ValueError, match="implementation"):
            parse(text)


def test_routes_of_a_gradient() -> None:
    known = ("autodiff", "from_value")
    plain, sloped = parse("a.py:f"), parse("a.py:f+g")
    assert [routes_of(plain, order, known) for order in (0, 1, 2)] == [known] * 3
    assert [routes_of(sloped, order, known) for order in (0, 1, 2)] == [known, ("native",), ("autodiff",)]


def test_loading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_kernels.py").write_text("import own_helper\nn = 3\nclass K:\n    f = staticmethod(own_helper.f)\n")
    (tmp_path / "own_helper.py").write_text("def f(x): return x + 1\ndef g(x): return x\n")
    own = load("own_kernels.py:K.f+own_helper.g", str(tmp_path))
    assert own.function(1) == 2
    assert own.gradient is not None
    assert own.gradient(1) == 1
    assert load("own_helper:f", str(tmp_path)).function(1) == 2
    with pytest.raises(AttributeError, match=r"own_kernels\.py has no missing"):
        load("own_kernels.py:missing", str(tmp_path))
    with pytest.raises(TypeError, match=r"n in own_kernels\.py is no function but of type int"):
        load("own_kernels.py:n", str(tmp_path))
