"""Lines of Python with their indentation."""

from collections.abc import Iterator
from contextlib import contextmanager


class Writer:
    """Gathers lines; `block` indents what is written inside it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.depth = 0

    def line(self, text: str = "") -> None:
        """One line at the present depth."""
        self.lines.append("    " * self.depth + text if text else "")

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """`head:` and what is written under it; nothing at all where that is nothing."""
        self.line(f"{head}:")
        self.depth += 1
        start = len(self.lines)
        yield
        self.depth -= 1
        if len(self.lines) == start:
            self.lines.pop()

    def text(self) -> str:
        """All lines, with one newline at the end."""
        return "\n".join(self.lines).rstrip("\n") + "\n"
