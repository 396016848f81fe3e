"""JSON as other readers would all understand it; whatever leaves a doubt is refused."""

import json
import re
import sys
from typing import Any, NoReturn

from wanlib.base.redaction import safe_repr
from wanlib.validation.image_header import escape_json_pointer

_BOM = b"\xef\xbb\xbf"
_SURROGATE = re.compile("[\ud800-\udfff]")


class InvalidJsonError(ValueError):
    """A text that is no strict JSON. `at` is the line and column (from 1), None where it isn't known."""

    def __init__(self, what: str, at: tuple[int, int] | None = None) -> None:
        self.what = what
        self.at = at
        super().__init__(f"line {at[0]}, column {at[1]}: {what}" if at else what)


def parse_json(raw: bytes | bytearray) -> Any:
    """The value that `raw` holds as UTF-8.

    Raises Unreadable for whatever else there is: a byte order mark, broken UTF-8 or JSON, NaN and
    infinities, repeated keys, lone surrogates, numbers of thousands of digits, endless nesting.
    """
    # Only an escape can bring a surrogate in, and to look for one costs next to nothing.
    suspect = b"\\ud" in raw or b"\\uD" in raw
    text = _decoded(raw)
    del raw  # of 400 MB there need not be three copies at once
    value = _loaded(text)
    if suspect:
        _refuse_surrogates(value)
    return value


def _decoded(raw: bytes | bytearray) -> str:
    if raw.startswith(_BOM):
        raise InvalidJsonError("begins with a byte order mark; JSON is UTF-8 without one")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        met = raw[error.start]
        raise InvalidJsonError(
            f"is no UTF-8 text: byte {error.start:,} is 0x{met:02x} (offset from 0)"
        ) from None


def _loaded(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        if not text.strip():
            raise InvalidJsonError("is empty; due is a request body in JSON") from None
        reason = error.msg[:1].lower() + error.msg[1:]
        raise InvalidJsonError(f"is no JSON: {reason}", (error.lineno, error.colno)) from None
    except RecursionError:
        raise InvalidJsonError("nests too deep; a request body has about ten levels") from None
    except InvalidJsonError:
        raise
    except ValueError:  # Python's own guard against numbers that take minutes to read
        most = sys.get_int_max_str_digits()
        raise InvalidJsonError(f"holds a whole number of more than {most:,} digits") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidJsonError(f"repeats the key {safe_repr(twice)} in one object")
    return members


def _constant(name: str) -> NoReturn:
    raise InvalidJsonError(f"holds {name}, which JSON doesn't have")


def _refuse_surrogates(value: Any) -> None:
    """Walks with a list of its own: the value may nest as deep as the reader could go."""
    rest = [("", value)]
    while rest:
        path, each = rest.pop()
        if isinstance(each, dict):
            for name, member in each.items():
                rest += [(path, name), (f"{path}/{escape_json_pointer(name)}", member)]
        elif isinstance(each, list):
            rest += [(f"{path}/{index}", item) for index, item in enumerate(each)]
        elif isinstance(each, str) and (found := _SURROGATE.search(each)):
            place = safe_repr(path)[1:-1] or "the top"
            raise InvalidJsonError(f"holds a lone surrogate, \\u{ord(found[0]):04x}, at {place}")
