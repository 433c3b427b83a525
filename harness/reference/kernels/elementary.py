"""e^u, ln(1 + u) and the complementary error function of numbers (:mod:`harness.reference.kernels.numbers`).

Tables and coefficients come from ball arithmetic when they are first used. Each function adds a bound of its own error to
what the argument's error makes of it; where an argument is out of reach, the error is infinite and nothing is claimed.
Tests hold all of them against ball arithmetic.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from flint import arb, arb_series

from .. import balls
from .machine import fma, routine, step
from .numbers import add, fast_two_sum, multiply, negative, normal, power, two_sum

_PRECISION = 256  # bits
_STEPS = 256  # of the table of 2^(i/256)
_REACH = 2.0**13  # largest argument of the exponential
_SMALL = 2.0**-7  # below it the logarithm is a series
_CELL = 0.125  # width of the pieces of e^(u²) erfc(u)
_CELLS = 368  # so that they reach to 46
_TERMS = 24
_OWN = 2.0**-100  # error of each function's own arithmetic, relative
_UNKNOWN = (0.0, 0.0, math.inf, 0.0)
_VANISHING = (1.0, 0.0, 1.0, -8000.0)  # anything from 0 to 2^-7999


def split(ball: Any, parts: int = 2) -> list[float]:
    """A ball as so many float64, each the rest that the ones before leave."""
    found = []
    for _ in range(parts):
        found.append(float(ball.mid()))
        ball = ball - found[-1]
    return found


def _constants() -> tuple[Any, ...]:
    """ln 2 / 256 in a part of 30 bits, one of 24 and two of 53; ln 2; 2^(i/256)."""
    with balls.working(_PRECISION, 2):
        unit = arb(2).log() / _STEPS
        first = math.ldexp(float((unit * 2.0**38).floor()), -38)
        second = math.ldexp(float(((unit - first) * 2.0**62).floor()), -62)
        table = np.array([split(arb(2) ** (arb(i) / _STEPS)) for i in range(_STEPS)])
        return (first, second, *split(unit - first - second)), tuple(split(arb(2).log())), table


_UNIT, _LN2, _POWERS = _constants()
_INVERSE = 1 / _UNIT[0]
_DOUBLE = tuple(1 / math.factorial(n) for n in range(5, 11))  # degrees of the exponential whose terms are in float64


def _inverse(n: int) -> tuple[float, float]:
    with balls.working(_PRECISION, 2):
        hi, lo = split(1 / arb(n))
    return hi, lo


_FACTORIALS = tuple(_inverse(math.factorial(n)) for n in (4, 3, 2))
_SERIES = tuple(_inverse(n) for n in range(18, 1, -1))  # of the logarithm


@step
def _product(a: Any, b: Any) -> Any:
    p = a[0] * b[0]
    return fast_two_sum(p, fma(a[0], b[0], -p) + fma(a[0], b[1], a[1] * b[0]))


@step
def _sum(a: Any, b: Any) -> Any:
    s, t = two_sum(a[0], b[0])
    u, v = two_sum(a[1], b[1])
    s, t = fast_two_sum(s, t + u)
    return fast_two_sum(s, t + v)


@step
def two_product_sum(t: Any, q: Any, hi: Any, lo: Any) -> Any:
    """t·q + (hi + lo) in double-double: a step of Horner's rule."""
    return _sum((hi, lo), _product((t, 0.0), q))


def constant(ball: Any) -> tuple[float, float, float, float]:
    """A ball as a number."""
    if ball.is_zero():
        return 0.0, 0.0, 0.0, 0.0
    exponent = math.frexp(float(ball.mid()))[1] - 1
    ball *= arb((1, -exponent))
    hi, lo = split(ball)
    rest = ball - hi - lo
    return hi, lo, 0.0 if rest.is_zero() else 2.0**-104, float(exponent)


def slope_of_complement() -> tuple[float, float, float, float]:
    """-2/√π."""
    with balls.working(_PRECISION, 2):
        return constant(-2 / arb.pi().sqrt())


@routine
def _exponential(hi: Any, lo: Any) -> Any:
    """e^(hi + lo) as hi and lo in [1, 2] and an exponent, for |hi| up to _REACH; relative error 2^-101."""
    k = np.rint(hi * _INVERSE)
    r = _sum(two_sum(hi - k * _UNIT[0], -k * _UNIT[1]), (lo, 0.0))
    p = k * _UNIT[2]
    r = _sum(r, (-p, -fma(k, _UNIT[2], -p) - k * _UNIT[3]))
    t = r[0]
    tail = _DOUBLE[0] + t * (_DOUBLE[1] + t * (_DOUBLE[2] + t * (_DOUBLE[3] + t * (_DOUBLE[4] + t * _DOUBLE[5]))))
    q = _sum(_FACTORIALS[0], (t * tail, 0.0))
    q = _sum(_FACTORIALS[1], _product(r, q))
    q = _sum(_FACTORIALS[2], _product(r, q))
    q = _sum((1.0, 0.0), _product(r, q))
    q = _sum((1.0, 0.0), _product(r, q))
    index = np.int64(k)
    q = _product(q, (_POWERS[index & (_STEPS - 1), 0], _POWERS[index & (_STEPS - 1), 1]))
    return q[0], q[1], np.float64(index >> 8)


@step
def _plain(u: Any) -> Any:
    """hi, lo and error of a number without its exponent, where that is at most 13."""
    factor = power(np.int64(max(u[3], -1000.0)))
    return u[0] * factor, u[1] * factor, u[2] * factor + (2.0**-1000 if u[3] < -900.0 else 0.0)


@routine
def exponential(u: Any) -> Any:
    """e^u."""
    if not u[3] < 13.0:
        return _VANISHING if u[0] + u[2] < 0.0 else _UNKNOWN
    hi, lo, error = _plain(u)
    if not error < 2.0**-20:
        return _UNKNOWN
    hi, lo, exponent = _exponential(hi, lo)
    return normal(hi, lo, hi * (1.01 * error + _OWN), exponent)


@routine
def logarithm(u: Any) -> Any:
    """ln(1 + u)."""
    v = add(u, (1.0, 0.0, 0.0, 0.0))
    if not (v[2] < 2.0**-20 and v[0] > 0.0 and abs(v[3]) < 2000.0):
        return _UNKNOWN
    if u[3] < -7.0:
        hi, lo, error = _plain(u)
        series = (_SERIES[0][0], _SERIES[0][1])
        for n in range(1, len(_SERIES)):
            series = _sum(_SERIES[n], _product((-hi, -lo), series))
        series = _sum((1.0, 0.0), _product((-hi, -lo), series))
        return multiply(u, normal(series[0], series[1], _OWN + 0.6 * error, 0.0))
    near = math.log(v[0])
    e = _exponential(-near, 0.0)
    scale = power(np.int64(e[2]))
    w = _product((v[0], v[1]), (e[0] * scale, e[1] * scale))
    w = _sum(w, (-1.0, 0.0))
    t = w[0]
    rest = _sum(w, (t * t * (t / 3.0 - 0.5) - t * w[1], 0.0))
    p = v[3] * _LN2[0]
    whole = _sum((p, fma(v[3], _LN2[0], -p) + v[3] * _LN2[1]), (near, 0.0))
    whole = _sum(whole, rest)
    return normal(whole[0], whole[1], 1.01 * v[2] + _OWN * max(1.0, abs(p)), 0.0)


@lru_cache(1)
def complement() -> Any:
    """Taylor coefficients of e^(u²) erfc(u) at the centres of the cells, float64[cells, terms, 2], the highest degree first."""
    with balls.working(_PRECISION, _TERMS):
        made = np.empty((_CELLS, _TERMS, 2))
        for cell in range(_CELLS):
            centre = arb((cell + 0.5) * _CELL)
            u = arb_series([centre, 1])
            slope = (-(u * u)).exp() * (-2 / arb.pi().sqrt())
            series = (centre.erfc() + slope.integral()) * (u * u).exp()
            made[cell] = [split(series[n]) for n in range(_TERMS - 1, -1, -1)]
        return made


@routine
def complementary(u: Any, cells: Any) -> Any:
    """erfc(u); cells from :func:`complement`."""
    if not u[3] < 6.0:
        return _UNKNOWN
    hi, lo, error = _plain(u)
    away = (abs(hi), lo if hi >= 0 else -lo)
    cell = np.int64(away[0] / _CELL)
    if not (error < 2.0**-20 and cell < _CELLS):
        return _UNKNOWN
    t = _sum(two_sum(away[0], -(cell + 0.5) * _CELL), (away[1], 0.0))
    q = (cells[cell, 0, 0], cells[cell, 0, 1])
    for n in range(1, cells.shape[1]):
        q = _sum((cells[cell, n, 0], cells[cell, n, 1]), _product(t, q))
    square = multiply(u, u)
    scaled = normal(q[0], q[1], q[0] * _OWN + error * (2.0 * away[0] * q[0] + 1.2) * 1.01, 0.0)
    found = multiply(exponential(negative(square)), scaled)
    return found if hi >= 0.0 else add((1.0, 0.0, 0.0, 1.0), negative(found))
