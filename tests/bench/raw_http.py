"""Requests as bytes over open sockets: an HTTP client that costs little compared with what it measures."""

import socket
from time import perf_counter

_LINES = 16


def connect(port: int) -> socket.socket:
    """Return a connection to a port of loopback."""
    line = socket.create_connection(("127.0.0.1", port), timeout=120)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def request_head(verb: str, path: str, length: int = 0, **headers: str) -> bytes:
    """Return the head of a request with a body of `length` bytes; header names have `_` for `-`."""
    fields = {"host": "localhost", "authorization": "Bearer sk-bench"} | headers
    if length:
        fields |= {"content-type": "application/json", "content-length": str(length)}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join([f"{verb} {path} HTTP/1.1", *lines, "", ""]).encode()


def read_body(line: socket.socket) -> bytes:
    """Return the body of the next response, which must have status 200."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _receive(line)
    head, _, body = data.partition(b"\r\n\r\n")
    assert b" 200 " in head[:20], data
    length = int(head.lower().partition(b"content-length:")[2].split()[0])
    while len(body) < length:
        body += _receive(line)
    return body


def seconds_per_request(port: int, raw: bytes, seconds: float = 1.0) -> float:
    """Return the seconds per request, with sixteen requests in flight."""
    lines = [connect(port) for _ in range(_LINES)]
    count, start = 0, perf_counter()
    while perf_counter() - start < seconds:
        for line in lines:
            line.sendall(raw)
        for line in lines:
            read_body(line)
        count += _LINES
    spent = perf_counter() - start
    for line in lines:
        line.close()
    return spent / count


def _receive(line: socket.socket) -> bytes:
    data = line.recv(1 << 16)
    assert data, "the server closed the connection"
    return data
