"""Kernels for TensorFlow as people write them."""

import keras
import tensorflow as tf


@tf.custom_gradient
def sigmoid(x):
    value = tf.sigmoid(x)

    def gradient(upstream):
        return upstream * value * (1 - value)

    return value, gradient


class Swish(keras.layers.Layer):
    def __init__(self, beta=1.0):
        super().__init__()
        self.beta = beta

    def build(self, shape):
        self.scale = self.add_weight(shape=(), initializer="ones")

    def call(self, x):
        return x * tf.sigmoid(self.scale * self.beta * x)


layer = keras.layers.Activation("swish")


@tf.function
def softplus(x, beta=1.0):
    return tf.math.softplus(beta * x) / beta


def cut(x):
    return tf.constant(tf.sigmoid(x).numpy())
