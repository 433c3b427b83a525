"""How far the run in a directory is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from . import manifest
from .cost import costs, rates, spent
from .local import pending
from .merge import check_own
from .store import Store
from .units import KINDS, divide, is_void


def state(folder: Path) -> dict[str, Any]:
    """What is finished of a run.

    Returns:
        ``units``: by kind, how many are finished, and of how many; ``results``, and ``results_finished``, of sweeps;
        ``core_seconds``: ``spent`` on what is finished, ``planned`` for that, ``left`` as planned for the rest, and
        ``left_at_this_pace``; ``environments``: units by environment; ``complete``.

    Raises:
        ValueError: where there is no run, or a damaged file.
    """
    work = manifest.plan_all(manifest.load(folder))
    units, store = divide(work), Store(folder)
    check_own(units, store)
    units = [unit for unit in units if not is_void(work, unit)]
    left = {unit.identity for unit in pending(units, store)}
    counts: dict[str, tuple[int, int]] = {}
    for kind in KINDS:
        mine = [unit for unit in units if unit.kind == kind]
        counts[kind] = sum(unit.identity not in left for unit in mine), len(mine)
    results = {unit.identity: (unit.stop - unit.start) * len(unit.tasks) for unit in units}
    known = rates()
    planned = sum(costs(work, [unit for unit in units if unit.identity not in left], known).values())
    rest = sum(costs(work, [unit for unit in units if unit.identity in left], known).values())
    so_far = sum(map(spent, store.records))
    seconds = {
        "spent": so_far,
        "planned": planned,
        "left": rest,
        "left_at_this_pace": rest * (so_far / planned if planned else 1.0),
    }
    return {
        "units": counts,
        "results": sum(results.values()),
        "results_finished": sum(count for name, count in results.items() if name not in left),
        "core_seconds": {name: round(value, 3) for name, value in seconds.items()},
        "environments": dict(sorted(Counter(record.environment for record in store.records).items())),
        "complete": not left,
    }
