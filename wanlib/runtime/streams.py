"""A streamed call: its parts as they come, its result at the end."""

import json
from collections.abc import Callable, Generator
from types import TracebackType
from typing import Self

from wanlib.runtime.context import Context
from wanlib.runtime.drive import Driver
from wanlib.runtime.effects import Opened, Protocol
from wanlib.runtime.errors import OutcomeUnknown, UsageError, WanError
from wanlib.runtime.exchange import Trouble
from wanlib.runtime.outputs import Output
from wanlib.runtime.paid import Paid, doubt, origin_of, refused, settled
from wanlib.runtime.result import Picture, Result, Text
from wanlib.runtime.stream import StreamReader


class Reading:
    """The protocol of a stream's body, apart from who reads it."""

    def __init__(self, context: Context, paid: Paid) -> None:
        assert paid.model is not None
        self._context = context
        self._paid = paid
        origin = origin_of(context, paid, context.clock.wall())
        self.reader = StreamReader(context.api, paid.model, origin, sent_at=paid.sent_at or 0.0)
        self.over = False

    def whole(self, opened: Opened) -> list[Text | Picture]:
        """The parts of an answer that came in one piece, as from a gateway: a stream of one event."""
        if opened.body is not None:
            return []
        return self.reader.feed(b"data: " + json.dumps(opened.answer).encode() + b"\n\n")

    def ended(self) -> Protocol[Result]:
        """The stream has closed. Raises OutcomeUnknown where its end is missing."""
        result = self.reader.finish()
        self.over = True
        return (yield from settled(self._context, self._paid, result, self._context.api.life.succeeded))

    def broken(self, error: Exception) -> Protocol[WanError | None]:
        """What an exception while reading means to the caller; None where it is none of a stream's."""
        self.over = True
        if isinstance(error, Trouble):
            error = self._cut(str(error))
        if isinstance(error, OutcomeUnknown) or (isinstance(error, WanError) and self.reader.parts):
            yield from doubt(self._context, self._paid, error)
        elif isinstance(error, WanError):
            yield from refused(self._context, self._paid, error)
        return error if isinstance(error, WanError) else None

    def left(self) -> Protocol[None]:
        """The caller goes before the end: what is made till then may be billed."""
        if not self.over:
            self.over = True
            yield from doubt(self._context, self._paid, self._cut("it was closed before its end"))

    def _cut(self, why: str) -> OutcomeUnknown:
        model = self._paid.model.name if self._paid.model else ""
        return OutcomeUnknown(
            f"the stream broke off: {why}. What had come is in parts and may be billed",
            model=model,
            sent_at=self._paid.sent_at or 0.0,
            parts=self.reader.parts,
        )


EARLY = "this stream has no result yet; read it to its end first"


class Stream:
    """Iterate over it for the parts as they come: pieces of text, and pictures. Close it, or use `with`.

    result: the whole of it, text pieces joined, once the iteration has ended. Iterating raises
    OutcomeUnknown where the stream breaks off, with what had come in `parts`.
    """

    def __init__(
        self,
        driver: Driver,
        context: Context,
        paid: Paid,
        opened: Opened,
        bound: Callable[[Result], Output],
        readable: Callable[[Text | Picture], Text | Picture],
    ) -> None:
        self._driver = driver
        self._reading = Reading(context, paid)
        self._bound = bound
        self._readable = readable
        self._result: Output | None = None
        self._opened = opened
        self._parts = self._read()

    def __iter__(self) -> Generator[Text | Picture]:
        return self._parts

    @property
    def result(self) -> Output:
        """What the whole stream has yielded. Raises UsageError before its end."""
        if self._result is None:
            raise UsageError(EARLY)
        return self._result

    def close(self) -> None:
        """Hangs up. What is made till then may be billed."""
        self._parts.close()
        if self._opened.body:
            self._opened.body.response.close()
        self._driver.run(self._reading.left())

    def _read(self) -> Generator[Text | Picture]:
        try:
            yield from map(self._readable, self._reading.whole(self._opened))
            for chunk in self._driver.chunks(self._opened.body):
                yield from map(self._readable, self._reading.reader.feed(chunk))
            self._result = self._bound(self._driver.run(self._reading.ended()))
        except Exception as error:
            raise self._driver.run(self._reading.broken(error)) or error from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.close()
