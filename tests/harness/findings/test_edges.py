"""Exact edges: planted ones are found to the last number, and those of a real implementation are what it gives."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.protocol import Case
from harness.accuracy.inputs import sampled
from harness.case import Implementation, Task
from harness.catalogue import activation
from harness.findings.edges import sharpened
from harness.findings.evidence import encodings, examine
from harness.findings.intervals import joined
from harness.findings.symptoms import Symptom, symptoms
from harness.formats import FORMATS, Bits
from harness.workers.process import Worker
from harness.workers.sweep import Sweep

Change = Callable[[Any, Any], None]


def found(name: str, order: int, form: str, change: Change, fails: bool = False) -> list[Symptom]:
    """The symptoms, with their edges, of results that are right but for a change."""
    number = FORMATS[form]
    case = Case(name, order, "autodiff" if order else "native", form, activation(name).parameters)
    task = Task(7, Implementation("numpy", "eager"), case)

    def results(bits: Bits) -> dict[int, Bits]:
        right = examine(activation(name), order, number, bits, {})
        values = np.empty(bits.size)
        values[:] = right.best
        change(right.x, values)
        rounded = np.empty_like(bits)
        rounded[np.argsort(number.decode(bits), kind="stable")] = number.round(values)
        return {7: rounded}

    inputs = sampled(number, 1 << 17, seed=3)
    bits = encodings(inputs, [(0, inputs.count)])
    evidence = examine(activation(name), order, number, bits, results(bits))
    ask = (lambda bits: {}) if fails else results
    return sharpened(evidence, symptoms(evidence, [task]), [task], ask)


@given(begin=st.floats(1.0, 80.0), width=st.floats(1.5, 4.0), form=st.sampled_from(["float32", "float64"]))
@settings(deadline=None, max_examples=12)
def test_planted_edges_are_found_to_the_last_number(begin: float, width: float, form: str) -> None:
    end = begin * width

    def nan(x: Any, y: Any) -> None:
        y[(np.abs(x) >= begin) & (np.abs(x) <= end)] = np.nan

    numbers = FORMATS[form].decode(np.sort(FORMATS[form].neighbours(FORMATS[form].round([begin])[0])))
    first = min(float(each) for each in (*numbers, FORMATS[form].value(int(FORMATS[form].round([begin])[0]))) if each >= begin)
    negative, positive = sorted(found("sigmoid", 0, form, nan), key=lambda each: each.low)
    assert positive.intervals[0][0] == first
    assert negative.intervals == ((-positive.high, -positive.low),)
    assert positive.high <= end < float(np.nextafter(np.array(positive.high, form), np.inf, dtype=form))
    assert first <= FORMATS[form].value(positive.bits) <= positive.high
    assert np.isnan(FORMATS[form].value(positive.got))


def test_an_example_is_easy_to_read_and_the_largest_loss_is_that_of_the_edge() -> None:
    def lost(x: Any, y: Any) -> None:
        y[x > 16.64] = 0.0

    (symptom,) = found("sigmoid", 1, "float32", lost)
    form = FORMATS["float32"]
    assert form.value(symptom.bits) == 17.0
    assert symptom.exact.startswith("4.13993")
    assert symptom.low == float(np.nextafter(np.float32(16.64), np.float32(17)))
    assert symptom.size == pytest.approx(np.exp(-symptom.low), rel=1e-6)


@pytest.mark.parametrize(
    ("name", "low", "high", "spared", "shown"),
    [
        ("sigmoid", 16.64, 40.0, 17.0, float(np.nextafter(np.float32(16.64), np.float32(17)))),  # 17 is right: the edge itself
        ("sigmoid", 16.64, 40.0, 99.0, 17.0),
        ("expm1", -(2.0**-25), 0.0, 99.0, -2.9e-8),  # of ends where as much is lost that among usual inputs
        ("softplus", -40.0, -2.5, 99.0, -2.6),  # where most is lost
        ("expm1", -60.0, 60.0, 99.0, 60.0),
    ],
)
def test_the_example_is_affected_lies_where_most_is_lost_and_is_usual(
    name: str, low: float, high: float, spared: float, shown: float
) -> None:
    def lost(x: Any, y: Any) -> None:
        y[(x > low) & (x < high) & (x != spared)] = 0.0

    symptom = max(found(name, 1, "float32", lost), key=lambda each: each.size)
    form = FORMATS["float32"]
    assert form.value(symptom.bits) == pytest.approx(shown, rel=1e-6 if shown < 50 else 0.1)
    assert form.value(symptom.got) == 0.0


def test_edges_at_zero_and_at_the_border_of_regions_are_their_own() -> None:
    def small(x: Any, y: Any) -> None:
        y[(x > 0) & (x < 3.0)] = np.nan

    near, far = sorted(found("sigmoid", 0, "float32", small), key=lambda each: each.low)
    assert near.intervals == ((2.0**-149, 0.5),)
    assert far.intervals == ((0.5, float(np.nextafter(np.float32(3), np.float32(0)))),)
    assert near.nearest == 2.0**-149


def test_intervals_side_by_side_in_their_format_are_one() -> None:
    form, after = FORMATS["float32"], float(np.nextafter(np.float32(2), np.float32(3)))
    assert joined([(after, 3.0), (1.0, 2.0)], form) == [(1.0, 3.0)]
    assert joined([(after, 3.0), (1.0, 2.0)], FORMATS["float64"]) == [(1.0, 2.0), (after, 3.0)]
    assert joined([(1.0, form.max_finite), (np.inf, np.inf), (-2.0, -1.0)], form) == [(-2.0, -1.0), (1.0, np.inf)]
    assert joined([(1.0, 4.0), (2.0, 3.0)], form) == [(1.0, 4.0)]


def test_what_fails_on_the_way_keeps_the_edges_of_its_sample() -> None:
    def lost(x: Any, y: Any) -> None:
        y[x > 16.64] = 0.0

    (symptom,) = found("sigmoid", 1, "float32", lost, fails=True)
    assert 16.64 < symptom.low < 16.8
    assert symptom.intervals == ((symptom.low, symptom.high),)


def test_a_sweep_gives_the_results_on_a_few_inputs_more() -> None:
    """In tensors as long as the others: of two the second is asked for only where there are points for it."""
    form, seen = FORMATS["float64"], []
    task = Task(0, Implementation("numpy", "eager"), Case("sigmoid", 0, "native", "float64"))
    workers = {task.implementation: Worker(task.implementation)}

    class Kept:
        def add(self, start: int, inputs: Bits, results: dict[int, Bits], executor: ThreadPoolExecutor) -> None:
            self.inputs, self.results = inputs.copy(), results[0].copy()

    kept = Kept()
    try:
        with ThreadPoolExecutor(1) as executor:
            inputs = sampled(form, 1 << 20, seed=1)
            progress: Any = lambda task, count: seen.append(count)  # noqa: E731
            with Sweep([task], workers, inputs, executor, 1, 1 << 20, progress) as sweep:
                sweep.over(0, inputs.count, kept)
                for chosen in (np.arange(3, 700_000, 7), np.arange(1000)):
                    assert np.array_equal(sweep.at(kept.inputs[chosen])[0], kept.results[chosen])
                second = slice(1 << 19, None)  # which nobody was asked for since: it has what the sweep left there
                assert np.array_equal(sweep._slots.arrays[0][0][second], kept.results[second])
                assert np.array_equal(sweep.at(kept.inputs[: second.start + 5])[0], kept.results[: second.start + 5])
    finally:
        workers[task.implementation].stop()
    assert seen == [1 << 20]  # of the sweep alone
