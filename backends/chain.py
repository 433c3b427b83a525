"""A chain of layers of one unit each, h ← f(h), and the gradient through it: the product of f' at every h."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .protocol import CARRIERS, Case, Unsupported


def chain(backend: Any, case: Case, command: dict[str, Any]) -> dict[str, Any]:
    """The gradient through 1, 2, … layers, all in the framework's own arithmetic.

    Args:
        backend: the adapter.
        case: the activation and the format; its route says where f' comes from, at the h of the layer.
        command: ``start``, the encoding of the first h; ``layers``, how many.

    Returns:
        ``products``, the encodings of the gradients.

    Raises:
        Unsupported: where the framework lacks the activation, or the adapter has nothing to start with.
    """
    if not hasattr(backend, "xp"):
        raise Unsupported(f"the adapter {type(backend).__name__} has no functions to make a chain with")
    value, slope = backend.prepare(replace(case, order=0, route="native")), backend.prepare(case)
    h = backend.load(np.array([command["start"]], CARRIERS[case.format]), case.format)
    product, products = backend.xp.ones_like(h), []
    for _ in range(command["layers"]):
        product, h = product * slope(h), value(h)
        products.append(int(np.ravel(backend.store(backend.synchronise(product), case.format))[0]))
    return {"products": products}
