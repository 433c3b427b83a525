"""Directories of one run, measured here and there, as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ...folders import REQUEST, prepare
from ..plan import Plan, Request
from . import manifest
from .local import settle
from .runner import pass_identity
from .store import Store
from .units import Unit, divide


def merge(target: Path, sources: Sequence[Path]) -> tuple[Plan, list[Unit], Store]:
    """Put together what is finished in several directories; they stay as they are.

    Args:
        target: a directory with a run, which then takes part, or an empty one.
        sources: directories with runs.

    Returns:
        The plan of the whole, its units, and what is finished of them.

    Raises:
        ValueError: where a directory has no run, a file in one is damaged, or one measured other inputs; nothing is written then.
    """
    folders = [*([target] if (target / REQUEST).exists() else []), *sources]
    requests: list[Request] = []
    for folder in folders:
        requests += [request for request in manifest.load(folder) if request not in requests]
    work = manifest.plan_all(requests)
    units = divide(work)
    stores = [Store(folder) for folder in folders]
    for store in stores:
        check_own(units, store)
    if target not in folders:
        prepare(target)
    manifest.begin(target, requests, fresh=False)
    whole = Store(target)
    for store in stores:
        for record in store.records:
            if not is_known(record.unit, record.said, units, whole):
                whole.add(record)
    settle(work, units, whole)
    return work, units, whole


def is_known(name: str, said: dict[str, object], units: Iterable[Unit], whole: Store) -> bool:
    """Whether a part says nothing that its finished pass does not say: its ranges gave the same results there."""
    for unit in units:
        if unit.parts > 1 and unit.identity == name:
            passes = whole.find(pass_identity(unit))
            return any(said["digests"].items() <= done.said["digests"].items() for done in passes)  # type: ignore[attr-defined]
    return False


def check_own(units: Iterable[Unit], store: Store) -> None:
    """See that all that is finished belongs to these units.

    Raises:
        ValueError: where something does not; its file is named.
    """
    known = {name for unit in units for name in (unit.identity, pass_identity(unit))}
    for record in store.records:
        if record.unit not in known:
            raise ValueError(
                f"{store.path(record)} is of another run, or of inputs or definitions that have changed since: "
                "start a new run, or take it away"
            )
