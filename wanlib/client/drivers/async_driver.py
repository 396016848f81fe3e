"""`AsyncDriver`: runs steps on an event loop of asyncio."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any, TypeVar

from wanlib.base.redaction import hide_keys_in_bytes
from wanlib.client.drivers.http_adapter import (
    AsyncChunks,
    HttpxAdapter,
    ResponseBody,
    check_limits,
    is_decoded,
    is_event_stream,
    log_response,
    lower_headers,
)
from wanlib.client.drivers.private_logs import our_exchange
from wanlib.client.http.messages import Request, Response
from wanlib.client.network.decoding import BodyDecoder
from wanlib.client.protocol.context import ClientContext
from wanlib.client.protocol.effects import (
    Effect,
    Gather,
    Open,
    OpenedResponse,
    PollRound,
    RunBlocking,
    Send,
    Sleep,
    Steps,
    WaitForTasks,
    WaitForWork,
)
from wanlib.client.tasks.poller import TaskPoller
from wanlib.client.tasks.waiter import Outcome, TaskWaiter, WaitEvent, watching_waiters
from wanlib.errors import UsageError

T = TypeVar("T")
TIMEOUT_FACTOR, TIMEOUT_SLACK = 1.1, 0.5
"""How much longer than its timeout an exchange may take before it is aborted, as a factor and in seconds: the
library's own timeouts, which distinguish a connection that was never made from a response that never came,
should fire first, even on a busy machine."""
CLOSING_ROUNDS = 24
"""Rounds of the event loop in which nested generators are closed: up to three for each of seven of httpx."""


class AsyncDriver:
    """Runs steps over an `httpx.AsyncClient`; one poller serves all waits of the client.

    Args:
        http: The HTTP client.
        context: The context of the client.
        parallel: The maximum number of concurrent exchanges of one call.
        owned: Whether the HTTP client was created here, so that nothing was added to it.
    """

    def __init__(self, http: Any, context: ClientContext, parallel: int, owned: bool) -> None:
        self._http = http
        self._context = context
        self._parallel = parallel
        self._adapter = HttpxAdapter(http, "AsyncClient", context.settings, owned)
        self._poller = TaskPoller(context)
        self._polling: asyncio.Task[None] | None = None
        self._polls: set[asyncio.Task[None]] = set()
        self._new_waiter = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._handlers: dict[type, Callable[[Any], Awaitable[Any]]] = {
            Send: self._send,
            Open: self._open,
            Sleep: lambda effect: context.clock.sleep_async(effect.seconds),
            WaitForWork: self._wait_for_work,
            RunBlocking: lambda effect: asyncio.to_thread(effect.function),
            Gather: self._gather,
            PollRound: self._poll_round,
            WaitForTasks: self._wait_for_tasks,
        }

    async def run(self, protocol: Steps[T]) -> T:
        """Run steps and return what they return, or raise what they raise.

        Raises:
            UsageError: The client is closed, or belongs to another process or event loop.
        """
        self._context.usage.check()
        return await self.conclude(protocol)

    async def conclude(self, protocol: Steps[T]) -> T:
        """Run the last steps of a call, which settle it even if the client was closed meanwhile."""
        self._context.usage.check_process()
        try:
            self.check_loop()
            effect: Effect = next(protocol)
            while True:
                try:
                    outcome = await self._handlers[type(effect)](effect)
                except BaseException as error:  # a cancellation goes through the steps, too
                    effect = protocol.throw(error)
                else:
                    effect = protocol.send(outcome)
        except StopIteration as stop:
            value: T = stop.value
            return value
        finally:
            protocol.close()

    @property
    def is_loop_closed(self) -> bool:
        """Whether the event loop that the client was used on is closed."""
        return self._loop is not None and self._loop.is_closed()

    def check_loop(self) -> None:
        """Raise UsageError unless this is the one event loop of asyncio that the client is used on."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise UsageError(
                "AsyncWan needs a running event loop of asyncio, and there is none here; under trio, call a "
                "Wan in a thread, for example with trio.to_thread.run_sync"
            ) from None
        if self._loop is None:
            self._loop = loop
        if self._loop is not loop:
            raise UsageError(
                "this AsyncWan belongs to the event loop on which it was first used, which is not this one; "
                "make one AsyncWan for each loop, inside the function that asyncio.run is given"
            )

    async def close(self) -> None:
        """Stop polling; pending waits end with asyncio.CancelledError."""
        if self._polling and not self._polling.done():
            self._polling.cancel()
            await asyncio.gather(self._polling, return_exceptions=True)
        for poll in self._polls:
            poll.cancel()
        await asyncio.gather(*self._polls, return_exceptions=True)

    async def chunks(self, body: ResponseBody | None) -> AsyncGenerator[bytes]:
        """Yield the rest of a response, which is closed at the end. Raise TransportError."""
        if body is None:
            return
        self._context.usage.check_process()
        size, at_end = 0, False
        try:
            async with aclosing(self._decoded(body)) as source:
                async for chunk in source:
                    yield chunk if body.goes_to_sink else hide_keys_in_bytes(chunk)
                    size += len(chunk)
                    check_limits(0 if body.goes_to_sink else size, self._context.clock.now(), body.deadline)
            at_end = True
        except Exception as error:
            raise self._adapter.translate(error) from None
        finally:
            await body.response.aclose()
            if not at_end:
                await _close_nested_generators()

    async def _decoded(self, body: ResponseBody) -> AsyncGenerator[bytes]:
        response = body.response
        if is_decoded(response):
            async for chunk in response.aiter_bytes():
                yield chunk
            return
        decoder = BodyDecoder(body.encoding)
        async with aclosing(response.aiter_raw()) as source:
            while True:
                remaining = max(0.0, body.deadline - self._context.clock.now())
                async with asyncio.timeout(remaining * TIMEOUT_FACTOR + TIMEOUT_SLACK):
                    chunk = await anext(source, None)
                if chunk is None:
                    break
                for piece in decoder.decode(chunk):
                    yield piece
        decoder.finish()

    async def _exchange(self, request: Request, sunk: bool = False) -> tuple[Response, ResponseBody]:
        began = self._context.clock.now()
        if request.content is not None and not isinstance(request.content, bytes):
            request = request._replace(content=AsyncChunks(request.content))  # type: ignore[arg-type]
        try:
            with our_exchange():
                async with asyncio.timeout(request.timeout * TIMEOUT_FACTOR + TIMEOUT_SLACK):
                    built = self._adapter.build(request)
                    response = await self._http.send(built, stream=True, auth=None, follow_redirects=False)
        except Exception as error:
            raise self._adapter.translate(error) from None
        reply = Response(response.status_code, lower_headers(response.headers), b"")
        log_response(request, reply, self._context.clock.now() - began)
        encoding = reply.headers.get("content-encoding", "")
        return reply, ResponseBody(response, encoding, began + request.timeout, sunk)

    async def _send(self, effect: Send) -> Response:
        reply, body = await self._exchange(effect.request, effect.sink is not None)
        if effect.sink is None:
            return reply._replace(body=await self._read_all(body))
        async with aclosing(self.chunks(body)) as chunks:
            effect.sink.start(reply)
            async for chunk in chunks:
                effect.sink.write(chunk)
        return reply

    async def _open(self, effect: Open) -> OpenedResponse:
        reply, body = await self._exchange(effect.request)
        if is_event_stream(effect.request, reply, self._context.api):
            return OpenedResponse(reply, body)
        return OpenedResponse(reply._replace(body=await self._read_all(body)), None)

    async def _read_all(self, body: ResponseBody) -> bytes:
        """Return a whole body. A key that it echoes is masked here too if it lies in two chunks."""
        chunks = [chunk async for chunk in self.chunks(body)]
        return chunks[0] if len(chunks) == 1 else hide_keys_in_bytes(b"".join(chunks))

    async def _gather(self, effect: Gather) -> list[Any]:
        width = effect.width if effect.is_waiting else min(effect.width, self._parallel)
        slots = asyncio.Semaphore(max(1, width))

        async def limited(protocol: Steps[Any]) -> Any:
            async with slots:
                return await self.run(protocol)

        return await asyncio.gather(*map(limited, effect.steps), return_exceptions=True)

    async def _poll_round(self, effect: PollRound) -> None:
        slots = asyncio.Semaphore(max(1, min(effect.width, self._parallel)))

        async def limited(steps: Steps[None]) -> None:
            async with slots:
                await self.conclude(steps)

        polls = [asyncio.ensure_future(limited(steps)) for steps in effect.steps]
        self._polls.update(polls)
        for poll in polls:
            poll.add_done_callback(self._end_poll)
        await asyncio.wait(polls, timeout=effect.patience)

    def _end_poll(self, poll: "asyncio.Task[None]") -> None:
        self._polls.discard(poll)
        self._new_waiter.set()  # `_wait_for_work` returns, and the poller checks again which waits are due
        if not poll.cancelled() and (error := poll.exception()):
            self._poller.fail_all(error)

    async def watch(
        self, waits: Sequence[tuple[str, float | None]], deadline: float
    ) -> AsyncGenerator[WaitEvent]:
        """Wait for tasks and yield the events of the waits as they come.

        Args:
            waits: Task id and time of submission (seconds since 1970, None if not known).
            deadline: Monotonic seconds at which the waits end.

        Raises:
            UsageError: The client is closed, or belongs to another process or event loop.
        """
        self._context.usage.check()
        self.check_loop()
        events: asyncio.Queue[WaitEvent] = asyncio.Queue()
        waiters = watching_waiters(waits, deadline, events.put_nowait)
        self._start_waits(waiters)
        running = len(waiters)
        try:
            while running:
                event = await events.get()
                running -= event.outcome is not None
                yield event
        finally:
            for waiter in waiters:
                waiter.is_finished = True  # its caller is gone, so it needs no more polls

    async def _wait_for_tasks(self, effect: WaitForTasks) -> list[Outcome]:
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[Outcome]] = [loop.create_future() for _ in effect.tasks]
        waiters = [
            TaskWaiter(task_id, submitted_at, effect.deadline, partial(_set_result, future), effect.on_status)
            for (task_id, submitted_at), future in zip(effect.tasks, futures, strict=True)
        ]
        self._start_waits(waiters)
        try:
            return [await future for future in futures]
        finally:
            for waiter in waiters:
                waiter.is_finished = True  # its caller is gone, so it needs no more polls

    def _start_waits(self, waiters: Sequence[TaskWaiter]) -> None:
        for waiter in waiters:
            self._poller.add(waiter)
        self._new_waiter.set()
        if self._polling is None or self._polling.done():
            self._polling = asyncio.ensure_future(self._poll())

    async def _poll(self) -> None:
        """Poll until nothing is left. An exception in the poller ends all waits."""
        try:
            await self.run(self._poller.run())
        except BaseException as error:
            self._poller.fail_all(error)
            if not isinstance(error, Exception):
                raise

    async def _wait_for_work(self, effect: WaitForWork) -> None:
        """Sleep until a waiter is due or a new one arrives."""
        self._new_waiter.clear()
        waits = [
            asyncio.ensure_future(self._context.clock.sleep_async(effect.seconds)),
            asyncio.ensure_future(self._new_waiter.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


async def _close_nested_generators() -> None:
    """Let the event loop close the generators of a response that was left before its end.

    httpx reads a body through nested asynchronous generators and closes only the outermost. asyncio closes
    each of the others in a separate task, one after another; without a pause here the loop may be closed
    before that, and Python 3.13 emits a warning for each.
    """
    for _ in range(CLOSING_ROUNDS):
        await asyncio.sleep(0)


def _set_result(future: "asyncio.Future[Outcome]", outcome: Outcome) -> None:
    if not future.done():
        future.set_result(outcome)
