"""The complaints about one spec file, gathered so that all are told at once."""

from collections.abc import Iterable
from difflib import get_close_matches


class Complaints:
    """Collects `file:line: what, expected what`."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: list[str] = []

    def add(self, line: int, what: str, expected: str) -> None:
        """One more complaint about a line (from 1)."""
        self.lines.append(f"{self.file}:{line}: {what}, expected {expected}")

    def unknown(self, line: int, what: str, name: str, known: Iterable[str]) -> None:
        """A name that is none of the known ones; the nearest is proposed."""
        names = list(known)
        near = get_close_matches(name, names, 1)
        self.add(
            line,
            f"{what} {name!r} does not exist",
            near[0] if near else f"one of {', '.join(names) or 'none'}",
        )
