"""The network between our clients and the service: all of httpx, with respx in place of sockets."""

from collections.abc import Awaitable
from pathlib import Path

import httpx
import respx

from conformance.lifecycle.clock import Loop, Time
from conformance.lifecycle.players.ours import Ours, player_over
from wanlib.emulator import Emulator
from wanlib.emulator.transport import AsyncTransport, Transport


class Network:
    """One router for play after play: it patches nothing. service: who answers now."""

    def __init__(self) -> None:
        self._router = respx.Router(assert_all_called=False, assert_all_mocked=False)
        self._router.route().mock(side_effect=self._answer)
        self._line: Transport | AsyncTransport | None = None

    def player(self, name: str, service: Emulator, time: Time, loop: Loop, journal: Path) -> Ours:
        """A new client of either kind on a journal, beside which its pictures are saved."""
        self._router.reset()
        http: httpx.Client | httpx.AsyncClient
        if name == "sync":
            self._line = Transport(service, time.sleep)
            http = httpx.Client(transport=httpx.MockTransport(self._router.handler), trust_env=False)
        else:
            self._line = AsyncTransport(service, time.sleep_async)
            http = httpx.AsyncClient(
                transport=httpx.MockTransport(self._router.async_handler), trust_env=False
            )
        return player_over(http, name, time, loop, journal)

    def _answer(self, request: httpx.Request) -> httpx.Response | Awaitable[httpx.Response]:
        assert self._line is not None  # a player was made
        if isinstance(self._line, Transport):
            return self._line.handle_request(request)
        return self._line.handle_async_request(request)
