"""Vectors: cases written by hand from the vendor's pages, and their loader.

A vector says which statement of `spec/sources.yaml` it tests, a wire body, and the exact set of rule
ids that the body breaks. They are the one reading that owes nothing to the spec files, so nothing
here imports the spec.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from conformance.macro import expand, faults

VECTORS = Path(__file__).parent / "vectors"

# libyaml where PyYAML was built with it: the same answer, ten times as fast.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_CALLS = ("sync", "async", "stream")
_REQUIRED = ("id", "statement", "body", "expect")
_PATTERNS = {
    "id": re.compile(r"[a-z0-9][a-z0-9.-]*"),
    "statement": re.compile(r"[a-z0-9]+#[a-z0-9.-]+"),
    "rule": re.compile(r"(wire|task|wanx?[0-9.]+)/[a-z0-9_.]+(:(not-)?[a-z0-9_]+)?"),
}


class VectorError(ValueError):
    """A vector file is wrong: `file: id: what`."""


@dataclass(frozen=True)
class Vector:
    """One body and what is wrong with it.

    `expect` is the whole set of rule ids broken, empty for a clean body; `call` how the body is sent
    (None: unknown, rules on the call are not judged); `file` and `index` where it is written.
    """

    id: str
    statement: str
    call: str | None
    file: str
    index: int
    expect: tuple[str, ...]
    template: Any = field(repr=False)

    def body(self) -> Any:
        """The wire body with its macros expanded, new on every call: a body may have 30 MB.

        Raises VectorError where a picture cannot be drawn as it is asked for.
        """
        try:
            return expand(self.template)
        except ValueError as error:
            raise VectorError(f"{self.file}: {self.id}: {error}") from error


def load(folder: Path = VECTORS) -> list[Vector]:
    """Every vector of the `*.yaml` files in `folder`, by file name and position.

    Raises VectorError for the first thing wrong in them, and where there are none.
    """
    vectors = [vector for path in sorted(folder.glob("*.yaml")) for vector in _read(path)]
    if not vectors:
        raise VectorError(f"{folder}: no vectors, expected *.yaml files with a list in each")
    seen: dict[str, Vector] = {}
    for vector in vectors:
        first = seen.setdefault(vector.id, vector)
        if first is not vector:
            taken = f"the id is taken by entry {first.index} of {first.file}"
            raise VectorError(f"{vector.file}: {vector.id}: {taken}")
    return vectors


def _read(path: Path) -> Iterator[Vector]:
    try:
        entries = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise VectorError(f"{path.name}: not plain YAML: {error}") from error
    if not isinstance(entries, list):
        raise VectorError(f"{path.name}: expected a list of vectors, found {type(entries).__name__}")
    for index, entry in enumerate(entries):
        for fault in _faults(entry):
            name = entry.get("id", index) if isinstance(entry, dict) else index
            raise VectorError(f"{path.name}: {name}: {fault}")
        yield _vector(path.name, index, entry)


def _vector(file: str, index: int, entry: dict[str, Any]) -> Vector:
    call, expect = entry.get("call"), tuple(entry["expect"])
    return Vector(entry["id"], entry["statement"], call, file, index, expect, entry["body"])


def _faults(entry: Any) -> Iterator[str]:
    """What is wrong with one entry, the coarse before the fine: the caller stops at the first."""
    if not isinstance(entry, dict):
        yield f"expected a mapping, found {entry!r}"
        return
    for member in _REQUIRED:
        if member not in entry:
            yield f"{member} is missing"
    for member in entry:
        if member not in (*_REQUIRED, "call"):
            yield f"no member {member!r}, expected {', '.join(_REQUIRED)} or call"
    for member in ("id", "statement"):
        yield from _unlike(member, entry[member], member)
    if "call" in entry and entry["call"] not in _CALLS:
        yield f"call is {entry['call']!r}, expected one of {', '.join(_CALLS)} (or no call: unknown)"
    yield from _expect_faults(entry["expect"])
    yield from faults(entry["body"])


def _expect_faults(expect: Any) -> Iterator[str]:
    if not isinstance(expect, list):
        yield f"expect is {expect!r}, expected a list of rule ids ([] for a clean body)"
        return
    for rule in expect:
        yield from _unlike("a rule of expect", rule, "rule")
        if expect.count(rule) > 1:
            yield f"expect has {rule} twice"


def _unlike(what: str, value: Any, pattern: str) -> Iterator[str]:
    if not isinstance(value, str) or not _PATTERNS[pattern].fullmatch(value):
        yield f"{what} is {value!r}, expected the form {_PATTERNS[pattern].pattern}"
