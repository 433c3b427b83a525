"""Sigmoid in TensorFlow, right, and with one regression each."""

import tensorflow as tf

calls = []


def right(x):
    return tf.cast(tf.sigmoid(tf.cast(x, tf.float64)), x.dtype)


def vanished_tail(x):
    return tf.where((x < -8) & (x > -9), tf.zeros_like(x), right(x))


def one_nan(x):
    return tf.where(x == 1.5, tf.constant(float("nan"), x.dtype), right(x))


def one_ulp(x):
    return tf.where(x == 1.5, right(x) + tf.constant(2.0**-11, x.dtype), right(x))


def zero_sign(x):
    return tf.where(x == -20, -tf.zeros_like(x), right(x))


@tf.custom_gradient
def other_gradient(x):
    return right(x), lambda upstream: upstream * (1 - tf.tanh(x) ** 2)


@tf.custom_gradient
def history(x):
    def gradient(upstream):
        calls.append(0)
        wide = tf.cast(x, tf.float64)
        slope = tf.cast(tf.sigmoid(wide) * tf.sigmoid(-wide), x.dtype)
        return upstream * tf.where(x == 1.5, slope * (1 + len(calls) % 2 * 2.0**-10), slope)

    return right(x), gradient


def zeros(x):
    return tf.zeros_like(x)


def nans(x):
    return tf.fill(tf.shape(x), tf.constant(float("nan"), x.dtype))


def untouched(x):
    return tf.raw_ops.Empty(shape=tf.shape(x), dtype=x.dtype)
