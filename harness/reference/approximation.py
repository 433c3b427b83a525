"""Piecewise polynomials with proven error bounds, made from an activation's definition alone.

The fast reference of every activation and order is a table of polynomials. Each covers a dyadic part of a binade, small
enough that the Taylor polynomial at its centre, whose coefficients and remainder come from ball arithmetic, is as
accurate as the bound promises. No formula of an activation or of its derivatives is typed in again, a new activation
needs no kernel, and the bound is proven for each piece when it is made (Taylor models; M. Joldes, "Rigorous polynomial
approximations and applications", 2011):

    remainder + rounding of the coefficients + rounding of Horner's rule  <=  BOUND |y|  on the whole piece.

Around a zero of the result no relative bound can hold: there a piece carries a floor, below which its values do not
count. Close to zero and far out the result is a short number L(x) = slope x + constant (mish: 3x/5) plus a rest R, and
millions of inputs lie closer to a tie than any bound: there the polynomial is that of the rest, whose sign is proven and
decides (:mod:`harness.reference.kernels`).

The one thing that is not proven: far out, where the rest is the same at both ends of a piece to 2^-60 |L| (or the result
is below 2^-230, or beyond 2^200, at both), it is so between them. Tests hold it against ball arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from flint import arb

from ..activations import ORDERS, Activation
from . import balls, leading_terms, rational
from .leading_terms import ZERO, LeadingTerm
from .pieces import ASK, DEGREE, EXACT, PLAIN, Piece, Pieces

BOUND = 2.0**-46
"""Relative error bound of the values."""

_LOWEST, _HIGHEST = -149, 127  # binades of the inputs: those of float32 and of any narrower format
_TERMS = DEGREE + 7  # the remainder is bounded by that term of the series
_SMALL = 0.25  # below it the series at zero is tried
_SIDE_DEPTH = 3  # so far a small part is divided to find the side of the rest
_DEPTH = 14  # a piece is at least 2^-14 of its binade
_PRECISION = 192  # bits
_NEGLIGIBLE = 2.0**-230  # stands for "not zero, but far below half of every format's least subnormal"
_ENORMOUS = 2.0**1000  # stands for any result beyond 2^200
_ROUNDING = (DEGREE + 3) * 2.0**-53  # Horner's rule with fused multiply-add, relative to the sum of magnitudes
_FAINT = 2.0**-60
_TINY = 2.0**-500  # a rest that is smaller counts as this: only its sign matters
_SLOW = 2.0**-960  # processors are slow where products may become subnormal
_LEAST = 2.0**-1000  # a floor below every result that counts
_ROUND_UP = 1 + 2.0**-40


class _Bounds(NamedTuple):
    """A polynomial in t for |t| <= reach: coefficients, and bounds of error and remainder at the far end."""

    coefficients: tuple[float, ...]
    error: float
    reach: float

    def sizes(self) -> list[float]:
        return [abs(c) * self.reach**n for n, c in enumerate(self.coefficients)]

    def crosses(self, first: int) -> bool:
        """Whether values may lie on both sides of a power of two, or next to one; the first term outweighs the others."""
        sizes = self.sizes()
        least, most = 2 * sizes[first] - sum(sizes) * _ROUND_UP, sum(sizes) * _ROUND_UP
        return first > 0 or math.frexp(least)[1] != math.frexp(most)[1]


def build(activation: Activation) -> Pieces:
    """The pieces of an activation's value, gradient and second derivative."""
    made = Pieces()
    for sign in (-1, 1):
        for low, high, orders in _Side(activation, sign).partition():
            made.low.append(low)
            made.high.append(high)
            made.orders.append(orders)
        made.negative = made.negative or len(made.low)
    return made


class _Expansion(NamedTuple):
    """Taylor coefficients at a centre, and the ranges of the coefficients within a radius of it."""

    centre: float
    radius: float
    series: Any
    whole: Any

    def remainder(self, order: int) -> float:
        """A bound of what a derivative is more than its Taylor polynomial, within the radius.

        A few more terms at the centre come first, because ranges from ball arithmetic are much too wide.
        """
        terms = [
            balls.upper(leading_terms.derivative(self.series, order, n) * arb(self.radius) ** n)
            for n in range(DEGREE + 1, _TERMS)
        ]
        return (
            sum(terms) + balls.upper(leading_terms.derivative(self.whole, order, _TERMS) * arb(self.radius) ** _TERMS)
        ) * _ROUND_UP


class _Part:
    """A candidate for a piece: one order on one part of a binade, expanded around one centre."""

    def __init__(self, activation: Activation, sign: int, order: int, low: float, high: float, expansion: _Expansion) -> None:
        self._sign, self._low, self._high, self._centre = sign, low, high, expansion.centre
        exponent = math.frexp(low)[1] - 1
        self._scale = math.ldexp(1.0, -exponent)
        self._reach = expansion.radius * self._scale
        self._remainder = expansion.remainder(order)
        self._unit = arb((1, exponent))
        self._coefficients = [leading_terms.derivative(expansion.series, order, n) * self._unit**n for n in range(DEGREE + 1)]
        known = None if self._remainder else rational.series(activation, self._centre, sign, DEGREE + order + 1)
        self._lead = known and leading_terms.exactly(known, order, self._centre, DEGREE)

    def exact(self) -> Piece | None:
        """The piece that is a lead itself."""
        usable = self._lead == ZERO or (
            self._lead and leading_terms.grid(self._lead, self._sign * self._low, self._sign * self._high)
        )
        return Piece(EXACT, lead=self._lead) if self._lead and usable else None

    def sided(self, lead: LeadingTerm) -> Piece | Literal[False] | None:
        """The piece of the rest beside a lead; False where the rest is too large, None where its side is not known."""
        rest = list(self._coefficients)
        rest[0] -= (arb(lead.slope) * self._centre + lead.constant) / lead.divisor
        rest[1] -= arb(lead.slope) * self._unit / lead.divisor
        known = self._settle(rest)
        bounds = _bounds(rest, self._remainder, self._reach)
        grid = leading_terms.grid(lead, self._sign * self._low, self._sign * self._high)
        if not sum(bounds.sizes()) + bounds.error < grid / 2:
            return False
        above = _sign(bounds, self._centre) if known else 0
        if above and self._centre == 0:
            above *= self._sign ** _first(bounds.coefficients)
        return Piece(above, self._centre, self._scale, lead, 0.0, bounds.coefficients) if above else None

    def _settle(self, rest: list[Any]) -> bool:
        """Take first terms of the rest that are zero but for the precision, as (1/α)·α - 1 is, for zero.

        False where they might be too large, beside the first other term at the inputs nearest to zero, for that to do no
        harm.
        """
        if self._centre != 0:
            return True
        nearest = self._low * self._scale
        first = next((n for n, ball in enumerate(rest) if not ball.contains(0)), len(rest))
        least = nearest**first * float(rest[first].abs_lower()) if first < len(rest) else 0.0
        for n in range(first):
            if not rest[n].is_zero():
                if not balls.upper(rest[n]) * nearest**n < _FAINT * least:
                    return False
                rest[n] = arb(0)
        return True

    def plain(self, last: bool) -> Piece | None:
        """The piece without a lead, if its error is small enough; with a floor if it cannot become any smaller."""
        bounds = _bounds(self._coefficients, self._remainder, self._reach)
        sizes = [*bounds.sizes(), 0.0]
        first = _first(bounds.coefficients) if self._centre == 0 else 0
        floor = 0.0
        if not bounds.error <= BOUND * (sizes[first] - sum(sizes[first + 1 :]) - bounds.error):
            if not (last and bounds.error <= 2.0**-48 * sum(sizes)):
                return None
            floor = bounds.error / BOUND * _ROUND_UP
        elif bounds.crosses(first):
            floor = _LEAST
        return Piece(PLAIN, self._centre, self._scale, floor=floor, coefficients=bounds.coefficients)


class _Side:
    """The inputs of one sign."""

    def __init__(self, activation: Activation, sign: int) -> None:
        self._activation, self._sign = activation, sign
        self._kinks = sorted(abs(kink) for kink in activation.kinks if kink * sign > 0)
        with balls.working(_PRECISION, _TERMS + len(ORDERS)):
            origin = balls.coefficients(activation, 0.0, sign)
            self._near = [leading_terms.at_zero(origin, order) for order in ORDERS]
        self._far = [leading_terms.far_out(activation, order, sign, _PRECISION) for order in ORDERS]

    def partition(self) -> Iterator[tuple[float, float, list[Piece]]]:
        """Each piece's least magnitude, the least beyond it, and the polynomials of the three orders."""
        for exponent in range(_LOWEST, _HIGHEST + 1):
            # Near zero the rest is less than L by a factor of a power of x; far out e^x and e^(-x³) take as many digits.
            self._precision = _PRECISION + 4 * abs(exponent)
            with balls.working(self._precision, _TERMS + len(ORDERS)):
                found = list(self._divide(math.ldexp(1.0, exponent), math.ldexp(2.0, exponent), 0))
            yield from found

    def _divide(self, low: float, high: float, depth: int) -> Iterator[tuple[float, float, list[Piece]]]:
        last = depth == _DEPTH
        if self._activation.edge and self._sign * low <= self._activation.edge.at:  # no result
            yield low, high, [Piece(ASK)] * 3
            return
        inside = any(low <= kink < high for kink in self._kinks)  # a kink itself is left to the exact reference
        if inside and last:
            yield low, high, [Piece(ASK)] * 3
            return
        pieces = None if inside else self._pieces(low, high, depth)
        if pieces is not None:
            yield low, high, pieces
            return
        middle = (low + high) / 2
        yield from self._divide(low, middle, depth + 1)
        yield from self._divide(middle, high, depth + 1)

    def _pieces(self, low: float, high: float, depth: int) -> list[Piece] | None:
        expansions, found = list(self._expansions(low, high)), list[Piece]()
        for order in reversed(ORDERS):  # the highest is the first to fail
            parts = [_Part(self._activation, self._sign, order, low, high, expansion) for expansion in expansions]
            near_or_far = (self._near if high <= 1.0 else self._far)[order]
            piece = next(filter(None, (part.exact() for part in parts)), None)
            sided = [] if piece else [part.sided(lead) for part in parts for lead in near_or_far]
            piece = piece or next((found for found in sided if found), None)
            if piece is None and None in sided:  # too close to a lead to tell on which side
                piece = self._tail(order, low, high)
                if piece is None and depth < (_SIDE_DEPTH if high <= _SMALL else _DEPTH - 4):
                    return None
            plain = (part.plain(depth == _DEPTH) for part in parts)
            piece = piece or next(filter(None, plain), None) or self._tail(order, low, high)
            if piece is None and depth < _DEPTH:
                return None
            found.append(piece or Piece(ASK))
        return found[::-1]

    def _expansions(self, low: float, high: float) -> Iterator[_Expansion]:
        """Taylor series at zero, for small inputs, and at the centre."""
        for centre, radius in ((0.0, high), (self._sign * (low + high) / 2, (high - low) / 2)):
            if centre == 0.0 and high > min([_SMALL, *self._kinks]):  # it knows nothing of what is beyond a kink
                continue
            middle = centre or self._sign * high / 2
            series = balls.coefficients(self._activation, centre, self._sign)
            whole = balls.coefficients(self._activation, middle, self._sign, radius=radius if centre else high / 2)
            if series is not None and whole is not None:
                yield _Expansion(centre, radius, series, whole)

    def _tail(self, order: int, low: float, high: float) -> Piece | None:
        """The piece far out where the rest beside a lead no longer changes, or a result beyond all formats."""
        for lead in self._far[order]:
            grid = leading_terms.grid(lead, self._sign * low, self._sign * high)
            first, last = (self._rest(order, x, lead) for x in (low, high))
            if not first * last > 0:
                continue
            above = 1 if first > 0 else -1
            if lead == ZERO and max(abs(first), abs(last)) < _NEGLIGIBLE:
                return _constant(above * _NEGLIGIBLE)
            if lead == ZERO and min(abs(first), abs(last)) > 2.0**200:
                return _constant(above * _ENORMOUS)
            if max(abs(first), abs(last)) < grid / 2 and abs(first - last) < grid * 2.0**-40:
                return Piece(above, lead=lead, coefficients=(first,) + (0.0,) * DEGREE)
        return None

    def _rest(self, order: int, x: float, lead: LeadingTerm) -> float:
        """What the result is more than the lead, with the right sign; 0 where that is not known."""
        found = balls.rest(self._activation, order, self._sign * x, lead, self._precision)
        return found[0] * max(found[1], _TINY) if found else 0.0


def _constant(value: float) -> Piece:
    return Piece(PLAIN, coefficients=(value,) + (0.0,) * DEGREE)


def _bounds(coefficients: list[Any], remainder: float, reach: float) -> _Bounds:
    """Round the coefficients to float64; the error covers that, Horner's rule and the remainder for |t| <= reach."""
    rounded = tuple(float(ball.mid()) for ball in coefficients)
    rounded = tuple(c if abs(c) > _SLOW else 0.0 for c in rounded)
    lost = sum(balls.upper(ball - c) * reach**n for n, (ball, c) in enumerate(zip(coefficients, rounded, strict=True)))
    evaluation = _ROUNDING * sum(abs(c) * reach**n for n, c in enumerate(rounded))
    return _Bounds(rounded, (remainder + lost + evaluation) * _ROUND_UP, reach)


def _first(coefficients: tuple[float, ...]) -> int:
    """The lowest degree with a coefficient; one too many where there is none."""
    return next((n for n, c in enumerate(coefficients) if c), len(coefficients))


def _sign(bounds: _Bounds, centre: float) -> int:
    """The proven sign of the polynomial plus its error for 0 < t <= reach (at a centre of 0) or |t| <= reach, or 0.

    The quotients of the other terms, and of the error, by the first term grow with t: the far end decides.
    """
    first = _first(bounds.coefficients) if centre == 0 else 0
    sizes = [*bounds.sizes(), 0.0]
    if sizes[first] <= (sum(sizes[first + 1 :]) + bounds.error) * _ROUND_UP:
        return 0
    return 1 if bounds.coefficients[first] > 0 else -1
