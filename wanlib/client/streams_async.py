"""`AsyncStream`: a streamed call on an event loop of asyncio."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from types import TracebackType
from typing import Self

from wanlib.client.drivers.async_driver import AsyncDriver
from wanlib.client.outputs import AsyncOutput
from wanlib.client.protocol.context import ClientContext
from wanlib.client.protocol.effects import OpenedResponse
from wanlib.client.results.result import Picture, Result, Text
from wanlib.client.streams import NOT_FINISHED, StreamSession
from wanlib.client.tasks.billing import BilledCall
from wanlib.errors import UsageError


class AsyncStream:
    """A streamed call: iterate over it for text and pictures as they arrive.

    Close it, or use `async with`. Iterating raises OutcomeUnknownError if the stream breaks off; its
    `parts` are those that had arrived.
    """

    def __init__(
        self,
        driver: AsyncDriver,
        context: ClientContext,
        billed: BilledCall,
        opened: OpenedResponse,
        with_saver: Callable[[Result], AsyncOutput],
        with_reader: Callable[[Text | Picture], Text | Picture],
    ) -> None:
        self._driver = driver
        self._session = StreamSession(context, billed)
        self._with_saver = with_saver
        self._with_reader = with_reader
        self._result: AsyncOutput | None = None
        self._opened = opened
        self._parts = self._read()

    def __aiter__(self) -> AsyncGenerator[Text | Picture]:
        return self._parts

    @property
    def result(self) -> AsyncOutput:
        """The result of the whole stream, with its pieces of text joined.

        Raises:
            UsageError: The stream has not been read to its end.
        """
        if self._result is None:
            raise UsageError(NOT_FINISHED)
        return self._result

    async def close(self) -> None:
        """Close the connection. Pictures generated so far may be billed."""
        await self._parts.aclose()
        if self._opened.body:
            await self._opened.body.response.aclose()
        await self._driver.conclude(self._session.abandon())

    async def _read(self) -> AsyncGenerator[Text | Picture]:
        try:
            for part in self._session.single_event(self._opened):
                yield self._with_reader(part)
            async with aclosing(self._driver.chunks(self._opened.body)) as chunks:
                async for chunk in chunks:
                    for part in self._session.reader.feed(chunk):
                        yield self._with_reader(part)
            self._result = self._with_saver(await self._driver.conclude(self._session.finish()))
        except Exception as error:
            raise await self._driver.conclude(self._session.translate_error(error)) or error from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        await self.close()
