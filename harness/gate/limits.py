"""What must hold: ``lastbit.toml``, or ``[tool.lastbit]`` of a ``pyproject.toml``; its form is checked strictly.

inputs = 100000                # optional: of formats wider than 16 bits, as for lastbit run
[defaults]                     # limits of all cases
nan = 0
[defaults.sigmoid]             # of an activation
max_ulp = 1.0
[[case]]
activation = "sigmoid"
implementation = "kernels.py:fast_sigmoid"  # optional; the backend's own function otherwise
backend = "torch:eager"
format = ["float16", "bfloat16"]
order = 0
vanished = 0
slower_than = { route = "native", ratio = 1.15 }
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from backends.protocol import Case

from ..case import Implementation
from ..catalogue import names
from .cases import CaseReader
from .demands import LIMITS, Gate, described
from .files import Complaint, read_text
from .lines import Lines, Place
from .tables import Tables, is_whole

LARGEST = 1 << 20
"""Bytes of a file of limits."""
_LONGEST_WAIT = 86400  # seconds
_TOP = ("inputs", "seed", "timeout", "time_budget", "defaults", "case")


def find(given: Path | None) -> Path:
    """The file of limits: the one given, or the one of the current directory.

    Raises:
        ValueError: where there is none.
    """
    if given:
        return given
    for path in (Path("lastbit.toml"), Path("pyproject.toml")):
        if path.is_file() and (path.name == "lastbit.toml" or _tool(_parsed(path)[0]) is not None):
            return path
    raise ValueError("no lastbit.toml, and no pyproject.toml with [tool.lastbit]: give the file of limits")


def load(path: Path) -> Gate:
    """Read a file of limits.

    Raises:
        ValueError: where there is anything wrong with it; the message is one line with the file and the line's number.
    """
    table, text = _parsed(path)
    at: Place = ()
    if path.name == "pyproject.toml":
        at = ("tool", "lastbit")
        table = _tool(table)
        if not isinstance(table, dict):
            raise Complaint(path, 1, "has no table [tool.lastbit]")
    return _gate(Tables(path, Lines(text), at), table)


def _tool(project: dict[str, Any]) -> Any:
    tool = project.get("tool")
    return tool.get("lastbit") if isinstance(tool, dict) else None


def _parsed(path: Path) -> tuple[dict[str, Any], str]:
    text = read_text(path, LARGEST)
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        where = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", str(error))
        line = int(where[1]) if where and where[1] else text.count("\n") + 1
        raise Complaint(path, line, str(error)[: where.start()] if where else str(error)) from None
    except (ValueError, RecursionError) as error:
        raise Complaint(path, 1, f"is no TOML that can be read ({type(error).__name__})") from None


def _gate(tables: Tables, table: dict[str, Any]) -> Gate:
    tables.known(table, (), _TOP)
    gate = Gate(tables.path)
    if "inputs" in table:
        gate.inputs = str(table["inputs"])
        if not isinstance(table["inputs"], str) and not is_whole(table["inputs"]):
            raise tables.complain(("inputs",), f"inputs {table['inputs']!r}: give 'exhaustive' or a number")
    if "seed" in table:
        gate.seed = int(tables.number(table, "seed", (), whole=True))
    if "timeout" in table:
        gate.timeout = tables.number(table, "timeout", (), whole=False)
        if not 0 < gate.timeout <= _LONGEST_WAIT:
            said = f"timeout {gate.timeout:g}: give the seconds, up to {_LONGEST_WAIT}, that a worker may take to start"
            raise tables.complain(("timeout",), said)
    if "time_budget" in table:
        gate.time_budget = tables.number(table, "time_budget", (), whole=False)
    reader = CaseReader(tables, gate, *_defaults(tables, table.get("defaults", {})))
    cases = table.get("case", [])
    if not isinstance(cases, list) or not cases or not all(isinstance(case, dict) for case in cases):
        raise tables.complain(("case",), "there are no cases: give tables [[case]]")
    for number, case in enumerate(cases):
        gate.demands += reader.demands(case, ("case", number))
    lines: dict[tuple[Implementation, Case], int] = {}
    for demand in gate.demands:
        first = lines.setdefault((demand.implementation, demand.case), demand.line)
        if first != demand.line:
            raise Complaint(tables.path, demand.line, f"the same case as on line {first}: {described(demand)}")
    return gate


def _defaults(tables: Tables, table: Any) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Limits of all cases, and by activation."""
    if not isinstance(table, dict):
        raise tables.complain(("defaults",), "defaults is a table: [defaults]")
    tables.known(table, ("defaults",), (*LIMITS, *names()))
    special = {}
    for name in table.keys() & set(names()):
        if not isinstance(table[name], dict):
            raise tables.complain(("defaults", name), f"defaults of {name} are a table: [defaults.{name}]")
        tables.known(table[name], ("defaults", name), LIMITS)
        special[name] = tables.limits(table[name], ("defaults", name))
    return tables.limits(table, ("defaults",)), special
