"""The laws of repetition and of threads: the same inputs, computed again, give the same bits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ..formats import Bits, Format
from .layout import shown, steps
from .verdicts import Verdict

CALLS = ("first", "second", "third")
"""Computations that the law of repetition compares: some compilers begin with the second or the third."""


def compared(form: Format, inputs: Bits, results: Iterable[Bits], words: Sequence[str]) -> Verdict:
    """The verdict on some inputs' results, each computed in ways that ``words`` tell; the first is what the others must be."""
    first, *_ = results = list(results)
    apart = [np.flatnonzero(first != other) for other in results]
    differing = np.unique(np.concatenate(apart))
    if not len(differing):
        return Verdict(len(inputs))
    spread = {lane: steps({int(other[lane]) for other in results}, form) for lane in differing.tolist()}
    lane = max(spread, key=lambda lane: (spread[lane], -lane))
    way = next(way for way, other in enumerate(results) if first[lane] != other[lane])
    got = f"{shown(int(first[lane]), form)}, {words[way]} {shown(int(results[way][lane]), form)}"
    where = f"length {len(inputs)}, lane {lane}"
    verdict = Verdict(len(inputs), len(differing), int(inputs[lane]), got, where, spread[lane])
    return verdict.over(form.decode(inputs[differing]))
