"""Windows on the ring of probes: who stands where, seen by a backend that writes it down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from backends.invariances import Specimen
from backends.numpy import NumPy
from backends.protocol import Case

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
    given = np.array([0, 1, -1], np.float32).view(np.uint32).tolist()
    reply = Specimen(Heap("eager", "cpu"), CASE).layout({"probes": given})
    assert {way for way, *_ in reply["differ"]} == {"every second element of a vector"}
    plus_one = np.array([1, 2, 0], np.float32).view(np.uint32).tolist()
    assert [tuple(rest) for _, *rest in reply["differ"]] == list(zip(range(3), plus_one, given, strict=True))
    assert reply["refused"] == [["an empty vector", "ValueError"]]


def test_results_of_another_shape_are_told() -> None:
    class Flat(NumPy):
        def prepare(self, case: Case) -> Callable[[Any], Any]:
            return np.ravel

    given = np.array([0, 1, -1], np.float32).view(np.uint32).tolist()
    reply = Specimen(Flat("eager", "cpu"), CASE).layout({"probes": given})
    assert reply == {"differ": [], "refused": [["a matrix of one row", "returned shape (3,) for (1, 3)"]]}
