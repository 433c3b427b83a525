"""Which results of a case are wrong, and in which way: the kind of each input's symptom.

Errors that any arithmetic of the format would make next to a zero of the exact result are left out: there, thousands of
ulps can be honest.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..reference.shape import span
from .evidence import CLASS, Evidence, Reals, unit

KINDS = ("nan_lost", "special_value", "nan", "overflow", "early_underflow", "range", "inaccurate", "signed_zero", "flush_to_zero")
"""The kinds of symptoms: each result has the first that fits."""
REGIONS = ("near", "negative", "positive")
"""Where inputs lie: the same symptom near zero and far out is another defect."""
TOLERATED = {"float16": 4.0, "bfloat16": 4.0, "float32": 8.0, "float64": 8.0}
"""By format: errors of a finite result of up to this many ulps are no symptom; 4 ulp of bfloat16 are 3 %."""
NEAR = 0.5
"""Symptoms nearer to zero are most often another defect than those further out."""
_INTERMEDIATE = 16.0  # a step that is flushed, like x/2 of silu, takes results of up to so many least normal numbers with it
_FLOAT16 = -14  # its least exponent: processors flush float32 and float64 (and what is computed in them), not float16

Mask = NDArray[np.bool_]


def regions(x: Reals) -> Iterator[tuple[str, Mask]]:
    """The inputs of each of :data:`REGIONS`."""
    near = np.abs(x) < NEAR
    yield from zip(REGIONS, (near, ~near & (x < 0), ~near & ~(x < 0)), strict=True)


def part_of(x: Reals, region: str) -> Mask:
    """Which inputs lie in a region."""
    return dict(regions(x))[region]


def flushed(evidence: Evidence, case: int) -> Mask:
    """The inputs where results are zero by policy."""
    mask: Mask = kinds(evidence, case) == KINDS.index("flush_to_zero")
    return mask


def kinds(evidence: Evidence, case: int) -> NDArray[np.int8]:
    """For each input the number of the kind of its symptom, or -1."""
    if case not in evidence.kinds:
        evidence.kinds[case] = _found(evidence, case)
    return evidence.kinds[case]


def _found(evidence: Evidence, case: int) -> NDArray[np.int8]:
    x, output, classes = evidence.x, evidence.values(case), evidence.classes[case]
    zeroed, dead, wrong, large = _suspects(evidence, case)
    lost = np.zeros(x.size, bool)
    for (_, part), loses in zip(regions(x), _loses(evidence.setting or evidence, case), strict=True):
        lost |= part & loses & (dead | (zeroed & (output == 0)))
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
        "signed_zero": other_zero(evidence, output),
        "flush_to_zero": zeroed | dead,
    }
    return np.select([rules[kind] for kind in KINDS], list(range(len(KINDS))), -1).astype(np.int8)


def _suspects(evidence: Evidence, case: int) -> tuple[Mask, Mask, Mask, Mask]:
    """Inputs whose results are those for the input zero; are zero and should not be; are wrong; are wrong by more than digits."""
    classes, output = evidence.classes[case], evidence.values(case)
    with np.errstate(all="ignore"):
        large = ~(evidence.errors[case] <= TOLERATED[evidence.form.name])
        # 0 can be the second nearest to a subnormal number: that is an honest rounding.
        wrong = (classes > CLASS["faithful"]) & ~(evidence.errors[case] < 1)
        zeroed = wrong & large & _as_zero(evidence, case)
        wrong &= ~(np.abs(output - evidence.exact) <= evidence.honest) & ~zeroed
    return zeroed, wrong & np.isin(classes, (CLASS["vanished"], CLASS["flushed"])), wrong, large


def _loses(evidence: Evidence, case: int) -> tuple[bool, ...]:
    """For each region whether results vanish there where they are not small: then what vanishes is not flushed."""
    if case not in evidence.loses:
        _, dead, _, _ = _suspects(evidence, case)
        least = _INTERMEDIATE if evidence.form.emin < _FLOAT16 else 1.0
        lost = dead & (np.abs(evidence.best) >= least * evidence.form.min_normal)
        evidence.loses[case] = tuple(bool((part & lost).any()) for _, part in regions(evidence.x))
    return evidence.loses[case]


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
    whole = evidence.setting or evidence
    at_zero, results = whole.x == 0, whole.values(case)
    right = results[at_zero & (whole.classes[case] <= CLASS["faithful"])]
    found = _subnormal(evidence) & np.isin(evidence.values(case), right)
    # At a kink at zero either side's result is right: that all subnormal inputs have one of them is the sign of a flush.
    if np.isin(results[_subnormal(whole)], right).all():
        return found
    other: Mask = found & ~np.isin(evidence.best, whole.best[at_zero])
    return other


def _subnormal(evidence: Evidence) -> Mask:
    found: Mask = (evidence.x != 0) & (np.abs(evidence.x) < evidence.form.min_normal)
    return found


def other_zero(evidence: Evidence, output: Reals) -> Mask:
    """Results that are zero, rightly, but with the wrong sign, where zero or an infinity went in and the sign is settled."""
    signs = evidence.zero_signs
    found: Mask = (output == 0) & (signs != 0) & (np.signbit(output) != (signs < 0))
    return found
