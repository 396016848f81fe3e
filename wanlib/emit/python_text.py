"""Lines of Python with their indentation."""

import builtins
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from keyword import iskeyword, issoftkeyword
from typing import Any

from wanlib.base.values import Ratio
from wanlib.spec import Rule
from wanlib.spec.model.modes import BoolOp, Comparison, Expression, Name, Not


class CodeWriter:
    """Gathers lines; `block` indents what is written inside it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.depth = 0

    def line(self, text: str = "") -> None:
        """One line at the present depth."""
        self.lines.append("    " * self.depth + text if text else "")

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """`head:` and what is written under it; nothing at all where that is nothing."""
        self.line(f"{head}:")
        self.depth += 1
        start = len(self.lines)
        yield
        self.depth -= 1
        if len(self.lines) == start:
            self.lines.pop()

    def text(self) -> str:
        """All lines, with one newline at the end."""
        return "\n".join(self.lines).rstrip("\n") + "\n"


_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TAKEN = frozenset(dir(builtins)) | {"model", "call", "body", "re", "local", "now"}


class EmitError(ValueError):
    """A spec that can't be written as Python; says which name or value stands in the way."""


def local_name(name: str) -> str:
    """A field or mode as a local variable; checked again, though the loader has done so."""
    if not _NAME.fullmatch(name) or iskeyword(name):
        raise EmitError(f"{name!r} can't be a variable's name")
    return f"{name}_" if name in _TAKEN or issoftkeyword(name) else name


def member_name(name: str) -> str:
    """A member of the body that is no field, as a local: the trailing `_` keeps it apart from helpers."""
    if not _NAME.fullmatch(name):
        raise EmitError(f"{name!r} can't be a variable's name")
    return f"_{name}_"


def constant_name(rule: Rule) -> str:
    """The constant that holds a rule's limit: `N_MAX_SEQUENTIAL` for `wan2.7/n.max:sequential`."""
    path = rule.id.partition("/")[2]
    name = re.sub(r"[^a-z0-9]+", "_", path.lower()).upper()
    if not _NAME.fullmatch(name.lower()):
        raise EmitError(f"{rule.id} gives no name for a constant")
    return name


def module_name(stem: str) -> str:
    """The module of a spec file: `wan2_7` for `wan2.7`."""
    return local_name(stem.replace(".", "_"))


def python_literal(value: Any) -> str:
    """A value through `repr`; only plain values pass."""
    if isinstance(value, Ratio):
        return f"Ratio({value.width!r}, {value.height!r})"
    if value is None or type(value) in (bool, int, float, str):
        return repr(value)
    if type(value) is tuple:
        return (
            f"({python_literal(value[0])},)"
            if len(value) == 1
            else f"({', '.join(map(python_literal, value))})"
        )
    if isinstance(value, list):
        return "[" + ", ".join(python_literal(each) for each in value) + "]"
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{python_literal(key)}: {python_literal(each)}" for key, each in value.items())
            + "}"
        )
    raise EmitError(f"{type(value).__name__} can't be written as a literal")


_DIRECTIVES = {
    "YYYY": "%Y",
    "MM": "%m",
    "DD": "%d",
    "HH": "%H",
    "hh": "%H",
    "mm": "%M",
    "ss": "%S",
    "SSS": "%f",
}
_WORD = re.compile("[A-Za-z]+")
_PART = re.compile("|".join(sorted(_DIRECTIVES, key=len, reverse=True)))


def utc_offset(zone: str) -> int:
    """A zone such as `+08:00` in seconds from UTC."""
    hours, minutes = zone[1:].split(":")
    return (int(hours) * 60 + int(minutes)) * (-60 if zone[0] == "-" else 60)


def strptime_format(form: str) -> str:
    """A form such as `YYYY-MM-DD` in the directives of strptime."""
    directives = _PART.sub(lambda part: _DIRECTIVES[part[0]], form.replace("%", "%%"))
    if unknown := _WORD.search(re.sub("%[A-Za-z]", "", directives)):
        raise EmitError(f"{unknown[0]!r} in the form of a time {form!r} is none of {', '.join(_DIRECTIVES)}")
    return directives


Variable = Callable[[str], str]


def expression(tree: Expression, variable: Variable) -> str:
    """A mode's tree in Python; `variable` gives the local that holds a field, a count or a mode."""
    if isinstance(tree, Name):
        return variable(tree.name)
    if isinstance(tree, Comparison):
        return f"{variable(tree.left.name)} {tree.operator} {python_literal(tree.literal)}"
    if isinstance(tree, Not):
        return f"not {_nested(tree.inner, variable)}"
    assert isinstance(tree, BoolOp)
    return f" {tree.word} ".join(_nested(part, variable) for part in tree.parts)


def _nested(tree: Expression, variable: Variable) -> str:
    text = expression(tree, variable)
    return text if isinstance(tree, Name) else f"({text})"
