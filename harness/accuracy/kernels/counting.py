"""Consecutive encodings: the inputs of an exhaustive sweep.

They are for another process to read, so they are written past this one's caches: a store that first fetches the line it
is going to overwrite takes more than twice as long.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...reference.kernels.machine import kernel, stored, stream


@kernel
def _count_words(word: Any, step: Any, words: Any) -> None:
    for i in range(words.size):
        stream(words, i, word)
        word += step
    stored()


def count_up(start: int, out: Any) -> None:
    """Write start, start + 1, ... into ``out``, unsigned[n]; none of them may be too large for it."""
    each = 8 // out.itemsize  # encodings in a word
    whole = len(out) // each * each if out.ctypes.data % 8 == 0 else 0
    places = [8 * out.itemsize * place for place in range(each)]
    word = sum(start + number << place for number, place in enumerate(places)) % 2**64  # beyond where none is whole
    step = sum(each << place for place in places)
    _count_words(np.uint64(word), np.uint64(step), out[:whole].view(np.uint64))
    out[whole:] = np.arange(start + whole, start + len(out), dtype=out.dtype)
