"""Which implementations there are, what words mean them, and the routes by which each gives results."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import TypeVar

from backends import substitute, target
from backends.formulas import FORMULAS, Parameters, routes
from backends.registry import Spec, installed_version, spec, specs

from ..case import Implementation, Task

_T = TypeVar("_T")

DEFAULT_MODES = ("eager", "compiled")
OWN = ("native", "autodiff")
"""Routes of the framework itself."""
ROUTES = (*OWN, *sorted({route for formulas in FORMULAS.values() for route in formulas}))


def mark_missing(tasks: Sequence[Task]) -> None:
    """Mark the tasks whose framework is not installed."""
    for task in tasks:
        if installed_version(spec(task.implementation.backend)) is None:
            name = spec(task.implementation.backend).distribution
            task.fail("missing", f"{name} is not installed: pip install 'lastbit[{name}]'")


def routes_of(implementation: Implementation, activation: str, order: int, parameters: Parameters) -> tuple[str, ...]:
    """The routes by which an implementation gives a result of that order."""
    known = routes(activation, order, parameters)
    if not implementation.substitute:
        return known
    formulas = FORMULAS.get((activation, order), {})
    of_value = [route for route in known if route in OWN or formulas[route].asks_value]
    return substitute.routes_of(target.parse(implementation.substitute), order, tuple(of_value))


def selected(what: str, given: Sequence[_T], known: Sequence[_T]) -> tuple[_T, ...]:
    """Those of the known choices that were given, or all where none was.

    Raises:
        ValueError: for one that is not known.
    """
    for value in given:
        if value not in known:
            raise ValueError(f"unknown {what} {value!r}: choose from {', '.join(map(str, known))}")
    return tuple(value for value in known if value in given or not given)


def modes(found: Spec) -> tuple[str, ...]:
    """The modes of a backend; a third party's class is asked in a process of its own.

    Raises:
        ValueError: where its class cannot be had.
    """
    if found.modes is not None:
        return found.modes
    command = [sys.executable, "-m", "backends.worker", "--backend", found.name, "--describe"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ValueError(f"backend {found.name!r} ({found.target}) cannot be loaded: {reason}")
    return tuple(json.loads(done.stdout.splitlines()[-1])["modes"])


def parse_backend(text: str) -> list[Implementation]:
    """``NAME[:MODE][@DEVICE]`` as implementations: without a mode, all of eager and compiled that there are.

    Raises:
        ValueError: for an unknown name, mode or device.
    """
    rest, _, device = text.partition("@")
    name, _, mode = rest.partition(":")
    found = spec(name)
    if "@" in text and device not in ("cpu", "cuda"):
        raise ValueError(f"unknown device {device!r} in {text!r}: choose from cpu, cuda")
    known = modes(found)
    if ":" in rest and mode not in known:
        raise ValueError(f"unknown mode {mode!r} in {text!r}: {name} has {', '.join(known)}")
    chosen = (mode,) if mode else tuple(known for known in known if known in DEFAULT_MODES) or known
    return [Implementation(name, each, device or "cpu") for each in chosen]


def default_implementations() -> list[Implementation]:
    """Every built-in framework, and every third party's: eager and compiled, on the CPU."""
    found: list[Implementation] = []
    for name in (name for name, each in specs().items() if each.default):
        try:
            found += parse_backend(name)
        except ValueError:  # a third party's adapter that cannot be loaded; its worker will say why, in a row
            found.append(Implementation(name, DEFAULT_MODES[0]))
    return found


def every_mode() -> tuple[str, ...]:
    """Every backend there is in every mode it has, as the words that :func:`parse_backend` takes."""
    words: list[str] = []
    for name, found in specs().items():
        try:
            words += [f"{name}:{mode}" for mode in modes(found)]
        except ValueError:  # as above
            words.append(f"{name}:{DEFAULT_MODES[0]}")
    return tuple(words)
