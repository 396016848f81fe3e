"""Requests as bytes over sockets that stay open: a caller that costs little beside what it measures."""

import socket
from time import perf_counter

_LINES = 16


def connect(port: int) -> socket.socket:
    """A connection to loopback."""
    line = socket.create_connection(("127.0.0.1", port), timeout=120)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def head(verb: str, path: str, length: int = 0, **headers: str) -> bytes:
    """A request as far as its body, of `length` bytes; header names have `_` for `-`."""
    fields = {"host": "localhost", "authorization": "Bearer sk-bench"} | headers
    if length:
        fields |= {"content-type": "application/json", "content-length": str(length)}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join([f"{verb} {path} HTTP/1.1", *lines, "", ""]).encode()


def answer(line: socket.socket) -> bytes:
    """The body of the next answer, which must be a good one."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(line)
    head, _, body = data.partition(b"\r\n\r\n")
    assert b" 200 " in head[:20], data
    length = int(head.lower().partition(b"content-length:")[2].split()[0])
    while len(body) < length:
        body += _more(line)
    return body


def pace(port: int, raw: bytes, seconds: float = 1.0) -> float:
    """Seconds for each request, a line of sixteen asked before the first is read."""
    lines = [connect(port) for _ in range(_LINES)]
    count, start = 0, perf_counter()
    while perf_counter() - start < seconds:
        for line in lines:
            line.sendall(raw)
        for line in lines:
            answer(line)
        count += _LINES
    spent = perf_counter() - start
    for line in lines:
        line.close()
    return spent / count


def _more(line: socket.socket) -> bytes:
    data = line.recv(1 << 16)
    assert data, "the server hung up"
    return data
