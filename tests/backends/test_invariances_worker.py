"""Windows on the ring of probes: who stands where, seen by a backend that writes it down."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backends.invariances import LAYOUTS, Specimen
from backends.numpy import NumPy
from backends.protocol import Case
from harness.findings.layout import SHAPES, WAYS

CASE = Case("sigmoid", 0, "native", "float32")


class Diary(NumPy):
    """NumPy, which keeps the vectors that it is given."""

    def prepare(self, case: Case) -> Callable[[Any], Any]:
        function = super().prepare(case)
        self.vectors: list[Any] = []

        def call(x: Any) -> Any:
            self.vectors.append(np.array(x).view(np.uint32))
            return function(x)

        return call


@pytest.mark.parametrize("count", [1, 2, 50, 124])
@pytest.mark.parametrize("length", [1, 2, 7, 35, 67, 301])
def test_every_probe_stands_in_the_body_and_in_the_remainder(count: int, length: int) -> None:
    diary = Diary("eager", "cpu")
    probes = np.linspace(-3, 3, count).astype(np.float32).view(np.uint32)
    assert Specimen(diary, CASE).position({"probes": probes.tolist(), "lengths": [length]})["broken"] == []
    vectors = np.array(diary.vectors)
    assert vectors.shape[1] == length
    remainder = min(3, length)
    for part in (vectors[:, :remainder], vectors[:, -remainder:]):
        assert set(part.ravel().tolist()) == set(probes.tolist())


def test_results_are_told_where_they_first_came() -> None:
    class Late(NumPy):
        def prepare(self, case: Case) -> Callable[[Any], Any]:
            return lambda x: np.where((x == 1) & (np.arange(x.size) >= 5), np.float32(2), x)

    given = np.array([0, 1, -1], np.float32).view(np.uint32).tolist()
    two = int(np.float32(2).view(np.uint32))
    reply = Specimen(Late("eager", "cpu"), CASE).position({"probes": given, "lengths": [1, 4, 8]})
    assert reply == {"broken": [[1, [[given[1], 1, 0], [two, 8, 7]]]]}
    reply = Specimen(Late("eager", "cpu"), CASE).position({"probes": given[1:2], "lengths": [4, 8]})
    assert reply["runs"] == [[4, [[0, 3, given[1]]]], [8, [[0, 4, given[1]], [5, 7, two]]]]


class Heap(NumPy):
    """NumPy, which gives another result where the elements are not side by side, and refuses to give none."""

    def prepare(self, case: Case) -> Callable[[Any], Any]:
        def call(x: Any) -> Any:
            if not x.size:
                raise ValueError("nothing to do")
            return x if x.flags.c_contiguous else x + np.float32(1)

        return call


def test_how_elements_lie_is_tried() -> None:
    numbers = np.array([0, 1, -1, 2, -2, 3, -3, 4], np.float32)
    given = numbers.view(np.uint32).tolist()
    reply = Specimen(Heap("eager", "cpu"), CASE).layout({"probes": given, "ways": list(LAYOUTS)})
    assert {way for way, *_ in reply["differ"]} == {"every second element of a vector"}
    plus_one = (numbers + 1).view(np.uint32).tolist()
    assert [tuple(rest) for _, *rest in reply["differ"]] == list(zip(range(8), plus_one, given, strict=True))
    assert reply["refused"] == [["an empty vector", "ValueError"]]


def test_results_of_another_shape_are_told() -> None:
    class Flat(NumPy):
        def prepare(self, case: Case) -> Callable[[Any], Any]:
            return np.ravel

    given = np.arange(9, dtype=np.float32).view(np.uint32).tolist()
    reply = Specimen(Flat("eager", "cpu"), CASE).layout({"probes": given, "ways": list(LAYOUTS)})
    row, four = ["a matrix of one row", "returned shape (9,) for (1, 9)"], "returned shape (8,) for (2, 2, 2, 1)"
    assert reply == {"differ": [], "refused": [row, ["a tensor of four dimensions", four]]}


def test_the_shape_alone_is_tried() -> None:
    class Deep(NumPy):
        def prepare(self, case: Case) -> Callable[[Any], Any]:
            return lambda x: x + np.float32(np.ndim(x) > 2)

    numbers = np.arange(9, dtype=np.float32)
    reply = Specimen(Deep("eager", "cpu"), CASE).layout({"probes": numbers.view(np.uint32).tolist(), "ways": list(SHAPES)})
    found, usual = (array.view(np.uint32).tolist() for array in ((numbers + 1)[:8], numbers[:8]))
    assert reply["differ"] == [
        list(each) for each in zip(["a tensor of four dimensions"] * 8, range(8), found, usual, strict=True)
    ]


def test_the_ways_are_those_that_the_harness_asks_for() -> None:
    assert tuple(LAYOUTS) == WAYS
    assert set(SHAPES) < set(WAYS)


def test_calls_are_kept_apart(tmp_path: Path) -> None:
    class Warm(NumPy):
        def prepare(self, case: Case) -> Callable[[Any], Any]:
            self.calls = 0

            def call(x: Any) -> Any:
                self.calls += 1
                return x + np.float32(self.calls)

            return call

    given = np.arange(5, dtype=np.float32)
    given.tofile(tmp_path / "inputs")
    np.zeros((3, 5), np.float32).tofile(tmp_path / "outputs")
    message = {"inputs": str(tmp_path / "inputs"), "output": str(tmp_path / "outputs"), "length": 5, "calls": 3}
    Specimen(Warm("eager", "cpu"), CASE).apply(message)
    assert (np.fromfile(tmp_path / "outputs", np.float32).reshape(3, 5) == [given + 1, given + 2, given + 3]).all()
