"""A driver for protocols in tests: effects are answered at once, and nothing sleeps."""

from collections.abc import Callable
from typing import Any, TypeVar

from tests.support.fake_clock import FakeClock
from wanlib.client.http.messages import Response
from wanlib.client.protocol.effects import Effect, Gather, RunBlocking, Send, Sleep, Steps

T = TypeVar("T")


def play(protocol: Steps[T], send: Callable[[Send], Response], time: FakeClock) -> T:
    """Run a protocol to its end; the protocols of a Together run one after another."""
    outcome: Any = None
    step: Callable[[Any], Effect] = protocol.send
    while True:
        try:
            effect = step(outcome)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        try:
            outcome, step = _answer(effect, send, time), protocol.send
        except BaseException as error:
            outcome, step = error, protocol.throw


def _answer(effect: Effect, send: Callable[[Send], Response], time: FakeClock) -> Any:
    match effect:
        case Send():
            return send(effect)
        case Sleep(seconds):
            return time.sleep(seconds)
        case RunBlocking(work):
            return work()
        case Gather(protocols, width):
            assert width >= 1
            return [_outcome(each, send, time) for each in protocols]
    raise AssertionError(f"{effect} is not played here")


def _outcome(protocol: Steps[Any], send: Callable[[Send], Response], time: FakeClock) -> Any:
    try:
        return play(protocol, send, time)
    except Exception as error:
        return error
