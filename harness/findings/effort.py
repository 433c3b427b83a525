"""How closely the invariances of a case are looked at: as closely as its framework's price for a new shape allows.

Eager frameworks take what they are given. Others compile for each shape: some 0.02 to 0.05 s of processor time a case in compiled
JAX and TensorFlow, but 0.8 s in PyTorch, whose compiler writes C++ for another one; and 0.15 s in JAX's eager mode, which
compiles each operation for itself. Where many activations are measured, these two are asked for fewer shapes.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..case import Task
from . import layout

POSITION, REPEATABLE, THREADS, PROMOTION = "position", "repeatable", "threads", "promotion"
LAWS = (POSITION, REPEATABLE, THREADS, layout.LAW, PROMOTION)
"""The invariances of a case, in the order in which they are checked."""
FORMAT = "float32"
"""The only format of modes other than eager, where each case is compiled anew."""
_COMPILED = (POSITION, REPEATABLE, layout.LAW, PROMOTION)
_DEAR = {("torch", "compiled"), ("jax", "eager")}  # backends and modes in which a new shape takes long


@dataclass(frozen=True)
class Effort:
    """What is done for a case.

    Attributes:
        laws: that are checked.
        lengths: of vectors that every probe is tried in: alone, in bodies of 4 and of 64 lanes with remainders of 3, and longer.
        copies: lengths of vectors of copies that a broken law of position is described on.
        block: inputs computed several times; from 2^15 on PyTorch shares them out to its threads.
        ways: in which elements may lie, of :data:`harness.findings.layout.WAYS`.
    """

    laws: tuple[str, ...] = LAWS
    lengths: tuple[int, ...] = (1, 7, 67)
    copies: tuple[int, ...] = (1, 2, 3, 5, 6, 7, 9, 15, 17, 31, 33, 35, 65, 67)
    block: int = 1 << 17
    ways: tuple[str, ...] = layout.WAYS


_SHORT, _LONG = (1, layout.LENGTH), 4099
_ALL_COMPILED = Effort(_COMPILED, (*_SHORT, _LONG), (*_SHORT, _LONG), _LONG, layout.SHAPES)
_FEWER = (POSITION, REPEATABLE, PROMOTION)


def effort(task: Task, few: bool) -> Effort:
    """What is done for a case.

    Args:
        task: the case, and who computes it.
        few: whether there is time for everything: only a few activations are measured.
    """
    by, case = task.implementation, task.case
    dear = (by.backend, by.mode) in _DEAR and not few
    if by.mode != "eager":
        if not dear:
            return _ALL_COMPILED
        # A derivative takes as long to compile as the value does, and has the value's kernels in it.
        lengths = (1, _LONG) if case.order == 0 else (_LONG,)
        return Effort(_FEWER, lengths, lengths, _LONG)
    if case.format != FORMAT and not few:
        if dear:
            return Effort((POSITION, REPEATABLE), _SHORT[1:], _SHORT, layout.LENGTH)
        return Effort(lengths=_SHORT, block=1 << 15)
    return Effort(copies=(1, 7, layout.LENGTH)) if dear else Effort()
