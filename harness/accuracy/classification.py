"""Which class one output falls in: the slow, obvious twin of the fast tally.

The rules are read from top to bottom and the first that fits decides, so that every output is in exactly one class.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..formats import Format
from ..reference.exact import ExactResult, Interval

CLASSES = ("correct", "faithful", "inaccurate", "vanished", "flushed", "overflowed", "nan", "special")
"""The classes, in the order of reports; every input of a case is counted in exactly one."""


@dataclass(frozen=True)
class Classification:
    """What is to be said about one output.

    Attributes:
        cls: one of :data:`CLASSES`.
        ulps: the error, |ŷ - y| / ulp(y); NaN where output, exact result or input is not finite. For y = 0 the unit is
            the spacing of the subnormals; at a kink the error is 0 inside the interval, else that from its nearest end.
        wrong_sign: the output's sign is opposite to that of a nonzero exact result; infinities have signs, zeros none.
        zero_sign: the output is a zero, and the correctly rounded result is the zero of the other sign.
        normal: the input is finite and the correctly rounded result (at a kink: the lower end) is a normal number.
    """

    cls: str
    ulps: float
    wrong_sign: bool
    zero_sign: bool
    normal: bool


def classify(exact: ExactResult, input_bits: int, output_bits: int, format: Format) -> Classification:
    """Judge one output of an implementation.

    Args:
        exact: the exact result at the input, from :class:`harness.reference.exact.Exact`.
        input_bits: encoding of the input.
        output_bits: encoding of the output.
        format: the format of both.
    """
    output = format.value(output_bits)
    rounded = exact.rounded(format)
    ordinary = math.isfinite(format.value(input_bits))
    measurable = ordinary and math.isfinite(output) and not (exact.is_nan or exact.is_infinite)
    return Classification(
        cls=_classify(exact, format.value(input_bits), output_bits, format),
        ulps=exact.error_ulps(output_bits, format) if measurable else math.nan,
        wrong_sign=output != 0 and not math.isnan(output) and exact.sign * math.copysign(1, output) < 0,
        zero_sign=output == 0 and format.value(rounded) == 0 and _other_zero(exact, output_bits, rounded),
        normal=ordinary and exact.is_normal(format),
    )


def _classify(exact: ExactResult, x: float, output_bits: int, format: Format) -> str:
    output = format.value(output_bits)
    inside = False
    if isinstance(exact, Interval) and math.isfinite(output):
        inside = exact.contains(output_bits, format)
        exact = exact.nearest(output_bits, format)  # what an output outside is measured from
    best = format.value(exact.rounded(format))
    rules = (
        (exact.is_nan, "correct" if math.isnan(output) else "special"),
        (math.isnan(output), "nan"),
        (math.isinf(x) or exact.is_infinite, "correct" if output == best else "special"),
        (math.isinf(output) and math.isfinite(best), "overflowed"),
        (inside or output == best, "correct"),
        (math.isinf(output), "inaccurate"),  # the infinity on the other side
        (output == 0 and exact.is_normal(format), "vanished"),
        (output == 0 and math.isfinite(best), "flushed"),  # best is not zero, or it would be correct
    )
    for applies, name in rules:
        if applies:
            return name
    return "faithful" if exact.compare_error(output_bits, format, 1) < 0 else "inaccurate"


def _other_zero(exact: ExactResult, output_bits: int, rounded: int) -> bool:
    """Whether two zeros differ in sign, where that matters: not in an interval around 0, nor if either is accepted."""
    either = exact.sign == 0 and exact.zero_sign == 0
    return not either and output_bits != rounded
