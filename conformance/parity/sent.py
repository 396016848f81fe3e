"""A request as both sides are compared by, and where two of them differ."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from conformance.targets.due import arranged
from wanlib.spec import Node

TRANSPORT = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding"})
"""Headers of the connection, not of the API."""


class Sent(NamedTuple):
    """One request. path: without the base. headers: names in lower case. body: None where there is none."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


class Difference(NamedTuple):
    """at: `path`, `header/accept`, `body/parameters/n`. how: `ours only`, `sdk only` or `differs`."""

    at: str
    how: str


def read(method: str, target: str, headers: Mapping[str, str], content: bytes) -> Sent:
    """A request as it came. Raises ValueError where its body is no JSON."""
    path, _, query = target.partition("?")
    named = {name.lower(): value for name, value in headers.items()}
    kept = {name: value for name, value in named.items() if name not in TRANSPORT}
    return Sent(method, path, dict(parse_qsl(query)), kept, json.loads(content) if content else None)


def differences(form: Node | None, ours: Sent, sdk: Sent) -> Iterator[Difference]:
    """Where two requests differ; the kinds of parts may change places."""
    for at in ("method", "path"):
        if getattr(ours, at) != getattr(sdk, at):
            yield Difference(at, "differs")
    yield from _members("query", ours.query, sdk.query)
    yield from _members("header", ours.headers, sdk.headers)
    bodies = (ours.body, sdk.body) if form is None else (arranged(form, ours.body), arranged(form, sdk.body))
    yield from _values("body", *bodies)


def _members(at: str, ours: Mapping[str, Any], sdk: Mapping[str, Any]) -> Iterator[Difference]:
    for name in sorted({*ours, *sdk}):
        where = f"{at}/{name}"
        if name not in sdk:
            yield Difference(where, "ours only")
        elif name not in ours:
            yield Difference(where, "sdk only")
        else:
            yield from _values(where, ours[name], sdk[name])


def _values(at: str, ours: Any, sdk: Any) -> Iterator[Difference]:
    if isinstance(ours, dict) and isinstance(sdk, dict):
        yield from _members(at, ours, sdk)
    elif isinstance(ours, list) and isinstance(sdk, list) and len(ours) == len(sdk):
        for index, pair in enumerate(zip(ours, sdk, strict=True)):
            yield from _values(f"{at}/{index}", *pair)
    elif type(ours) is not type(sdk) or ours != sdk:
        yield Difference(at, "differs")
