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

from ...activations import ORDERS, Activation
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


MANY = 1 << 21
"""Inputs from which on it pays to make the polynomials of a float64 kernel, which takes up to 20 s once."""


def wide(activation: Activation, order: int, inputs: int = 0) -> Kernel:
    """The double-double kernel for float64; it gives every result's error bound.

    Args:
        activation: the definition.
        order: 0 value, 1 gradient, 2 second derivative.
        inputs: how many it is wanted for. From :data:`MANY` on it has polynomials, tens of times as fast; its results differ
            within their error bounds, so that whether it has them must not depend on what is in the cache.
    """
    from .reference_wide import fast_reference, reference

    if inputs < MANY:
        return Kernel(reference(activation, order))
    with _MAKING:
        made = _cells(activation)
    return Kernel(fast_reference(activation, order, made))


_MAKING = threading.Lock()


@lru_cache(8)
def _arrays(activation: Activation) -> tuple[Any, ...]:
    """The polynomials of all orders for narrow formats."""
    from .. import approximation
    from . import polynomial

    return _kept(activation, "", lambda: polynomial.arrays(approximation.build(activation)))


@lru_cache(8)
def _cells(activation: Activation) -> Any:
    """The cells of all orders for float64."""
    from .. import cells
    from .reference_wide import line

    def make() -> tuple[Any, ...]:
        lines = [line(activation, order) for order in ORDERS]
        return tuple(cells.build(activation, lines[0].cuts, [(its.begins(0), its.begins(1)) for its in lines]))

    return cells.Cells(*_kept(activation, "-wide", make))


def _kept(activation: Activation, kind: str, make: Callable[[], tuple[Any, ...]]) -> tuple[Any, ...]:
    """Arrays that take seconds to make; those of the catalogue and of users' files are kept on disk."""
    import numpy as np

    from . import machine

    if activation.name not in names() and not activation.digest:
        return make()
    name = f"{activation}{activation.digest and f'-{activation.digest}'}{kind}.npz"  # never another definition's
    file = Path(machine.CACHE) / name
    try:
        with np.load(file) as saved:
            return tuple(saved[f"arr_{number}"] for number in range(len(saved.files)))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):  # not there yet, or broken: make it anew
        made = make()
    with suppress(OSError):  # a cache is a convenience
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=file.parent, suffix=".npz")
        with os.fdopen(handle, "wb") as out:
            np.savez(out, *made)
        os.replace(unfinished, file)
    return made
