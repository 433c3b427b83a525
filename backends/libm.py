"""The C library's own functions, called in compiled loops: a standard to calibrate the instrument with.

Their largest errors are published, which holds for no framework's functions.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib
import platform
from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import Arrays
from .protocol import Case, Unsupported

FUNCTIONS = ("exp", "expm1", "log1p", "tanh", "erf")
"""By the same names as the activations; those for float32 end in f."""
_TYPES = {"float32": (ctypes.c_float, "f"), "float64": (ctypes.c_double, "")}
_ACTIVE = {"AVX": (0, 2, 28), "FMA": (0, 2, 12), "AVX2": (1, 1, 5)}  # leaf of CPUID, register from EAX on, bit


class Libm(Arrays):
    """exp, expm1, log1p, tanh and erf, without derivatives."""

    modes = ("eager",)

    def __init__(self, mode: str, device: str) -> None:
        if mode not in self.modes:
            raise Unsupported(f"the C library has no mode {mode!r}: it has eager")
        if device != "cpu":
            raise Unsupported(f"the C library has no device {device!r}: it has cpu")
        name = ctypes.util.find_library("m")
        if name is None:
            raise Unsupported("no C library libm was found")
        self._library = ctypes.CDLL(name)
        self._vectorize: Any = importlib.import_module("numba").vectorize
        np.seterr(all="ignore")  # overflow is a result here, not news

    def versions(self) -> dict[str, str]:
        name, version = platform.libc_ver()
        return {name or "libm": version or "of unknown version"}

    def environment(self) -> dict[str, str]:
        return {"framework_path": active_sets()}

    def prepare(self, case: Case) -> Callable[[Any], Any]:
        if case.activation not in FUNCTIONS:
            raise Unsupported(f"the C library has no {case.activation}")
        if case.order or case.route != "native":
            raise Unsupported("the C library has no derivatives")
        if case.format not in _TYPES:
            raise Unsupported(f"the C library has no functions for {case.format}")
        kind, suffix = _TYPES[case.format]
        function = getattr(self._library, case.activation + suffix)
        function.argtypes, function.restype = [kind], kind
        # A NumPy ufunc: a compiled loop, which refuses integers.
        loop: Callable[[Any], Any] = self._vectorize([f"{case.format}({case.format})"])(lambda x: function(x))
        return loop


def active_sets() -> str:
    """The instruction sets among AVX, AVX2 and FMA by which glibc chooses its functions, for example ``"AVX AVX2 FMA"``.

    The tunable ``glibc.cpu.hwcaps`` (``GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA``) takes them away, and then other variants of
    the same functions run, with other last bits. ``"baseline"`` where none is active, nothing where the library does not say.
    """

    class Leaf(ctypes.Structure):  # struct cpuid_feature of <sys/platform/x86.h>, since glibc 2.33
        _fields_ = (("processor", ctypes.c_uint32 * 4), ("active", ctypes.c_uint32 * 4))

    try:
        ask = ctypes.CDLL(None).__getattr__("__x86_get_cpuid_feature_leaf")
    except (AttributeError, OSError):
        return ""
    ask.restype, ask.argtypes = ctypes.POINTER(Leaf), [ctypes.c_uint]
    active = [name for name, (leaf, register, bit) in _ACTIVE.items() if ask(leaf).contents.active[register] >> bit & 1]
    return " ".join(sorted(active)) or "baseline"
