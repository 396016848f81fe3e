"""Strict YAML 1.2 in: no repeated keys, anchors, tags or surprises; the line of every key is kept."""

import re
from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn

import yaml

from wanlib.spec.model.errors import SpecError

DEEPEST = 40
_LONGEST_NUMBER = 40
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONSTANTS = {"null": None, "~": None, "true": True, "false": False}
# Readers of YAML 1.1, of 1.2 and of its schemas differ on these: another language would see another spec.
_SURPRISES = {
    "a switch": re.compile(r"(?i)yes|no|on|off"),
    "an octal or hexadecimal number": re.compile(r"[-+]?0[0-9]+|[-+]?0[ob][0-7]+|[-+]?0x[0-9a-fA-F]+"),
    "a number with underscores": re.compile(r"[-+]?[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?"),
    "a merge": re.compile(r"<<|="),
    "a constant": re.compile(r"Null|NULL|True|TRUE|False|FALSE|[-+]?\.(inf|Inf|INF|nan|NaN|NAN)"),
}


class LineMap(dict[str, Any]):
    """A YAML mapping that knows its line and the line of each of its keys (from 1)."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


class LineList(list[Any]):
    """A YAML sequence that knows its line and the line of each of its items (from 1)."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []


def read_yaml(text: str, name: str) -> LineMap:
    """The mapping that a spec file holds. SpecError says `name:line` where it is none or no strict YAML."""
    return _Reader(name).document(text)


def read_file(path: Path) -> LineMap:
    """`read_yaml` of a file; SpecError too where it can't be opened or is no UTF-8."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SpecError([f"{path.name}:1: can't be read ({error.strerror}), expected a spec file"]) from None
    try:
        return read_yaml(raw.decode("utf-8"), path.name)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise SpecError([f"{path.name}:{line}: is not UTF-8, expected UTF-8 text"]) from None


class _Reader:
    """Turns the parser's events into values. Lines count from 0 here, as the parser's marks do."""

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
            self.fail(_line(first), "holds no mapping", "a mapping at the top")
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
        """The parser's events as they are asked for: it takes a minute for 100,000 open brackets."""
        try:
            yield from yaml.parse(text, Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line if mark else 0
            self._check_depth(text[: mark.index] if mark else text)
            expected = "spaces instead of tabs" if _has_tab(text, line) else "valid YAML"
            self.fail(line, f"is no YAML ({error.problem or error.context})", expected)
        except yaml.reader.ReaderError as error:  # a character that no YAML may hold
            line = text.encode("utf-8")[: error.position].count(b"\n")
            self.fail(line, f"is no YAML ({error.reason})", "valid YAML")

    def _check_depth(self, text: str) -> None:
        """Refuse text that nests too deeply, whatever the parser says of it.

        The scanner reads ahead of the events and may have a limit of its own, which then fails before
        the event that is too deep. Args: text: what stands before the parser's error.
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
        if depth > DEEPEST:
            self.fail(line, f"nests deeper than {DEEPEST} levels", "a shallower file")

    def fail(self, line: int, what: str, expected: str) -> NoReturn:
        raise SpecError([f"{self.name}:{line + 1}: {what}, expected {expected}"])

    def _value(self, event: Any, events: Iterator[Any]) -> Any:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            self.fail(line, "uses an anchor or alias", "the value written out")
        if event.tag:
            self.fail(line, f"uses the tag {event.tag}", "no tags")
        if isinstance(event, yaml.ScalarEvent):
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
            at = _line(event)
            if key in mapping:
                self.fail(at, f"repeats the key {key!r} of line {mapping.lines[key]}", "each key once")
            mapping.lines[key] = at + 1
            mapping[key] = self._value(next(events), events)
        return mapping

    def _key(self, event: Any) -> str:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            self.fail(line, "uses an anchor or alias at a key", "plain keys")
        if event.tag:
            self.fail(line, f"uses the tag {event.tag} at a key", "no tags")
        if not isinstance(event, yaml.ScalarEvent):
            self.fail(line, "has a key that is no text", "text as a key")
        if not event.style:
            self._check_key(line, event.value)
        return str(event.value)

    def _check_key(self, line: int, text: str) -> None:
        if text in ("<<", "="):
            self.fail(line, f"uses the merge key {text}", "each file and mapping written out")
        if text in _CONSTANTS:
            self.fail(line, f"has the key {text}, which is no text", "it quoted, or named otherwise")
        self._check_surprise(line, text)

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
        self._check_surprise(line, text)
        return self._number(line, text) if _NUMBER.fullmatch(text) else text

    def _check_surprise(self, line: int, text: str) -> None:
        for what, pattern in _SURPRISES.items():
            if pattern.fullmatch(text):
                self.fail(
                    line, f"{text!r} is {what} to some readers of YAML", "it quoted, or written otherwise"
                )

    def _number(self, line: int, text: str) -> int | float:
        if len(text) > _LONGEST_NUMBER or not isfinite(float(text)):
            self.fail(line, f"the number {text[:_LONGEST_NUMBER]}… is too large", "what a double holds")
        return int(text) if _INTEGER.fullmatch(text) else float(text)


def _has_tab(text: str, line: int) -> bool:
    met = text.split("\n", line + 1)[line : line + 1]
    return bool(met) and "\t" in met[0][: len(met[0]) - len(met[0].lstrip())]


def _line(event: Any) -> int:
    return int(event.start_mark.line)
