"""Piecewise polynomials as data: what :mod:`harness.reference.approximation` makes and the kernels evaluate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from .leading_terms import ZERO, LeadingTerm

DEGREE = 8
PLAIN, ABOVE, BELOW, EXACT, ASK = 0, 1, -1, 2, 3
"""Kinds of pieces: approximate; more than L, less than L; L itself; only ball arithmetic may answer."""


class Piece(NamedTuple):
    """One polynomial: its values are lead(x) + Horner's rule at (x - centre)·scale.

    Attributes:
        kind: PLAIN, ABOVE, BELOW, EXACT or ASK.
        centre, scale: of the argument; the scale is a power of two.
        lead: zero in PLAIN pieces.
        floor: magnitudes below it do not count; where it is not 0, nor does what is next to a power of two.
        coefficients: lowest degree first.
    """

    kind: int
    centre: float = 0.0
    scale: float = 1.0
    lead: LeadingTerm = ZERO
    floor: float = 0.0
    coefficients: tuple[float, ...] = (0.0,) * (DEGREE + 1)


@dataclass
class Pieces:
    """The pieces, in order of sign and magnitude of the inputs they cover; the orders have one partition.

    Attributes:
        low, high: the magnitudes covered, low <= |x| < high.
        orders: for each piece the polynomials of value, gradient and second derivative.
        negative: how many of the pieces, the first ones, are for negative inputs.
    """

    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    orders: list[list[Piece]] = field(default_factory=list)
    negative: int = 0
