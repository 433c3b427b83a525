"""The worker process: one implementation, asked over two pipes, with its bits in memory-mapped slots.

Started as ``python -m backends.worker --backend NAME --mode MODE --device DEVICE --threads N --commands FD --replies FD``; with
``--cores 0,1`` on these processors only; with ``--substitute TARGET --folder PATH`` for a function of the user's own
(:mod:`backends.substitute`).
Commands and replies are lines of JSON on the two inherited descriptors; standard output and error belong to the
framework and may be written to at will. A failing case is a reply; only a crash ends the worker.

* first reply: ``{"hello": {"versions", "environment"}, "processor_seconds"}``, or ``{"failed": reason}``; with ``"status"``
  where the user's function cannot be had
* ``{"op": "prepare", "id", "case", "length", "tensor", "inputs": [path, path], "outputs": [path, path]}``: slots of ``length``
  encodings, which the framework gets in tensors of ``tensor`` elements, a divisor
* ``{"op": "call", "id", "slot", "tensors"}``, for the first so many tensors of a slot, replies ``{"seconds",
  "framework_seconds", "moving_seconds"}``: in all; of that in the framework; processor time of what is not; of a function of
  the user's own also ``notes`` and ``history``, see :mod:`backends.repetition`
* ``{"op": "time", "id", "case", "n", "inputs": path, "multiple", "extra", "regime"}``, then
  ``{"op": "visit", "id", "blocks"}``, see :class:`backends.bench.Bench`
* ``{"op": "study", "id", "case"}``, then ``apply``, ``position``, ``layout`` or ``promotion``, see
  :class:`backends.invariances.Specimen`
* ``{"op": "train", "id", "case", ...}``, then ``forward`` and ``backward`` of :class:`backends.training.Network`
* ``{"op": "chain", "id", "case", ...}``, see :func:`backends.chain.chain`
* ``{"op": "forget", "id"}``
* end of the command pipe: exit

Every reply to a command carries its ``id``, the ``processor_seconds`` that it took, ``peak_bytes``, the most memory that this
process has had so far, and either results or ``status`` (``unsupported``, ``failed``) and ``reason``.
``--describe`` prints what the adapter's class, or the user's function, tells of itself, as a last line of JSON, and ends.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from .protocol import Unsupported

_REASON = 300  # characters


def main() -> None:
    """Run the worker until its command pipe closes."""
    parser = argparse.ArgumentParser(prog="backends.worker")
    parser.add_argument("--backend", default="")
    parser.add_argument("--mode", default="eager")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cores", default="")
    parser.add_argument("--substitute", default="")
    parser.add_argument("--folder", default="")
    parser.add_argument("--commands", type=int)
    parser.add_argument("--replies", type=int)
    parser.add_argument("--describe", action="store_true")
    options = parser.parse_args()
    if options.describe:
        _describe(options)
        return
    sys.argv[1:] = []  # nothing of this is for the user's module
    _die_with_parent()
    _set_threads(options.threads)
    if options.cores:  # before the framework is imported: it counts the processors that it may use
        os.sched_setaffinity(0, [int(core) for core in options.cores.split(",")])
    replies = os.fdopen(options.replies, "w", buffering=1)
    started = _start(options, replies)
    if started:
        _serve(*started, os.fdopen(options.commands), replies)


def _describe(options: argparse.Namespace) -> None:
    from .registry import load, spec
    from .substitute import described

    if options.substitute:
        said: dict[str, Any] = described(options.substitute, options.folder)
    else:
        said = {"modes": list(load(spec(options.backend)).modes)}
    print("\n" + json.dumps(said))


def _die_with_parent() -> None:
    """Leave no orphan, whatever happens to the parent; Ctrl-C is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG; tied to the thread that started us

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _set_threads(threads: int) -> None:
    """Before the framework is imported: most read these once."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NPROC", "PJRT_NPROC"):
        os.environ[name] = str(threads)
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[name] = str(threads)
    # NumPy's OpenBLAS has its threads spin for 0.1 s after the import, waiting for work: beside what is timed.
    os.environ["OPENBLAS_THREAD_TIMEOUT"] = "4"  # 2^4 steps of the processor's counter, the least it takes


def _start(options: argparse.Namespace, replies: Any) -> tuple[Any, Any] | None:
    """The adapter and the user's function, if any."""
    from . import substitute
    from .environment import environment, flushes_to_zero
    from .registry import load, spec

    before, status = flushes_to_zero(), "missing"
    begin = time.perf_counter()
    try:
        backend = load(spec(options.backend))(options.mode, options.device)
        spent = time.perf_counter() - begin
        status = "failed"
        mine = substitute.load(options.substitute, options.folder) if options.substitute else None
        status = "missing"
        facts = environment() | {"flush_to_zero_before": str(before), "import_seconds": f"{spent:.3f}"} | backend.environment()
        facts["flush_to_zero_after"] = str(flushes_to_zero())
        hello = {"versions": backend.versions(), "environment": facts}
        _send(replies, {"hello": hello, "processor_seconds": _processor_seconds()})
    except BaseException as error:  # a broken installation may raise anything
        _send(replies, {"failed": _reason(error), "status": status})
        return None
    return backend, mine


def _serve(backend: Any, mine: Any, commands: Any, replies: Any) -> None:
    from .memory import Housekeeping, peak_bytes

    prepared: dict[int, Callable[[int, int], dict[str, Any]]] = {}
    studied: dict[int, Any] = {}
    bench: Any = None
    housekeeping = Housekeeping(backend)
    for line in commands:
        command = json.loads(line)
        identity, busy = command["id"], _processor_seconds()
        try:
            answer: dict[str, Any] = {}
            if command["op"] == "prepare":
                prepared[identity] = _prepare(backend, mine, command)
            elif command["op"] == "call":
                answer = prepared[identity](command["slot"], command["tensors"])
            elif command["op"] == "forget":
                prepared.pop(identity, None)
                studied.pop(identity, None)
                if not prepared and not studied:
                    housekeeping.tidy()
            elif command["op"] == "study":
                studied[identity] = _study(backend, mine, command)
            elif command["op"] == "train":
                studied[identity] = _network(backend, command)
            elif command["op"] in ("apply", "position", "layout", "promotion", "forward", "backward"):
                answer = getattr(studied[identity], command["op"])(command)
            elif command["op"] == "chain":
                answer = _chain(backend, command)
            elif command["op"] == "time":
                bench = bench or _bench(backend)
                answer = bench.time(command, _case(command["case"], mine))
            elif command["op"] == "visit":
                answer = bench.visit(command)
        except BaseException as error:  # the specimen may raise anything; the row says what
            kind = "unsupported" if isinstance(error, Unsupported) else "failed"
            answer = {"status": kind, "reason": _reason(error)}
        spent = {"processor_seconds": _processor_seconds() - busy, "peak_bytes": peak_bytes()}
        _send(replies, {"id": identity} | spent | answer)


def _processor_seconds() -> float:
    """That this process, and the compilers that it has started and waited for, have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _prepare(backend: Any, mine: Any, command: dict[str, Any]) -> Callable[[int, int], dict[str, Any]]:
    import numpy as np

    from .protocol import CARRIERS
    from .repetition import Repetition
    from .substitute import prepare

    case = _case(command["case"], mine)
    notes: dict[str, str] = {}
    carrier, length, size = CARRIERS[case.format], command["length"], command["tensor"]
    inputs = [np.asarray(np.memmap(path, carrier, "r", shape=(length,))) for path in command["inputs"]]
    outputs = [np.asarray(np.memmap(path, carrier, "r+", shape=(length,))) for path in command["outputs"]]
    function = prepare(backend, case, notes)

    def compute(bits: Any, out: Any, spent: list[float]) -> None:
        """Write the results of one tensor, and add to the seconds and the processor time in the framework."""
        # The slot is nobody's to write into, and what a framework makes of it may share its memory.
        tensor = backend.load(np.array(bits) if mine else bits, case.format)
        begin, busy = time.perf_counter(), time.process_time()
        result = backend.synchronise(function(tensor))
        spent[0] += time.perf_counter() - begin
        spent[1] += time.process_time() - busy
        results = backend.store(result, case.format)
        if results.shape != out.shape:
            raise ValueError(f"returned shape {tuple(results.shape)} for {len(out)} inputs")
        out[:] = results

    repetition = Repetition(case.format, lambda bits, out: compute(bits, out, [0.0, 0.0])) if mine else None

    def call(slot: int, tensors: int) -> dict[str, Any]:
        if repetition:
            repetition.before(inputs[slot][:size])
        begin, busy, spent = time.perf_counter(), time.process_time(), [0.0, 0.0]
        for low in range(0, tensors * size, size):
            compute(inputs[slot][low : low + size], outputs[slot][low : low + size], spent)
        moving = time.process_time() - busy - spent[1]
        answer: dict[str, Any] = {"seconds": time.perf_counter() - begin, "framework_seconds": spent[0], "moving_seconds": moving}
        if repetition:
            answer |= {"notes": list(notes.values()), "history": repetition.after(inputs[slot][:size], outputs[slot][:size])}
        return answer

    return call


def _study(backend: Any, mine: Any, command: dict[str, Any]) -> Any:
    from .invariances import Specimen

    return Specimen(backend, _case(command["case"], mine))


def _network(backend: Any, command: dict[str, Any]) -> Any:
    from .training import Network

    return Network(backend, _case(command["case"], None), command)


def _chain(backend: Any, command: dict[str, Any]) -> dict[str, Any]:
    from .chain import chain

    return chain(backend, _case(command["case"], None), command)


def _bench(backend: Any) -> Any:
    from .bench import Bench

    return Bench(backend)


def _case(fields: dict[str, Any], mine: Any) -> Any:
    from .protocol import Case

    return Case(**{**fields, "parameters": tuple((name, value) for name, value in fields["parameters"]), "substitute": mine})


def _reason(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    # What it says ends up in a terminal: nothing in it may be an order to that.
    text = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in " ".join((lines[0] if lines else "").split()))
    return f"{text if isinstance(error, Unsupported) else f'{type(error).__name__}: {text}'}"[:_REASON]


def _send(replies: Any, message: dict[str, Any]) -> None:
    replies.write(json.dumps(message) + "\n")
    replies.flush()


if __name__ == "__main__":
    main()
