"""Parse annotated values such as `{is: 5000, outcome: truncated}`, and durations."""

from dataclasses import dataclass
from typing import Any

from wanlib.spec.model.errors import Diagnostics
from wanlib.spec.source.yaml_reader import LineList, LineMap

_TEXT_PARTS = ("outcome", "of", "notes", "source")
_LIST_PARTS = ("keeps", "breaks")


@dataclass(frozen=True, slots=True)
class AnnotatedValue:
    """A value of a spec file with its annotations; each is empty if it is not stated.

    Attributes:
        limit: The value after `is`, or the plain value.
        outcome: What the service does with a violation.
        of: The member that `total` adds up.
        notes: Remarks for readers.
        source: The page and section that state the value.
        keeps: Examples that satisfy it.
        breaks: Examples that violate it.
    """

    limit: Any
    outcome: str = ""
    of: str = ""
    notes: str = ""
    source: str = ""
    keeps: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()


def parse_annotated(value: Any, diagnostics: Diagnostics) -> AnnotatedValue:
    """Parse a plain or annotated value; invalid annotations are reported and skipped."""
    if not isinstance(value, LineMap) or "is" not in value:
        return AnnotatedValue(value)
    parts: dict[str, Any] = {}
    for key, part in value.items():
        if key in _TEXT_PARTS:
            parts[key] = _text(key, part, value.lines[key], diagnostics)
        elif key in _LIST_PARTS:
            parts[key] = _texts(key, part, value.lines[key], diagnostics)
        elif key != "is":
            diagnostics.unknown_name(value.lines[key], "the part", key, ["is", *_TEXT_PARTS, *_LIST_PARTS])
    return AnnotatedValue(value["is"], **parts)


def _text(key: str, part: Any, line: int, diagnostics: Diagnostics) -> str:
    if isinstance(part, str) and part:
        return part
    diagnostics.add(line, f"{key} is {part!r}", "text")
    return ""


def _texts(key: str, part: Any, line: int, diagnostics: Diagnostics) -> tuple[str, ...]:
    if isinstance(part, LineList) and all(isinstance(text, str) for text in part):
        return tuple(part)
    diagnostics.add(line, f"{key} is {part!r}", "a list of texts")
    return ()


_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}


def parse_duration(span: str) -> float:
    """Return a duration such as `24 h` in seconds."""
    count, unit = span.split()
    return float(count) * _SECONDS[unit]
