"""The line between our clients and a service in this process: what they ask of an HTTP library, and no more.

httpx itself would cost more than the client and the service together; other tests go through all of it. Its
names and its exceptions are kept, since the client tells by them what has happened.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, NamedTuple

import httpx

from wanlib.emulator import Emulator, Request, Response
from wanlib.emulator.core.http_messages import CUT_BEFORE_RESPONSE
from wanlib.emulator.transport import Sleep, SleepAsync


class InProcessRequest(NamedTuple):
    """A request as our client tells it; what it makes of a link is an httpx.Request."""

    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    content: bytes | None


class _Headers(NamedTuple):
    raw: list[tuple[bytes, bytes]]


class InProcessResponse:
    """What our client reads of an answer: its head, its body piece by piece, as far as it goes."""

    def __init__(self, response: Response, sleep: Callable[[float], Any]) -> None:
        self._response, self._sleep = response, sleep
        self.status_code = response.status
        told = [*response.headers, ("content-length", str(len(response.body)))]
        self.headers = _Headers([(name.encode(), value.encode()) for name, value in told])

    def iter_bytes(self) -> Iterator[bytes]:
        """The pieces, each at its time."""
        for piece in self._pieces():
            self._sleep(self._response.pace)
            yield piece

    async def aiter_bytes(self) -> AsyncIterator[bytes]:
        """The same on a loop."""
        for piece in self._pieces():
            if self._response.pace:
                await self._sleep(self._response.pace)
            yield piece

    def close(self) -> None:
        """Nothing is held."""

    async def aclose(self) -> None:
        """Nothing is held."""

    def _pieces(self) -> Iterator[bytes]:
        left = self._response.cut
        for part in self._response.parts:
            if left is not None and left < len(part):
                yield part[:left]
                raise httpx.ReadError("the connection was cut")
            left = None if left is None else left - len(part)
            yield part


class InProcessClient(httpx.Client):
    """By its kind an httpx.Client, as our client wants it."""

    def __init__(self, service: Emulator, sleep: Sleep) -> None:
        self._service, self._sleep = service, sleep
        super().__init__(transport=httpx.MockTransport(_unexpected_call), trust_env=False)

    def build_request(self, method: str, url: Any, **told: Any) -> Any:
        """The request as it was told."""
        return InProcessRequest(method, url, told["headers"], told["content"])

    def send(self, request: Any, **_: Any) -> Any:
        """The answer of the service."""
        response = _answered(self._service, request)
        self._sleep(response.delay)
        return InProcessResponse(response, self._sleep)


class AsyncInProcessClient(httpx.AsyncClient):
    """The same for an httpx.AsyncClient."""

    def __init__(self, service: Emulator, sleep: SleepAsync) -> None:
        self._service, self._sleep = service, sleep
        super().__init__(transport=httpx.MockTransport(_unexpected_call), trust_env=False)

    def build_request(self, method: str, url: Any, **told: Any) -> Any:
        """The request as it was told."""
        return InProcessRequest(method, url, told["headers"], told["content"])

    async def send(self, request: Any, **_: Any) -> Any:
        """The answer of the service."""
        response = _answered(self._service, request)
        if response.delay:
            await self._sleep(response.delay)
        return InProcessResponse(response, self._sleep)


def _answered(service: Emulator, request: Any) -> Response:
    url = request.url
    headers = {name.lower(): value for name, value in request.headers.items()}
    origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
    target = url.raw_path.decode("ascii")
    response = service.handle(Request(request.method, target, headers, request.content or b"", origin))
    if response.cut == CUT_BEFORE_RESPONSE:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
    return response


def _unexpected_call(_: httpx.Request) -> httpx.Response:
    raise AssertionError("the line is asked by `send` alone")
