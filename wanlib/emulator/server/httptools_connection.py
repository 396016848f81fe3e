"""uvicorn's connection on httptools, which is faster."""

from collections.abc import Callable
from functools import partial

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from wanlib.emulator.server.asgi_request import DIVERT
from wanlib.emulator.server.asgi_response import EXTENSION, WHOLE
from wanlib.emulator.server.connection import LimitedProtocol


class HttpToolsConnection(LimitedProtocol, HttpToolsProtocol):
    """A connection that tells the app its transport, with short ways for large bodies and whole answers."""

    _open = True
    _sink: Callable[[bytes], bool] | None = None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._open, self._sink = True, None
        self.scope["extensions"] = {DIVERT: self._redirect_body, EXTENSION: self.transport}  # type: ignore[dict-item]

    def on_body(self, body: bytes) -> None:
        if self._sink is None:
            super().on_body(body)
        elif not self._sink(body):
            self.transport.abort()

    def _redirect_body(self, sink: Callable[[bytes], bool]) -> None:
        self._sink = sink
        self.flow.resume_reading()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._open = False
        self.scope["extensions"][WHOLE] = partial(self._write, self.cycle)  # type: ignore[assignment]

    def _write(self, cycle: RequestResponseCycle, status: int, head: bytes, body: bytes) -> bool:
        """As the cycle's own `send` writes a whole answer, but for its look at each header: ours are good."""
        busy = self.flow.write_paused or cycle.disconnected or cycle.response_started
        if busy or not cycle.keep_alive or cycle.scope["method"] == "HEAD":
            return False
        dates = [b"%b: %b\r\n" % each for each in cycle.default_headers]
        self.transport.write(b"".join([STATUS_LINE[status], *dates, head, b"\r\n", body]))
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        cycle.on_response()
        return True

    def _is_reading_head(self) -> bool:
        return self._open
