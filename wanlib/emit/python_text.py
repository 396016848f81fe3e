"""Turn a spec into Python text: indented lines, names, literals and expressions.

Spec text enters generated code only here: as a literal through `repr`, as the literal part of an
f-string (`interpolated`), or as a name that is checked or made only from letters, digits and `_`. No other
module of this package puts a text of the spec into code. `tests/effects/test_hostile_spec.py` tests that.
"""

import builtins
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from keyword import iskeyword, issoftkeyword
from math import isfinite
from typing import Any, NamedTuple

from wanlib.base.values import Ratio
from wanlib.spec import Rule
from wanlib.spec.model.modes import BoolOp, Comparison, Expression, Given, Name, Not, given_key


class CodeWriter:
    """Collects lines; `block` indents what is written inside it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.depth = 0

    def line(self, text: str = "") -> None:
        """Write one line at the current depth."""
        self.lines.append("    " * self.depth + text if text else "")

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Write `head:` and what is written inside; nothing if that is empty."""
        self.line(f"{head}:")
        self.depth += 1
        start = len(self.lines)
        yield
        self.depth -= 1
        if len(self.lines) == start:
            self.lines.pop()

    def text(self) -> str:
        """Return all lines, with one newline at the end."""
        return "\n".join(self.lines).rstrip("\n") + "\n"


_NAME = re.compile(r"[a-z][a-z0-9_]*")
_MEMBER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CLASS = re.compile(r"[A-Z][A-Za-z0-9]*")
_PLAIN = re.compile(r"[A-Za-z0-9*][A-Za-z0-9._*-]*")
_CODE = re.compile(r"[A-Za-z_]\w*(?:\[[A-Za-z_]\w*\])?", re.ASCII)
_TAKEN = frozenset(dir(builtins)) | {
    *("model", "call", "body", "re", "local", "now"),
    *("violations", "fields"),
}
"""The names that no local may have: builtins, and the parameters of generated functions."""


class EmitError(ValueError):
    """The spec cannot be written as Python; the message names the name or value."""


def local_name(name: str) -> str:
    """Return a field or mode as the name of a local variable.

    Raises:
        EmitError: The name is not an identifier.
    """
    if not _NAME.fullmatch(name) or iskeyword(name):
        raise EmitError(f"{name!r} can't be a variable's name")
    return f"{name}_" if name in _TAKEN or issoftkeyword(name) else name


def member_name(name: str) -> str:
    """Return a member of the body that is not a field as a local; `_` keeps it apart from helpers."""
    if not _MEMBER.fullmatch(name):
        raise EmitError(f"{name!r} can't be a variable's name")
    return f"_{name}_"


def constant_name(rule: Rule) -> str:
    """Return the constant of a rule's limit: `N_MAX_SEQUENTIAL` for `wan2.7/n.max:sequential`."""
    return path_constant(rule.id.partition("/")[2])


def path_constant(path: str) -> str:
    """Return a path or a name as the name of a constant: `OUTPUT_SIZE` for `output.size`.

    Raises:
        EmitError: It does not begin with a letter, as a name must.
    """
    name = re.sub(r"[^a-z0-9]+", "_", path.lower()).upper()
    if not _NAME.fullmatch(name.lower()):
        raise EmitError(f"{path!r} gives no name for a constant")
    return name


def class_identifier(name: str) -> str:
    """Return a name that is valid for a class. Raise EmitError for any other."""
    if not _CLASS.fullmatch(name):
        raise EmitError(f"{name!r} can't be the name of a class")
    return name


def keyword_argument(name: str) -> str:
    """Return a name that is valid for a keyword argument. Raise EmitError for any other."""
    if not _NAME.fullmatch(name) or iskeyword(name):
        raise EmitError(f"{name!r} can't be the name of an argument")
    return name


def plain_name(name: str) -> str:
    """Return a model or file name that is safe in a comment or docstring. Raise EmitError for any other."""
    if not _PLAIN.fullmatch(name):
        raise EmitError(f"{name!r} can't be used in a comment; allowed: letters, digits, dots, - and _")
    return name


def python_literal(value: Any) -> str:
    """Return a plain value as Python.

    Raises:
        EmitError: The value, or one inside it, is not a plain value.
    """
    if isinstance(value, Ratio):
        return f"Ratio({value.width!r}, {value.height!r})"
    if value is None or type(value) in (bool, int, str) or (type(value) is float and isfinite(value)):
        return repr(value)
    if type(value) is tuple:
        return (
            f"({python_literal(value[0])},)"
            if len(value) == 1
            else f"({', '.join(map(python_literal, value))})"
        )
    if isinstance(value, list):
        return "[" + ", ".join(python_literal(item) for item in value) + "]"
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{python_literal(key)}: {python_literal(item)}" for key, item in value.items())
            + "}"
        )
    raise EmitError(f"{type(value).__name__} can't be written as a literal")


class Code(NamedTuple):
    """A part of an interpolated text: a variable, or an item of one, whose value is put in."""

    text: str


def interpolated(parts: Sequence[str | Code]) -> str:
    """Return the expression of a text, an f-string only if a part of it is code.

    Args:
        parts: Literal texts, and the code whose value is put between them.

    Raises:
        EmitError: A piece of code is not a variable or an item of one.
    """
    if not any(isinstance(part, Code) for part in parts):
        return python_literal("".join(map(str, parts)))
    return f"f{python_literal(''.join(map(_in_f_string, parts)))}"


def _in_f_string(part: str | Code) -> str:
    if isinstance(part, str):
        return part.replace("{", "{{").replace("}", "}}")
    if not _CODE.fullmatch(part.text):
        raise EmitError(f"{part.text!r} is not a variable or an item of one")
    return f"{{{part.text}}}"


Variable = Callable[[str], str]


def expression(tree: Expression, variable: Variable) -> str:
    """Return a mode's tree as Python. variable: gives the local of a field, a count or a mode."""
    if isinstance(tree, Name):
        return variable(tree.name)
    if isinstance(tree, Given):
        return variable(given_key(tree.name))
    if isinstance(tree, Comparison):
        return f"{variable(tree.left.name)} {tree.operator} {python_literal(tree.literal)}"
    if isinstance(tree, Not):
        return f"not {_nested(tree.inner, variable)}"
    assert isinstance(tree, BoolOp)
    return f" {tree.word} ".join(_nested(part, variable) for part in tree.parts)


def _nested(tree: Expression, variable: Variable) -> str:
    text = expression(tree, variable)
    return text if isinstance(tree, Name | Given) else f"({text})"
