"""One case, computed in ways that must make no difference: what the harness needs to check invariances.

Results are compared as bits. NaNs count as one and the same whatever their sign and payload, -0 and +0 as two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .protocol import CARRIERS, INTEGERS, Case
from .repetition import INFINITY, canonical
from .substitute import prepare

_STEP = 3  # lanes by which a window moves on: the shortest remainder of lengths like 7, 67, 4099 in 4, ..., 64 lanes
_RUNS = 8  # of lanes, told of a vector
LAYOUTS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "every second element of a vector": (lambda bits: np.repeat(bits, 2), np.s_[::2]),
    "a vector from its second element on": (lambda bits: np.concatenate([bits[:1], bits]), np.s_[1:]),
    "a matrix of one row": (lambda bits: bits, np.s_[None, :]),
    "a tensor of four dimensions": (lambda bits: bits[: bits.size // 8 * 8].reshape(2, 2, 2, -1), np.s_[:]),
    "an empty vector": (lambda bits: bits, np.s_[:0]),
}
"""Ways in which elements can lie: a tensor that has them, and what of it is given."""
_INTEGERS = (-3, -1, 0, 1, 2, 5)


class Specimen:
    """One case of an implementation, under study.

    Args:
        backend: the adapter.
        case: what is asked of it.

    Raises:
        Unsupported: where the framework lacks the case.
    """

    def __init__(self, backend: Any, case: Case) -> None:
        self._backend, self._case = backend, case
        self._function = prepare(backend, case)

    def apply(self, command: dict[str, Any]) -> dict[str, Any]:
        """Results for a file of ``length`` encodings, ``inputs``, computed ``calls`` times and written to the file ``output``."""
        carrier, length, calls = CARRIERS[self._case.format], command["length"], command["calls"]
        inputs = np.array(np.memmap(command["inputs"], carrier, "r", shape=(length,)))
        results = np.memmap(command["output"], carrier, "r+", shape=(calls, length))
        for call in range(calls):
            results[call] = self._bits(inputs)
        return {}

    def position(self, command: dict[str, Any]) -> dict[str, Any]:
        """Look for inputs whose result depends on the length of the vector, or on where in it they stand.

        For each of ``lengths`` windows of that length move along the ring of the ``probes`` (encodings), so that every
        probe comes to stand in the vector's body and in its remainder; one probe alone gives vectors of copies.

        Returns:
            ``broken``: ``[index of the probe, [[result, length, lane], ...]]`` with each result where it came first; for
            one probe also ``runs``: ``[length, [[first lane, last lane, result], ...]]``.
        """
        probes = np.array(command["probes"], CARRIERS[self._case.format])
        first = np.zeros_like(probes)
        seen = np.zeros(len(probes), bool)
        met: dict[int, dict[int, list[int]]] = {}
        runs = []
        for length in command["lengths"]:
            for start in range(0, len(probes), min(_STEP, length)):
                index = (start + np.arange(length)) % len(probes)
                results = self._bits(probes[index])
                fresh = np.flatnonzero(~seen[index])
                for lane in fresh[::-1].tolist():
                    first[index[lane]] = results[lane]
                    met[int(index[lane])] = {int(results[lane]): [length, lane]}
                seen[index] = True
                for lane in np.flatnonzero(results != first[index]).tolist():
                    met[int(index[lane])].setdefault(int(results[lane]), [length, lane])
                if len(probes) == 1:
                    runs.append([length, _runs(results)])
        broken = [[probe, [[bits, *where] for bits, where in found.items()]] for probe, found in met.items() if len(found) > 1]
        return {"broken": broken} | ({"runs": runs} if len(probes) == 1 else {})

    def layout(self, command: dict[str, Any]) -> dict[str, Any]:
        """Look for ``probes`` (encodings) whose result depends on how the tensor that they are in lies, or on its shape.

        Of :data:`LAYOUTS` those named in ``ways`` are tried.

        Returns:
            ``differ``: ``[how it lies, index of the probe, result, that in a vector of its own]``; ``refused``: ``[how it
            lies, what the framework said]``, also for results of another shape.
        """
        probes = np.array(command["probes"], CARRIERS[self._case.format])
        usual = self._bits(probes)
        differ, refused = [], []
        for way in command["ways"]:
            bits, place = LAYOUTS[way]
            tensor = self._backend.load(bits(probes), self._case.format)[place]
            wanted = tuple(np.empty(bits(probes).shape)[place].shape)
            try:
                result = self._backend.synchronise(self._function(tensor))
                found = self._backend.store(result, self._case.format)
            except Exception as error:
                refused.append([way, f"{type(error).__name__}"])
                continue
            if tuple(found.shape) != wanted:
                refused.append([way, f"returned shape {tuple(found.shape)} for {wanted}"])
                continue
            results = canonical(np.ravel(found), self._case.format)
            lanes = np.flatnonzero(results != usual[: results.size]).tolist()
            differ += [[way, lane, int(results[lane]), int(usual[lane])] for lane in lanes]
        return {"differ": differ, "refused": refused}

    def promotion(self, command: dict[str, Any]) -> dict[str, Any]:
        """What becomes of inputs of other shapes and types: scalars for ``probes``, integers for the element types ``integers``.

        Returns:
            ``scalars``: ``[encoding, element type and result as a scalar, the same in a vector of one]`` that are not the
            same; ``integers``: by element type ``{"dtype", "differ": [[integer, result, that of the same number in the
            dtype returned]]}`` (where an integer is returned, that and the float32 result, as an encoding), or ``{"refused"}``
            with what the framework said.
        """
        return {
            "scalars": self._scalars(command["probes"]),
            "integers": {name: self._integers(name) for name in command["integers"]},
        }

    def _scalars(self, probes: Iterable[int]) -> list[Any]:
        differ = []
        for probe in probes:
            vector = self._backend.load(np.array([probe], CARRIERS[self._case.format]), self._case.format)
            alone, one = (self._described(self._function(x)) for x in (vector[0], vector))
            if alone != one:
                differ.append([probe, alone, one])
        return differ

    def _integers(self, name: str) -> dict[str, Any]:
        carrier = INTEGERS[name]
        numbers = np.array(sorted({int(bool(n)) for n in _INTEGERS} if name == "bool" else _INTEGERS), "int64")
        try:
            given = self._backend.load(numbers.astype(f"int{carrier[4:]}").view(carrier), name)
            result = self._backend.synchronise(self._function(given))
            dtype, got = self._described(result)
        except Exception as error:  # to refuse integers is a framework's right
            return {"refused": type(error).__name__}
        real = dtype in INFINITY
        # Integers as small as these are numbers of every format; bfloat16 is the upper half of float32.
        kind = dtype if real else "float32"
        single = numbers.astype("float32" if kind == "bfloat16" else kind)
        encoded = (single.view("uint32") >> 16).astype("uint16") if kind == "bfloat16" else single.view(CARRIERS[kind])
        floats = self._backend.synchronise(self._function(self._backend.load(encoded, kind)))
        _, expected = self._described(floats)
        if not real:  # stayed an integer, and has to be the same number
            pairs = zip(numbers.tolist(), map(int, result), map(float, floats), expected, strict=True)
            return {"dtype": dtype, "differ": [[number, whole, bits] for number, whole, value, bits in pairs if whole != value]}
        triples = zip(numbers.tolist(), got, expected, strict=True)
        zeros = {0, 1 << (8 * encoded.itemsize - 1)}  # one or the other: integers have no -0 to pass on
        differ = [list(triple) for triple in triples if triple[1] != triple[2] and not set(triple[1:]) <= zeros]
        return {"dtype": dtype, "differ": differ}

    def _described(self, tensor: Any) -> tuple[str, list[int]]:
        """A tensor's element type and encodings (as numbers, where the type has none here)."""
        dtype = str(getattr(tensor.dtype, "name", tensor.dtype)).rpartition(".")[2]
        if dtype not in CARRIERS:
            return dtype, []
        bits = np.ravel(self._backend.store(tensor, dtype))
        return dtype, (canonical(bits, dtype) if dtype in INFINITY else bits).tolist()

    def _bits(self, inputs: Any) -> Any:
        tensor = self._backend.load(inputs, self._case.format)
        bits = self._backend.store(self._backend.synchronise(self._function(tensor)), self._case.format)
        if bits.shape != inputs.shape:
            raise ValueError(f"returned shape {tuple(bits.shape)} for {len(inputs)} inputs")
        return canonical(bits, self._case.format)


def _runs(results: Any) -> list[list[int]]:
    """Runs of lanes with the same result, as [first lane, last lane, result]; the first few."""
    starts = [0, *(np.flatnonzero(results[1:] != results[:-1]) + 1).tolist()]
    ends = [*(start - 1 for start in starts[1:]), len(results) - 1]
    return [[start, end, int(results[start])] for start, end in zip(starts, ends, strict=True)][:_RUNS]
