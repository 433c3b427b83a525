"""Executes the notebooks beside this file and keeps their outputs, in this process: no server, no kernel.

    python examples/execute.py

A notebook's cells see what the ones before them left. What a cell prints is an output, and so is the value of its last line:
as HTML where it has that, a figure as PNG, else as text.
"""

from __future__ import annotations

import ast
import base64
import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def execute(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook with new outputs.

    Raises:
        Exception: whatever a cell raises.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    cells, count = [], 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            count += 1
            cell = cell | {"execution_count": count, "outputs": _outputs("".join(cell["source"]), names, count)}
        cells.append(cell)
    return notebook | {"cells": cells}


def _outputs(source: str, names: dict[str, Any], count: int) -> list[dict[str, Any]]:
    tree, printed, value = ast.parse(source), io.StringIO(), None
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with redirect_stdout(printed):
        exec(compile(tree, "<cell>", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
    outputs: list[dict[str, Any]] = []
    if printed.getvalue():
        outputs.append({"output_type": "stream", "name": "stdout", "text": _lines(printed.getvalue())})
    if value is not None:
        result = {"output_type": "execute_result", "execution_count": count, "metadata": {}, "data": _shown(value)}
        outputs.append(result)
    return outputs


def _shown(value: Any) -> dict[str, Any]:
    if hasattr(value, "savefig"):
        buffer = io.BytesIO()
        value.savefig(buffer, format="png", dpi=100)
        return {"image/png": base64.b64encode(buffer.getvalue()).decode(), "text/plain": ["a figure"]}
    html = value._repr_html_() if hasattr(value, "_repr_html_") else None
    data = {"text/plain": _lines(str(value) if isinstance(value, str) else repr(value))}
    return data if html is None else {"text/html": _lines(html), "text/plain": [type(value).__name__]}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def main() -> None:
    """Execute all, and write them."""
    for path in sorted(HERE.glob("*.ipynb")):
        done = execute(json.loads(path.read_text()))
        path.write_text(json.dumps(done, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
