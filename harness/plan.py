"""What is measured: the cases that a request means, on the backends that there are."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from backends.formulas import FORMULAS, routes
from backends.protocol import Case
from backends.registry import Spec, installed_version, spec, specs

from .activations import ORDERS
from .catalogue import names, parse
from .formats import FORMATS, Format, number_format
from .inputs import Inputs, exhaustive, sampled
from .kernels import FAST_WIDE
from .sweep import Task
from .workers import Implementation

_T = TypeVar("_T")

SAMPLE = 1 << 22
"""Inputs of a default run for formats wider than 16 bits."""
SLOW_SAMPLE = 1 << 13
"""The same for float64 where the reference is ball arithmetic, input by input."""
EVERYTHING = (
    *names(),
    *("leaky_relu(alpha=0.2)", "elu(alpha=0.3)", "celu(alpha=0.1)", "softplus(beta=0.001)", "softplus(beta=50)"),
    *("softshrink(lambd=2)", "hardshrink(lambd=2)", "squareplus(b=0.01)"),
)
"""The catalogue, and parameters away from the defaults, which people use less."""
DEFAULT_MODES = ("eager", "compiled")
ROUTES = ("native", "autodiff", *sorted({route for formulas in FORMULAS.values() for route in formulas}))


@dataclass(frozen=True)
class Request:
    """What the user asks for; empty means all, or the default.

    Attributes:
        activations: ``NAME`` or ``NAME(parameter=value, ...)``; default sigmoid.
        backends: ``NAME[:MODE][@DEVICE]``; default every installed one, eager and compiled.
        formats: names.
        orders: of 0, 1, 2.
        routes: names.
        inputs: ``exhaustive`` or a number; default: 16-bit formats exhaustive, a sample of 2^22 for wider ones.
        seed: of the samples.
        laws: whether the laws of conduct are checked as well, see :mod:`harness.laws`.
    """

    activations: tuple[str, ...] = ("sigmoid",)
    backends: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    orders: tuple[int, ...] = ()
    routes: tuple[str, ...] = ()
    inputs: str = ""
    seed: int = 0
    laws: bool = False


@dataclass
class Plan:
    """The tasks of a run, and the inputs of every format.

    Attributes:
        tasks: what is to be measured; those that cannot be are already marked.
        inputs: by format name.
        few: of float64 cases without a fast reference.
        laws: whether the laws of conduct are checked as well.
        seed: of their inputs.
    """

    tasks: list[Task] = field(default_factory=list)
    inputs: dict[str, Inputs] = field(default_factory=dict)
    few: Inputs | None = None
    laws: bool = False
    seed: int = 0

    def inputs_of(self, task: Task) -> Inputs:
        """The inputs of a task."""
        slow = task.case.format == "float64" and task.case.activation not in FAST_WIDE
        return self.few if slow and self.few else self.inputs[task.case.format]


def plan(request: Request) -> Plan:
    """Work out the tasks of a request.

    Raises:
        ValueError: for anything in it that does not exist or does not parse; the message names the choices.
    """
    activations = [parse(text) for text in request.activations or ("sigmoid",)]
    formats = [number_format(name) for name in request.formats or FORMATS]
    orders = _chosen("order", request.orders, ORDERS)
    wanted = _chosen("route", request.routes, ROUTES)
    implementations = [found for word in request.backends for found in parse_backend(word)] or default_implementations()
    chosen = {form.name: choose_inputs(form, request.inputs, request.seed) for form in formats}
    few = None if request.inputs else sampled(FORMATS["float64"], SLOW_SAMPLE, request.seed)
    result = Plan(inputs=chosen, few=few, laws=request.laws, seed=request.seed)
    for form in formats:
        for definition in activations:
            for order in orders:
                for route in routes(definition.name, order):
                    for implementation in dict.fromkeys(implementations):
                        if route in wanted:
                            case = Case(definition.name, order, route, form.name, definition.parameters)
                            result.tasks.append(Task(len(result.tasks), implementation, case))
    if not result.tasks:
        raise ValueError("nothing to measure: no route that was asked for exists for these activations and orders")
    for task in result.tasks:
        if installed_version(spec(task.implementation.backend)) is None:
            name = spec(task.implementation.backend).distribution
            task.fail("missing", f"{name} is not installed: pip install 'lastbit[{name}]'")
    return result


def _chosen(what: str, given: Sequence[_T], known: Sequence[_T]) -> tuple[_T, ...]:
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
    """Every built-in backend, and every third party's: eager and compiled, on the CPU."""
    found: list[Implementation] = []
    for name in specs():
        try:
            found += parse_backend(name)
        except ValueError:  # a third party's adapter that cannot be loaded; its worker will say why, in a row
            found.append(Implementation(name, DEFAULT_MODES[0]))
    return found


def choose_inputs(form: Format, text: str, seed: int) -> Inputs:
    """The inputs of a format for ``--inputs``.

    Raises:
        ValueError: for a text that is neither ``exhaustive`` nor a positive number, or an impossible choice.
    """
    if text == "exhaustive":
        return exhaustive(form)
    if not text:
        return exhaustive(form) if form.bits == 16 else sampled(form, SAMPLE, seed)
    try:
        count = int(text)
    except ValueError:
        raise ValueError(f"inputs {text!r}: give 'exhaustive' or a number") from None
    return exhaustive(form) if form.bits <= 32 and count >= 1 << form.bits else sampled(form, count, seed)
