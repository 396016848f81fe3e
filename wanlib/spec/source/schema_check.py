"""The shape of spec files, by spec.schema.json, told with file and line."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wanlib.spec.model.errors import suggest_name
from wanlib.spec.source.yaml_reader import LineMap

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

_SHOWN = 60
_TYPES = {"object": "a mapping", "array": "a list", "string": "text", "integer": "a whole number"}


def schema_diagnostics(document: LineMap, name: str, schema: Path) -> list[str]:
    """`file:line: what, expected what` for each place where a document has not the shape of a spec file."""
    told = {each for error in _validator(schema).iter_errors(document) for each in _message(document, error)}
    return [f"{name}:{line}: {words}" for line, words in sorted(told)]


@cache
def _validator(schema: Path) -> "Draft202012Validator":
    from jsonschema import Draft202012Validator  # only for files that were not checked before

    return Draft202012Validator(json.loads(schema.read_text("utf-8")))


def line_of(document: LineMap, error: "ValidationError") -> int:
    """The line that an error is about: of the last key or item on its path."""
    line, value = document.line, document
    for step in error.absolute_path:
        line, value = _step(value, step)
    return line


def _step(value: Any, step: str | int) -> tuple[int, Any]:
    """The line of a key or item, and what stands there."""
    return value.lines[step], value[step]


def _message(document: LineMap, error: "ValidationError") -> Iterator[tuple[int, str]]:
    if error.validator == "additionalProperties" and isinstance(error.instance, LineMap):
        yield from _misspelled_key(error.instance, error.schema)
        return
    yield line_of(document, error), f"{_location_name(list(error.absolute_path))} {_describe_error(error)}"


def _location_name(path: list[str | int]) -> str:
    """The last key of a path, as a reader of the file knows it."""
    if len(path) > 1 and isinstance(path[-1], int):
        return f"item {path[-1] + 1} of {path[-2]}"
    if len(path) > 1 and path[-1] == "is":
        return str(path[-2])
    return str(path[-1]) if path else "the file"


def _misspelled_key(met: LineMap, schema: Any) -> Iterator[tuple[int, str]]:
    known = list(schema.get("properties", {}))
    for key in met:
        varies = "patternProperties" in schema
        if key not in known and not (varies and key.startswith("when ")):
            is_when = varies and (" " in key or key == "when")
            expected = "when and a mode" if is_when else suggest_name(key, known)
            yield met.lines[key], f"{key!r} is not known here, expected {expected}"


def _describe_error(error: "ValidationError") -> str:
    due: Any = error.validator_value
    if error.validator == "required":
        missing = [key for key in due if key not in _keys(error.instance)]
        return f"lacks {', '.join(missing)}, expected it"
    words: dict[str, Callable[[], str]] = {
        "type": lambda: _TYPES.get(due, str(due)),
        "enum": lambda: f"one of {', '.join(map(str, due))}",
        "const": lambda: json.dumps(due),
        "pattern": lambda: f"the form {due}",
        "minItems": lambda: "at least one item",
        "minProperties": lambda: "at least one member",
        "minimum": lambda: f"at least {due}",
        "maximum": lambda: f"at most {due}",
    }
    met = json.dumps(error.instance, ensure_ascii=False)[:_SHOWN]
    return f"is {met}, expected {words.get(str(error.validator), lambda: str(due))()}"


def _keys(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


LIST = "checked.sha256"
"""Its name. It is written as `sha256sum` writes and reads it."""

SCHEMA = "spec.schema.json"


def sha256_hex(raw: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(raw).hexdigest()


def digest_list(folder: Path) -> str:
    """The list of a folder whose files were all checked, by the schema that stands beside them."""
    paths = sorted([*folder.glob("[!.]*.yaml"), folder / SCHEMA])
    return "".join(f"{sha256_hex(path.read_bytes())}  {path.name}\n" for path in paths)


def known_digests(folder: Path) -> frozenset[str]:
    """The digests on the list of a folder; none where its schema is not the one that they were checked by."""
    try:
        lines = (folder / LIST).read_text("ascii").splitlines()
    except (OSError, ValueError):
        return frozenset()
    digests = frozenset(line.partition(" ")[0] for line in lines)
    return digests if sha256_hex((folder / SCHEMA).read_bytes()) in digests else frozenset()
