"""What is wrong with a spec."""

import re
from collections.abc import Iterable
from keyword import iskeyword

from wanlib.base.text import suggest


class SpecError(ValueError):
    """A broken spec file. `str()` has a line for each complaint: `file:line: what, expected what`."""

    def __init__(self, complaints: list[str]) -> None:
        self.complaints = complaints
        super().__init__("\n".join(complaints))


_LISTED = 9


class Complaints:
    """Collects `file:line: what, expected what`."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: list[str] = []

    def add(self, line: int, what: str, expected: str) -> None:
        """One more complaint about a line (from 1)."""
        self.lines.append(f"{self.file}:{line}: {what}, expected {expected}")

    def unknown_name(self, line: int, what: str, name: object, known: Iterable[object]) -> None:
        """A name that is none of the known ones; the nearest is proposed."""
        self.add(line, f"{what} {name!r} does not exist", suggest_name(name, known))


def suggest_name(name: object, known: Iterable[object]) -> str:
    """The known name that was meant, as it seems, or the known names."""
    names = list(dict.fromkeys(map(str, known)))
    if near := suggest(str(name), names):
        return near[0]
    if len(names) == 1:
        return names[0]
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"one of {', '.join(names[:_LISTED])}{more}" if names else "none"


_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TAKEN = frozenset({"model", "call", "count", "each", "fields"})


def check_name(what: str, name: str, line: int, complaints: Complaints) -> None:
    """A field or mode bears a name that can stand in expressions, in rule ids and in Python."""
    if not _NAME.fullmatch(name) or iskeyword(name) or name in _TAKEN:
        expected = "[a-z][a-z0-9_]*, and no word of Python or of the spec"
        complaints.add(line, f"the {what} name {name!r} can't be used", expected)
