"""What became of a property or an invariance in a case, and its row in the frame ``laws``."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..case import Task
from ..formats import number_format
from ..frames import Row
from ..workers.environments import version


@dataclass
class Verdict:
    """What became of a law in a case.

    Attributes:
        checked, broken: how many results (or pairs of them) were looked at, and how many break it.
        example_bits: encoding of the worst input, or None.
        got: the results there, in words.
        where: what they should be, or where in a vector they are, in words.
        steps: how far apart they are: in steps between encodings, or in ulps of the larger one; infinite where a number
            meets something else.
        low, high: the least and the greatest input that breaks it, or None (where only NaN does).
    """

    checked: int = 0
    broken: int = 0
    example_bits: int | None = None
    got: str = ""
    where: str = ""
    steps: float | None = None
    low: float | None = None
    high: float | None = None

    def over(self, x: NDArray[np.float64]) -> Verdict:
        """The same, broken at these inputs."""
        numbers = x[~np.isnan(x)]
        return replace(self, low=float(numbers.min()), high=float(numbers.max())) if numbers.size else self


def law_row(task: Task, hello: Row | None, law: str, verdict: Verdict, status: str = "", reason: str = "") -> Row:
    """The row of a case and a law; the status says whether it holds, unless one is given."""
    case, bits = task.case, verdict.example_bits
    row: Row = {"activation": case.activation, "parameters": json.dumps(dict(case.parameters))}
    row |= {"order": case.order, "route": case.route, "format": case.format}
    row |= {"backend": task.implementation.backend, "backend_version": version(case.route, hello)}
    row |= {"mode": task.implementation.mode, "device": task.implementation.device}
    row |= {"implementation": task.implementation.substitute, "law": law}
    row |= {"status": status or ("broken" if verdict.broken else "holds"), "reason": reason}
    return row | vars(verdict) | {"example": None if bits is None else number_format(case.format).value(bits)}
