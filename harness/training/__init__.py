"""Forward and back: the same small network trained in every framework, with three gradients of its activation.

What the last bit means for training: the runs of one framework start from the same bits and differ in nothing but f' in the
backward pass, which is the framework's automatic differentiation of its function, the formula from the cached value, or the
exact f' correctly rounded (:mod:`harness.reference.rounded`).
"""
