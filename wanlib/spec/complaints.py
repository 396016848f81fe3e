"""The complaints about one spec file, gathered so that all are told at once."""

from collections.abc import Iterable

from wanlib.base.suggest import suggest

_LISTED = 9


class Complaints:
    """Collects `file:line: what, expected what`."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: list[str] = []

    def add(self, line: int, what: str, expected: str) -> None:
        """One more complaint about a line (from 1)."""
        self.lines.append(f"{self.file}:{line}: {what}, expected {expected}")

    def unknown(self, line: int, what: str, name: object, known: Iterable[object]) -> None:
        """A name that is none of the known ones; the nearest is proposed."""
        self.add(line, f"{what} {name!r} does not exist", nearest(name, known))


def nearest(name: object, known: Iterable[object]) -> str:
    """The known name that was meant, as it seems, or the known names."""
    names = list(dict.fromkeys(map(str, known)))
    if near := suggest(str(name), names):
        return near[0]
    if len(names) == 1:
        return names[0]
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"one of {', '.join(names[:_LISTED])}{more}" if names else "none"
