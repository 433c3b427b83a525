"""Python floats as results of a format: rounded once."""

from __future__ import annotations

import numpy as np
import pytest

from backends.elementwise import decoded, encoded
from harness.formats import FORMATS


@pytest.mark.parametrize("form", list(FORMATS))
def test_results_are_rounded_once(form: str) -> None:
    """Beside ties too, nearer than another format could tell."""
    number, rng = FORMATS[form], np.random.default_rng(0)
    some = number.decode(
        number.round(np.ldexp(rng.uniform(1, 2, 2000), rng.integers(-150, 128, 2000)) * rng.choice([-1, 1], 2000))
    )
    ties = some * (1 + 2.0**-number.precision)
    values = np.concatenate([some, ties, ties * (1 + 2.0**-40), ties * (1 - 2.0**-40), [0.0, -0.0, np.inf, -np.inf]])
    assert np.array_equal(encoded(values, form), number.round(values))
    bits = number.round(values)
    assert np.array_equal(decoded(bits, form), number.decode(bits))
    assert np.isnan(decoded(encoded(np.array([np.nan]), form), form)).all()
