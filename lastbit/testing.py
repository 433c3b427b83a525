"""For test suites: ``assert_accurate`` compares a function, or arrays, with the exact result."""

from harness.testing.assertion import assert_accurate

__all__ = ["assert_accurate"]
