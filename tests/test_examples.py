"""The notebooks in examples/: every cell runs, and what is kept of it is what it gives."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))


def executed(notebook: dict[str, Any]) -> dict[str, Any]:
    found = importlib.util.spec_from_file_location("execute_examples", ROOT / "examples" / "execute.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module.execute(notebook)


def kept(notebook: dict[str, Any]) -> list[list[tuple[str, str]]]:
    """The outputs of each code cell: their kinds, and their words without figures, which are a processor's own."""
    cells = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            outputs = []
            for output in cell["outputs"]:
                data = output.get("data", {"stream": output.get("text")})
                for kind, text in data.items():
                    words = "" if kind.startswith("image/") else re.sub(r"[-\d][\d.,e+-]*", "#", "".join(text))
                    outputs.append((kind, words))
            cells.append(outputs)
    return cells


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_cells_give_what_is_kept(path: Path) -> None:
    notebook = json.loads(path.read_text())
    again = kept(executed(notebook))
    assert again == kept(notebook)
    assert any(kind == "image/png" for outputs in again for kind, _ in outputs)


def test_the_first_walks_from_the_import_to_a_figure_in_ten_cells() -> None:
    cells = json.loads((ROOT / "examples" / "first_look.ipynb").read_text())["cells"]
    assert len(cells) == 10
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert code[0].startswith("import lastbit\n")
    assert ".plot(" in code[-1]
