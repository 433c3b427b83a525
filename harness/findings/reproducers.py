"""Scripts that show a defect with the framework alone, for its maintainers.

A script defines the function, ``tensor(values, dtype)`` and ``numbers(y)`` in the framework's words, and ``plain`` and
``compute``, which is ``plain`` in the mode concerned. What it then does with them is the same for all frameworks.
"""

from __future__ import annotations

import importlib
import math

from backends import textbook
from backends.protocol import Case

from ..case import Implementation

LENGTH = 67
"""An input is given so many times, bodies and a remainder: results may depend on the place in a vector."""

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

"""
_TORCH_COMPILED = """\
import torch
{imports}
torch.set_grad_enabled(False)

def f(x):
    return {call}

def derivative(f):
    return lambda x: torch.func.grad(lambda z: f(z).sum())(x)

"""
_TORCH_TENSORS = """\
def tensor(values, dtype="{format}"):
    return torch.tensor(values, dtype=getattr(torch, dtype))

def numbers(y):
    return y.reshape(-1).tolist()

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

def tensor(values, dtype="{format}"):
    return jnp.array(values, dtype)

def numbers(y):
    return y.ravel().tolist()

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

def tensor(values, dtype="{format}"):
    return tf.constant(values, dtype)

def numbers(y):
    return [float(each) for each in tf.reshape(y, [-1])]

"""
_NUMPY = """\
{imports}
f = lambda x: {call}

def tensor(values, dtype="{format}"):
    return xp.array(values, dtype)

def numbers(y):
    return xp.ravel(y).tolist()

"""
_MODES = {
    ("torch", "eager"): "plain",
    ("torch", "compiled"): "torch.compile(plain, fullgraph=True, dynamic=False)",
    ("jax", "eager"): "plain",
    ("jax", "compiled"): "jax.jit(plain)",
    ("tensorflow", "eager"): "plain",
    ("tensorflow", "compiled"): "tf.function(plain)",
    ("tensorflow", "xla"): "tf.function(plain, jit_compile=True)",
    ("numpy", "eager"): "plain",
    ("scipy", "eager"): "plain",
}
_TEMPLATES = {"torch": _TORCH + _TORCH_TENSORS, "jax": _JAX, "tensorflow": _TENSORFLOW, "numpy": _NUMPY, "scipy": _NUMPY}

_NAMES = {"tensorflow": "tf", "numpy": "xp"}
"""Of modules, in scripts."""


def copies(*inputs: float, lengths: tuple[int, ...] = (LENGTH,)) -> str:
    """Prints for each input the list of the different results for vectors of copies of it."""
    listed = ", ".join(map(literal, inputs))
    return f"""\
for x in [{listed}]:
    print(sorted({{repr(y) for n in {list(lengths)} for y in numbers(compute(tensor([x] * n)))}}))
"""


def alike(*tensors: str) -> str:
    """Prints for each of these tensors, which should have the same results, the list of the different ones."""
    listed = "".join(f"    {each},\n" for each in tensors)
    return f"""\
for z in [
{listed}]:
    print(sorted(set(map(repr, numbers(compute(z))))))
"""


def modes(x: float) -> str:
    """Prints the results of the eager function, and those in the mode concerned."""
    return f"""\
for run in (plain, compute):
    print(sorted(set(map(repr, numbers(run(tensor([{literal(x)}] * {LENGTH})))))))
"""


def attempt(x: float) -> str:
    """Prints the element type of the results for copies of an input, and one of them; or fails, as the case does."""
    return f"""\
y = compute(tensor([{literal(x)}] * {LENGTH}))
print(y.dtype, numbers(y)[0])
"""


def literal(x: float) -> str:
    """A number as it stands in a script."""
    return repr(x) if math.isfinite(x) else f'float("{x!r}")'


def reproducer(implementation: Implementation, case: Case, shown: str) -> str:
    """A script that shows what ``shown`` says, see :func:`copies`; empty where none can be written."""
    backend, mode = implementation.backend, implementation.mode
    if implementation.substitute or (backend, mode) not in _MODES or case.route not in ("native", "autodiff"):
        return ""
    call = textbook.formula(backend, case.activation, dict(case.parameters)) or _call(backend, case)
    if not call:
        return ""
    compiled = (backend, mode) == ("torch", "compiled")
    template = _TORCH_COMPILED + _TORCH_TENSORS if compiled else _TEMPLATES[backend]
    defined = template.format(format=case.format, call=call, imports=_imports(backend, case))
    function = "derivative(" * case.order + "f" + ")" * case.order
    return f"{defined}plain = {function}\ncompute = {_MODES[backend, mode]}\n\n{shown}"


def _imports(backend: str, case: Case) -> str:
    if backend in ("numpy", "scipy"):
        return _namespaces(backend, case)
    module = _module(backend, case)
    return "" if module == backend or backend == "tensorflow" else f"import {module}\n"


def _module(backend: str, case: Case) -> str:
    functions: dict[str, str] = importlib.import_module(f"backends.{backend}").FUNCTIONS
    return functions[case.activation].partition(":")[0]


def _namespaces(backend: str, case: Case) -> str:
    """NumPy's, or autograd's where there is something to differentiate; what a formula needs; where a function is."""
    parameters, numpy = dict(case.parameters), "autograd.numpy" if case.order else "numpy"
    lines = [f"import {numpy} as xp"] + (["from autograd import elementwise_grad as derivative"] if case.order else [])
    if text := textbook.formula(backend, case.activation, parameters):
        module = "scipy.special" if backend == "scipy" else numpy
        lines.append(f"from {module} import {', '.join(textbook.functions(text, parameters))}")
        lines += [f"{name} = {literal(value)}" for name, value in parameters.items()]
    elif backend == "scipy":
        lines.append(f"import {_module(backend, case)}")
    return "\n".join([*lines, ""])


def _call(backend: str, case: Case) -> str:
    """The framework's function for a case as an expression of x, from the adapter's data."""
    functions: dict[str, str] = importlib.import_module(f"backends.{backend}").FUNCTIONS
    if case.activation not in functions:
        return ""
    target, *words = functions[case.activation].split()
    parameters, arguments = dict(case.parameters), ["x"]
    for word in words:
        left, _, right = word.strip("[]").partition("=")
        if left not in parameters:
            arguments += [] if word.startswith("[") else [word]
        elif right.isidentifier():
            arguments.append(f"{right}={literal(parameters[left])}")
    module, _, rest = target.replace(":", ".").partition(".")
    return f"{_NAMES.get(module, module)}.{rest}({', '.join(arguments)})"
