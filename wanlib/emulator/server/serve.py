"""The emulator on a socket: uvicorn with truthful cuts, limits, and a quick end."""

import asyncio
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from wanlib.base.extras import require

require("emulator", "starlette", "uvicorn", "httptools")

import uvicorn

from wanlib.emulator.emulator import Emulator
from wanlib.emulator.server.access_log import AccessLog
from wanlib.emulator.server.app import EmulatorApp
from wanlib.emulator.server.asgi_request import ServerLimits
from wanlib.emulator.server.connection import connection_class

_KEEP_ALIVE = 75  # seconds: longer than the pause between two polls of any client
_END_SECONDS = 2
_ANY = ("0.0.0.0", "::", "")


class EmulatorServer(uvicorn.Server):
    """Serves one emulator."""

    def __init__(
        self,
        emulator: Emulator,
        *,
        limits: ServerLimits | None = None,
        host: str = "127.0.0.1",
        http: Any = None,
        access_log: AccessLog | None = None,
    ) -> None:
        limits = limits or ServerLimits()
        # glibc learns from a large block that is given back to keep blocks of that size at hand: else each
        # chunk of a large body is mapped and unmapped anew, which takes half of the time that the body takes.
        bytearray(4 << 20)
        self.app = EmulatorApp(emulator, limits=limits, hosts=_hosts(host), access_log=access_log)
        config = uvicorn.Config(
            self.app,
            http=http or connection_class(limits, emulator.vendor),
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=_END_SECONDS,
            h11_max_incomplete_event_size=2 * limits.head,
        )
        super().__init__(config)

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second; once a second it looks for connections that stand still."""
        if counter % 10 == 0:
            self.close_if_idle(asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    def close_if_idle(self, now: float) -> None:
        """Ends the connections that have stood still too long."""
        for connection in list(self.server_state.connections):
            connection.close_if_idle(now)  # type: ignore[union-attr]

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends: answers that still wait are cut, so nobody is waited for."""
        self.app.stopping.set()
        await super().shutdown(sockets)
        self.app.close()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0: a free one. OSError where it can't be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.create_server((host, port), family=family, backlog=2048)
    # Its connections inherit it, and asyncio does not see that they are TCP: without it, what follows a head
    # waits for the client's 40 ms to be over.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


@contextmanager
def run_in_thread(
    emulator: Emulator,
    *,
    limits: ServerLimits | None = None,
    http: Any = None,
    access_log: AccessLog | None = None,
) -> Iterator[str]:
    """The emulator on a free port of loopback, in a thread of its own, for as long as the block lasts.

    Gives the address, `http://127.0.0.1:PORT`.
    """
    with listen("127.0.0.1", 0) as bound:
        server = EmulatorServer(emulator, limits=limits, http=http, access_log=access_log)
        thread = Thread(target=server.run, args=([bound],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def _hosts(host: str) -> Collection[str] | None:
    """The names that the control surface may be called by, beside those of loopback."""
    return None if host in _ANY else {host.lower()}
