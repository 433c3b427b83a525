"""What may stand in the frames of a saved run: the type of every column, the values it takes, and where there has to be one.

Anybody may have written the files. What readers of frames look up, reckon with or take apart is held against what is known, here
and once, before any of them sees it. The rest is shown as it is: an activation may be the user's own, a backend or a route a
third party's, so that of their names only the shape is known.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from backends import target

from ..accuracy.classification import CLASSES
from ..accuracy.distribution import DISTRIBUTION
from ..activations import ORDERS
from ..findings.curves import CURVES, INTERVALS
from ..findings.percentiles import BINADES, PERCENTILES
from ..findings.severity import SEVERITIES
from ..formats import FORMATS
from ..speed.frame import PHASES, SPEED
from ..speed.statistics import VERDICTS
from ..training.chain import CHAIN
from ..training.frame import LAYERS, PAIRS, TRAINING
from ..training.setting import GRADIENTS
from ..workers.environments import ENVIRONMENTS, PEAK
from .results import ACCURACY, AGREEMENT, FINDINGS, LAWS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

_LONGEST = 60  # characters of a value in a message


class Rule(NamedTuple):
    """What the values of a column are, in words, and whether one is."""

    what: str
    holds: Callable[[Any], bool]


class Needs(NamedTuple):
    """Where ``column`` has this value (None: any at all), the others have one too."""

    column: str
    value: str | None
    others: tuple[str, ...]


@dataclass(frozen=True)
class Form:
    """A frame.

    Attributes:
        columns: their pandas types; all of them have to be there, and others may be,
        others: of this type, or of any.
        may_miss: texts and whole numbers that need not be in every row, beside numbers and encodings, which never need to be.
        needs: where they have to be all the same.
        sums: columns that add up to another.
        rules: of columns that hold something else here than elsewhere.
    """

    columns: Mapping[str, str]
    others: str = ""
    may_miss: Sequence[str] = ()
    needs: tuple[Needs, ...] = ()
    sums: tuple[tuple[str, ...], str] | None = None
    rules: Mapping[str, Rule] = field(default_factory=dict)


def _among(known: Sequence[Any]) -> Rule:
    return Rule(f"one of {', '.join(map(str, known))}", lambda value: value in known)


def _listed(rule: Rule, what: str) -> Rule:
    return Rule(what, lambda text: all(map(rule.holds, text.split(", "))))


def _is_parameters(text: str) -> bool:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(given, dict) and all(
        name.isidentifier() and isinstance(value, float) and math.isfinite(value) for name, value in given.items()
    )


def _is_own(text: str) -> bool:
    try:
        return not text or bool(target.parse(text))
    except ValueError:
        return False


_WORD = Rule("a word", lambda text: bool(re.fullmatch(r"[\w.+-]+", text)))
_WORDS = Rule("words apart by commas", lambda text: not text or all(map(_WORD.holds, text.split(", "))))
_TEXT = Rule("a text", lambda text: True)
_NAME = Rule("the name of a function", str.isidentifier)
_FORMAT = _among(tuple(FORMATS))
_COUNT = Rule("0 or more", lambda value: bool(value >= 0))
_SOME = Rule("1 or more", lambda value: bool(value >= 1))
_TIME = Rule("a finite number above 0", lambda value: 0 < value < math.inf)
_RULES: dict[str, Rule] = {
    "activation": _NAME,
    "parameters": Rule("a JSON object of names with numbers", _is_parameters),
    "order": _among(ORDERS),
    "format": _FORMAT,
    "implementation": Rule("empty, path/to/file.py:function or package.module:function", _is_own),
    "severity": _among(SEVERITIES),
    "class": _among(CLASSES),
    "phase": _among(PHASES),
    "verdict": _among(VERDICTS),
    "output_digest": Rule("16 hexadecimal digits", lambda text: bool(re.fullmatch("[0-9a-f]{16}", text))),
    "seed": Rule("a whole number or empty", lambda text: bool(re.fullmatch("-?[0-9]{1,20}|", text, re.ASCII))),
}
_RULES |= dict.fromkeys(("run_id", "route", "backend", "mode", "device", "status", "law", "kind"), _WORD)
_RULES |= dict.fromkeys(("max_ulp", "max_ulp_normal", "mean_ulp", "p50_ulp", "p99_ulp", "search_max_ulp", "ulp", "ulps"), _COUNT)
_RULES |= dict.fromkeys(("ulp_low", "ulp_high"), _COUNT)
_RULES |= dict.fromkeys(("inputs", "n", "pairs", "threads_requested"), _SOME)
_RULES |= dict.fromkeys(("ns_per_element", "ratio", "ratio_low", "ratio_high"), _TIME)

_COUNTS = (*CLASSES, "wrong_sign", "zero_sign")
_MEASURED = ("inputs", "exhaustive", *_COUNTS, "output_digest")
_WORST = ("worst_input_bits", "worst_input", "worst_output_bits", "worst_exact")
_SEARCHED = ("searched", "search_worst_exact")
_STARTED = ("run_id", "backend", "backend_version", "mode", "device", "implementation", "threads_requested", "phase")
_CASE = ("activation", "parameters", "order", "route", "format", "n")
_ENVIRONMENT = Form(dict.fromkeys(ENVIRONMENTS, "string") | {PEAK: "Int64"}, may_miss=[PEAK], others="string")
_STEP = ("dead", "dead_exactly", "vanished")
_TRAINED = {"activation": _TEXT, "gradient": _among(tuple(GRADIENTS))}  # an activation with its parameters
FORMS: dict[str, Form] = {
    "accuracy": Form(
        ACCURACY,
        may_miss=(*_MEASURED, *_WORST, *_SEARCHED),
        needs=(Needs("status", "ok", _MEASURED), Needs("max_ulp", None, _WORST), Needs(_WORST[0], None, _WORST[2:])),
        sums=(CLASSES, "inputs"),
    ),
    "agreement": Form(AGREEMENT, sums=(("equal", "differing"), "inputs")),
    "findings": Form(
        FINDINGS,
        rules={"activation": _listed(_NAME, "names of functions"), "format": _listed(_FORMAT, f"of {', '.join(FORMATS)}")}
        | {"parameters": _TEXT, "route": _WORDS, "also": _WORDS},
    ),
    "laws": Form(LAWS),
    "environments": _ENVIRONMENT,
    "curves": Form(CURVES),
    "distribution": Form(
        DISTRIBUTION,
        needs=(Needs("run_id", None, ("ulp_low", "ulp_high", "share")),),
        rules={"share": Rule("a number from 0 to 1", lambda value: 0 <= value <= 1)},
    ),
    "percentiles": Form(PERCENTILES, needs=(Needs("run_id", None, ("x_low", "x_high", "p50_ulp", "p99_ulp", "max_ulp")),)),
    "speed": Form(
        SPEED,
        may_miss=[name for name in SPEED if name not in (*_STARTED, "status", "reason")],
        needs=(
            *(Needs("phase", phase, _CASE) for phase in PHASES if phase != "import"),
            Needs("ns_per_element", None, ("pairs",)),
            Needs("ratio", None, ("ratio_to", "verdict")),
            Needs("low", None, ("high",)),
            Needs("ratio_low", None, ("ratio_high",)),
        ),
        rules={"low": _TIME, "high": _TIME, "seconds": _COUNT},
    ),
    "speed_environments": _ENVIRONMENT,
    "chain": Form(
        CHAIN,
        may_miss=("layers", "exact"),
        needs=(Needs("status", "ok", ("layers", "gradient", "exact", "relative_error")),),
        rules={"exact": Rule("a number above 0", lambda text: bool(re.fullmatch(r"[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", text)))},
    ),
    "training": Form(
        TRAINING,
        may_miss=("step", *_STEP),
        needs=(Needs("status", "ok", ("step", *_STEP)),),
        rules=_TRAINED
        | dict.fromkeys(("seed", "step", *_STEP), _COUNT)
        | dict.fromkeys(("layers", "width", "examples"), _SOME)
        | {"seconds": _TIME},
    ),
    "training_layers": Form(LAYERS, rules=dict.fromkeys(("seed", "step", "layer"), _COUNT) | _TRAINED),
    "training_pairs": Form(PAIRS, may_miss=("first_step",), rules=dict.fromkeys(("seed", "first_step"), _COUNT) | _TRAINED),
}
"""By name the frames of saved runs."""
_INTERVALS = {"curves": INTERVALS, "percentiles": frozenset(BINADES)}
_TYPES = {"string": "text", "Int64": "whole numbers", "UInt64": "encodings", "boolean": "true or false"}


def wrong_types(name: str, table: pa.Table) -> Iterator[str]:
    """Which columns of a frame's file are there twice, or hold something of another type; in words."""
    import pyarrow.types as types

    holds = {"string": _is_text, "Int64": types.is_int64, "UInt64": types.is_uint64, "boolean": types.is_boolean}
    form = FORMS[name]
    for column, kind in zip(table.column_names, table.schema.types, strict=True):
        known = form.columns.get(column, form.others)
        if table.column_names.count(column) > 1:
            yield f"it has several columns {column!r}"
        elif known and not holds.get(known, types.is_float64)(kind):
            yield f"its column {column!r} has the type {str(kind)[:_LONGEST]}, not {_TYPES.get(known, 'numbers')}"


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow.types as types

    return bool(types.is_string(kind) or types.is_large_string(kind))


def wrong_values(name: str, frame: pd.DataFrame) -> Iterator[str]:
    """What in a frame cannot be, in words: the column, the value, the row (from 1 on), and what there should be."""
    form = FORMS[name]
    for column, kind in form.columns.items():
        if column in frame:
            yield from _wrong_column(form, column, kind, frame[column])
    for column, value, others in form.needs:
        there = frame[column].notna() if value is None else frame[column] == value
        for other in others:
            if (lacking := _mask(there & frame[other].isna())).any():
                found = _said(frame[column][lacking].iloc[0])
                yield f"its column {other!r} has nothing in row {_row(lacking)}, where {column} is {found}"
    if form.sums:
        parts, whole = form.sums
        if (differing := _mask(frame[list(parts)].sum(axis=1, skipna=False) != frame[whole])).any():
            yield f"its columns {', '.join(parts)} do not add up to {whole} in row {_row(differing)}"
    if name in _INTERVALS:
        for low, high in frame[["x_low", "x_high"]].drop_duplicates().dropna().itertuples(index=False):
            if (low, high) not in _INTERVALS[name]:
                yield f"its columns 'x_low' and 'x_high' have {low!r} and {high!r}: there is no such interval"


def _wrong_column(form: Form, column: str, kind: str, values: pd.Series[Any]) -> Iterator[str]:
    missing = _mask(values.isna())
    if kind in ("string", "Int64") and column not in form.may_miss and missing.any():
        yield f"its column {column!r} has nothing in row {_row(missing)}"
    rule = form.rules.get(column) or _RULES.get(column) or (_COUNT if kind == "Int64" else None)
    for value in values.dropna().unique() if rule else ():
        if rule and not rule.holds(value):
            yield f"its column {column!r} has {_said(value)} in row {_row(_mask(values == value))}: it is {rule.what}"


def _said(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _mask(where: pd.Series[Any]) -> NDArray[np.bool_]:
    """Where it is so; where that cannot be told it is not."""
    return where.fillna(False).to_numpy(bool)


def _row(where: NDArray[np.bool_]) -> int:
    """The number of the first row where it is so."""
    return int(where.argmax()) + 1
