"""The largest errors of many results, found again after loops that only said how large they are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...reference.kernels.machine import EXPONENT_MASK, step, to_bits
from .account import MAX_ERROR, MAX_INDEX, MAX_NORMAL, MAX_NORMAL_INDEX, enter_record
from .survey import measure


@step
def _known(largest: Any, record: Any, index: Any, start: Any) -> Any:
    """Whether a chunk from ``start`` on holds no error that would replace a record."""
    return largest < record or (largest == record and index < start)


@step
def _first(os: Any, ys: Any, law: Any, error: Any, least: Any, top: Any) -> Any:
    """The first of some results with an error (bits) and least <= |reference| < top; their number where there is none."""
    first = os.size
    for i in range(os.size):
        binade = max(to_bits(ys[i]) & EXPONENT_MASK, law.lowest)
        found = (measure(os[i], ys[i], binade, law) == error) & (abs(ys[i]) >= least) & (abs(ys[i]) < top)
        first = min(first, i if found else os.size)
    return first


@step
def enter_largest(os: Any, bs: Any, ys: Any, start: Any, law: Any, largest: Any, normal: Any, records: Any) -> Any:
    """Enter the largest errors, of all results from ``start`` on and of the normal ones (-1: none), where they belong.

    False, and nothing is entered, where no normal result has the latter.
    """
    first = np.int64(0)
    if normal >= 0 and not _known(normal, records[MAX_NORMAL], records[MAX_NORMAL_INDEX], start):
        first = _first(os, ys, law, normal, law.normal_from, law.top)
        if first < os.size:
            enter_record(normal, start + first, bs[first], records, MAX_NORMAL)
    if first < os.size and not _known(largest, records[MAX_ERROR], records[MAX_INDEX], start):
        worst = _first(os, ys, law, largest, 0.0, math.inf)
        enter_record(largest, start + worst, bs[worst], records, MAX_ERROR)
    return first < os.size
