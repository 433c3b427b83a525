"""What a piece of a piecewise polynomial claims, where the proof is delicate."""

from __future__ import annotations

import pytest
from flint import arb, arb_series

from harness.catalogue import activation
from harness.reference import balls
from harness.reference.approximation import _Expansion, _Part
from harness.reference.leading_terms import LeadingTerm
from harness.reference.pieces import ABOVE


@pytest.mark.parametrize(("doubt", "side"), [(2.0**-120, ABOVE), (1.5 * 2.0**-40, None)])
def test_the_side_of_a_rest_is_proven_at_the_near_end_too(doubt: float, side: int | None) -> None:
    """1 + 2^-19 x, where the 1 is known to +- doubt: that may outweigh the rest at 2^-21, though not at 2^-20."""
    with balls.working(192, 20):
        series = arb_series([arb(1, doubt), arb(2.0**-19)])
        part = _Part(activation("sigmoid"), 1, 0, 2.0**-21, 2.0**-20, _Expansion(0.0, 2.0**-20, series, series))
        piece = part.sided(LeadingTerm(0.0, 1.0))
    assert (piece.kind if piece else piece) == side
