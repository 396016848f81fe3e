"""`Driver`: runs steps in the calling thread."""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any, TypeVar

from wanlib.base.clock import Clock
from wanlib.base.redaction import hide_keys_in_bytes
from wanlib.client.drivers.http_adapter import (
    HttpxAdapter,
    ResponseBody,
    check_limits,
    is_decoded,
    is_event_stream,
    log_response,
    lower_headers,
)
from wanlib.client.drivers.private_logs import our_exchange
from wanlib.client.drivers.threads import BackgroundThreads, run_in_threads
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

T = TypeVar("T")


class Driver:
    """Runs steps over an `httpx.Client`.

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
        self._adapter = HttpxAdapter(http, "Client", context.settings, owned)
        self._handlers: dict[type, Callable[[Any], Any]] = {
            Send: self._send,
            Open: self._open,
            Sleep: lambda effect: context.clock.sleep(effect.seconds),
            RunBlocking: lambda effect: effect.function(),
            Gather: self._gather,
            WaitForTasks: self._wait_for_tasks,
        }

    def run(self, protocol: Steps[T]) -> T:
        """Run steps and return what they return, or raise what they raise.

        Raises:
            UsageError: The client is closed, or belongs to another process.
        """
        self._context.usage.check()
        return self.conclude(protocol)

    def conclude(self, protocol: Steps[T]) -> T:
        """Run the last steps of a call, which settle it even if the client was closed meanwhile."""
        self._context.usage.check_process()
        return self._perform(protocol, self._handlers)

    def watch(self, waits: Sequence[tuple[str, float | None]], deadline: float) -> Generator[WaitEvent]:
        """Wait for tasks and yield the events of the waits as they come.

        Args:
            waits: Task id and time of submission (seconds since 1970, None if not known).
            deadline: Monotonic seconds at which the waits end.

        Raises:
            UsageError: The client is closed, or belongs to another process.
        """
        self._context.usage.check()
        events: deque[WaitEvent] = deque()
        poller = TaskPoller(self._context)
        for waiter in watching_waiters(waits, deadline, events.append):
            poller.add(waiter)
        with closing(poller.run()) as polling:
            for _ in self._advance(polling, self._polling_handlers()):
                while events:
                    yield events.popleft()
        yield from events

    def _advance(
        self, protocol: Steps[T], handlers: Mapping[type, Callable[[Any], Any]]
    ) -> Generator[None, None, T]:
        """Perform the effects of steps one by one, and yield after each; return what the steps return."""
        try:
            effect: Effect = next(protocol)
            while True:
                try:
                    outcome = handlers[type(effect)](effect)
                except BaseException as error:  # an interruption goes through the steps, too
                    effect = protocol.throw(error)
                else:
                    effect = protocol.send(outcome)
                yield
        except StopIteration as stop:
            value: T = stop.value
            return value

    def _perform(self, protocol: Steps[T], handlers: Mapping[type, Callable[[Any], Any]]) -> T:
        advancing = self._advance(protocol, handlers)
        try:
            while True:
                next(advancing)
        except StopIteration as stop:
            value: T = stop.value
            return value
        finally:
            protocol.close()

    def chunks(self, body: ResponseBody | None) -> Generator[bytes]:
        """Yield the rest of a response, which is closed at the end. Raise TransportError."""
        if body is None:
            return
        self._context.usage.check_process()
        size = 0
        try:
            for chunk in self._decoded(body):
                yield chunk if body.goes_to_sink else hide_keys_in_bytes(chunk)
                size += len(chunk)
                check_limits(0 if body.goes_to_sink else size, self._context.clock.now(), body.deadline)
        except Exception as error:
            raise self._adapter.translate(error) from None
        finally:
            body.response.close()

    def _decoded(self, body: ResponseBody) -> Iterator[bytes]:
        response = body.response
        if is_decoded(response):
            yield from response.iter_bytes()
            return
        decoder = BodyDecoder(body.encoding)
        for chunk in response.iter_raw():
            yield from decoder.decode(chunk)
        decoder.finish()

    def _exchange(self, request: Request, sunk: bool = False) -> tuple[Response, ResponseBody]:
        began = self._context.clock.now()
        try:
            with our_exchange():
                built = self._adapter.build(request)
                response = self._http.send(built, stream=True, auth=None, follow_redirects=False)
        except Exception as error:
            raise self._adapter.translate(error) from None
        reply = Response(response.status_code, lower_headers(response.headers), b"")
        log_response(request, reply, self._context.clock.now() - began)
        encoding = reply.headers.get("content-encoding", "")
        return reply, ResponseBody(response, encoding, began + request.timeout, sunk)

    def _send(self, effect: Send) -> Response:
        reply, body = self._exchange(effect.request, effect.sink is not None)
        if effect.sink is None:
            return reply._replace(body=self._read_all(body))
        with closing(self.chunks(body)) as chunks:
            effect.sink.start(reply)
            for chunk in chunks:
                effect.sink.write(chunk)
        return reply

    def _open(self, effect: Open) -> OpenedResponse:
        reply, body = self._exchange(effect.request)
        if is_event_stream(effect.request, reply, self._context.api):
            return OpenedResponse(reply, body)
        return OpenedResponse(reply._replace(body=self._read_all(body)), None)

    def _read_all(self, body: ResponseBody) -> bytes:
        """Return a whole body. A key that it echoes is masked here too if it lies in two chunks."""
        chunks = [*self.chunks(body)]
        return chunks[0] if len(chunks) == 1 else hide_keys_in_bytes(b"".join(chunks))

    def _gather(self, effect: Gather) -> list[Any]:
        if effect.is_waiting:  # threads that wait at the same time would each advance a manual clock
            width = effect.width if _passes(self._context.clock) else 1
        else:
            width = min(effect.width, self._parallel)
        width = min(width, len(effect.steps))
        if width <= 1:
            return [self._run_safely(steps) for steps in effect.steps]
        return run_in_threads([partial(self._run_safely, steps) for steps in effect.steps], width)

    def _run_safely(self, protocol: Steps[T]) -> T | Exception:
        try:
            return self.run(protocol)
        except Exception as error:
            return error

    def _wait_for_tasks(self, effect: WaitForTasks) -> list[Outcome]:
        poller = TaskPoller(self._context)
        outcomes: dict[int, Outcome] = {}
        for index, (task_id, submitted_at) in enumerate(effect.tasks):
            on_outcome = partial(outcomes.__setitem__, index)
            poller.add(TaskWaiter(task_id, submitted_at, effect.deadline, on_outcome, effect.on_status))
        self._perform(poller.run(), self._polling_handlers())
        return [outcomes[index] for index in range(len(effect.tasks))]

    def _polling_handlers(self) -> dict[type, Callable[[Any], Any]]:
        polling = _Polling(self._context, self.conclude, self._parallel)
        return {**self._handlers, PollRound: polling.run, WaitForWork: polling.wait}


class _Polling:
    """The polls of one wait, some of which may outlast their round.

    This requires threads and a real clock; without them a round waits for all its polls.
    """

    def __init__(self, context: ClientContext, perform: Callable[[Steps[None]], None], parallel: int) -> None:
        self._context = context
        self._perform = perform
        self._parallel = parallel
        self._threads = BackgroundThreads()

    def run(self, effect: PollRound) -> None:
        """Poll. Raise UsageError if the client was closed meanwhile."""
        self._context.usage.check()
        polls = [partial(self._perform, steps) for steps in effect.steps]
        width = min(effect.width, self._parallel, len(polls))
        if width == 1 and (effect.is_only or self._parallel == 1 or not _passes(self._context.clock)):
            for poll in polls:
                poll()
        elif not _passes(self._context.clock):
            run_in_threads(polls, width)
        else:
            self._threads.run(polls, width, effect.patience)

    def wait(self, effect: WaitForWork) -> None:
        if self._threads.is_idle:
            self._context.clock.sleep(effect.seconds)
        else:
            self._threads.wait(effect.seconds)


def _passes(clock: Clock) -> bool:
    """Return whether a clock advances on its own."""
    return getattr(clock, "waits", True)
