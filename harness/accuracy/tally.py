"""The account of a case: every input in exactly one class, with the statistics of the errors.

Tallies of disjoint sets of inputs merge; merging is associative and commutative, and everything in a tally is an
integer or the better of two records, so the result does not depend on blocks, threads or order.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field

from .classification import CLASSES, Classification

SUM_BITS = 24
"""Errors are summed in units of 2^-24 ulp, each rounded to nearest."""
SUM_CAP = 2.0**62
"""An error counts as at most this many ulps in the sum."""
OCTAVE = 32
"""Buckets of the histogram per factor of two, so that a bucket is at most 3.2 % wide."""
LOWEST = -10
"""Errors below 2^-10 ulp share the first bucket of the histogram."""
BUCKETS = OCTAVE * 74 + 2
"""Buckets; the last holds all errors from 2^64 ulp on."""


@dataclass(frozen=True)
class Record:
    """The largest error seen and where.

    Attributes:
        ulps: the error; -1 where there is none.
        index: index of the input among the inputs of the case; of equal errors the smallest.
        result: encoding of the result there.
    """

    ulps: float = -1.0
    index: int = -1
    result: int = 0

    def better(self, other: Record) -> Record:
        """The larger of two records."""
        return min(self, other, key=lambda record: (-record.ulps, record.index))


@dataclass
class Tally:
    """The account of the results of one case on some of its inputs.

    Attributes:
        counts: inputs by class.
        wrong_sign, zero_sign: see DESIGN's definitions in ``docs/definitions.md``.
        measured: how many results have an error in ulps and are not ``flushed``; sum and records are over these.
        error_sum: the sum of their errors in units of 2^-SUM_BITS ulp.
        histogram: their number by bucket of the error; of very many inputs only a fixed share is entered.
        worst, worst_normal: the largest error, over all of them and over those whose exact result is normal.
        first_vanished: magnitudes of the vanished inputs nearest to zero, on the negative and positive side; inf: none.
        digest: hash of inputs' indices and outputs' bits, modulo 2^64.
    """

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CLASSES, 0))
    wrong_sign: int = 0
    zero_sign: int = 0
    measured: int = 0
    error_sum: int = 0
    histogram: dict[int, int] = field(default_factory=dict)
    worst: Record = Record()
    worst_normal: Record = Record()
    first_vanished: tuple[float, float] = (math.inf, math.inf)
    digest: int = 0

    @property
    def inputs(self) -> int:
        """How many inputs are accounted for."""
        return sum(self.counts.values())

    def merge(self, other: Tally) -> Tally:
        """The account of both sets of inputs."""
        buckets = self.histogram.keys() | other.histogram.keys()
        return Tally(
            counts={name: self.counts[name] + other.counts[name] for name in CLASSES},
            wrong_sign=self.wrong_sign + other.wrong_sign,
            zero_sign=self.zero_sign + other.zero_sign,
            measured=self.measured + other.measured,
            error_sum=self.error_sum + other.error_sum,
            histogram={bucket: self.histogram.get(bucket, 0) + other.histogram.get(bucket, 0) for bucket in sorted(buckets)},
            worst=self.worst.better(other.worst),
            worst_normal=self.worst_normal.better(other.worst_normal),
            first_vanished=(
                min(self.first_vanished[0], other.first_vanished[0]),
                min(self.first_vanished[1], other.first_vanished[1]),
            ),
            digest=(self.digest + other.digest) % 2**64,
        )

    def enter(self, classification: Classification, index: int, x: float, result: int, quantiled: bool = True) -> None:
        """Account for one more input, which the exact reference judged (its digest is counted elsewhere)."""
        self.counts[classification.cls] += 1
        self.wrong_sign += classification.wrong_sign
        self.zero_sign += classification.zero_sign
        if not math.isnan(classification.ulps) and classification.cls != "flushed":
            record = Record(classification.ulps, index, result)
            self.measured += 1
            self.error_sum += round(min(classification.ulps, SUM_CAP) * 2**SUM_BITS)
            if quantiled:
                number = bucket(classification.ulps)
                self.histogram[number] = self.histogram.get(number, 0) + 1
            self.worst = self.worst.better(record)
            if classification.normal:
                self.worst_normal = self.worst_normal.better(record)
        if classification.cls == "vanished":
            negative, positive = self.first_vanished
            at_negative = math.copysign(1, x) < 0
            self.first_vanished = (min(negative, -x), positive) if at_negative else (negative, min(positive, x))

    @property
    def mean_ulps(self) -> float:
        """The mean error in ulps; NaN where there is none."""
        return self.error_sum / (self.measured << SUM_BITS) if self.measured else math.nan

    def quantile(self, share: float) -> float:
        """The error in ulps that this share of the measured results does not exceed, to the width of a bucket (3.2 %).

        The upper end of the bucket, but no more than the largest error; 0 means below 2^-10 ulp; NaN where there is none.
        """
        wanted = max(math.ceil(share * sum(self.histogram.values())), 1)
        seen = 0
        for number in sorted(self.histogram):
            seen += self.histogram[number]
            if seen >= wanted:
                return min(upper_end(number), self.worst.ulps) if number else 0.0
        return math.nan


def bucket(ulps: float) -> int:
    """The histogram bucket of an error: 1 + floor of OCTAVE times the piecewise linear log2, from 2^LOWEST on."""
    bits: int = struct.unpack("<q", struct.pack("<d", ulps))[0]
    return min(max((bits >> 47) - ((1023 + LOWEST) * OCTAVE - 1), 0), BUCKETS - 1)


def upper_end(number: int) -> float:
    """Where a bucket ends, in ulps; the last one ends at infinity."""
    if number == BUCKETS - 1:
        return math.inf
    octave, part = divmod(number, OCTAVE)
    return math.ldexp(1 + part / OCTAVE, LOWEST + octave)
