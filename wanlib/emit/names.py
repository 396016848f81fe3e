"""Names and values of the spec as Python may hold them. Nothing else of the spec enters the output."""

import builtins
import re
from keyword import iskeyword, issoftkeyword
from typing import Any

from wanlib.base.ratio import Ratio
from wanlib.spec import Rule

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TAKEN = frozenset(dir(builtins)) | {"model", "call", "body", "re", "local", "now"}


class EmitError(ValueError):
    """A spec that can't be written as Python; says which name or value stands in the way."""


def local(name: str) -> str:
    """A field or mode as a local variable; checked again, though the loader has done so."""
    if not _NAME.fullmatch(name) or iskeyword(name):
        raise EmitError(f"{name!r} can't be a variable's name")
    return f"{name}_" if name in _TAKEN or issoftkeyword(name) else name


def inner(name: str) -> str:
    """A member of the body that is no field, as a local: the trailing `_` keeps it apart from helpers."""
    if not _NAME.fullmatch(name):
        raise EmitError(f"{name!r} can't be a variable's name")
    return f"_{name}_"


def constant(rule: Rule) -> str:
    """The constant that holds a rule's limit: `N_MAX_SEQUENTIAL` for `wan2.7/n.max:sequential`."""
    path = rule.id.partition("/")[2]
    name = re.sub(r"[^a-z0-9]+", "_", path.lower()).upper()
    if not _NAME.fullmatch(name.lower()):
        raise EmitError(f"{rule.id} gives no name for a constant")
    return name


def module(stem: str) -> str:
    """The module of a spec file: `wan2_7` for `wan2.7`."""
    return local(stem.replace(".", "_"))


def literal(value: Any) -> str:
    """A value through `repr`; only plain values pass."""
    if isinstance(value, Ratio):
        return f"Ratio({value.width!r}, {value.height!r})"
    if value is None or type(value) in (bool, int, float, str):
        return repr(value)
    if type(value) is tuple:
        return f"({literal(value[0])},)" if len(value) == 1 else f"({', '.join(map(literal, value))})"
    if isinstance(value, list):
        return "[" + ", ".join(literal(each) for each in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(each)}" for key, each in value.items()) + "}"
    raise EmitError(f"{type(value).__name__} can't be written as a literal")
