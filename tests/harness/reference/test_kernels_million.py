"""A million points for each fast kernel, every one against ball arithmetic: none disagrees beyond the stated bound.

A thousand runs of a thousand neighbouring inputs, see :mod:`clusters`. Which side of a short number a result lies on is checked
wherever the enclosures tell, and besides at two inputs of each run by one ball for each. Inputs beyond 2^8 (float32) or
2^12 are left to ``test_kernels``. KERNEL_POINTS in the environment asks for another number of points.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from clusters import Enclosures, enclose, units
from test_kernels import CASES, bounds

from harness.activations import Activation
from harness.catalogue import activation
from harness.formats import FORMATS, Format
from harness.reference import kernels

POINTS = int(os.environ.get("KERNEL_POINTS", 10**6))
RUN = 1000
LABORIOUS = ("gelu", "gelu_tanh", "erf")
DIGITS = {"float32": 150, "float64": 260}
LARGEST = {"float32": 2.0**8, "float64": 2.0**12}  # beyond, where functions are lines or limits, balls of a run are too wide
TINY = Fraction(1, 2**1100)
SIDE = 2.0**-109  # what a rest that tells its side alone is less than, of the result


def starts(definition: Activation, form: Format, count: int, seed: int) -> np.ndarray:
    """Where runs begin, as encodings: where functions bend, at all magnitudes, beside kinks and powers of two."""
    rng = np.random.default_rng(seed)
    each = count // 4
    places = [
        rng.uniform(-45, 45, count - 3 * each),
        np.exp2(rng.uniform(-60, 10, each)) * rng.choice([-1, 1], each),
        np.ldexp(1.0, rng.integers(-12, 8, each)) * rng.choice([-1, 1], each),
        form.decode(rng.integers(0, form.round([LARGEST[form.name]])[0], each, form.carrier)) * rng.choice([-1, 1], each),
    ]
    x = np.concatenate(places)
    x[: len(definition.kinks)] = definition.kinks
    bits = form.round(x)
    last = form.hidden_bit - RUN - 1  # within one binade all inputs are equally far apart
    field = np.minimum(bits & bits.dtype.type(form.hidden_bit - 1), last)
    return np.maximum(bits & ~bits.dtype.type(form.hidden_bit - 1) | field, 0) + bits.dtype.type(1)


def runs(
    definition: Activation, form: Format, seed: int, points: int = POINTS, length: int = RUN, edges: np.ndarray | None = None
) -> np.ndarray:
    """Encodings of the inputs, a row for each run; none has a kink inside, or lies outside the domain.

    Every third run begins before one of the edges.
    """
    first = starts(definition, form, points // length * 3, seed)
    if edges is not None:
        first[::3] = np.random.default_rng(seed).choice(edges, first[::3].size) - np.uint64(length // 2)
    bits = first[:, None] + np.arange(length, dtype=form.carrier)
    x = form.decode(bits)
    good = (np.abs(x) <= LARGEST[form.name]).all(axis=1)
    for place in (0.0, *definition.kinks, *([definition.edge.at] if definition.edge else ())):
        good &= (x < place).all(axis=1) | (x > place).all(axis=1)
    if definition.edge:
        good &= (x > definition.edge.at).all(axis=1)
    chosen = np.random.default_rng(seed).permutation(np.flatnonzero(good))
    return bits[np.sort(chosen[: points // length])]


def edges_of(definition: Activation) -> np.ndarray:
    """The encodings at which cells begin, but for those at powers of two."""
    cells, found = kernels._cells(definition), []
    for exponent, (begin, shift) in enumerate(cells.binades.tolist()):
        if begin:
            parts = cells.places[begin : begin + (1 << 52 - shift)]
            places = np.flatnonzero(np.diff(parts)) + 1
            found.append((np.uint64(exponent) << np.uint64(52)) + (places.astype(np.uint64) << np.uint64(shift)))
    return np.concatenate(found)


def enclosed(definition: Activation, order: int, form: Format, x: np.ndarray) -> Iterator[tuple[slice, Enclosures]]:
    """Enclosures for all inputs of a run, in shorter runs where a function bends too much for one polynomial."""
    parts = [slice(0, x.size)]
    while parts:
        part = parts.pop()
        first, spacing, count = float(x[part.start]), float(x[1] - x[0]), part.stop - part.start
        if (found := enclose(definition, order, first, spacing, count, DIGITS[form.name])) is not None:
            yield part, found
        else:
            assert count > 1, f"{definition}, order {order}, x = {first!r}: not known"
            middle = (part.start + part.stop) // 2
            parts += [slice(part.start, middle), slice(middle, part.stop)]


def check_wide(definition: Activation, order: int, x: np.ndarray, truth: Enclosures, parts: np.ndarray) -> tuple[int, int]:
    """Check results of the float64 kernel; how many inputs were checked, and how many it left open."""
    where = f"{definition}, order {order}, from x = {x[0]!r}"
    hi, lo, error, scale = parts
    decided = ~np.isnan(hi)
    if truth.values is None:
        assert (hi[decided] == truth.sign * math.inf).all(), where
        return x.size, int((~decided).sum())
    endless = np.isinf(hi)
    finite = decided & ~endless
    y, tail, doubt = (np.where(finite, part, 0.0) for part in (hi, lo, error))
    carried = np.unique(scale[finite])
    small = np.abs(truth.values) + truth.error < math.floor(TINY / Fraction(2) ** truth.exponent)
    for factor in carried:
        some = finite & (scale == factor)
        exponent = truth.exponent + round(math.log2(factor))
        beyond = truth.values[some] - units(y[some], exponent)
        rest = beyond - units(tail[some], exponent)
        allowed = units(doubt[some], exponent) + truth.error + 3
        good = np.abs(rest) <= allowed
        faint = np.abs(tail[some]) <= np.abs(y[some]) * 2.0**-190  # only a side is claimed
        good[faint] = (np.abs(beyond) <= units(np.abs(y[some]) * SIDE, exponent) + allowed)[faint]
        good[small[some]] = np.abs(y[some][small[some]]) * 2.0**90 < np.ldexp(factor, -1000)
        assert good.all(), (where, x[some][~good])
        sided = ~small[some] & (np.abs(tail[some]) > doubt[some]) & (np.abs(beyond) > truth.error + 2)
        assert (np.sign(beyond[sided].astype(object)) == np.sign(tail[some][sided])).all(), where
    limit = 1 << 1024 - truth.exponent
    for place in np.flatnonzero(endless):
        assert truth.values[place] * int(np.sign(hi[place])) + truth.error >= limit, where
    for place in np.flatnonzero(finite & (np.abs(lo) > error) & ~small)[:: RUN // 2]:
        low, high = bounds(definition, order, float(x[place]))
        head = Fraction(float(hi[place])) / Fraction(float(scale[place]))
        assert (low >= head and high > head) if lo[place] > 0 else (high <= head and low < head), where
    return x.size, int((~decided).sum())


def check_narrow(
    definition: Activation, order: int, x: np.ndarray, truth: Enclosures, y: np.ndarray, bound: float
) -> tuple[int, int]:
    """The same for the kernel of narrower formats."""
    where = f"{definition}, order {order}, from x = {x[0]!r}"
    decided = ~np.isnan(y)
    size, unit = np.abs(y), Fraction(2) ** truth.exponent
    if truth.values is None:
        assert (y[decided] * truth.sign > 2.0**200).all(), where
        return x.size, int((~decided).sum())
    mark = np.where(decided, y, 0.0).view(np.int64) & 3
    values = truth.values
    tiny, large = np.abs(values) < math.floor(Fraction(1, 2**201) / unit), np.abs(values) > math.ceil(2**201 / unit)
    assert (size[tiny & decided] < 2.0**-200).all(), where
    assert (size[large & decided] > 2.0**200).all(), where
    usual = decided & ~tiny & ~large & (size >= 2.0**-200) & (size <= 2.0**200)
    got = units(np.where(usual, y, 0.0), truth.exponent)
    missed = np.abs(values - got)
    about, exact, sided = (usual & (mark == 2), usual & (mark == 0), usual & (mark % 2 == 1))
    numerator = round(bound * 2**80)  # an upper bound of the bound, in integers
    allowed = (np.abs(values) * (numerator + 1) >> 80) + truth.error + 2
    assert (missed <= allowed)[about].all(), (where, x[about][~(missed <= allowed)[about]])
    assert (missed <= truth.error + 2)[exact].all(), where
    shift = np.maximum(np.frexp(np.where(sided, y, 1.0))[1] - 25 - truth.exponent, 0).astype(object)
    low, high = (values - truth.error) >> shift, (values + truth.error) >> shift
    clear = sided & (low == high)
    assert ((got >> shift) == low)[clear].all(), (where, x[clear])
    for place in np.flatnonzero(sided & ~clear)[:: RUN // 2]:
        below, above = bounds(definition, order, float(x[place]))
        lattice = Fraction(2) ** (math.frexp(float(y[place]))[1] - 25)
        cell = math.floor(Fraction(float(y[place])) / lattice) * lattice
        assert cell <= below <= above <= cell + lattice, where
    return x.size, int((~decided).sum())


def check_wide_kernel(name: str, order: int, inputs: int, points: int, length: int = RUN) -> None:
    """A kernel with polynomials, or without, at so many points."""
    definition, form = activation(name), FORMATS["float64"]
    edges = edges_of(definition) if inputs else np.empty(0, np.uint64)
    x = form.decode(runs(definition, form, order, points, length, edges if edges.size else None))
    parts = np.empty((4, *x.shape))
    kernels.wide(definition, order, inputs).function(x.ravel(), *(part.ravel() for part in parts))
    tell(
        [
            check_wide(definition, order, row[part], truth, parts[:, number, part])
            for number, row in enumerate(x)
            for part, truth in enclosed(definition, order, form, row)
        ],
        points // length * length,
    )


@pytest.mark.exhaustive
@pytest.mark.parametrize("inputs", [0, kernels.MANY], ids=["tapes", "polynomials"])
@pytest.mark.parametrize(("name", "order"), CASES)
def test_wide_kernels(name: str, order: int, inputs: int) -> None:
    check_wide_kernel(name, order, inputs, POINTS)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "order"), [case for case in CASES if case[0] not in LABORIOUS])
def test_polynomials_at_ten_thousand_points(name: str, order: int) -> None:
    """In short runs; without those whose polynomials take as long to make as all others together."""
    check_wide_kernel(name, order, kernels.MANY, 10_000, 100)


@pytest.mark.exhaustive
@pytest.mark.parametrize(("name", "order"), CASES)
def test_narrow_kernels(name: str, order: int) -> None:
    definition, form = activation(name), FORMATS["float32"]
    x = form.decode(runs(definition, form, order))
    y, kernel = np.empty(x.shape), kernels.narrow(definition, order)
    kernel.function(x.ravel().astype(np.float32), y.ravel())
    tell(
        check_narrow(definition, order, row[part], truth, y[number, part], kernel.bound)
        for number, row in enumerate(x)
        for part, truth in enclosed(definition, order, form, row)
    )


def tell(counts: Any, points: int = POINTS // RUN * RUN) -> None:
    """As many points as promised were checked, and the kernel left few of them open."""
    checked, left = np.sum(list(counts), axis=0)
    assert checked == points
    assert left <= checked // 10


def test_a_wrong_claim_is_seen() -> None:
    """The checks themselves: a result that is off by twice its bound, and a rest on the other side, do not pass."""
    definition, form = activation("sigmoid"), FORMATS["float64"]
    x = 1.0 + np.arange(RUN) * 2.0**-52
    ((_, truth),) = enclosed(definition, 1, form, x)
    parts = np.empty((4, RUN))
    kernels.wide(definition, 1).function(x, *parts)
    check_wide(definition, 1, x, truth, parts)
    for row, change in ((1, 3 * parts[2]), (1, -2 * parts[1])):
        wrong = parts.copy()
        wrong[row, 500] += change[500]
        with pytest.raises(AssertionError):
            check_wide(definition, 1, x, truth, wrong)
    x = (1.0 + np.arange(RUN) * 2.0**-23).astype(np.float32)
    ((_, truth),) = enclosed(definition, 1, FORMATS["float32"], x.astype(float))
    y, kernel = np.empty(RUN), kernels.narrow(definition, 1)
    kernel.function(x, y)
    check_narrow(definition, 1, x.astype(float), truth, y, kernel.bound)
    y[500] = np.int64((y[500] * (1 + 3 * kernel.bound)).view(np.int64) & -4 | 2).view(np.float64)  # still marked as approximate
    with pytest.raises(AssertionError):
        check_narrow(definition, 1, x.astype(float), truth, y, kernel.bound)
