"""A limit as a spec file states it: plain, or with parts such as `{is: 5000, outcome: truncated}`."""

from dataclasses import dataclass
from typing import Any

from wanlib.spec.model.errors import Diagnostics
from wanlib.spec.source.yaml_reader import LineList, LineMap

_WORDS = ("outcome", "of", "notes", "source")
_EXAMPLES = ("keeps", "breaks")


@dataclass(frozen=True, slots=True)
class AnnotatedValue:
    """The parts of one stated value; `limit` is what stands behind `is`, or the plain value itself."""

    limit: Any
    outcome: str = ""
    of: str = ""
    notes: str = ""
    source: str = ""
    keeps: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()


def parse_annotated(value: Any, diagnostics: Diagnostics) -> AnnotatedValue:
    """The parts of a value. Misspelt and wrong ones are complained of and left out."""
    if not isinstance(value, LineMap) or "is" not in value:
        return AnnotatedValue(value)
    parts: dict[str, Any] = {}
    for key, part in value.items():
        if key in _WORDS:
            parts[key] = _text(key, part, value.lines[key], diagnostics)
        elif key in _EXAMPLES:
            parts[key] = _texts(key, part, value.lines[key], diagnostics)
        elif key != "is":
            diagnostics.unknown_name(value.lines[key], "the part", key, ["is", *_WORDS, *_EXAMPLES])
    return AnnotatedValue(value["is"], **parts)


def _text(key: str, part: Any, line: int, diagnostics: Diagnostics) -> str:
    if isinstance(part, str) and part:
        return part
    diagnostics.add(line, f"{key} is {part!r}", "text")
    return ""


def _texts(key: str, part: Any, line: int, diagnostics: Diagnostics) -> tuple[str, ...]:
    if isinstance(part, LineList) and all(isinstance(each, str) for each in part):
        return tuple(part)
    diagnostics.add(line, f"{key} is {part!r}", "a list of texts")
    return ()


_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}


def parse_duration(span: str) -> float:
    """`24 h` in seconds."""
    count, unit = span.split()
    return float(count) * _SECONDS[unit]
