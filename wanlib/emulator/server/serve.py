"""Run the emulator on a socket with uvicorn: `EmulatorServer` for a process, `run_in_thread` for tests.

Limits are uvicorn's settings where it has one (connections, time between requests), the protocol's where
clients hold connections (`connections`), and the app's elsewhere (head and body). Two things need the list of
open connections, `uvicorn.Server.server_state.connections`, and the public asyncio transport of each: cutting
a connection before its status line, which ASGI has no message for, and ending connections whose client does
nothing, since uvicorn's only timeout runs between two requests.
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from wanlib.extras import require

require("emulator", "starlette", "uvicorn", "httptools")

import uvicorn

from wanlib.emulator.emulator import Emulator
from wanlib.emulator.server.access_log import AccessLog
from wanlib.emulator.server.app import EmulatorApp
from wanlib.emulator.server.asgi_request import ServerLimits
from wanlib.emulator.server.connections import bounded_protocol

_SHUTDOWN_SECONDS = 2
_ANY_ADDRESS = ("0.0.0.0", "::", "")
_TICKS_PER_SECOND = 10  # uvicorn calls `on_tick` every 100 ms


class EmulatorServer(uvicorn.Server):
    """A uvicorn server for one emulator."""

    def __init__(
        self,
        emulator: Emulator,
        *,
        limits: ServerLimits | None = None,
        host: str = "127.0.0.1",
        access_log: AccessLog | None = None,
    ) -> None:
        """Configure the server; `run(sockets=[listen(host, port)])` starts it.

        Args:
            emulator: Handles the requests.
            limits: Limits on requests and connections; None means the defaults.
            host: The name or address on which it listens: the page may also be requested by it.
            access_log: Called with a line for each request of the API; None means no log.
        """
        self._limits = limits or ServerLimits()
        self._states: dict[Any, tuple[object, float]] = {}
        hosts = None if host in _ANY_ADDRESS else {host.lower()}
        self.app = EmulatorApp(
            emulator,
            limits=self._limits,
            hosts=hosts,
            access_log=access_log,
            find_transport=self.find_transport,
        )
        config = uvicorn.Config(
            self.app,
            # On httptools: h11 is half as fast, and raises on bytes that arrive while it responds.
            http=bounded_protocol(self._limits),
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,  # responses have the date of the emulator's clock
            limit_concurrency=self._limits.connections + 1,
            timeout_keep_alive=int(self._limits.stalled),
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
        super().__init__(config)

    def find_transport(self, client: Any) -> asyncio.Transport | None:
        """Return the transport of a client, None if its connection has ended.

        Args:
            client: Address and port, as in the ASGI scope.
        """
        for connection in self.server_state.connections:
            if connection.client == client:  # type: ignore[union-attr]
                return connection.transport
        return None

    async def on_tick(self, counter: int) -> bool:
        """Do the periodic work of uvicorn, and look for stalled connections once a second."""
        if counter % _TICKS_PER_SECOND == 0:
            self.close_stalled_connections(asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    def close_stalled_connections(self, now: float) -> None:
        """End connections whose client has neither sent nor read anything for `ServerLimits.stalled`.

        A connection on which the emulator prepares a response is not stalled, however long that takes.

        Args:
            now: The time of the event loop in seconds.
        """
        states: dict[Any, tuple[object, float]] = {}
        clients = set()
        for connection in list(self.server_state.connections):
            client, transport = connection.client, connection.transport  # type: ignore[union-attr]
            unsent = transport.get_write_buffer_size()
            state = (self.app.progress[client], unsent)
            previous, since = self._states.get(connection, (None, now))
            since = since if state == previous else now
            if (unsent or client not in self.app.working) and now - since >= self._limits.stalled:
                transport.abort()
            states[connection] = state, since
            clients.add(client)
        self._states = states
        for client in self.app.progress.keys() - clients:
            del self.app.progress[client]

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop the server. Delayed responses are cut first, so that they do not delay it."""
        self.app.stopping.set()
        await super().shutdown(sockets)
        self.app.close()


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Args:
        host: A name or address.
        port: 0 for any free one.

    Raises:
        OSError: The address cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.create_server((host, port), family=family, backlog=2048)
    # Accepted sockets inherit the option. asyncio sets it itself only if it knows that a socket is TCP,
    # which it does not here; without it, a body sent after its head waits for the client's delayed ACK (40
    # ms on Linux).
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


@contextmanager
def run_in_thread(
    emulator: Emulator,
    *,
    limits: ServerLimits | None = None,
    access_log: AccessLog | None = None,
) -> Iterator[str]:
    """Serve an emulator on a free loopback port in a thread, until the block ends.

    Args:
        emulator: Handles the requests.
        limits: Limits on requests and connections; None means the defaults.
        access_log: Called with a line for each request of the API; None means no log.

    Yields:
        The URL, `http://127.0.0.1:PORT`.
    """
    with listen("127.0.0.1", 0) as bound:
        server = EmulatorServer(emulator, limits=limits, access_log=access_log)
        thread = Thread(target=server.run, args=([bound],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
