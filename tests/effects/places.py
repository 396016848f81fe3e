"""The values of the spec files, each at its place."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from wanlib.spec.reader import Map, Seq

Path = tuple[str | int, ...]
Documents = Mapping[str, Map]


class Place(NamedTuple):
    """A value in a file. file: its stem. path: keys and indices from the top. line: from 1."""

    file: str
    path: Path
    value: Any
    line: int

    def __str__(self) -> str:
        return f"spec/{self.file}.yaml:{self.line}: {'.'.join(map(str, self.path))}"

    @property
    def kind(self) -> tuple[str, ...]:
        """What values that may stand in for each other have in common: the kind of file and the last keys."""
        keys = [part for part in self.path if isinstance(part, str) and part != "is"]
        return ("model" if self.file.startswith("wan") else self.file, *keys[-1:])


def places(documents: Documents) -> Iterator[Place]:
    """Every scalar and every list, in the order of the files."""
    for file, document in documents.items():
        yield from _walk(file, (), document, document.line)


def _walk(file: str, path: Path, value: Any, line: int) -> Iterator[Place]:
    if isinstance(value, Map):
        for key, inner in value.items():
            yield from _walk(file, (*path, key), inner, value.lines[key])
        return
    yield Place(file, path, value, line)
    if isinstance(value, Seq):
        for index, inner in enumerate(value):
            yield from _walk(file, (*path, index), inner, value.lines[index])


def replaced(documents: Documents, place: Place, value: Any) -> dict[str, Map]:
    """The documents with another value at a place; what does not change is shared."""
    return {**documents, place.file: _with(documents[place.file], place.path, value)}


def _with(where: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    step: Any = path[0]
    copy: Any = Map(where.line) if isinstance(where, Map) else Seq(where.line)
    copy.lines = where.lines.copy()
    if isinstance(where, Map):
        copy.update(where)
    else:
        copy.extend(where)
    copy[step] = _with(where[step], path[1:], value)
    return copy


def shortened(items: Seq, index: int) -> Seq:
    """A list without one of its items."""
    return _listed(items, [each for at, each in enumerate(items) if at != index])


def lengthened(items: Seq, item: Any) -> Seq:
    """A list with one more item."""
    return _listed(items, [*items, item])


def _listed(items: Seq, found: list[Any]) -> Seq:
    copy = Seq(items.line)
    copy.extend(found)
    copy.lines = [items.lines[0] if items.lines else items.line] * len(found)
    return copy
