"""What the pages advise for a field: facts that no request can break, stated beside its rules.

`for_testing` is the value that a page recommends for trying out. `recommended` lists sizes that a page
recommends. `wanlib check` and `wanlib size` use them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from wanlib.base.shown import shown
from wanlib.spec.defaults import fits
from wanlib.spec.kinds import parse_pixels
from wanlib.spec.model import Fact
from wanlib.spec.reader import Map
from wanlib.spec.rules import Origin
from wanlib.spec.stated import read_stated

FOR_TESTING = "for_testing"
RECOMMENDED = "recommended"


class AdviceBuilder:
    """Builds the advice of one file, with a fact for each. lines: by field path and word."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.facts: list[Fact] = []
        self.lines: dict[tuple[str, str], int] = {}

    def advice(self, raw: Map, path: str, kind: str) -> Mapping[str, Any]:
        """Return the advice on a field of a type (`kind`), by word."""
        found: dict[str, Any] = {}
        for word, check in ((FOR_TESTING, _value), (RECOMMENDED, _sizes)):
            if word not in raw:
                continue
            complaints, line = self.origin.complaints, raw.lines[word]
            stated = read_stated(raw[word], complaints)
            if expected := check(stated.limit, kind):
                complaints.add(line, f"{word} is {shown(stated.limit)} on the type {kind}", expected)
                continue
            found[word] = stated.limit
            self.lines[path, word] = line
            name = f"{self.origin.stem}/{path}.{word}"
            source = stated.source or raw.get("source") or self.origin.source
            self.facts.append(Fact(name, stated.limit, complaints.file, line, source, stated.notes))
        return MappingProxyType(found)


def _value(value: Any, kind: str) -> str:
    """Return what is expected where a value is not one of the field's type, else an empty text."""
    return "" if kind == "integer" and fits(value, kind) else "a whole number on the type integer"


def _sizes(value: Any, kind: str) -> str:
    expected = "a list of different sizes such as 1280*720 on the type size"
    if kind != "size" or not isinstance(value, list) or not value or len({*map(str, value)}) < len(value):
        return expected
    try:
        for each in value:
            parse_pixels(each)
    except ValueError:
        return expected
    return ""
