"""Results of many implementations on the same inputs, against the reference and against each other, in one pass."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..activations import Activation
from ..formats import Bits, Format
from ..reference import kernels
from ..reference.exact import Exact
from ..reference.kernels import CHUNK
from .classification import CLASSES, Classification, classify
from .tally import Record, Tally

_ALL_QUANTILED = 1 << 24
_PIECE = 1 << 21  # inputs per call of a kernel, which takes some 50 µs however few there are
_WIDE_PIECE = 1 << 16  # the same for float64, whose reference is made for all of them and should stay in the cache
_SEED_OF_WEIGHTS = 20  # any: the digest only has to be the same everywhere


@dataclass(frozen=True)
class Agreement:
    """How two results on the same inputs agree, bit for bit (two NaNs agree whatever their payloads).

    Attributes:
        inputs: how many there were.
        differing: on how many the results differ.
        largest: the largest distance between two results that are numbers, in steps between neighbouring encodings.
        index: index of the first input with that distance; -1 where none differs.
    """

    inputs: int = 0
    differing: int = 0
    largest: int = 0
    index: int = -1

    def merge(self, other: Agreement) -> Agreement:
        """The agreement on both sets of inputs."""
        candidates = [found for found in (self, other) if found.differing]
        first = min(candidates, key=lambda found: (-found.largest, found.index), default=self)
        return Agreement(self.inputs + other.inputs, self.differing + other.differing, first.largest, first.index)


class _Account:
    """What the kernels add to, for one case."""

    def __init__(self) -> None:
        from .kernels import account

        self._split = account.split
        self.slots = account.empty()
        self.address = self.slots.ctypes.data
        self.digest = 0
        self.judged = Tally()

    def tally(self) -> Tally:
        counts, records, (low, high), vanished, histogram = self._split(self.slots)
        positive, negative = vanished.view(np.float64).tolist()
        return Tally(
            counts=dict(zip(CLASSES, counts.tolist(), strict=False)),
            wrong_sign=int(counts[8]),
            zero_sign=int(counts[9]),
            measured=int(counts[10]),
            error_sum=int(low) % 2**64 + (int(high) << 64),
            histogram={int(number): int(histogram[number]) for number in np.flatnonzero(histogram)},
            worst=_record(records[:3]),
            worst_normal=_record(records[3:]),
            first_vanished=(-negative, positive),
            digest=self.digest,
        ).merge(self.judged)


def _record(slots: NDArray[np.int64]) -> Record:
    if slots[1] < 0:
        return Record()
    return Record(float(slots[:1].view(np.float64)[0]), int(slots[1]), int(slots[2]) % 2**64)


class Comparison:
    """Compares blocks of results of one activation, order and format, and keeps the tallies.

    Blocks may come in any order, but start at multiples of 1024 inputs. The work of a block is split over the threads of
    the executor; neither the split nor the order changes a tally.

    Args:
        activation: the definition.
        order: 0, 1 or 2.
        format: of inputs and results.
        lanes: into how many parts a block is split.
        inputs: how many there are in all: of more than 2^24 one in eight goes into the histogram.
        exhaustive: whether the inputs are all there are, in the order of their encodings.
    """

    def __init__(
        self, activation: Activation, order: int, format: Format, lanes: int, inputs: int = 0, exhaustive: bool = False
    ) -> None:
        wide = format.bits == 64
        kernel = kernels.wide(activation, order, inputs) if wide else kernels.narrow(activation, order)
        self.activation, self.format = activation, format
        quantiled = CHUNK if inputs <= _ALL_QUANTILED else CHUNK // 8
        self._lanes = [_Lane(Exact(activation, order), kernel, format, quantiled, exhaustive) for _ in range(lanes)]

    def add(self, start: int, inputs: Bits, results: dict[int, Bits], executor: ThreadPoolExecutor) -> None:
        """Compare one block.

        Args:
            start: index of the block's first input, a multiple of 1024.
            inputs: encodings of the inputs.
            results: encodings of the results, by case; each as long as the inputs.
            executor: its threads do the work.
        """
        share = -(-len(inputs) // (len(self._lanes) * CHUNK)) * CHUNK
        work = []
        for number, lane in enumerate(self._lanes):
            part = slice(number * share, min((number + 1) * share, len(inputs)))
            if part.start < part.stop:
                outputs = {case: bits[part] for case, bits in results.items()}
                work.append(executor.submit(lane.add, start + part.start, inputs[part], outputs))
        for done in work:
            done.result()

    def tally(self, case: int) -> Tally:
        """The account of one case so far."""
        tally = Tally()
        for lane in self._lanes:
            if case in lane.accounts:
                tally = tally.merge(lane.accounts[case].tally())
        return tally

    def agreement(self, first: int, second: int) -> Agreement:
        """How two cases agree so far."""
        found = Agreement()
        for lane in self._lanes:
            found = found.merge(lane.agreement(first, second))
        return found


class _Lane:
    """One thread's part: its accounts and its scratch memory."""

    def __init__(self, exact: Exact, kernel: kernels.Kernel, format: Format, quantiled: int, exhaustive: bool) -> None:
        from .kernels.compare import SCRATCH, law

        self._exact, self._kernel, self._format, self._quantiled = exact, kernel, format, quantiled
        self._law = law(format.precision, format.emin, format.emax, kernel.bound, quantiled) if format.bits < 64 else None
        self._judgement = lru_cache(1 << 14)(self._ask)  # implementations agree more often than not
        self.accounts: dict[int, _Account] = {}
        self._agreements: dict[tuple[int, int], Agreement] = {}
        self._scratch = _aligned((SCRATCH, CHUNK))
        self._scratch[0] = np.random.default_rng(_SEED_OF_WEIGHTS).integers(0, 1 << 32, CHUNK, np.uint64) | np.uint64(1)
        self._table = _table(format) if format.bits == 16 else None
        self._edge = exact.activation.edge.at if exact.activation.edge else None
        self._exhaustive = exhaustive and self._table is None and self._edge is None  # the kernel knows the inputs
        self._piece = _WIDE_PIECE if format.bits == 64 else _PIECE
        self._pending = np.empty((0, self._piece), np.int64)

    def add(self, start: int, inputs: Bits, results: dict[int, Bits]) -> None:
        for low in range(0, len(inputs), self._piece):
            part = slice(low, low + self._piece)
            self._add(start + low, inputs[part], {case: bits[part] for case, bits in results.items()})

    def _add(self, start: int, inputs: Bits, results: dict[int, Bits]) -> None:
        for case in results.keys() - self.accounts.keys():
            self.accounts[case] = _Account()
        if len(results) > len(self._pending):
            self._pending = np.empty((len(results), self._piece), np.int64)
        compare = self._compare_wide if self._format.bits == 64 else self._compare
        found = compare(start, inputs, results)
        digests = {}
        for (waiting, digest), pending, (case, bits) in zip(found, self._pending, results.items(), strict=False):
            account = self.accounts[case]
            digests[case] = digest
            account.digest = (account.digest + digest) % 2**64
            for index in pending[:waiting].tolist():
                self._judge(account, index, int(inputs[index - start]), int(bits[index - start]))
        self._agree(start, results, digests)

    def _arguments(self, inputs: Bits) -> NDArray[Any]:
        """The inputs that have a result, and NaN for the others."""
        x = self._decode(inputs)
        return x if self._edge is None else np.where(x < self._edge, x.dtype.type(np.nan), x)

    def _decode(self, bits: Bits) -> NDArray[Any]:
        """The values of encodings: float64 for float64, else float32."""
        return bits.view(f"f{bits.itemsize}") if self._table is None else self._table[bits]

    def _compare(self, start: int, inputs: Bits, results: dict[int, Bits]) -> list[list[int]]:
        """How many inputs are pending and the digest, for each case."""
        from .kernels.compare import compare

        arrays = [(self._decode(bits), bits.astype(np.uint32, copy=False)) for bits in results.values()]
        addresses = [
            (values.ctypes.data, encodings.ctypes.data, self.accounts[case].address)
            for case, (values, encodings) in zip(results, arrays, strict=True)
        ]
        found = np.empty((len(results), 2), np.uint64)
        cases = np.array(addresses, np.int64)
        x = self._arguments(inputs)
        compare(x, start, self._exhaustive, self._kernel.tables, self._law, self._scratch, cases, self._pending, found)
        return found.tolist()

    def _compare_wide(self, start: int, inputs: Bits, results: dict[int, Bits]) -> list[tuple[int, int]]:
        from .kernels.compare_wide import compare_wide

        x = self._arguments(inputs)
        reference = [np.empty(x.size) for _ in range(4)]
        self._kernel.function(x, *reference)
        found = []
        for (case, bits), pending in zip(results.items(), self._pending, strict=False):
            slots = self.accounts[case].slots
            values = bits.view(np.float64)
            one = compare_wide(x, values, bits, *reference, start, self._quantiled, self._scratch[0], slots, pending)
            found.append((int(one[0]), int(one[1]) % 2**64))
        return found

    def _judge(self, account: _Account, index: int, input_bits: int, output_bits: int) -> None:
        x = self._format.value(input_bits)
        classification = self._judgement(input_bits, output_bits)
        account.judged.enter(classification, index, x, output_bits, index % CHUNK < self._quantiled)

    def _ask(self, input_bits: int, output_bits: int) -> Classification:
        return classify(self._exact.at(self._format.value(input_bits)), input_bits, output_bits, self._format)

    def _agree(self, start: int, results: dict[int, Bits], digests: dict[int, int]) -> None:
        from .kernels.agreement import differences

        magnitude, infinity = self._format.carrier.type(self._format.sign_bit - 1), self._format.inf_bits
        compared: dict[frozenset[int], Agreement] = {}  # equal digests: equal bits, but for one chance in 2^64
        for pair in combinations(results, 2):
            first, second = pair
            key = frozenset((digests[first], digests[second]))
            if key not in compared:
                found = np.array([0, 0, -1], np.int64)
                if len(key) > 1:
                    differences(results[first], results[second], magnitude, infinity, found, start)
                compared[key] = Agreement(len(results[first]), *found.tolist())
            self._agreements[pair] = self.agreement(first, second).merge(compared[key])

    def agreement(self, first: int, second: int) -> Agreement:
        return self._agreements.get((first, second), Agreement())


def _aligned(shape: tuple[int, int]) -> NDArray[np.uint64]:
    """An array that starts on a cache line, so that no vector of 512 bits crosses from one to the next."""
    spare = np.empty(math.prod(shape) + 8, np.uint64)
    first = -spare.ctypes.data % 64 // 8
    return spare[first : first + math.prod(shape)].reshape(shape)


def _table(format: Format) -> NDArray[np.float32]:
    """The value of every encoding of a 16-bit format."""
    return format.decode(np.arange(1 << 16, dtype=np.uint16)).astype(np.float32)
