"""Evidence against the slow judge, and right results against the search for symptoms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backends.protocol import Case
from harness.accuracy.classification import classify
from harness.accuracy.inputs import exhaustive, sampled
from harness.case import Implementation, Task
from harness.catalogue import activation, names
from harness.findings.evidence import CLASS, SIZE, chosen, examine
from harness.findings.symptoms import symptoms
from harness.formats import FORMATS, Format
from harness.reference.exact import Exact


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
        judged = classify(truth, int(found.bits[place]), int(found.outputs[0][place]), number)
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

    (found,) = planted("sigmoid", 1, lost)
    assert (found.kind, found.region) == ("early_underflow", "positive")
    assert 16.64 < found.nearest < 16.8
    assert 102 < found.high < 103.98  # where the exact results become zero
    assert "cancel" in found.cause
    (found,) = planted("silu", 0, overflowing)
    assert (found.kind, found.ulps) == ("nan", pytest.approx(np.nan, nan_ok=True))
    assert "e^|x| overflows" in found.cause
    kinds = {found.kind: found for found in planted("sigmoid", 0, beyond)}
    assert set(kinds) == {"range", "inaccurate"}
    assert kinds["inaccurate"].low == kinds["inaccurate"].high == 8.0
    assert [found.kind for found in planted("mish", 1, swallowed)] == ["nan_lost"]
    assert [(found.kind, found.low) for found in planted("tanh", 0, limit)] == [("special_value", -np.inf)]


def test_a_flushed_step_is_told_from_what_vanishes() -> None:
    """x/2 of silu is flushed next to zero, e^x far out, where results are larger; and float16 is never flushed."""

    def near(x: Any, y: Any) -> None:
        y[(np.abs(x) < 2.0**-125) & (x != 0)] = 0.0

    def far(x: Any, y: Any) -> None:
        y[x < -87.34] = -0.0

    def cancelled(x: Any, y: Any) -> None:
        y[np.abs(x) < 2.0**-24] = 0.0

    def honest(x: Any, y: Any) -> None:
        y[x == 2.0**-149] = 0.0

    assert {(found.kind, found.region) for found in planted("silu", 0, near)} == {("flush_to_zero", "near")}
    assert [(found.kind, found.region) for found in planted("silu", 0, far)] == [("early_underflow", "negative")]
    assert {found.kind for found in planted("tanh", 2, cancelled)} == {"early_underflow", "signed_zero"}
    assert not planted("silu", 0, honest)  # between 0 and 2^-149
    small = planted("sigmoid", 1, lambda x, y: np.copyto(y, 0.0, where=(x > 8.4) & (x < 30)), "float16")
    assert [found.kind for found in small] == ["early_underflow"]


def test_the_last_digits_of_a_limit_are_no_wrong_limit() -> None:
    def next_to_it(x: Any, y: Any) -> None:
        y[x == -np.inf] = np.nextafter(y[x == -np.inf], 0)

    def another(x: Any, y: Any) -> None:
        y[x == -np.inf] *= 1 + 2.0**-24

    assert not planted("selu", 0, next_to_it, "float64", 1 << 12)
    assert [found.kind for found in planted("selu", 0, another, "float64", 1 << 12)] == ["special_value"]


def test_subnormal_inputs_that_are_taken_for_zeros_are_flushed_at_a_kink_too() -> None:
    def flushed(x: Any, y: Any) -> None:
        y[np.abs(x) < 2.0**-126] = 1.0

    def on_one_side(x: Any, y: Any) -> None:
        y[np.abs(x) < 2.0**-126] = 1.0
        y[(x > 0) & (x < 2.0**-126)] = 0.5

    def compared(x: Any, y: Any) -> None:
        np.copyto(y, x, where=(x < 0) & (x > -(2.0**-126)))

    assert {found.kind for found in planted("leaky_relu", 1, flushed)} == {"flush_to_zero"}
    assert {found.kind for found in planted("leaky_relu", 1, on_one_side)} == {"inaccurate"}
    (found,) = planted("leaky_relu", 0, compared)
    assert (found.kind, found.cause) == ("inaccurate", "only subnormal inputs are affected, as where they are taken for zeros")


def test_a_constant_is_named_where_results_leave_the_range_as_well() -> None:
    """All gradients of leaky_relu are at least 0.01, and all of these are less on the left."""
    wrong = planted("leaky_relu", 1, lambda x, y: np.copyto(y, y * (1 - 2.0**-27), where=x < 0), "float64", 1 << 14)
    found = next(each for each in wrong if each.region == "near")
    assert found.kind == "range"
    assert "as a constant in float32 has" in found.cause


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
    assert np.array_equal(chosen(sampled(FORMATS["float64"], 1 << 12, 0)), np.arange(1 << 12))
    kept = chosen(exhaustive(FORMATS["float32"]))
    assert SIZE <= kept.size < 1.01 * SIZE
    assert np.all(np.diff(kept) > 0)
    assert len(np.unique(kept % (1 << 16))) > 0.9 * SIZE  # not the roundest numbers only
    assert 0x7F800000 in kept


@pytest.mark.parametrize("form", ["float32", "float64"])
def test_of_a_large_sample_inputs_from_everywhere_are_kept(form: str) -> None:
    """Rounds come in ascending order: the first of them would only know the beginning of each binade."""
    number = FORMATS[form]
    inputs = sampled(number, 1 << 20, seed=0)
    which = chosen(inputs)
    assert SIZE - 5000 < len(which) <= SIZE
    assert (np.diff(which) > 0).all()
    x = number.decode(inputs.block(0, inputs.count)[which])
    within, binade = np.frexp(np.abs(x[np.isfinite(x)]))
    for exponent, bins in ((-30, 8), (-3, 128), (0, 128), (6, 128), (30, 8)):
        parts, _ = np.histogram(within[binade == exponent], bins=bins, range=(0.5, 1))
        assert (parts > 0).all()
    assert np.isin(-x[np.isfinite(x)], x).all()


def test_formulas_of_the_same_bits_are_named_together() -> None:
    form, implementation = FORMATS["float16"], Implementation("numpy", "eager")
    bits = sampled(form, 2048, seed=3).block(0, 2048)
    with np.errstate(all="ignore"):
        s = 1 / (1 + np.exp(-bits.view(np.float16)))
    gradient = (s * (1 - s)).view(np.uint16)
    exact = form.round(examine(activation("sigmoid"), 1, form, bits, {}).best)
    routes = {"autodiff": gradient, "from_value": gradient, "exponential": exact, "factored": gradient}
    tasks = [Task(n, implementation, Case("sigmoid", 1, route, "float16")) for n, route in enumerate(routes)]
    found = examine(activation("sigmoid"), 1, form, bits, dict(enumerate(routes.values())))
    (symptom,) = [each for each in symptoms(found, tasks) if each.kind == "early_underflow"]
    assert "bit for bit the formulas from_value and factored" in symptom.cause
    found = examine(activation("sigmoid"), 1, form, bits, {0: gradient, 1: gradient})
    (symptom,) = [each for each in symptoms(found, tasks[:2]) if each.kind == "early_underflow"]
    assert "bit for bit the formula from_value" in symptom.cause
