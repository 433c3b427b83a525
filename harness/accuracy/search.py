"""The search for the worst input in a format too wide to enumerate.

The method is that of the "Accuracy of Mathematical Functions" tables (Gladman, Innocente, Mather, Zimmermann): the inputs
are integers in the order of their values; a descent tries points in every interval, keeps the worst intervals, halves
them, and goes on until they are small enough to try every point. Every other descent begins with all binades; the others
begin around the worst inputs found so far and around seeds, inputs where implementations are likely to branch or are known to
be bad. With seeds, so does the first. Half of the intervals are kept for their worst error, the other half for how far their
errors would reach, told from mean and spread: these are known from few points, while the worst of few points is mostly luck.

The first descents tell where errors are large. There most inputs are alike, and the worst of them are told by no interval, but by
distances from each other. So chases follow (:mod:`harness.accuracy.chase`), with a descent now and then, until the budget is
spent. What is found is a lower bound.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

import numpy as np

from ..formats import Bits, Format
from .chase import Errors, Ordered, chase, learn

Gauge = Callable[[Bits, Bits, Executor], Errors]
"""Errors in ulps, with their signs, of results (encodings of the inputs and of the results, threads); 0 where there is none."""

LEAST = 1 << 18
"""Evaluations with which a search makes sense: its first rounds reach every binade."""
_LINES = 2  # descents at a time: a sweep asks for the inputs of a block before the results of the one before are in
_FIRST, _KEPT = 512, 16  # intervals kept after the first round, and after all from the sixth on
_AGAIN = 4  # worst inputs whose surroundings a descent begins with
_REACH = 3.0  # standard deviations
_WIDTHS = (0, 10, 29, 41, 45)  # binary logarithms of the half widths of the intervals around a point
_LARGEST_BLOCK, _ROUNDS = 1 << 16, 64
_DESCENTS, _CHASES = 8, 15  # descents before the first chase; chases between two later ones
_NEAR, _AWAY = 33, 46  # binary logarithms of how far chases begin from an input that is known to be bad
_TELLING = 64  # the error of that rank tells how bad a run of inputs is


@dataclass(frozen=True)
class Worst:
    """The worst input found.

    Attributes:
        error: in ulps; 0 where no result had an error.
        input, result: encodings.
    """

    error: float = 0.0
    input: int = 0
    result: int = 0


class Search:
    """A source of inputs and a consumer of results for one case, to be swept over its worker block by block.

    Args:
        format: of inputs and results.
        budget: evaluations; rounded up to whole blocks.
        gauge: tells the errors.
        seeds: encodings of finite inputs.
        seed: of the random points.

    Attributes:
        count: evaluations.
        block: evaluations in a round.
        worst: what was found so far.
    """

    def __init__(self, format: Format, budget: int, gauge: Gauge, seeds: Iterable[int] = (), seed: int = 0) -> None:
        self.format, self.worst, self._gauge, self._seed = format, Worst(), gauge, seed
        self.block = min(_LARGEST_BLOCK, 1 << (budget // _ROUNDS).bit_length() - 1)
        self.count = -(-budget // self.block) * self.block
        self._seeds: list[int] = format.to_ordered(np.array(list(seeds), format.carrier)).tolist()
        self._found: list[tuple[float, int]] = []  # of each descent and chase the worst error and its input
        self._told: list[float] = []  # of each run of inputs from which a chase may go on, how bad it is
        self._numbers = count()
        self._lines = [self._begin() for _ in range(_LINES)]
        self._next = [next(line) for line in self._lines]

    def fill(self, start: int, out: Bits) -> None:
        """The inputs from ``start``, a multiple of the block: they depend on the results of all blocks but the last."""
        out[:] = self.format.from_ordered(self._next[start // self.block % _LINES])

    def add(self, start: int, inputs: Bits, results: dict[int, Bits], executor: ThreadPoolExecutor) -> None:
        """Learn from the results of a block, which are those of one case."""
        (found,) = results.values()
        errors = self._gauge(inputs, found, executor)
        place = int(np.argmax(np.abs(errors)))
        if abs(errors[place]) > self.worst.error:
            self.worst = Worst(float(abs(errors[place])), int(inputs[place]), int(found[place]))
        line = start // self.block % _LINES
        try:
            self._next[line] = self._lines[line].send(errors)
        except StopIteration:
            self._lines[line] = self._begin()
            self._next[line] = next(self._lines[line])

    def _begin(self) -> Generator[Ordered, Errors, None]:
        """The next descent or chase: yields as many inputs as a block has, and is sent their errors."""
        number = next(self._numbers)
        rng = np.random.default_rng([self._seed, number])
        later, among = divmod(number - _DESCENTS, _CHASES + 1)
        if number < _DESCENTS:
            return self._descent(rng, number)
        return self._chase(rng) if among else self._descent(rng, _DESCENTS + later)

    def _chase(self, rng: np.random.Generator) -> Generator[Ordered, Errors, None]:
        """Begins anywhere around one of the worst inputs known, and goes on only where errors are as bad as elsewhere."""
        middle = heapq.nlargest(_AGAIN, self._found)[rng.integers(min(_AGAIN, len(self._found)))][1]
        away = int(2.0 ** rng.uniform(_NEAR, _AWAY))
        points, errors = yield from learn(middle + int(rng.choice([-away, away])), self.format, self.block)
        self._told.append(float(np.partition(np.abs(errors), -_TELLING)[-_TELLING]))
        if self._told[-1] >= np.median(self._told):
            self._found.append((yield from chase(rng, points, errors, self.format, self.block)))

    def _descent(self, rng: np.random.Generator, number: int) -> Generator[Ordered, Errors, None]:
        """Goes on until its intervals are enumerated."""
        low, high = self._beginning(number)
        best, score = low.copy(), np.zeros(low.size)  # the worst input known of each interval, and its error
        kept, top = _FIRST, (0.0, 0)
        while low.size:
            points, begin = _spread(rng, low, high, self.block)
            errors = yield points
            sizes = np.abs(errors)
            for place, (first, last) in enumerate(zip(begin[:-1].tolist(), begin[1:].tolist(), strict=True)):
                worst = first + int(np.argmax(sizes[first:last]))
                if sizes[worst] > score[place]:
                    best[place], score[place] = points[worst], sizes[worst]
            top = max(top, (float(np.max(score)), int(best[np.argmax(score)])))
            wide = np.flatnonzero(high - low >= np.diff(begin))  # of the others every point was tried
            by_worst = wide[np.argsort(-score[wide], kind="stable")]
            by_reach = wide[np.argsort(-_reach(errors, begin)[wide], kind="stable")]
            chosen = np.unique(np.concatenate([by_worst[: kept // 2], by_reach[: kept // 2]]))
            low, high, best, score = _halves(low[chosen], high[chosen], best[chosen], score[chosen])
            kept = max(kept // 2, _KEPT)
        self._found.append(top)

    def _beginning(self, number: int) -> tuple[Ordered, Ordered]:
        """The first and the last integer of the intervals that a descent begins with."""
        found = [point for _, point in heapq.nlargest(_AGAIN, self._found)] if number % 2 else []
        points = found + (self._seeds if number % 2 or number == 0 else [])
        return _around(self.format, points) if points else _binades(self.format)


def _binades(form: Format) -> tuple[Ordered, Ordered]:
    """The first and the last integer of every binade of finite numbers; the subnormal ones make one."""
    first = np.arange(0, form.inf_bits, form.hidden_bit, dtype=np.int64)
    last = first + (form.hidden_bit - 1)
    return np.concatenate([~last[::-1], first]), np.concatenate([~first[::-1], last])


def _around(form: Format, points: Iterable[int]) -> tuple[Ordered, Ordered]:
    """The first and the last integer of intervals around points: each alone, and ever wider ones."""
    middles = np.array(sorted(set(points)), np.int64)
    halves = np.array([(1 << width) - 1 for width in _WIDTHS], np.int64)
    low, high = (np.ravel(middles[:, None] + sign * halves) for sign in (-1, 1))
    return np.maximum(low, ~np.int64(form.inf_bits - 1)), np.minimum(high, form.inf_bits - 1)


def _spread(rng: np.random.Generator, low: Ordered, high: Ordered, points: int) -> tuple[Ordered, Ordered]:
    """As many points in every interval, one in each of so many equal parts; and where each interval's points begin."""
    begin = np.arange(low.size + 1) * points // low.size
    parts = np.diff(begin)
    owner = np.repeat(np.arange(low.size), parts)
    part = np.arange(points) - begin[owner]
    width = (high - low)[owner] + 1
    offset = ((part + rng.random(points)) / parts[owner] * width).astype(np.int64)
    offset = np.where(parts[owner] >= width, part % width, np.minimum(offset, width - 1))
    return low[owner] + offset, begin


def _reach(errors: Errors, begin: Ordered) -> Errors:
    """For each interval the size of the mean error, and three standard deviations."""
    number = np.diff(begin)
    with np.errstate(over="ignore", invalid="ignore"):  # of errors as large as the format
        mean = np.add.reduceat(errors, begin[:-1]) / number
        square = np.add.reduceat(errors * errors, begin[:-1]) / number
        reach = np.abs(mean) + _REACH * np.sqrt(np.maximum(square - mean * mean, 0.0))
    return np.where(np.isnan(reach), np.inf, reach)


def _halves(low: Ordered, high: Ordered, best: Ordered, score: Errors) -> tuple[Ordered, Ordered, Ordered, Errors]:
    """Every interval in two; the worst input known stays known in the half that has it."""
    middle = low + (high - low) // 2
    lower = best <= middle
    scores = [np.where(lower, score, 0.0), np.where(lower, 0.0, score)]
    return np.r_[low, middle + 1], np.r_[middle, high], np.r_[best, best], np.concatenate(scores)
