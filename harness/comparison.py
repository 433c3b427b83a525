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

from . import kernels
from .activations import Activation
from .exact import Exact
from .formats import Bits, Format
from .judge import CLASSES, Judgement, judge
from .tally import BUCKETS, Record, Tally, bucket

_PIECE = 1 << 16  # inputs at a time, so that reference and results stay in the cache between the implementations
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
        from .kernels import compare

        self._sizes = (compare.COUNTS, compare.RECORDS)
        self.slots = np.zeros(compare.ACCOUNT, np.int64)
        self.slots[compare.COUNTS : compare.COUNTS + compare.RECORDS] = -1
        self.vanished = np.array([math.inf, -math.inf])
        self.digest = 0
        self.judged = Tally()

    def tally(self) -> Tally:
        of_counts, of_records = self._sizes
        edges = np.cumsum([of_counts, of_records, 2, BUCKETS])
        counts, records, (low, high), by_error, by_judgement = np.split(self.slots, edges)
        correct, faithful, inaccurate = (int(part.sum()) for part in np.split(by_error, [bucket(0.5), bucket(1.0)]))
        classes = dict(zip(CLASSES, counts.tolist(), strict=False))
        settled = {"correct": correct, "faithful": faithful, "inaccurate": inaccurate}
        histogram = by_error + by_judgement
        return Tally(
            counts={cls: count + settled.get(cls, 0) for cls, count in classes.items()},
            wrong_sign=int(counts[8]),
            zero_sign=int(counts[9]),
            measured=int(counts[10]) + sum(settled.values()),
            error_sum=int(low) % 2**64 + (int(high) << 64),
            histogram={int(number): int(histogram[number]) for number in np.flatnonzero(histogram)},
            worst=_record(records[:3]),
            worst_normal=_record(records[3:]),
            first_vanished=(-float(self.vanished[1]), float(self.vanished[0])),
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
    """

    def __init__(self, activation: Activation, order: int, format: Format, lanes: int) -> None:
        find = kernels.wide if format.bits == 64 else kernels.narrow
        kernel = find(activation, order)
        if kernel is None:
            raise ValueError(f"{activation}: no reference kernel for order {order} in {format}")
        self.format = format
        self._lanes = [_Lane(Exact(activation, order), kernel, format) for _ in range(lanes)]

    def add(self, start: int, inputs: Bits, results: dict[int, Bits], executor: ThreadPoolExecutor) -> None:
        """Compare one block.

        Args:
            start: index of the block's first input, a multiple of 1024.
            inputs: encodings of the inputs.
            results: encodings of the results, by case; each as long as the inputs.
            executor: its threads do the work.
        """
        share = -(-len(inputs) // (len(self._lanes) * 1024)) * 1024
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

    def __init__(self, exact: Exact, kernel: kernels.Kernel, format: Format) -> None:
        self._exact, self._kernel, self._format = exact, kernel, format
        self._judgement = lru_cache(1 << 14)(self._ask)  # implementations agree more often than not
        self.accounts: dict[int, _Account] = {}
        self._found: dict[tuple[int, int], NDArray[np.int64]] = {}
        self._inputs: dict[tuple[int, int], int] = {}
        self._reference = [np.empty(_PIECE) for _ in range(3 if format.bits == 64 else 1)]
        self._pending = np.empty(_PIECE, np.int64)
        self._weights = np.random.default_rng(_SEED_OF_WEIGHTS).integers(0, 1 << 32, 1024, np.uint64) | np.uint64(1)
        half_above = (2.0 - 2.0**-format.precision) * 2.0**format.emax  # rounds to infinity
        self._law = np.array([format.precision, format.emin, half_above, kernel.bound])
        self._table = _table(format) if format.bits == 16 else None

    def add(self, start: int, inputs: Bits, results: dict[int, Bits]) -> None:
        for low in range(0, len(inputs), _PIECE):
            part = slice(low, low + _PIECE)
            self._add(start + low, inputs[part], {case: bits[part] for case, bits in results.items()})

    def _add(self, start: int, inputs: Bits, results: dict[int, Bits]) -> None:
        x = self._decode(inputs)
        reference = [part[: len(inputs)] for part in self._reference]
        self._kernel.function(x, *reference)
        digests = {}
        for case, bits in results.items():
            if case not in self.accounts:
                self.accounts[case] = _Account()
            account = self.accounts[case]
            waiting, digest = self._compare(start, x, bits, reference, account)
            digests[case] = digest
            account.digest = (account.digest + digest) % 2**64
            for position in self._pending[:waiting].tolist():
                self._judge(account, start + position, int(inputs[position]), int(bits[position]))
        self._agree(start, results, digests)

    def _decode(self, bits: Bits) -> NDArray[Any]:
        if self._table is not None:
            return self._table[bits]
        return bits.view(np.float64 if self._format.bits == 64 else np.float32)

    def _compare(self, start: int, x: Any, bits: Bits, reference: list[Any], account: _Account) -> tuple[int, int]:
        from .kernels.compare import compare
        from .kernels.compare_wide import compare_wide

        sink = (self._weights, account.slots, account.vanished, self._pending)
        if self._format.bits == 64:
            exact = self._kernel.bound == 0
            found = compare_wide(x, self._decode(bits), bits, *reference, start, exact, *sink)
        else:
            carrier = bits if self._format.bits == 32 else bits.astype(np.uint32)
            found = compare(x, self._decode(bits), carrier, reference[0], start, self._law, *sink)
        return int(found[0]), int(found[1]) % 2**64

    def _judge(self, account: _Account, index: int, input_bits: int, output_bits: int) -> None:
        x = self._format.value(input_bits)
        judgement = self._judgement(input_bits, output_bits)
        account.judged.enter(judgement, index, x, output_bits)

    def _ask(self, input_bits: int, output_bits: int) -> Judgement:
        return judge(self._exact.at(self._format.value(input_bits)), input_bits, output_bits, self._format)

    def _agree(self, start: int, results: dict[int, Bits], digests: dict[int, int]) -> None:
        from .kernels.agreement import differences

        magnitude, infinity = self._format.carrier.type(self._format.sign_bit - 1), self._format.inf_bits
        for pair in combinations(results, 2):
            if pair not in self._found:
                self._found[pair] = np.array([0, 0, -1], np.int64)
            self._inputs[pair] = self._inputs.get(pair, 0) + len(results[pair[0]])
            if digests[pair[0]] != digests[pair[1]]:  # equal digests: equal bits, but for one chance in 2^64
                differences(results[pair[0]], results[pair[1]], magnitude, infinity, self._found[pair], start)

    def agreement(self, first: int, second: int) -> Agreement:
        pair = (first, second)
        if pair not in self._found:
            return Agreement()
        differing, largest, index = (int(number) for number in self._found[pair])
        return Agreement(self._inputs[pair], differing, largest, index)


def _table(format: Format) -> NDArray[np.float32]:
    """The value of every encoding of a 16-bit format."""
    return format.decode(np.arange(1 << 16, dtype=np.uint16)).astype(np.float32)
