"""A case in float64, searched: what tells errors there, where to look first, and the worst input certified."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import numpy as np

from ..activations import Activation
from ..case import Task
from ..formats import FORMATS, Bits
from ..reference import kernels
from ..reference.exact import Exact
from ..reference.shape import shape
from ..workers.process import Worker
from ..workers.sweep import Sweep
from .chase import Errors
from .nearby import errors_nearby
from .search import Search

DIGITS = 30
"""Significant digits of exact results."""
FIGURES: tuple[str, ...] = ("searched", "search_max_ulp", "search_worst_input_bits", "search_worst_input")
FIGURES += ("search_worst_output_bits", "search_worst_exact")
"""What a search adds to the row of its case."""

_LIMITS = (
    *(709.782712893384, 745.1332191019412, 708.3964185322641),  # e^x overflows, vanishes, becomes subnormal
    *(36.7368005696771, 37.42994775023705, 18.714973875118524, 19.061547465398498),  # e^-x, e^-2x against 1
    *(0.34657359027997264, 1.0397207708399179),  # ln 2 / 2 and 3 ln 2 / 2: arguments reduced, or not
    *(0.41421356237309503, 0.2928932188134524),  # 1 + x = √2, 1 - x = √½
    *(0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 2.0**-27, 2.0**-54),
)
_PIECE = 1 << 14  # inputs whose reference stays in the cache
_ASKED = 64  # inputs of a block for which ball arithmetic is asked; it takes some 50 µs each

Progress = Callable[[Task, int], None]


class Errors64:
    """Errors of float64 results in ulps, with their signs; 0 for results that count in no ``max_ulp``.

    Of the inputs that the fast reference cannot answer (next to zeros of a derivative, mostly) the first 64 go to ball
    arithmetic, and the others count as right.
    """

    def __init__(self, definition: Activation, order: int, inputs: int = 0) -> None:
        self._reference, self._exact = kernels.wide(definition, order, inputs).function, Exact(definition, order)
        self._format = FORMATS["float64"]

    def __call__(self, inputs: Bits, results: Bits, executor: Executor) -> Errors:
        """Errors for encodings of inputs and results; where the inputs lie close together, right to 2^-12 ulp."""
        close = errors_nearby(self._reference, inputs.view(np.float64), results.view(np.float64))
        if close is not None:
            return close
        errors = np.empty(inputs.size)
        list(executor.map(lambda low: self._piece(inputs, results, errors, low), range(0, inputs.size, _PIECE)))
        unknown = np.flatnonzero(np.isnan(errors))
        errors[unknown] = 0.0
        for place in unknown[:_ASKED].tolist():
            errors[place] = self.certified(int(inputs[place]), int(results[place])) or 0.0
        return errors

    def _piece(self, inputs: Bits, results: Bits, errors: Errors, low: int) -> None:
        from .kernels.compare_wide import errors as compare

        part = slice(low, low + _PIECE)
        x = inputs[part].view(np.float64)
        hi, lo, doubt, scale = (np.empty(x.size) for _ in range(4))
        self._reference(x, hi, lo, doubt, scale)
        compare(results[part].view(np.float64), hi, lo, scale, errors[part])

    def certified(self, input_bits: int, output_bits: int) -> float | None:
        """The error at one input from ball arithmetic; None where the result has none."""
        x, form = self._format.value(input_bits), self._format
        truth, result = self._exact.at(x), form.value(output_bits)
        if not (math.isfinite(x) and math.isfinite(result)) or truth.is_nan or truth.is_infinite:
            return None
        if result == 0.0 and truth.sign and not truth.is_normal(form):  # flushed, or right
            return None
        return truth.error_ulps(output_bits, form)

    def exact(self, input_bits: int) -> str:
        """The exact result in decimal."""
        return self._exact.at(self._format.value(input_bits)).decimal(DIGITS)


def seeds(definition: Activation, order: int, known: Iterable[float] = ()) -> list[int]:
    """Where to look first: limits of the elementary functions, kinks, turns, the edge, and inputs known to be bad."""
    form = FORMATS["float64"]
    points = {sign * limit for limit in _LIMITS for sign in (-1, 1)}
    points |= set(shape(definition, order).ends) | set(definition.kinks) | {sign * x for x in known for sign in (-1, 1)}
    return [int(bits) for bits in form.round([x for x in sorted(points) if math.isfinite(x)])]


def refine(
    definition: Activation,
    task: Task,
    worker: Worker,
    budget: int,
    seed: int,
    around: Iterable[int],
    executor: ThreadPoolExecutor,
    progress: Progress = lambda task, inputs: None,
) -> dict[str, Any]:
    """Search a float64 case for its worst input.

    Args:
        definition: the case's activation.
        task: the case; it is not touched.
        worker: of its implementation; started where needed.
        budget: evaluations.
        seed: of the random points.
        around: encodings of inputs to look around first.
        executor: threads for the comparison.
        progress: as for :class:`harness.workers.sweep.Sweep`.

    Returns:
        The :data:`FIGURES`; ``{"reason"}`` where the implementation failed on the way.
    """
    form = FORMATS["float64"]
    gauge = Errors64(definition, task.case.order, budget)
    search = Search(form, budget, gauge, around, seed)
    mine, workers = Task(task.number, task.implementation, task.case), {task.implementation: worker}
    Sweep([mine], workers, search, executor, 1, search.block, progress).run(search)
    if mine.status != "ok":
        return {"reason": f"the search came to no end: {mine.status}: {mine.reason}"}
    worst = search.worst
    error = gauge.certified(worst.input, worst.result)
    figures: dict[str, Any] = {"searched": search.count, "search_max_ulp": error}
    if error is None:
        return figures
    return figures | {
        "search_worst_input_bits": worst.input,
        "search_worst_input": form.value(worst.input),
        "search_worst_output_bits": worst.result,
        "search_worst_exact": gauge.exact(worst.input),
    }
