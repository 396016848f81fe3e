"""Why a mutant can't be told from the true table: not because no test sees it, but because nothing is other.

Each proof is a rule that is worked out for each mutant; what the rules stand on is read from the source
(`reads.GROUNDS`).
"""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import wanlib
from wan_conformance.lifecycle.mutation.mutants import Mutant
from wanlib.emit.client.api_tables import calls
from wanlib.emulator.jobs.lifecycle import lifecycle_from_spec
from wanlib.spec import Spec

SAME = (
    "the service reads the same life from it: "
    "a state that follows itself is the state that stays, and an end is one where no step leads on"
)
UNPACED = "a service advises how often it is asked, and does nothing by it"
UNTOLD = "the client is not told this word: what is generated for it is the same to the letter"


def equivalence_reason(true: Spec, mutant: Mutant, side: str) -> str:
    """Why a mutant is equivalent on a side, "" where nothing says that it is."""
    return _of_service(true, mutant) if side == "service" else _of_client(true, mutant)


def _of_service(true: Spec, mutant: Mutant) -> str:
    """A service does what its Life says, and paces callers by `account_rates`."""
    if _but(mutant.spec.wire, "polling") != _but(true.wire, "polling"):
        return ""
    if lifecycle_from_spec(mutant.spec.task) != lifecycle_from_spec(true.task):
        return ""
    return SAME if mutant.spec.wire == true.wire else UNPACED


def _of_client(true: Spec, mutant: Mutant) -> str:
    return UNTOLD if mutant.code is None and calls(mutant.spec) == calls(true) else ""


def _but(table: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key != name}


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


def invalid_assumptions() -> Iterator[str]:
    """The grounds that no longer hold, in words."""
    for folder, word, due in GROUNDS:
        met = files_reading(folder, word)
        if met != due:
            told = ", ".join(sorted(met)) or "no file"
            yield f"{word} is read in {told} of the {folder}, due was {', '.join(sorted(due)) or 'no file'}"


def files_reading(folder: str, word: str) -> frozenset[str]:
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
