"""What the kernels need from the machine: bit casts, fused multiply-add, and how they are compiled.

The kernels are bit-for-bit reproducible on any processor: floating-point contraction stays off, and where a fused
multiply-add is meant it is written as :func:`fma`, which rounds once by definition (IEEE 754-2019, 5.4.1).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite.binding
import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_CONFIG: Any = numba.config
EXPONENT_MASK = 0x7FF0000000000000
MAGNITUDE_MASK = 0x7FFFFFFFFFFFFFFF


def _prefer_wide_vectors() -> None:
    """Let LLVM use 512-bit vectors where the processor has them; by default it stops at 256 bits.

    Measured on an Ice Lake server: 1.25 times the throughput for the comparison kernel. A choice the user made in
    the environment stands.
    """
    if _CONFIG.CPU_FEATURES is None:
        features = llvmlite.binding.get_host_cpu_features()
        if features.get("avx512dq"):
            _CONFIG.CPU_FEATURES = features.flatten() + ",-prefer-256-bit"


_SOURCES = (
    "*/kernels/*.py",
    "activations.py",
    "catalogue.py",
    "accuracy/tally.py",
    *(
        f"reference/{name}.py"
        for name in ("approximation", "balls", "cells", "ends", "expansion", "leading_terms", "own", "pieces", "rational")
    ),
)  # in harness/: kernels, and what their tables are made from


def _cache_directory() -> str:
    """A directory for kernels and their tables, named after all their sources, so that none outlives a change."""
    sources = [source for pattern in _SOURCES for source in sorted(Path(__file__).parents[2].glob(pattern))]
    name = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return str(root / "lastbit" / "kernels" / name)


_prefer_wide_vectors()
CACHE = _cache_directory()


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop: without the interpreter lock, with IEEE division by zero, cached on disk."""
    before = _CONFIG.CACHE_DIR
    _CONFIG.CACHE_DIR = CACHE  # read when the cache is set up; other people's kernels keep their own
    try:
        compiled: Callable[..., Any] = numba.njit(nogil=True, error_model="numpy", cache=True)(function)
    finally:
        _CONFIG.CACHE_DIR = before
    return compiled


def routine(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that kernels call."""
    compiled: Callable[..., Any] = numba.njit(nogil=True, error_model="numpy")(function)
    return compiled


def step(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that kernels inline, so that their loops vectorise."""
    compiled: Callable[..., Any] = numba.njit(inline="always", error_model="numpy")(function)
    return compiled


def _fma(context: Any, a: Any, b: Any, c: Any) -> Any:
    """``a * b + c`` rounded once."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), generate


def _to_bits(context: Any, value: Any) -> Any:
    """The 64 bits of a float64 as an int64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


def _from_bits(context: Any, value: Any) -> Any:
    """The float64 that has the 64 bits of an int64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate


def _pointer(context: Any, address: Any) -> Any:
    """An address as a pointer, for ``numba.carray``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())

    return types.voidptr(types.int64), generate


def _stream(context: Any, array: Any, index: Any, value: Any) -> Any:
    """Write an element past the caches."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(array)(context, builder, arguments[0]).data
        store = builder.store(arguments[2], builder.gep(data, [arguments[1]]), align=array.dtype.bitwidth // 8)
        store.set_metadata("nontemporal", builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)]))
        return context.get_dummy_value()

    return types.none(array, types.int64, array.dtype), generate


def _stored(context: Any) -> Any:
    """Let nothing that follows be seen by others before what was streamed."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.none(), generate


def _borrowed(context: Any, arrays: Any) -> Any:
    """An array, or a tuple of arrays, without the owners of the memory.

    Numba counts references wherever an array is sliced or passed on, by atomic operations on memory that all threads share.
    Within a kernel that is not needed: its caller holds the arrays.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return disown(context, builder, arrays, arguments[0])

    def disown(context: Any, builder: Any, kind: Any, value: Any) -> Any:
        if isinstance(kind, types.BaseTuple):
            parts: Any = kind.types  # type: ignore[attr-defined]
            for number, part in enumerate(parts):
                value = builder.insert_value(value, disown(context, builder, part, builder.extract_value(value, number)), number)
            return value
        array = context.make_array(kind)(context, builder, value)
        array.meminfo = ir.Constant(array.meminfo.type, None)
        array.parent = ir.Constant(array.parent.type, None)
        return array._getvalue()

    return arrays(arrays), generate


# Called from compiled code only, where they take the arguments behind the context.
fma: Any = intrinsic(_fma)
to_bits: Any = intrinsic(_to_bits)
from_bits: Any = intrinsic(_from_bits)
pointer: Any = intrinsic(_pointer)
stream: Any = intrinsic(_stream)
stored: Any = intrinsic(_stored)
borrowed: Any = intrinsic(_borrowed)
