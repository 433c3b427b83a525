"""Every step that the page displays is true: a computer algebra system says so, from the page itself."""

from __future__ import annotations

import ast
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
import sympy

from reports.derivation import blocks, equations, section
from reports.pages import page

_X = sympy.Symbol("x", real=True)
_NAMES: dict[str, Any] = {
    "x": _X,
    "p": sympy.Symbol("p", positive=True),
    "e": sympy.E,
    "σ": lambda u: 1 / (1 + sympy.exp(-u)),
    "D": lambda u: sympy.diff(u, _X),
}
_STEPS = equations(page("derivation"))


def _holds(left: ast.expr, right: ast.expr) -> bool:
    sides = [sympy.sympify(eval(compile(ast.Expression(side), "", "eval"), {}, _NAMES)) for side in (left, right)]
    return bool(sympy.simplify((sides[0] - sides[1]).rewrite(sympy.exp)) == 0)


@pytest.mark.parametrize("step", _STEPS, ids=[f"{ast.unparse(left)} = {ast.unparse(right)}" for left, right in _STEPS])
def test_every_step_is_true(step: tuple[ast.expr, ast.expr]) -> None:
    assert _holds(*step)


def test_a_false_step_is_noticed() -> None:
    text = page("derivation")
    for right, wrong in (("- 2*σ(x)", "- 3*σ(x)"), ("(-e^(-x))", "(e^(-x))"), ("2^(-p - 1)*e^x", "2^(-p)*e^x")):
        assert right in text
        assert not all(_holds(*step) for step in equations(text.replace(right, wrong)))


def test_the_page_has_both_derivations() -> None:
    chains = [[ast.unparse(side) for side in chain] for chain in blocks(page("derivation"))]
    ends = {chain[-1] for chain in chains}
    assert sum(chain[0] in ("D((1 + e ** (-x)) ** (-1))", "D(1 / (1 + e ** (-x)))") for chain in chains) == 2
    assert {"σ(x) * (1 - σ(x))", "e ** (-x) / (1 + e ** (-x)) ** 2"} <= ends
    assert len(_STEPS) >= 20


def test_steps_are_typeset() -> None:
    html = section()
    assert "```" not in html
    assert html.count("<math") == len(blocks(page("derivation")))
    for part in html.split("<math")[1:]:
        ElementTree.fromstring("<math" + part.split("</math>")[0] + "</math>")  # well-formed
    power = "<msup><mi>e</mi><mrow><mo>−</mo><mi>x</mi></mrow></msup>"
    assert f"<mfrac><mn>1</mn><mrow><mn>1</mn><mo>+</mo>{power}</mrow></mfrac>" in html
