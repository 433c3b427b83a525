"""What the graph of a function looks like: where it turns, what range it has, how it mirrors itself.

Nothing of this is declared: it is found in the exact definition, with ball arithmetic. The signs of the next derivative
at about 1000 points of all magnitudes tell where a function turns; a turn between two of them that come in pairs would
be overlooked. A symmetry is an identity that holds to 2^-200 at points without anything in common.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from ..activations import Activation
from ..formats import Format
from . import balls
from .balls import Enclosure
from .exact import Exact, Interval

_OCTAVES = range(-40, 41)
_PER_OCTAVE = 6
_BESIDE = (0.5, 1 - 2.0**-20, 1 + 2.0**-20, 2.0)
_PRECISION = 320  # bits
_IDENTICAL = 200
_FAR = 4096
_POINTS = (0.34375, 1.7109375, 5.2265625, 11.40625, 37.3125, 0.00299072265625)  # where identities are tried

Identity = Literal["even", "odd", "sum", "difference"]


@dataclass(frozen=True)
class Piece:
    """An interval on which a function is monotone.

    Attributes:
        low, high: its ends, not in it: turns as a pair of neighbouring float64 surrounds them, kinks, or infinities.
        slope: 1 where the function rises, -1 where it falls, 0 where it is constant.
    """

    low: float
    high: float
    slope: int


@dataclass(frozen=True)
class Symmetry:
    """How a function mirrors itself.

    Attributes:
        identity: ``even``: f(-x) = f(x); ``odd``: f(-x) = -f(x); ``sum``: f(x) + f(-x) = constant;
            ``difference``: f(x) - f(-x) = x.
        constant: of a sum, else 0.
    """

    identity: Identity
    constant: float = 0.0

    def __str__(self) -> str:
        words = {"even": "f(-x) = f(x)", "odd": "f(-x) = -f(x)", "difference": "f(x) - f(-x) = x"}
        return words.get(self.identity, f"f(x) + f(-x) = {self.constant:g}")


@dataclass(frozen=True)
class Shape:
    """What the graph of a value or derivative looks like.

    Attributes:
        pieces: on which it is monotone, from left to right.
        symmetry: or None.
        ends: points whose results are the least and the largest of all (a limit counts at an infinity).
    """

    pieces: tuple[Piece, ...]
    symmetry: Symmetry | None
    ends: tuple[float, ...]


@lru_cache(maxsize=256)
def shape(activation: Activation, order: int) -> Shape:
    """The shape of an activation's value (order 0) or derivative."""
    pieces = tuple(_pieces(activation, order))
    turns = {end for piece in pieces for end in (piece.low, piece.high)}
    lowest = -math.inf if activation.edge is None else activation.edge.at
    return Shape(pieces, _symmetry(activation, order), tuple(sorted(turns | {lowest, math.inf, *activation.kinks})))


@lru_cache(maxsize=256)
def span(activation: Activation, order: int, form: Format) -> tuple[float, float]:
    """The least and the largest result there can be in a format, correctly rounded."""
    exact, results = Exact(activation, order), []
    for x in shape(activation, order).ends:
        truth = exact.between(x) if x in activation.kinks else exact.at(x)
        ends = (truth.low, truth.high) if isinstance(truth, Interval) else () if truth.is_nan else (truth,)
        results += [form.value(end.rounded(form)) for end in ends]
    return min(results), max(results)


def _pieces(activation: Activation, order: int) -> Iterator[Piece]:
    """Between two kinks the function is analytic: it is constant there, or nowhere."""
    lowest = -math.inf if activation.edge is None else activation.edge.at
    borders = [lowest, *(kink for kink in sorted(activation.kinks) if kink > lowest), math.inf]
    for left, right in pairwise(borders):
        slopes = [(x, slope) for x in _grid(left, right) if left < x < right and (slope := _slope(activation, order, x))]
        begin = left
        for (last, before), (x, after) in pairwise(slopes):
            if before != after:
                low, high = _turn(activation, order, last, x)
                yield Piece(begin, low, before)
                begin = high
        yield Piece(begin, right, slopes[-1][1] if slopes else 0)


def _grid(*borders: float) -> list[float]:
    """Points of all magnitudes, and some beside the borders, which may lie beyond them."""
    positive = [math.ldexp(1 + step / _PER_OCTAVE, octave) for octave in _OCTAVES for step in range(_PER_OCTAVE)]
    beside = [border * factor for border in borders if math.isfinite(border) for factor in _BESIDE]
    return sorted({*(-x for x in positive), *positive, *beside})


def _turn(activation: Activation, order: int, low: float, high: float) -> tuple[float, float]:
    """The two neighbouring float64 between which a function turns, or the one at which it does, twice."""
    slope = _slope(activation, order, low)
    while (middle := low / 2 + high / 2) not in (low, high):
        there = _slope(activation, order, middle)
        if there == 0:
            return middle, middle
        low, high = (middle, high) if there == slope else (low, middle)
    return low, high


def _slope(activation: Activation, order: int, x: float) -> int:
    """The sign of the next derivative; 0 where it cannot be told from zero."""
    return _enclosure(activation, order + 1, x).sign or 0


def _symmetry(activation: Activation, order: int) -> Symmetry | None:
    if activation.edge is not None or {-kink for kink in activation.kinks} != set(activation.kinks):
        return None
    plus, minus = ([_value(activation, order, sign * x) for x in _POINTS] for sign in (1, -1))
    sums = [p + m for p, m in zip(plus, minus, strict=True)]
    differences = [p - m for p, m in zip(plus, minus, strict=True)]
    if all(map(_nothing, differences)):
        return Symmetry("even") if any(plus) else None
    if all(map(_nothing, sums)):
        return Symmetry("odd")
    if all(_nothing(difference - Fraction(x)) for difference, x in zip(differences, _POINTS, strict=True)):
        return Symmetry("difference")
    constant = float(sums[0])
    if all(_nothing(each - Fraction(constant)) for each in sums):
        return Symmetry("sum", constant)
    return None


def _nothing(difference: Fraction) -> bool:
    return abs(difference) < Fraction(1, 1 << _IDENTICAL)


def _value(activation: Activation, order: int, x: float) -> Fraction:
    """The middle of a narrow enclosure; what is far beyond every format is not told from what is farther out."""
    enclosure = _enclosure(activation, order, x)
    exponent = max(min(enclosure.exponent, _FAR), -_FAR)  # e^(-10^10 x) has billions of bits as a fraction
    return Fraction(enclosure.low + enclosure.high, 2) * Fraction(2) ** exponent


def _enclosure(activation: Activation, order: int, x: float) -> Enclosure:
    found = balls.derivative(activation, order, x, 1, _PRECISION)
    if found is None:
        raise ArithmeticError(f"{activation} at {x!r}: no enclosure with {_PRECISION} bits")
    return found
