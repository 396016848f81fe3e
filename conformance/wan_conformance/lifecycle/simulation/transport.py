"""An in-process transport: the part of httpx that our clients use.

httpx itself would take more time than client and service together; the stateful tests use it in full.
Its names and exceptions are the same here, since the client depends on them.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, NamedTuple

import httpx

from wanlib.emulator import Emulator, Request, Response
from wanlib.emulator.core.http_messages import CUT_BEFORE_RESPONSE
from wanlib.emulator.transport import Sleep, SleepAsync


class InProcessRequest(NamedTuple):
    """A request as our client builds it; for a picture it builds an `httpx.Request` itself."""

    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    content: bytes | None
    extensions: Mapping[str, Any]


class _Headers(NamedTuple):
    raw: list[tuple[bytes, bytes]]


class InProcessResponse:
    """A response as our client reads it: status, headers, and the body in pieces.

    Attributes:
        status_code: The HTTP status.
        headers: The headers, as bytes.
    """

    def __init__(self, response: Response, sleep: Callable[[float], Any], timeout: float) -> None:
        """Wrap a response of the emulator; `sleep` delays its pieces, each up to a timeout in seconds."""
        self._response, self._sleep, self._timeout = response, sleep, timeout
        self.status_code = response.status
        headers = [*response.headers, ("content-length", str(len(response.body)))]
        self.headers = _Headers([(name.encode(), value.encode()) for name, value in headers])

    def iter_bytes(self) -> Iterator[bytes]:
        """Yield the pieces, each after its delay."""
        for piece in self._pieces():
            self._sleep(min(self._response.pace, self._timeout))
            self._check_pace()
            yield piece

    async def aiter_bytes(self) -> AsyncIterator[bytes]:
        """Yield the pieces on an event loop."""
        for piece in self._pieces():
            if self._response.pace:
                await self._sleep(min(self._response.pace, self._timeout))
                self._check_pace()
            yield piece

    def close(self) -> None:
        """Do nothing: no connection exists."""

    async def aclose(self) -> None:
        """Do nothing: no connection exists."""

    def _check_pace(self) -> None:
        if self._response.pace > self._timeout:
            raise httpx.ReadTimeout("the read operation timed out")

    def _pieces(self) -> Iterator[bytes]:
        remaining = self._response.cut
        for part in self._response.parts:
            if remaining is not None and remaining < len(part):
                yield part[:remaining]
                raise httpx.ReadError("the connection was cut")
            remaining = None if remaining is None else remaining - len(part)
            yield part


class InProcessClient(httpx.Client):
    """A client that sends to a service in this process; our client requires an `httpx.Client`."""

    def __init__(self, service: Emulator, sleep: Sleep) -> None:
        """Create a client of a service; `sleep` delays its responses."""
        self._service, self._sleep = service, sleep
        super().__init__(transport=httpx.MockTransport(_unexpected_call), trust_env=False)

    def build_request(self, method: str, url: Any, **kwargs: Any) -> Any:
        """Return a request."""
        return InProcessRequest(method, url, kwargs["headers"], kwargs["content"], kwargs["extensions"])

    def send(self, request: Any, **_: Any) -> Any:
        """Send a request to the service, and return its response after its delay."""
        response, timeout = _respond(self._service, request), _read_timeout(request)
        self._sleep(min(response.delay, timeout))
        _check_answered(response, timeout)
        return InProcessResponse(response, self._sleep, timeout)


class AsyncInProcessClient(httpx.AsyncClient):
    """The same for our asynchronous client, which requires an `httpx.AsyncClient`."""

    def __init__(self, service: Emulator, sleep: SleepAsync) -> None:
        """Create a client of a service; `sleep` delays its responses."""
        self._service, self._sleep = service, sleep
        super().__init__(transport=httpx.MockTransport(_unexpected_call), trust_env=False)

    def build_request(self, method: str, url: Any, **kwargs: Any) -> Any:
        """Return a request."""
        return InProcessRequest(method, url, kwargs["headers"], kwargs["content"], kwargs["extensions"])

    async def send(self, request: Any, **_: Any) -> Any:
        """Send a request to the service, and return its response after its delay."""
        response, timeout = _respond(self._service, request), _read_timeout(request)
        if response.delay:
            await self._sleep(min(response.delay, timeout))
        _check_answered(response, timeout)
        return InProcessResponse(response, self._sleep, timeout)


def _respond(service: Emulator, request: Any) -> Response:
    url = request.url
    headers = {name.lower(): value for name, value in request.headers.items()}
    origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
    target = url.raw_path.decode("ascii")
    return service.handle(Request(request.method, target, headers, request.content or b"", origin))


def _read_timeout(request: Any) -> float:
    seconds: float = request.extensions["timeout"]["read"]
    return seconds


def _check_answered(response: Response, timeout: float) -> None:
    """Raise the exception of httpx for a missing response."""
    if response.delay > timeout:
        raise httpx.ReadTimeout("the read operation timed out")
    if response.cut == CUT_BEFORE_RESPONSE:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")


def _unexpected_call(_: httpx.Request) -> httpx.Response:
    raise AssertionError("only `send` may be called")
