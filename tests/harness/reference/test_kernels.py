"""The fast kernels against ball arithmetic: bounds, and the promises of one-sided and exact results."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from definitions import CLIP, EXPONENTIAL, SHRINK, STEP, SWISH

from harness.activations import Activation
from harness.catalogue import activation, names, parse
from harness.formats import FORMATS
from harness.reference import balls, kernels
from harness.reference.exact import Exact
from harness.reference.kernels import machine
from harness.runs.plan import EVERYTHING

CASES = [(name, order) for name in names() for order in (0, 1, 2)]

DEFINITIONS = [activation(name) for name in names()] + [SWISH, CLIP, SHRINK, STEP, EXPONENTIAL]
DEFINITIONS += [parse("softplus(threshold=20)"), parse("softplus(threshold=-2)"), parse("hardshrink(lambd=0.1)")]
NEGLIGIBLE, ENORMOUS = 2.0**-200, 2.0**200


def points(rng: np.random.Generator, least: float, largest: float, count: int) -> np.ndarray:
    """Inputs over all magnitudes, densely where the functions bend, and at the kernels' own thresholds."""
    spread = np.exp2(rng.uniform(math.log2(least), math.log2(largest), count)) * rng.choice([-1, 1], count)
    bends = rng.uniform(-45, 45, count)
    edges = [
        edge * factor for edge in (2.0**-13, 2.0**-40, 40.0, 20.0, 160.0, 104.0) for factor in (1 - 2.0**-20, 1, 1 + 2.0**-20)
    ]
    # Short numbers: their results, in the first terms of a series, are ties or close to one.
    short = np.ldexp(rng.integers(1, 16, count), rng.integers(round(math.log2(least)), 3, count))
    return np.concatenate([spread, bends, edges, np.negative(edges), short * rng.choice([-1, 1], count)])


def enclosure(exact: Exact, x: float, bits: int) -> Fraction:
    """The exact result to 200 bits, as a fraction."""
    return Fraction(exact.at(x).decimal(bits * 30103 // 100000 + 2))


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("celu", {"alpha": 0.1}), ("squareplus", {"b": 0.01}), ("mish", {}), ("elu", {"alpha": 3.0}), ("elu", {"alpha": 0.7})],
)
def test_next_to_zero_all_is_decided_where_only_precision_hides_a_short_number(name: str, parameters: dict[str, float]) -> None:
    """celu's slope there is (1/alpha) alpha, which balls do not know to be 1; mish's is 3/5, and 0.7 is a bit less than 7/10."""
    x = np.ldexp(np.linspace(1, 2, 999, dtype=np.float32), np.arange(-149, 850) % 150 - 149).astype(np.float32)
    for order in (0, 1, 2):
        kernel = kernels.narrow(activation(name, **parameters), order)
        for signed in (x, -x):
            y = np.empty(x.size)
            kernel.function(signed, y)
            assert np.count_nonzero(np.isnan(y)) <= 5
            if order == 0 and name in ("mish", "elu") and (name == "mish" or signed[0] < 0):
                assert np.mean(y[abs(x) < 2.0**-30].view(np.int64) & 1) == 1  # one-sided


def test_an_input_between_others_of_one_piece_has_its_own_reference() -> None:
    """A chunk is evaluated as one piece only if all of its inputs lie there, not just the first and the last."""
    kernel = kernels.narrow(activation("sigmoid"), 1)
    x = np.full(1024, 1.0, np.float32)
    x[[200, 500, 900]] = [5.0, -3.0, 1e-20]
    together, alone = np.empty(1024), np.empty(1)
    kernel.function(x, together)
    for place in (0, 200, 500, 900, 1023):
        kernel.function(x[place : place + 1], alone)
        assert together[place] == alone[0]
    assert len(set(together[[0, 200, 500, 900]])) == 4


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("definition", DEFINITIONS, ids=str)
def test_narrow_kernel_keeps_its_contract(definition: Activation, order: int) -> None:
    kernel = kernels.narrow(definition, order)
    exact = Exact(definition, order)
    x = points(np.random.default_rng(order), 2.0**-60, 150.0, 250).astype(np.float32)
    y = np.empty(x.size)
    kernel.function(x, y)
    marks = {0: 0, 1: 0, 2: 0}
    undecided = 0
    for value, result in zip(x.tolist(), y.tolist(), strict=True):
        if math.isnan(result) and (exact.at(value).is_nan or exact.at(value).is_infinite or exact.at(value).is_interval):
            undecided += exact.at(value).is_interval
            continue
        truth = enclosure(exact, value, 700)
        if math.isnan(result):  # next to a power of two its ulp is open
            mantissa = abs(truth) / Fraction(2) ** math.frexp(abs(float(truth)))[1]
            undecided += not (mantissa - Fraction(1, 2) < Fraction(1, 2**40) or 1 - mantissa < Fraction(1, 2**40))
            continue
        if 0 < abs(truth) < NEGLIGIBLE:
            assert 0 < abs(result) < NEGLIGIBLE
            assert (result < 0) == (truth < 0)
            continue
        if abs(truth) > ENORMOUS:
            assert result * (1 if truth > 0 else -1) > ENORMOUS
            continue
        mark = int(np.float64(result).view(np.int64)) & 3
        marks[mark if mark != 3 else 1] += 1
        if mark == 0:
            assert Fraction(result) == truth
        elif mark != 2:
            lattice = Fraction(2) ** (math.frexp(result)[1] - 25)  # numbers of 25 bits around the result
            nearest = math.floor(truth / lattice)
            if nearest * lattice == truth:  # to these digits, at least
                bits = int(np.float64(truth).view(np.uint64))
                nearest -= exact.at(value).compare(bits, FORMATS["float64"]) < 0  # type: ignore[attr-defined]
            assert math.floor(Fraction(result) / lattice) == nearest, value
            assert Fraction(result) % lattice != 0
        else:
            assert abs(Fraction(result) - truth) <= Fraction(kernel.bound) * abs(truth), value
    inside = np.mean(x > (definition.edge.at if definition.edge else -math.inf))
    assert undecided <= 5
    if definition.name in ("relu", "clip", "step"):
        assert marks[0] > 500
    elif definition.name in ("sigmoid", "tanh", "shrink", "swish", "exponential"):
        assert marks[2] > 125
        assert marks[1] > 60 or definition is SWISH
    else:
        assert sum(marks.values()) > 500 * inside


def test_a_chunk_in_one_piece_and_single_inputs_have_the_same_reference() -> None:
    kernel = kernels.narrow(SWISH, 1)
    for first in (0x3F800000, 0xBFA30000, 0x00400000, 0x42C80000, 0x7F7FFE00):
        x = np.arange(first, first + 1024, dtype=np.uint32).view(np.float32)
        together, alone = np.empty(1024), np.empty(1024)
        kernel.function(x, together)
        shuffled = np.random.default_rng(0).permutation(1024)
        scattered = np.empty(2048, np.float32)
        scattered[::2], scattered[1::2] = x[shuffled], -x[shuffled]  # no chunk of it lies in one piece
        out = np.empty(2048)
        kernel.function(scattered, out)
        alone[shuffled] = out[::2]
        np.testing.assert_array_equal(together.view(np.uint64), alone.view(np.uint64))


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize(
    ("name", "share"), [("sigmoid", (0.75, 0.85, 0.45)), ("relu", (0.49, 0.99, 0.99)), ("silu", (0.23, 0.75, 0.85))]
)
def test_a_reference_that_a_piece_shares_is_that_of_every_input(name: str, share: tuple[float, ...], order: int) -> None:
    kernel = kernels.narrow(activation(name), order)
    _, first, span, _, _, numbers, _ = kernel.tables
    shared = numbers[:, -1]
    some = np.random.default_rng(order).uniform(0, 1, (20, span.size))
    some[:2] = [[0], [1]]
    found = np.empty(span.size)
    for position in some:
        kernel.function((first + np.rint(position * span).astype(np.uint32)).view(np.float32), found)
        np.testing.assert_array_equal(np.where(np.isnan(shared), shared, found).view(np.uint64), shared.view(np.uint64))
    assert np.sum(span[~np.isnan(shared)] + 1.0) > share[order] * 2**32


def test_zeros_of_a_derivative_and_kinks_are_left_to_the_exact_reference() -> None:
    """Near swish's minimum no relative bound holds: a few of its neighbours are undecided, and none is wrong."""
    x = (np.float32(-1.2784645).view(np.uint32) + np.arange(-5000, 5000)).astype(np.uint32).view(np.float32)
    y = np.empty(x.size)
    kernels.narrow(SWISH, 1).function(x, y)
    assert 1 <= np.isnan(y).sum() <= 100
    few = slice(np.flatnonzero(np.isnan(y))[0] - 4, np.flatnonzero(np.isnan(y))[0] + 4)  # all in one piece
    again = np.empty(8)
    kernels.narrow(SWISH, 1).function(x[few], again)
    np.testing.assert_array_equal(again, y[few])
    kinks = np.array([6.0, -6.0], np.float32)
    kernels.narrow(CLIP, 1).function(kinks, y[:2])
    assert np.isnan(y[0])
    assert y[1] == 0.0


def test_a_broken_cache_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "CACHE", str(tmp_path))
    file = tmp_path / "relu.npz"
    for content in (b"", b"PK\x03\x04 and nothing more"):
        file.write_bytes(content)
        kernels._arrays.cache_clear()
        y = np.empty(2)
        kernels.narrow(activation("relu"), 0).function(np.array([1.5, -1.5], np.float32), y)
        assert y.tolist() == [1.5, 0.0]
        assert np.load(file)["arr_0"].size > 0
        assert list(tmp_path.glob("*.npz")) == [file]  # nothing unfinished is left


def bounds(definition: Activation, order: int, x: float) -> tuple[Fraction, Fraction]:
    """Two numbers that the exact result lies between: 600 of its binary digits (near zero 5000), or its size beyond 2^±1100."""
    digits = 600 if abs(x) > 2.0**-20 else 5000
    for bits in (4000, 12000) if abs(x) > 2.0**100 else (800, 3000, 12000):
        found = balls.derivative(definition, order, x, 1, bits)
        if found is None or (not found.exact and found.sign is None):
            continue
        tiny, huge = Fraction(1, 2**1101), Fraction(2**1101)
        if (found.binades()[0] or 0) > 1100:
            return (huge, huge) if found.low > 0 else (-huge, -huge)
        if not found.exact and found.binades()[1] < -1100:
            return (tiny / 2, tiny) if found.low >= 0 else (-tiny, -tiny / 2)
        if found.exact or (found.high - found.low).bit_length() + digits < abs(found.low).bit_length():
            unit = Fraction(2) ** found.exponent
            return found.low * unit, found.high * unit
    raise AssertionError(f"{definition} at {x}: not known")


def check_wide(definition: Activation, order: int, x: np.ndarray, function: Callable[..., None] | None = None) -> None:
    """Every claim of the float64 reference: error, side and size; at most a few inputs are left to the exact reference."""
    x = x[~np.isin(x, [*definition.kinks, 0.0])]
    x = x if definition.edge is None else x[x > definition.edge.at]
    hi, lo, error, scale = (np.empty(x.size) for _ in range(4))
    (function or kernels.wide(definition, order).function)(x, hi, lo, error, scale)
    assert np.count_nonzero(np.isnan(hi)) <= max(5, x.size // 50)
    for index in np.flatnonzero(~np.isnan(hi)).tolist():
        low, high = bounds(definition, order, float(x[index]))
        where = f"{definition}, order {order}, x = {x[index]!r}"
        if math.isinf(hi[index]):
            assert min(abs(low), abs(high)) >= 2**1024, where
            assert (hi[index] > 0) == (low > 0), where
            continue
        head, tail, doubt = (Fraction(float(part[index])) / Fraction(float(scale[index])) for part in (hi, lo, error))
        if max(abs(low), abs(high)) < Fraction(2) ** -1100:
            assert abs(head) < Fraction(2) ** -1090, where
            assert (head < 0) == (low + high < 0), where
            assert (head == 0) == (low == high == 0), where
            continue
        if abs(tail) > doubt:
            assert (low >= head and high > head) if tail > 0 else (high <= head and low < head), where
        if tail == doubt == 0:
            assert low <= head <= high, where
        if abs(tail) > abs(head) * Fraction(2) ** -190:  # else it tells the side alone
            width = doubt + (high - low)
            assert high - width <= head + tail <= low + width, where


def spread(order: int, count: int) -> np.ndarray:
    """Inputs of all magnitudes, and so many on either side among those where functions turn."""
    rng = np.random.default_rng(order)
    anywhere = np.ldexp(rng.uniform(1, 2, 60), rng.integers(-1074, 1024, 60)) * rng.choice([-1, 1], 60)
    return np.concatenate([points(rng, 2.0**-100, 700.0, count), anywhere])


@pytest.mark.parametrize("text", EVERYTHING)
def test_wide_kernel_keeps_its_error_bounds_and_the_side_of_lo(text: str) -> None:
    definition = parse(text)
    for order in (0, 1, 2):
        check_wide(definition, order, spread(order, 40))


@pytest.mark.parametrize(("name", "order"), CASES)
def test_kernels_leave_conventions_to_the_exact_reference(name: str, order: int) -> None:
    x = np.array([0.0, -0.0, math.inf, -math.inf, math.nan])
    y, lo, error, scale = np.zeros(5), np.zeros(5), np.zeros(5), np.zeros(5)
    kernels.narrow(activation(name), order).function(x.astype(np.float32), y)
    assert np.isnan(y[:4]).all()
    kernels.wide(activation(name), order).function(x, y, lo, error, scale)
    assert np.isnan(y[:4]).all()


@pytest.mark.exhaustive
@pytest.mark.parametrize("format_name", ["float16", "bfloat16"])
@pytest.mark.parametrize(("name", "order"), [case for case in CASES if case[0] in ("sigmoid", "tanh", "relu")])
def test_correct_rounding_of_every_input_of_16_bits(name: str, order: int, format_name: str) -> None:
    form = FORMATS[format_name]
    bits = np.arange(1 << 16, dtype=np.uint16)
    x = form.decode(bits)
    y = np.empty(x.size)
    kernels.narrow(activation(name), order).function(x.astype(np.float32), y)
    rounded = form.round(y)
    exact = Exact(name, order)
    asked = np.flatnonzero(np.isfinite(y))
    assert asked.size > 60_000 - 2 * 2048
    wrong = [hex(i) for i in asked.tolist() if exact.at(float(x[i])).rounded(form) != rounded[i]]
    assert wrong == []
