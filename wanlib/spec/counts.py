"""The `output` facts that hang on modes, such as which field bounds the pictures of a call."""

from collections.abc import Iterable
from typing import Any

from wanlib.spec.complaints import Complaints
from wanlib.spec.mode import Condition, parse_condition
from wanlib.spec.model import Field
from wanlib.spec.reader import Map

OTHERWISE = "otherwise"


class CountSection:
    """Reads them for one file. lines: of each kind and condition."""

    def __init__(self, fields: Iterable[Field], complaints: Complaints) -> None:
        self.fields = {field.name: field for field in fields}
        self.complaints = complaints
        self.lines: dict[str, dict[Condition, int]] = {}

    def read(self, kind: str, raw: Map) -> dict[Condition | None, Any]:
        """The values of a fact such as `count_of` by condition; None is the condition of `otherwise`."""
        values: dict[Condition | None, Any] = {}
        lines = self.lines[kind] = {}
        for key, value in raw.items():
            if key == OTHERWISE:
                values[None] = value
                continue
            try:
                condition = parse_condition(key)
            except ValueError:
                self.complaints.add(raw.lines[key], f"{key!r} is no condition", "a mode or not a mode")
                continue
            values[condition], lines[condition] = value, raw.lines[key]
        return values

    def check_fields(self, raw: Map) -> None:
        """What bounds the pictures is a whole number that the client can always send."""
        for key, name in raw.items():
            field = self.fields.get(name)
            if field is None:
                integers = [each.name for each in self.fields.values() if each.type == "integer"]
                self.complaints.unknown(raw.lines[key], "the field", name, integers)
            elif field.type != "integer" or not _always_sendable(field):
                what = f"count_of names {name}, of the type {field.type}"
                self.complaints.add(raw.lines[key], what, "an integer field with a default")


def _always_sendable(field: Field) -> bool:
    """Whether there is a number to send in every mode."""
    return None in field.default and "derived" not in field.default.values()
