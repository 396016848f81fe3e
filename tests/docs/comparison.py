"""The table of `docs/comparison.md`, made from the signatures of the compared libraries.

`python -m tests.docs.comparison` writes it; the libraries come with the extra `bench`. Each cell names what a
library has, and is looked up. An empty cell is checked too: no public name of the library may match the
pattern of the row.
"""

import importlib
import inspect
import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.docs.comparison_rows import LIBRARIES, ROWS, Library, Row

PAGE = Path(__file__).parents[2] / "docs/comparison.md"
_BEGIN, _END = "<!-- table: python -m tests.docs.comparison -->\n", "<!-- end of the table -->\n"
_PLACE = re.compile(r"(?P<module>[\w.]+):(?P<path>[\w.]+)(?:\((?P<argument>\w+)\)|\[(?P<member>\w+)\])?")
_SPECIAL = ("_repr_html_", "_repr_png_")


def table() -> str:
    """Return the table. Raise LookupError for a cell that its library contradicts."""
    heads = [f"{library.distribution} {version(library.distribution)}" for library in LIBRARIES[1:]]
    lines = ["| to do | " + " | ".join(["wanlib", *heads]) + " |", "|---" * (len(LIBRARIES) + 1) + "|"]
    surfaces = [set(_names(library)) for library in LIBRARIES]
    for row in ROWS:
        cells = [_cell(row, *pair) for pair in zip(row.cells, LIBRARIES, surfaces, strict=True)]
        lines.append(f"| {row.title} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def page(text: str) -> str:
    """Return the text of the page with the table of today."""
    before, _, rest = text.partition(_BEGIN)
    return f"{before}{_BEGIN}\n{table()}\n{_END}{rest.partition(_END)[2]}"


def find(place: str) -> str:
    """Return how the table shows a place, such as `module:Class.method(argument)`. Raise LookupError."""
    match = _PLACE.fullmatch(place)
    if match is None:
        raise LookupError(f"'{place}' is not a place")
    path, argument, member = match["path"], match["argument"], match["member"]
    value = importlib.import_module(match["module"])
    for name in path.split("."):
        if not hasattr(value, name):
            raise LookupError(f"{place}: there is no {name}")
        value = getattr(value, name)
    if argument and argument not in _arguments(value):
        raise LookupError(f"{place}: there is no argument {argument}")
    if member and member not in _members(value):
        raise LookupError(f"{place}: there is no member {member}")
    if argument or (member and path.endswith(("Options", "Params"))):
        shown = {"WaitOrSyncOptions": "Wan.edit", "Predictions.CreatePredictionParams": "Predictions.create"}
        return _code(f"{shown.get(path, path)}({argument or member})")
    return _code(f"{path}.{member}" if member else path)


def _code(name: str) -> str:
    """Return a name as code that a narrow column breaks where a part of it ends."""
    return f"<code>{re.sub(r'[.(]', lambda mark: '.<wbr>' if mark[0] == '.' else '<wbr>(', name)}</code>"


def _cell(row: Row, places: str, library: Library, surface: set[str]) -> str:
    if places:
        return ", ".join(find(place) for place in places.split())
    if row.pattern and (found := sorted(name for name in surface if re.search(row.pattern, name))):
        raise LookupError(f"{row.title}: {library.distribution} has {', '.join(found)}")
    return ""


def _names(library: Library) -> Iterator[str]:
    """Yield the public names of a library: members of its classes, and arguments of their methods."""
    package = library.distribution.replace("-", "_")
    for place in library.surface:
        module, _, path = place.partition(":")
        kind: Any = importlib.import_module(module)
        for name in path.split("."):
            kind = getattr(kind, name)
        yield from _members(kind)
        yield from _arguments(kind)
        modules = {
            base: base.__module__ for base in kind.__mro__ if not base.__module__.endswith("_base_client")
        }
        own = [base for base, name in modules.items() if name.partition(".")[0] == package]
        for name in {name for base in own for name in vars(base)}:
            if not name.startswith("_") or name in _SPECIAL:
                yield name
                yield from _arguments(inspect.getattr_static(kind, name))


def _arguments(value: Any) -> list[str]:
    try:
        return list(inspect.signature(getattr(value, "__func__", value)).parameters)
    except (TypeError, ValueError):
        return []


def _members(value: Any) -> set[str]:
    """Return the annotated members of a class: fields, and keys of a TypedDict."""
    members: set[str] = set()
    for base in getattr(value, "__mro__", ()):
        members |= {name for name in vars(base).get("__annotations__", ()) if not name.startswith("_")}
    return members


def main() -> None:
    """Write the table into the page."""
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
    print(f"wrote {PAGE.name}")


if __name__ == "__main__":
    main()
