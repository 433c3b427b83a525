"""The distribution of a case's errors: the histogram of its tally in some 40 steps, few enough to be kept with every run.

A step is a range of errors. There are four in each factor of two from 1/4 to 8 ulp, where right and wrong part; below, down to
2^-10 ulp, and above, up to 2^12 ulp, a step is a factor of two, and beyond a factor of 16. All of them end where buckets of the
histogram end, so that no error is in another step than its own.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..case import CASE, Task
from ..frames import Columns, series
from .tally import BUCKETS, LOWEST, Tally, upper_end

if TYPE_CHECKING:
    import pandas as pd

_FINE, _COARSE, _LAST = (-2, 3), 12, 64  # exponents of errors
STEPS = (
    *(2.0**e for e in range(LOWEST, _FINE[0])),
    *(2.0**e * (1 + k / 4) for e in range(*_FINE) for k in range(4)),
    *(2.0**e for e in range(_FINE[1], _COARSE)),
    *(2.0**e for e in range(_COARSE, _LAST + 1, 4)),
    math.inf,
)
"""Where the steps end, in ulps, ascending; the first one begins at 0."""
_STEP = [bisect_left(STEPS, upper_end(bucket)) for bucket in range(BUCKETS)]  # of each bucket


def distribution(tally: Tally) -> Columns:
    """The steps with errors, from the least on: their ends, how many of the errors entered are in each, and up to its end."""
    counts: dict[int, int] = {}
    for bucket, count in sorted(tally.histogram.items()):
        counts[_STEP[bucket]] = counts.get(_STEP[bucket], 0) + count
    total, seen = sum(counts.values()), 0
    found: Columns = {name: [] for name in ("ulp_low", "ulp_high", "count", "share")}
    for step, count in counts.items():
        seen += count
        found["ulp_low"].append(STEPS[step - 1] if step else 0.0)
        found["ulp_high"].append(min(STEPS[step], tally.worst.ulps))
        found["count"].append(count)
        found["share"].append(seen / total)
    return found


DISTRIBUTION = {"run_id": "string"} | CASE
DISTRIBUTION |= {"ulp_low": "float64", "ulp_high": "float64", "count": "Int64", "share": "float64"}
"""The columns of the frame, with their types."""


def distribution_frame(run_id: str, found: Iterable[tuple[Task, Columns]]) -> pd.DataFrame:
    """The frame ``distribution``: a row per case and step that has errors.

    Errors of a step are at least ``ulp_low`` and below ``ulp_high``, which is no more than the case's largest error. ``count``
    is how many of those that entered the histogram of the tally, and ``share`` what part of them lies in this step and below.

    Args:
        run_id: of the run.
        found: tasks, each with its distribution.
    """
    return series((({"run_id": run_id} | task.facts, columns) for task, columns in found), DISTRIBUTION)
