"""Accuracy in a test-suite: ``assert_accurate`` compares a function, or arrays, with the exact result, in this process.

It needs lastbit and the one framework whose function it is, and changes none of the framework's settings.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from backends.declaration import declaration
from backends.protocol import CARRIERS, Case
from backends.registry import load, spec
from backends.repetition import canonical
from backends.substitute import Substitute, prepare
from backends.target import TAKES

from ..accuracy.inputs import choose_inputs
from ..activations import ORDERS
from ..catalogue import parse
from ..formats import Bits, Format, number_format
from .faults import KINDS, Examiner

SAMPLE = 1 << 18
"""Inputs that a function is tried on, in formats wider than 16 bits; of these it is tried on all."""
_CHUNK = 1 << 16
_FRAMEWORKS = {"torch": "torch", "jax": "jax", "jaxlib": "jax", "tensorflow": "tensorflow"}  # backends by import package
ALLOWED = tuple(kind for kind in KINDS if kind != "error")
"""What ``allow`` may name."""


def assert_accurate(
    results: Callable[..., Any] | tuple[Any, Any],
    activation: str,
    *,
    order: int = 0,
    format: str | None = None,
    max_ulp: float = 1.0,
    allow: Collection[str] = (),
    gradient: Callable[..., Any] | None = None,
    gradient_takes: str = TAKES[0],
    gradient_arguments: Mapping[str, Any] | None = None,
    arguments: Mapping[str, Any] | None = None,
    item: int | None = None,
    elementwise: bool = False,
    backend: str | None = None,
    device: str = "cpu",
    inputs: str | int = "",
    seed: int = 0,
) -> None:
    """Assert that results are those of an activation, up to an error.

    Args:
        results: a function from a tensor to a tensor (a module or a layer too; one that changes its input gets copies), or a
            pair of arrays, inputs and results, of NumPy, PyTorch, JAX or TensorFlow. What a function says of itself
            (``lastbit.implementation``) need not be said again.
        activation: ``NAME`` or ``NAME(parameter=value, ...)``; a function gets those parameters that it has keywords for.
        order: 0 value, 1 gradient, 2 second derivative; of a function they are the framework's automatic differentiation's.
        format: of inputs and results; default that of the arrays, or float32.
        max_ulp: the largest error allowed, in ulps; 0.5 asks for correct rounding.
        allow: what else is right: ``flushed`` and ``vanished`` zeros, ``overflowed``, ``nan``, ``special`` (at infinities and
            NaN), ``wrong_sign``, ``zero_sign``.
        gradient: of a function, in the place of automatic differentiation.
        gradient_takes: what that takes: ``input``, ``value``, ``upstream``, ``upstream,input`` or ``upstream,value``; the
            upstream gradient is 1.
        gradient_arguments, arguments: further keyword arguments of the gradient, and of a function.
        item: of a tuple that a function returns, the item that is meant.
        elementwise: whether it is a function of Python floats.
        backend: whose tensors a function takes; by default what it looks like.
        device: where a function is tried, for example ``cuda``.
        inputs: that a function is tried on: ``"exhaustive"`` or a number; default: all of a 16-bit format, else 2^18.
        seed: of the sample.

    Raises:
        AssertionError: for results that are not allowed; the message has the worst inputs, their bits, what was got and what
            is right.
        ValueError: for a request that makes no sense.
        backends.protocol.Unsupported: where the framework lacks what is needed.
    """
    __tracebackhide__ = True
    definition = parse(activation)
    if order not in ORDERS:
        raise ValueError(f"unknown order {order!r}: choose from {', '.join(map(str, ORDERS))}")
    for word in (allow,) if isinstance(allow, str) else allow:
        if word not in ALLOWED:
            raise ValueError(f"unknown word {word!r} in allow: choose from {', '.join(ALLOWED)}")
    if not max_ulp >= 0:
        raise ValueError(f"max_ulp {max_ulp!r}: give a number of at least 0")
    if callable(results):
        form = number_format(format or "float32")
        source = backend or ("numpy" if elementwise else _whose(results))
        case = Case(definition.name, order, "autodiff" if order else "native", form.name, definition.parameters)
        substitute = Substitute(results, gradient, gradient_takes, arguments or {}, item, elementwise)
        substitute.gradient_fixed = gradient_arguments or {}
        blocks = _called(_declared(substitute), source, device, case, form, str(inputs), seed)
        what = f"{getattr(results, '__name__', 'the function')} ({source})"
    else:
        bits, outputs, name = _arrays(results)
        form, what = number_format(format or name), "the arrays"
        if form.name != name:
            raise ValueError(f"the arrays are {name}, not {form}")
        blocks = ((bits[low : low + _CHUNK], outputs[low : low + _CHUNK]) for low in range(0, len(bits), _CHUNK))
    examiner = Examiner(definition, order, form, max_ulp, (allow,) if isinstance(allow, str) else allow)
    for given, returned in blocks:
        examiner.add(given, returned)
    faults = examiner.faults
    if faults.counts:
        count = sum(faults.counts.values())
        head = f"{what}: {count:,} of {faults.inputs:,} results are not {definition}{chr(39) * order} in {form}"
        allowed = f"max_ulp={max_ulp:g}" + (f", allow={allow!r}" if allow else "")
        raise AssertionError("\n".join([f"{head} ({allowed})", *examiner.report()]))


def _declared(given: Substitute) -> Substitute:
    """A function with what it says of itself, and nobody else does."""
    said = declaration(given.function)
    if said is None:
        return given
    if given.gradient is None:
        given = replace(given, gradient=said.gradient, takes=said.takes, gradient_fixed=dict(said.gradient_fixed))
    item = said.item if given.item is None else given.item
    fixed = {**dict(said.fixed), **given.fixed}
    return replace(given, fixed=fixed, item=item, elementwise=given.elementwise or said.elementwise)


def _called(
    substitute: Substitute, backend: str, device: str, case: Case, form: Format, count: str, seed: int
) -> Iterator[tuple[Bits, Bits]]:
    """Inputs and a function's results, a chunk at a time."""
    wide = str(SAMPLE) if form.bits > 16 else ""
    chosen = choose_inputs(form, count or wide, seed)
    adapter = _adapter(backend, device)
    function = prepare(adapter, replace(case, substitute=substitute))

    def compute(bits: Bits) -> Bits:
        with np.errstate(all="ignore"):
            results: Bits = adapter.store(adapter.synchronise(function(adapter.load(bits.copy(), form.name))), form.name)
        return results

    compute(chosen.block(0, min(chosen.count, _CHUNK))[::-1])  # what keeps results for later has none that are right
    for low in range(0, chosen.count, _CHUNK):
        bits = chosen.block(low, min(low + _CHUNK, chosen.count))
        outputs, again = compute(bits), compute(bits) if not low else None
        if outputs.shape != bits.shape:
            raise ValueError(f"the function returned shape {tuple(outputs.shape)} for {len(bits)} inputs")
        if again is not None and (changed := int((canonical(outputs, form.name) != canonical(again, form.name)).sum())):
            raise AssertionError(
                f"the function gives other bits when it is called again, for {changed:,} of {len(bits):,} inputs"
            )
        yield bits, outputs


@lru_cache
def _adapter(backend: str, device: str = "cpu") -> Any:
    return load(spec(backend))("eager", device, guest=True)


def _arrays(pair: Any) -> tuple[Bits, Bits, str]:
    """Encodings of inputs and results, and their format."""
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise ValueError("give a function, or a pair of arrays: inputs and results")
    (bits, name), (outputs, other) = (_encoded(array) for array in pair)
    if name != other or bits.shape != outputs.shape:
        raise ValueError(f"inputs are {bits.shape} of {name}, results {outputs.shape} of {other}: they must be alike")
    return bits.ravel(), outputs.ravel(), name


def _encoded(array: Any) -> tuple[Bits, str]:
    backend = _FRAMEWORKS.get(type(array).__module__.partition(".")[0], "numpy")
    if backend == "numpy":
        array = np.ascontiguousarray(array)
    name = str(getattr(array.dtype, "name", array.dtype)).rpartition(".")[2]
    if name not in CARRIERS:
        raise ValueError(f"an array of {name}: choose from {', '.join(CARRIERS)}")
    # NumPy has no bfloat16 of its own, but arrays with that name are of two bytes.
    return (array.view(CARRIERS[name]) if backend == "numpy" else _adapter(backend).store(array, name)), name


def _whose(function: Callable[..., Any]) -> str:
    """The backend whose tensors a function takes, from what it is and what it uses.

    Raises:
        ValueError: where that does not tell.
    """
    owner = getattr(function, "__self__", function)
    kinds = (*(owner.__mro__ if isinstance(owner, type) else ()), *type(owner).__mro__)
    seen = [getattr(function, "__module__", None), *(kind.__module__ for kind in kinds)]
    code, names = getattr(function, "__code__", None), getattr(function, "__globals__", {})
    for name in code.co_names if code else ():
        used = names.get(name)
        seen += [used.__name__ if isinstance(used, ModuleType) else getattr(used, "__module__", None)]
    used_roots = {word.partition(".")[0] for word in seen if isinstance(word, str)}
    for roots in (used_roots, {name for name, module in sys.modules.items() if module}):
        found = {_FRAMEWORKS[root] for root in roots & _FRAMEWORKS.keys()}
        if len(found) == 1:
            return found.pop()
        if found:
            raise ValueError(f"whose tensors does the function take? say backend= one of {', '.join(sorted(found))}")
        if roots & {"numpy", "autograd"}:
            break
    return "numpy"
