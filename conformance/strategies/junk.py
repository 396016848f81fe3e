"""Values that are of the wrong type, or of none that anybody expects."""

from copy import deepcopy
from typing import Any

from conformance.strategies.octets import Octets


def _nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


PLAIN: tuple[Any, ...] = (
    *(None, True, False, 0, 7, -1, 4.0, 1.5, 10**30),
    *("", "7", "true", [], ["x"], [[1]], {}, {"a": 1}),
)
"""One or more of each JSON type."""

WILD: tuple[Any, ...] = (
    *PLAIN,
    *(-0.0, 1e308, -5e-324, 2**53 + 1, -(2**63), 2**64, 10**400),
    *("\n", "\ud800", "x\udfff", "\x00", "\u202e", "\uff19", "a" * 6000, "😀" * 900, "user"),
    *("2K", "2K\n", "1024*1024", "1024*1024\n", "300*300", "5000*5000", "700*6000", "6000*700", "0*0"),
    *("data:", "data:image/png;base64,", "data:image/png;base64,AAAA", "data:image/png;base64,A=A="),
    *("http://", "https://example.com/\u732b", "33.34%", "33.3%", "33.34%\n", "#C2D1E6"),
    *({"image": 1}, {"text": None}, {"": {}}, {"$ref": "#"}, [None] * 40, [0, 0, 1, 1], [[[0, 0, 1, 1]]]),
    *(_nested(60), {"a": {"b": {"c": _nested(9)}}}),
)
"""What JSON can hold at its edges, and what reads like something of this API."""

_MALFORMED_PERCENTS = (
    *("33.34", "33,34%", "033.34%", "1000.00%", "-5.00%", "+5.00%", " 5.00%", "5.00 %", "5.00%\n"),
    *("\uff15.00%", ".50%", "5.%", "1e1%", "%", "%5.00", ""),
)


def mistyped(kind: str) -> tuple[Any, ...]:
    """Values that are not of a type of the spec language."""
    values = tuple(value for value in PLAIN if not _fits(kind, value))
    return values + _MALFORMED_PERCENTS if kind == "percent" else values


def picked(values: tuple[Any, ...], octets: Octets) -> Any:
    """One of them, new where it can be changed."""
    return deepcopy(octets.pick(values))


def _fits(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, int | float):
        return kind == "number" or (kind == "integer" and value == int(value))
    if isinstance(value, list | dict):
        return kind == {list: "list", dict: "object"}[type(value)]
    return isinstance(value, str) and kind in ("text", "image", "size", "percent")
