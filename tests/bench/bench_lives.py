"""Calls from start to end: by the core of the client alone, and by the client with the emulator in process.

A call is validated, priced and accepted, polled twice, and its result is parsed. Time is simulated.
"""

from collections.abc import Callable
from itertools import cycle
from random import Random
from time import process_time
from typing import Any, cast

from tests.bench.bodies import MODEL
from tests.bench.comparison import Comparison
from tests.client.service import CREATED, DONE, RUNNING
from wanlib import Wan
from wanlib.base.redaction import Secret
from wanlib.client.core import ClientCore
from wanlib.client.protocol.context import ClientContext, create_context
from wanlib.client.protocol.effects import (
    Effect,
    Gather,
    Open,
    OpenedResponse,
    PollRound,
    Send,
    Sleep,
    Steps,
    WaitForTasks,
    WaitForWork,
)
from wanlib.client.tasks.poller import TaskPoller
from wanlib.client.tasks.waiter import Outcome, TaskWaiter
from wanlib.emulator import Emulator, ManualClock, Settings
from wanlib.emulator.transport import EmulatorTransport
from wanlib.generated.calls import API

KEY = "sk-bench"
LIVES, CORE_LIVES, ROUNDS = 200, 1000, 6
_SEEN = {"a life in process": 800, "a life in the core alone": 100_000 / 60}  # a second, on another machine


def rows() -> list[Comparison]:
    """Return the seconds of a call from start to end."""
    clock = ManualClock()
    core_row = _row("a life in the core alone", ScriptedDriver(clock).live, CORE_LIVES)
    print(f"whole lives in the core alone: {60 / core_row.ours:,.0f} a minute on one core")
    return [core_row, _life_in_process()]


class ScriptedDriver:
    """A driver without a network, with prepared responses."""

    def __init__(self, clock: ManualClock) -> None:
        self._context = _context(clock)
        self._core = ClientCore(self._context, upload=False, file_urls=True)
        self._answers = cycle((RUNNING, DONE))
        self._doers: dict[type[Effect], Callable[[Any], Any]] = {
            Open: lambda _: OpenedResponse(CREATED, None),
            Send: lambda _: next(self._answers),
            Sleep: lambda effect: clock.advance(effect.seconds),
            WaitForWork: lambda effect: clock.advance(effect.seconds),
            Gather: lambda effect: [self._run(steps) for steps in effect.steps],
            PollRound: self._poll,
            WaitForTasks: self._follow,
        }

    def live(self, number: int) -> Any:
        """Return the result of a call."""
        return self._run(self._core.edit("generate", MODEL, f"Clock {number}", (), {"n": 1}))

    def _run(self, protocol: Steps[Any]) -> Any:
        try:
            effect = next(protocol)
            while True:
                effect = protocol.send(self._doers[type(effect)](effect))
        except StopIteration as stop:
            return stop.value

    def _poll(self, effect: PollRound) -> None:
        for steps in effect.steps:
            self._run(steps)

    def _follow(self, effect: WaitForTasks) -> list[Outcome]:
        follower, outcomes = TaskPoller(self._context), list[Outcome]()
        for task_id, submitted_at in effect.tasks:
            follower.add(TaskWaiter(task_id, submitted_at, effect.deadline, outcomes.append))
        self._run(follower.run())
        return outcomes


def _context(clock: ManualClock) -> ClientContext:
    settings: dict[str, Any] = {"region": "beijing", "workspace": None, "base_url": None, "budget": None}
    key = Secret.of(KEY)
    return create_context(API, api_key=key, journal=None, clock=clock, random=Random(1), **settings)


def _life_in_process() -> Comparison:
    """Measure the sync client; tasks take as long as in `wanlib serve`."""
    emulator = Emulator(settings=Settings(waiting=0.5, working=1.0))
    clock = emulator.clock
    assert isinstance(clock, ManualClock)
    with Wan(KEY, base_url="http://emulator.test/api/v1", trust_env=False, clock=clock) as wan:
        http, submit = cast("Any", wan._http), cast("Any", wan.submit)
        http._transport = EmulatorTransport(emulator)  # the real client, except for its sockets
        row = _row("a life in process", lambda number: submit(MODEL, f"Clock {number}", n=1).wait(), LIVES)
    calls = [each.call for each in emulator.history]
    polls = (len(calls) - calls.count("async")) / calls.count("async")
    print(f"whole lives in process: {1 / row.ours:.0f} a second on one core, {polls:.0f} polls each")
    return row


def _row(name: str, live: Callable[[int], Any], lives: int) -> Comparison:
    """Compare the mean of the best round with the figure of another machine."""
    rounds = [_mean(live, lives) for _ in range(ROUNDS)]
    best, seen = min(rounds), _SEEN[name]
    return Comparison(name, f"{seen:,.0f} a second", best, 1 / seen, best * seen, None)


def _mean(live: Callable[[int], Any], lives: int) -> float:
    start = process_time()
    for number in range(lives):
        assert live(number).images
    return (process_time() - start) / lives
