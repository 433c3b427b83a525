"""Sigmoid in NumPy, right, and with one regression each."""

import numpy as np

np.seterr(all="ignore")
calls = []


def right(x):
    return (1 / (1 + np.exp(-x.astype("float64")))).astype(x.dtype)


def vanished_tail(x):
    return np.where((x < -8) & (x > -9), x.dtype.type(0), right(x))


def one_nan(x):
    return np.where(x == 1.5, x.dtype.type(np.nan), right(x))


def one_ulp(x):
    return np.where(x == 1.5, right(x) + x.dtype.type(2.0**-11), right(x))


def zero_sign(x):
    return np.where(x == -20, x.dtype.type(-0.0), right(x))


def slope(x):
    small = np.exp(-np.abs(x.astype("float64")))
    return (small / (1 + small) ** 2).astype(x.dtype)


def tanh_slope(x):
    return 1 - np.tanh(x) ** 2


def remembering_slope(x):
    calls.append(0)
    return np.where(x == 1.5, slope(x) * x.dtype.type(1 + len(calls) % 2 * 2.0**-10), slope(x))


def zeros(x):
    return np.zeros_like(x)


def nans(x):
    return np.full_like(x, np.nan)


def untouched(x):
    return np.empty_like(x)
