"""One small edit of the small spec, and the complaint that it has to draw."""

from dataclasses import dataclass

from tests.spec.small import FILES

HERE = "⟵"  # marks, in the new text, the line that the complaint names


@dataclass(frozen=True)
class Broken:
    """A broken spec.

    old: stands once in the file and becomes `new`; None for the whole file. words: all that the
    complaint says behind `file:line: `; the parser's own words, or very long ones, are left out as `…`.
    at: file and text of the line that is named, where it is another than that of the edit. also: how
    many more complaints there are.
    """

    name: str
    file: str
    old: str | None
    new: str
    words: str
    at: tuple[str, str] | None = None
    also: int = 0

    def files(self) -> dict[str, str]:
        """The small spec with the edit made."""
        return FILES | {self.file: self._marked().replace(HERE, "")}

    def place(self) -> str:
        """`file:line` that the complaint has to begin with."""
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
