"""What is timed: the jobs that a request means, and with which other each is compared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from backends.formulas import CACHED, timed_routes
from backends.protocol import Case
from backends.registry import installed_version, spec
from backends.timing import COPY, DEVICE, HOST, LAUNCH

from ..activations import ORDERS, Activation
from ..case import Implementation
from ..catalogue import parse
from ..formats import Format, number_format
from ..reference.own import definitions
from ..workers.implementations import (
    DEFAULT_MODES,
    ROUTES,
    default_implementations,
    parse_backend,
    routes_of,
    selected,
)
from ..workers.own import held_against, own_implementations

FORMATS, TIMED_ORDERS, SIZES = ("float32",), (0, 1), (1, 1 << 16, 1 << 22)
"""Of a request that does not say."""
LARGEST = 1 << 24
"""Elements at most."""
_VERSUS = "versus"
_LIKE = {HOST: LAUNCH, LAUNCH: HOST}  # what a call takes on a processor and on a device


@dataclass(frozen=True)
class Request:
    """What the user asks for; empty means the default.

    Attributes:
        activations: ``NAME`` or ``NAME(parameter=value, ...)``; default those of ``own``, or sigmoid.
        backends: ``NAME[:MODE][@DEVICE]``; default every installed one, eager and compiled.
        formats: names; default float32.
        orders: of 0, 1, 2; default 0 and 1.
        routes: names, ``cached`` among them; default all.
        sizes: elements in a tensor; default 1, 2^16 and 2^22.
        threads: that frameworks may use, each on a processor of its own.
        versus: two things as ``NAME[:MODE][@DEVICE][/ROUTE]``, the second to be compared with the first; no others are timed.
        own: a Python file with activations of the user's own, see :mod:`harness.reference.own`.
        implementations: functions of the user's own, see :mod:`backends.target`, timed beside those of the one backend.
    """

    activations: tuple[str, ...] = ()
    backends: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    orders: tuple[int, ...] = ()
    routes: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    threads: int = 1
    versus: tuple[str, str] | None = None
    own: str = ""
    implementations: tuple[str, ...] = ()


@dataclass(eq=False)
class Job:
    """One thing to be timed.

    Attributes:
        number: of the job.
        implementation: what runs it.
        case: what is called; its route may be :data:`backends.timing.COPY`.
        n: elements in the tensor.
        process: tells processes of one implementation apart.
        unit: jobs of one unit run in processes side by side; by default those of one backend.
        multiple: a block has a multiple of so many calls,
        extra: and that share of calls more which are not counted: an injected slowdown.
        regime: what is timed of a call: :data:`backends.timing.HOST`; on a device one of the two others, by default with launch.
        base: the job that it is compared with.
        status: ``ok`` so far, or why it cannot be timed.
        reason: in words.
    """

    implementation: Implementation
    case: Case
    n: int
    process: int = 0
    unit: str = ""
    multiple: int = 1
    extra: float = 0.0
    regime: str = ""
    base: Job | None = None
    status: str = "ok"
    reason: str = ""
    number: int = -1

    def __post_init__(self) -> None:
        self.unit = self.unit or self.implementation.backend
        self.regime = self.regime or _regimes(self.implementation)[0]

    @property
    def worker(self) -> tuple[Implementation, int]:
        """The process that it runs in."""
        return self.implementation, self.process

    @property
    def group(self) -> tuple[Any, ...]:
        """Jobs with the same are timed close to each other."""
        return self.case.format, self.n, self.case.activation, self.case.parameters, self.case.order

    def fail(self, status: str, reason: str) -> None:
        """Mark it as not to be timed (any more)."""
        self.status, self.reason = status, reason


def plan(request: Request) -> list[Job]:
    """Work out the jobs of a request.

    Raises:
        ValueError: for anything in it that does not exist or does not parse; the message names the choices.
    """
    own = definitions(request.own)
    activations = [parse(text, own) for text in request.activations or tuple(own) or ("sigmoid",)]
    formats = [number_format(name) for name in request.formats or FORMATS]
    orders = selected("order", request.orders, ORDERS) if request.orders else TIMED_ORDERS
    for n in request.sizes:
        if not 1 <= n <= LARGEST:
            raise ValueError(f"size {n}: give a number of elements from 1 to {LARGEST}")
    every = _versus if request.versus else _table
    jobs: list[Job] = []
    for form in formats:
        for n in dict.fromkeys(request.sizes or SIZES):
            jobs += every(request, activations, form, orders, n)
    if not any(job.case.route != COPY for job in jobs):
        raise ValueError("nothing to time: no route that was asked for exists for these activations and orders")
    return numbered(jobs)


def numbered(jobs: list[Job]) -> list[Job]:
    """The same jobs, each with its number; those that cannot be timed are marked."""
    for number, job in enumerate(jobs):
        job.number = number
        _check(job)
    return jobs


def _table(request: Request, activations: list[Activation], form: Format, orders: tuple[int, ...], n: int) -> list[Job]:
    """Every implementation with every route."""
    wanted = selected("route", request.routes, (*ROUTES, CACHED))
    named = [found for word in request.backends for found in parse_backend(word)] or default_implementations()
    named += own_implementations(request.implementations, named)
    jobs: list[Job] = []
    for implementation in dict.fromkeys(named):
        jobs += _copies(implementation, form, n)
        for definition in activations:
            for order in orders:
                against = held_against(implementation, definition, order)
                for route in _routes(implementation, against, order):
                    if route in wanted:
                        case = _case(request, against, order, route, form)
                        jobs += [Job(implementation, case, n, regime=regime) for regime in _regimes(implementation)]
    for job in jobs:
        better = [other for other in jobs if _compared(job, other)]
        job.base = max(better, key=lambda other: _rank(other.case.route), default=None)
    return jobs


def _routes(implementation: Implementation, definition: Activation, order: int) -> tuple[str, ...]:
    """Those that are timed; from the cached value no function of the user's own is called, so there is nothing of it to time."""
    asked = definition.name, order, definition.parameters
    return routes_of(implementation, *asked) if implementation.substitute else timed_routes(*asked)


def _regimes(implementation: Implementation) -> tuple[str, ...]:
    return (HOST,) if implementation.device == "cpu" else (LAUNCH, DEVICE)


def _copies(implementation: Implementation, form: Format, n: int, process: int = 0, unit: str = "") -> list[Job]:
    """The copy that bandwidths are held against: of the processor's memory, so for what runs there."""
    case = Case("", 0, COPY, form.name)
    return [Job(implementation, case, n, process, unit)] if implementation.device == "cpu" else []


def _case(request: Request, definition: Activation, order: int, route: str, form: Format) -> Case:
    file = request.own if definition.digest else ""
    return Case(definition.name, order, route, form.name, definition.parameters, file)


def _compared(job: Job, other: Job) -> bool:
    """Whether a job is compared with another.

    Derivatives are, with the formula from the cached value, or else autodiff; formulas for values with the framework's own
    function; and that with its eager mode. Functions of the user's own are, with the framework's by the same route; their
    derivatives, where the gradient is the user's as well, with autodiff.
    """
    mine, case = job.case, other.case
    if mine.route == COPY or (mine.activation, mine.parameters, mine.order) != (case.activation, case.parameters, case.order):
        return False
    if job.regime != other.regime:
        return False
    if job.implementation.substitute:
        theirs = "autodiff" if mine.order and mine.route == "native" else mine.route
        return case.route == theirs and other.implementation == replace(job.implementation, substitute="", folder="")
    if mine.route == "native":
        return case.route == "native" and other.implementation == replace(job.implementation, mode="eager") != job.implementation
    return job.implementation == other.implementation and _rank(case.route) > _rank(mine.route)


def _rank(route: str) -> int:
    return {CACHED: 2, "autodiff": 1, "native": 1}.get(route, 0)


def _versus(request: Request, activations: list[Activation], form: Format, orders: tuple[int, ...], n: int) -> list[Job]:
    """Two things, each in a process of its own, the second compared with the first."""
    if request.backends or request.routes or request.implementations:
        raise ValueError("--versus names what is compared: give no --backend, --route or --implementation with it")
    assert request.versus
    sides = [_side(text) for text in request.versus]
    jobs: list[Job] = []
    for definition in activations:
        for order in orders:
            routes = [route or ("autodiff" if order else "native") for _, route in sides]
            if set(routes) <= set(timed_routes(definition.name, order, definition.parameters)):
                cases = [_case(request, definition, order, route, form) for route in routes]
                first, second = (
                    {regime: Job(who, case, n, process, _VERSUS, regime=regime) for regime in _regimes(who)}
                    for process, ((who, _), case) in enumerate(zip(sides, cases, strict=True))
                )
                for regime, job in second.items():
                    job.base = first.get(regime) or first.get(_LIKE.get(regime, ""))
                jobs += [*first.values(), *second.values()]
    for process, (implementation, _) in enumerate(sides):
        jobs += _copies(implementation, form, n, process, _VERSUS)
    return jobs


def _side(text: str) -> tuple[Implementation, str]:
    """``NAME[:MODE][@DEVICE][/ROUTE]``; without a mode: eager, or else the backend's first mode."""
    word, _, route = text.partition("/")
    if route:
        selected("route", (route,), (*ROUTES, CACHED))
    found = parse_backend(word)
    return next((each for each in found if each.mode == DEFAULT_MODES[0]), found[0]), route


def _check(job: Job) -> None:
    name = spec(job.implementation.backend).distribution
    if installed_version(spec(job.implementation.backend)) is None:
        job.fail("missing", f"{name} is not installed: pip install 'lastbit[{name}]'")


def parse_sizes(text: str) -> tuple[int, ...]:
    """``1,65536,2^22`` as numbers; nothing for nothing.

    Raises:
        ValueError: for anything else.
    """
    sizes: list[Any] = []
    for word in filter(None, text.split(",")):
        base, power, exponent = word.strip().partition("^")
        try:
            sizes.append(int(base) ** int(exponent) if power and 0 <= int(exponent) < 64 else int(word))
        except ValueError:
            raise ValueError(f"size {word!r}: give numbers of elements like 1,65536,2^22") from None
    return tuple(sizes)
