"""Results that a limit does not allow, input by input: what a test wants to know of a function.

The fast reference settles nearly all; what it leaves open (an error next to the limit, the sign of a zero), and every
input that is shown, is judged by ball arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..accuracy.classification import Classification, classify
from ..activations import Activation
from ..findings.evidence import CLASS, Evidence, examine
from ..formats import Bits, Format
from ..reference.exact import Exact

KINDS = ("nan", "special", "overflowed", "vanished", "wrong_sign", "error", "flushed", "zero_sign")
"""What can be wrong with a result, the worst first; ``error`` is an error above the limit."""
_CLASSES = ("nan", "special", "overflowed", "vanished", "flushed")
_SHOWN = 3  # inputs of a kind
_DIGITS = 17  # of an exact result
_MARGIN = 2.0**-16  # ulp; the fast reference's errors are right to 2^-18

Mask = NDArray[np.bool_]


@dataclass
class Faults:
    """The results that are not allowed.

    Attributes:
        inputs: how many there were.
        counts: how many results are wrong, by kind.
        places: by kind the worst inputs and the results there, both encoded.
    """

    inputs: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    places: dict[str, list[tuple[float, int, int]]] = field(default_factory=dict)

    def add(self, kind: str, evidence: Evidence, mask: Mask) -> None:
        """Note the inputs of a mask."""
        found = np.flatnonzero(mask)
        if not found.size:
            return
        self.counts[kind] = self.counts.get(kind, 0) + found.size
        size = np.nan_to_num(np.abs(evidence.x[found]), nan=math.inf)
        # Of errors the largest is the worst, of all else the one nearest to what people use.
        rank = -evidence.errors[0][found] if kind == "error" else size
        first = found[np.argsort(rank, kind="stable")[:_SHOWN]]
        ranked = zip(
            np.sort(rank)[:_SHOWN].tolist(), evidence.bits[first].tolist(), evidence.outputs[0][first].tolist(), strict=True
        )
        self.places[kind] = sorted([*self.places.get(kind, []), *ranked])[:_SHOWN]


class Examiner:
    """Looks for results that are not allowed.

    Args:
        activation: the definition.
        order: 0, 1 or 2.
        form: of inputs and results.
        max_ulp: the largest error that is allowed, in ulps.
        allow: kinds that are allowed.
    """

    def __init__(self, activation: Activation, order: int, form: Format, max_ulp: float, allow: Collection[str]) -> None:
        self._activation, self._order, self._form = activation, order, form
        self._max_ulp, self._allow = max_ulp, allow
        self._exact = Exact(activation, order)
        self.faults = Faults()

    def add(self, inputs: Bits, outputs: Bits) -> None:
        """Examine some results (encodings, as many as inputs)."""
        found = examine(self._activation, self._order, self._form, inputs, {0: outputs})
        self.faults.inputs += len(inputs)
        left = np.ones(len(inputs), bool)  # each input is wrong in one way
        for kind in _CLASSES:
            mask = found.classes[0] == CLASS[kind]
            left &= ~mask
            self._note(kind, found, mask)
        output = found.values(0)
        with np.errstate(invalid="ignore"):
            opposite = left & (output != 0) & (np.sign(output) * np.sign(found.exact) < 0)
        self._note("wrong_sign", found, opposite)
        left &= ~opposite
        above = left & self._above(found, left)
        self._note("error", found, above)
        left &= ~above
        zeros = left & (output == 0) & (found.best == 0) & (np.signbit(output) != np.signbit(found.best))
        for place in np.flatnonzero(zeros) if "zero_sign" not in self._allow else ():
            zeros[place] = self.classify(int(found.bits[place]), int(found.outputs[0][place])).zero_sign
        self._note("zero_sign", found, zeros)

    def _note(self, kind: str, found: Evidence, mask: Mask) -> None:
        if kind not in self._allow:
            self.faults.add(kind, found, mask)

    def _above(self, found: Evidence, among: Mask) -> Mask:
        """Which errors are above the limit, certified."""
        errors = np.nan_to_num(found.errors[0], nan=0.0)
        above: Mask = errors > self._max_ulp
        among = among & np.isfinite(found.errors[0]) & (np.abs(errors - self._max_ulp) <= _MARGIN * np.maximum(errors, 1))
        for place in np.flatnonzero(among):
            truth, output = self._exact.at(float(found.x[place])), int(found.outputs[0][place])
            if self._max_ulp:
                above[place] = truth.compare_error(output, self._form, Fraction(self._max_ulp)) > 0
            else:
                above[place] = truth.error_ulps(output, self._form) > 0
        return above

    def classify(self, input_bits: int, output_bits: int) -> Classification:
        """The exact classification of one result."""
        return classify(self._exact.at(self._form.value(input_bits)), input_bits, output_bits, self._form)

    def report(self) -> list[str]:
        """The faults in lines for people, the worst kind first."""
        lines = []
        for kind in sorted(self.faults.counts, key=KINDS.index):
            what = f"error above {self._max_ulp:g} ulp" if kind == "error" else kind.replace("_", " ")
            count, places = self.faults.counts[kind], self.faults.places[kind]
            lines.append(f"  {what}: {count:,}" + (f", the worst {len(places)} of them" if count > len(places) else ""))
            lines += [f"    {self._line(bits, output)}" for _, bits, output in places]
        return lines

    def _line(self, bits: int, output: int) -> str:
        truth = self._exact.at(self._form.value(bits))
        judged, right = self.classify(bits, output), truth.rounded(self._form)
        exact = truth.decimal(_DIGITS)
        size = "" if math.isnan(judged.ulps) else f": {judged.ulps:.4g} ulp"
        return f"x = {self._shown(bits)}: got {self._shown(output)}, right is {self._shown(right)}, exact {exact}{size}"

    def _shown(self, bits: int) -> str:
        return f"{self._form.show(bits).partition(' ')[0]} (0x{bits:0{self._form.bits // 4}x})"
