"""The shape of spec files, by spec.schema.json, told with file and line."""

import json
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from wanlib.spec.reader import Map, Seq


def shape_complaints(document: Map, name: str, schema: Path) -> list[str]:
    """`file:line: what, expected what` for each place where a document has not the shape of a spec file."""
    errors = sorted(
        _validator(schema).iter_errors(document), key=lambda error: (line_of(document, error), error.message)
    )
    return [f"{name}:{line}: {words}" for error in errors for line, words in _told(document, error)]


@cache
def _validator(schema: Path) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema.read_text("utf-8")))


def line_of(document: Map, error: ValidationError) -> int:
    """The line that an error is about: of the last key or item on its path."""
    line, value = document.line, document
    for step in error.absolute_path:
        if isinstance(value, Map | Seq):
            line = value.lines[step]  # type: ignore[index]
            value = value[step]  # type: ignore[index, call-overload]
    return line


def _told(document: Map, error: ValidationError) -> Iterator[tuple[int, str]]:
    line = line_of(document, error)
    if error.validator == "additionalProperties" and isinstance(error.instance, Map):
        yield from _misspelt(error.instance, error.schema)
        return
    where = str(error.absolute_path[-1]) if error.absolute_path else "the file"
    yield line, f"{where} {_words(error)}"


def _misspelt(met: Map, schema: Any) -> Iterator[tuple[int, str]]:
    known = list(schema.get("properties", {}))
    for key in met:
        if key not in known and not (key.startswith("when ") and "patternProperties" in schema):
            near = get_close_matches(key, known, 1)
            expected = (
                f"{near[0]} (or another of {len(known)} names)" if near else f"one of {', '.join(known)}"
            )
            yield met.lines[key], f"{key!r} is not known here, expected {expected}"


def _words(error: ValidationError) -> str:
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return f"lacks {', '.join(missing)}, expected it"
    expected = {
        "type": f"{error.validator_value}",
        "enum": f"one of {', '.join(map(str, error.validator_value))}" if error.validator == "enum" else "",
        "const": f"{json.dumps(error.validator_value)}",
        "pattern": f"the form {error.validator_value}",
        "minItems": "at least one item",
        "minProperties": "at least one member",
        "minimum": f"at least {error.validator_value}",
        "maximum": f"at most {error.validator_value}",
    }.get(str(error.validator), str(error.validator_value))
    return f"is {json.dumps(error.instance, ensure_ascii=False)[:60]}, expected {expected}"
