"""Read strict YAML 1.2, with the line of every key and item.

Refused: repeated keys, anchors, tags, directives, merges, several documents, and plain text that readers of
YAML 1.1 and 1.2 read differently. `LineMap` and `LineList` are a dict and a list with lines, so that every
diagnostic has a file and a line.
"""

import re
from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn
from unicodedata import category

import yaml

from wanlib.spec.model.errors import SpecError

_MAX_DEPTH = 40
_MAX_NUMBER_LENGTH = 40
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Control and format characters, and line ends other than LF, by their category in Unicode."""
_CONSTANTS = {"null": None, "~": None, "true": True, "false": False}
# YAML 1.1 and 1.2 differ on these, so a parser in another language could load another spec.
_AMBIGUOUS = {
    "a switch": re.compile(r"(?i)yes|no|on|off"),
    "an octal or hexadecimal number": re.compile(r"[-+]?0[0-9]+|[-+]?0[ob][0-7]+|[-+]?0x[0-9a-fA-F]+"),
    "a number with underscores": re.compile(r"[-+]?[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?"),
    "a merge": re.compile(r"<<|="),
    "a constant": re.compile(r"Null|NULL|True|TRUE|False|FALSE|[-+]?\.(inf|Inf|INF|nan|NaN|NAN)"),
}


class LineMap(dict[str, Any]):
    """A YAML mapping with line numbers.

    Attributes:
        line: The line of the mapping, from 1.
        lines: The line of each key, from 1.
    """

    def __init__(self, line: int) -> None:
        """Make an empty mapping that begins at a line."""
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


class LineList(list[Any]):
    """A YAML sequence with line numbers.

    Attributes:
        line: The line of the sequence, from 1.
        lines: The line of each item, from 1.
    """

    def __init__(self, line: int) -> None:
        """Make an empty sequence that begins at a line."""
        super().__init__()
        self.line = line
        self.lines: list[int] = []


def read_yaml(text: str, name: str) -> LineMap:
    """Parse the text of a spec file.

    Args:
        text: The text.
        name: The name of the file, for diagnostics.

    Raises:
        SpecError: The text is not a mapping in strict YAML; it has one diagnostic, with the line.
    """
    return _Reader(name).document(text)


def read_file(path: Path) -> LineMap:
    """Parse a spec file.

    Raises:
        SpecError: The file can't be read, is not UTF-8, or is not a mapping in strict YAML.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SpecError(f"{path.name}:1: can't be read ({error.strerror}), expected a spec file") from None
    try:
        return read_yaml(raw.decode("utf-8"), path.name)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise SpecError(f"{path.name}:{line}: is not UTF-8, expected UTF-8 text") from None


class _Reader:
    """Turns parser events into values. Lines count from 0, as in parser marks."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.depth = 0

    def document(self, text: str) -> LineMap:
        if text.startswith("\ufeff"):
            self.fail(0, "begins with a byte order mark", "UTF-8 without one")
        events = self._events(text)
        next(events)  # the start of the stream
        self._check_start(next(events))
        first = next(events)
        value = self._value(first, events)
        if not isinstance(value, LineMap):
            self.fail(_line(first), "contains no mapping", "a mapping at the top")
        next(events)  # the end of the document
        self._check_end(next(events))
        return value

    def _check_start(self, event: Any) -> None:
        if not isinstance(event, yaml.DocumentStartEvent):
            self.fail(0, "is empty", "a mapping")
        if event.version or event.tags:
            self.fail(_line(event), "uses a directive", "none: a spec file is YAML 1.2")

    def _check_end(self, event: Any) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self.fail(_line(event), "begins a second document", "one")

    def _events(self, text: str) -> Iterator[Any]:
        """Yield parser events lazily: 100,000 open brackets take the parser a minute."""
        try:
            yield from yaml.parse(text, Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line if mark else 0
            self._check_depth(text[: mark.index] if mark else text)
            expected = "spaces instead of tabs" if _has_tab(text, line) else "valid YAML"
            self.fail(line, f"is not YAML ({error.problem or error.context})", expected)
        except yaml.reader.ReaderError as error:  # a character that YAML forbids
            line = text.encode("utf-8")[: error.position].count(b"\n")
            self.fail(line, f"is not YAML ({error.reason})", "valid YAML")

    def _check_depth(self, text: str) -> None:
        """Report text that nests too deeply rather than the error that the parser reported.

        The scanner reads ahead of the events and may have a limit of its own, so it can fail before the
        event that is too deep. text: what precedes the error of the parser.
        """
        depth = 0
        try:
            for event in yaml.parse(text, Loader=_LOADER):
                if isinstance(event, yaml.CollectionStartEvent):
                    depth += 1
                    self._check_level(_line(event), depth)
                elif isinstance(event, yaml.CollectionEndEvent):
                    depth -= 1
        except yaml.YAMLError:
            return  # the text ends in the middle of a value

    def _check_level(self, line: int, depth: int) -> None:
        if depth > _MAX_DEPTH:
            self.fail(line, f"nests deeper than {_MAX_DEPTH} levels", "a shallower file")

    def fail(self, line: int, problem: str, expected: str) -> NoReturn:
        raise SpecError(f"{self.name}:{line + 1}: {problem}, expected {expected}")

    def _value(self, event: Any, events: Iterator[Any]) -> Any:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            self.fail(line, "uses an anchor or alias", "the value written out")
        if event.tag:
            self.fail(line, f"uses the tag {event.tag}", "no tags")
        if isinstance(event, yaml.ScalarEvent):
            self._check_characters(line, event.value)
            return event.value if event.style else self._scalar(line, event.value)
        self.depth += 1
        self._check_level(line, self.depth)
        mapping = isinstance(event, yaml.MappingStartEvent)
        value = self._mapping(line, events) if mapping else self._sequence(line, events)
        self.depth -= 1
        return value

    def _mapping(self, line: int, events: Iterator[Any]) -> LineMap:
        mapping = LineMap(line + 1)
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._key(event)
            key_line = _line(event)
            if key in mapping:
                self.fail(key_line, f"repeats the key {key!r} of line {mapping.lines[key]}", "each key once")
            mapping.lines[key] = key_line + 1
            mapping[key] = self._value(next(events), events)
        return mapping

    def _key(self, event: Any) -> str:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            self.fail(line, "uses an anchor or alias at a key", "plain keys")
        if event.tag:
            self.fail(line, f"uses the tag {event.tag} at a key", "no tags")
        if not isinstance(event, yaml.ScalarEvent):
            self.fail(line, "has a key that is not text", "text as a key")
        self._check_characters(line, event.value, within_line=True)
        if not event.style:
            self._check_key(line, event.value)
        return str(event.value)

    def _check_characters(self, line: int, text: str, within_line: bool = False) -> None:
        """Refuse characters that steer a terminal or cannot be seen. within_line: a line end is one."""
        if text.isprintable():
            return
        for char in text:
            if category(char) in _INVISIBLE and (within_line or char != "\n"):
                self.fail(
                    line, f"has the character U+{ord(char):04X}, which can't be seen", "text without it"
                )

    def _check_key(self, line: int, text: str) -> None:
        if text in ("<<", "="):
            self.fail(line, f"uses the merge key {text}", "each file and mapping written out")
        if text in _CONSTANTS:
            self.fail(line, f"has the key {text}, which is not text", "it quoted, or another name")
        self._check_ambiguous(line, text)

    def _sequence(self, line: int, events: Iterator[Any]) -> LineList:
        sequence = LineList(line + 1)
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            sequence.lines.append(_line(event) + 1)
            sequence.append(self._value(event, events))
        return sequence

    def _scalar(self, line: int, text: str) -> Any:
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if not text:
            self.fail(line, "has no value here", "a value, or null written out")
        self._check_ambiguous(line, text)
        return self._number(line, text) if _NUMBER.fullmatch(text) else text

    def _check_ambiguous(self, line: int, text: str) -> None:
        for description, pattern in _AMBIGUOUS.items():
            if pattern.fullmatch(text):
                self.fail(
                    line,
                    f"{text!r} is {description} to some readers of YAML",
                    "it quoted, or written in another way",
                )

    def _number(self, line: int, text: str) -> int | float:
        if len(text) > _MAX_NUMBER_LENGTH or not isfinite(float(text)):
            self.fail(line, f"the number {text[:_MAX_NUMBER_LENGTH]}… is too large", "what a double holds")
        return int(text) if _INTEGER.fullmatch(text) else float(text)


def _has_tab(text: str, line: int) -> bool:
    """Return whether the indentation of a line contains a tab."""
    lines = text.split("\n", line + 1)[line : line + 1]
    return bool(lines) and "\t" in lines[0][: len(lines[0]) - len(lines[0].lstrip())]


def _line(event: Any) -> int:
    return int(event.start_mark.line)
