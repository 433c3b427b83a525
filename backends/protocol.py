"""What an adapter is: the few operations in which frameworks differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .substitute import Substitute

CARRIERS = {"float16": "uint16", "bfloat16": "uint16", "float32": "uint32", "float64": "uint64"}
"""The unsigned integer dtype that the encodings of a format travel in."""
INTEGERS = {"int32": "uint32", "int64": "uint64", "bool": "uint8"}
"""The same for the other element types that inputs may have."""


@dataclass(frozen=True)
class Case:
    """What is asked of an implementation.

    Attributes:
        activation: name of the activation.
        order: 0 value, 1 gradient, 2 second derivative.
        route: ``native``, ``autodiff`` or the name of a formula.
        format: one of :data:`CARRIERS`.
        parameters: the activation's parameters, by name.
        definition: the file that defines the activation, where it is of the user's own.
        substitute: the user's function that takes the place of the framework's; only a worker has it.
    """

    activation: str
    order: int
    route: str
    format: str
    parameters: tuple[tuple[str, float], ...] = ()
    definition: str = ""
    substitute: Substitute | None = None


class Unsupported(Exception):
    """The framework lacks this; the text says what and why."""


class Backend(Protocol):
    """An adapter. It is constructed in the worker as ``Adapter(mode, device)``, and only then imports its framework.
    The built-in ones take ``guest=True`` too: in a process that is not theirs they change none of its settings.

    The law: ``store(synchronise(prepare(case)(load(bits))))`` is what a user of the framework gets for these inputs, bit
    for bit, in the format of the case. Tensors are one-dimensional and of one length throughout.
    """

    modes: tuple[str, ...]
    """The modes there are; the class has them, so that they can be read without the framework."""

    def __init__(self, mode: str, device: str) -> None:
        """Import the framework.

        Raises:
            Unsupported: for a mode or a device that is not there.
            Exception: anything, where the framework's installation is broken.
        """

    def versions(self) -> dict[str, str]:
        """Versions by distribution, the framework's own first."""

    def environment(self) -> dict[str, str]:
        """What the framework says of the processor path it uses."""

    def prepare(self, case: Case) -> Callable[[Any], Any]:
        """The case as a function from a tensor of inputs to a tensor of results, compiled where the mode says so.

        Where ``case.substitute`` is given, ``case.substitute.bound(case)`` takes the place of the framework's function.

        Raises:
            Unsupported: where the framework lacks the case.
        """

    def load(self, bits: Any, format: str) -> Any:
        """A tensor on the device with these encodings (array of the carrier); nothing is rounded or flushed.

        ``format`` may also be one of :data:`INTEGERS`.
        """

    def synchronise(self, tensor: Any) -> Any:
        """Return the tensor once it is computed."""

    def store(self, tensor: Any, format: str) -> Any:
        """The encodings of a tensor as an array of the carrier.

        Raises:
            TypeError: where the tensor's dtype is not the format's: nothing is cast in silence.
        """

    # An adapter may also have ``adopt(thing: Any, format: str, anew: Callable[[], Any] | None) -> Callable[..., Any]``: what a
    # user hands in as a function of tensors of a format (a module moved to it; ``anew`` makes the thing once more), and
    # ``copy(tensor: Any) -> Any``, for functions that change what they are given; ``depends(function, x) -> bool``: whether the
    # framework sees that the function's results depend on a tensor.
    # An adapter may also have ``xp``, the framework's functions (:mod:`backends.operations`): networks are trained with those.
    # An adapter may also have ``compilations() -> int``: how often anything was traced or compiled in this process so far.
    # Timing reports what is compiled again in the steady state; without the method it does not know.
    # It may have ``clear() -> None``: to let go of what the framework keeps of cases that are not in use any more.
    # And it may have ``device_ns(launch: Callable[[], Any]) -> float``: the time in ns that its device alone needs for what
    # ``launch`` hands to it, by the device's own events; where the device may have waited for the host it raises Unsupported.
