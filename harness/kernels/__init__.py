"""Fast reference kernels and the fused comparison: the vectorised part of the instrument.

A reference kernel for formats of up to 32 bits takes inputs (float32 or float64, exact) and writes a float64 y for each,
with one of three meanings:

* y ends in the bits 10: the exact result lies within ``bound * |y|`` of y.
* y ends in the bit 1: the exact result lies strictly on the same side as y of *every* number of at most 25 significant
  bits, so that every rounding and every comparison with a half or a whole ulp of a format with p <= 24 comes out the
  same. This is rounding to odd (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", IEEE Trans.
  Computers 57(4), 2008); it decides at once the inputs near zero and in saturation, where the exact result is a short
  number plus a tiny term and millions of inputs lie within 1e-7 ulp of a tie.
* y ends in the bits 00: y is the exact result.
* y NaN: only the exact reference may answer (zeros whose sign is a convention, kinks, infinities); NaN inputs too.

Below 2^-200 y stands for "not zero, and far below half of every format's least subnormal", beyond 2^200 for "far beyond
every format's range"; the sign is right.

A kernel for float64 writes hi and lo with the exact result in (hi + lo)(1 +- bound) / scale, and lo on the right side.
"""

from __future__ import annotations

import os
import tempfile
import threading
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from ..activations import Activation
from ..catalogue import names


@dataclass(frozen=True)
class Kernel:
    """A compiled reference kernel.

    Attributes:
        function: ``function(x, y)`` for formats up to 32 bits, ``function(x, hi, lo, scale)`` for float64.
        bound: relative error bound of the results that are not marked as exact or one-sided.
        tables: what the polynomials are made of, for formats up to 32 bits.
    """

    function: Callable[..., Any]
    bound: float
    tables: tuple[Any, ...] = ()


def narrow(activation: Activation, order: int) -> Kernel:
    """The float64 kernel for formats of up to 32 bits."""
    from ..approximation import BOUND
    from . import polynomial

    with _MAKING:  # seconds of work, which another thread may be doing
        tables = polynomial.tables(_arrays(activation), order)
    return Kernel(polynomial.evaluate(tables), BOUND, tables)


FAST_WIDE = ("sigmoid", "tanh", "relu")
"""The activations that have a fast kernel for float64; the others' reference takes some 100 µs for an input."""


def wide(activation: Activation, order: int) -> Kernel:
    """The kernel for float64: double-double where there is one, ball arithmetic elsewhere."""
    from . import balls_wide, logistic_wide, piecewise

    if activation.name == "relu":
        return Kernel(piecewise.RELU_WIDE[order], 0.0)
    if activation.name in FAST_WIDE:
        functions = logistic_wide.SIGMOID if activation.name == "sigmoid" else logistic_wide.TANH
        return Kernel(functions[order], logistic_wide.BOUND)
    return Kernel(partial(balls_wide.fill, activation, order), balls_wide.BOUND)


_MAKING = threading.Lock()


@lru_cache(8)
def _arrays(activation: Activation) -> tuple[Any, ...]:
    """The polynomials of all orders; those of the catalogue are kept on disk."""
    import numpy as np

    from .. import approximation
    from . import machine, polynomial

    if activation.name not in names():
        return polynomial.arrays(approximation.build(activation))
    file = Path(machine.CACHE) / f"{activation}.npz"
    try:
        with np.load(file) as saved:
            return tuple(saved[f"arr_{number}"] for number in range(len(saved.files)))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):  # not there yet, or broken: make it anew
        made = polynomial.arrays(approximation.build(activation))
    with suppress(OSError):  # a cache is a convenience
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=file.parent, suffix=".npz")
        with os.fdopen(handle, "wb") as out:
            np.savez(out, *made)
        os.replace(unfinished, file)
    return made
