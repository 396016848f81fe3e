"""Clients with their own transport, on servers of `socket_server` whose connections follow scripts."""

import asyncio
import time
from collections.abc import Callable
from inspect import iscoroutine
from typing import Any

import httpx

from tests.client.client_fixture import KEY
from tests.client.service import PHOTO, PRO
from tests.client.socket_server import Script, SocketServer
from tests.support.patience import DEADLINES
from wanlib import AsyncWan, Wan
from wanlib.errors import WanError

CONTEXT = httpx.create_ssl_context()
"""One for all tests: to make one takes 20 ms."""


class Quick:
    """The machine's clock, but a wait is over at once."""

    def __init__(self) -> None:
        self.waited = 0.0

    def now(self) -> float:
        return time.monotonic() + self.waited

    def wall(self) -> float:
        return 1777852800.0 + self.waited

    def sleep(self, seconds: float) -> None:
        self.waited += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.waited += seconds
        await asyncio.sleep(0)


class SocketTestbed:
    """A client of each kind, and servers for it."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.loop = asyncio.new_event_loop()
        self._closers: list[Callable[[], Any]] = []

    def serve(self, *scripts: Script, **settings: Any) -> tuple[Any, SocketServer]:
        server = SocketServer(*scripts)
        self._closers += [server.close]
        return self.client(server.url, **settings), server

    def client(self, url: str, **settings: Any) -> Any:
        """A client of its kind, with its own transport."""
        kinds: dict[str, Any] = {"sync": Wan, "async": AsyncWan}
        wan = kinds[self.kind](KEY, **{"base_url": url, "clock": Quick(), "trust_env": False, **settings})
        self._closers += [lambda: self.do(wan.close())]
        return wan

    def run_out_of_time(
        self,
        kind: type[WanError],
        script: Script,
        call: Callable[[Any, float], Any],
        *,
        scheme: str = "http",
        posts: int = 0,
        **settings: Any,
    ) -> tuple[WanError, Any, SocketServer]:
        """Make a call end by its deadline -> the error, the client and the server, which has ended.

        Args:
            kind: The error of the call.
            script: The behaviour of the server.
            call: Makes the call with a client and a deadline in seconds. The deadline grows until the call
                ends with that error.
            scheme: Of the address.
            posts: How many calls must have reached the server whole.
            settings: Of the client.
        """
        for seconds in DEADLINES:
            server = SocketServer(script)
            self._closers += [server.close]
            wan = self.client(server.url.replace("http", scheme, 1), **settings)
            try:
                self.do(call(wan, seconds))
            except WanError as error:
                self.do(wan.close())
                server.close()
                if isinstance(error, kind) and server.posts >= posts:
                    return error, wan, server
                raised = error
        raise raised

    def do(self, given: Any) -> Any:
        return self.loop.run_until_complete(given) if iscoroutine(given) else given

    def edit(self, wan: Any, **given: Any) -> Any:
        return self.do(wan.edit(PRO, "Make it dusk", **{"images": [PHOTO], "n": 1, **given}))

    def close(self) -> None:
        for closer in reversed(self._closers):
            closer()
        self.loop.close()
