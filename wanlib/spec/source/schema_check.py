"""Check spec files against `spec.schema.json`, except files known to match.

`checked.sha256` lists the digests of files that were checked; `wanlib emit` writes it. Only other files are
checked when they are loaded, so jsonschema is imported only for them.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wanlib.spec.model.errors import suggest_name
from wanlib.spec.source.own_rows import MODEL_TABLES, is_by_model, without_remarks
from wanlib.spec.source.yaml_reader import LineList, LineMap

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

_MAX_SHOWN = 60
_TYPE_NAMES = {"object": "a mapping", "array": "a list", "string": "text", "integer": "a whole number"}


def schema_diagnostics(document: LineMap, name: str, schema: Path) -> list[str]:
    """Check a document against the schema.

    Args:
        document: The content of a spec file.
        name: The name of the file.
        schema: The path of the schema.

    Returns:
        The diagnostics, each `file:line: what, expected what`, sorted by line.
    """
    messages = {*_all_messages(document, _validator(schema, ""))}
    for table in MODEL_TABLES if isinstance(document.get("models"), LineList) else ():
        if isinstance(document.get(table), LineMap):
            messages |= {*_table_messages(document, table, schema)}
    return [f"{name}:{line}: {text}" for line, text in sorted(messages)]


_DEFINITIONS = {
    "calls": "wire/properties/endpoints",
    "regions": "wire/properties/regions/additionalProperties/properties/calls",
    "rates": "wire/properties/rates",
    "prices": "wire/properties/prices",
}
"""The schema of the rows of each table of a model file: that of the same rows in `wire.yaml`."""

_FLAT_DEFINITIONS = {"calls": "calls"}
"""The schema of a table with one value for all models, where it allows more than the rows of `wire.yaml`."""


def _table_messages(document: LineMap, table: str, schema: Path) -> Iterator[tuple[int, str]]:
    rows = without_remarks(document[table])
    definition = _DEFINITIONS[table]
    if not is_by_model(document, table):
        definition = _FLAT_DEFINITIONS.get(table, definition)
        value, rows = rows, LineMap(document.line)
        rows[table], rows.lines[table] = value, document.lines[table]
    is_of_rows = table == "regions" or definition in _FLAT_DEFINITIONS.values()
    for part in rows.values() if is_of_rows else [rows]:
        if isinstance(part, LineMap):
            yield from _all_messages(part, _validator(schema, definition))
        else:
            yield rows.line, f"{table} has {json.dumps(part)[:_MAX_SHOWN]}, expected a mapping"


def _all_messages(document: LineMap, validator: "Draft202012Validator") -> Iterator[tuple[int, str]]:
    for error in validator.iter_errors(document):
        yield from _messages(document, error)


@cache
def _validator(schema: Path, definition: str) -> "Draft202012Validator":
    """Return the validator of a file, or of a definition by its path in the schema."""
    from jsonschema import Draft202012Validator  # only for files that were not checked before

    content = json.loads(schema.read_text("utf-8"))
    if definition:
        content = {"$defs": content["$defs"], "$ref": f"#/$defs/{definition}"}
    return Draft202012Validator(content)


def line_of(document: LineMap, error: "ValidationError") -> int:
    """Return the line of the last key or item on the path of an error."""
    line, value = document.line, document
    for step in error.absolute_path:
        line, value = _line_and_value(value, step)
    return line


def _line_and_value(container: Any, key: str | int) -> tuple[int, Any]:
    return container.lines[key], container[key]


def _messages(document: LineMap, error: "ValidationError") -> Iterator[tuple[int, str]]:
    if error.validator == "additionalProperties" and isinstance(error.instance, LineMap):
        yield from _misspelled_key(error.instance, error.schema)
        return
    yield line_of(document, error), f"{_location_name(list(error.absolute_path))} {_describe_error(error)}"


def _location_name(path: list[str | int]) -> str:
    """Return the last key of a path, as the file writes it."""
    if len(path) > 1 and isinstance(path[-1], int):
        return f"item {path[-1] + 1} of {path[-2]}"
    if len(path) > 1 and path[-1] == "is":
        return str(path[-2])
    return str(path[-1]) if path else "the file"


def _misspelled_key(mapping: LineMap, schema: Any) -> Iterator[tuple[int, str]]:
    known = list(schema.get("properties", {}))
    for key in mapping:
        varies = "patternProperties" in schema
        if key not in known and not (varies and key.startswith("when ")):
            is_when = varies and (" " in key or key == "when")
            expected = "when and a mode" if is_when else _suggestion(key, known)
            yield mapping.lines[key], f"{key!r} is not known here, expected {expected}"


_SYNONYMS = {
    "enum": "one_of",
    "const": "one_of",
    "values": "one_of",
    "choices": "one_of",
    "allowed": "one_of",
    "maximum": "max",
    "minimum": "min",
    "multipleof": "step",
    "maxlength": "max_chars",
    "maxitems": "max_count",
    "minitems": "min_count",
    "maxsize": "max_bytes",
    "maxfilesize": "max_bytes",
    "maxwidth": "max_side",
    "maxheight": "max_side",
    "minwidth": "min_side",
    "minheight": "min_side",
    "items": "each",
    "properties": "fields",
    "regex": "pattern",
    "format": "formats",
    "optional": "required",
    "dependentrequired": "requires",
    "dependson": "requires",
    "description": "notes",
    "comment": "notes",
    "location": "place",
    "in": "place",
    "endpoints": "calls",
    "price": "prices",
    "string": "text",
    "str": "text",
    "int": "integer",
    "float": "number",
    "double": "number",
    "bool": "boolean",
    "array": "list",
    "map": "object",
    "dict": "object",
    "mapping": "object",
    "file": "image",
}
"""Words of JSON Schema and programming languages, without capitals and `_`, and the words of spec files."""


def _suggestion(word: object, known: Sequence[str]) -> str:
    """Return the known word that was probably intended, by its meaning or by its spelling."""
    meant = _SYNONYMS.get(str(word).lower().replace("_", "").replace("-", ""), "")
    return meant if meant in known else suggest_name(word, known)


def _describe_error(error: "ValidationError") -> str:
    allowed: Any = error.validator_value
    if error.validator == "required":
        missing = [key for key in allowed if key not in _keys(error.instance)]
        return f"lacks {', '.join(missing)}, expected it"
    descriptions: dict[str, Callable[[], str]] = {
        "type": lambda: _describe_types(allowed),
        "enum": lambda: _describe_choice(error.instance, allowed),
        "const": lambda: json.dumps(allowed),
        "pattern": lambda: f"the form {allowed}",
        "minItems": lambda: "at least one item",
        "minProperties": lambda: "at least one member",
        "minimum": lambda: f"at least {allowed}",
        "maximum": lambda: f"at most {allowed}",
    }
    shown = json.dumps(error.instance, ensure_ascii=False)[:_MAX_SHOWN]
    return f"is {shown}, expected {descriptions.get(str(error.validator), lambda: str(allowed))()}"


def _describe_types(allowed: str | list[str]) -> str:
    names = [allowed] if isinstance(allowed, str) else allowed
    return " or ".join(_TYPE_NAMES.get(name, name) for name in names)


def _describe_choice(value: object, allowed: list[object]) -> str:
    """Return the allowed values; only one of them if the value was probably intended as that one."""
    meant = _SYNONYMS.get(value.lower(), "") if isinstance(value, str) else ""
    return meant if meant in allowed else f"one of {', '.join(map(str, allowed))}"


def _keys(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


LIST = "checked.sha256"
"""The name of the list of digests, in the format of `sha256sum`."""

SCHEMA = "spec.schema.json"


def sha256_hex(raw: bytes) -> str:
    """Return SHA-256 in hex."""
    return hashlib.sha256(raw).hexdigest()


def digest_list(folder: Path) -> str:
    """Return the digests of all spec files of a folder and their schema, as text."""
    paths = sorted([*folder.glob("[!.]*.yaml"), folder / SCHEMA])
    return "".join(f"{sha256_hex(path.read_bytes())}  {path.name}\n" for path in paths)


def known_digests(folder: Path) -> frozenset[str]:
    """Return the digests on the list of a folder.

    Empty if the list is missing or unreadable, or the schema is not the one that the files were checked
    against.
    """
    try:
        lines = (folder / LIST).read_text("ascii").splitlines()
    except (OSError, ValueError):
        return frozenset()
    digests = frozenset(line.partition(" ")[0] for line in lines)
    return digests if sha256_hex((folder / SCHEMA).read_bytes()) in digests else frozenset()
