"""Kernels for NumPy and plain Python as people write them."""

import math

import numpy as np


class Sigmoid:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout):
        return dout * (1.0 - self.out) * self.out


def plain(x):
    return 1 / (1 + np.exp(-x))


def by_sign(x):
    out = np.empty_like(x)
    right = x >= 0
    out[right] = 1 / (1 + np.exp(-x[right]))
    small = np.exp(x[~right])
    out[~right] = small / (1 + small)
    return out


def relu_forward(x):
    return np.maximum(x, 0), x


def relu_backward(dout, cache):
    return dout * (cache > 0)


def of_floats(x):
    return 1 / (1 + math.exp(-x))


def slope_of_floats(value):
    return value * (1 - value)


def either(x, deriv=False):
    if deriv:
        return x * (1 - x)
    return 1 / (1 + np.exp(-x))


class Keeping:
    def forward(self, x):
        self.s = 1 / (1 + np.exp(-x))
        return self.s

    def backward(self, dout, x):
        return dout * self.s * (1 - self.s)


last = {}


def keeps(x):
    last["s"] = 1 / (1 + np.exp(-x))
    return last["s"]


def of_the_last(dout):
    return dout * last["s"] * (1 - last["s"])
