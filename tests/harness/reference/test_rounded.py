"""Exactly rounded results, held against ball arithmetic one by one."""

from __future__ import annotations

import numpy as np
import pytest

from harness.catalogue import parse
from harness.formats import FORMATS
from harness.reference.exact import Exact
from harness.reference.rounded import Rounded


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "elu(alpha=0.3)"])
@pytest.mark.parametrize("form", FORMATS.values(), ids=str)
def test_every_result_is_the_exact_one_rounded(name: str, form) -> None:
    rng = np.random.default_rng(3)
    values = rng.standard_normal(1500) * rng.choice([1e-3, 1.0, 20.0, 100.0, 800.0], 1500)
    values = np.concatenate([values, [0.0, -0.0, np.inf, -np.inf, np.nan, form.min_subnormal, -form.max_finite]])
    inputs = form.round(values).reshape(-1, 11)
    definition = parse(name)
    for order in (0, 1):
        exact = Exact(definition, order)
        expected = [exact.at(form.value(int(bits))).rounded(form) for bits in inputs.ravel()]
        got = Rounded(definition, order, form)(inputs)
        assert got.shape == inputs.shape
        # Zeros whose sign is a convention may have either.
        different = got.ravel() != np.array(expected, form.carrier)
        assert not form.decode(got.ravel()[different]).any()
        assert not form.decode(np.array(expected, form.carrier)[different]).any()
