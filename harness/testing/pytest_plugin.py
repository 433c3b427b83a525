"""For pytest, found by its entry point: a fixture ``assert_accurate``, whose defaults a marker ``lastbit`` may set.

@pytest.mark.lastbit(format="bfloat16", allow=("flushed",))
def test_gradient(assert_accurate):
    assert_accurate(fast_sigmoid, "sigmoid", order=1)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "lastbit(**arguments): defaults for the fixture assert_accurate")


@pytest.fixture
def assert_accurate(request: pytest.FixtureRequest) -> Callable[..., None]:
    """:func:`harness.testing.assert_accurate` with the arguments of the markers ``lastbit``, the nearest one first."""
    from . import assertion as testing  # the reference comes with the first test that wants it

    given = {name: value for mark in reversed(list(request.node.iter_markers("lastbit"))) for name, value in mark.kwargs.items()}
    return partial(testing.assert_accurate, **given)
