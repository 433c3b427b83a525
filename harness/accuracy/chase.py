"""Chases: from bad inputs to worse ones, along distances after which errors repeat.

A function's error is a sum of the roundings of its operations. Along consecutive inputs each of these is a sawtooth wave, whose
frequency hardly changes over billions of inputs. So there are distances after which nearly all waves are where they were:
an input so far from a bad one is bad, too, thousands of times as often as any other, and now and then worse. No knowledge
of the function is needed for it: the autocorrelation of the errors of consecutive inputs tells the distances.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from ..formats import Format

Ordered = NDArray[np.int64]
Errors = NDArray[np.float64]

_HALF = 1 << 30  # how far from its middle a chase begins; it may go twice as far
_RUN, _SAMPLE, _ROUNDS = 16, 16, 128  # blocks of consecutive inputs, of random ones, of inputs at the distances
_DISTANCES = 1 << 11
_EACH = 16  # inputs of a round that are found from the same one


def learn(middle: int, form: Format, block: int) -> Generator[Ordered, Errors, tuple[Ordered, Errors]]:
    """Yields blocks of consecutive inputs around ``middle``, is sent their errors, and returns all inputs and errors."""
    last = form.inf_bits - 1
    first = min(max(middle - _RUN * block // 2, ~last), last + 1 - _RUN * block)
    points, errors = first + np.arange(_RUN * block), np.empty(_RUN * block)
    for low in range(0, points.size, block):
        errors[low : low + block] = yield points[low : low + block]
    return points, errors


def chase(
    rng: np.random.Generator, points: Ordered, errors: Errors, form: Format, block: int
) -> Generator[Ordered, Errors, tuple[float, int]]:
    """Yields blocks of inputs and is sent their errors.

    Args:
        rng: chooses where to begin.
        points, errors: consecutive inputs that have been tried.
        form: of the inputs.
        block: inputs in a block.

    Returns:
        The worst error, and its input.
    """
    steps, middle, last = distances(errors), int(points[points.size // 2]), form.inf_bits - 1
    low, high = max(middle - _HALF, ~last), min(middle + _HALF, last)
    pool = _Pool(block // _EACH, steps, points, errors)
    for _ in range(_SAMPLE):
        tried = rng.integers(low, high, block, endpoint=True)
        pool.add(tried, (yield tried))
    for _ in range(_ROUNDS):
        tried = np.clip(pool.next(), max(middle - 2 * _HALF, ~last), min(middle + 2 * _HALF, last))
        pool.add(tried, (yield tried))
    return pool.worst()


def distances(errors: Errors) -> Ordered:
    """Distances, to both sides, after which errors are most alike; the most alike first."""
    scale = float(np.max(np.abs(errors))) or 1.0
    waves = np.fft.rfft(errors / scale - np.mean(errors / scale))
    alike = np.fft.irfft(waves * np.conj(waves), errors.size)[1 : errors.size // 4]  # as if the last input came before the first
    best = np.argpartition(-alike, _DISTANCES)[:_DISTANCES] if alike.size > _DISTANCES else np.arange(alike.size)
    best = best[np.argsort(-alike[best], kind="stable")] + 1
    return np.stack([best, -best], axis=1).ravel()


class _Pool:
    """The worst inputs known, and from how many of the steps each has been left."""

    def __init__(self, size: int, steps: Ordered, points: Ordered, errors: Errors) -> None:
        self._size, self._steps = size, steps
        self._points, self._errors = np.empty(0, np.int64), np.empty(0)
        self._left = np.empty(0, np.int64)
        self.add(points, errors)

    def add(self, points: Ordered, errors: Errors) -> None:
        """Take those that are worse than the least bad one."""
        sizes = np.abs(errors)
        full = self._points.size == self._size
        worse = np.flatnonzero(sizes > (self._errors[-1] if full else -1.0))
        if worse.size > self._size:
            worse = worse[np.argpartition(-sizes[worse], self._size)[: self._size]]
        points, first = np.unique(np.r_[self._points, points[worse]], return_index=True)
        errors = np.r_[self._errors, sizes[worse]][first]
        left = np.r_[self._left, np.zeros(worse.size, np.int64)][first]
        best = np.argsort(-errors, kind="stable")[: self._size]
        self._points, self._errors, self._left = points[best], errors[best], left[best]

    def next(self) -> Ordered:
        """From each input the next steps: as many as fill a block."""
        each = -(-self._size * _EACH // self._points.size)
        tried = self._points[:, None] + self._steps.take(self._left[:, None] + np.arange(each), mode="wrap")
        self._left += each
        return tried.ravel()[: self._size * _EACH]

    def worst(self) -> tuple[float, int]:
        """The worst error, and its input."""
        return float(self._errors[0]), int(self._points[0])
