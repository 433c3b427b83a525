"""What is measured: the cases that a request means, on the backends that there are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from backends.protocol import Case

from ..accuracy.inputs import SAMPLE, Inputs, choose_inputs
from ..accuracy.search import LEAST
from ..activations import ORDERS, Activation
from ..case import Task
from ..catalogue import activation, names, parse
from ..formats import FORMATS, number_format
from ..reference.own import definitions
from ..workers.implementations import (
    OWN,
    ROUTES,
    default_implementations,
    mark_missing,
    parse_backend,
    routes_of,
    selected,
)
from ..workers.own import held_against, own_implementations

SMALLER_SAMPLE = 1 << 20
"""Inputs of formats wider than 16 bits where many activations are asked for."""
SHORT_SEARCH = LEAST
"""Evaluations of the search that a float64 case has where nothing is said of inputs and searches."""
FEW = 4
"""Runs of more activations have smaller samples, and formulas, which take seconds each to compile, in eager modes only."""
EVERYTHING = (
    *names(),
    *("leaky_relu(alpha=0.2)", "elu(alpha=0.3)", "celu(alpha=0.1)", "softplus(beta=0.001)", "softplus(beta=50)"),
    *("softplus(threshold=20)", "softshrink(lambd=2)", "hardshrink(lambd=2)", "squareplus(b=0.01)"),
)
"""The catalogue, and parameters away from the defaults, which people use less."""
_COMPILING = ("compiled", "xla")


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
        laws: whether the invariances are checked as well, see :mod:`harness.findings.invariances`.
        own: a Python file with activations of the user's own, see :mod:`harness.reference.own`; meant where no names are given.
        search: evaluations of a search for the worst input of each float64 case, see :mod:`harness.accuracy.search`; 0: none;
            -1: :data:`SHORT_SEARCH` where no inputs are named and there are no more than four activations, else none.
        implementations: functions of the user's own, see :mod:`backends.target`, measured beside the backend's.
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
    search: int = -1
    implementations: tuple[str, ...] = ()


@dataclass
class Plan:
    """The tasks of a run, and the inputs of every format.

    Attributes:
        tasks: what is to be measured; those that cannot be are already marked.
        inputs: by format name.
        laws: whether the invariances are checked as well.
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
    compiling = {each for each in implementations if each.mode in _COMPILING and replace(each, mode="eager") in implementations}
    unsaid = request.search < 0 and not request.inputs and sample == SAMPLE and "float64" in chosen
    search = SHORT_SEARCH if unsaid else max(request.search, 0)
    if search and (search < LEAST or "float64" not in chosen):
        raise ValueError(f"search {request.search}: give at least {LEAST} evaluations, and float64 among the formats")
    result = Plan(inputs=chosen, laws=request.laws, seed=request.seed, search=search)
    result.activations = {(found.name, found.parameters): found for found in activations}
    for form in formats:
        for asked in activations:
            for order in orders:
                for route in wanted:
                    for implementation in dict.fromkeys(implementations):
                        definition = held_against(implementation, asked, order)
                        spared = sparing and route not in OWN and implementation in compiling
                        if route in routes_of(implementation, definition.name, order, definition.parameters) and not spared:
                            file = request.own if definition.digest else ""
                            case = Case(definition.name, order, route, form.name, definition.parameters, file)
                            result.tasks.append(Task(len(result.tasks), implementation, case))
    if not result.tasks:
        raise ValueError("nothing to measure: no route that was asked for exists for these activations and orders")
    mark_missing(result.tasks)
    return result
