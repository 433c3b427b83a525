"""Evidence against the slow judge, and right results against the search for symptoms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backends.protocol import Case
from harness.catalogue import activation, names
from harness.evidence import CLASS, SIZE, chosen, examine
from harness.exact import Exact
from harness.formats import FORMATS, Format
from harness.inputs import exhaustive, sampled
from harness.judge import judge
from harness.sweep import Task
from harness.symptoms import symptoms
from harness.workers import Implementation


def task(name: str, order: int, form: Format, number: int = 0) -> Task:
    """A case that some implementation answered."""
    case = Case(name, order, "autodiff" if order else "native", form.name, activation(name).parameters)
    return Task(number, Implementation("numpy", "eager"), case)


@pytest.mark.parametrize("form", ["float16", "float32", "float64"])
@pytest.mark.parametrize(("name", "order"), [("sigmoid", 1), ("tanh", 2), ("relu", 1)])
def test_classes_and_errors_are_the_judges(name: str, order: int, form: str) -> None:
    number = FORMATS[form]
    inputs = sampled(number, 3000, seed=5).block(0, 3000)
    random = np.random.default_rng(1)
    best = number.round(examine(activation(name), order, number, inputs, {}).best)
    inputs = inputs[np.argsort(number.decode(inputs), kind="stable")]
    outputs = best + random.integers(-3, 4, best.size).astype(best.dtype)  # neighbours, wrapping round at zero
    outputs[random.random(best.size) < 0.1] = 0
    outputs[random.random(best.size) < 0.1] = number.inf_bits
    outputs[random.random(best.size) < 0.1] = number.nan_bits
    found = examine(activation(name), order, number, inputs, {0: outputs})
    exact = Exact(activation(name), order)
    checked = random.permutation(best.size)[:600]
    for place in checked.tolist():
        truth = exact.at(float(found.x[place]))
        judged = judge(truth, int(found.bits[place]), int(found.outputs[0][place]), number)
        if abs(judged.ulps - 1) > 1e-6:  # what the fast reference alone cannot decide
            assert found.classes[0][place] == CLASS[judged.cls], (found.x[place], judged)
        if not np.isnan(judged.ulps) and judged.ulps < 1e6:
            assert found.errors[0][place] == pytest.approx(judged.ulps, rel=1e-3, abs=1e-3)
    assert len({int(found.classes[0][place]) for place in checked}) >= 4


@pytest.mark.parametrize("form", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("name", names())
def test_right_results_have_no_symptoms(name: str, form: str) -> None:
    number = FORMATS[form]
    count = 1 << (13 if number.bits < 64 else 10)
    bits = sampled(number, count, seed=3).block(0, count)
    for order in (0, 1, 2):
        best = number.round(examine(activation(name), order, number, bits, {}).best)
        ascending = bits[np.argsort(number.decode(bits), kind="stable")]
        found = examine(activation(name), order, number, ascending, {0: best})
        assert not list(symptoms(found, [task(name, order, number)]))


def planted(name: str, order: int, change: Any, form: str = "float32", count: int = SIZE) -> list[Any]:
    """The symptoms of results that are right but for a change."""
    number = FORMATS[form]
    bits = sampled(number, count, seed=3).block(0, count)
    bits = bits[np.argsort(number.decode(bits), kind="stable")]
    right = examine(activation(name), order, number, bits, {})
    values = right.best.copy()
    change(right.x, values)
    found = examine(activation(name), order, number, bits, {0: number.round(values)})
    return list(symptoms(found, [task(name, order, number)]))


def test_what_is_planted_is_named() -> None:
    def lost(x: Any, y: Any) -> None:
        y[x > 16.64] = 0.0

    def overflowing(x: Any, y: Any) -> None:
        y[(x > 88.8) & (x < 300)] = np.nan

    def beyond(x: Any, y: Any) -> None:
        y[x == 1.0] = 1.0000001
        y[x == 8.0] = 0.9  # within the range

    def swallowed(x: Any, y: Any) -> None:
        y[np.isnan(x)] = 0.0

    def limit(x: Any, y: Any) -> None:
        y[x == -np.inf] = 1.0

    found, subnormal = planted("sigmoid", 1, lost)
    assert (found.kind, found.region) == ("early_underflow", "positive")
    assert (subnormal.kind, subnormal.nearest) == ("flush_to_zero", pytest.approx(87.5, rel=0.01))
    assert 16.64 < found.nearest < 16.8
    assert "cancel" in found.cause
    (found,) = planted("silu", 0, overflowing)
    assert (found.kind, found.ulps) == ("nan", pytest.approx(np.nan, nan_ok=True))
    assert "e^|x| overflows" in found.cause
    kinds = {found.kind: found for found in planted("sigmoid", 0, beyond)}
    assert set(kinds) == {"range", "inaccurate"}
    assert kinds["inaccurate"].low == kinds["inaccurate"].high == 8.0
    assert [found.kind for found in planted("mish", 1, swallowed)] == ["nan_lost"]
    assert [(found.kind, found.low) for found in planted("tanh", 0, limit)] == [("special_value", -np.inf)]


def test_what_underflows_is_no_zero_that_excuses_errors() -> None:
    def lost(x: Any, y: Any) -> None:
        y[x < -40] = 0.0

    found, *_ = planted("selu", 1, lost, "float64", 1 << 13)
    assert (found.kind, found.low) == ("early_underflow", -700.0)


def test_what_any_arithmetic_would_do_next_to_a_zero_is_no_symptom() -> None:
    def rounded(x: Any, y: Any) -> None:
        y += 2.0**-24 * np.where((y < 0) & (x < -1.4) & (x > -1.6), 0.1, 0.0)

    def wrong(x: Any, y: Any) -> None:
        y += 2.0**-24 * np.where((y < 0) & (x < -1.4) & (x > -1.6), 1000.0, 0.0)

    assert not planted("hard_silu", 1, rounded)  # the zero of hard_silu' is at -1.5
    assert {found.kind for found in planted("hard_silu", 1, wrong)} == {"inaccurate"}


def test_a_fixed_set_of_inputs_is_kept() -> None:
    assert np.array_equal(chosen(exhaustive(FORMATS["float16"])), np.arange(1 << 16))
    assert np.array_equal(chosen(sampled(FORMATS["float64"], 1 << 20, 0)), np.arange(SIZE))
    kept = chosen(exhaustive(FORMATS["float32"]))
    assert SIZE <= kept.size < 1.01 * SIZE
    assert np.all(np.diff(kept) > 0)
    assert len(np.unique(kept % (1 << 16))) > 0.9 * SIZE  # not the roundest numbers only
    assert 0x7F800000 in kept
