"""What is wrong with one case, from the evidence of its pass: symptoms, each with its place, its worst input and its cause.

A symptom is a set of inputs of one case whose results are wrong in the same way. Errors that any arithmetic of the
format would make next to a zero of the exact result are left out: there, thousands of ulps can be honest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.protocol import Case

from ..case import Implementation, Task
from ..reference.exact import Exact
from ..reference.shape import span
from .diagnosis import diagnose
from .evidence import CLASS, Evidence, Reals, unit

KINDS = ("nan_lost", "special_value", "nan", "overflow", "early_underflow", "range", "inaccurate", "signed_zero", "flush_to_zero")
"""The kinds of symptoms: each result has the first that fits."""
CONVENTIONS = ("signed_zero", "kink")
"""The kinds where implementations may differ and all be right."""
REGIONS = ("near", "negative", "positive")
"""Where inputs lie: the same symptom near zero and far out is another defect."""
TOLERATED = {"float16": 4.0, "bfloat16": 4.0, "float32": 8.0, "float64": 8.0}
"""By format: errors of a finite result of up to this many ulps are no symptom; 4 ulp of bfloat16 are 3 %."""
NEAR = 0.5
"""Symptoms nearer to zero are most often another defect than those further out."""
USED = 10.0
"""Inputs people use: up to this magnitude."""
_DIGITS = 25
_INTERMEDIATE = 16.0  # a step that is flushed, like x/2 of silu, takes results of up to so many least normal numbers with it
_FLOAT16 = -14  # its least exponent: processors flush float32 and float64 (and what is computed in them), not float16

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Symptom:
    """Inputs of a case that are wrong in one way.

    Attributes:
        kind: one of :data:`KINDS`, or of :data:`CONVENTIONS`.
        implementation, case: whose symptom it is.
        region: one of :data:`REGIONS` (NaNs are positive).
        count, used: how many inputs of the evidence are affected, and how many of those with abs(x) <= USED.
        total, total_used: how many there are.
        low, high: the smallest and the largest input affected (NaN where only NaN is).
        nearest: the least magnitude of an input affected.
        bits, got: encodings of the worst of them and of the result there.
        ulps, relative, loss: the errors there: in ulps, relative to the exact result, and relative to the largest exact
            result for the inputs people use.
        exact: the exact result there, in decimal.
        right: implementations that are right on these inputs, or follow another convention.
        wrong_sign: whether results have the sign opposite to the exact ones.
        cause: a diagnosis, where the evidence allows one, or nothing.
    """

    kind: str
    implementation: Implementation
    case: Case
    region: str
    count: int
    used: int
    total: int
    total_used: int
    low: float
    high: float
    nearest: float
    bits: int
    got: int
    ulps: float
    relative: float
    loss: float
    exact: str
    right: tuple[str, ...]
    wrong_sign: bool
    cause: str


def symptoms(evidence: Evidence, tasks: list[Task]) -> Iterator[Symptom]:
    """The symptoms of those tasks of a pass whose results are a framework's own; formulas only serve the diagnosis."""
    judged = own(evidence, tasks)
    for task in judged:
        kinds = _kinds(evidence, task.number)
        for number, kind in enumerate(KINDS):
            for region, part in _regions(evidence.x):
                mask = (kinds == number) & part
                if mask.any():
                    right = [each for each in judged if each is not task and _is_right(evidence, kind, each, mask)]
                    yield _describe(evidence, kind, region, mask, task, right, diagnose(evidence, kind, mask, task, tasks))
    yield from _conventions(evidence, judged)


def own(evidence: Evidence, tasks: list[Task]) -> list[Task]:
    """Those tasks of a pass whose results are a framework's own."""
    return [task for task in tasks if task.number in evidence.outputs and task.case.route in ("native", "autodiff")]


def _regions(x: Reals) -> Iterator[tuple[str, Mask]]:
    near = np.abs(x) < NEAR
    yield from zip(REGIONS, (near, ~near & (x < 0), ~near & ~(x < 0)), strict=True)


def _conventions(evidence: Evidence, judged: list[Task]) -> Iterator[Symptom]:
    """What the fewest implementations do where several things are right: zeros of either sign, and slopes at kinks."""
    exact = Exact(evidence.activation, evidence.order)
    for place in np.flatnonzero(np.isin(evidence.x, (0.0, *evidence.activation.kinks))):
        truth = exact.at(float(evidence.x[place]))
        right = [task for task in judged if evidence.classes[task.number][place] == CLASS["correct"]]
        camps: dict[str, list[Task]] = {}
        for task in right:
            camps.setdefault(repr(float(evidence.values(task.number)[place])), []).append(task)
        if len(camps) < 2 or not (truth.is_interval or truth.zero_sign == 0):
            continue
        kind, why = ("kink", "any slope between those of the two sides") if truth.is_interval else ("signed_zero", "either zero")
        mask = np.arange(evidence.x.size) == place
        (region,) = (name for name, part in _regions(evidence.x) if part[place])
        for task in min(camps.values(), key=len):
            others = [other for other in right if other not in min(camps.values(), key=len)]
            yield _describe(evidence, kind, region, mask, task, others, f"{why} is right: a convention")


def flushed(evidence: Evidence, case: int) -> Mask:
    """The inputs where results are zero by policy."""
    mask: Mask = _kinds(evidence, case) == KINDS.index("flush_to_zero")
    return mask


def _kinds(evidence: Evidence, case: int) -> NDArray[np.int8]:
    """For each input the number of the kind of its symptom, or -1."""
    if case not in evidence.kinds:
        evidence.kinds[case] = _found(evidence, case)
    return evidence.kinds[case]


def _found(evidence: Evidence, case: int) -> NDArray[np.int8]:
    x, output, classes = evidence.x, evidence.values(case), evidence.classes[case]
    with np.errstate(all="ignore"):
        large = ~(evidence.errors[case] <= TOLERATED[evidence.form.name])
        # 0 can be the second nearest to a subnormal number: that is an honest rounding.
        wrong = (classes > CLASS["faithful"]) & ~(evidence.errors[case] < 1)
        zeroed = wrong & large & _as_zero(evidence, case)
        wrong &= ~(np.abs(output - evidence.exact) <= evidence.honest) & ~zeroed
    dead = wrong & np.isin(classes, (CLASS["vanished"], CLASS["flushed"]))
    least = _INTERMEDIATE if evidence.form.emin < _FLOAT16 else 1.0
    lost = dead & (np.abs(evidence.best) >= least * evidence.form.min_normal)
    for _, part in _regions(x):  # what vanishes where results are not small is not flushed where they are
        if (part & lost).any():
            lost |= part & (dead | (zeroed & (output == 0)))
    no_result = np.isnan(evidence.best)
    special = (classes == CLASS["special"]) | (np.isinf(x) & (classes == CLASS["nan"]))
    missed = special & ~_near_limit(evidence, case)
    rules = {
        "nan_lost": special & np.isnan(x),
        "special_value": missed | (no_result & wrong),
        "nan": classes == CLASS["nan"],
        "overflow": classes == CLASS["overflowed"],
        "early_underflow": lost,
        "range": _out_of_range(evidence, output),
        "inaccurate": wrong & (classes == CLASS["inaccurate"]) & large,
        "signed_zero": _other_zero(evidence, output),
        "flush_to_zero": zeroed | dead,
    }
    return np.select([rules[kind] for kind in KINDS], list(range(len(KINDS))), -1).astype(np.int8)


def _out_of_range(evidence: Evidence, output: Reals) -> Mask:
    """Finite results beyond the limits at ±∞ of a function that stays between them."""
    low, high = span(evidence.activation, evidence.order, evidence.form)
    limits = evidence.form.decode(evidence.form.round(sorted(evidence.activation.limits[evidence.order])))
    if not (np.isfinite(limits).all() and np.array_equal(limits, (low, high))):
        return np.zeros(output.size, bool)
    found: Mask = np.isfinite(output) & ((output < low) | (output > high))
    return found


def _near_limit(evidence: Evidence, case: int) -> Mask:
    """Infinite inputs whose results differ from a finite limit by no more than the last digits of two honest roundings."""
    limit = evidence.exact
    with np.errstate(all="ignore"):
        exponents = np.frexp(np.where(np.isfinite(limit), limit, 0.0))[1] - 1
        few = np.abs(evidence.values(case) - limit) <= TOLERATED[evidence.form.name] * unit(evidence.form, exponents)
    found: Mask = np.isinf(evidence.x) & (limit != 0) & few
    return found


def _as_zero(evidence: Evidence, case: int) -> Mask:
    """Subnormal inputs whose results are those for the input zero, which are right there and not here."""
    x, output, best = evidence.x, evidence.values(case), evidence.best
    subnormal = (x != 0) & (np.abs(x) < evidence.form.min_normal)
    found: Mask = subnormal & np.isin(output, output[(x == 0) & (evidence.classes[case] <= CLASS["faithful"])])
    # At a kink at zero either side's result is right: that all subnormal inputs have one of them is the sign of a flush.
    return found if np.array_equal(found, subnormal) else found & ~np.isin(best, best[x == 0])


def _other_zero(evidence: Evidence, output: Reals) -> Mask:
    """Results that are zero, rightly, but with the wrong sign, where zero or an infinity went in and the sign is settled."""
    signs = evidence.zero_signs
    found: Mask = (output == 0) & (signs != 0) & (np.signbit(output) != (signs < 0))
    return found


def _describe(evidence: Evidence, kind: str, region: str, mask: Mask, task: Task, right: list[Task], cause: str) -> Symptom:
    places = np.flatnonzero(mask)
    worst = int(_worst(evidence, kind, places, task.number))
    used = np.abs(evidence.x) <= USED
    x = evidence.x[places]
    output = evidence.values(task.number)
    wrong_sign = (output * np.sign(evidence.exact) < 0)[places]
    truth = Exact(evidence.activation, evidence.order).at(float(evidence.x[worst]))
    bits, got = int(evidence.bits[worst]), int(evidence.outputs[task.number][worst])
    return Symptom(
        kind=kind,
        implementation=task.implementation,
        case=task.case,
        region=region,
        count=places.size,
        used=int((mask & used).sum()),
        total=evidence.x.size,
        total_used=int(used.sum()),
        low=float(x[0]),
        high=float(x[-1]),
        nearest=float(np.abs(x).min()),
        bits=bits,
        got=got,
        ulps=float(evidence.errors[task.number][worst]),
        relative=float(evidence.relative(task.number)[worst]),
        loss=float(abs(output[worst] - evidence.exact[worst])) / _size(evidence),
        exact=truth.decimal(_DIGITS),
        right=tuple(str(other.implementation) for other in right),
        wrong_sign=bool(wrong_sign.any()),
        cause=cause,
    )


def _worst(evidence: Evidence, kind: str, places: NDArray[np.int64], case: int) -> int:
    """The place that shows the defect best."""
    x = np.abs(evidence.x[places])
    if kind == "inaccurate":  # the largest error, among the inputs people use where there are any
        usual = places[x <= USED]
        among = usual if usual.size else places
        return int(among[np.argmax(np.nan_to_num(evidence.errors[case][among], nan=np.inf))])
    if kind == "early_underflow":  # what is lost counts
        return int(places[np.argmax(np.abs(evidence.exact[places]))])
    return int(places[np.argmin(np.where(np.isnan(x), np.inf, x))])


def _is_right(evidence: Evidence, kind: str, task: Task, mask: Mask) -> bool:
    """Whether a case is right, but for one input in a hundred, on some inputs."""
    if kind == "signed_zero":
        return not _other_zero(evidence, evidence.values(task.number))[mask].any()
    good = (evidence.classes[task.number] <= CLASS["faithful"]) | (evidence.errors[task.number] <= 2)
    return bool(np.mean(good[mask]) >= 0.99)


def _size(evidence: Evidence) -> float:
    """The largest exact result for the inputs people use; 1 where all are zero."""
    sizes = np.abs(evidence.exact[(np.abs(evidence.x) <= USED) & np.isfinite(evidence.exact)])
    return float(sizes.max(initial=0.0)) or 1.0
