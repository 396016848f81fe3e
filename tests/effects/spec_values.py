"""The values of the spec files with their paths and lines."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from wanlib.spec.source.files import SINGLE_FILES
from wanlib.spec.source.yaml_reader import LineList, LineMap

Path = tuple[str | int, ...]
Documents = Mapping[str, LineMap]


class SpecValue(NamedTuple):
    """A value in a file.

    Attributes:
        file: the stem of the file name.
        path: keys and indices from the top.
        line: line number, from 1.
    """

    file: str
    path: Path
    value: Any
    line: int

    def __str__(self) -> str:
        return f"spec/{self.file}.yaml:{self.line}: {'.'.join(map(str, self.path))}"

    @property
    def kind(self) -> tuple[str, ...]:
        """The common key of interchangeable values: the kind of file and the last key."""
        keys = [part for part in self.path if isinstance(part, str) and part != "is"]
        return (self.file if self.file in SINGLE_FILES else "model", *keys[-1:])


def find_values(documents: Documents) -> Iterator[SpecValue]:
    """Yield every scalar and every list, in the order of the files."""
    for file, document in documents.items():
        yield from _walk(file, (), document, document.line)


def _walk(file: str, path: Path, value: Any, line: int) -> Iterator[SpecValue]:
    if isinstance(value, LineMap):
        for key, inner in value.items():
            yield from _walk(file, (*path, key), inner, value.lines[key])
        return
    yield SpecValue(file, path, value, line)
    if isinstance(value, LineList):
        for index, inner in enumerate(value):
            yield from _walk(file, (*path, index), inner, value.lines[index])


def replace_value(documents: Documents, place: SpecValue, value: Any) -> dict[str, LineMap]:
    """Return the documents with one value replaced; unchanged parts are shared."""
    return {**documents, place.file: _with(documents[place.file], place.path, value)}


def _with(where: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    step: Any = path[0]
    copy: Any = LineMap(where.line) if isinstance(where, LineMap) else LineList(where.line)
    copy.lines = where.lines.copy()
    if isinstance(where, LineMap):
        copy.update(where)
    else:
        copy.extend(where)
    copy[step] = _with(where[step], path[1:], value)
    return copy


def without_item(items: LineList, index: int) -> LineList:
    """Return a list without one of its items."""
    return _listed(items, [item for at, item in enumerate(items) if at != index])


def with_item(items: LineList, item: Any) -> LineList:
    """Return a list with one more item."""
    return _listed(items, [*items, item])


def _listed(items: LineList, found: list[Any]) -> LineList:
    copy = LineList(items.line)
    copy.extend(found)
    copy.lines = [items.lines[0] if items.lines else items.line] * len(found)
    return copy
