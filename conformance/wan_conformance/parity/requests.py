"""Requests as they are compared, the differences between two of them, and the client's side."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import httpx

from wan_conformance.parity.calls import SdkCall
from wan_conformance.targets.client.expected_request import reorder_parts
from wan_conformance.targets.client.fake_service import NOW, TASK, FakeService
from wan_conformance.targets.client.verb_call import perform, result_of
from wanlib.base.clock import ManualClock
from wanlib.generated.client import Wan
from wanlib.spec import Node, Spec

CONNECTION_HEADERS = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "accept-encoding"}
)
"""Headers of the connection, not of the API."""


class WireRequest(NamedTuple):
    """One request.

    Attributes:
        method: The HTTP method.
        path: The path below the base path of the API.
        query: The query parameters.
        headers: The headers that belong to the API, names in lower case.
        body: The JSON body; None if there is none.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


class Difference(NamedTuple):
    """One difference between two requests.

    Attributes:
        place: `path`, `header/accept`, `body/parameters/n` and so on.
        how: `ours only`, `sdk only` or `differs`.
    """

    place: str
    how: str


def parse_request(method: str, target: str, headers: Mapping[str, str], content: bytes) -> WireRequest:
    """Return a request as it arrived.

    Raises:
        ValueError: Its body is not JSON.
    """
    path, _, query = target.partition("?")
    lower = {name.lower(): value for name, value in headers.items()}
    selected = {name: value for name, value in lower.items() if name not in CONNECTION_HEADERS}
    return WireRequest(
        method, path, dict(parse_qsl(query)), selected, json.loads(content) if content else None
    )


def differences(form: Node | None, client: WireRequest, sdk: WireRequest) -> Iterator[Difference]:
    """Yield where two requests differ; parts of different kinds may change places."""
    for name in ("method", "path"):
        if getattr(client, name) != getattr(sdk, name):
            yield Difference(name, "differs")
    yield from _members("query", client.query, sdk.query)
    yield from _members("header", client.headers, sdk.headers)
    bodies = (
        (client.body, sdk.body)
        if form is None
        else (reorder_parts(form, client.body), reorder_parts(form, sdk.body))
    )
    yield from _values("body", *bodies)


def _members(place: str, client: Mapping[str, Any], sdk: Mapping[str, Any]) -> Iterator[Difference]:
    for name in sorted({*client, *sdk}):
        member_place = f"{place}/{name}"
        if name not in sdk:
            yield Difference(member_place, "ours only")
        elif name not in client:
            yield Difference(member_place, "sdk only")
        else:
            yield from _values(member_place, client[name], sdk[name])


def _values(place: str, client: Any, sdk: Any) -> Iterator[Difference]:
    if isinstance(client, dict) and isinstance(sdk, dict):
        yield from _members(place, client, sdk)
    elif isinstance(client, list) and isinstance(sdk, list) and len(client) == len(sdk):
        for index, pair in enumerate(zip(client, sdk, strict=True)):
            yield from _values(f"{place}/{index}", *pair)
    elif type(client) is not type(sdk) or client != sdk:
        yield Difference(place, "differs")


class WanRequests:
    """`Wan` with a test key and a fake service."""

    def __init__(self, spec: Spec, key: str) -> None:
        self._base = "http://loopback" + spec.wire["base_path"]
        self._service = FakeService(spec.wire)
        http = httpx.Client(transport=self._service.transport(False))
        self._wan: Any = Wan(key, base_url=self._base, http_client=http, clock=ManualClock(NOW))

    def request_for(self, call: SdkCall) -> WireRequest:
        """Return the one request of a call; of a poll the last."""
        self._make(call)
        *_, request = self._service.take_requests()
        target = str(request.url)[len(self._base) :]
        return parse_request(request.method, target, dict(request.headers), request.content)

    def _make(self, call: SdkCall) -> None:
        if call.client_call is not None and call.verb == "poll":
            result_of(self._wan, call.client_call, dict(call.client_call.parameters))
        elif call.client_call is not None:
            perform(self._wan, call.client_call, dict(call.client_call.parameters))
        elif call.verb == "fetch":
            self._wan.task(TASK).status()
        elif call.verb == "cancel":
            self._wan.cancel(TASK)
        else:
            list(self._wan.tasks())
