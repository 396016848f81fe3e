"""The picture URLs of a response body of any shape, for `wanlib.pictures`.

The members are found by the names of the spec; see `parts` for the parsing of a result.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from wanlib.base.values import MIB
from wanlib.base.wire_names import WireNames

_MAX_TEXT_LENGTH = 64 * MIB
"""The maximum length of a text that is read as JSON or as events."""


def picture_urls(names: WireNames, payload: Any) -> list[str]:
    """Return all picture URLs in reading order, each once; an empty list if there are none.

    Args:
        names: The names of the members.
        payload: A response body as parsed JSON, as text or as bytes; the events of a stream, parsed or as
            text; a list or iterator of them; an object of an SDK with the same members.
    """
    if isinstance(payload, str | bytes | bytearray):
        payload = list(_parse(payload))
    elif isinstance(payload, Iterator):
        payload = list(payload)
    return list(dict.fromkeys(_walk(names, payload)))


def _walk(names: WireNames, payload: Any) -> Iterator[str]:
    """Yield the URLs in a response, depth first. Each node is visited once, so that no cycle is followed."""
    containers = (
        names.answer.output,
        names.choice.choices,
        names.choice.message,
        names.choice.content,
        names.result.results,
    )
    seen: set[int] = set()
    stack = [payload]
    while stack:
        node = stack.pop()
        if id(node) in seen or isinstance(node, str | bytes | bytearray):
            continue
        seen.add(id(node))
        if isinstance(node, list | tuple):
            stack.extend(reversed(node))
            continue
        members = _members(node)
        for name in (names.choice.image, names.result.url):
            if isinstance(url := members.get(name), str) and url:
                yield url
        stack.extend(members[name] for name in reversed(containers) if name in members)


def _members(node: Any) -> Mapping[str, Any]:
    """Return the members of a mapping or of an object; an empty mapping for anything else."""
    if isinstance(node, Mapping):
        return node
    try:
        return dict(vars(node))
    except TypeError:  # a number, None, an object with slots only
        return {}


def _parse(text: str | bytes | bytearray) -> Iterator[Any]:
    """Yield the JSON value of a text, or those of the data lines of server-sent events."""
    decoded = text if isinstance(text, str) else bytes(text).decode("utf-8", "replace")
    if len(decoded) > _MAX_TEXT_LENGTH:
        return
    value = _load(decoded)
    if value is not None:
        yield value
        return
    for line in decoded.splitlines():
        field, _, value = line.partition(":")
        if field == "data" and (event := _load(value)) is not None:
            yield event


def _load(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
