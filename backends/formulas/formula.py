"""What a formula is, and what a framework gives it to work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

Forward = Callable[[Any], Any]


@dataclass(frozen=True)
class Means:
    """What a framework gives a formula.

    Attributes:
        xp: its elementary functions, see :mod:`backends.operations`.
        value: its own function for the activation; not to be had by formulas that do not ask for it.
        p: the activation's parameters, Python floats as attributes.
    """

    xp: Any
    value: Forward
    p: Any

    def decay(self, u: Any) -> Any:
        """e^-abs(u), which never overflows."""
        return self.xp.exp(-self.xp.abs(u))

    def below(self, x: Any, left: Any, right: Any) -> Any:
        """``left`` where x < 0, else ``right``: tensors like x, or numbers."""
        return self.xp.where(x < 0, self._tensor(x, left), self._tensor(x, right))

    def within(self, x: Any, reach: float, inside: Any, outside: Any) -> Any:
        """``inside`` where abs(x) < reach, else ``outside``: tensors like x, or numbers."""
        return self.xp.where(self.xp.abs(x) < reach, self._tensor(x, inside), self._tensor(x, outside))

    def _tensor(self, x: Any, given: Any) -> Any:
        return self.xp.zeros_like(x) + given if isinstance(given, int | float) else given


@dataclass(frozen=True)
class Formula:
    """A formula for a value, a gradient or a second derivative.

    Attributes:
        text: as it is printed; y is the framework's own value, q stands for e^-∣x∣ and r for e^-2∣x∣.
        rule: takes what the framework gives, and a tensor x. It uses operators, the functions given, and Python numbers,
            which promote in no framework beside a tensor; so all its arithmetic is the framework's, in the format of x.
        asks_value: whether it uses the framework's own function for the activation.
    """

    text: str
    rule: Callable[[Means, Any], Any]
    asks_value: bool = False


Formulas = dict[tuple[str, int], dict[str, Formula]]
"""By activation and order: formulas by route."""


def of_value(text: str, rule: Callable[[Means, Any], Any]) -> Formula:
    """A formula whose rule takes the framework's own value in the place of x."""
    return Formula(text, lambda f, x: rule(f, f.value(x)), asks_value=True)


def namespace(parameters: tuple[tuple[str, float], ...]) -> SimpleNamespace:
    """Parameters as attributes."""
    return SimpleNamespace(**dict(parameters))
