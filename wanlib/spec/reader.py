"""Strict YAML 1.2 in: no repeated keys, anchors, tags or surprises; the line of every key is kept."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import yaml

from wanlib.spec.errors import SpecError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONSTANTS = {"null": None, "~": None, "true": True, "false": False}
# Read as something else by YAML 1.1: a reader in another language would see another spec.
_SURPRISES = {
    "a switch": re.compile(r"(?i)yes|no|on|off"),
    "an octal number": re.compile(r"[-+]?0[0-9]+|0[ob][0-7]+|0x[0-9a-fA-F]+"),
    "a number with underscores": re.compile(r"[-+]?[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?"),
    "a merge": re.compile(r"<<|="),
    "a constant": re.compile(r"Null|NULL|True|TRUE|False|FALSE|[-+]?\.(inf|Inf|INF|nan|NaN|NAN)"),
}


class Map(dict[str, Any]):
    """A YAML mapping that knows its line and the line of each of its keys (from 1)."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: dict[str, int] = {}


class Seq(list[Any]):
    """A YAML sequence that knows its line and the line of each of its items (from 1)."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.lines: list[int] = []


def read_yaml(text: str, name: str) -> Map:
    """The mapping that a spec file holds. SpecError says `name:line` where it is none or no strict YAML."""
    return _Reader(name).document(text)


def read_file(path: Path) -> Map:
    """`read_yaml` of a file; SpecError too where it can't be opened or is no UTF-8."""
    try:
        return read_yaml(path.read_bytes().decode("utf-8"), path.name)
    except OSError as error:
        raise SpecError([f"{path.name}:1: can't be read ({error.strerror}), expected a spec file"]) from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise SpecError([f"{path.name}:{line}: is not UTF-8, expected UTF-8 text"]) from None


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name

    def document(self, text: str) -> Map:
        try:
            events = iter(list(yaml.parse(text, Loader=_LOADER)))
        except yaml.YAMLError as error:
            self._broken(error)
        starts = [event for event in events if isinstance(event, yaml.DocumentStartEvent)]
        if len(starts) != 1:
            line = starts[1].start_mark.line if starts else 0
            self.fail(line, f"holds {len(starts)} documents", "one")
        events = (
            e
            for e in yaml.parse(text, Loader=_LOADER)
            if not isinstance(e, yaml.StreamStartEvent | yaml.DocumentStartEvent)
        )
        value = self._value(next(events), events)
        if not isinstance(value, Map):
            self.fail(0, "holds no mapping", "a mapping at the top")
        return value

    def fail(self, line: int, what: str, expected: str) -> NoReturn:
        """`line` counts from 0, as the parser's marks do."""
        raise SpecError([f"{self.name}:{line + 1}: {what}, expected {expected}"])

    def _broken(self, error: yaml.YAMLError) -> NoReturn:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "broken"
        self.fail(mark.line if mark else 0, f"is no YAML ({problem})", "valid YAML")

    def _value(self, event: Any, events: Iterator[Any]) -> Any:
        line = event.start_mark.line
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            self.fail(line, "uses an anchor or alias", "the value written out")
        if getattr(event, "tag", None):
            self.fail(line, f"uses the tag {event.tag}", "no tags")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(line, events)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(line, events)
        return event.value if event.style else self._scalar(line, event.value)

    def _mapping(self, line: int, events: Iterator[Any]) -> Map:
        mapping = Map(line + 1)
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._key(event)
            if key in mapping:
                self.fail(
                    event.start_mark.line,
                    f"repeats the key {key!r} of line {mapping.lines[key]}",
                    "each key once",
                )
            mapping.lines[key] = event.start_mark.line + 1
            mapping[key] = self._value(next(events), events)
        return mapping

    def _key(self, event: Any) -> str:
        line = event.start_mark.line
        if not isinstance(event, yaml.ScalarEvent):
            self.fail(line, "has a key that is no text", "text as a key")
        if event.anchor or event.tag:
            self.fail(line, f"has an anchor or tag at the key {event.value!r}", "plain keys")
        if not event.style and event.value in ("<<", "="):
            self.fail(line, f"uses the merge key {event.value}", "each file and mapping written out")
        return str(event.value)

    def _sequence(self, line: int, events: Iterator[Any]) -> Seq:
        sequence = Seq(line + 1)
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            sequence.lines.append(event.start_mark.line + 1)
            sequence.append(self._value(event, events))
        return sequence

    def _scalar(self, line: int, text: str) -> Any:
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if not text:
            self.fail(line, "has no value here", "a value, or null written out")
        for what, pattern in _SURPRISES.items():
            if pattern.fullmatch(text):
                self.fail(
                    line, f"{text!r} is {what} in YAML 1.1 and not in 1.2", "it quoted, or written otherwise"
                )
        if _INTEGER.fullmatch(text):
            return int(text)
        return float(text) if _NUMBER.fullmatch(text) else text
