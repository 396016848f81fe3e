"""What the project's own source reads of the table: the ground on which a mutant is proved equivalent."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import wanlib

_ROOT = Path(wanlib.__file__).parent

GROUNDS: tuple[tuple[str, str, frozenset[str]], ...] = (
    # life.py reads all of it for emulator.py; listing.py knows the names of states, which no mutant changes
    ("emulator", "spec.task", frozenset({"emulator.py", "listing.py"})),
    ("emulator", "polling", frozenset()),
    # openapi.py writes no Python
    ("emit", "spec.task", frozenset({"calls.py", "openapi.py"})),
    ("emit", "polling", frozenset({"calls.py", "openapi.py"})),
)
"""(folder of the package, what it might read, the files that do). `spec.name` is a member of a spec that is
read, any other word a text.
"""


def shaken() -> Iterator[str]:
    """The grounds that no longer hold, in words."""
    for folder, word, due in GROUNDS:
        met = readers(folder, word)
        if met != due:
            told = ", ".join(sorted(met)) or "no file"
            yield f"{word} is read in {told} of the {folder}, due was {', '.join(sorted(due)) or 'no file'}"


def readers(folder: str, word: str) -> frozenset[str]:
    """The files of a folder that read a word."""
    return frozenset(path.name for path in (_ROOT / folder).rglob("*.py") if word in _words(path))


@cache
def _words(path: Path) -> frozenset[str]:
    return frozenset(word for node in ast.walk(ast.parse(path.read_text("utf-8"))) for word in _of(node))


def _of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
        if owner.lstrip("_") == "spec":
            yield f"spec.{node.attr}"
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
