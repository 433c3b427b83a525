"""A finding in words, always in the same order: what is wrong, where, one input with what it gives, who else, and why."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

from ..formats import FORMATS, Format, number_format
from .intervals import Interval, joined
from .symptoms import Symptom

ORDERS = ("value", "gradient", "second derivative")
"""What is computed."""
_CLAIMS = {
    "nan": "is NaN where the exact result is a number",
    "special_value": "differs from the limit at an infinity",
    "overflow": "is infinite where the exact result is finite",
    "early_underflow": "is 0 where it should be up to {size:.2g}",
    "inaccurate": "is wrong by up to {ulps:.3g} ulp{relative}",
    "range": "leaves the range of the function",
    "nan_lost": "is a number where the input is NaN",
    "signed_zero": "is a zero of the other sign than most implementations give",
    "kink": "has another slope at a kink than most implementations",
    "flush_to_zero": "is 0 where the result is subnormal",
}
_SHOWN_DIGITS = 6
_MANY = 3  # intervals that one still reads
_DOUBLE = 1.0  # a relative error from which a percentage says little


def and_others(name: str, functions: Iterable[str]) -> str:
    """A function, and how many others there are besides."""
    others = len(set(functions)) - 1
    return f"{name} and {others} other{'s' if others > 1 else ''}" if others else name


def claim(symptom: Symptom) -> str:
    """What is wrong, in words that follow the name of the result."""
    if symptom.kind == "special_value" and symptom.exact == "nan":
        return "is a number where the function is not defined"
    percent = f", {100 * symptom.relative:.2g} %" if 1e-4 <= symptom.relative < _DOUBLE else ""
    return _CLAIMS[symptom.kind].format(size=symptom.size, ulps=symptom.ulps, relative=percent)


def evidence(symptom: Symptom) -> str:
    """What one input gives, and what is right."""
    form = number_format(symptom.case.format)
    x, got = form.value(symptom.bits), form.value(symptom.got)
    return f"at x = {shortest(x, form)} it gives {shortest(got, form)}, exact is {short(symptom.exact)}"


def by_format(symptoms: Iterable[Symptom]) -> dict[str, list[Interval]]:
    """The intervals of affected inputs in each format, over all implementations."""
    found: dict[str, list[Interval]] = {}
    for symptom in symptoms:
        found.setdefault(symptom.case.format, []).extend(symptom.intervals)
    return {name: joined(found[name], FORMATS[name]) for name in FORMATS if found.get(name)}


def ranges(intervals: dict[str, list[Interval]], at_nan: Iterable[str] = ()) -> str:
    """The column ``ranges``: for each format its intervals, with all digits of their ends; ``[nan, nan]`` stands for NaN."""
    at_nan = set(at_nan)
    found = {name: [*intervals.get(name, []), *([(math.nan, math.nan)] if name in at_nan else [])] for name in FORMATS}
    return "; ".join(f"{name} {' '.join(f'[{low!r}, {high!r}]' for low, high in found[name])}" for name in found if found[name])


def where(intervals: list[Interval]) -> str:
    """Intervals in words, to six digits, rounded outwards; many as one."""
    if len(intervals) == 2:
        (first, before), (after, last) = intervals
        if (_up(-first), _down(-before)) == (_up(last), _down(after)):
            return _interval((after, last)).replace("x", "|x|", 1)
    if len(intervals) > _MANY:
        return f"{_interval((intervals[0][0], intervals[-1][1]))}, with gaps"
    return " and ".join(map(_interval, intervals))


def besides(symptoms: Iterable[Symptom]) -> str:
    """What else is wrong, by kind, and where."""
    others: dict[str, list[Symptom]] = {}
    for symptom in symptoms:
        others.setdefault(symptom.kind.replace("_", " "), []).append(symptom)
    found = {kind: [each for those in by_format(alike).values() for each in those] for kind, alike in others.items()}
    return "; ".join(f"{kind} for {where(intervals)}" for kind, intervals in found.items() if intervals)


def _interval(interval: Interval) -> str:
    low, high = interval
    if low == high:
        return f"x = {_rounded(low)}"
    if low == -high:
        return "every x" if math.isinf(high) else f"|x| ≤ {_up(high)}"
    if math.isinf(low) or math.isinf(high):
        return f"x ≤ {_up(high)}" if math.isinf(low) else f"x ≥ {_down(low)}"
    return f"x from {_down(low)} to {_up(high)}"


def _rounded(x: float) -> str:
    return f"{x:.{_SHOWN_DIGITS}g}"


def _up(x: float) -> str:
    """The least decimal number of so many digits that is not below."""
    return _outside(x, ROUND_CEILING)


def _down(x: float) -> str:
    """The largest one that is not above."""
    return _outside(x, ROUND_FLOOR)


def _outside(x: float, rounding: str) -> str:
    if not math.isfinite(x) or x == 0:
        return _rounded(x)
    return f"{float(Context(_SHOWN_DIGITS, rounding).create_decimal(Decimal(x))):.{_SHOWN_DIGITS}g}"


def elsewhere(intervals: dict[str, list[Interval]], formats: Iterable[str], first: str) -> str:
    """Of the other formats the same in words; those where it is the same together, first those as in the first format."""
    told: dict[str, list[str]] = {where(intervals.get(first, [])): []}
    for name in formats:
        if name != first:
            told.setdefault(where(intervals.get(name, [])), []).append(name)
    (_, alike), *others = told.items()
    words = [", ".join(alike)] if alike else []
    return "; ".join(words + [f"{', '.join(names)} ({place})" if place else ", ".join(names) for place, names in others])


def shortest(x: float, form: Format) -> str:
    """The decimal with the fewest digits that stands for a number of a format."""
    if not math.isfinite(x) or x == 0:
        return repr(x)
    bits = form.round([x])[0]
    texts = (f"{x:.{digits}g}" for digits in range(1, 18))
    return repr(float(next(text for text in texts if form.round([float(text)])[0] == bits)))


def short(decimal: str) -> str:
    """An exact result with as many digits as one compares by eye."""
    if decimal.startswith("["):  # any number between two is right
        return "[" + ", ".join(map(short, decimal.strip("[]").split(", "))) + "]"
    mantissa, mark, exponent = decimal.partition("e")
    if len(exponent) > 6:
        return f"{'-' if mantissa.startswith('-') else ''}10^({float(exponent):.2g})"
    return mantissa[:12] + mark + exponent
