"""A probe against the emulator, through the real `ApiServer`: what it reports and what it settles."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from wan_conformance.live.ledger import ProbeLedger
from wan_conformance.live.probe import Probe, ProbeAnswer
from wan_conformance.live.sender import FOLLOW, LiveSender
from wan_conformance.targets.server.server import ApiServer

from wanlib.base.clock import ManualClock
from wanlib.emulator import Emulator, Settings
from wanlib.emulator.core.fault import parse_fault
from wanlib.emulator.transport import EmulatorTransport
from wanlib.errors import BudgetExceededError
from wanlib.spec import load

MODEL = "wan2.7-image"
PRICE = Decimal(load().wire["prices"][MODEL]["beijing"])


@dataclass
class Bench:
    """A sender, the emulator behind it, and its ledger."""

    sender: LiveSender
    emulator: Emulator
    ledger: ProbeLedger
    clock: ManualClock

    def send(self, *faults: str, n: Any = 1, call: str = "async", model: str = MODEL) -> ProbeAnswer:
        """Send a probe; the faults are those of its first creates, `pass` for none."""
        self.emulator.faults.queue(
            None if text == "pass" else parse_fault(f"{text} on={call}") for text in faults
        )
        body = {
            "model": model,
            "input": {"messages": [{"role": "user", "content": [{"text": "A bridge"}]}]},
            "parameters": {"n": n},
        }
        return self.sender.send(Probe("probe", model, body, call, ("wan2.7/n.max",), "refused"))

    def queue(self, *faults: str) -> None:
        """Set the faults of the next requests."""
        self.emulator.faults.queue(parse_fault(text) for text in faults)

    @property
    def billed(self) -> int:
        """The pictures that the emulator bills, or can still bill."""
        life = self.emulator.lifecycle
        jobs = list(self.emulator.store.jobs.newest_first())
        return sum(
            job.image_count()
            for job in jobs
            if job.status(life, self.clock.wall()) not in ("CANCELED", "FAILED")
        )


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    clock = ManualClock(1_780_000_000.0)
    emulator = Emulator(load(), settings=Settings(waiting=2.0), clock=clock)
    send = EmulatorTransport(emulator).handle_request
    server = ApiServer(load(), send, "http://emulator.invalid", pays=False, sleep=clock.sleep)
    ledger = ProbeLedger(tmp_path / "ledger", Decimal(10), "CNY")
    yield Bench(LiveSender(load(), server, ledger, clock, "beijing"), emulator, ledger, clock)
    ledger.close()


def test_a_refusal_costs_nothing(bench: Bench) -> None:
    answer = bench.send(n=13)
    assert (answer.accepted, answer.status, answer.error_class) == (False, 400, "invalid")
    assert answer.message and answer.request_id and answer.attempts == 1
    assert bench.ledger.totals().taken == 0 == bench.billed


def test_an_accepted_task_is_canceled(bench: Bench) -> None:
    answer = bench.send()
    assert (answer.accepted, answer.task_status, answer.spent, answer.held) == (True, "CANCELED", 0, 0)
    assert bench.ledger.totals().taken == 0 == bench.billed


def test_a_task_that_runs_already_is_followed_and_billed(bench: Bench) -> None:
    bench.emulator.faults.queue([parse_fault("error code=UnsupportedOperation on=cancel")])
    answer = bench.send(n=3)
    assert (answer.task_status, answer.pictures, answer.spent) == ("SUCCEEDED", 3, 3 * PRICE)
    assert bench.ledger.totals().spent == PRICE * bench.billed


def test_a_failed_task_is_not_billed(bench: Bench) -> None:
    bench.queue("fail code=InternalError on=async", "error code=UnsupportedOperation on=cancel")
    answer = bench.send()
    assert (answer.accepted, answer.task_status, answer.code, answer.spent) == (
        True,
        "FAILED",
        "InternalError",
        0,
    )


def test_pictures_of_a_synchronous_call_are_billed(bench: Bench) -> None:
    answer = bench.send(n=2, call="sync")
    assert (answer.accepted, answer.pictures, answer.spent) == (True, 2, 2 * PRICE)
    assert bench.ledger.totals().spent == 2 * PRICE


def test_a_refusal_for_the_rate_is_repeated(bench: Bench) -> None:
    answer = bench.send("error code=Throttling.RateQuota retry_after=3", "error code=Throttling.RateQuota")
    assert (answer.accepted, answer.held, bench.billed) == (True, 0, 0)


def test_a_lasting_rate_limit_is_not_an_answer(bench: Bench) -> None:
    answer = bench.send(*["error code=Throttling.RateQuota"] * 8)
    assert (answer.accepted, answer.error_class, answer.held, answer.spent) == (None, "rate", 0, 0)
    assert bench.ledger.totals().taken == 0


def test_a_stated_failure_is_repeated_after_a_look_at_the_list(bench: Bench) -> None:
    answer = bench.send("error code=InternalError", "error code=ModelServingError")
    assert (answer.accepted, answer.attempts, answer.held) == (True, 3, 0)
    answer = bench.send(*["error code=InternalError"] * 3)
    assert (answer.accepted, answer.attempts, answer.held, answer.code) == (None, 3, 0, "InternalError")
    assert bench.ledger.totals().taken == 0 == bench.billed


@pytest.mark.parametrize(
    "fault",
    [
        "error code=InternalError done",
        "html status=504 done",
        "html status=502",
        "inside code=InternalError",
        "cut where=before",
        "cut where=inside",
        "silent done",
        "html status=429",
        "html status=403",
        "doubled",
    ],
)
def test_an_unknown_outcome_keeps_the_whole_amount(bench: Bench, fault: str) -> None:
    """It is sent once, and never again, and what it may cost stays reserved."""
    answer = bench.send(fault, n=2)
    assert (answer.accepted, answer.held, answer.attempts) == (None, 2 * PRICE, 1)
    assert answer.problem
    assert bench.ledger.totals().reserved == 2 * PRICE >= PRICE * bench.billed
    if tasks := [job.id for job in bench.emulator.store.jobs.newest_first()]:
        assert tasks[0] in answer.problem
    assert bench.send().accepted, "the next probe goes on"


def test_every_later_run_reports_remaining_reservations(bench: Bench) -> None:
    bench.send("cut where=before")
    for _ in range(2):
        (left,) = bench.sender.recover()
        assert (left.probe, left.state, left.reserved) == ("probe", "unknown", PRICE)
    bench.ledger.release(left.key)
    assert bench.sender.recover() == []


def test_a_synchronous_failure_keeps_the_amount(bench: Bench) -> None:
    """The list shows no synchronous calls, so nothing can be excluded."""
    answer = bench.send("error code=InternalError", call="sync")
    assert (answer.accepted, answer.held) == (None, PRICE)


def test_the_id_of_an_earlier_task_is_not_believed(bench: Bench) -> None:
    bench.send()
    answer = bench.send("reused")
    assert (answer.accepted, answer.held) == (None, PRICE)
    assert bench.ledger.totals().reserved >= PRICE * bench.billed


def test_no_task_of_another_client_is_canceled(bench: Bench) -> None:
    other = bench.sender.server.create(
        {
            "model": MODEL,
            "input": {"messages": [{"role": "user", "content": [{"text": "A bridge"}]}]},
            "parameters": {"n": 1},
        },
        b'{"model":"wan2.7-image","input":{"messages":[{"role":"user","content":[{"text":"x"}]}]},'
        b'"parameters":{"n":1}}',
        "async",
    ).body["output"]["task_id"]
    answer = bench.send("reused")
    assert (answer.accepted, answer.held) == (None, PRICE)
    bench.clock.sleep(60)
    job = bench.emulator.store.jobs.get(other)
    assert job is not None and not job.is_canceled


def test_no_connection_costs_nothing(bench: Bench) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    bench.sender.server = ApiServer(
        load(), refuse, "http://nowhere.invalid", pays=True, sleep=bench.clock.sleep
    )
    answer = bench.send()
    assert (answer.accepted, answer.attempts, answer.held) == (None, 3, 0)
    assert bench.ledger.totals().taken == 0


def test_a_task_that_does_not_end_stays_reserved_and_is_settled_later(bench: Bench) -> None:
    bench.queue("error code=UnsupportedOperation on=cancel")
    bench.emulator.faults.queue([parse_fault("status word=RUNNING on=query")] * int(FOLLOW))
    answer = bench.send()
    assert (answer.accepted, answer.task_status, answer.held) == (True, "RUNNING", PRICE)
    path = bench.ledger.path
    bench.emulator.faults._queue.clear()
    bench.ledger.close()
    ledger = ProbeLedger(path, Decimal(10), "CNY")
    next_sender = LiveSender(load(), bench.sender.server, ledger, bench.clock, "beijing")
    assert next_sender.recover() == []
    assert ledger.totals().spent == PRICE
    ledger.close()


def test_nothing_is_sent_that_exceeds_the_budget(bench: Bench) -> None:
    for n in (51, 10**20, float("inf")):
        with pytest.raises((BudgetExceededError, ValueError)):
            bench.send(n=n)
    with pytest.raises(BudgetExceededError):
        bench.send(model="wan9.9-image")
    assert not list(bench.emulator.store.jobs.newest_first())
    assert bench.ledger.reservations() == []


def test_creates_keep_the_documented_rate(bench: Bench) -> None:
    rate = load().wire["rates"][MODEL]["submit_per_second"]
    before = bench.clock.now()
    for _ in range(rate + 1):
        bench.send(n=13)
    assert bench.clock.now() - before == pytest.approx(1.0)
