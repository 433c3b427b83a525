"""Two activations of one's own, for `lastbit run --activations docs/own_activations.py`."""


def swish(x, f, beta=1.5):
    """x·σ(βx), as it is mostly written."""
    return x / (1 + f.exp(-beta * x))


def ramp(x, f, height=2.0):
    """min(max(x, 0), height): kinks where it is split."""
    return f.split(x, 0, lambda: 0, lambda: f.split(x, height, lambda: x, lambda: height))
