"""Edits of the arguments of a call in Python source that leave all other text unchanged."""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_BLANK = re.compile(r"[ \t]*")
_LINE_REST = re.compile(r"[ \t]*(#[^\n]*)?\r?\n")


class Edit(NamedTuple):
    """A replacement of a piece of text.

    Attributes:
        start: The first character that is replaced.
        end: The first character after it; equal to `start` for an insertion.
        text: The new text.
    """

    start: int
    end: int
    text: str


class SourceText:
    """The text of a module, with the places of syntax nodes as characters.

    Attributes:
        text: The text.
    """

    def __init__(self, text: str) -> None:
        """Find the lines of a text."""
        self.text = text
        self._lines = _LINE.findall(text)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Return the position of a node's first character, and the position after its last."""
        assert node.end_lineno is not None and node.end_col_offset is not None
        return self._place(node.lineno, node.col_offset), self._place(node.end_lineno, node.end_col_offset)

    def of(self, node: ast.expr) -> str:
        """Return the text of a node."""
        start, end = self.span(node)
        return self.text[start:end]

    def _place(self, line: int, byte: int) -> int:
        text = self._lines[line - 1] if line <= len(self._lines) else ""
        return self._starts[line - 1] + len(text.encode()[:byte].decode())

    def line_start(self, position: int) -> int:
        """Return the first character of the line of a position."""
        return self.text.rfind("\n", 0, position) + 1

    def indentation(self, position: int) -> int:
        """Return the white space at the beginning of the line of a position."""
        start = self.line_start(position)
        found = _BLANK.match(self.text, start)
        assert found is not None
        return found.end() - start

    def is_first_of_line(self, position: int) -> bool:
        """Return whether only white space precedes a position in its line."""
        return not self.text[self.line_start(position) : position].strip()

    def edited(self, edits: Iterable[Edit]) -> str:
        """Return the text with all edits made. Deletions may overlap."""
        pieces, position = [], 0
        for edit in sorted(edits):
            pieces += [self.text[position : max(position, edit.start)], edit.text]
            position = max(position, edit.end)
        return "".join((*pieces, self.text[position:]))


class Argument(NamedTuple):
    """One argument in the text of a call.

    Attributes:
        node: Its value.
        name: The keyword; None for a positional or a double-starred one.
        start: The first character.
        end: The first character after it.
        comma: The character of the comma after it; None if there is none.
    """

    node: ast.expr
    name: str | None
    start: int
    end: int
    comma: int | None


def arguments_of(source: SourceText, call: ast.Call) -> list[Argument] | None:
    """Return the arguments of a call in the order of the text; None if the text cannot be split."""
    start, end = source.span(call)
    _, function_end = source.span(call.func)
    spans = list(_argument_spans(source.text[start:end], start, function_end))
    values: list[tuple[str | None, ast.expr]] = [(None, node) for node in call.args]
    values += [(keyword.arg, keyword.value) for keyword in call.keywords]
    values.sort(key=lambda named: source.span(named[1]))
    if len(spans) != len(values):
        return None
    return [Argument(node, name, *span) for (name, node), span in zip(values, spans, strict=True)]


def _argument_spans(text: str, start: int, function_end: int) -> Iterator[tuple[int, int, int | None]]:
    """Yield the start of each argument, its end, and the position of its comma."""
    lines = _LINE.findall(text)
    offsets = [start]
    for line in lines:
        offsets.append(offsets[-1] + len(line))
    depth, first, last = 0, -1, -1
    try:
        for token in tokenize.generate_tokens(io.StringIO(f"({text})").readline):
            begin, end = (offsets[row - 1] + column - (row == 1) for row, column in (token.start, token.end))
            if begin < function_end or token.type in (tokenize.NL, tokenize.COMMENT):
                continue
            closes = token.type == tokenize.OP and token.string in ")]}"
            depth -= closes
            if depth == 0 and closes:
                break
            if depth == 1 and token.type == tokenize.OP and token.string == ",":
                yield first, last, begin
                first = -1
            elif depth:
                first, last = begin if first < 0 else first, end
            depth += token.type == tokenize.OP and token.string in "([{"
    except (tokenize.TokenError, SyntaxError, IndexError):
        return
    if first >= 0:
        yield first, last, None


def argument_edits(
    source: SourceText,
    arguments: Sequence[Argument],
    replaced: Mapping[int, str],
    removed: Sequence[int],
    added: Sequence[str],
) -> Iterator[Edit]:
    """Yield the edits of the arguments of one call.

    Args:
        source: The text.
        arguments: The arguments of the call.
        replaced: The new text of arguments, by position.
        removed: The positions of arguments to leave out, in order.
        added: New arguments. They take the places of removed ones, or come last.
    """
    for position, text in (*replaced.items(), *zip(removed, added, strict=False)):
        yield Edit(arguments[position].start, arguments[position].end, text)
    gone = removed[len(added) :]
    for position in gone:
        kept = [other for index, other in enumerate(arguments[:position]) if index not in gone]
        yield _removal(source, arguments[position], kept[-1] if kept else None)
    if len(added) > len(removed):
        yield from _appending(source, arguments[-1], added[len(removed) :])


def _removal(source: SourceText, argument: Argument, before: Argument | None) -> Edit:
    """Return the edit that leaves out an argument, with its line if nothing else is on it."""
    is_first = source.is_first_of_line(argument.start)
    if argument.comma is not None:
        rest = _LINE_REST.match(source.text, argument.comma + 1)
        if is_first and rest:
            return Edit(source.line_start(argument.start), rest.end(), "")
        blanks = _BLANK.match(source.text, argument.comma + 1)
        assert blanks is not None
        if rest or source.text.startswith(")", blanks.end()):
            kept = source.text[: argument.start].rstrip(" \t")
            return Edit(len(kept), argument.comma + 1 if rest else blanks.end(), "")
        return Edit(argument.start, blanks.end(), "")
    if before is not None and before.comma is not None:
        if "#" not in source.text[before.comma : argument.start]:
            return Edit(before.comma, argument.end, "")
        if is_first:
            return Edit(source.line_start(argument.start), argument.end, "")
    return Edit(argument.start, argument.end, "")


def _appending(source: SourceText, last: Argument, added: Sequence[str]) -> Iterator[Edit]:
    """Yield the edits that write arguments after the last one, on separate lines if it is on one."""
    end = last.end if last.comma is None else last.comma + 1
    comma = "," if last.comma is None else ""
    if not source.is_first_of_line(last.start):
        closing = "" if last.comma is None else ","
        yield Edit(end, end, f"{comma} {', '.join(added)}{closing}")
        return
    blanks = " " * (last.start - source.line_start(last.start))
    rest = _LINE_REST.match(source.text, end)
    line_end = end if rest is None else source.text.index("\n", end)
    ending = "" if last.comma is None else ","
    text = "".join(f"\n{blanks}{argument}," for argument in added).removesuffix(",") + ending
    if line_end == end:
        yield Edit(end, end, comma + text)
        return
    yield Edit(end, end, comma)
    yield Edit(line_end, line_end, text)
