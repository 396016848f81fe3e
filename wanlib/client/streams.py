"""`Stream` and the session that it shares with `AsyncStream`: parts as they arrive, then the result."""

import json
from collections.abc import Callable, Generator
from types import TracebackType
from typing import Self

from wanlib.client.drivers.sync_driver import Driver
from wanlib.client.http.messages import TransportError
from wanlib.client.outputs import Output
from wanlib.client.protocol.context import ClientContext
from wanlib.client.protocol.effects import OpenedResponse, Steps
from wanlib.client.results.result import Picture, Result, Text
from wanlib.client.results.stream_reader import StreamReader
from wanlib.client.tasks.billing import BilledCall, call_context, mark_refused, mark_uncertain, settle
from wanlib.errors import OutcomeUnknownError, UsageError, WanError


class StreamSession:
    """The steps of a streamed response, except for reading the body."""

    def __init__(self, context: ClientContext, billed: BilledCall) -> None:
        assert billed.model is not None
        self._context = context
        self._billed = billed
        known = call_context(context, billed, context.clock.wall())
        self.reader = StreamReader(context.api, billed.model, known, sent_at=billed.sent_at or 0.0)
        self.is_finished = False

    def single_event(self, opened: OpenedResponse) -> list[Text | Picture]:
        """Return the parts of a response that is not a stream, as from a gateway, as a single event."""
        if opened.body is not None:
            return []
        return self.reader.feed(b"data: " + json.dumps(opened.payload).encode() + b"\n\n")

    def finish(self) -> Steps[Result]:
        """Return the result once the stream has closed, and settle the call.

        Raises:
            OutcomeUnknownError: The end of the stream is missing.
        """
        result = self.reader.finish()
        self.is_finished = True
        result = yield from settle(self._context, self._billed, result, self._context.api.life.succeeded)
        if self._billed.live is not None:
            self._context.live_calls.finish(self._billed.live)
        return result

    def translate_error(self, error: Exception) -> Steps[WanError | None]:
        """Return the error for an exception while reading; None for an exception of other code."""
        self.is_finished = True
        if isinstance(error, TransportError):
            error = self._outcome_unknown(str(error))
        if isinstance(error, OutcomeUnknownError) or (isinstance(error, WanError) and self.reader.parts):
            yield from mark_uncertain(self._context, self._billed, error)
        elif isinstance(error, WanError):
            yield from mark_refused(self._context, self._billed, error)
        return error if isinstance(error, WanError) else None

    def abandon(self) -> Steps[None]:
        """Settle a stream that the caller closed early. Pictures generated so far may be billed."""
        if not self.is_finished:
            self.is_finished = True
            yield from mark_uncertain(
                self._context, self._billed, self._outcome_unknown("it was closed before its end")
            )

    def _outcome_unknown(self, why: str) -> OutcomeUnknownError:
        model = self._billed.model.name if self._billed.model else ""
        return OutcomeUnknownError(
            f"the stream broke off: {why}. The parts that arrived are in parts and may be billed",
            model=model,
            sent_at=self._billed.sent_at or 0.0,
            parts=self.reader.parts,
        )


NOT_FINISHED = "this stream has no result yet; read it to its end first"


class Stream:
    """A streamed call: iterate over it for text and pictures as they arrive.

    Close it, or use it as a context manager. Iterating raises OutcomeUnknownError if the stream breaks
    off; its `parts` are those that had arrived.
    """

    def __init__(
        self,
        driver: Driver,
        context: ClientContext,
        billed: BilledCall,
        opened: OpenedResponse,
        with_saver: Callable[[Result], Output],
        with_reader: Callable[[Text | Picture], Text | Picture],
    ) -> None:
        self._driver = driver
        self._session = StreamSession(context, billed)
        self._with_saver = with_saver
        self._with_reader = with_reader
        self._result: Output | None = None
        self._opened = opened
        self._parts = self._read()

    def __iter__(self) -> Generator[Text | Picture]:
        return self._parts

    @property
    def result(self) -> Output:
        """The result of the whole stream, with its pieces of text joined.

        Raises:
            UsageError: The stream has not been read to its end.
        """
        if self._result is None:
            raise UsageError(NOT_FINISHED)
        return self._result

    def close(self) -> None:
        """Close the connection. Pictures generated so far may be billed."""
        self._parts.close()
        if self._opened.body:
            self._opened.body.response.close()
        self._driver.conclude(self._session.abandon())

    def _read(self) -> Generator[Text | Picture]:
        try:
            yield from map(self._with_reader, self._session.single_event(self._opened))
            for chunk in self._driver.chunks(self._opened.body):
                yield from map(self._with_reader, self._session.reader.feed(chunk))
            self._result = self._with_saver(self._driver.conclude(self._session.finish()))
        except Exception as error:
            raise self._driver.conclude(self._session.translate_error(error)) or error from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.close()
