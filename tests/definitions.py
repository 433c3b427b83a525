"""Activations that are not in the catalogue: the fast reference is made from any definition."""

from __future__ import annotations

from math import inf

from harness.activations import Activation

# Zeros of its derivatives away from 0, and no limit.
SWISH = Activation("swish", lambda x, f: x / (1 + f.exp(-x)), limits=((-0.0, inf), (-0.0, 1.0), (-0.0, -0.0)))
# A kink that is no power of two.
CLIP = Activation(
    "clip",
    lambda x, f: f.split(x, 0.0, lambda: 0 * x, lambda: f.split(x, 6.0, lambda: x, lambda: 0 * x + 6)),
    limits=((0.0, 6.0), (0.0, 0.0), (0.0, 0.0)),
    kinks=(0.0, 6.0),
)
# Far out its results are those of x - 1, plus something tiny.
SHRINK = Activation("shrink", lambda x, f: x - 1 + 2 / (1 + f.exp(2 * x)), limits=((-inf, inf), (1.0, 1.0), (-0.0, -0.0)))
# From 2^23 on its results are ties of float32.
STEP = Activation(
    "step",
    lambda x, f: f.split(x, 0.5, lambda: 0 * x, lambda: x - 0.5),
    limits=((0.0, inf), (0.0, 1.0), (0.0, 0.0)),
    kinks=(0.5,),
)
# It overflows, and far beyond any format.
EXPONENTIAL = Activation("exponential", lambda x, f: f.exp(x), limits=((0.0, inf), (0.0, inf), (0.0, inf)))
