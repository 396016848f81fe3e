"""A strict JSON reader: it refuses everything that two JSON readers could understand differently."""

import json
import re
import sys
from typing import Any, NoReturn

from wanlib.base.redaction import safe_repr
from wanlib.validation.image_header import escape_json_pointer

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MAX_LEVELS = 100
"""Levels of a value that any reader reads."""
_LARGE = 2.0**63
"""The least integer that readers with 64 bits may read as a number of floating point."""
_SURROGATE = re.compile("[\ud800-\udfff]")


class InvalidJsonError(ValueError):
    """A text that is not strict JSON.

    Attributes:
        problem: What is wrong, without the position.
        at: Line and column, counted from 1; None if they are not known.
    """

    def __init__(self, problem: str, at: tuple[int, int] | None = None) -> None:
        """Create an error; see the attributes."""
        self.problem = problem
        self.at = at
        super().__init__(f"line {at[0]}, column {at[1]}: {problem}" if at else problem)


class EmptyJsonError(InvalidJsonError):
    """A text without a value: it is empty, or only white space."""

    def __init__(self) -> None:
        super().__init__("is empty; expected a request body in JSON")


def parse_json(raw: bytes | bytearray) -> Any:
    """Return the JSON value that UTF-8 bytes contain.

    Args:
        raw: The bytes.

    Raises:
        InvalidJsonError: A byte order mark, broken UTF-8 or JSON, NaN or an infinity, a repeated key, a
            single surrogate, a number of thousands of digits, or nesting that is too deep.
    """
    # Only an escape can produce a surrogate, and looking for one costs next to nothing.
    may_have_surrogates = b"\\ud" in raw or b"\\uD" in raw
    text = _decode(raw)
    del raw  # avoid three copies of 400 MB at once
    value = _load(text)
    if may_have_surrogates:
        _refuse_surrogates(value)
    return value


def has_unique_keys(raw: bytes, colons: int) -> bool:
    """Return True only if no object of a valid JSON text repeats a key.

    A text has a colon after each key, and those of its strings, unless one is written as an escape. So a text
    with just as many colons as its value accounts for repeats no key.

    Args:
        raw: The text.
        colons: How many colons it has at least: one for each member of the objects of its value, each key
            counted once, and any number of those in strings.
    """
    # A single byte is found faster than several, and escapes are rare.
    return raw.count(b":") == colons and (0x5C not in raw or b"\\u003" not in raw)


def count_colons(value: Any) -> int | None:
    """Return how many colons the JSON text of a value has at least, as `has_unique_keys` needs them.

    None stands for a value that another reader may have understood differently: it is nested deeply, or has a
    number of floating point that may be a large integer in the text.
    """
    colons, level = 0, [value]
    for _ in range(_MAX_LEVELS):
        below: list[Any] = []
        for part in level:
            kind = type(part)
            if kind is str:
                if ":" in part:
                    colons += part.count(":")
            elif kind is dict:
                colons += len(part)
                below += part.values()
            elif kind is list:
                below += part
            elif kind is float and abs(part) >= _LARGE:
                return None
        if not below:
            return colons
        level = below
    return None


def _decode(raw: bytes | bytearray) -> str:
    if raw.startswith(_BYTE_ORDER_MARK):
        raise InvalidJsonError("begins with a byte order mark; JSON is UTF-8 without one")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = raw[error.start]
        raise InvalidJsonError(
            f"is not UTF-8 text: byte {error.start:,} is 0x{byte:02x} (offset from 0)"
        ) from None


def _load(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        if not text.strip():
            raise EmptyJsonError from None
        reason = error.msg[:1].lower() + error.msg[1:]
        raise InvalidJsonError(f"is not JSON: {reason}", (error.lineno, error.colno)) from None
    except RecursionError:
        raise InvalidJsonError("is nested too deeply; a request body has about ten levels") from None
    except InvalidJsonError:
        raise
    except ValueError:  # Python's limit on numbers that would take minutes to parse
        max_digits = sys.get_int_max_str_digits()
        raise InvalidJsonError(f"contains an integer of more than {max_digits:,} digits") from None


def _object_without_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise InvalidJsonError(f"repeats the key {safe_repr(repeated)} in one object")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidJsonError(f"contains {name}, which JSON doesn't have")


def _refuse_surrogates(value: Any) -> None:
    """Raise an error for the first single surrogate; without recursion, as the value may be deep."""
    remaining = [("", value)]
    while remaining:
        path, part = remaining.pop()
        if isinstance(part, dict):
            for name, member in part.items():
                remaining += [(path, name), (f"{path}/{escape_json_pointer(name)}", member)]
        elif isinstance(part, list):
            remaining += [(f"{path}/{index}", item) for index, item in enumerate(part)]
        elif isinstance(part, str) and (match := _SURROGATE.search(part)):
            place = safe_repr(path)[1:-1] or "the top"
            raise InvalidJsonError(f"contains a single surrogate, \\u{ord(match[0]):04x}, at {place}")


_DECODER = json.JSONDecoder(object_pairs_hook=_object_without_repeated_keys, parse_constant=_refuse_constant)
