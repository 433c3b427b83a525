"""What a worker runs on: the processor path is part of a result, since instruction sets and FMA change last bits."""

from __future__ import annotations

import os
import platform
import struct
from pathlib import Path

_SETS: tuple[str, ...] = (
    "sse4_2",
    "avx",
    "avx2",
    "fma",
    "avx512f",
    "avx512dq",
    "avx512bw",
    "avx512vl",
    "avx512_bf16",
    "avx512_fp16",
    "amx_tile",
    "asimd",
    "fphp",
    "asimdhp",
    "sve",
    "bf16",
)
_PREFIXES = (
    "ATEN_",
    "GLIBC_TUNABLES",
    "TF_",
    "XLA_",
    "JAX_",
    "MKL_",
    "OMP_",
    "OPENBLAS_",
    "NPY_",
    "DNNL_",
    "ONEDNN_",
    "TORCH",
    "NPROC",
)
_OTHERS = ("TF_VAR_", "TF_CLI_", "TF_TOKEN_")  # Terraform's, which may be secret


def environment() -> dict[str, str]:
    """Processor, instruction sets, C library, Python, and the environment variables that change numerics."""
    variables = sorted(name for name in os.environ if name.startswith(_PREFIXES) and not name.startswith(_OTHERS))
    return {
        "processor": _processor(),
        "instruction_sets": " ".join(instruction_sets()),
        "architecture": platform.machine(),
        "c_library": " ".join(platform.libc_ver()),
        "python": platform.python_version(),
        "threads": os.environ.get("OMP_NUM_THREADS", ""),
        "variables": " ".join(f"{name}={os.environ[name]}" for name in variables),
    }


def flushes_to_zero() -> bool:
    """Whether this thread's arithmetic takes or gives zeros for subnormal numbers, measured."""
    # From bytes, so that nothing is folded beforehand.
    (least_normal,) = struct.unpack("<d", struct.pack("<Q", 1 << 52))
    (subnormal,) = struct.unpack("<d", struct.pack("<Q", 3))
    return bool(least_normal * 0.5 == 0.0 or subnormal * 2.0 == 0.0)


def instruction_sets() -> list[str]:
    """The instruction sets that matter here, as the operating system names them; empty where it does not say."""
    flags = _cpuinfo("flags") or _cpuinfo("Features")
    return [name for name in _SETS if name in flags.split()]


def _processor() -> str:
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def _cpuinfo(key: str) -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.partition(":")[0].strip() == key), "")
