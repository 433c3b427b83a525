"""The verdict on how elements lie, from what workers reply."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from harness.findings.invariances import probes
from harness.findings.layout import LENGTH, flushed, look
from harness.findings.verdicts import Verdict
from harness.formats import FORMATS

FORM = FORMATS["float32"]


def verdict(*differ: tuple[str, int, float, float], refused: tuple[list[str], ...] = ()) -> Verdict:
    """Of a reply with these differences: how it lies, which probe, the result, and the usual one."""

    def ask(command: dict[str, Any]) -> dict[str, Any]:
        assert len(command["probes"]) == LENGTH
        encoded = [[way, lane, *FORM.round([given, usual]).tolist()] for way, lane, given, usual in differ]
        return {"differ": encoded, "refused": list(refused)}

    return look(FORM, probes(FORM, 0), ask)


def test_no_difference_holds() -> None:
    assert verdict() == Verdict(LENGTH)


def test_the_largest_difference_is_told() -> None:
    found = verdict(("strided", 3, 1.0, 1.0000001), ("strided", 5, 1.0, 2.0), ("row", 5, 1.0, 1.5))
    assert (found.broken, found.steps) == (2, 2.0**23)
    assert found.where.startswith("strided gives 1 (0x3f800000), a vector of its own 2 (0x40000000)")
    probe = probes(FORM, 0)[np.linspace(0, len(probes(FORM, 0)) - 1, LENGTH).astype(int)][5]
    assert found.example_bits == probe
    assert verdict(("row", 5, math.nan, 1.5)).steps == math.inf


def test_a_refusal_is_a_breach() -> None:
    found = verdict(refused=(["an empty vector", "ValueError"],))
    assert (found.broken, found.example_bits, found.where) == (1, None, "an empty vector: ValueError")


@pytest.mark.parametrize(
    ("results", "expected"), [((0.0, 1e-40), True), ((-0.0, -1e-40), True), ((0.0, -0.0), False), ((0.0, 1e-30), False)]
)
def test_a_flush_in_one_place_only_is_known(results: tuple[float, ...], expected: bool) -> None:
    assert flushed(set(FORM.round(list(results)).tolist()), FORM) is expected
