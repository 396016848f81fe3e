"""Cassettes: every exchange with the service, recorded without secrets, and replayed offline.

A cassette is a file of JSON Lines: a header, then one line for each exchange with the request, the response
and the time. `CassetteRecorder` stands between the client and the network, `CassettePlayer` answers in its
place. Both are the function that `ApiServer` sends with.

A request is recognized by the digest of its method, path, query and body, so the body itself may be written
without image data. A response is written completely except for keys, queries of URLs, base64 and the
identifiers of the account. Equal requests get their responses in the recorded order.
"""

import hashlib
import json
import os
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import httpx

from wan_conformance.targets.server.network import NoResponseError, NotConnectedError
from wanlib.base.clock import Clock
from wanlib.base.redaction import hide_keys, redact_json, redact_text, safe_repr, without_secrets
from wanlib.base.wire_names import read_names
from wanlib.cli.strict_json import InvalidJsonError, parse_json
from wanlib.input_error import InputError
from wanlib.spec import Spec

VERSION = 1
HIDDEN = "***"
"""The placeholder for an identifier of the account."""
Send = Callable[[httpx.Request], httpx.Response]
_KEPT_HEADERS = ("content-type", "retry-after")
_ERRORS: dict[str, type[httpx.TransportError]] = {
    error.__name__: error
    for error in (
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.PoolTimeout,
        httpx.ProxyError,
        httpx.ReadError,
        httpx.ReadTimeout,
        httpx.RemoteProtocolError,
        httpx.UnsupportedProtocol,
        httpx.WriteError,
        httpx.WriteTimeout,
        NoResponseError,
        NotConnectedError,
    )
}
"""The error that a recorded exchange without a response raises again."""


class CassetteError(InputError):
    """A cassette that cannot be read or written, or that does not have the response to a request."""


class CassetteRecorder:
    """Sends requests and records each exchange.

    Args:
        send: Sends one request.
        file: The file for the lines.
        spec: Names the identifiers of the account, which are hidden.
        clock: The time.
    """

    def __init__(self, send: Send, file: TextIO, spec: Spec, clock: Clock) -> None:
        self._send = send
        self._file = file
        self._clock = clock
        names = read_names(spec.service["names"]).listed
        self._hidden = frozenset({names.api_key, names.user, names.parent_user, names.path_key})
        self._write({"cassette": VERSION, "spec": spec.digest})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Send a request, record the exchange, and return the response with its body."""
        line: dict[str, Any] = {"at": self._clock.wall(), "request": _request_line(request)}
        try:
            response = self._send(request)
            response.read()
        except httpx.HTTPError as error:
            name = type(error).__name__
            self._write(line | {"error": name if name in _ERRORS else httpx.ReadError.__name__})
            raise
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        answer = {"status": response.status_code, "headers": headers, **self._content(response)}
        self._write(line | {"response": answer})
        return response

    def _content(self, response: httpx.Response) -> dict[str, Any]:
        try:
            return {"json": self._sanitized(parse_json(response.content))}
        except InvalidJsonError:  # also JSON that parsers interpret differently: it stays unchanged
            return {"text": without_secrets(response.text)}

    def _sanitized(self, value: Any) -> Any:
        """Return a JSON value of the same shape without secrets; only data is cut."""
        if isinstance(value, str):
            return without_secrets(value)
        if isinstance(value, list):
            return [self._sanitized(item) for item in value]
        if isinstance(value, dict):
            return {
                without_secrets(name): HIDDEN if name in self._hidden else self._sanitized(member)
                for name, member in value.items()
            }
        return value

    def _write(self, line: dict[str, Any]) -> None:
        try:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()
        except OSError as error:
            raise CassetteError(f"the cassette can't be written: {error.strerror or error}") from None


class CassettePlayer:
    """Answers requests with the recorded responses, without any network.

    Args:
        path: The cassette.

    Raises:
        CassetteError: The file cannot be read, or is not a cassette.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._exchanges: dict[str, deque[Any]] = defaultdict(deque)
        self._used: dict[str, int] = defaultdict(int)
        self.recorded_at = 0.0
        """When the first exchange was made, in seconds since 1970; 0 in an empty cassette."""
        lines = self._lines()
        self._check_header(next(lines, None))
        for number, line in enumerate(lines, 2):
            try:
                key = line["request"]["digest"]
                self.recorded_at = self.recorded_at or float(line["at"])
                known = line["error"] in _ERRORS if "error" in line else "status" in line["response"]
            except (KeyError, TypeError, ValueError):
                known = False
            if not known:
                raise self._error(f"line {number} is not an exchange: record it again")
            self._exchanges[key].append(line)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Return the recorded response.

        Raises:
            CassetteError: The cassette has no response to this request, or no further one.
            httpx.HTTPError: The recorded exception.
        """
        described = _request_line(request)
        shown = f"{described['method']} {described['path']} {safe_repr(described.get('body', ''))}"
        key = described["digest"]
        if key not in self._exchanges:
            raise self._error(f"has no exchange {shown}: the plan has changed since, so record it again")
        if not self._exchanges[key]:
            raise self._error(f"has only {self._used[key]} exchanges {shown}, and the run sends one more")
        self._used[key] += 1
        line = self._exchanges[key].popleft()
        if "error" in line:
            raise _ERRORS[line["error"]]("as recorded", request=request)
        answer = line["response"]
        content = json.dumps(answer["json"]) if "json" in answer else answer.get("text", "")
        return httpx.Response(
            answer["status"], headers=answer.get("headers", {}), content=content.encode(), request=request
        )

    def _lines(self) -> Iterator[Any]:
        try:
            with self._path.open(encoding="utf-8") as file:
                yield from map(json.loads, file)
        except OSError as error:
            raise self._error(f"can't be read: {error.strerror or error}") from None
        except (ValueError, RecursionError):
            raise self._error("is not a file of JSON Lines") from None

    def _check_header(self, line: Any) -> None:
        version = line.get("cassette") if isinstance(line, dict) else None
        if version != VERSION:
            problem = "is not a cassette" if version is None else f"has the version {safe_repr(version)}"
            raise self._error(f"{problem}; this program reads version {VERSION}")

    def _error(self, problem: str) -> CassetteError:
        return CassetteError(f"the cassette {redact_text(str(self._path))!r} {problem}")


@contextmanager
def recording(path: Path, send: Send, spec: Spec, clock: Clock) -> Iterator[CassetteRecorder]:
    """Record to a new file that only its owner may read.

    Raises:
        CassetteError: The file exists or cannot be created.
    """
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        raise CassetteError(
            f"the cassette {str(path)!r} can't be created: {error.strerror or error}"
        ) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        yield CassetteRecorder(send, file, spec, clock)


def _request_line(request: httpx.Request) -> dict[str, Any]:
    """Return the recorded form of a request, without headers, because one contains the key."""
    raw = request.read()
    target = request.url.raw_path.decode("ascii")
    digest = hashlib.sha256(b"\n".join([request.method.encode(), target.encode(), raw])).hexdigest()
    line: dict[str, Any] = {"method": request.method, "path": hide_keys(target), "digest": digest}
    if raw:
        try:
            line["body"] = redact_json(json.loads(raw))
        except (ValueError, RecursionError):
            line["body"] = redact_text(raw.decode("utf-8", "replace"))
    return line
