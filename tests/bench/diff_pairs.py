"""Pairs of specs with a known difference, for tools that compare two versions of an API."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from tests.diff.rewriting import Rewrite, rewrites, write_spec
from wanlib.diff.side import ModelView
from wanlib.emit.schema.json_schema import is_expressible, schema
from wanlib.spec import Spec, load
from wanlib.spec.model.errors import SpecError
from wanlib.spec.mutations import list_mutations

_MODELS = ("wan2.5-i2i-preview", "wan2.7-image")
"""A model without modes, whose schema is plain, and one with modes, whose schema has conditions."""
_REMARKS = frozenset({"$schema", "$id", "title", "description", "default", "x-wan-rules"})
"""Members of a schema that restrict nothing; no tool is given them."""
_KINDS, _MANNERS = 3, 4
"""The kinds of rules that are changed, and the manners of writing that are tried, for each model."""
_VERDICTS = {"wider": "additive", "tighter": "breaking"}


class Pair(NamedTuple):
    """Two specs of one model.

    Attributes:
        name: What differs.
        expected: `breaking`, `additive` or `none`.
        specs: The old and the new spec.
        schemas: The JSON Schemas that are exported from them, without remarks.
        model: The model.
    """

    name: str
    expected: str
    specs: tuple[Spec, Spec]
    schemas: tuple[dict[str, Any], dict[str, Any]]
    model: str


def pairs() -> list[Pair]:
    """Return changes of limits in both directions, one of a kind, and limits written in another way.

    The schemas differ in each pair: no tool is given equal ones.
    """
    spec = load()
    written = list(rewrites())
    return [
        pair
        for model in _MODELS
        for pair in (*_changes(spec, model), *islice(_rewrites(spec, model, written), _MANNERS))
    ]


def _changes(spec: Spec, model: str) -> Iterator[Pair]:
    kinds: set[str] = set()
    for rule in ModelView(spec, model).rules.values():
        if rule.outcome != "rejected" or rule.kind in kinds or not rule.field or not is_expressible(rule):
            continue
        made = {way: list_mutations(spec, rule.id).get(way) for way in _VERDICTS}
        found = [
            pair
            for way, make in made.items()
            if make and (pair := _pair(f"{rule.id}, {way}", _VERDICTS[way], spec, make(), model))
        ]
        if len(found) == len(_VERDICTS) and len(kinds) < _KINDS:
            kinds.add(rule.kind)
            yield from found


def _rewrites(spec: Spec, model: str, written: Sequence[Rewrite]) -> Iterator[Pair]:
    manners: set[str] = set()
    for rewrite in written:
        manner = rewrite.name.rpartition(" ")[2]
        if manner in manners or not rewrite.name.startswith(f"{spec.family(model).name}:"):
            continue
        with TemporaryDirectory() as name:
            write_spec(rewrite.documents, Path(name) / "spec")
            other = load(Path(name) / "spec")
        if pair := _pair(rewrite.name, "none", spec, other, model):
            manners.add(manner)
            yield pair


def _pair(name: str, expected: str, old: Spec, new: Spec, model: str) -> Pair | None:
    """Return a pair; None if the exported schemas are equal or cannot be written."""
    try:
        schemas = _bare(schema(old, model)), _bare(schema(new, model))
    except SpecError:  # the pattern of a mutant
        return None
    return Pair(name, expected, (old, new), schemas, model) if schemas[0] != schemas[1] else None


def _bare(value: Any, *, is_schema: bool = True) -> Any:
    """Return a schema without remarks; the members of `properties` are names, not keywords."""
    if isinstance(value, list):
        return [_bare(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _bare(item, is_schema=not (is_schema and name in ("properties", "$defs", "dependentRequired")))
        for name, item in value.items()
        if not (is_schema and name in _REMARKS)
    }
