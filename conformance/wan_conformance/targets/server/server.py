"""A server that speaks the API: a remote one, or the emulator in this process."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

import httpx

from wanlib.base.clock import ManualClock
from wanlib.base.redaction import Secret
from wanlib.cli.strict_json import InvalidJsonError, parse_json
from wanlib.emulator import RULES_HEADER, Emulator, Settings
from wanlib.emulator.transport import EmulatorTransport
from wanlib.spec import Spec
from wanlib.spec.model.model import CALLS
from wanlib.spec.source.annotated import parse_duration

_EMULATOR_URL = "http://emulator.invalid"
_KEY = "sk-harness"
_MAX_ATTEMPTS = 8
_WAITING = 1.0  # seconds for which a task of the embedded emulator is PENDING
Send = Callable[[httpx.Request], httpx.Response]
_MAX_DELAY = 60.0
_MEMORY_CAP = 64 << 20  # bytes of small inputs, sufficient for a whole run
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_EXCHANGE_SECONDS = 120.0
"""Total timeout of any exchange except a synchronous call: large bodies are sent slowly."""
_MARGIN = 30.0
"""Seconds beyond the service's own time for a synchronous call."""


class ResponseProblemError(Exception):
    """A response that the API does not allow; the message states the problem."""


class ServerResponse(NamedTuple):
    """One response.

    Attributes:
        status: The HTTP status.
        body: The JSON body; None if it is not JSON.
        text: The text of a body that is not JSON; else empty.
        rules: The ids of the rules that it names, sorted.
    """

    status: int
    body: Any
    text: str
    rules: tuple[str, ...]


class ApiServer:
    """Send requests as `wire.yaml` prescribes, and wait if the server limits the rate.

    Args:
        spec: The spec.
        send: Sends one request.
        base_url: The URL of the server, with or without the base path of the API.
        key: The API key.
        pays: Whether accepted requests may cost money.
        is_near: Whether tasks may be queried in quick succession, as those of a server on this machine.
        sleep: Waits for a number of seconds.
    """

    def __init__(
        self,
        spec: Spec,
        send: Send,
        base_url: str,
        key: str = _KEY,
        *,
        pays: bool,
        is_near: bool = False,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        base, path = base_url.rstrip("/"), spec.wire["base_path"]
        self._spec = spec
        self._send_out = send
        self._base = base if base.endswith(path) else base + path
        self._key = Secret.of(key)  # registered for redaction, so that no external text shows it
        paths = {
            endpoint.split(" ")[1] for calls in spec.wire["endpoints"].values() for endpoint in calls.values()
        }
        self._urls = {
            path: httpx.URL(self._base + path) for path in paths
        }  # parsed once, since parsing is slow
        calls = (*CALLS, *spec.wire["paths"])
        self._headers = {call: self._headers_of(call) for call in calls}
        headers = spec.wire["headers"].items()
        self._resolving = {name: header["is"] for name, header in headers if "schemes" in header}
        self._synchronous_seconds = parse_duration(spec.wire["timeouts"]["sync"]) + _MARGIN
        self.base_url = self._base
        self.pays = pays
        self.is_near = is_near
        self.sleep = sleep
        self.responses: list[ServerResponse] = []
        """The responses since the list was last cleared, for reports."""

    @property
    def any_call(self) -> str:
        """A call that some model has; an asynchronous one if there is any."""
        return next(call for call in ("async", *CALLS) if call in self.offered_calls)

    @cached_property
    def offered_calls(self) -> frozenset[str]:
        """The calls that some model has an endpoint for."""
        return frozenset(call for calls in self._spec.wire["endpoints"].values() for call in calls)

    def probe(self, *left_out: str) -> ServerResponse:
        """Send an empty body, which no server accepts, to the first endpoint.

        Args:
            left_out: Names of headers that are not sent.
        """
        return self._send(self._first_endpoint, self.any_call, b"{}", left_out=left_out)

    def probe_at(self, base: str) -> ServerResponse:
        """Send the empty body to the same endpoint below another base URL."""
        method, path = self._first_endpoint.split(" ")
        headers = self._headers[self.any_call]
        return _parse_response(self.send(httpx.Request(method, base + path, content=b"{}", headers=headers)))

    @property
    def _first_endpoint(self) -> str:
        endpoints = self._spec.wire["endpoints"].values()
        return next(str(calls[self.any_call]) for calls in endpoints if self.any_call in calls)

    def create(
        self,
        body: Any,
        raw: bytes,
        call: str,
        headers: Mapping[str, str] = _NO_HEADERS,
        *,
        stored: bool = False,
    ) -> ServerResponse:
        """Send a body to its model's endpoint, or to another model's if it has none.

        Args:
            body: The body, any JSON.
            raw: The body as bytes.
            call: How it is sent: `sync`, `async` or `stream`.
            headers: Headers in addition to those of the call.
            stored: Whether it names a file in storage, which needs a header.
        """
        endpoints = self._spec.wire["endpoints"]
        model = body.get("model") if isinstance(body, dict) else None
        own_endpoints = endpoints.get(self._spec.base(model), {})
        endpoint = own_endpoints.get(call) or next(
            calls_of_model[call] for calls_of_model in endpoints.values() if call in calls_of_model
        )
        return self._send(endpoint, call, raw, {**headers, **(self._resolving if stored else {})})

    def task_call(self, call: str, task_id: str) -> ServerResponse:
        """Send a `query` or a `cancel` for a task."""
        return self._send(self._spec.wire["paths"][call].replace("{task_id}", task_id), call)

    def shared_call(self, call: str, query: str) -> ServerResponse:
        """Send one of the other calls that every model shares.

        Args:
            call: Its name under `paths:` in wire.yaml.
            query: The query string of the URL.
        """
        return self._send(f"{self._spec.wire['paths'][call]}?{query}", call)

    def send(self, request: httpx.Request) -> httpx.Response:
        """Send any request and return the parsed response."""
        response = self._send_out(request)
        response.read()
        return response

    def _send(
        self,
        endpoint: str,
        call: str,
        raw: bytes | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
        left_out: Sequence[str] = (),
    ) -> ServerResponse:
        """Send a request, again if the rate is exceeded, since that creates nothing."""
        method, path = endpoint.split(" ")
        url = self._urls.get(path, self._base + path)
        seconds = self._synchronous_seconds if call in ("sync", "stream") else _EXCHANGE_SECONDS
        limits = {"timeout": {"read": seconds}}
        for attempt in range(_MAX_ATTEMPTS):
            sent = {name: text for name, text in self._headers[call].items() if name not in left_out}
            request = httpx.Request(method, url, content=raw, headers={**sent, **headers}, extensions=limits)
            response = self.send(request)
            parsed = _parse_response(response)
            if response.status_code != 429 or self._class(parsed) != "rate" or attempt == _MAX_ATTEMPTS - 1:
                break
            self.sleep(_retry_delay(response.headers.get("retry-after"), attempt))
        self.responses.append(parsed)
        return parsed

    def _class(self, reply: ServerResponse) -> str:
        code = reply.body.get("code") if isinstance(reply.body, dict) else None
        return str(self._spec.wire["errors"].get(str(code), {}).get("class", ""))

    def _headers_of(self, call: str) -> Mapping[str, str]:
        table = self._spec.wire["headers"].items()
        return {
            name: header["is"].replace("{key}", self._key.reveal())
            for name, header in table
            if call in header.get("call", ()) and not header.get("optional")
        }


def emulator_server(spec: Spec, emulator: Emulator | None = None) -> ApiServer:
    """Return the emulator in this process as a server: no socket, no bill, and as strict as the spec.

    Its clock advances only while the harness waits, so that a task can be canceled before it runs.
    """
    emulator = emulator or Emulator(
        _offered_everywhere(spec),
        settings=Settings(waiting=_WAITING, local_images=False, spool_cap=0, memory_cap=_MEMORY_CAP),
        clock=ManualClock(),
    )
    transport = EmulatorTransport(emulator)  # called directly: an httpx client around it doubles the time
    return ApiServer(spec, transport.handle_request, _EMULATOR_URL, pays=False, sleep=emulator.clock.sleep)


def _offered_everywhere(spec: Spec) -> Spec:
    """Return the spec without statements on the offers of a region, which are not rules on bodies."""
    regions = {
        name: {key: value for key, value in region.items() if key != "calls"}
        for name, region in spec.wire["regions"].items()
    }
    return replace(spec, wire=MappingProxyType({**spec.wire, "regions": regions}))


def _parse_response(response: httpx.Response) -> ServerResponse:
    """Return a response with its JSON, if it is JSON.

    Raises:
        ResponseProblemError: Parsers could interpret its JSON differently, such as a repeated key.
    """
    named = response.headers.get(RULES_HEADER, "")
    rules = tuple(sorted({item.partition(";")[0].strip() for item in named.split(",")} - {""}))
    try:
        return ServerResponse(response.status_code, parse_json(response.content), "", rules)
    except InvalidJsonError as error:
        if _is_json(response.content):
            raise ResponseProblemError(
                f"answered {response.status_code} with JSON that readers can understand differently: {error}"
            ) from None
    return ServerResponse(response.status_code, None, response.text, rules)


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def _retry_delay(retry_after: str | None, attempt: int) -> float:
    header = retry_after or ""
    seconds = (
        float(header) if header.isascii() and header.isdecimal() and len(header) < 6 else float(2**attempt)
    )
    return min(seconds, _MAX_DELAY)
