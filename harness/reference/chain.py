"""The exact gradient through a chain of layers, h ← f(h): the product of f'(h), as balls."""

from __future__ import annotations

from flint import arb, arb_series

from ..activations import Activation
from .balls import taylor, working

_PRECISION = 512  # bits
_NEEDED = 128  # that the balls have to be right to


class ExactChain:
    """The exact gradients through 1, 2, … layers.

    Args:
        activation: of every layer; no h may be one of its kinks.
        start: the first h.
        layers: how many.

    Raises:
        ArithmeticError: where the balls have become too wide.
    """

    def __init__(self, activation: Activation, start: float, layers: int) -> None:
        self._products = []
        with working(_PRECISION, 2):
            h, product = arb(start), arb(1)
            for layer in range(layers):
                series = taylor(activation, arb_series([h, arb(1)]), float(h), 1)
                h, product = series[0], product * series[1]
                if not product.is_exact() and product.rel_accuracy_bits() < _NEEDED:
                    raise ArithmeticError(f"{activation}: {_PRECISION} bits are too few for layer {layer + 1}")
                self._products.append(product)

    def decimals(self, digits: int) -> list[str]:
        """The gradients in decimal, of any magnitude at all, to that many digits."""
        return [str(product.str(digits, radius=False)) for product in self._products]

    def errors(self, products: list[float]) -> list[float]:
        """How far off computed gradients are, relative to the exact ones: 1 where they are 0."""
        with working(_PRECISION, 2):
            pairs = zip(products, self._products, strict=True)
            return [float(abs(arb(found) / product - 1)) for found, product in pairs]
