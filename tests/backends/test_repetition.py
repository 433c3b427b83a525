"""What remembers is found out, whether it is asked once more or before."""

from __future__ import annotations

from typing import Any

import numpy as np

from backends.repetition import Repetition

INPUTS = np.arange(1, 9, dtype=np.uint32)


def test_what_was_kept_from_the_first_call_is_not_right_for_the_inputs() -> None:
    kept: dict[int, Any] = {}

    def compute(inputs: Any, results: Any) -> None:
        results[:] = kept.setdefault(inputs.size, inputs.copy())

    repetition, results = Repetition("float32", compute), np.empty_like(INPUTS)
    repetition.before(INPUTS)
    compute(INPUTS, results)
    assert (results == INPUTS[::-1]).all()
    assert repetition.after(INPUTS, results) == {"checked": 8, "broken": 0}


def test_bits_that_change_are_counted_once() -> None:
    calls: list[int] = []

    def compute(inputs: Any, results: Any) -> None:
        calls.append(0)
        results[:] = inputs
        results[2] += len(calls)

    repetition, results = Repetition("float32", compute), np.empty_like(INPUTS)
    repetition.before(INPUTS)
    compute(INPUTS, results)
    assert repetition.after(INPUTS, results) == {"checked": 8, "broken": 1, "input": 3, "first": 5, "second": 6}
    repetition.before(INPUTS)
    assert repetition.after(INPUTS, results) is None
    assert len(calls) == 3
