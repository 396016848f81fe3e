"""The emulator behind httpx in the same process: transports for clients, a handler for mocks."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import httpx

from wanlib.emulator.core.http_messages import CUT_BEFORE_RESPONSE, NEVER_ANSWERED, Request, Response
from wanlib.emulator.emulator import Emulator

Sleep = Callable[[float], object]
SleepAsync = Callable[[float], Awaitable[object]]


class EmulatorHandler:
    """Handle mocked requests: `httpx.MockTransport(EmulatorHandler(emulator))`, or as respx's `side_effect`.

    It never waits: delays and pauses are skipped. A cut, and a response that never comes, raise the
    exceptions that httpx raises for them. There are no connections, so nothing follows a response.
    """

    def __init__(self, emulator: Emulator) -> None:
        """Create a handler for an emulator."""
        self._emulator = emulator

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Return the response to a request."""
        request.read()
        response = self._emulator.handle(_to_request(request))
        if response.delay == NEVER_ANSWERED:
            raise httpx.ReadTimeout("no response came", request=request)
        return _to_httpx_response(response, request)


class EmulatorTransport(httpx.BaseTransport):
    """A transport for `httpx.Client(transport=EmulatorTransport(emulator))`."""

    def __init__(self, emulator: Emulator, sleep: Sleep | None = None) -> None:
        """Create a transport.

        Args:
            emulator: Handles the requests.
            sleep: Called with the seconds of each delay and pause, up to the read timeout of the request,
                which then applies; None skips them.
        """
        self._emulator = emulator
        self._sleep = sleep

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response to a request."""
        request.read()
        response = self._emulator.handle(_to_request(request))
        seconds, timeout = _wait(response.delay, request, self._sleep)
        if self._sleep and seconds:
            self._sleep(seconds)
        if timeout:
            self._emulator.lose_response(response)
            raise timeout
        return _to_httpx_response(response, request, self._sleep)


class AsyncEmulatorTransport(httpx.AsyncBaseTransport):
    """A transport for `httpx.AsyncClient(transport=AsyncEmulatorTransport(emulator))`."""

    def __init__(self, emulator: Emulator, sleep: SleepAsync | None = None) -> None:
        """Create a transport.

        Args:
            emulator: Handles the requests.
            sleep: Awaited with the seconds of each delay and pause, up to the read timeout of the request,
                which then applies; None skips them.
        """
        self._emulator = emulator
        self._sleep = sleep

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response to a request."""
        await request.aread()
        response = self._emulator.handle(_to_request(request))
        seconds, timeout = _wait(response.delay, request, self._sleep)
        if self._sleep and seconds:
            await self._sleep(seconds)
        if timeout:
            self._emulator.lose_response(response)
            raise timeout
        return _to_httpx_response(response, request, sleep_async=self._sleep)


def _to_request(request: httpx.Request) -> Request:
    url = request.url
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers.raw}
    origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
    return Request(request.method, url.raw_path.decode("ascii"), headers, request.content, origin)


def _wait(seconds: float, request: httpx.Request, sleep: object) -> tuple[float, httpx.ReadTimeout | None]:
    """Return how long a read of `seconds` lasts, and the error if that is too long.

    Where time does not pass (`sleep` is None), only a response that never comes is too late.
    """
    limit = request.extensions.get("timeout", {}).get("read") if sleep else None
    if seconds != NEVER_ANSWERED and (limit is None or seconds <= limit):
        return seconds, None
    return limit or 0.0, httpx.ReadTimeout("the read operation timed out", request=request)


def _to_httpx_response(
    response: Response,
    request: httpx.Request,
    sleep: Sleep | None = None,
    sleep_async: SleepAsync | None = None,
) -> httpx.Response:
    if response.cut == CUT_BEFORE_RESPONSE:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
    body, headers = response.body, list(response.headers)
    if not any("event-stream" in value for _, value in headers):
        headers.append(("content-length", str(len(body))))
    is_complete = len(response.parts) <= 1 and response.cut is None
    # Passed as `content`, the body would be read here and again by the client.
    stream = httpx.ByteStream(body) if is_complete else _PartStream(response, request, sleep, sleep_async)
    return httpx.Response(response.status, headers=headers, stream=stream, request=request)


class _PartStream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that is delivered part by part, up to a cut."""

    def __init__(
        self, response: Response, request: httpx.Request, sleep: Sleep | None, sleep_async: SleepAsync | None
    ) -> None:
        self._response = response
        self._pause, self._timeout = _wait(response.pace, request, sleep or sleep_async)
        self._sleep = sleep
        self._sleep_async = sleep_async

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces():
            if self._sleep and self._pause:
                self._sleep(self._pause)
                self._check_timeout()
            yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces():
            if self._sleep_async and self._pause:
                await self._sleep_async(self._pause)
                self._check_timeout()
            yield piece

    def _check_timeout(self) -> None:
        if self._timeout:
            raise self._timeout

    def _pieces(self) -> Iterator[bytes]:
        left = self._response.cut
        for part in self._response.parts:
            if left is not None:
                if left < len(part):
                    yield part[:left]
                    raise httpx.ReadError("the connection was cut")
                left -= len(part)
            yield part
