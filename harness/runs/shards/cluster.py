"""The units of a run on a Dask cluster. Its workers start the backends' processes and import no framework themselves.

The client alone writes what is finished, so workers need no common disk. A worker that is lost costs the unit that it was at,
which another one does; a scheduler that is lost ends the run, which can be resumed.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

from ...case import Task
from ..plan import Plan, Request
from .local import is_ready, pending, settle
from .manifest import plan_all
from .runner import UnitRunner
from .store import Record, Store
from .units import KINDS, Unit, divide, is_void

if TYPE_CHECKING:
    from distributed import Client, Future

GPU = "GPU"
"""The Dask resource that a unit asks one of, where it is for a GPU: start such workers with ``--resources GPU=1``."""
_LOOK = 2.0  # seconds between looks at who is slow
_CONNECT = 20.0  # seconds that a scheduler may take to answer
_SLOW, _LEAST = 3.0, 20.0  # a unit is done again that takes so many times the median, and so many seconds at least
Progress = Callable[[Task, int], None]


@contextlib.contextmanager
def connected(workers: int, scheduler: str) -> Iterator[Client]:
    """A client of a cluster: of that scheduler's, or of one with so many workers here, each on a processor of its own.

    Raises:
        ValueError: where there is no such scheduler, or no Dask.
    """
    try:
        from distributed import Client, LocalCluster
        from distributed.comm.addressing import parse_address, parse_host_port
    except ImportError:
        raise ValueError("Dask is not installed: pip install 'lastbit[cluster]'") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if scheduler:
        try:
            kind, place = parse_address(scheduler)
            host, port = parse_host_port(place)  # a client of what is no address would linger and complain
            if kind in ("tcp", "tls"):  # a client tries for as long as it may where nobody listens
                socket.create_connection((host, port), _CONNECT).close()
            client = Client(scheduler, timeout=_CONNECT, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise ValueError(f"no Dask scheduler at {scheduler}: {str(error).splitlines()[0][:200]}") from None
        with client:
            yield client
        return
    options: dict[str, Any] = {"threads_per_worker": 1, "processes": True, "dashboard_address": None, "memory_limit": 0}
    cluster = LocalCluster(n_workers=workers, silence_logs=logging.CRITICAL, **options)
    try:
        with Client(cluster, set_as_default=False) as client:
            yield client
    finally:
        with contextlib.suppress(Exception):  # to close one whose workers are just being started again may fail in many ways
            cluster.close()


def work_off(
    work: Plan,
    requests: Sequence[Request],
    mine: list[Unit],
    units: list[Unit],
    store: Store,
    client: Client,
    pinned: bool,
    progress: Progress,
) -> None:
    """Have all of these units done that nobody has done.

    Args:
        work: the plan.
        requests: of which the workers make the same plan.
        mine, units: what is to be done, and all that there is.
        store: takes what is finished.
        client: of the cluster.
        pinned: whether each worker is bound to one processor.
        progress: called with (task, inputs) for every task of a finished unit.

    Raises:
        ConnectionError: where the scheduler is lost.
    """
    for kind in KINDS:
        of_kind = [unit for unit in mine if unit.kind == kind and not is_void(work, unit)]
        while left := [unit for unit in pending(of_kind, store) if is_ready(work, unit, units, store)]:
            claimed = [unit for unit in left if store.claim(unit.identity)]
            for unit, record in _results(work, requests, claimed, store, client, pinned):
                store.add(record)
                store.release(unit.identity)
                settle(work, [each for each in units if each.name == unit.name], store)
                for number in unit.tasks:
                    progress(work.tasks[number], unit.stop - unit.start)
            if not claimed:
                time.sleep(_LOOK)  # another process has them
            store.refresh()


def _results(
    work: Plan, requests: Sequence[Request], units: list[Unit], store: Store, client: Client, pinned: bool
) -> Iterator[tuple[Unit, Record]]:
    from distributed import as_completed

    def submit(unit: Unit, again: str = "") -> Future:
        cuda = any(work.tasks[number].implementation.device == "cuda" for number in unit.tasks)
        about = store.records if unit.kind == "search" else []  # where it takes its seeds from
        known = [record for record in about if record.unit.startswith(f"pass-{unit.name.split('-')[0]}-")]
        options: dict[str, Any] = {"resources": {GPU: 1}} if cuda else {}
        options |= {"key": f"{unit.identity}{again}-{time.time_ns()}", "pure": False}
        return client.submit(compute, list(requests), unit.identity, known, pinned, **options)

    flying = {submit(unit): unit for unit in units}
    since: dict[Future, float] = {}
    spent: list[float] = []
    done: set[str] = set()
    arriving = as_completed(list(flying), loop=client.loop)
    while len(done) < len(units):
        future = _next(arriving, client)
        if future is None:
            for slow in _stragglers(client, flying, since, spent, done):
                copy = submit(flying[slow], "-again")
                flying[copy] = flying[slow]
                arriving.add(copy)
            continue
        unit = flying[future]
        if unit.identity in done:
            continue
        record: Record = _result(future)
        done.add(unit.identity)
        spent.append(time.monotonic() - since.get(future, time.monotonic()))
        yield unit, record


def _next(arriving: Any, client: Client) -> Future | None:
    """The next future that is finished; None after a moment without any."""
    deadline = time.monotonic() + _LOOK
    while time.monotonic() < deadline:
        if not arriving.is_empty() and arriving.has_ready():
            return next(arriving)
        if client.status != "running":
            raise ConnectionError("the Dask scheduler is lost")
        time.sleep(0.02)
    return None


def _result(future: Future) -> Record:
    from distributed import CancelledError, KilledWorker

    try:
        record: Record = future.result()
    except KilledWorker as error:
        raise ConnectionError(f"the unit {error.task} took one Dask worker after the other with it") from None
    except (CancelledError, OSError) as error:
        raise ConnectionError(f"the Dask cluster is lost ({type(error).__name__})") from None
    return record


def _stragglers(
    client: Client, flying: dict[Future, Unit], since: dict[Future, float], spent: list[float], done: set[str]
) -> list[Future]:
    """Units that take much longer than others while workers have nothing to do; each is named once."""
    at_work = client.processing()
    running = {str(key) for keys in at_work.values() for key in keys}
    now = time.monotonic()
    for future in flying:
        if future.key in running:
            since.setdefault(future, now)
    idle = sum(not keys for keys in at_work.values())
    slow: list[Future] = []
    copies = [unit.identity for unit in flying.values()]
    for future, unit in flying.items():
        late = spent and now - since.get(future, now) > max(_SLOW * statistics.median(spent), _LEAST)
        if late and len(slow) < idle and unit.identity not in done and copies.count(unit.identity) == 1:
            slow.append(future)
    return slow


_runners: dict[str, tuple[UnitRunner, dict[str, Unit]]] = {}
_one_at_a_time = Lock()


def compute(requests: list[Request], identity: str, known: list[Record], pinned: bool) -> Record:
    """Do a unit; called in a Dask worker, whose runner stays open for the next one."""
    with _one_at_a_time:
        key = repr(requests)
        if key not in _runners:
            if pinned:
                _bind()
            for runner, _ in _runners.values():
                runner.close()
            _runners.clear()
            work = plan_all(requests)
            _runners[key] = UnitRunner(work, jobs=1), {unit.identity: unit for unit in divide(work)}
        runner, units = _runners[key]
        store = Store()
        for record in known:
            store.add(record)
        return runner.do(units[identity], store)


def _bind() -> None:
    """Bind this thread, and all that it starts, to one processor: that of the worker's number."""
    from distributed import get_worker

    if hasattr(os, "sched_setaffinity"):
        there = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {there[int(get_worker().name) % len(there)]})
