"""The defaults that a field's mapping states, by the mode that they hang on."""

from typing import Any

from wanlib.base.shown import shown
from wanlib.spec.mode import Condition, parse_condition
from wanlib.spec.model import Fact
from wanlib.spec.reader import Map
from wanlib.spec.rules import Origin
from wanlib.spec.stated import read_stated

UNDEFAULTED = ("list", "object", "image")


class DefaultBuilder:
    """Builds the defaults of one file, with a fact for each. lines: by field path and condition."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.facts: list[Fact] = []
        self.lines: dict[tuple[str, Condition | None], int] = {}

    def defaults(self, raw: Map, path: str, kind: str) -> dict[Condition | None, Any]:
        """Those of a field of a type (`kind`); None is the condition of what holds everywhere."""
        defaults: dict[Condition | None, Any] = {}
        if "default" in raw:
            defaults[None] = self._default(raw, path, kind, None)
        for key in raw:
            if key.startswith("when ") and "default" in raw[key]:
                try:
                    condition = parse_condition(key.removeprefix("when "))
                except ValueError:  # complained of where the rules are read
                    continue
                defaults[condition] = self._default(raw[key], path, kind, condition)
        return defaults

    def _default(self, raw: Map, path: str, kind: str, condition: Condition | None) -> Any:
        complaints, line = self.origin.complaints, raw.lines["default"]
        stated = read_stated(raw["default"], complaints)
        if kind in UNDEFAULTED or not (stated.limit == "derived" or fits(stated.limit, kind)):
            expected = "none" if kind in UNDEFAULTED else f"a value of the type {kind}, or derived"
            complaints.add(line, f"the default {shown(stated.limit)} on the type {kind}", expected)
        self.lines[path, condition] = line
        fact = f"{self.origin.stem}/{path}.default" + (f":{condition.suffix}" if condition else "")
        source = stated.source or self.origin.source
        self.facts.append(Fact(fact, stated.limit, complaints.file, line, source, stated.notes))
        return stated.limit


def fits(value: Any, kind: str) -> bool:
    """Whether a value written in a spec file is of a type."""
    types: dict[str, tuple[type, ...]] = {"integer": (int,), "number": (int, float), "boolean": (bool,)}
    return isinstance(value, types.get(kind, (str,))) and (kind == "boolean") == isinstance(value, bool)
