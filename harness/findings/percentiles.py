"""How the errors of a case are distributed in each binade of x: the median, the 99th percentile and the largest.

Tallies have one distribution for all inputs. Along x it is taken from the results kept for findings
(:mod:`harness.findings.evidence`): all of a 16-bit format, some hundreds of each binade in wider ones. Binades are those from
2^-3 to 2^10 on either side, where people look; outside they are taken together, as in :mod:`harness.findings.curves`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from ..case import CASE, Task
from ..frames import Columns, series
from .curves import EDGES
from .evidence import CLASS, Evidence

if TYPE_CHECKING:
    import pandas as pd

ENDS = EDGES[np.isin(np.frexp(EDGES)[0], (0.0, 0.5, np.inf))]
"""Ascending magnitudes: 0, powers of two, infinity."""
_MAGNITUDES = list(zip(ENDS[:-1].tolist(), ENDS[1:].tolist(), strict=True))
BINADES = [(-high, -low) for low, high in reversed(_MAGNITUDES)] + _MAGNITUDES
"""The least and the largest x of each interval, ascending; the end nearer to zero belongs to it, but for 0."""
_PERCENTS = {"p50_ulp": 50, "p99_ulp": 99, "max_ulp": 100}


def percentiles(evidence: Evidence, case: int) -> Columns:
    """For each interval with errors its place in :data:`BINADES`, how many they are, and those that so many do not exceed.

    As in tallies, results have errors where they are finite and not flushed. A percentile is one of the errors (nearest rank).
    """
    x, errors = evidence.x, evidence.errors[case]
    known = np.isfinite(x) & (x != 0) & ~np.isnan(errors) & (evidence.classes[case] != CLASS["flushed"])
    outwards = np.searchsorted(ENDS, np.abs(x[known]), "right") - 1
    place = np.where(x[known] < 0, len(_MAGNITUDES) - 1 - outwards, len(_MAGNITUDES) + outwards)
    ascending = np.lexsort((errors[known], place))
    place, errors = place[ascending], errors[known][ascending]
    interval, first, count = np.unique(place, return_index=True, return_counts=True)
    found: Columns = {"interval": interval.tolist(), "inputs": count.tolist()}
    return found | {name: errors[first + -(-count * percent // 100) - 1].tolist() for name, percent in _PERCENTS.items()}


PERCENTILES = {"run_id": "string"} | CASE | {"x_low": "float64", "x_high": "float64", "inputs": "Int64"}
PERCENTILES |= dict.fromkeys(_PERCENTS, "float64")
"""The columns of the frame, with their types."""


def percentiles_frame(run_id: str, found: Iterable[tuple[Task, Columns]]) -> pd.DataFrame:
    """The frame ``percentiles``: a row per case and interval of x in which results have errors.

    Args:
        run_id: of the run.
        found: tasks, each with its percentiles.
    """
    return series((({"run_id": run_id} | task.facts, _with_ends(columns)) for task, columns in found), PERCENTILES)


def _with_ends(columns: Columns) -> Columns:
    ends = [BINADES[place] for place in columns["interval"]]
    return columns | {"x_low": [low for low, _ in ends], "x_high": [high for _, high in ends]}
