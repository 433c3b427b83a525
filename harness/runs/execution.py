"""Do a run: plan it, have its units done, make the frames."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Sequence
from contextlib import closing, nullcontext
from pathlib import Path

from ..case import Task
from ..folders import prepare
from ..workers.own import declared
from ..workers.process import CALL_LIMIT, START_LIMIT
from .plan import Plan, Request, plan
from .results import Run
from .shards import cluster, local
from .shards.collection import collect
from .shards.local import settle
from .shards.manifest import begin
from .shards.merge import check_own
from .shards.runner import UnitRunner
from .shards.store import Store
from .shards.units import SHARD, divide

Progress = Callable[[Task, int], None]
TAKEN = "give another directory, or overwrite=True to replace a run"


def run(
    *activations: str,
    backends: tuple[str, ...] = (),
    formats: tuple[str, ...] = (),
    orders: tuple[int, ...] = (),
    routes: tuple[str, ...] = (),
    inputs: str | int = "",
    seed: int = 0,
    jobs: int | None = None,
    block: int | None = None,
    laws: bool = False,
    own: str | os.PathLike[str] = "",
    search: int = -1,
    implementations: tuple[str, ...] = (),
    out: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> Run:
    """Measure activations on every installed framework, and return the frames.

    Args:
        activations: ``NAME`` or ``NAME(parameter=value, ...)``; default those of ``own``, or sigmoid.
        backends: ``NAME[:MODE][@DEVICE]``; default every installed one, eager and compiled.
        formats, orders, routes: default all.
        inputs: ``"exhaustive"`` or a number; default: 16-bit formats exhaustive, a sample of 2^22 for wider ones.
        seed: of the samples.
        jobs: workers that compute at a time, and threads that compare; default: one per processor.
        block: inputs per block, a power of two of at least 1024; changes no result.
        laws: whether to check the invariances as well, see :mod:`harness.findings.invariances`.
        own: a Python file with activations of your own, see docs/own-activations.md.
        search: evaluations of a search for the worst input of each float64 case, see :mod:`harness.accuracy.search`; 0: none;
            -1: 2^18 where no inputs are named, of at most four activations.
        implementations: functions of your own beside the backend's, see :mod:`backends.target`; needs one backend.
        out: directory to save the frames in, new or empty.
        overwrite: whether a run that ``out`` holds is replaced.

    Raises:
        ValueError: for anything that does not exist or does not parse; the message names the choices; for a directory that
            holds anything.
    """
    implementations, activations, backends = declared(implementations, activations, backends)
    chosen = (activations, backends, tuple(formats), tuple(orders), tuple(routes), str(inputs), seed)
    file = str(Path(own).resolve()) if own else ""
    request = Request(*chosen, laws=laws, own=file, search=search, implementations=implementations)
    work = plan(request)
    folder = None if out is None else prepare(Path(out), overwrite=overwrite, hint=TAKEN)
    result = execute(work, jobs=jobs, block=block, folder=folder, requests=[request], fresh=True, overwrite=overwrite)
    result.requests = (request,)
    if folder:
        result.save(folder)
    return result


def execute(
    work: Plan,
    *,
    jobs: int | None = None,
    block: int | None = None,
    start_limit: float = START_LIMIT,
    call_limit: float = CALL_LIMIT,
    progress: Progress = lambda task, inputs: None,
    folder: Path | None = None,
    shard: int = SHARD,
    share: tuple[int, int] = (1, 1),
    requests: Sequence[Request] = (),
    fresh: bool = False,
    overwrite: bool = False,
    workers: int = 0,
    scheduler: str = "",
) -> Run:
    """Measure a plan; interrupted by Ctrl-C it returns what is finished, the rest marked ``interrupted``.

    With a directory every unit is on disk as soon as it is finished, and those that are there already are not done again.
    Several processes may work on the same directory at once.

    Args:
        work: the plan; it is not touched.
        jobs: workers that compute at a time, and threads that compare; default: one per processor.
        block: inputs per block, a power of two of at least 1024; changes no result.
        start_limit, call_limit: seconds that a worker may take to start and first call a case, and for a block.
        progress: called with (task, inputs) when a task has computed a block.
        folder: of the run.
        shard: inputs of a unit, a power of two; changes no result.
        share: (i, n): only every n-th unit, from the i-th on, is done here.
        requests: that the plan was made of, to be noted in the directory once nothing is left to refuse; a cluster needs them.
        fresh: whether no run must have begun in the directory.
        overwrite: whether one that has is removed then.
        workers: of a Dask cluster on this machine; 0: this process does the work.
        scheduler: address of a Dask cluster.

    Raises:
        ValueError: for a number of jobs, a block or a share that cannot be, or a cluster that is not there: what is in the
            directory is as it was; or for a file there that is damaged or of another run.
        ConnectionError: where the cluster is lost; what is finished is kept.
        RuntimeError: where the harness's own floating-point environment is not IEEE's default.
        OSError: where there is no room on the disk.
    """
    check_arithmetic()
    jobs = processors() if jobs is None else jobs
    if jobs < 1:
        raise ValueError(f"jobs {jobs}: give a number of at least 1")
    if block is not None and (block < 1024 or block & (block - 1)):
        raise ValueError(f"block {block}: give a power of two of at least 1024")
    units = divide(work, shard)
    interrupted = False
    mine = [unit for number, unit in enumerate(units) if number % share[1] == share[0] - 1]
    with cluster.connected(workers, scheduler) if workers or scheduler else nullcontext() as client:
        if folder and requests:
            begin(folder, requests, fresh, overwrite)
        store = Store(folder)
        check_own(units, store)
        try:
            if client:
                cluster.work_off(work, requests, mine, units, store, client, not scheduler, progress)
            else:
                with closing(UnitRunner(work, jobs, block, start_limit, call_limit, progress)) as runner:
                    local.work_off(work, mine, units, store, runner, jobs)
        except KeyboardInterrupt:
            interrupted = True  # what is not finished has rows that say so
            store.refresh()  # the signal may have come between a file and the note of it
        finally:
            store.close()
    settle(work, units, store)
    result = collect(work, units, store)
    result.interrupted = interrupted
    return result


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_arithmetic() -> None:
    """Assert that subnormal numbers are alive and that rounding is to nearest, in this process.

    Raises:
        RuntimeError: otherwise: nothing measured with such arithmetic could be trusted.
    """
    (subnormal,) = struct.unpack("<d", struct.pack("<Q", 3))
    (one,) = struct.unpack("<d", struct.pack("<d", 1.0))
    (tie,) = struct.unpack("<d", struct.pack("<d", 2.0**-53))
    nearest = one + tie == 1.0 and one + 1.5 * tie > 1.0 and -one - tie == -1.0
    if subnormal * 2.0 == 0.0 or not nearest:
        raise RuntimeError("this process flushes subnormal numbers or does not round to nearest: nothing was measured")
