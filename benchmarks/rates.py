"""What a run costs, measured: makes the file of rates that `lastbit plan` works with.

    python benchmarks/rates.py RAW RUN [--minutes N] [--seed N] [--format NAME ...]
    python benchmarks/rates.py RAW --laws [--minutes N] [--seed N] [--format NAME ...]

Passes of `lastbit run --all` are taken in an order that a seed shuffles, through the code that does them in a run: of exhaustive
float32 on ranges of 2^22 consecutive encodings, each from another third of the format, after a first block, with which all that
has to be compiled is; of 16-bit formats and the float64 sample as a whole. Only processor time counts. What was measured is added
to RAW, a line per pass, as soon as it is there; whenever the time is over, ``harness/runs/shards/rates.json`` is made from all of
RAW, and from the size of the frames of a whole run, RUN. With ``--laws`` only laws are measured, in units at random;
the other rates stay.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.case import Implementation, Task
from harness.formats import FORMATS
from harness.runs.plan import EVERYTHING, Plan, Request, plan
from harness.runs.saved import load
from harness.runs.shards import parts, passes
from harness.runs.shards.cost import RATES, exponential, kind
from harness.runs.shards.measured import reduce, renew
from harness.runs.shards.parts import case_name
from harness.runs.shards.runner import UnitRunner, finished
from harness.runs.shards.store import Record, Store
from harness.runs.shards.units import Unit, divide, is_void
from harness.workers.implementations import OWN, every_mode

BLOCK = {16: 1 << 14, 32: 1 << 21, 64: 1 << 19}
"""Inputs of a block by bits of the format; frameworks get tensors as long as in a run."""
RANGES = 3
SEARCH = 1 << 18
SHARES = {"float32": 0.6, "float64": 0.2, "float16": 0.1, "bfloat16": 0.1}
"""Of the time; the passes of a format take turns with its laws."""


def ranges(unit: Unit, block: int, lot: random.Random, length: int = 2) -> list[Unit]:
    """The ranges of a pass that are measured: a block, where everything is prepared, then some of ``length`` blocks each."""
    blocks = -(-unit.parts * (unit.stop - unit.start) // block)
    if unit.parts == 1:
        spans = [(number, 1) for number in range(blocks)]
    else:
        thirds = [(n * blocks // RANGES, (n + 1) * blocks // RANGES) for n in range(RANGES)]
        spans = [(lot.randrange(blocks), 1), *((lot.randrange(low, high - length), length) for low, high in thirds)]
    return [replace(unit, start=start * block, stop=(start + many) * block, parts=len(spans)) for start, many in spans]


def size(record: Record) -> int:
    """Bytes of its file."""
    text = json.dumps({"said": record.said, "circumstances": record.circumstances})
    return len(gzip.compress(text.encode(), 1, mtime=0))


def sweep(work: Plan, wanted: list[Unit], laboratory: UnitRunner) -> tuple[dict[str, Any], Record | None]:
    """The figures of a pass, and its record where these ranges are all of it."""
    tasks = [work.tasks[number] for number in wanted[0].tasks]
    made = [laboratory.do(unit, Store()) for unit in wanted]
    form = FORMATS[tasks[0].case.format]
    found = [parts.from_json(record.said, record.circumstances, form) for record in made]
    whole = parts.merge(found)
    row: dict[str, Any] = {"part_bytes": min(map(size, made)), "done": None}
    row |= {"first_inputs": found[0].inputs, "inputs": sum(part.inputs for part in found[1:])}
    row |= {"harness_first": found[0].costs["harness"], "harness": sum(part.costs["harness"] for part in found[1:])}
    row["cases"] = [
        [*_who(task), whole.statuses[case_name(task)][0] == "ok", *whole.processor[case_name(task)]] for task in tasks
    ]
    if whole.inputs < work.inputs_of(tasks[0]).count:
        return row, None
    busy = time.process_time()
    done = finished(wanted[0], passes.finish(work, tasks, whole))
    return row | {"done": [time.process_time() - busy, size(done)]}, done


def _who(task: Task) -> tuple[str, str]:
    return str(task.implementation), kind(task.case.route)


def measured(form: str, seed: int) -> Iterator[dict[str, Any]]:
    """Rows of one format: its passes, each with one of its searches, and after each a unit of laws."""
    lot, block = random.Random(f"{seed} {form}"), BLOCK[FORMATS[form].bits]
    choice = {"formats": (form,), "inputs": "" if form == "float64" else "exhaustive"}
    work = plan(Request(EVERYTHING, every_mode(), laws=True, search=SEARCH if form == "float64" else 0, **choice))
    alone = plan(Request(EVERYTHING, ("numpy",), routes=OWN, **choice))
    units, of_one = divide(work), {_pass(alone, unit): unit for unit in divide(alone) if unit.kind == "sweep"}
    sweeps = list({unit.name: unit for unit in units if unit.kind == "sweep"}.values())
    laws, searches = ([unit for unit in units if unit.kind == name] for name in ("laws", "search"))
    lot.shuffle(sweeps)
    lot.shuffle(laws)
    laboratory, lonely = UnitRunner(work, 1, block), UnitRunner(alone, 1, block)
    try:
        for number, unit in enumerate(sweeps):
            wanted = ranges(unit, block, lot)
            row, done = sweep(work, wanted, laboratory)
            row["alone"] = sweep(alone, ranges(of_one[_pass(work, unit)], block, lot, 8), lonely)[0]
            if number == 0:  # frameworks do things once that take longer than the pass
                yield {"start": {str(which): worker.processor_seconds for which, worker in laboratory._workers.items()}}
                continue
            case = work.tasks[unit.tasks[0]].case
            row |= {"format": form, "activation": case.activation, "order": case.order, "exp": exponential()}
            yield row
            store = Store()
            if done:
                store.add(done)
            mine = [each for each in searches if each.tasks[0] in unit.tasks]
            for each in lot.sample(mine, min(len(mine), 1)):
                costs = laboratory.do(each, store).circumstances.get("costs")
                if costs:
                    yield {"search": SEARCH, "order": case.order} | costs
            if number < len(laws):
                law = laws[number]
                tasks = [work.tasks[each] for each in law.tasks]
                costs = laboratory.do(law, store).circumstances["costs"]
                yield {"laws": str(tasks[0].implementation), "format": form, "cases": len(tasks)} | costs
    finally:
        laboratory.close()
        lonely.close()


def laws_alone(form: str, seed: int) -> Iterator[dict[str, Any]]:
    """Rows of units of laws of one format; but for the first of each implementation, for which further workers are started."""
    work = plan(Request(EVERYTHING, every_mode(), formats=(form,), laws=True))
    units = [unit for unit in divide(work) if unit.kind == "laws" and not is_void(work, unit)]
    random.Random(seed).shuffle(units)
    laboratory, met, store = UnitRunner(work, 1, BLOCK[32]), set[Implementation](), Store()
    try:
        for unit in units:
            task = work.tasks[unit.tasks[0]]
            costs = laboratory.do(unit, store).circumstances["costs"]
            if task.implementation in met:
                yield {"laws": str(task.implementation), "format": form, "cases": len(unit.tasks)} | costs
            met.add(task.implementation)
    finally:
        laboratory.close()


def _pass(work: Plan, unit: Unit) -> tuple[Any, ...]:
    case = work.tasks[unit.tasks[0]].case
    return case.activation, case.parameters, case.order, case.format


def main() -> None:
    """Measure until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("raw", type=Path)
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--format", dest="formats", action="append", choices=list(SHARES))
    parser.add_argument("--laws", action="store_true")
    options = parser.parse_args()
    if bool(options.run) == options.laws:
        parser.error("give either RUN or --laws")
    if options.laws:
        for form in options.formats or FORMATS:
            collect(laws_alone(form, options.seed), options.raw, options.minutes / len(options.formats or FORMATS))
        write(renew(json.loads(RATES.read_text()), read(options.raw), exponential()))
        return
    shares = {form: share for form, share in SHARES.items() if form in (options.formats or SHARES)}
    for form, share in shares.items():
        collect(measured(form, options.seed), options.raw, options.minutes * share / sum(shares.values()))
    frames = sum(file.stat().st_size for file in options.run.iterdir() if file.suffix in (".parquet", ".csv"))
    write(reduce(read(options.raw), frames / len(load(options.run).accuracy)))


def collect(rows: Iterator[dict[str, Any]], raw: Path, minutes: float) -> None:
    """Add rows to a file, as soon as they are there, until the time is over."""
    end = time.monotonic() + 60 * minutes
    for row in rows:
        with raw.open("a") as file:
            file.write(json.dumps(row) + "\n")
        if time.monotonic() > end:
            break


def read(raw: Path) -> list[dict[str, Any]]:
    """All rows of such a file."""
    return [json.loads(line) for line in raw.read_text().splitlines()]


def write(rates: dict[str, Any]) -> None:
    """Make the file of rates."""
    RATES.write_text(json.dumps(rates, separators=(",", ":")).replace("]],[", "]],\n[") + "\n")


if __name__ == "__main__":
    main()
