"""Scripts that show a defect with the framework alone, for its maintainers."""

from __future__ import annotations

import ast
import importlib
import inspect
import math

from backends import textbook
from backends.protocol import Case

from .workers import Implementation

LENGTHS = (67,)
"""The input is given so many times, bodies and a remainder: results may depend on the place in a vector."""

_TORCH = """\
import torch
{imports}

def f(x):
    return {call}

def derivative(f):
    def slope(x):
        inner = x if x.requires_grad else x.detach().requires_grad_(True)
        y = f(inner)
        if not y.requires_grad:
            return torch.zeros_like(y)
        return torch.autograd.grad(y, inner, torch.ones_like(y), create_graph=x.requires_grad, materialize_grads=True)[0]
    return slope

found = set()
for n in {lengths}:
    x = torch.full((n,), {x}, dtype=torch.{format})
    {result}
    found |= set(map(repr, y.tolist()))
print(sorted(found))
"""
_TORCH_COMPILED = """\
import torch
{imports}

def f(x):
    return {call}

def derivative(f):
    return lambda x: torch.func.grad(lambda z: f(z).sum())(x)

found = set()
for n in {lengths}:
    x = torch.full((n,), {x}, dtype=torch.{format})
    with torch.no_grad():
        {result}
    found |= set(map(repr, y.tolist()))
print(sorted(found))
"""
_JAX = """\
import jax
import jax.numpy as jnp
{imports}
jax.config.update("jax_enable_x64", True)

def f(x):
    return {call}

def derivative(f):
    return lambda x: jax.vjp(f, x)[1](jnp.ones_like(x))[0]

found = set()
for n in {lengths}:
    x = jnp.full(n, {x}, jnp.{format})
    {result}
    found |= set(map(repr, y.tolist()))
print(sorted(found))
"""
_TENSORFLOW = """\
import tensorflow as tf

def f(x):
    return {call}

def derivative(f):
    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        return tape.gradient(y, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return slope

found = set()
for n in {lengths}:
    x = tf.constant([{x}] * n, tf.{format})
    {result}
    found |= set(map(repr, map(float, y)))
print(sorted(found))
"""
_NUMPY = """\
import math
{imports}
p = {parameters}
f = {call}

found = set()
for n in {lengths}:
    x = xp.full(n, {x}, xp.{format})
    {result}
    found |= set(map(repr, y.tolist()))
print(sorted(found))
"""
_RESULTS = {
    ("torch", "eager"): "y = {function}(x)",
    ("torch", "compiled"): "y = torch.compile({function}, fullgraph=True, dynamic=False)(x)",
    ("jax", "eager"): "y = {function}(x)",
    ("jax", "compiled"): "y = jax.jit({function})(x)",
    ("tensorflow", "eager"): "y = {function}(x)",
    ("tensorflow", "compiled"): "y = tf.function({function})(x)",
    ("tensorflow", "xla"): "y = tf.function({function}, jit_compile=True)(x)",
    ("numpy", "eager"): "y = {function}(x)",
}
_TEMPLATES = {"torch": _TORCH, "jax": _JAX, "tensorflow": _TENSORFLOW, "numpy": _NUMPY}


def reproducer(implementation: Implementation, case: Case, x: float, lengths: tuple[int, ...] = LENGTHS) -> str:
    """A script that prints the results for vectors of copies of an input; empty where none can be written.

    The last line it prints is the list of the different results.
    """
    backend, mode = implementation.backend, implementation.mode
    if (backend, mode) not in _RESULTS or case.route not in ("native", "autodiff"):
        return ""
    call = _textbook(case) if backend == "numpy" else _call(backend, case)
    if not call:
        return ""
    function = "derivative(" * case.order + "f" + ")" * case.order
    template = _TORCH_COMPILED if (backend, mode) == ("torch", "compiled") else _TEMPLATES[backend]
    return template.format(
        lengths=lengths,
        x=f'float("{x!r}")' if not math.isfinite(x) else repr(x),
        format=case.format,
        call=call,
        parameters=dict(case.parameters),
        imports=_imports(backend, case),
        result=_RESULTS[backend, mode].format(function=function),
    )


def _imports(backend: str, case: Case) -> str:
    if backend == "numpy":
        autograd = "import autograd.numpy as xp\nfrom autograd import elementwise_grad as derivative\n"
        return autograd if case.order else "import numpy as xp\n"
    module = importlib.import_module(f"backends.{backend}").FUNCTIONS[case.activation].partition(":")[0]
    return "" if module == backend or backend == "tensorflow" else f"import {module}\n"


def _call(backend: str, case: Case) -> str:
    """The framework's function for a case as an expression of x, from the adapter's data."""
    functions: dict[str, str] = importlib.import_module(f"backends.{backend}").FUNCTIONS
    if case.activation not in functions:
        return ""
    target, *words = functions[case.activation].split()
    parameters, arguments = dict(case.parameters), ["x"]
    for word in words:
        left, _, right = word.partition("=")
        if left not in parameters:
            arguments.append(word)
        elif right.isidentifier():
            arguments.append(f"{right}={parameters[left]!r}")
    name = target.replace(":", ".")
    return f"{name.replace('tensorflow.', 'tf.', 1)}({', '.join(arguments)})"


def _textbook(case: Case) -> str:
    """The function for a case in the words of :mod:`backends.textbook`."""
    source = inspect.getsource(textbook)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == case.activation:
                    return ast.get_source_segment(source, value) or ""
    return ""
