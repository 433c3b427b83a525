"""Where a framework's function, as it is called here, is not quite the definition, or not what the framework calls by that name.

Read off the frameworks' own documentation and signatures. Each function is measured against the mathematical function
that it documents; what is said here is a difference in definition, and none of the errors.
"""

from __future__ import annotations

NOTES: dict[tuple[str, str], str] = {
    ("torch", "softplus"): "gives x where beta x > 20, its default threshold: a shortcut, and measured as one; "
    "softplus(threshold=20) is what it documents",
    ("torch", "gelu_tanh"): "with approximate='tanh'; its default is gelu, with erf",
    ("jax", "gelu"): "with approximate=False; its default is gelu_tanh",
    ("jax", "softplus"): "has neither beta nor threshold",
    ("tensorflow", "gelu_tanh"): "with approximate=True; its default is gelu, with erf",
    ("tensorflow", "softplus"): "has neither beta nor threshold",
    ("tensorflow", "leaky_relu"): "its default alpha is 0.2; here it is given",
    ("tensorflow", "elu"): "documented as alpha * exp(x) - 1 for x < 0; alpha * (exp(x) - 1) is meant",
    ("tensorflow", "selu"): "says neither constant; those of the publication are meant",
}
"""By backend and activation."""


def note(backend: str, activation: str) -> str:
    """What is to be said of a backend's own function; mostly nothing."""
    return NOTES.get((backend, activation), "")
