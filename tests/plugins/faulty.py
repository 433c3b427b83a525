"""Backends that misbehave, and right ones with a planted defect, for the tests of the harness. The modes say how."""

from __future__ import annotations

import ctypes
import mmap
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from backends.memory import ROOM
from backends.numpy import NumPy
from backends.protocol import Case


class Faulty(NumPy):
    """NumPy, except for what the mode says."""

    modes = ("right", "hangs", "chatters", "flushes", "short", "nan", "raises", "dies", "exits", "casts", "hoards", "broken")

    def __init__(self, mode: str, device: str) -> None:
        if mode == "broken":
            raise ImportError("libbroken.so.1: cannot open shared object file")
        super().__init__(mode, device)
        self._mode, self._calls, self._hoard = mode, 0, [b""]
        if mode == "flushes":
            flush_to_zero()

    def clear(self) -> None:
        self._hoard.clear()
        if mark := os.environ.get("FAULTY_CLEARED"):
            Path(mark).touch()

    def prepare(self, case: Case) -> Callable[[Any], Any]:
        function = super().prepare(case)
        if self._mode == "hoards":
            self._hoard.append(b"\1" * (ROOM + (16 << 20)))

        def call(x: Any) -> Any:
            self._calls += 1
            if self._mode == "hangs":
                if mark := os.environ.get("FAULTY_HANGS"):
                    Path(mark).touch()
                time.sleep(3600)
            if self._mode == "chatters":
                os.write(1, b"chatter\n" * 500_000)
                os.write(2, b"\xff\x00 noise\n" * 100_000)
            if self._mode == "raises":
                raise FloatingPointError("no such luck\nwith details")
            if self._mode == "dies" and self._calls == 2:
                os.kill(os.getpid(), signal.SIGABRT)
            if self._mode == "exits":
                os._exit(3)
            y = function(x)
            changed = {"short": lambda: y[:-1], "nan": lambda: np.full_like(y, np.nan), "casts": lambda: y.astype(float)}
            return changed.get(self._mode, lambda: y)()

        return call


def flush_to_zero() -> None:
    """Set FTZ and DAZ in this thread's MXCSR (x86-64): ldmxcsr [rdi]; ret."""
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\x0f\xae\x17\xc3")
    control = ctypes.c_uint32(0x1F80 | 0x8040)
    ctypes.CFUNCTYPE(None, ctypes.c_void_p)(ctypes.addressof(ctypes.c_char.from_buffer(code)))(ctypes.addressof(control))


class Mutant(NumPy):
    """A correctly rounded sigmoid in float32 with one defect; ``none`` has no defect."""

    modes = ("none", "one_ulp", "one_nan", "one_subnormal", "zero_sign", "one_binade")

    def __init__(self, mode: str, device: str) -> None:
        super().__init__(mode, device)
        self._mode = mode

    def prepare(self, case: Case) -> Callable[[Any], Any]:
        wide = np.empty(0)

        def sigmoid(x: Any) -> Any:
            nonlocal wide
            if wide.size != x.size:
                wide = np.empty(x.size)  # kept: fresh pages for every temporary would cost more than the arithmetic
            np.negative(x, out=wide, dtype=np.float64)
            np.exp(wide, out=wide)
            wide += 1
            np.reciprocal(wide, out=wide)
            bits = wide.astype(np.float32).view(np.uint32)
            inputs = x.view(np.uint32)
            if self._mode == "one_ulp":
                bits[inputs == 0x3FC00000] += 1  # 1.5
            if self._mode == "one_nan":
                bits[inputs == 0x3FC00000] = 0x7FC00000
            if self._mode == "one_subnormal":
                bits[inputs == 0xC2B20000] = 0  # -89
            if self._mode == "zero_sign":
                bits[inputs == 0xC3000000] = 0x80000000  # -128: underflows to +0
            if self._mode == "one_binade":
                bits[(inputs >= 0x40000000) & (inputs < 0x40800000)] += 1  # [2, 4)
            return bits.view(np.float32)

        return sigmoid


class Moody(NumPy):
    """A sigmoid whose results depend on more than its input; the environment's MOODY says on what."""

    modes = ("eager",)

    def __init__(self, mode: str, device: str) -> None:
        super().__init__("eager", device)
        self._mode, self._long = os.environ["MOODY"], 0
        if self._mode == "broken":
            raise ImportError("no such mood")
        _fate("start")

    def prepare(self, case: Case) -> Callable[[Any], Any]:
        def sigmoid(x: Any) -> Any:
            self._long += np.size(x) > 1000
            _fate(str(np.size(x)))
            if self._mode == "deadly" and x.size == 67:
                os.kill(os.getpid(), signal.SIGKILL)
            inputs = np.ravel(x)
            y = (np.float64(1) / (1 + np.exp(-np.float64(inputs)))).astype(np.result_type(x, np.float16))
            bits = y.view(f"u{y.itemsize}")
            near = inputs > 2
            moods = {
                "lane": near & (np.arange(y.size) % 16 == 2),
                "length": near & (y.size == 7),
                "neighbours": near & (np.roll(inputs, 1) < 0),
                "restless": near & (y.size > 1000) & (self._long == 2),
                "warm": near & (y.size > 1000) & (self._long == 3),
                "threads": near & (os.environ["OMP_NUM_THREADS"] == "2"),
                "scalar": near & (np.ndim(x) == 0),
                "dimensions": near & (np.ndim(x) == 4),
                "integers": near & (inputs.dtype.kind == "i"),
            }
            if self._mode == "apart" and not x.flags.c_contiguous:
                y = np.nextafter(y, y.dtype.type(2))
            if self._mode in moods:
                bits[moods[self._mode] & np.isfinite(y)] ^= 1
            if self._mode == "payload":
                bits[np.isnan(y)] |= (np.arange(y.size) % 5).astype(bits.dtype)[np.isnan(y)]
            if self._mode == "zero":
                np.copyto(y, -0.0, where=(y == 0) & (np.arange(y.size) % 16 == 2))
            if self._mode == "whole" and inputs.dtype.kind in "ib":
                y = y.astype(np.int32)
            return y.reshape(np.shape(x))

        return sigmoid


def _fate(occasion: str) -> None:
    """Die by somebody else's hand, once, if the environment's FATE names a folder with a file OCCASION-THREADS."""
    file = Path(os.environ.get("FATE", "")) / f"{occasion}-{os.environ['OMP_NUM_THREADS']}"
    if file.is_file():
        file.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


class Needle(NumPy):
    """A sigmoid in float64 that is wrong where few look: the more the nearer to 1.3 (``pit``), or at one input (``limit``)."""

    modes = ("pit", "limit")

    def __init__(self, mode: str, device: str) -> None:
        super().__init__(mode, device)
        self._mode = mode

    def prepare(self, case: Case) -> Callable[[Any], Any]:
        function = super().prepare(case)

        def call(x: Any) -> Any:
            bits = np.asarray(function(x)).view(np.uint64)
            if self._mode == "limit":
                return (bits + np.where(x == 709.782712893384, np.uint64(1000), np.uint64(0))).view(np.float64)
            depth = 30 - np.floor(np.log2(1 + np.abs(x - 1.3) * 2.0**30))  # 0 from a distance of 1 on, 30 up to 2^-30
            return (bits + np.where(depth > 0, depth, 0).astype(np.uint64)).view(np.float64)

        return call
