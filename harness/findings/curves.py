"""How the error of a case runs along x: for each bucket of inputs the worst one, small enough to be kept with every run.

A bucket is an interval of magnitudes on one side of zero: eight in every binade from 2^-3 to 2^10, where people look; outside
the exponents double from one edge to the next. ±0, ±∞ and NaN are buckets of their own, so that what a case gives at special
inputs is there too. Classes and errors are those of :mod:`harness.findings.evidence`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..accuracy.classification import CLASSES
from ..formats import number_format
from ..frames import column
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

Curve = dict[str, list[Any]]
"""For each bucket with inputs ``bucket`` (~b on the negative side), ``class``, ``ulp``, ``input``, ``output``, ``exact``."""


def curve(evidence: Evidence, case: int) -> Curve:
    """The worst input of every bucket: of the worst class there the one with the largest error."""
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


_TOLD = ("run_id", "activation", "parameters", "order", "route", "format", "backend", "mode", "device", "implementation")
_FOUND = ("x_low", "x_high", "class", "ulp", "worst_input_bits", "worst_input", "worst_output_bits", "worst_output", "exact")
CURVES = dict.fromkeys((*_TOLD, *_FOUND), "string") | {
    "order": "Int64",
    "worst_input_bits": "UInt64",
    "worst_output_bits": "UInt64",
}
CURVES |= dict.fromkeys(("x_low", "x_high", "ulp", "worst_input", "worst_output", "exact"), "float64")
"""The columns of the frame, with their types."""
INTERVALS = frozenset(_ends(bucket) for number in range(_NAN) for bucket in (number, ~number))
"""The ends of all buckets but that of NaN, which has none."""


def curves_frame(run_id: str, curves: Iterable[tuple[Any, Curve]]) -> pd.DataFrame:
    """The frame ``curves``: a row per case and bucket.

    ``exact`` is the exact result to about 2^-46 relatively, as a float64; in formats of up to 32 bits what is below 2^-200
    only stands for something as small. ``ulp`` is NaN where there is no number to measure.

    Args:
        run_id: of the run.
        curves: tasks, each with its curve.
    """
    import pandas as pd

    columns: dict[str, list[Any]] = {name: [] for name in CURVES}
    for task, found in curves:
        case, count = task.case, len(found["bucket"])
        form = number_format(case.format)
        by = task.implementation
        where = (by.backend, by.mode, by.device, by.substitute)
        told = (run_id, case.activation, json.dumps(dict(case.parameters)), case.order, case.route, case.format, *where)
        for name, value in zip(_TOLD, told, strict=True):
            columns[name] += [value] * count
        ends = [_ends(bucket) for bucket in found["bucket"]]
        columns["x_low"] += [low for low, _ in ends]
        columns["x_high"] += [high for _, high in ends]
        columns["class"] += [CLASSES[number] for number in found["class"]]
        columns["ulp"] += found["ulp"]
        columns["worst_input_bits"] += found["input"]
        columns["worst_input"] += form.decode(np.array(found["input"], form.carrier)).tolist()
        columns["worst_output_bits"] += found["output"]
        columns["worst_output"] += form.decode(np.array(found["output"], form.carrier)).tolist()
        columns["exact"] += found["exact"]
    return pd.DataFrame({name: column(values, CURVES[name]) for name, values in columns.items()})
