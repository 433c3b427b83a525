"""The page ``docs/derivation.md``: its displayed steps as data, and typeset.

A step is written so that a person reads it in any editor and a program parses it: ``+ - * / ^``, ``e^(…)``, ``σ(x)`` and
``d/dx(…)``. The tests hand every equation to a computer algebra system; here the same text becomes MathML.
"""

from __future__ import annotations

import ast
import re
from itertools import pairwise

from .drawing import embedded
from .pages import figure, page, to_html

_BLOCK = re.compile(r"^```steps\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SIGNS = {ast.Add: "+", ast.Sub: "−", ast.Mult: "·"}
_FIGURE = re.compile(r'<p><img src="([\w-]+\.svg)"[^>]*></p>')
_COMMENT = re.compile(r"<!--.*?-->\n?")  # marks of docs/make.py
_NAMES = {f"D{name}": f"<mfrac><mi>d</mi><mrow><mi>d</mi><mi>{name}</mi></mrow></mfrac>" for name in "xw"}
_NAMES |= {"Dσ": "<mi>σ</mi><mo form='postfix'>′</mo>"}
_EQUALS = '<mo form="infix">=</mo>'
_RANK = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.Div: 3, ast.Pow: 4}


def blocks(text: str) -> list[list[ast.expr]]:
    """The chains of equal expressions displayed on a page.

    The names in them are x, w, b, p, e, σ, tanh, Dσ for σ', and Dx and Dw for the derivatives by x and w.

    Raises:
        SyntaxError: where a step does not parse.
    """
    return [_chain(found) for found in _BLOCK.findall(text)]


def _chain(block: str) -> list[ast.expr]:
    notation = re.sub(r"d/d([a-z])\(", r"D\1(", block).replace("σ'", "Dσ").replace("^", "**").replace("\n", " ")
    return [ast.parse(side.strip(), mode="eval").body for side in notation.split("=")]


def equations(text: str) -> list[tuple[ast.expr, ast.expr]]:
    """Every pair of neighbouring expressions of a page: each says that the two are equal."""
    return [pair for chain in blocks(text) for pair in pairwise(chain)]


def section() -> str:
    """The page as HTML, its steps as MathML, its figures within it."""
    html = to_html(_BLOCK.sub(lambda found: _display(_chain(found[1])) + "\n", page("derivation")))
    return _FIGURE.sub(lambda found: f'<div class="figure">{embedded(figure(found[1]))}</div>', _COMMENT.sub("", html))


def _display(chain: list[ast.expr]) -> str:
    """One chain, an equation to a line."""
    first, *others = (_math(side) for side in chain)
    start = f"<mtr><mtd>{first}</mtd><mtd>{_EQUALS}{others[0]}</mtd></mtr>"
    lines = "".join(f"<mtr><mtd></mtd><mtd>{_EQUALS}{other}</mtd></mtr>" for other in others[1:])
    return f'<math display="block"><mtable displaystyle="true">{start}{lines}</mtable></math>'


def _math(node: ast.expr) -> str:
    """One expression as MathML."""
    if isinstance(node, ast.Constant):
        return f"<mn>{node.value!r}</mn>"
    if isinstance(node, ast.Name):
        return f"<mi>{node.id}</mi>"
    if isinstance(node, ast.UnaryOp):
        return f"<mrow><mo>−</mo>{_inside(node.operand, 2)}</mrow>"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        inner = f"<mrow><mo>(</mo>{_math(node.args[0])}<mo>)</mo></mrow>"
        name = _NAMES.get(node.func.id, f"<mi>{node.func.id}</mi>")
        return f"<mrow>{name}{inner}</mrow>"
    if isinstance(node, ast.BinOp):
        kind = type(node.op)
        if kind is ast.Div:
            return f"<mfrac>{_math(node.left)}{_math(node.right)}</mfrac>"
        if kind is ast.Pow:
            return f"<msup>{_inside(node.left, 5)}{_math(node.right)}</msup>"
        right = _inside(node.right, _RANK[kind] + 1)
        left = _math(node.left) if isinstance(node.left, ast.UnaryOp) else _inside(node.left, _RANK[kind])
        return f"<mrow>{left}<mo>{_SIGNS[kind]}</mo>{right}</mrow>"
    raise SyntaxError(f"no step of a derivation: {ast.unparse(node)}")


def _inside(node: ast.expr, rank: int) -> str:
    """An expression as an operand, in parentheses where it binds less than its operator."""
    own = _RANK[type(node.op)] if isinstance(node, ast.BinOp) else 1 if isinstance(node, ast.UnaryOp) else 9
    typeset = _math(node)
    return typeset if own >= rank else f"<mrow><mo>(</mo>{typeset}<mo>)</mo></mrow>"
