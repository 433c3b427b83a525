"""The words that name a function of the user's own, as one line of text: ``kernels.py:Swish(beta=1.0).forward --item 0``.

``path/to/file.py:EXPRESSION`` or ``package.module:EXPRESSION``, where an expression is made of names, attributes and calls with
literal arguments; ``+EXPRESSION`` behind it is its gradient. Options say how it is called, in the words of the command line.
"""

from __future__ import annotations

import ast
import re
import shlex
from dataclasses import dataclass, replace
from typing import Any

TAKES = ("input", "value", "upstream", "upstream,input", "upstream,value")
"""What a gradient may take: the input, or the function's value there; before it the upstream gradient, which is 1."""
_NAME = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_OPTIONS = re.compile(r" (?=--(?:gradient|gradient-takes|gradient-with|gradient-of|with|item|elementwise)(?: |$))")
_LISTED = re.compile(r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|, """)
_SAID = 60  # characters of a text that is no target
_LONGEST = 2000


@dataclass(frozen=True)
class Target:
    """Where a function of the user's own is, and how it is called.

    Attributes:
        module: a file that ends in ``.py``, or a module.
        function: an expression in it.
        gradient: the expression of its gradient; empty where the framework differentiates the function.
        gradient_module: where that is; empty for the same module.
        takes: what the gradient takes, one of :data:`TAKES`.
        of: the activation whose derivative the gradient is held against; empty for that of the function.
        fixed, gradient_fixed: further keyword arguments of the function, and of the gradient.
        item: of a tuple that it returns, the item that is meant.
        elementwise: whether it is a function of Python floats.
    """

    module: str
    function: str
    gradient: str = ""
    gradient_module: str = ""
    takes: str = TAKES[0]
    of: str = ""
    fixed: tuple[tuple[str, Any], ...] = ()
    item: int | None = None
    elementwise: bool = False
    gradient_fixed: tuple[tuple[str, Any], ...] = ()

    def __post_init__(self) -> None:
        if self.takes not in TAKES:
            raise ValueError(f"gradient-takes {self.takes!r}: choose from {' '.join(TAKES)}")
        if not self.gradient and self.takes != TAKES[0]:
            raise ValueError(f"gradient-takes {self.takes!r}: there is no gradient; give one with --gradient")
        if not self.gradient and self.of:
            raise ValueError(f"gradient-of {self.of!r}: there is no gradient; give one with --gradient")
        if not self.gradient and self.gradient_fixed:
            raise ValueError("gradient-with: there is no gradient; give one with --gradient")

    def __str__(self) -> str:
        """The same words in their one form; it has no comma with a space behind it, which is what lists are apart by."""
        words = [f"{self.module}:{self.function}"]
        if self.gradient and self.gradient_module:
            words.append(f"--gradient {shlex.quote(f'{self.gradient_module}:{self.gradient}')}")
        elif self.gradient:
            words[0] += f"+{self.gradient}"
        words += [f"--gradient-takes {self.takes}"] if self.takes != TAKES[0] else []
        words += [f"--gradient-of {shlex.quote(self.of.replace(', ', ','))}"] if self.of else []
        for option, arguments in (("--gradient-with", self.gradient_fixed), ("--with", self.fixed)):
            words += [f"{option} {shlex.quote(f'{name}={_compact(repr(value))}')}" for name, value in arguments]
        words += [] if self.item is None else [f"--item {self.item}"]
        return " ".join([*words, *(["--elementwise"] if self.elementwise else [])])

    @property
    def is_file(self) -> bool:
        """Whether the function is in a file, and not in a module to be imported."""
        return self.module.endswith(".py")

    @property
    def files(self) -> tuple[str, ...]:
        """The files that it is in."""
        return tuple(each for each in dict.fromkeys((self.module, self.gradient_module)) if each.endswith(".py"))


def parse(text: str) -> Target:
    """What a text names.

    Raises:
        ValueError: where it names nothing; the message is one line.
    """
    module, _, rest = text.partition(":")
    if not re.fullmatch(r"[\w./][^:]*", module) or not rest or not text.isprintable() or len(text) > _LONGEST:
        raise ValueError(f"implementation {_said(text)}: give path/to/file.py:function or package.module:function")
    if not module.endswith(".py") and not re.fullmatch(_NAME, module):
        raise ValueError(f"implementation {_said(text)}: a file must end in .py, a module has a dotted name")
    expression, *options = _OPTIONS.split(rest, maxsplit=1)
    try:
        function, gradient = _expressions(expression)
        found = Target(module, function, gradient)
        return _with_options(found, shlex.split(options[0])) if options else found
    except ValueError as error:
        raise ValueError(f"implementation {_said(text)}: {error}") from None


def with_gradient(target: Target, text: str) -> Target:
    """A target with this gradient: an expression, of the same module unless it says another.

    Raises:
        ValueError: where the text is none, or there is a gradient already.
    """
    if target.gradient:
        raise ValueError(f"gradient {_said(text)}: there is one already, {target.gradient}")
    if re.match(r"[\w./][^:'\"(]*:", text):
        other = parse(text)
        if other != Target(other.module, other.function):
            raise ValueError(f"gradient {_said(text)}: give FILE.py:FUNCTION alone")
        return replace(target, gradient=other.function, gradient_module=other.module if other.module != target.module else "")
    gradient, more = _expressions(text)
    if more:
        raise ValueError(f"gradient {_said(text)}: give one function")
    return replace(target, gradient=gradient)


def fixed_argument(text: str) -> tuple[str, Any]:
    """``name=literal``.

    Raises:
        ValueError: where it is none.
    """
    name, _, value = text.partition("=")
    try:
        if not name.isidentifier():
            raise ValueError
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        raise ValueError(f"with {_said(text)}: give NAME=LITERAL, for example alpha=1.0 or mode='fast'") from None


def _with_options(target: Target, words: list[str]) -> Target:
    given = iter(words)
    for word in given:
        if word == "--elementwise":
            target = replace(target, elementwise=True)
            continue
        value = next(given, None)
        if value is None:
            raise ValueError(f"{word} needs a value")
        if word == "--gradient":
            target = with_gradient(target, value)
        elif word == "--gradient-takes":
            target = replace(target, takes=value)
        elif word == "--gradient-of":
            target = replace(target, of=value)
        elif word == "--gradient-with":
            target = replace(target, gradient_fixed=(*target.gradient_fixed, fixed_argument(value)))
        elif word == "--with":
            target = replace(target, fixed=(*target.fixed, fixed_argument(value)))
        elif word == "--item":
            if not re.fullmatch("-?[0-9]{1,4}", value):
                raise ValueError(f"item {value!r}: give a whole number, counted from 0")
            target = replace(target, item=int(value))
        else:
            raise ValueError(f"unknown option {word[:_SAID]!r}")
    return target


def _expressions(text: str) -> tuple[str, str]:
    """A function, and its gradient or nothing."""
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"{_said(text)} is no name, attribute or call") from None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _checked(node.left), _checked(node.right)
    return _checked(node), ""


def _checked(node: ast.expr) -> str:
    """The text of an expression of names, attributes and calls with literals."""
    inner = node
    while not isinstance(inner, ast.Name):
        if isinstance(inner, ast.Attribute):
            inner = inner.value
        elif isinstance(inner, ast.Call):
            for argument in (*inner.args, *(keyword.value for keyword in inner.keywords if keyword.arg)):
                _literal(argument)
            if not all(keyword.arg for keyword in inner.keywords):
                raise ValueError(f"{_said(ast.unparse(inner))}: ** is not evaluated; write the arguments out")
            inner = inner.func
        else:
            said = _said(ast.unparse(inner))
            raise ValueError(f"{said} is not evaluated: give names, attributes and calls with literals")
    return _compact(ast.unparse(node))


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise ValueError(f"argument {_said(ast.unparse(node))} is no literal") from None


def evaluated(text: str, names: dict[str, Any], known: dict[str, Any]) -> Any:
    """The value of an expression of a target, over the names of a module.

    Args:
        text: the expression.
        names: of the module.
        known: values of calls by their text, so that what is written twice is made once; it is added to.

    Raises:
        AttributeError: where there is no such thing.
        BaseException: whatever a call raises.
    """
    return _value(ast.parse(text, mode="eval").body, names, known)


def _value(node: ast.expr, names: dict[str, Any], known: dict[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        if node.id not in names:
            raise AttributeError(f"has no {node.id}")
        return names[node.id]
    if isinstance(node, ast.Attribute):
        owner = _value(node.value, names, known)
        try:
            return getattr(owner, node.attr)
        except AttributeError:
            raise AttributeError(f"has no {ast.unparse(node)}") from None
    assert isinstance(node, ast.Call)
    text = ast.unparse(node)
    if text not in known:
        keywords = {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords if keyword.arg}
        known[text] = _value(node.func, names, known)(*map(ast.literal_eval, node.args), **keywords)
    return known[text]


def _compact(text: str) -> str:
    """Python's text of an expression without a comma that a space follows, in strings too."""
    return _LISTED.sub(lambda found: found[1].replace(", ", ",\\x20") if found[1] else ",", text)


def _said(text: str) -> str:
    return repr(text if len(text) <= _SAID else f"{text[:_SAID]}...")
