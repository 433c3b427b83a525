"""What is measured: the cases that a request means, on the backends that there are."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from backends import substitute
from backends.formulas import FORMULAS, Parameters, routes
from backends.protocol import Case
from backends.registry import Spec, installed_version, spec, specs

from .activations import ORDERS, Activation
from .catalogue import activation, names, parse
from .formats import FORMATS, Format, number_format
from .inputs import Inputs, exhaustive, sampled
from .own import definitions
from .search import LEAST
from .sweep import Task
from .workers import Implementation

_T = TypeVar("_T")

SAMPLE = 1 << 22
"""Inputs of a default run for formats wider than 16 bits."""
SMALLER_SAMPLE = 1 << 20
"""The same where many activations are asked for: a run of them all is to end before one's patience."""
FEW = 4
"""Runs of more activations have smaller samples, and formulas, which take seconds each to compile, in eager modes only."""
EVERYTHING = (
    *names(),
    *("leaky_relu(alpha=0.2)", "elu(alpha=0.3)", "celu(alpha=0.1)", "softplus(beta=0.001)", "softplus(beta=50)"),
    *("softplus(threshold=20)", "softshrink(lambd=2)", "hardshrink(lambd=2)", "squareplus(b=0.01)"),
)
"""The catalogue, and parameters away from the defaults, which people use less."""
DEFAULT_MODES = ("eager", "compiled")
COMPILING = ("compiled", "xla")
OWN = ("native", "autodiff")
ROUTES = (*OWN, *sorted({route for formulas in FORMULAS.values() for route in formulas}))


@dataclass(frozen=True)
class Request:
    """What the user asks for; empty means all, or the default.

    Attributes:
        activations: ``NAME`` or ``NAME(parameter=value, ...)``; default those of ``own``, or sigmoid.
        backends: ``NAME[:MODE][@DEVICE]``; default every installed one, eager and compiled.
        formats: names.
        orders: of 0, 1, 2.
        routes: names; default all, but for compiled formulas in runs of more than :data:`FEW` activations.
        inputs: ``exhaustive`` or a number; default: 16-bit formats exhaustive, a sample of 2^22 for wider ones, of 2^20 where
            there are more than four activations. Where no formats are named, ``exhaustive`` leaves float64 with its sample.
        seed: of the samples.
        laws: whether the laws of conduct are checked as well, see :mod:`harness.laws`.
        own: a Python file with activations of the user's own, see :mod:`harness.own`; with no names given, they are meant.
        search: evaluations of a search for the worst input of each float64 case, see :mod:`harness.search`; 0: none.
        implementations: functions of the user's own, see :mod:`backends.substitute`, measured beside the backend's.
    """

    activations: tuple[str, ...] = ()
    backends: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    orders: tuple[int, ...] = ()
    routes: tuple[str, ...] = ()
    inputs: str = ""
    seed: int = 0
    laws: bool = False
    own: str = ""
    search: int = 0
    implementations: tuple[str, ...] = ()


@dataclass
class Plan:
    """The tasks of a run, and the inputs of every format.

    Attributes:
        tasks: what is to be measured; those that cannot be are already marked.
        inputs: by format name.
        laws: whether the laws of conduct are checked as well.
        seed: of their inputs, and of the searches.
        activations: the definitions, by name and parameters.
        search: evaluations of a search for the worst input of each float64 case; 0: none.
    """

    tasks: list[Task] = field(default_factory=list)
    inputs: dict[str, Inputs] = field(default_factory=dict)
    laws: bool = False
    seed: int = 0
    activations: dict[tuple[str, tuple[tuple[str, float], ...]], Activation] = field(default_factory=dict)
    search: int = 0

    def definition(self, case: Case) -> Activation:
        """The activation of a case."""
        own = self.activations.get((case.activation, case.parameters))
        return own or activation(case.activation, **dict(case.parameters))

    def inputs_of(self, task: Task) -> Inputs:
        """The inputs of a task."""
        return self.inputs[task.case.format]

    def evaluations(self, task: Task) -> int:
        """How many results of a task are compared."""
        inputs = self.inputs_of(task)
        return inputs.count + (self.search if inputs.format.bits == 64 else 0)


def plan(request: Request) -> Plan:
    """Work out the tasks of a request.

    Raises:
        ValueError: for anything in it that does not exist or does not parse; the message names the choices.
    """
    own = definitions(request.own)
    activations = [parse(text, own) for text in request.activations or tuple(own) or ("sigmoid",)]
    formats = [number_format(name) for name in request.formats or FORMATS]
    orders = selected("order", request.orders, ORDERS)
    wanted = selected("route", request.routes, ROUTES)
    frameworks = [found for word in request.backends for found in parse_backend(word)] or default_implementations()
    implementations = [*frameworks, *own_implementations(request.implementations, frameworks)]
    sample = SAMPLE if len(activations) <= FEW else SMALLER_SAMPLE
    wide = "" if request.inputs == "exhaustive" and not request.formats else request.inputs  # nobody asked for all of float64
    texts = {form.name: wide if form.bits == 64 else request.inputs for form in formats}
    chosen = {form.name: choose_inputs(form, texts[form.name], request.seed, sample) for form in formats}
    sparing = len(activations) > FEW and not request.routes
    compiling = {each for each in implementations if each.mode in COMPILING and replace(each, mode="eager") in implementations}
    if request.search and (request.search < LEAST or "float64" not in chosen):
        raise ValueError(f"search {request.search}: give at least {LEAST} evaluations, and float64 among the formats")
    result = Plan(inputs=chosen, laws=request.laws, seed=request.seed, search=request.search)
    result.activations = {(found.name, found.parameters): found for found in activations}
    for form in formats:
        for definition in activations:
            for order in orders:
                for route in wanted:
                    for implementation in dict.fromkeys(implementations):
                        spared = sparing and route not in OWN and implementation in compiling
                        if route in routes_of(implementation, definition.name, order, definition.parameters) and not spared:
                            file = request.own if definition.digest else ""
                            case = Case(definition.name, order, route, form.name, definition.parameters, file)
                            result.tasks.append(Task(len(result.tasks), implementation, case))
    if not result.tasks:
        raise ValueError("nothing to measure: no route that was asked for exists for these activations and orders")
    mark_missing(result.tasks)
    return result


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
    return substitute.routes_of(substitute.parse(implementation.substitute), order, tuple(of_value))


def own_implementations(targets: Sequence[str], frameworks: Sequence[Implementation]) -> list[Implementation]:
    """The user's own functions in all the modes of the one backend.

    Raises:
        ValueError: as :func:`own_implementation`, and for several backends.
    """
    if targets and len({found.backend for found in frameworks}) > 1:
        raise ValueError("an implementation of your own needs one --backend: the one whose tensors it takes")
    return [own_implementation(text, found) for text in targets for found in frameworks]


def own_implementation(text: str, framework: Implementation, folder: str = "") -> Implementation:
    """A function of the user's own on the tensors of a backend.

    Raises:
        ValueError: where the text names nothing, or a file that is not there.
    """
    target = substitute.parse(text)
    try:
        there = not substitute.is_file(target) or (Path(folder) / target.module).is_file()
    except OSError as error:  # for example a name that is too long
        raise ValueError(f"implementation {text!r}: {error.strerror}") from None
    if not there:
        raise ValueError(f"implementation {text!r}: there is no file {target.module}")
    return replace(framework, substitute=text, folder=folder)


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


def choose_inputs(form: Format, text: str, seed: int, sample: int = SAMPLE) -> Inputs:
    """The inputs of a format for ``--inputs``; without a text a sample of so many, or all that a 16-bit format has.

    Raises:
        ValueError: for a text that is neither ``exhaustive`` nor a positive number, or an impossible choice.
    """
    if text == "exhaustive":
        return exhaustive(form)
    if not text:
        return exhaustive(form) if form.bits == 16 else sampled(form, sample, seed)
    try:
        count = int(text)
    except ValueError:
        raise ValueError(f"inputs {text!r}: give 'exhaustive' or a number") from None
    return exhaustive(form) if form.bits <= 32 and count >= 1 << form.bits else sampled(form, count, seed)
