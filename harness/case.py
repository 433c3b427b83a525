"""What is measured, as plain records: who computes, which case, and how far it has come."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from backends.protocol import Case
from backends.textbook import formula

__all__ = ["CASE", "Case", "Implementation", "Task"]

CASE = dict.fromkeys(
    ("activation", "parameters", "order", "route", "format", "backend", "mode", "device", "implementation"), "string"
) | {"order": "Int64"}
"""The columns that say in every frame which case a row is of, with their types."""


@dataclass(frozen=True)
class Implementation:
    """One thing that can be asked for results: a backend in a mode on a device, or a function of the user's own on it.

    Attributes:
        backend, mode, device: whose tensors, and how they are computed.
        substitute: the user's function, see :mod:`backends.target`; empty for the framework's.
        folder: where its path begins; empty for the current directory.
    """

    backend: str
    mode: str
    device: str = "cpu"
    substitute: str = ""
    folder: str = field(default="", compare=False)

    def __str__(self) -> str:
        where = f"{self.backend}:{self.mode}" + ("" if self.device == "cpu" else f"@{self.device}")
        return f"{where} {self.substitute}".rstrip()

    @property
    def owner(self) -> str:
        """Whose code it is: the backend's, or the user's on it."""
        return f"{self.substitute} on {self.backend}" if self.substitute else self.backend

    def definition(self, case: Case) -> str:
        """The textbook's formula that is computed, where the backend has no function for a case; empty for what is its own."""
        own = not (self.substitute or case.definition) and case.route in ("native", "autodiff")
        return formula(self.backend, case.activation, dict(case.parameters)) if own else ""

    def author(self, case: Case) -> str:
        """Whose mistakes those in a case are: the owner's, or the formula's."""
        return f"textbook's formula in {self.backend}" if self.definition(case) else self.owner


@dataclass
class Task:
    """One case of one implementation, and how far it has come.

    Attributes:
        number: identifies it within the run.
        request: by which of the requests of the run it was asked for.
        status: ``ok`` so far, or ``unsupported``, ``failed``, ``crashed``, ``timeout``, ``missing``.
        reason: why, unless ``ok``.
        done: blocks computed.
        seconds: in the worker, loading and storing included.
        framework_seconds: of that, in the framework.
        moving_seconds: processor time of loading and storing.
        notes: how the user's own function is called, in words.
        history: whether it gave the same bits once more, see :class:`backends.repetition.Repetition`; of the user's own only.
        processor: seconds of preparing it and of the first block after that, when it may be compiled, and of all other blocks;
            processor time.
    """

    number: int
    implementation: Implementation
    case: Case
    status: str = "ok"
    reason: str = ""
    done: int = 0
    seconds: float = 0.0
    framework_seconds: float = 0.0
    moving_seconds: float = 0.0
    processor: list[float] = field(default_factory=lambda: [0.0, 0.0], repr=False)
    notes: list[str] = field(default_factory=list, repr=False)
    history: dict[str, int] | None = field(default=None, repr=False)
    prepared: bool = field(default=False, repr=False)
    warm: bool = field(default=False, repr=False)
    request: int = field(default=0, repr=False)

    @property
    def facts(self) -> dict[str, Any]:
        """The columns of :data:`CASE`."""
        case, by = self.case, self.implementation
        parameters = json.dumps(dict(case.parameters))
        told = (case.activation, parameters, case.order, case.route, case.format, by.backend, by.mode, by.device, by.substitute)
        return dict(zip(CASE, told, strict=True))

    def fail(self, status: str, reason: str) -> None:
        """Mark the case as not measurable."""
        self.status, self.reason = status, reason
