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

A kernel for float64 writes hi, lo and an error bound of hi + lo, all to be divided by scale, see
:meth:`harness.reference.kernels.reference_wide.Line.fill`.
"""

from __future__ import annotations

import os
import tempfile
import threading
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...activations import Activation
from ...catalogue import names

CHUNK = 1024
"""Inputs that are looked at together. Blocks start at multiples of it, so that no digest depends on the blocks."""


@dataclass(frozen=True)
class Kernel:
    """A compiled reference kernel.

    Attributes:
        function: ``function(x, y)`` for formats up to 32 bits, ``function(x, hi, lo, error, scale)`` for float64.
        bound: relative error bound of the results that are not marked as exact or one-sided, for formats up to 32 bits.
        tables: what the polynomials are made of, for formats up to 32 bits.
    """

    function: Callable[..., Any]
    bound: float = 0.0
    tables: tuple[Any, ...] = ()


def narrow(activation: Activation, order: int) -> Kernel:
    """The float64 kernel for formats of up to 32 bits."""
    from ..approximation import BOUND
    from . import polynomial

    with _MAKING:  # seconds of work, which another thread may be doing
        tables = polynomial.tables(_arrays(activation), order)
    return Kernel(polynomial.evaluate(tables), BOUND, tables)


def wide(activation: Activation, order: int) -> Kernel:
    """The double-double kernel for float64; it gives every result's error bound."""
    from .reference_wide import reference

    return Kernel(reference(activation, order))


_MAKING = threading.Lock()


@lru_cache(8)
def _arrays(activation: Activation) -> tuple[Any, ...]:
    """The polynomials of all orders; those of the catalogue and of users' files are kept on disk."""
    import numpy as np

    from .. import approximation
    from . import machine, polynomial

    if activation.name not in names() and not activation.digest:
        return polynomial.arrays(approximation.build(activation))
    file = Path(machine.CACHE) / f"{activation}{activation.digest and f'-{activation.digest}'}.npz"  # never another definition's
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
