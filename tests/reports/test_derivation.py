"""Every step that the page displays is true: a computer algebra system says so, from the page itself."""

from __future__ import annotations

import ast
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sympy

from harness.training.chain import Chains, compute
from reports.chains import table
from reports.derivation import blocks, equations, section
from reports.pages import page

_X, _W = sympy.symbols("x w", real=True)
_NAMES: dict[str, Any] = {
    "x": _X,
    "p": sympy.Symbol("p", positive=True),
    "e": sympy.E,
    "w": _W,
    "b": sympy.Symbol("b", real=True),
    "σ": lambda u: 1 / (1 + sympy.exp(-u)),
    "Dσ": lambda u: sympy.diff(1 / (1 + sympy.exp(-_X)), _X).subs(_X, u),
    "tanh": sympy.tanh,
    "Dx": lambda u: sympy.diff(u, _X),
    "Dw": lambda u: sympy.diff(u, _W),
}
_IDLE = re.compile(r"(Dx\(1\)|\b0) \* \(1 (-|\+ e \*\* \(\+x)")
_STEPS = equations(page("derivation"))


def _value(side: ast.expr) -> Any:
    whole = ast.fix_missing_locations(ast.Expression(side))
    return sympy.sympify(eval(compile(whole, "", "eval"), {}, _NAMES))


def _holds(left: ast.expr, right: ast.expr) -> bool:
    return bool(sympy.simplify((_value(left) - _value(right)).rewrite(sympy.exp)) == 0)


@pytest.mark.parametrize("step", _STEPS, ids=[f"{ast.unparse(left)} = {ast.unparse(right)}" for left, right in _STEPS])
def test_every_step_is_true(step: tuple[ast.expr, ast.expr]) -> None:
    assert _holds(*step)


def test_a_false_step_is_noticed() -> None:
    text = page("derivation")
    for right, wrong in (("- 2*σ(x)", "- 3*σ(x)"), ("(-e^(-x))", "(e^(-x))"), ("2^(-p - 1)*e^x", "2^(-p)*e^x")):
        assert right in text
        assert not all(_holds(*step) for step in equations(text.replace(right, wrong)))


def _operators(node: ast.expr) -> Iterator[ast.BinOp | ast.UnaryOp]:
    """Where a sign stands, except at a 0."""
    for part in ast.walk(node):
        if isinstance(part, ast.UnaryOp) or (isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add | ast.Sub)):
            yield part


def _turned(node: ast.expr, number: int) -> ast.expr:
    """The expression with one of its signs turned."""
    copied = ast.parse(ast.unparse(node), mode="eval").body
    part = list(_operators(copied))[number]
    if isinstance(part, ast.UnaryOp):
        part.op = ast.UAdd()
    else:
        part.op = ast.Sub() if isinstance(part.op, ast.Add) else ast.Add()
    return copied


def test_every_sign_of_the_page_matters() -> None:
    """With any one sign turned a step is false, at some of a few points; except within a factor of 0."""
    turned = 0
    for left, right in _STEPS:
        value = _value(left)
        for number in range(len(list(_operators(right)))):
            wrong = _turned(right, number)
            words = f"{ast.unparse(left)} = {ast.unparse(wrong)}"
            assert _differ(value, wrong) != bool(_IDLE.search(words)), words
            turned += 1
    assert turned > 60


def _differ(left: Any, right: ast.expr) -> bool:
    difference = left - _value(right)
    points = ((0.3, 0.7, -0.4, 3), (-1.1, 1.3, 0.2, 5))
    names = (_X, _W, _NAMES["b"], _NAMES["p"])
    return any(abs(sympy.N(difference.subs(dict(zip(names, point, strict=True))))) > 1e-9 for point in points)


def test_the_page_has_both_derivations() -> None:
    chains = [[ast.unparse(side) for side in chain] for chain in blocks(page("derivation"))]
    ends = {chain[-1] for chain in chains}
    assert sum(chain[0] in ("Dx((1 + e ** (-x)) ** (-1))", "Dx(1 / (1 + e ** (-x)))") for chain in chains) == 2
    assert {"σ(x) * (1 - σ(x))", "e ** (-x) / (1 + e ** (-x)) ** 2"} <= ends
    assert len(_STEPS) >= 34


def test_the_page_tells_of_every_function_with_measured_tables_and_figures() -> None:
    text = page("derivation")
    script = (Path(__file__).parents[2] / "docs" / "make.py").read_text()
    for name, body in re.findall(r"<!-- measured: (\w+) -->\n(.*?)<!-- end -->", text, re.DOTALL):
        assert f'"{name}"' in script
        assert body.count("\n| ") >= 4, name
        assert re.search(r"PyTorch \d.*, JAX .*, TensorFlow .*, NumPy .*; \w+, \d{4}-\d\d-\d\d\.", body), name
    for word, before in (("ulp", "*ulp*"), ("activation function", "*activation function*"), ("format", "*format*")):
        assert re.search(rf"\b{word}\b", text.partition(before)[0]) is None, f"{word} is used before it is explained"


def test_a_unit_of_the_chain_is_where_the_page_says() -> None:
    found = compute(Chains(("float16",), ("numpy",), 20))
    cells = {line[0]: line[2] for line in table(found)[1]}
    rows = [[cell.strip() for cell in row.split("|")] for row in page("derivation").splitlines() if "| float16 |" in row]
    assert cells["sigmoid"] in {row[3] for row in rows if row[1] == "sigmoid"}


def test_steps_are_typeset() -> None:
    html = section()
    assert "```" not in html
    assert "<img" not in html
    assert html.count("<svg") == 2
    assert "<!--" not in html.partition("<svg")[0]
    assert html.count("<math") == len(blocks(page("derivation")))
    for part in html.split("<math")[1:]:
        ElementTree.fromstring("<math" + part.split("</math>")[0] + "</math>")  # well-formed
    power = "<msup><mi>e</mi><mrow><mo>−</mo><mi>x</mi></mrow></msup>"
    assert f"<mfrac><mn>1</mn><mrow><mn>1</mn><mo>+</mo>{power}</mrow></mfrac>" in html
