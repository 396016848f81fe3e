"""A case: one edit of the small spec, and the diagnostic that it must cause."""

from dataclasses import dataclass

from tests.spec.small import FILES

HERE = "⟵"  # marks the line of the diagnostic in the new text


@dataclass(frozen=True)
class Broken:
    """A broken spec.

    Attributes:
        name: The mistake.
        file: The file.
        old: Text that occurs once in it and becomes `new`; None for the whole file.
        new: The new text.
        words: The diagnostic after `file:line: `; `…` matches words of the parser, or very long ones.
        at: File and text of the line of the diagnostic, if it is not that of the edit.
        also: The number of further diagnostics.
    """

    name: str
    file: str
    old: str | None
    new: str
    words: str
    at: tuple[str, str] | None = None
    also: int = 0

    def files(self) -> dict[str, str]:
        """Return the files of the small spec with the edit."""
        return FILES | {self.file: self._marked().replace(HERE, "")}

    def place(self) -> str:
        """Return the `file:line` of the diagnostic."""
        if self.at:
            file, text = self.at
            return f"{file}:{_line(self.files()[file], text)}"
        marked = self._marked()
        if HERE in marked:
            return f"{self.file}:{_line(marked, HERE)}"
        return f"{self.file}:{_line(FILES[self.file], self.old) if self.old else 1}"

    def _marked(self) -> str:
        text = FILES[self.file]
        assert self.old is None or text.count(self.old) == 1, f"{self.old!r} is not one place of {self.file}"
        return self.new if self.old is None else text.replace(self.old, self.new)


def _line(text: str, part: str) -> int:
    assert text.count(part) == 1, f"{part!r} is not one place"
    return text[: text.index(part)].count("\n") + 1
