"""A real TCP server on loopback whose every connection follows a script; nothing sleeps in it."""

import re
import socket
import struct
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

from tests.support.patience import HOLD


class ServerConnection:
    """One connection of a client. `read` waits for a whole request; the rest is what a script does to it.

    path: of the request that was read last.
    """

    def __init__(self, connection: socket.socket, server: "SocketServer") -> None:
        self.path = ""
        self._connection = connection
        self._server = server

    def read(self, most: int | None = None) -> bytes:
        """The next request's head and body -> its body; most: bytes of the body to read, then no more."""
        head = b""
        while b"\r\n\r\n" not in head:
            chunk = self._connection.recv(65536)
            if not chunk:
                raise ConnectionError("the client hung up")
            head += chunk
        top, _, body = head.partition(b"\r\n\r\n")
        found = re.search(rb"(?i)content-length: *(\d+)", top)
        due = int(found[1]) if found else 0
        if most is None:
            method, self.path, _ = top.split(b"\r\n")[0].decode().split(" ")
            self._server.seen.append((method, self.path))
            self._server.heads.append(top)
        while len(body) < min(due, due if most is None else most):
            chunk = self._connection.recv(65536)
            if not chunk:
                raise ConnectionError("the client hung up")
            body += chunk
        return body

    def receive(self) -> bytes:
        """Return the next bytes as they come, none once the client has hung up."""
        try:
            return self._connection.recv(65536)
        except ConnectionResetError:
            return b""

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def reset(self) -> None:
        """Ends the connection by RST, as a crashed peer does."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()

    def close(self) -> None:
        self._connection.close()

    def hang(self) -> None:
        """Says nothing until the test is over."""
        if not self._server.over.wait(HOLD):
            self._server.was_outlasted = True

    def pause(self, seconds: float) -> bool:
        """Whether the test ended within this many seconds."""
        return self._server.over.wait(seconds)

    def trickle(self, data: bytes, gap: float) -> None:
        """Sends byte after byte, the last one again and again, until the client hangs up or the test ends."""
        for index in range(round(HOLD / gap)):
            if self._server.over.wait(gap):
                return
            self.send(data[min(index, len(data) - 1) :][:1])
        self._server.was_outlasted = True


Script = Callable[[ServerConnection], Any]

GAP = 0.01
"""Seconds between the parts that a server sends."""


def trickling(begin: bytes, rest: bytes) -> Script:
    """A server that sends `begin` at once and the rest byte by byte."""

    def script(connection: ServerConnection) -> None:
        connection.read()
        connection.send(begin)
        connection.trickle(rest, GAP)

    return script


def repeating(begin: bytes, part: bytes) -> Script:
    """A server that sends `begin` and then the same part again and again."""

    def script(connection: ServerConnection) -> None:
        connection.read()
        connection.send(begin)
        while not connection.pause(GAP):
            connection.send(part)

    return script


class SocketServer:
    """scripts: one for each connection, in order; the last stays. seen: (method, path) of whole requests.

    heads: of the same requests. connections: how many were made. was_outlasted: whether a client waited for
    longer than a script has patience.
    """

    def __init__(self, *scripts: Script) -> None:
        self.seen: list[tuple[str, str]] = []
        self.heads: list[bytes] = []
        self.connections = 0
        self.over = Event()
        self.was_outlasted = False
        self._scripts = list(scripts)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/api/v1"
        self._threads = [Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def posts(self) -> int:
        return sum(method == "POST" for method, _ in self.seen)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
            thread = Thread(target=self._run, args=(script, connection), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self, script: Script, connection: socket.socket) -> None:
        with connection:
            try:
                script(ServerConnection(connection, self))
            except OSError:  # the client hung up
                return

    def close(self) -> None:
        if self.over.is_set():
            return
        self.over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(HOLD)


def answer(body: bytes, status: str = "200 OK", *more: str) -> bytes:
    """A whole HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: application/json", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
