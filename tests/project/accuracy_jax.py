"""The test file of another project, with sigmoid kernels for JAX; most are broken, and their tests fail."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest

from harness.testing.assertion import assert_accurate as plain

pytestmark = pytest.mark.lastbit(format="bfloat16", max_ulp=0.51, allow=("flushed",))


def right(x: Any) -> Any:
    return jax.nn.sigmoid(x.astype(jnp.float32)).astype(x.dtype)


def slope(x: Any) -> Any:
    wide = x.astype(jnp.float32)
    return (jax.nn.sigmoid(wide) * jax.nn.sigmoid(-wide)).astype(x.dtype)


def textbook(x: Any) -> Any:
    return jax.nn.sigmoid(x)


def vanished_tail(x: Any) -> Any:
    return jnp.where((x < -8) & (x > -9), jnp.array(0.0, x.dtype), right(x))


def one_nan(x: Any) -> Any:
    return jnp.where(x == 1.5, jnp.array(float("nan"), x.dtype), right(x))


def one_ulp(x: Any) -> Any:
    return jnp.where(x == 1.5, right(x) + jnp.array(2.0**-8, x.dtype), right(x))


def zero_sign(x: Any) -> Any:
    return jnp.where(x == -100, jnp.array(-0.0, x.dtype), right(x))


def test_right(assert_accurate: Any) -> None:
    assert_accurate(right, "sigmoid")


def test_right_gradient(assert_accurate: Any) -> None:
    assert_accurate(right, "sigmoid", order=1, gradient=slope, max_ulp=1)


@pytest.mark.lastbit(max_ulp=1e-3)
def test_the_nearest_marker_counts(assert_accurate: Any) -> None:
    with pytest.raises(AssertionError, match=r"error above 0\.001 ulp"):
        assert_accurate(right, "sigmoid")


def test_textbook_gradient() -> None:
    plain(textbook, "sigmoid", order=1, format="bfloat16", max_ulp=1, allow=("flushed",))


@pytest.mark.parametrize("kernel", [vanished_tail, one_nan, one_ulp, zero_sign])
def test_broken(assert_accurate: Any, kernel: Any) -> None:
    assert_accurate(kernel, "sigmoid")
