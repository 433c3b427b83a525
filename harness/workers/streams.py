"""Where the inputs of a sweep come from, and where the results go."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from ..formats import Bits, Format


class Consumer(Protocol):
    """Where the results of a block go: a :class:`harness.accuracy.comparison.Comparison`, or whoever wants the bits."""

    def add(self, start: int, inputs: Bits, results: dict[int, Bits], executor: ThreadPoolExecutor) -> None:
        """Take one block; the arrays are valid until the call returns."""


class Source(Protocol):
    """Where the inputs come from: :class:`harness.accuracy.inputs.Inputs`."""

    @property
    def format(self) -> Format:
        """Their format."""

    @property
    def count(self) -> int:
        """How many there are."""

    def fill(self, start: int, out: Bits) -> None:
        """Write the encodings from ``start`` on into ``out``."""


@dataclass
class Few:
    """A source of some inputs, which is the consumer of the results on them.

    Attributes:
        format, points: of the inputs.
        results: by number of the task, block after block.
    """

    format: Format
    points: Bits
    results: dict[int, list[Bits]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.points)

    def fill(self, start: int, out: Bits) -> None:
        """Write the encodings from ``start`` on into ``out``."""
        out[:] = self.points[start : start + len(out)]

    def add(self, start: int, inputs: Bits, results: dict[int, Bits], executor: ThreadPoolExecutor) -> None:
        """Keep the results of a block."""
        for number, bits in results.items():
            self.results.setdefault(number, []).append(bits.copy())
