"""Transports to the emulator in this process that end a loop in which no time passes."""

from collections.abc import Callable

import httpx

from wanlib.emulator import Emulator
from wanlib.emulator.transport import AsyncEmulatorTransport, EmulatorTransport, Sleep, SleepAsync

OnRequest = Callable[[str], None]


class GuardedTransport(EmulatorTransport):
    """A transport that calls a function with the path of each request."""

    def __init__(self, emulator: Emulator, sleep: Sleep, on_request: OnRequest) -> None:
        super().__init__(emulator, sleep)
        self._on_request = on_request

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        self._on_request(request.url.path)
        return super().handle_request(request)


class AsyncGuardedTransport(AsyncEmulatorTransport):
    """The same for asyncio."""

    def __init__(self, emulator: Emulator, sleep: SleepAsync, on_request: OnRequest) -> None:
        super().__init__(emulator, sleep)
        self._on_request = on_request

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        self._on_request(request.url.path)
        return await super().handle_async_request(request)
