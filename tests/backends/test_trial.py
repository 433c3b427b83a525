"""A function of the user's own, tried: it gets what it wants, and its caller keeps what is his."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backends.registry import load, spec
from backends.trial import Notes, conforming, numbers


@pytest.mark.parametrize("name", ["numpy", "torch"])
def test_what_changes_its_input_gets_a_copy(name: str) -> None:
    backend = load(spec(name))("eager", "cpu")

    def spoils(x: Any) -> Any:
        result = 1 * x
        x[...] = 7
        return result

    notes: Notes = {}
    function = conforming(backend, spoils, "float32", None, notes)
    assert notes == {"in_place": "it changes its input in place, so it gets a copy each time"}
    given = numbers("float32")
    for _ in range(2):
        tensor = backend.load(given.copy(), "float32")
        assert np.array_equal(backend.store(function(tensor), "float32"), given)
        assert np.array_equal(backend.store(tensor, "float32"), given)
