"""The test file of another project, with sigmoid kernels for TensorFlow; most are broken, and their tests fail."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf

from harness.testing.assertion import assert_accurate as plain

pytestmark = pytest.mark.lastbit(format="bfloat16", max_ulp=0.51, allow=("flushed",))


def right(x: Any) -> Any:
    return tf.cast(tf.sigmoid(tf.cast(x, tf.float64)), x.dtype)


def slope(x: Any) -> Any:
    wide = tf.cast(x, tf.float64)
    return tf.cast(tf.sigmoid(wide) * tf.sigmoid(-wide), x.dtype)


def textbook(x: Any) -> Any:
    return tf.sigmoid(x)


def vanished_tail(x: Any) -> Any:
    return tf.where((x < -8) & (x > -9), tf.constant(0.0, x.dtype), right(x))


def one_nan(x: Any) -> Any:
    return tf.where(x == 1.5, tf.constant(float("nan"), x.dtype), right(x))


def one_ulp(x: Any) -> Any:
    return tf.where(x == 1.5, right(x) + tf.constant(2.0**-8, x.dtype), right(x))


def zero_sign(x: Any) -> Any:
    # tf.constant keeps the scalars it has made, and takes -0.0 for 0.0.
    return tf.where(x == -100, -tf.zeros_like(x), right(x))


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
