"""What is demanded of cases: the limits that there are, and the cases that must hold them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from backends.protocol import Case
from backends.target import parse

from ..case import Implementation
from ..speed.execution import BUDGET
from ..workers.process import START_LIMIT

COUNTS = ("faithful", "inaccurate", "vanished", "flushed", "overflowed", "nan", "special", "wrong_sign", "zero_sign")
"""Limits that are numbers of inputs: of a class, or of a sign."""
SUBNORMAL = "max_ulp_subnormal"
"""The limit in ulps of results that are subnormal; ``max_ulp`` then is that of the others."""
ERRORS = ("max_ulp", "max_ulp_normal", "mean_ulp", "p99_ulp", SUBNORMAL)
"""Limits in ulps, of columns of the frame ``accuracy``."""
STEPS = ("max_steps", "differing")
"""Limits of the distance from another implementation: in steps between encodings, and in inputs with other bits."""
LAWS = {"monotone_dip": "monotone", "range_excess": "range", "asymmetry": "symmetric"}
"""Limits in ulps, and the properties whose steps they are about."""
LIMITS = (*COUNTS, *ERRORS, *LAWS)


@dataclass(frozen=True)
class TimeLimit:
    """How long a case may take.

    Attributes:
        ratio: the largest time allowed, as a multiple of that of
        implementation, case: what it is compared with.
        n: elements in the tensor.
    """

    ratio: float
    implementation: Implementation
    case: Case
    n: int


@dataclass(frozen=True)
class Demand:
    """What one case must hold.

    Attributes:
        implementation, case: what is measured.
        limits: the largest figures allowed, by name.
        line: where the file says so.
        time: the limit of its time, if there is one.
        against: whose results, besides the exact ones, it is compared with, and by which route.
    """

    implementation: Implementation
    case: Case
    limits: dict[str, float]
    line: int
    time: TimeLimit | None = None
    against: tuple[Implementation, Case] | None = None


@dataclass
class Gate:
    """A file of limits.

    Attributes:
        path: the file.
        demands: case by case.
        inputs, seed: as for a run.
        timeout: seconds that a worker may take to start, and a case to be compiled.
        time_budget: seconds after which no more times are taken.
    """

    path: Path
    demands: list[Demand] = field(default_factory=list)
    inputs: str = ""
    seed: int = 0
    timeout: float = START_LIMIT
    time_budget: float = BUDGET


def sources(gate: Gate) -> list[Path]:
    """The files that a gate is read from: the file of limits, and those of functions of the user's own."""
    timed = [demand.time.implementation for demand in gate.demands if demand.time]
    others = [demand.against[0] for demand in gate.demands if demand.against]
    own = {each for each in [*(demand.implementation for demand in gate.demands), *timed, *others] if each.substitute}
    return [gate.path, *(Path(each.folder) / file for each in own for file in parse(each.substitute).files)]


def described(demand: Demand) -> str:
    """A case in words."""
    return label(demand.implementation, demand.case)


def label(implementation: Implementation, case: Case) -> str:
    """A case in words: ``torch:eager sigmoid' autodiff bfloat16``."""
    parameters = ", ".join(f"{name}={value!r}" for name, value in case.parameters)
    name = case.activation + (f"({parameters})" if parameters else "")
    return f"{implementation} {name}{chr(39) * case.order} {case.route} {case.format}"
