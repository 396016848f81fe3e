"""Other values that a spec file could contain, by mistake or after a change of a page."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.effects.spec_values import SpecValue, with_item, without_item
from wanlib.spec.load import spec_folder
from wanlib.spec.source.files import SINGLE_FILES
from wanlib.spec.source.schema_check import SCHEMA
from wanlib.spec.source.yaml_reader import LineList

_NUMBER = re.compile(r"[0-9]+")
_WORD = "another"
_MAX_WORDS = 2  # of the words of other values of the kind


class Change(NamedTuple):
    """Another value, and its description for the report."""

    what: str
    value: Any


class Vocabulary:
    """The words that occur in values of each kind."""

    def __init__(self, places: Iterable[SpecValue]) -> None:
        self._words: dict[tuple[str, ...], dict[str, None]] = {}
        for place in places:
            if isinstance(place.value, str):
                self._words.setdefault(place.kind, {})[place.value] = None

    def others(self, place: SpecValue) -> list[str]:
        """Return other words for a value: those that the schema lists, or some of its kind."""
        listed = enum_at(place)
        words = [word for word in listed or self._words.get(place.kind, ()) if word != place.value]
        return words if listed else words[:_MAX_WORDS]

    def changes(self, place: SpecValue) -> Iterator[Change]:
        """Yield other values, each different from the present one."""
        value = place.value
        if isinstance(value, bool):
            yield Change(f"{not value}".lower(), not value)
        elif isinstance(value, int):
            yield from (Change(str(value + step), value + step) for step in (1, -1))
        elif isinstance(value, float):
            yield from (Change(str(value + step), value + step) for step in (0.25, -0.25))
        elif isinstance(value, str):
            yield from self._texts(place)
        elif isinstance(value, LineList):
            yield from self._lists(place)

    def _texts(self, place: SpecValue) -> Iterator[Change]:
        value: str = place.value
        texts = [*self.others(place), f"{value} {_WORD}", f"{value}{_WORD}"]
        numbers = [*_NUMBER.finditer(value)]
        for found in numbers[:1] + numbers[1:][-1:]:
            texts.append(f"{value[: found.start()]}{int(found[0]) + 1}{value[found.end() :]}")
        for text in dict.fromkeys(texts):
            if text != value:
                yield Change(json.dumps(text, ensure_ascii=False), text)

    def _lists(self, place: SpecValue) -> Iterator[Change]:
        items: LineList = place.value
        for index, item in enumerate(items):
            yield Change(f"without {json.dumps(item, default=str)[:60]}", without_item(items, index))
        for word in self.others(place._replace(path=(*place.path, 0), value=None)):
            if word not in items:
                yield Change(f"with {word}", with_item(items, word))


def enum_at(place: SpecValue) -> list[str]:
    """Return the closed vocabulary that the schema has for a value, or an empty list."""
    name = place.file if place.file in SINGLE_FILES else "family"
    schema: Any = _schema()["$defs"][name]
    for step in place.path:
        schema = _step(schema, step)
    return [word for word in _resolved(schema).get("enum", ()) if isinstance(word, str)]


@cache
def _schema() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(Path(spec_folder() / SCHEMA).read_text("utf-8"))
    return found


def _resolved(schema: Any) -> Mapping[str, Any]:
    while isinstance(schema, dict) and "$ref" in schema:
        schema = _schema()["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema if isinstance(schema, dict) else {}


def _step(schema: Any, step: str | int) -> Any:
    here = _resolved(schema)
    if isinstance(step, int):
        return here.get("items", {})
    for pattern, inner in here.get("patternProperties", {}).items():
        if re.search(pattern, step):
            return inner
    return here.get("properties", {}).get(step, here.get("additionalProperties", {}))
