"""Names in Python source: the value of an import or of the only assignment of a name."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping

_NAMED = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.ExceptHandler,
    ast.MatchAs,
    ast.MatchStar,
)
"""Nodes that bind the name that they contain."""


class SourceNames:
    """The values of names of a module that can be read without running it.

    Attributes:
        imported: The imported name of each alias: `ImageSynthesis` for `import ImageSynthesis as Images`.
    """

    def __init__(self, tree: ast.Module) -> None:
        """Read the imports and assignments of a module."""
        self.imported: Mapping[str, str] = {
            alias.asname or alias.name: alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        bindings = Counter(_bound_names(tree))
        changed = set(_changed_in_place(tree))
        self._values = {
            name: value for name, value in _assignments(tree) if bindings[name] == 1 and name not in changed
        }

    def resolve(self, node: ast.expr) -> ast.expr:
        """Return the value of a name if it has only one; any other expression unchanged."""
        seen: set[str] = set()
        while isinstance(node, ast.Name) and node.id in self._values and node.id not in seen:
            seen.add(node.id)
            node = self._values[node.id]
        return node

    def class_of(self, node: ast.expr) -> str:
        """Return the class that an expression names, by its own name; empty for another expression."""
        name = last_name(node)
        return self.imported.get(name, name) if isinstance(node, ast.Name) else name


def last_name(node: ast.expr) -> str:
    """Return `c` of `a.b.c` or of `c`; empty for another expression."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, node.value


def _bound_names(tree: ast.Module) -> Iterator[str]:
    """Yield each name once for each place that binds it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, _NAMED) and node.name:
            yield node.name
        elif isinstance(node, ast.Global | ast.Nonlocal):
            yield from node.names


def _changed_in_place(tree: ast.Module) -> Iterator[str]:
    """Yield the names whose values can change after the assignment, such as `parts` in `parts.append(…)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield last_name(node.func.value)
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            yield last_name(node.value)
        elif isinstance(node, ast.AugAssign):
            yield last_name(node.target)
