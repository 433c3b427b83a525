"""The law of layout: how a tensor lies in memory, and what shape it has, makes no difference to its elements' results.

The same elements are given as a vector of their own, as every second element of a longer one, from the second element on
(not aligned as the framework would have it), as a matrix of one row, and as a tensor of four dimensions; and of no elements there
are no results. A scalar is the business of the law of promotion.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..formats import Bits, Format
from .verdicts import Verdict

LAW = "layout"
"""Its name in the frame ``laws``."""
LENGTH = 67
"""Elements of the vectors: as many as those that the law of position tries."""

SHAPES = ("a matrix of one row", "a tensor of four dimensions")
"""Ways to lie that differ in shape alone; modes that compile know no other ones."""
WAYS = ("every second element of a vector", "a vector from its second element on", *SHAPES, "an empty vector")
"""All of them, as :data:`backends.invariances.LAYOUTS` has them."""

Ask = Callable[[dict[str, Any]], dict[str, Any]]


def look(form: Format, probes: Bits, ask: Ask, ways: Sequence[str] = WAYS) -> Verdict:
    """The verdict on a case; ``ask`` gives the worker's reply to a command on it."""
    tried = probes[np.linspace(0, len(probes) - 1, LENGTH).astype(np.int64)]
    reply = ask({"op": "layout", "probes": tried.tolist(), "ways": ways})
    refused, differ = reply["refused"], reply["differ"]
    told = [f"{way}: {reason}" for way, reason in refused]
    if not differ:
        return Verdict(LENGTH, len(refused), where="; ".join(told), steps=math.inf if refused else None)
    apart = [steps({given, usual}, form) for _, _, given, usual in differ]
    worst = int(np.argmax(apart))
    way, lane, given, usual = differ[worst]
    got = f"{shown(given, form)}, {shown(usual, form)}"
    where = "; ".join([f"{way} gives {shown(given, form)}, a vector of its own {shown(usual, form)}", *told])
    broken = tried[sorted({each[1] for each in differ})]
    verdict = Verdict(LENGTH, len(broken) + len(refused), int(tried[lane]), got, where, math.inf if refused else apart[worst])
    return verdict.over(form.decode(broken))


def steps(results: set[int], form: Format) -> float:
    """How many encodings lie between the results that differ most; infinite where a number meets NaN."""
    bits = np.array(sorted(results), form.carrier)
    if form.is_nan(bits).any():
        return math.inf
    ordered = form.to_ordered(bits)
    return float(int(ordered.max()) - int(ordered.min()))


def flushed(results: set[int], form: Format) -> bool:
    """Whether results are a subnormal number in one place and zero in another, and nothing else."""
    values = [form.value(bits) for bits in results]
    return 0 in values and any(values) and all(abs(value) < form.min_normal for value in values)


def shown(bits: int, form: Format) -> str:
    """A result in decimal, and its encoding."""
    return f"{form.value(bits):.{form.precision * 3 // 10 + 2}g} (0x{bits:0{form.bits // 4}x})"
