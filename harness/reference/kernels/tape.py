"""An activation's expression as a straight list of instructions, and the loop that carries them out on jets.

The expression itself is evaluated, in numbers that know their own error: nothing of an activation is typed in again, and
there is nothing to be made beforehand. Where its digits cancel, the error says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from flint import arb
from numpy.typing import NDArray

from ...activations import Activation
from .. import balls
from . import elementary, jets

_PRECISION = 256  # bits of the constants
_LONGEST = 1000  # instructions; a reference made of more takes minutes, and a loop without end would never be one
_BLOCK = 512  # inputs at a time, whose jets stay in the cache
_BINARY: dict[str, Callable[..., None]] = {"plus": jets.plus, "times": jets.times}
_BY_CONSTANT: dict[str, Callable[..., None]] = {"shifted": jets.shifted, "scaled": jets.scaled}
_UNARY: dict[str, Callable[..., None]] = {
    "inverse": jets.inverse,
    "exponential": jets.exponential,
    "logarithm": jets.logarithm,
    "root": jets.root,
}
Constant = arb | float | int


@dataclass(frozen=True)
class _Node:
    """A jet: the argument (0), or what an instruction makes."""

    tape: Tape
    place: int

    def __add__(self, other: _Node | Constant) -> _Node:
        return self.tape.apply("plus", self, other) if isinstance(other, _Node) else self.tape.apply("shifted", self, other)

    def __mul__(self, other: _Node | Constant) -> _Node:
        return self.tape.apply("times", self, other) if isinstance(other, _Node) else self.tape.apply("scaled", self, other)

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> _Node:
        return self * -1

    def __sub__(self, other: _Node | Constant) -> _Node:
        return self + -other

    def __rsub__(self, other: Constant) -> _Node:
        return -self + other

    def __truediv__(self, other: _Node | Constant) -> _Node:
        return self * (self.tape.apply("inverse", other) if isinstance(other, _Node) else 1 / arb(other))

    def __rtruediv__(self, other: Constant) -> _Node:
        return self.tape.apply("inverse", self) * other


@dataclass
class Tape:
    """The instructions that are right for low < x < high, where the definition has no other case.

    :class:`harness.activations.Operations` that note down what they are asked for.
    """

    low: float
    high: float
    cuts: set[float] = field(default_factory=set)
    steps: list[tuple[str, int, Any]] = field(default_factory=list)

    def apply(self, name: str, a: _Node, other: _Node | Constant | None = None) -> _Node:
        """Note down an instruction.

        Raises:
            ValueError: where there are too many.
        """
        if len(self.steps) >= _LONGEST:
            raise ValueError(f"it has more than {_LONGEST} operations")
        operand: Any = other.place if isinstance(other, _Node) else None if other is None else elementary.constant(arb(other))
        self.steps.append((name, a.place, operand))
        return _Node(self, len(self.steps))

    @property
    def pi(self) -> Any:
        return arb.pi()

    def number(self, decimal: str, /) -> Any:
        return arb(decimal)

    def exp(self, u: Any, /) -> Any:
        return self.apply("exponential", u)

    def expm1(self, u: Any, /) -> Any:
        return self.exp(u) - 1

    def log1p(self, u: Any, /) -> Any:
        return self.apply("logarithm", u)

    def sqrt(self, u: Any, /) -> Any:
        return self.apply("root", u) if isinstance(u, _Node) else arb(u).sqrt()

    def erf(self, u: Any, /) -> Any:
        return 1 - self.erfc(u)

    def erfc(self, u: Any, /) -> Any:
        return self.apply("complementary", u)

    def split(
        self, x: Any, at: float, left: Callable[[], Any], right: Callable[[], Any], /, value: Literal["left", "right"] = "right"
    ) -> Any:
        if self.low < at < self.high:
            self.cuts.add(float(at))
        return left() if at >= self.high else right()

    def run(self, x: NDArray[np.float64], terms: int) -> NDArray[np.float64]:
        """The numbers of the last term of the activation's series at each x: float64[4, n]."""
        made = np.empty((4, x.size))
        for start in range(0, x.size, _BLOCK):
            part = x[start : start + _BLOCK]
            registers = np.zeros((len(self.steps) + 1, terms, 4, part.size))
            significand, exponent = np.frexp(part)
            registers[0, 0, 0], registers[0, 0, 3] = 2 * significand, exponent - 1
            if terms > 1:
                registers[0, 1, 0] = 1.0
            for place, (name, a, operand) in enumerate(self.steps, 1):
                source, out = registers[a], registers[place]
                if name in _BINARY:
                    _BINARY[name](source, registers[operand], out)
                elif name in _BY_CONSTANT:
                    _BY_CONSTANT[name](source, operand, out)
                elif name in _UNARY:
                    _UNARY[name](source, out)
                else:
                    jets.complementary(source, elementary.complement(), out)
            made[:, start : start + _BLOCK] = registers[-1, terms - 1]
        return made


def tapes(activation: Activation, low: float, high: float) -> list[Tape]:
    """The tapes of an activation from low to high, in order."""
    tape = Tape(low, high)
    with balls.working(_PRECISION, 2):
        last = activation.expression(_Node(tape, 0), tape)
    if tape.cuts:
        ends = [low, *sorted(tape.cuts), high]
        return [each for first, second in pairwise(ends) for each in tapes(activation, first, second)]
    if last.place != len(tape.steps):  # the argument itself
        tape.steps.append(("shifted", last.place, elementary.constant(arb(0))))
    return [tape]
