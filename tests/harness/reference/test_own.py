"""Activations of the user's own: what is found out about them, and what is said of files that are wrong."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from harness.activations import Activation
from harness.catalogue import activation, parse
from harness.reference import kernels
from harness.reference.exact import Exact
from harness.reference.own import definitions
from harness.runs.plan import Request
from harness.runs.shards.manifest import begin, load, plan_all
from lastbit import run

EXAMPLE = Path(__file__).parents[3] / "docs" / "own_activations.py"


def defined(tmp_path: Path, text: str, name: str = "mine", file: str = "mine.py") -> Activation:
    (tmp_path / file).write_text(text)
    return parse(name, definitions(str(tmp_path / file)))


def test_kinks_and_limits_are_found() -> None:
    own = definitions(str(EXAMPLE))
    swish, ramp = parse("swish", own), parse("ramp(height=3)", own)
    assert repr(swish.limits) == "((-0.0, inf), (-0.0, 1.0), (-0.0, -0.0))"
    assert swish.kinks == ()
    assert repr(ramp.limits) == "((0.0, 3.0), (0.0, 0.0), (0.0, 0.0))"
    assert ramp.kinks == (0.0, 3.0)
    assert str(ramp) == "ramp(height=3.0)"


@pytest.mark.parametrize("name", ["softplus", "selu", "erf", "softsign", "hard_silu", "squareplus", "mish", "hardshrink"])
def test_what_is_found_is_what_the_catalogue_states(tmp_path: Path, name: str) -> None:
    """A definition of the catalogue, taken for one's own: splits of one analytic function are no kinks."""
    text = f"from harness.catalogue import activation as _a\ndef mine(x, f):\n    return _a({name!r}).expression(x, f)\n"
    mine, known = defined(tmp_path, text), activation(name)
    assert mine.kinks == known.kinks
    assert repr(mine.limits) == repr(known.limits)


def test_a_derivative_of_any_order_may_jump(tmp_path: Path) -> None:
    text = "def mine(x, f):\n    return f.split(x, 1, lambda: 0, lambda: (x - 1) * (x - 1) * (x - 1))\n"
    assert defined(tmp_path, text).kinks == (1.0,)


def test_stated_limits_stand(tmp_path: Path) -> None:
    text = "def mine(x, f):\n    return f.log1p(f.log1p(x * x))\n"
    with pytest.raises(ValueError, match=r"mine: its limit \(order 0\) at -∞ does not show: state"):
        defined(tmp_path, text)
    stated = text + "mine.limits = ((float('inf'), float('inf')), (-0.0, 0.0), (-0.0, -0.0))\n"
    assert defined(tmp_path, stated).limits[0] == (math.inf, math.inf)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def mine(x, f:\n", "is not Python"),
        ("raise RuntimeError('no\\nway')\n", "raises RuntimeError: no way"),
        ("import sys\nsys.exit(3)\n", "raises SystemExit: 3"),
        ("number = 1\n", "has no activations: write each as a function NAME"),
        ("def mine(x):\n    return x\n", r"mine\(x\) is no activation: give it the parameters \(x, f, NAME=NUMBER"),
        ("def mine(x, f, alpha):\n    return x\n", "is no activation"),
        ("def relu(x, f):\n    return x\n", "relu is in the catalogue: give it another name"),
        ("def mine(x, f):\n    return f.sin(x)\n", "mine is not an expression .*AttributeError.*use .*f.exp"),
        ("def mine(x, f):\n    return x if x > 0 else 0 * x\n", "mine is not an expression .*TypeError"),
        ("import math\ndef mine(x, f):\n    return math.exp(x)\n", "mine is not an expression .*TypeError"),
        ("def mine(x, f):\n    return 3.0\n", "mine is not an expression"),
        ("def mine(x, f):\n    return 1 / x\n", "mine has no result, or no derivatives, at x = 0.0"),
        ("def mine(x, f):\n    return f.log1p(x)\n", "mine has no result, or no derivatives, at x = -"),
        ("def mine(x, f):\n    return x\nmine.limits = 5\n", "mine.limits is 5: give three pairs of numbers"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        defined(tmp_path, text)
    assert "\n" not in str(caught.value)
    assert str(tmp_path / "mine.py") in str(caught.value)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match=r"cannot read nowhere\.py: No such file"):
        definitions("nowhere.py")


def test_two_definitions_of_one_name_never_share_a_reference(tmp_path: Path) -> None:
    """Also within one process, where references are kept by activation."""
    one = defined(tmp_path, "def mine(x, f):\n    return x / (1 + f.exp(-x))\n")
    other = defined(tmp_path, "def mine(x, f):\n    return x / (2 + f.exp(-x))\n")
    assert one != other
    for known, divisor in ((one, 1 + math.exp(-1)), (other, 2 + math.exp(-1))):
        result, x = np.empty(1), np.ones(1, np.float32)
        kernels.narrow(known, 0).function(x, result)
        assert result[0] == pytest.approx(1 / divisor, rel=1e-12)


def test_a_run_is_not_resumed_with_another_definition(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def mine(x, f):\n    return x * x\n")
    request = Request(own=str(file))
    begin(tmp_path, [request])
    assert load(tmp_path) == [request]
    assert [task.case.activation for task in plan_all(load(tmp_path)).tasks][:1] == ["mine"]
    file.write_text("def mine(x, f):\n    return x * x * x\n")
    with pytest.raises(ValueError, match=r"mine\.py is not what it was"):
        load(tmp_path)


def test_the_example_in_all_frameworks() -> None:
    """The expression as it stands, in each one's arithmetic; parameters arrive; what the naive form loses is found."""
    backends = ("numpy", "torch:eager", "jax:compiled", "tensorflow:compiled")
    result = run("swish", "swish(beta=1)", own=EXAMPLE, backends=backends, formats=("float16",), orders=(0, 1), inputs=3000)
    rows = result.accuracy
    assert set(rows.status) == {"ok"}
    assert len(rows) == 2 * 2 * 4
    plain = rows[rows.order == 0]
    assert (plain.p50_ulp < 1).all()
    assert plain.groupby("parameters").ngroups == 2
    truth = Exact(parse("swish", definitions(str(EXAMPLE))), 0)
    worst = plain[plain.parameters.str.contains("1.5")].iloc[0]
    assert worst.worst_exact == truth.at(worst.worst_input).decimal(30)
    found = result.findings[(result.findings.kind == "nan") & (result.findings.order == 1)]
    assert {"numpy", "jax"} <= set(found.backend)  # where e^-βx overflows
