"""Vectors, the handwritten cases from the vendor's pages: their macros and their loader.

A vector names the statement of `spec/sources.yaml` that it tests, a wire body, and the exact set of rule
ids that the body violates. Vectors are the one reading that is independent of the spec files, so this
module imports no spec. `vectors/README.md` describes the format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from wanlib.base.text import json_type
from wanlib.boundary.images import MEDIA_TYPES, data_uri_of_image
from wanlib.input_error import InputError
from wanlib.plain_yaml import YAML_ERRORS, YamlLoader, yaml_problem


class Macro(NamedTuple):
    """The expansion of a macro, and the types of its members."""

    expand: Callable[..., Any]
    required: dict[str, type]
    optional: dict[str, type]


def _text(char: str, count: int) -> str:
    return char * count


def _image(format: str, width: int, height: int, **options: Any) -> str:  # noqa: A002
    """Return a data URI.

    `mime` is the declared type, `bytes` the exact length, `prefix` replaces the text before the data.
    """
    alpha, mime, size = options.get("alpha", False), options.get("mime"), options.get("bytes")
    uri = data_uri_of_image(format, width, height, mime=mime, size_bytes=size, alpha=alpha)
    return options["prefix"] + uri.partition(",")[2] if "prefix" in options else uri


def _repeat(of: Any, count: int) -> list[Any]:
    return [expand(of) for _ in range(count)]


MACROS = {
    "$text": Macro(_text, {"char": str, "count": int}, {}),
    "$image": Macro(
        _image,
        {"format": str, "width": int, "height": int},
        {"bytes": int, "mime": str, "alpha": bool, "prefix": str},
    ),
    "$repeat": Macro(_repeat, {"of": object, "count": int}, {}),
}


def expand(node: Any) -> Any:
    """Return a value with every macro expanded; always new lists and dicts."""
    if isinstance(node, list):
        return [value for item in node for value in _expand_item(item)]
    if not isinstance(node, dict):
        return node
    name = _macro_name(node)
    if name is None:
        return {key: expand(value) for key, value in node.items()}
    return MACROS[name].expand(**node[name])


def _expand_item(item: Any) -> list[Any]:
    value = expand(item)
    return value if isinstance(item, dict) and _macro_name(item) == "$repeat" else [value]


def _macro_name(node: dict[Any, Any]) -> str | None:
    """Return the macro that this mapping calls; None if it calls none."""
    first = next(iter(node), None)
    return first if isinstance(first, str) and first.startswith("$") else None


def macro_problems(node: Any, in_list: bool = False) -> Iterator[str]:
    """Yield the problems of the macros in a value, without expanding them, so that loading stays cheap.

    Args:
        node: The value, as read from YAML.
        in_list: Whether it is an item of a list, where `$repeat` is allowed.
    """
    if isinstance(node, list):
        for item in node:
            yield from macro_problems(item, in_list=True)
    elif isinstance(node, dict):
        called = [key for key in node if isinstance(key, str) and key.startswith("$")]
        if called:
            yield from _call_problems(called[0], node, in_list)
        else:
            yield from _key_problems(node)
            for value in node.values():
                yield from macro_problems(value)


def _key_problems(node: dict[Any, Any]) -> Iterator[str]:
    """Yield keys that JSON does not have: YAML 1.1 reads `on` and `yes` as booleans."""
    for key in node:
        if not isinstance(key, str):
            yield f"the key {key!r} is not a string: quote it"


def _call_problems(name: str, node: dict[Any, Any], in_list: bool) -> Iterator[str]:
    macro, members = MACROS.get(name), node[name]
    if macro is None:
        yield f"no macro {name}, expected one of {', '.join(MACROS)}"
    elif len(node) > 1:
        yield f"{name} must be the only key of its mapping, found {', '.join(map(str, node))}"
    elif not isinstance(members, dict):
        yield f"{name} requires a mapping, found {members!r}"
    else:
        yield from _member_problems(name, macro, members)
        if name == "$repeat":
            yield from () if in_list else (f"{name} is allowed only inside a list",)
            yield from macro_problems(members.get("of"))


def _member_problems(name: str, macro: Macro, members: dict[Any, Any]) -> Iterator[str]:
    members_by_name = macro.required | macro.optional
    for member in macro.required.keys() - members.keys():
        yield f"{name} requires {member}"
    for member, value in members.items():
        if member not in members_by_name:
            yield f"{name} has no member {member}, only {', '.join(members_by_name)}"
        elif not _fits(value, members_by_name[member]):
            at_least = " of 0 or more" if members_by_name[member] is int else ""
            yield f"{name}: {member} is {value!r}, expected {members_by_name[member].__name__}{at_least}"
    if name == "$image" and members.get("format") not in MEDIA_TYPES:
        yield f"{name}: format is {members.get('format')!r}, expected one of {', '.join(MEDIA_TYPES)}"


def _fits(value: Any, kind: type) -> bool:
    """Return whether a value has this type; an int is a length or a count: not a boolean, never negative."""
    if kind is int:
        return type(value) is int and value >= 0
    return isinstance(value, kind)


VECTORS = Path(__file__).parents[1] / "vectors"

_CALLS = ("sync", "async", "stream")
_REQUIRED = ("id", "statement", "body", "expect")
_PATTERNS = {
    "id": re.compile(r"[a-z0-9][a-z0-9.-]*"),
    "statement": re.compile(r"[a-z0-9]+#[a-z0-9.-]+"),
    "rule": re.compile(r"[a-z][a-z0-9._-]*/[A-Za-z0-9_.]+(:(not-)?[a-z0-9_]+)?"),
}


class VectorError(InputError, ValueError):
    """A vector file is invalid: `file:line: id: problem`."""


@dataclass(frozen=True)
class Vector:
    """One body and the rules that it violates.

    Attributes:
        id: Unique among all vectors.
        statement: The statement of `spec/sources.yaml` that it tests.
        call: How the body is sent: `sync`, `async` or `stream`; None if unknown, so that rules on the call
            are not judged.
        file: The name of its file.
        line: The line at which it begins, from 1.
        expect: All rule ids that it violates; empty for a valid body.
        template: The body with its macros.
    """

    id: str
    statement: str
    call: str | None
    file: str
    line: int
    expect: tuple[str, ...]
    template: Any = field(repr=False)

    def body(self) -> Any:
        """Return the wire body with its macros expanded, new on every call: a body may have 30 MB.

        Raises:
            VectorError: An image cannot be made as described.
        """
        try:
            return expand(self.template)
        except ValueError as error:
            raise VectorError(f"{self.file}:{self.line}: {self.id}: {error}") from error


def load(folder: Path = VECTORS) -> list[Vector]:
    """Return every vector of the `*.yaml` files in a folder, by file name and position.

    Raises:
        VectorError: For the first problem in them, or if there are none.
    """
    vectors = [vector for path in sorted(folder.glob("*.yaml")) for vector in _unchanged(path)]
    if not vectors:
        raise VectorError(f"{folder}: no vectors, expected *.yaml files with a list in each")
    by_id: dict[str, Vector] = {}
    for vector in vectors:
        first = by_id.setdefault(vector.id, vector)
        if first is not vector:
            taken = f"the id is taken at {first.file}:{first.line}"
            raise VectorError(f"{vector.file}:{vector.line}: {vector.id}: {taken}")
    return vectors


def _unchanged(path: Path) -> tuple[Vector, ...]:
    """Return the vectors of a file, from memory if it has not changed since it was read."""
    state = path.stat()
    return _read_state(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _read_state(path: Path, modified: int, size: int) -> tuple[Vector, ...]:
    return tuple(_read(path))


def _read(path: Path) -> Iterator[Vector]:
    try:
        entries = [*_entries(path)]
    except VectorError:
        raise
    except YAML_ERRORS as error:
        raise VectorError(f"{path.name}: not plain YAML: {yaml_problem(error)}") from error
    for number, (line, entry) in enumerate(entries):
        for fault in _entry_problems(entry):
            name = entry.get("id", number) if isinstance(entry, dict) else number
            raise VectorError(f"{path.name}:{line}: {name}: {fault}")
        yield _vector(path.name, line, entry)


def _entries(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield the entries of a file with their first lines, from 1."""
    loader = YamlLoader(path.read_text(encoding="utf-8"))
    try:
        node = loader.get_single_node()
        if not isinstance(node, yaml.SequenceNode):
            kind = json_type(loader.construct_document(node) if node else None)
            raise VectorError(f"{path.name}: expected a list of vectors, found {kind}")
        for entry in node.value:
            yield entry.start_mark.line + 1, loader.construct_document(entry)
    finally:
        loader.dispose()


def _vector(file: str, line: int, entry: dict[str, Any]) -> Vector:
    call, expect = entry.get("call"), tuple(entry["expect"])
    return Vector(entry["id"], entry["statement"], call, file, line, expect, entry["body"])


def _entry_problems(entry: Any) -> Iterator[str]:
    """Yield the problems of one entry, basic ones before detailed ones: the caller stops at the first."""
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
        yield from _pattern_problems(member, entry[member], member)
    if "call" in entry and entry["call"] not in _CALLS:
        yield f"call is {entry['call']!r}, expected one of {', '.join(_CALLS)} (or no call: unknown)"
    yield from _expectation_problems(entry["expect"])
    yield from macro_problems(entry["body"])


def _expectation_problems(expect: Any) -> Iterator[str]:
    if not isinstance(expect, list):
        yield f"expect is {expect!r}, expected a list of rule ids ([] for a clean body)"
        return
    for rule in expect:
        yield from _pattern_problems("a rule of expect", rule, "rule")
        if expect.count(rule) > 1:
            yield f"expect has {rule} twice"


def _pattern_problems(what: str, value: Any, pattern: str) -> Iterator[str]:
    if not isinstance(value, str) or not _PATTERNS[pattern].fullmatch(value):
        yield f"{what} is {value!r}, expected the form {_PATTERNS[pattern].pattern}"
