"""Which inputs a case is measured on: every one a format has, or a stratified sample.

Inputs are a pure function of the index, so any split into blocks gives the same inputs, in any order, on any number of
machines, and nothing large is held in memory.

The sample of a format: first its special inputs (:func:`special_inputs`), then every binade of both signs in turn, the
subnormal numbers' binades (one for every position of the leading bit) included. A *round* visits each binade once, -
after +, from the smallest up; round t of T takes from every binade a position in [t/T, (t+1)/T) of its width, chosen by
a hash of the seed and the index (a jittered stratified sample), the same for both signs: -x is there where x is. So all
magnitudes get the same attention, and within a binade no region is missed. Binades that hold fewer numbers than there
are rounds are visited more than once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..formats import Bits, Format

SAMPLE = 1 << 22
"""Inputs of formats wider than 16 bits, unless somebody asks for another number."""
_LARGEST_EXHAUSTIVE = 32  # bits; 2^64 inputs would take centuries
_LARGEST_SAMPLE = 1 << 36  # keeps every product of the stratification below 2^64
_CHUNK = 1 << 14  # inputs made at a time; the temporaries stay in cache


@dataclass(frozen=True)
class Inputs:
    """The inputs of a case; made by :func:`exhaustive` or :func:`sampled`.

    Attributes:
        format: the format the inputs are encoded in.
        count: how many there are.
        seed: of the sample; None where every input of the format is taken, in the order of the encodings.
    """

    format: Format
    count: int
    seed: int | None
    _specials: Bits = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        specials = special_inputs(self.format) if self.seed is not None else np.empty(0, self.format.carrier)
        object.__setattr__(self, "_specials", specials)

    @property
    def exhaustive(self) -> bool:
        """Whether these are all inputs of the format, each once."""
        return self.seed is None

    def block(self, start: int, stop: int) -> Bits:
        """Encodings of the inputs start ≤ index < stop, as a new array of the format's carrier.

        Raises:
            ValueError: unless 0 ≤ start ≤ stop ≤ count.
        """
        if not 0 <= start <= stop <= self.count:
            raise ValueError(f"no block [{start}, {stop}) in {self.count} inputs")
        out = np.empty(stop - start, self.format.carrier)
        self.fill(start, out)
        return out

    def fill(self, start: int, out: Bits) -> None:
        """Write the encodings of the inputs from ``start`` on into ``out`` (a one-dimensional array of the carrier).

        Raises:
            ValueError: unless 0 ≤ start and start + len(out) ≤ count, or for an array of another dtype.
        """
        if start < 0 or start + len(out) > self.count:
            raise ValueError(f"no block [{start}, {start + len(out)}) in {self.count} inputs")
        if out.dtype != self.format.carrier:
            raise ValueError(f"{self.format.name} inputs need an array of {self.format.carrier}, not of {out.dtype}")
        if self.seed is None:
            from .kernels.counting import count_up

            count_up(start, out)
            return
        head = self._specials[start : start + len(out)]
        out[: len(head)] = head
        if len(out) > len(head):
            self._stratify(max(start - len(self._specials), 0), self.seed, out[len(head) :])

    def _stratify(self, start: int, seed: int, out: Bits) -> None:
        """The stratified inputs from ``start`` (counted behind the specials) on."""
        binades = _binades(self.format)
        strata = len(binades.first)
        rounds = -(-(self.count - len(self._specials)) // strata)
        key = np.uint64(_mix(seed % (1 << 64)) ^ _mix((seed >> 64) + 1))
        step = max(_CHUNK // strata, 1)
        first_round, last_round = start // strata, -(-(start + len(out)) // strata)
        for low in range(first_round, last_round, step):
            high = min(low + step, last_round)
            block = _rounds(self.format, binades, key, rounds, low, high)
            begin = low * strata - start  # where the block's first input lies in out
            out[max(begin, 0) : begin + len(block)] = block[max(-begin, 0) : len(out) - begin]


def exhaustive(format: Format) -> Inputs:
    """All 2^bits inputs of a format, NaNs and infinities included, in the order of the encodings.

    Raises:
        ValueError: for a format too wide to enumerate.
    """
    if format.bits > _LARGEST_EXHAUSTIVE:
        raise ValueError(f"{format.name} has 2^{format.bits} inputs, too many to enumerate: take a sample")
    return Inputs(format, 1 << format.bits, None)


def sampled(format: Format, count: int, seed: int) -> Inputs:
    """A stratified sample of ``count`` inputs, the special ones first; the module's text says exactly which.

    Raises:
        ValueError: for a count below 1 or above 2^36, or a negative seed.
    """
    if not 1 <= count <= _LARGEST_SAMPLE:
        raise ValueError(f"a sample of {count} inputs: the count must be 1 to 2^36")
    if seed < 0:
        raise ValueError(f"seed {seed} is negative: give an integer of at least 0")
    return Inputs(format, count, seed)


@lru_cache
def special_inputs(format: Format) -> Bits:
    """The inputs where implementations branch, each once: what every sample starts with.

    In this order, each with + before -: 0, ∞, NaNs (quiet, signalling, with payloads), the smallest subnormal and the
    next, the largest subnormal, the smallest normal and the next, the two largest numbers, then the powers of two from
    2^-4 to 2^4 and 2^±p with their neighbours (1 first), then numbers that people write: halves and whole numbers up to
    20, tens up to 100, hundreds up to 1000, as far as they are numbers of the format.
    """
    inf, normal, quiet = format.inf_bits, format.hidden_bit, format.nan_bits
    payloads = [quiet, inf | 1, quiet | 1, format.sign_bit - 1, quiet - 1]
    edges = [1, 2, normal - 1, normal, normal + 1, inf - 1, inf - 2]
    exponents = [0, *(sign * e for e in (1, 2, 3, 4, format.precision) for sign in (1, -1))]
    powers = [(e - format.emin + 1) * normal for e in exponents]
    around = [power + offset for power in powers for offset in (0, -1, 1)]
    written = np.array([*np.arange(0.5, 20.5, 0.5), *range(20, 100, 10), *range(100, 1001, 100)])
    numbers = [int(bits) for bits in format.round(written[format.decode(format.round(written)) == written])]
    positive = [0, inf, *payloads, *edges, *(bits for bits in around if 0 < bits < inf), *numbers]
    signed = [bits | sign for bits in positive for sign in (0, format.sign_bit)]
    specials = np.array(list(dict.fromkeys(signed)), dtype=format.carrier)
    specials.flags.writeable = False
    return specials


def round_length(format: Format) -> int:
    """How many inputs a round of a sample has: one for each binade and sign."""
    return len(_binades(format).first)


@dataclass(frozen=True)
class _Binades:
    """Every binade of a format with both signs.

    Attributes:
        first: encoding of the binade's first number.
        shift: how far to shift a position in [0, 2^(p-1)) right for an offset within the binade (0 for normal ones).
    """

    first: Bits
    shift: Bits


@lru_cache
def _binades(format: Format) -> _Binades:
    subnormal = [(1 << lead, format.precision - 1 - lead) for lead in range(format.precision - 1)]
    normal = [(first, 0) for first in range(format.hidden_bit, format.inf_bits, format.hidden_bit)]
    signed = [(first | sign, shift) for first, shift in subnormal + normal for sign in (0, format.sign_bit)]
    first, shift = zip(*signed, strict=True)
    return _Binades(np.array(first, np.uint64), np.array(shift, np.uint64))


def _rounds(format: Format, binades: _Binades, key: np.uint64, rounds: int, low: int, high: int) -> NDArray[Any]:
    """The inputs of rounds low ≤ t < high, one after the other (uint64)."""
    strata = len(binades.first)
    t = np.arange(low, high + 1, dtype=np.uint64)
    quotient, rest = (np.uint64(part) for part in divmod(format.hidden_bit, rounds))
    edge = t * quotient + t * rest // np.uint64(rounds)  # floor(t·2^(p-1)/T) without overflow
    index = np.arange(low * strata, high * strata, dtype=np.uint64) & ~np.uint64(1)  # - and + alike
    # A float in [0, 1) with 52 random bits: the product with a width of at most 2^52 never rounds up to the width.
    fraction = (_hash(index, key) >> np.uint64(12) | np.uint64(0x3FF0000000000000)).view(np.float64)
    fraction -= 1.0
    position = fraction.reshape(high - low, strata)
    position *= (edge[1:] - edge[:-1])[:, None].astype(np.float64)
    offset = position.astype(np.uint64)
    offset += edge[:-1, None]
    offset >>= binades.shift
    offset += binades.first
    return offset.reshape(-1)


def _hash(index: NDArray[np.uint64], key: np.uint64) -> NDArray[np.uint64]:
    """SplitMix64 (Steele, Lea and Flood, 2014): the index-th output of the generator started at ``key``."""
    z = index * np.uint64(0x9E3779B97F4A7C15)
    z += key
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z


def _mix(number: int) -> int:
    return int(_hash(np.array([number], np.uint64), np.uint64(0x9E3779B97F4A7C15))[0])


def choose_inputs(form: Format, text: str, seed: int, sample: int = SAMPLE) -> Inputs:
    """The inputs of a format for ``--inputs``; without a text a sample of so many, or all that a 16-bit format has.

    Raises:
        ValueError: for a text that is neither ``exhaustive`` nor a positive number, or an impossible choice.
    """
    if text == "exhaustive":
        return exhaustive(form)
    if not text:
        return exhaustive(form) if form.bits == 16 else sampled(form, sample, seed)
    try:
        count = int(text)
    except ValueError:
        raise ValueError(f"inputs {text!r}: give 'exhaustive' or a number") from None
    return exhaustive(form) if form.bits <= 32 and count >= 1 << form.bits else sampled(form, count, seed)
