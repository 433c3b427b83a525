"""How the error of a case runs along x: for each bucket of inputs the worst one, small enough to be kept with every run.

A bucket is an interval of magnitudes on one side of zero: eight in every binade from 2^-3 to 2^10, where people look; outside
the exponents double from one edge to the next. ±0, ±∞ and NaN are buckets of their own, so that what a case gives at special
inputs is there too. Classes and errors are those of :mod:`harness.findings.evidence`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..accuracy.classification import CLASSES
from ..case import CASE, Task
from ..formats import number_format
from ..frames import Columns, series
from .evidence import Evidence

if TYPE_CHECKING:
    import pandas as pd

_NEAR = (768, 384, 192, 96, 48, 24, 12, 6)
_FAR = (10, 20, 40, 80, 160, 320, 640)
EDGES = np.array(
    [
        0.0,
        *(2.0**-e for e in _NEAR),
        *(2.0**e * (1 + k / 8) for e in range(-3, _FAR[0]) for k in range(8)),
        *(2.0**e for e in _FAR),
        math.inf,
    ]
)
"""Ascending magnitudes: bucket b > 0 holds EDGES[b - 1] <= abs(x) < EDGES[b], bucket 0 zero, the last two infinity and NaN."""
_INFINITY, _NAN = EDGES.size, EDGES.size + 1
_WORST_FIRST = ("nan", "special", "overflowed", "vanished", "inaccurate", "flushed", "faithful", "correct")
BADNESS = {name: len(_WORST_FIRST) - rank for rank, name in enumerate(_WORST_FIRST)}
"""The larger, the worse is a class; flush to zero, a policy, is the least of the defects."""


def curve(evidence: Evidence, case: int) -> Columns:
    """The worst input of every bucket: of the worst class there the one with the largest error.

    By column, for each bucket with inputs: ``bucket`` (~b on the negative side), ``class`` (as a number), ``ulp``, ``input``
    and ``output`` (encodings) and ``exact``.
    """
    buckets = _buckets(evidence.x, evidence.form.is_finite(evidence.bits), np.signbit(evidence.x))
    classes, errors = evidence.classes[case], evidence.errors[case]
    badness = np.array([BADNESS[name] for name in CLASSES])[classes]
    known = np.nan_to_num(errors, nan=-1.0, posinf=np.finfo(float).max)
    ascending = np.lexsort((known, badness, buckets))
    last = np.flatnonzero(np.diff(buckets[ascending], append=np.iinfo(np.int64).max))
    worst = ascending[last]
    return {
        "bucket": buckets[worst].tolist(),
        "class": classes[worst].tolist(),
        "ulp": errors[worst].tolist(),
        "input": evidence.bits[worst].tolist(),
        "output": evidence.outputs[case][worst].tolist(),
        "exact": evidence.exact[worst].tolist(),
    }


def _buckets(x: NDArray[np.float64], finite: NDArray[np.bool_], negative: NDArray[np.bool_]) -> NDArray[np.int64]:
    number = np.searchsorted(EDGES, np.abs(np.where(finite, x, 0.0)), "right")
    number = np.where(x == 0, 0, np.where(finite, number, np.where(np.isnan(x), _NAN, _INFINITY)))
    return np.where(negative & ~np.isnan(x), ~number, number).astype(np.int64)


def _ends(bucket: int) -> tuple[float, float]:
    """The least and the largest input of a bucket."""
    number = bucket if bucket >= 0 else ~bucket
    if number == _NAN:
        return math.nan, math.nan
    magnitudes = {0: (0.0, 0.0), _INFINITY: (math.inf, math.inf)}
    low, high = magnitudes.get(number) or (float(EDGES[number - 1]), float(EDGES[number]))
    return (low, high) if bucket >= 0 else (-high, -low)


_FOUND = ("x_low", "x_high", "class", "ulp", "worst_input_bits", "worst_input", "worst_output_bits", "worst_output", "exact")
CURVES = {"run_id": "string"} | CASE | dict.fromkeys(_FOUND, "float64")
CURVES |= {"class": "string", "worst_input_bits": "UInt64", "worst_output_bits": "UInt64"}
"""The columns of the frame, with their types."""
INTERVALS = frozenset(_ends(bucket) for number in range(_NAN) for bucket in (number, ~number))
"""The ends of all buckets but that of NaN, which has none."""


def curves_frame(run_id: str, curves: Iterable[tuple[Task, Columns]]) -> pd.DataFrame:
    """The frame ``curves``: a row per case and bucket.

    ``exact`` is the exact result to about 2^-46 relatively, as a float64; in formats of up to 32 bits what is below 2^-200
    only stands for something as small. ``ulp`` is NaN where there is no number to measure.

    Args:
        run_id: of the run.
        curves: tasks, each with its curve.
    """
    return series((({"run_id": run_id} | task.facts, _in_words(task, found)) for task, found in curves), CURVES)


def _in_words(task: Task, found: Columns) -> Columns:
    """A curve with the columns of the frame."""
    form = number_format(task.case.format)
    ends = [_ends(bucket) for bucket in found["bucket"]]
    return {
        "x_low": [low for low, _ in ends],
        "x_high": [high for _, high in ends],
        "class": [CLASSES[number] for number in found["class"]],
        "ulp": found["ulp"],
        "worst_input_bits": found["input"],
        "worst_input": form.decode(np.array(found["input"], form.carrier)).tolist(),
        "worst_output_bits": found["output"],
        "worst_output": form.decode(np.array(found["output"], form.carrier)).tolist(),
        "exact": found["exact"],
    }
