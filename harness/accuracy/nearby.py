"""Errors of float64 results for inputs that lie close together: from a cubic through few exact results."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

_WIDEST = 2.0**37  # ulps from the least input to the largest
_NODES = np.array([-1.0, -0.4, 0.4, 1.0, -0.7, 0.7])  # the cubic goes through the first four, and is held against the others
_AGREED = 2.0**-12
"""How far in ulps the cubic may be off; what it leaves out is far less for every smooth function."""
_NORMAL = 2.0**-1021  # results from here on are normal, and so are their neighbours


def errors_nearby(reference: Callable[..., Any], x: Reals, results: Reals) -> Reals | None:
    """Errors in ulps with their signs, right to 2^-12 ulp; 0 for results that have none.

    Args:
        reference: that of :func:`harness.reference.kernels.wide`.
        x, results: float64[n].

    Returns:
        None where it cannot be told from a cubic: the inputs or the exact results lie in more than one binade, or the function
        bends too much between them.
    """
    least, largest = float(np.min(x)), float(np.max(x))
    unit = math.ulp(least)
    if not (math.isfinite(least) and math.isfinite(largest)) or math.frexp(least)[1] != math.frexp(largest)[1]:
        return None
    if least * largest <= 0.0 or largest - least > _WIDEST * unit or abs(least) < _NORMAL:
        return None
    half = 2.0 ** math.ceil(math.log2(max((largest - least) / unit, 2.0) / 2)) * unit
    middle = least + math.floor((largest - least) / unit / 2) * unit
    nodes = np.clip(middle + _NODES * half, least, largest)
    hi, lo, doubt, scale = (np.empty(nodes.size) for _ in range(4))
    reference(nodes, hi, lo, doubt, scale)
    sizes, factor = np.abs(hi), float(scale[0])
    if not (np.isfinite(hi).all() and (scale == factor).all() and sizes.min() > _NORMAL * factor):
        return None
    around = float(sizes.max() - sizes.min())
    if math.frexp(float(sizes.min()) - around)[1] != math.frexp(float(sizes.max()) + around)[1]:
        return None
    base, ulp = float(hi[0]), math.ulp(float(hi[0]))
    exact = ((hi - base) + lo) / ulp
    places = (nodes - middle) / half
    cubic = np.linalg.solve(np.vander(places[:4], 4, increasing=True), exact[:4])
    if not np.max(np.abs(np.vander(places, 4, increasing=True) @ cubic - exact)) < _AGREED:
        return None
    from .kernels.compare_wide import nearby

    errors = np.empty(x.size)
    nearby(x, results, middle, 1.0 / half, factor, base, 1.0 / ulp, cubic, errors)
    return errors
