"""Results that are wrong here and there, as tests of what is told of errors need them."""

from __future__ import annotations

import numpy as np

from harness.accuracy.inputs import exhaustive, sampled
from harness.catalogue import activation
from harness.findings.evidence import Evidence, examine
from harness.formats import FORMATS


def spoiled(form: str, seed: int, zeros: float = 0.01) -> Evidence:
    """Results of sigmoid's gradient, with errors of up to two steps, some NaNs, and a share of zeros."""
    number = FORMATS[form]
    inputs = exhaustive(number) if number.bits == 16 else sampled(number, 1 << 14, 1)
    bits = np.unique(inputs.block(0, inputs.count))
    random = np.random.default_rng(seed)
    right = examine(activation("sigmoid"), 1, number, bits, {})
    outputs = number.round(right.best) + random.integers(-2, 3, bits.size).astype(number.carrier)
    outputs[random.random(bits.size) < 0.01] = number.nan_bits
    outputs[random.random(bits.size) < zeros] = 0
    return examine(activation("sigmoid"), 1, number, right.bits, {0: outputs})
