"""Modes as Python expressions."""

from collections.abc import Callable

from wanlib.emit.names import literal
from wanlib.spec.mode import Compare, Expression, Join, Name, Not

Variable = Callable[[str], str]


def expression(tree: Expression, variable: Variable) -> str:
    """A mode's tree in Python; `variable` gives the local that holds a field, a count or a mode."""
    if isinstance(tree, Name):
        return variable(tree.name)
    if isinstance(tree, Compare):
        return f"{variable(tree.left.name)} {tree.operator} {literal(tree.literal)}"
    if isinstance(tree, Not):
        return f"not {_inner(tree.inner, variable)}"
    assert isinstance(tree, Join)
    return f" {tree.word} ".join(_inner(part, variable) for part in tree.parts)


def _inner(tree: Expression, variable: Variable) -> str:
    text = expression(tree, variable)
    return text if isinstance(tree, Name) else f"({text})"
