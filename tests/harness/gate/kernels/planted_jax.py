"""Sigmoid in JAX, right, and with one regression each."""

import jax
import jax.numpy as jnp

calls = []


def right(x):
    return jax.nn.sigmoid(x.astype("float64")).astype(x.dtype)


def vanished_tail(x):
    return jnp.where((x < -8) & (x > -9), jnp.zeros_like(x), right(x))


def one_nan(x):
    return jnp.where(x == 1.5, jnp.nan, right(x))


def one_ulp(x):
    return jnp.where(x == 1.5, right(x) + 2.0**-11, right(x))


def zero_sign(x):
    return jnp.where(x == -20, -jnp.zeros_like(x), right(x))


def _with_gradient(backward):
    function = jax.custom_vjp(right)
    function.defvjp(lambda x: (right(x), x), lambda x, upstream: (upstream * backward(x),))
    return function


def _slope(x):
    s = jax.nn.sigmoid(x.astype("float64"))
    return (s * jax.nn.sigmoid(-x.astype("float64"))).astype(x.dtype)


def _remembers(x):
    calls.append(0)
    return jnp.where(x == 1.5, _slope(x) * (1 + len(calls) % 2 * 2.0**-10), _slope(x))


other_gradient = _with_gradient(lambda x: 1 - jnp.tanh(x) ** 2)
history = _with_gradient(_remembers)


def zeros(x):
    return jnp.zeros_like(x)


def nans(x):
    return jnp.full_like(x, jnp.nan)


def untouched(x):
    return jnp.empty_like(x)
