"""Which backends there are: the built-in ones as data, third parties' by the entry-point group ``lastbit.backends``."""

from __future__ import annotations

import importlib
import platform
from dataclasses import dataclass
from importlib import metadata
from typing import Any

GROUP = "lastbit.backends"


@dataclass(frozen=True)
class Spec:
    """Where a backend is found.

    Attributes:
        name: as users write it.
        target: ``module:class`` of the adapter.
        distribution: the installed distribution whose version is the backend's; None for the C library.
        modes: its modes, or None where only its class tells (a third party's).
        default: whether it is measured where none is named.
    """

    name: str
    target: str
    distribution: str | None
    modes: tuple[str, ...] | None
    default: bool = True


_BUILT_IN = (
    Spec("numpy", "backends.numpy:NumPy", "numpy", ("eager",)),
    Spec("torch", "backends.torch:Torch", "torch", ("eager", "compiled")),
    Spec("jax", "backends.jax:Jax", "jax", ("eager", "compiled")),
    Spec("tensorflow", "backends.tensorflow:TensorFlow", "tensorflow", ("eager", "compiled", "xla")),
    Spec("scipy", "backends.scipy:SciPy", "scipy", ("eager",), default=False),
    Spec("libm", "backends.libm:Libm", None, ("eager",), default=False),
)


def specs() -> dict[str, Spec]:
    """All backends by name, the built-in ones first; a built-in name cannot be taken by a third party."""
    found = {spec.name: spec for spec in _BUILT_IN}
    for point in metadata.entry_points(group=GROUP):
        distribution = point.dist.name if point.dist else point.name
        found.setdefault(point.name, Spec(point.name, point.value, distribution, None))
    return found


def spec(name: str) -> Spec:
    """The backend of that name.

    Raises:
        ValueError: for an unknown name; the message lists the choices.
    """
    known = specs()
    if name not in known:
        raise ValueError(f"unknown backend {name!r}: choose from {', '.join(known)}")
    return known[name]


def installed_version(spec: Spec) -> str | None:
    """The version of the backend's distribution, or None where it is not installed; imports nothing."""
    if spec.distribution is None:
        return " ".join(platform.libc_ver()).strip() or "of unknown version"
    try:
        return metadata.version(spec.distribution)
    except metadata.PackageNotFoundError:
        return None


def load(spec: Spec) -> Any:
    """The adapter class; imports the adapter's module (a built-in one imports no framework)."""
    module, _, name = spec.target.partition(":")
    return getattr(importlib.import_module(module), name)
