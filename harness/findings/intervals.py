"""Where affected inputs lie: the intervals from the first of them to the last on either side of zero."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..formats import Format

Interval = tuple[float, float]
"""Both ends belong to it."""


def spans(x: NDArray[np.float64], mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The first and the last place of the affected inputs on either side of zero; one pair where zero is affected, too.

    Args:
        x: inputs, ascending, NaNs last.
        mask: which of them are affected; NaNs lie in no interval.
    """
    parts = [np.flatnonzero(mask & side) for side in (x < 0, x == 0, x > 0)]
    if parts[1].size:
        parts = [np.concatenate(parts)]
    return [(int(places[0]), int(places[-1])) for places in parts if places.size]


def between(x: NDArray[np.float64], mask: NDArray[np.bool_]) -> tuple[Interval, ...]:
    """The intervals of the affected inputs, as far as these inputs tell them."""
    return tuple((float(x[low]), float(x[high])) for low, high in spans(x, mask))


def joined(intervals: Iterable[Interval], form: Format) -> list[Interval]:
    """The intervals in ascending order; those that overlap or lie side by side in a format are one."""
    found: list[Interval] = []
    for low, high in sorted(intervals):
        if found and _beside(found[-1][1], low, form):
            found[-1] = found[-1][0], max(found[-1][1], high)
        else:
            found.append((low, high))
    return found


def _beside(high: float, low: float, form: Format) -> bool:
    """Whether no number of the format lies between the end of one interval and the beginning of the next."""
    last, first = form.to_ordered(form.round([high, low])).tolist()
    return low <= high or first - last <= 1
