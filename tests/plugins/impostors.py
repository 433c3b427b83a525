"""Backends that are right to the last bit, or nearly, and backends that are right but for the mutants of :mod:`specimens`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from mutations import Right as Results
from mutations import faithful, mutate
from specimens import SETS

from backends.numpy import NumPy
from backends.protocol import Case
from harness.catalogue import activation
from harness.formats import FORMATS


class Right(NumPy):
    """Correctly rounded results."""

    modes = ("eager",)
    number = 0
    """Of the set of mutants; 0 for none."""

    def prepare(self, case: Case) -> Callable[[Any], Any]:
        definition = activation(case.activation, **dict(case.parameters))
        mutant = SETS[self.number - 1].get((case.activation, case.order, case.format)) if self.number else None
        calls = 0

        def function(x: Any) -> Any:
            nonlocal calls
            calls += np.size(x) > 1000
            if case.format == "bfloat16":
                form, given = FORMATS["bfloat16"], np.ravel(x)
            else:
                number = np.ravel(x).astype(np.result_type(x, np.float16))
                form, given = FORMATS[number.dtype.name], number.view(f"u{number.itemsize}")
            results = Results(definition, case.order, form, given)
            bits = self.rounded(results)
            if mutant and mutant.unsteady:
                where = _MISCONDUCT[mutant.mutation](x, calls) & (results.x > 2) & (results.x < 8)
                bits = np.where(where, bits ^ bits.dtype.type(mutant.parameters["bits"]), bits)
            elif mutant:
                bits = mutate(results, mutant.mutation, mutant.parameters)
            return (bits if case.format == "bfloat16" else bits.view(form.name)).reshape(np.shape(x))

        return function

    def rounded(self, results: Results) -> Any:
        """The encodings where nothing is wrong."""
        return results.best

    def load(self, bits: Any, format: str) -> Any:
        return bits if format == "bfloat16" else super().load(bits, format)

    def store(self, tensor: Any, format: str) -> Any:
        return tensor if format == "bfloat16" else super().store(tensor, format)


class Faithful(Right):
    """Results that are right but for the last bit, as honest implementations have them."""

    def rounded(self, results: Results) -> Any:
        return faithful(results)


_MISCONDUCT: dict[str, Callable[[Any, int], Any]] = {
    "lane": lambda x, calls: np.arange(np.size(x)) % 16 == 2,
    "remainder": lambda x, calls: np.arange(np.size(x)) >= np.size(x) // 4 * 4,
    "length": lambda x, calls: np.size(x) == 7,
    "neighbours": lambda x, calls: np.roll(np.ravel(x), 1) < 0,
    "restless": lambda x, calls: (np.size(x) > 1000) & (np.arange(np.size(x)) % 7 == calls % 7),
    "threads": lambda x, calls: os.environ["OMP_NUM_THREADS"] == "2",
    "scalar": lambda x, calls: np.ndim(x) == 0,
    "integers": lambda x, calls: x.dtype.kind == "i",
}

for _number in range(1, len(SETS) + 1):
    globals()[f"Mutants{_number}"] = type(f"Mutants{_number}", (Right,), {"number": _number})
