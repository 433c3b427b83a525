"""The law of history: a function of the user's own gives the same bits once more, after it has been asked for others."""

from __future__ import annotations

from ..formats import Format
from .layout import shown, steps
from .verdicts import Verdict

HISTORY = "history"


def remembered(found: dict[str, int], form: Format) -> Verdict:
    """The verdict on what a worker has seen, see :class:`backends.repetition.Repetition`."""
    if not found["broken"]:
        return Verdict(found["checked"])
    first, second = found["first"], found["second"]
    got, where = f"{shown(first, form)}, {shown(second, form)}", f"{shown(first, form)}, and called again {shown(second, form)}"
    return Verdict(found["checked"], found["broken"], found["input"], got, where, steps({first, second}, form))
