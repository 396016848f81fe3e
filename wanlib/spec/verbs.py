"""The `verbs` of a model file: what the client sends of itself, each field known and each value good."""

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

from wanlib.base.shown import shown
from wanlib.spec.defaults import UNDEFAULTED, fits
from wanlib.spec.meaning import broken_bounds
from wanlib.spec.model import Fact, Field, Verb
from wanlib.spec.reader import Map
from wanlib.spec.rules import Origin


class VerbSection:
    """Reads the verbs of one file, with a fact for each."""

    def __init__(self, fields: Iterable[Field], origin: Origin) -> None:
        self.fields = {field.name: field for field in fields}
        self.origin = origin
        self.complaints = origin.complaints
        self.facts: list[Fact] = []

    def read(self, raw: Map) -> dict[str, Verb]:
        """Every verb by its name; what is wrong in it is complained of."""
        verbs = {}
        for name in raw:
            self._fact(name, raw[name], raw.lines[name])
            means, starts = (raw[name].get(part, Map(0)) for part in ("means", "starts"))
            for each in (means, starts):
                self._check(each)
            for field in starts:
                if field in means:
                    what = f"{name} starts with {field}, which it means too"
                    self.complaints.add(starts.lines[field], what, "it once")
            verbs[name] = Verb(MappingProxyType(means), MappingProxyType(starts))
        return verbs

    def _fact(self, name: str, raw: Map, line: int) -> None:
        source, notes = raw.get("source", self.origin.source), raw.get("notes", "")
        stem, file = self.origin.stem, self.complaints.file
        self.facts.append(Fact(f"{stem}/verbs.{name}", raw, file, line, source, notes))

    def _check(self, values: Map) -> None:
        for name, value in values.items():
            if name not in self.fields:
                self.complaints.unknown(values.lines[name], "the field", name, self.fields)
            else:
                self._check_value(self.fields[name], value, values.lines[name])

    def _check_value(self, field: Field, value: Any, line: int) -> None:
        if field.type in UNDEFAULTED or not fits(value, field.type):
            expected = "none of it" if field.type in UNDEFAULTED else f"a value of the type {field.type}"
            self.complaints.add(line, f"{field.name} of the type {field.type} is {shown(value)}", expected)
            return
        for rule in broken_bounds(field, None, value):
            self.complaints.add(line, f"{field.name} is {shown(value)}", f"a value that keeps {rule.id}")
