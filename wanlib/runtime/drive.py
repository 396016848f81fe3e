"""The driver of the sync client: does what a protocol asks, in the calling thread."""

from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial
from typing import Any, TypeVar

from wanlib.runtime.context import Context
from wanlib.runtime.effects import (
    Blocking,
    Effect,
    Follow,
    Idle,
    Open,
    Opened,
    Protocol,
    Send,
    Sleep,
    Together,
)
from wanlib.runtime.exchange import Reply, Request
from wanlib.runtime.follow import Follower
from wanlib.runtime.private_logs import our_exchange
from wanlib.runtime.watch import Outcome, Watch
from wanlib.runtime.wire import Body, Wire, checked, is_stream, log_answer, lowered, trouble, without_key

T = TypeVar("T")


class Driver:
    """Runs protocols over an `httpx.Client`. parallel: the most exchanges under way for one call.

    own: whether the client was made here, so that nobody has added anything to it.
    """

    def __init__(self, http: Any, context: Context, parallel: int, own: bool) -> None:
        self._http = http
        self._context = context
        self._parallel = parallel
        self._wire = Wire(http, "Client", context.settings.base, own)
        self._doers: dict[type, Callable[[Any], Any]] = {
            Send: self._send,
            Open: self._open,
            Sleep: lambda effect: context.clock.sleep(effect.seconds),
            Idle: lambda effect: context.clock.sleep(effect.seconds),
            Blocking: lambda effect: effect.work(),
            Together: self._together,
            Follow: self._follow,
        }

    def run(self, protocol: Protocol[T]) -> T:
        """What the protocol returns, or raises."""
        try:
            effect: Effect = next(protocol)
            while True:
                try:
                    answer = self._doers[type(effect)](effect)
                except Exception as error:
                    effect = protocol.throw(error)
                else:
                    effect = protocol.send(answer)
        except StopIteration as stop:
            value: T = stop.value
            return value
        finally:
            protocol.close()

    def chunks(self, body: Body | None) -> Generator[bytes]:
        """What is still to come of an answer, which is closed at the end. Raises Trouble."""
        if body is None:
            return
        size = 0
        try:
            for chunk in body.response.iter_bytes():
                yield chunk
                size += len(chunk)
                checked(0 if body.sunk else size, self._context.clock.now(), body.until)
        except Exception as error:
            raise trouble(error) or error from None
        finally:
            body.response.close()

    def _respond(self, request: Request, sunk: bool = False) -> tuple[Reply, Body]:
        began = self._context.clock.now()
        try:
            with our_exchange(self._context.settings.key):
                response = self._http.send(
                    self._wire.build(request), stream=True, auth=None, follow_redirects=False
                )
        except Exception as error:
            raise trouble(error) or self._wire.closed(error) or error from None
        reply = Reply(response.status_code, lowered(response.headers), b"")
        log_answer(request, reply, self._context.clock.now() - began)
        return reply, Body(response, began + request.timeout, sunk)

    def _send(self, effect: Send) -> Reply:
        reply, body = self._respond(effect.request, effect.sink is not None)
        if effect.sink is None:
            return reply._replace(body=self._whole(b"".join(self.chunks(body))))
        with closing(self.chunks(body)) as chunks:
            effect.sink.start(reply)
            for chunk in chunks:
                effect.sink.write(chunk)
        return reply

    def _open(self, effect: Open) -> Opened:
        reply, body = self._respond(effect.request)
        if is_stream(effect.request, reply, self._context.api):
            return Opened(reply, body)
        return Opened(reply._replace(body=self._whole(b"".join(self.chunks(body)))), None)

    def _whole(self, body: bytes) -> bytes:
        return without_key(body, self._context.settings.key)

    def _together(self, effect: Together) -> list[Any]:
        width = min(effect.width, self._parallel, len(effect.protocols))
        if width <= 1:
            return [self._caught(each) for each in effect.protocols]
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(width, "wanlib") as pool:
            return list(pool.map(self._caught, effect.protocols))

    def _caught(self, protocol: Protocol[T]) -> T | Exception:
        try:
            return self.run(protocol)
        except Exception as error:
            return error

    def _follow(self, effect: Follow) -> list[Outcome]:
        follower = Follower(self._context)
        outcomes: dict[int, Outcome] = {}
        for index, (task_id, submitted_at) in enumerate(effect.tasks):
            ended = partial(outcomes.__setitem__, index)
            follower.add(Watch(task_id, submitted_at, effect.deadline, ended, effect.told))
        self.run(follower.protocol())
        return [outcomes[index] for index in range(len(effect.tasks))]
