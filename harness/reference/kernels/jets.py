"""Truncated power series of numbers, for many inputs at a time: the operations that a tape is made of.

A jet is an array float64[terms, 4, n]: for each of n inputs the first coefficients of a power series in ε, each a number of
:mod:`harness.reference.kernels.numbers`. The rules are those of automatic differentiation in Taylor mode (A. Griewank and A.
Walther, "Evaluating Derivatives", 2008, chapter 13), for at most three terms.
"""

from __future__ import annotations

from typing import Any

from . import elementary
from .machine import kernel, routine, step
from .numbers import add, multiply, reciprocal, square_root

_HALF = (1.0, 0.0, 0.0, -1.0)
_DOUBLE = (1.0, 0.0, 0.0, 1.0)
_MINUS = (-1.0, 0.0, 0.0, 0.0)
# -2/√π, and its sign with that of erfc'.
_SLOPE = elementary.slope_of_complement()


@step
def _get(a: Any, term: Any, i: Any) -> Any:
    return a[term, 0, i], a[term, 1, i], a[term, 2, i], a[term, 3, i]


@step
def _put(out: Any, term: Any, i: Any, number: Any) -> None:
    out[term, 0, i], out[term, 1, i], out[term, 2, i], out[term, 3, i] = number


@kernel
def plus(a: Any, b: Any, out: Any) -> None:
    """a + b."""
    for term in range(out.shape[0]):
        for i in range(out.shape[2]):
            _put(out, term, i, add(_get(a, term, i), _get(b, term, i)))


@kernel
def shifted(a: Any, constant: Any, out: Any) -> None:
    """a + constant."""
    for term in range(out.shape[0]):  # out[:] = a would bring in what checks shapes, which takes most of the time to compile
        for i in range(out.shape[2]):
            _put(out, term, i, _get(a, term, i) if term else add(_get(a, 0, i), constant))


@kernel
def scaled(a: Any, constant: Any, out: Any) -> None:
    """a·constant."""
    for term in range(out.shape[0]):
        for i in range(out.shape[2]):
            _put(out, term, i, multiply(_get(a, term, i), constant))


@routine
def _convolved(a: Any, b: Any, term: Any, i: Any) -> Any:
    found = multiply(_get(a, 0, i), _get(b, term, i))
    for n in range(1, term + 1):
        found = add(found, multiply(_get(a, n, i), _get(b, term - n, i)))
    return found


@kernel
def times(a: Any, b: Any, out: Any) -> None:
    """a·b."""
    for term in range(out.shape[0]):
        for i in range(out.shape[2]):
            _put(out, term, i, _convolved(a, b, term, i))


@kernel
def inverse(a: Any, out: Any) -> None:
    """1/a."""
    for i in range(out.shape[2]):
        first = reciprocal(_get(a, 0, i))
        _put(out, 0, i, first)
        if out.shape[0] > 1:
            ratio = multiply(multiply(_get(a, 1, i), first), _MINUS)
            second = multiply(first, ratio)
            _put(out, 1, i, second)
            if out.shape[0] > 2:
                other = multiply(multiply(multiply(_get(a, 2, i), first), first), _MINUS)
                _put(out, 2, i, add(multiply(second, ratio), other))


@routine
def _from_slope(a: Any, slope: Any, bend: Any, i: Any, out: Any) -> None:
    """The further terms of f(a), from f' and f''/2 at a's first."""
    if out.shape[0] > 1:
        _put(out, 1, i, multiply(slope, _get(a, 1, i)))
    if out.shape[0] > 2:
        square = multiply(_get(a, 1, i), _get(a, 1, i))
        _put(out, 2, i, add(multiply(slope, _get(a, 2, i)), multiply(bend, square)))


@kernel
def exponential(a: Any, out: Any) -> None:
    """e^a."""
    for i in range(out.shape[2]):
        value = elementary.exponential(_get(a, 0, i))
        _put(out, 0, i, value)
        _from_slope(a, value, multiply(value, _HALF), i, out)


@kernel
def logarithm(a: Any, out: Any) -> None:
    """ln(1 + a)."""
    for i in range(out.shape[2]):
        _put(out, 0, i, elementary.logarithm(_get(a, 0, i)))
        if out.shape[0] > 1:
            slope = reciprocal(add(_get(a, 0, i), (1.0, 0.0, 0.0, 0.0)))
            _from_slope(a, slope, multiply(multiply(slope, slope), (-1.0, 0.0, 0.0, -1.0)), i, out)


@kernel
def root(a: Any, out: Any) -> None:
    """The square root of a."""
    for i in range(out.shape[2]):
        value = square_root(_get(a, 0, i))
        _put(out, 0, i, value)
        if out.shape[0] > 1:
            slope = reciprocal(multiply(value, _DOUBLE))
            cube = multiply(slope, multiply(slope, slope))
            _from_slope(a, slope, multiply(cube, _MINUS), i, out)


@kernel
def complementary(a: Any, cells: Any, out: Any) -> None:
    """erfc(a); cells from :func:`harness.reference.kernels.elementary.complement`."""
    for i in range(out.shape[2]):
        u = _get(a, 0, i)
        _put(out, 0, i, elementary.complementary(u, cells))
        if out.shape[0] > 1:
            slope = multiply(elementary.exponential(multiply(multiply(u, u), _MINUS)), _SLOPE)
            _from_slope(a, slope, multiply(multiply(slope, u), _MINUS), i, out)
