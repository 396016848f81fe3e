"""As much of httpx's face as the client uses, without a network: for tests of ten thousand exchanges."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.parse import SplitResult, urlsplit


class URL:
    def __init__(self, url: str) -> None:
        self._url = url
        self._parts: SplitResult = urlsplit(url)
        self.host, self.path = self._parts.hostname, self._parts.path
        self.query = self._parts.query.encode()

    def __str__(self) -> str:
        return self._url


class Request:
    def __init__(self, method: str, url: Any, *, headers: Any = (), content: Any = None, **_: Any) -> None:
        self.method, self.url, self.headers = method, url if isinstance(url, URL) else URL(url), dict(headers)
        self.content = content or b""


class Headers(dict[str, str]):
    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.items()]


class Response:
    def __init__(self, status: int, *, headers: Any, content: bytes) -> None:
        self.status_code, self.headers, self._content = status, Headers(headers), content

    def iter_bytes(self) -> Iterator[bytes]:
        yield self._content

    async def aiter_bytes(self) -> AsyncIterator[bytes]:
        yield self._content

    def close(self) -> None:
        pass

    async def aclose(self) -> None:
        pass


def MockTransport(handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
    return handler


class _Any:
    def __init__(self, transport: Callable[[Request], Response]) -> None:
        self._handler = transport

    def build_request(self, method: str, url: Any, **options: Any) -> Request:
        return Request(method, url, **options)


class Client(_Any):
    def send(self, request: Request, **_: Any) -> Response:
        return self._handler(request)


class AsyncClient(_Any):
    async def send(self, request: Request, **_: Any) -> Response:
        return self._handler(request)


# A client's library is looked for by the first name of its module: here, as if it were a package of its own.
Client.__module__ = AsyncClient.__module__ = "bare"
sys.modules["bare"] = sys.modules[__name__]
