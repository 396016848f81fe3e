"""Every rule of conduct finds the client that breaks it, and no other."""

from collections.abc import Callable

import httpx
import pytest

from tests.conduct.simple_client import FLAWS, FailedError, Given, SimpleClient
from wanlib.base.clock import ManualClock
from wanlib.conduct.judge import ConductReport, judge
from wanlib.conduct.rules import RULES
from wanlib.conduct.traffic import ClientRun
from wanlib.emulator import Emulator, Fault, Settings
from wanlib.emulator.transport import EmulatorTransport
from wanlib.spec import load

START = 1_700_000_000.0
KEY = "sk-of-a-client-under-test"
MODEL = "wan2.7-image"

Arrange = Callable[[Emulator], object]


def queue(*faults: Fault | None) -> Arrange:
    return lambda emulator: emulator.faults.queue(faults)


def never(_: Emulator) -> None:
    pass


OVERLOAD = Fault("error", code="Throttling", retry_after="7", on=("query",))
SITUATIONS: dict[str, tuple[Arrange, Settings]] = {
    "all is well": (never, Settings(waiting=5, working=60)),
    "the answer to the create is lost": (queue(Fault("cut", where="before")), Settings(working=10)),
    "the create is refused for good": (
        queue(*[Fault("error", code="DataInspectionFailed", on=("async",))] * 3),
        Settings(),
    ),
    "polls are refused": (queue(OVERLOAD, OVERLOAD), Settings(working=30)),
    "the task fails": (queue(Fault("fail")), Settings(working=20)),
    "the task is unknown": (queue(None, *[Fault("status", word="UNKNOWN")] * 40), Settings(working=1e9)),
    "the task never ends": (never, Settings(working=float("inf"))),
    "links are dead": (
        lambda emulator: emulator.faults.queue([Fault("error", status=403, on=("result",))] * 4),
        Settings(working=10),
    ),
}


class Stopped(Exception):
    """The clock has run further than any client may wait."""


class LimitedClock(ManualClock):
    """A clock that stops a client that never ends."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self.wall() > START + 2000:
            raise Stopped


def conduct(flaw: str, situation: str) -> tuple[Emulator, ClientRun]:
    """Run a client in a situation, and return what is known of it."""
    arrange, settings = SITUATIONS[situation]
    clock = LimitedClock(START)
    emulator = Emulator(load(), clock=clock, settings=settings)
    arrange(emulator)
    with httpx.Client(transport=EmulatorTransport(emulator, clock.sleep)) as http:
        client = SimpleClient(Given("http://emulator/api/v1", KEY, http, clock.wall, clock.sleep), flaw)
        saved, was_stopped = 0, False
        try:
            saved = len(client.run(MODEL, "A bridge", 2, timeout=300.0))
            success = True
        except FailedError:
            success = False
        except Stopped:
            success, was_stopped = False, True
    run = ClientRun(1, 330.0, clock.wall() - START, was_stopped, success, saved if success else None)
    return emulator, run


def verdicts(report: ConductReport) -> dict[str, str]:
    return {verdict.rule: verdict.verdict for verdict in report.verdicts}


def test_the_correct_client_breaks_no_rule_and_every_rule_is_judged() -> None:
    kept = set()
    for situation in SITUATIONS:
        emulator, run = conduct("", situation)
        report = judge(emulator.record(), emulator.spec, run=run)
        assert report.is_clean, (situation, [*report.lines()])
        kept |= {verdict.rule for verdict in report.verdicts if verdict.verdict == "kept"}
    assert kept == RULES.keys()


WHERE = {
    "retries blindly": "the answer to the create is lost",
    "gives up on any error": "polls are refused",
    "has no unknown": "the task is unknown",
    "waits for success only": "the task fails",
    "has no deadline": "the task never ends",
    "ignores retry-after": "polls are refused",
    "tries a refused call again": "the create is refused for good",
    "tries dead links": "links are dead",
    "always succeeds": "the task fails",
}
"""The situation in which a flaw shows; any other shows in all of them."""


@pytest.mark.parametrize("flaw", FLAWS)
def test_each_flaw_is_found_by_its_rule(flaw: str) -> None:
    emulator, run = conduct(flaw, WHERE.get(flaw, "all is well"))
    broken = {finding.rule for finding in judge(emulator.record(), emulator.spec, run=run).findings}
    also = {
        "downloads nothing": {"client/reports-the-outcome"},
        "takes the first picture": {"client/reports-the-outcome"},
        "has no unknown": {"client/has-a-deadline"},
        "waits for success only": {"client/stops-at-unknown"},
    }
    assert FLAWS[flaw] in broken
    assert broken - {FLAWS[flaw]} <= also.get(flaw, set())
