"""How mutants are tried: in workers, by sweeps, evidence and laws, as any implementation is, and what findings say of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from specimens import SETS, Mutant

from backends.protocol import Case
from harness.accuracy.inputs import exhaustive, sampled
from harness.case import Implementation, Task
from harness.catalogue import activation
from harness.formats import FORMATS
from harness.runs.execution import execute
from harness.runs.plan import Plan
from harness.runs.results import Run

WIDE = 1 << 16
"""Inputs of formats wider than 16 bits: as many as a run keeps for findings."""
HOMES = {mutant: f"mutants{number}" for number, members in enumerate(SETS, 1) for mutant in members.values()}
"""The backend that has a mutant."""


def measure(cases: Iterable[tuple[str, str, int, str]], wide: int, *, laws: bool = False) -> Run:
    """A run of cases (backend, activation, order, format); 16-bit formats exhaustively, of wider ones so many inputs.

    With the invariances all formats are sampled.
    """
    work = Plan(laws=laws)
    for form in FORMATS.values():
        work.inputs[form.name] = exhaustive(form) if form.bits == 16 and not laws else sampled(form, wide, 0)
    for backend, name, order, form in cases:
        case = Case(name, order, "autodiff" if order else "native", form, activation(name).parameters)
        work.tasks.append(Task(len(work.tasks), Implementation(backend, "eager"), case))
    return execute(work)


def findings(mutants: Iterable[Mutant]) -> Any:
    """A frame of the findings on these mutants.

    Raises:
        RuntimeError: where one could not be measured.
    """
    import pandas as pd

    wanted, frames = list(mutants), []
    for unsteady in (False, True):
        cases = [(HOMES[m], m.activation, m.order, m.format) for m in wanted if m.unsteady is unsteady]
        if cases:
            result = measure(cases, 1 << 11 if unsteady else WIDE, laws=unsteady)
            if set(result.accuracy.status) != {"ok"}:
                raise RuntimeError(f"not measured: {set(result.accuracy.reason)}")
            frames.append(result.findings)
    return pd.concat(frames)


def about(mutant: Mutant, found: Any) -> Any:
    """The findings on one mutant, among those of many."""
    theirs = found.activation.str.split(", ").map(lambda names: mutant.activation in names)
    mine = found[(found.backend == HOMES[mutant]) & theirs]
    if mutant.kind == "flush_to_zero":  # a policy is one finding for all functions and orders
        return mine[mine.kind == "flush_to_zero"]
    return mine[(mine.order == mutant.order) & (mine.kind != "flush_to_zero")]


def named(mutant: Mutant, mine: Any) -> bool:
    """Whether a mutant's findings have its kind and its diagnosis, and nothing that is not true of it."""
    first = mine[mine.kind == mutant.kind]
    said = any(mutant.says in f"{row.diagnosis}; {row.also}" for row in first.itertuples())
    return said and set(mine.kind) <= {mutant.kind, *mutant.others}
