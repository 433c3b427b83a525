"""softplus with a threshold: the definition on both sides of its jump, and frameworks held against it."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from mpmath import mp
from test_kernels import check_wide

from backends.protocol import Case
from harness.activations import ORDERS
from harness.case import Implementation, Task
from harness.catalogue import activation, parse
from harness.findings import extreme_parameters
from harness.findings.reproducers import copies, reproducer
from harness.formats import FORMATS
from harness.reference import kernels
from harness.reference.exact import Exact
from harness.reference.shape import shape, span
from harness.runs.plan import Request, plan
from lastbit import run

SMOOTH = (
    lambda u, beta: mp.log(1 + mp.exp(u)) / beta,
    lambda u, beta: 1 / (1 + mp.exp(-u)),
    lambda u, beta: beta * mp.exp(-u) / (1 + mp.exp(-u)) ** 2,
)
LINE = (lambda x: x, lambda x: 1, lambda x: 0)
TEXTS = (
    "softplus(threshold=20)",
    "softplus(beta=2, threshold=20)",
    "softplus(beta=0.5, threshold=0)",
    "softplus(threshold=-2)",
    "softplus(beta=4, threshold=0.25)",
)


def jump(text: str) -> float:
    (place,) = parse(text).kinks
    return place


def beside(place: float) -> list[float]:
    """Inputs on both sides of a place, next to it and further off."""
    next_to = [math.nextafter(place, side) for side in (-math.inf, math.inf)]
    return [*next_to, *(place + sign * step for step in (2.0**-30, 0.01, 0.3, 5.0, 60.0) for sign in (-1, 1))]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("text", TEXTS)
def test_the_definition_on_both_sides(text: str, order: int) -> None:
    given, place, exact = dict(parse(text).parameters), jump(text), Exact(parse(text), order)
    assert place == given["threshold"] / given["beta"]
    with mp.workdps(200):
        for x in beside(place):
            smooth = mp.mpf(x) * given["beta"] <= given["threshold"]
            known = SMOOTH[order](mp.mpf(x) * given["beta"], given["beta"]) if smooth else LINE[order](mp.mpf(x))
            assert abs(mp.mpf(exact.at(x).decimal(40)) - known) <= mp.mpf(10) ** -38 * abs(known), x


@pytest.mark.parametrize("text", TEXTS)
def test_at_the_jump_the_value_is_that_below_and_slopes_are_between(text: str) -> None:
    place, beta = jump(text), dict(parse(text).parameters)["beta"]
    with mp.workdps(40):
        value, *slopes = (float(each(mp.mpf(place) * beta, beta)) for each in SMOOTH)
    assert float(Exact(parse(text), 0).at(place).decimal(20)) == value > place
    for order, (slope, other) in enumerate(zip(slopes, (1.0, 0.0), strict=True), 1):
        found = Exact(parse(text), order).at(place)
        assert found.is_interval
        assert sorted((slope, other)) == pytest.approx(
            [float(end) for end in found.decimal(20).strip("[]").split(",")], rel=1e-15
        )


def test_without_a_threshold_nothing_is_different() -> None:
    plain = activation("softplus")
    assert plain.parameters == (("beta", 1.0),)
    assert str(plain) == "softplus(beta=1.0)"
    assert plain.kinks == ()
    assert float(Exact(plain, 0).at(30.0).decimal(30)) > 30
    assert activation("softplus", threshold=20).parameters == (("beta", 1.0), ("threshold", 20.0))
    assert Exact(activation("softplus", threshold=20), 0).at(30.0).decimal(30) == "30"


def test_the_farthest_threshold_there_is() -> None:
    """The smallest beta puts it beyond all of float32."""
    far, none = activation("softplus", beta=2.0**-126, threshold=2.0**127), activation("softplus", beta=2.0**-126)
    assert (far.kinks, none.kinks) == ((2.0**253,), ())
    assert Exact(far, 1).at(1.0).decimal(3) == Exact(none, 1).at(1.0).decimal(3) == "0.500"
    assert Exact(far, 1).at(2.0**300).decimal(3) == "1"


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("text", [*TEXTS, "softplus(threshold=200)", "hardshrink(lambd=0.1)", "softshrink(lambd=0.01)"])
def test_kernels_beside_the_jump(text: str, order: int) -> None:
    """Also nearer to zero than the series there reaches, which knows nothing of what is beyond a kink."""
    definition, form, place = parse(text), FORMATS["float32"], parse(text).kinks[-1]
    rng = np.random.default_rng(order)
    close = place + np.exp2(rng.uniform(-40, 1, 80)) * rng.choice([-1, 1], 80) * (abs(place) or 1)
    check_wide(definition, order, np.concatenate([beside(place), close]))
    x = form.decode(form.round(np.concatenate([beside(place), close]))).astype(np.float32)
    y, exact = np.empty(x.size), Exact(definition, order)
    kernels.narrow(definition, order).function(x, y)
    decided = np.flatnonzero(np.isfinite(y))
    assert decided.size > 30
    for index in decided.tolist():
        truth = exact.at(float(x[index]))
        if truth.sign == 0 or truth.is_normal(form):
            assert form.round(y[index : index + 1])[0] == truth.rounded(form), x[index]


def test_the_graph_has_two_pieces() -> None:
    """A jump is no dip, the mirror image of a threshold is none, and the least result is beside a jump."""
    for text in (*TEXTS, "softplus(threshold=200)", "softplus(threshold=1e30)"):
        place = jump(text)
        pieces = [(piece.low, piece.high, piece.slope) for piece in shape(parse(text), 0).pieces]
        assert pieces == [(-math.inf, place, 1), (place, math.inf, 1)]
        assert shape(parse(text), 1).pieces[-1].slope == 0
        assert not any(shape(parse(text), order).symmetry for order in ORDERS if place)
    assert span(parse("softplus(threshold=-2)"), 0, FORMATS["float64"]) == (-2.0, math.inf)
    assert span(parse("softplus(threshold=20)"), 0, FORMATS["float64"]) == (0.0, math.inf)


@pytest.fixture(scope="module")
def measured() -> Any:
    chosen: dict[str, Any] = {"formats": ("float64",), "routes": ("native", "autodiff"), "inputs": 8192, "laws": True}
    return run("softplus(threshold=20)", "softplus", backends=("torch:eager",), **chosen)


def test_pytorch_is_right_where_it_does_what_it_documents(measured: Any) -> None:
    """The same results, called with and without its own default, are right here, and a shortcut there."""
    rows = measured.accuracy[measured.accuracy.backend == "torch"]
    asked, plain = (rows[rows.parameters.str.contains("threshold") == there].set_index("order") for there in (True, False))
    assert (asked.output_digest == plain.output_digest).all()
    assert asked.loc[[0, 1]].max_ulp.max() < 2
    assert plain.loc[[0, 1]].max_ulp.min() > 1e4
    curves = measured.curves
    beyond = curves[(curves.backend == "torch") & curves.parameters.str.contains("threshold") & (curves.order == 0)]
    beyond = beyond[beyond.x_low >= 20]
    assert len(beyond) > 20
    assert set(beyond["class"]) == {"correct"}
    found = measured.findings[(measured.findings.backend == "torch") & (measured.findings.kind == "inaccurate")]
    (shortcut,) = found[found.order == 0].itertuples()
    assert set(found.parameters) == {"beta=1.0"}
    assert 20 < shortcut.low < 24
    laws = measured.laws[(measured.laws.backend == "torch") & measured.laws.parameters.str.contains("threshold")]
    shape_laws = laws[(laws.order == 0) & laws.law.isin(("monotone", "range", "limits"))]
    assert shape_laws.status.tolist() == ["holds"] * 3


def test_who_has_none_says_so() -> None:
    rows = run("softplus(threshold=20)", backends=("jax:eager", "numpy"), formats=("float64",), inputs=8192).accuracy
    reasons = dict.fromkeys(rows[rows.status == "unsupported"].reason)
    assert list(reasons) == ["JAX's softplus has no parameter for threshold = 20.0"]
    assert set(rows.route) == {"native", "autodiff"}  # no formula knows a threshold
    narrow = run("softplus(threshold=20)", backends=("numpy",), formats=("float16",)).accuracy.set_index("order")
    assert narrow.loc[0, "status"] == "ok"
    assert narrow.loc[1, "reason"] == "NumPy's where has no derivative in float16: autograd's is float64"


def test_extreme_thresholds_are_tried() -> None:
    """As 0, infinite, tiny and huge; the infinite one is no parameter of a definition, and is not judged."""
    case = Case("softplus", 0, "native", "float32", (("beta", 1.0), ("threshold", 20.0)))
    task, form = Task(0, Implementation("torch", "eager"), case), FORMATS["float32"]
    asked = dict(extreme_parameters.altered(task))
    assert {f"threshold={value}" for value in ("0", "inf", "7.888609e-31", "1.267651e+30")} <= set(asked)

    def apply(altered: Task, inputs: Any) -> Any:
        beta, threshold = (dict(altered.case.parameters)[name] for name in ("beta", "threshold"))
        u = form.decode(inputs) * beta
        smooth = np.maximum(u, 0) + np.log1p(np.exp(-np.abs(u)))
        return None if beta in extreme_parameters.VALUES else form.round(np.where(u > threshold, u, smooth) / beta)

    assert extreme_parameters.look(task, form, apply).broken == 0


@pytest.mark.parametrize("implementation", [Implementation("torch", "eager"), Implementation("numpy", "eager")], ids=str)
@pytest.mark.parametrize("text", ["softplus", "softplus(beta=2, threshold=3)"])
def test_scripts_call_the_same_function(implementation: Implementation, text: str) -> None:
    definition = parse(text)
    script = reproducer(implementation, Case("softplus", 0, "native", "float64", definition.parameters), copies(1.75))
    assert ("threshold" in script) == ("threshold" in text)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    (printed,) = eval(done.stdout.splitlines()[-1])
    assert float(printed) == pytest.approx(float(Exact(definition, 0).at(1.75).decimal(17)), rel=1e-14)


def test_no_formula_is_evaluated_for_a_threshold() -> None:
    tasks = plan(Request(("softplus(threshold=20)", "softplus"), ("torch:eager",), ("float32",))).tasks
    routes = {True: set(), False: set()}
    for task in tasks:
        routes["threshold" in dict(task.case.parameters)].add(task.case.route)
    assert routes[True] == {"native", "autodiff"} < routes[False]
