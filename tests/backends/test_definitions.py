"""Differences in definition: that each is what the installed framework says of itself."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

from backends.definitions import NOTES, note

TENSORFLOW = """
import inspect, tensorflow as tf
def default(function, name):
    return inspect.signature(function).parameters[name].default
print(default(tf.nn.gelu, "approximate"), default(tf.nn.leaky_relu, "alpha"), list(inspect.signature(tf.nn.softplus).parameters))
print("alpha * `exp(x) - 1`" in tf.keras.activations.elu.__doc__, "1.67" in tf.nn.selu.__doc__)
"""


def test_notes_are_on_functions_that_there_are() -> None:
    for backend, activation in NOTES:
        assert activation in importlib.import_module(f"backends.{backend}").FUNCTIONS
    assert note("torch", "sigmoid") == ""


def test_pytorch() -> None:
    functional = importlib.import_module("torch.nn.functional")
    assert "threshold=20" in functional.softplus.__doc__
    assert "approximate = 'none'" in functional.gelu.__doc__
    noted = {activation for backend, activation in NOTES if backend == "torch"}
    assert noted == {"softplus", "gelu_tanh"}


def test_jax() -> None:
    nn = importlib.import_module("jax.nn")
    assert inspect.signature(nn.gelu).parameters["approximate"].default is True
    assert list(inspect.signature(nn.softplus).parameters) == ["x"]


def test_tensorflow() -> None:
    done = subprocess.run([sys.executable, "-c", TENSORFLOW], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-2:] == ["False 0.2 ['features', 'name']", "True False"]
