"""Batches of calls: nothing is sent before all are checked, nothing is paid twice, and every job has an end.

The service is an emulator in simulated time, with the documented limits of an account.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from wan_conformance.lifecycle.load.service import FAULTS
from wan_conformance.lifecycle.simulation.transport import AsyncInProcessClient

from tests.client.batch.batch_world import MODELS, PHOTO, World, jobs
from wanlib.client.batch.gate import JobGate, StoppedError
from wanlib.client.batch.lost import RESEND_AFTER
from wanlib.client.batch.outcome import BatchOutcome
from wanlib.emulator import Fault
from wanlib.errors import (
    BudgetExceededError,
    ConfigurationError,
    InvalidArgumentError,
    InvalidBatchError,
    QuotaExceededError,
)


def test_every_job_is_saved_under_its_label(world: World) -> None:
    seen: list[BatchOutcome] = []
    progress: list[Any] = []
    summary = world.batch(jobs(12), on_outcome=seen.append, on_progress=progress.append)
    assert (summary.saved, summary.is_complete, summary.groups) == (12, True, [])
    assert world.files == sorted(f"v{number}-1.png" for number in range(12))
    assert {outcome.label: outcome.paths[0].name for outcome in seen} == {
        f"v{n}": f"v{n}-1.png" for n in range(12)
    }
    assert sum(outcome.spent.amount for outcome in seen if outcome.spent) == summary.spent > 0
    assert [step.ended for step in progress] == [*range(1, 13)] and progress[-1].remaining == 0


def test_the_same_jobs_cost_nothing_again(world: World) -> None:
    world.batch(jobs(5))
    summary = world.batch(jobs(7))
    assert (summary.skipped, summary.saved, world.accepted) == (5, 2, 7)


def test_with_faults_no_job_is_lost_and_none_is_paid_twice(world: World) -> None:
    stops = "PostpaidBillOverdue"
    world.set_faults(
        0.2, *(fault for fault in FAULTS if fault.code != stops and fault.kind not in ("fail", "partial"))
    )
    summary = world.batch(jobs(60))
    assert summary.is_complete and world.accepted == 60 and len(world.files) == 60


@pytest.mark.parametrize("after", [0.5, 2.0, 5.0, 9.0])
def test_an_interrupted_run_is_continued(world: World, after: float) -> None:
    world.interrupt(jobs(20), after)
    summary = world.batch(jobs(20))
    assert summary.is_complete and world.accepted == 20 and len(world.files) == 20


def test_all_problems_are_listed_before_anything_is_sent(world: World) -> None:
    wrong = jobs(4)
    wrong[0]["n"] = 99
    wrong[1] = {"model": "wan9", "prompt": "x"}
    wrong[2] |= {"label": "v3"}
    with pytest.raises(InvalidBatchError) as caught:
        world.batch([*wrong, "text", {"model": "wan2.7-image", "prompt": "x", "label": "a/b"}])
    problems = [(problem.number, str(problem.error)) for problem in caught.value.problems]
    assert [number for number, _ in problems] == [1, 2, 4, 5, 6]
    assert "which job 3 has" in problems[2][1] or "those of job 3" in problems[2][1]
    assert world.service.history.__len__() == 0


def test_a_job_that_changed_is_not_taken_for_the_old_one(world: World) -> None:
    world.batch(jobs(2))
    with pytest.raises(InvalidBatchError, match="another job with this label"):
        world.batch(jobs(2, seed=7))
    assert world.accepted == 2


def test_the_price_of_all_jobs_is_capped(world: World) -> None:
    with pytest.raises(BudgetExceededError, match=r"could cost 0\.80 CNY; allowed: 0\.79"):
        world.batch(jobs(4), max_price="0.79")
    assert world.accepted == 0
    assert world.batch(jobs(4), max_price="0.80").saved == 4


def test_a_lost_call_is_found_in_the_list(world: World) -> None:
    world.service.faults.queue([Fault("cut", where="before", on=("async",))])
    summary = world.batch(jobs(3))
    assert summary.is_complete and world.accepted == 3


def test_a_lost_call_whose_request_was_sent_slowly_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, delays = AsyncInProcessClient.send, iter([20.0])

    async def send_slowly(self: AsyncInProcessClient, request: Any, **options: Any) -> Any:
        await world.loop.clock.sleep_async(next(delays, 0.0) if request.method == "POST" else 0.0)
        return await send(self, request, **options)

    monkeypatch.setattr(AsyncInProcessClient, "send", send_slowly)
    world.service.faults.queue([Fault("cut", where="before", on=("async",))])
    summary = world.batch(jobs(5, model=MODELS[0]))
    assert summary.is_complete and world.accepted == 5


def test_a_task_that_came_after_the_next_call_is_not_that_of_a_lost_call(world: World) -> None:
    """The account is used by another program, although it is not declared as shared."""
    world.service.faults.queue([Fault("cut", where="unread", on=("async",))])
    assert world.batch(jobs(3), timeout=RESEND_AFTER / 2).uncertain == 1
    world.loop.clock.sleep(20.0)

    async def submit_elsewhere() -> None:
        async with world.client(journal=None) as wan:
            await wan.submit(MODELS[0], "not of the batch", images=[PHOTO], n=1)

    world.loop.run_until_complete(submit_elsewhere())
    summary = world.batch(jobs(3))
    assert (summary.skipped, summary.uncertain) == (2, 1)


def test_a_lost_call_that_was_not_accepted_is_sent_again(world: World) -> None:
    world.service.faults.queue([Fault("cut", where="unread", on=("async",))])
    began = world.loop.clock.at
    summary = world.batch(jobs(3))
    assert summary.is_complete and world.accepted == 3
    assert world.loop.clock.at - began > RESEND_AFTER


def test_on_a_shared_account_a_lost_call_is_uncertain(world: World) -> None:
    world.service.faults.queue([Fault("cut", where="before", on=("async",))])
    summary = world.batch(jobs(3), shared_account=True)
    assert (summary.saved, summary.uncertain) == (2, 1)
    assert summary.groups[0].cause == "OutcomeUnknownError" and not summary.is_complete
    again = world.batch(jobs(3), shared_account=True)
    assert (again.skipped, again.uncertain, world.accepted) == (2, 1, 3)
    assert world.batch(jobs(3)).saved == 1 and world.accepted == 3


def test_a_failed_task_is_sent_again_on_request(world: World) -> None:
    world.service.faults.queue([Fault("fail", code="DataInspectionFailed", on=("async",))])
    summary = world.batch(jobs(3))
    assert (summary.saved, summary.failed) == (2, 1)
    (group,) = summary.groups
    assert group.cause == "TaskContentModerationError DataInspectionFailed" and group.count == 1
    assert world.batch(jobs(3)).failed == 1 and world.accepted == 3
    assert world.batch(jobs(3), retry_failed=True).is_complete and world.accepted == 4


def test_an_unpaid_bill_stops_the_batch(world: World) -> None:
    world.set_faults(1.0, Fault("error", code="PostpaidBillOverdue", on=("async",)))
    summary = world.batch(jobs(50), in_flight=4)
    assert isinstance(summary.stopped, QuotaExceededError)
    assert summary.ended < 10 and world.accepted == 0
    world.set_faults(0.0)
    assert world.batch(jobs(50)).is_complete


def test_expired_tasks_are_failures_and_paid_again_only_on_request(world: World) -> None:
    world.interrupt(jobs(2), 1.5)
    world.loop.clock.sleep(25 * 3600)
    summary = world.batch(jobs(2))
    assert summary.failed >= 1 and "they are billed" in summary.groups[0].example
    paid = world.accepted
    assert world.batch(jobs(2), retry_failed=True).is_complete and world.accepted == paid + summary.failed


def test_a_batch_needs_a_journal_and_plain_options(world: World) -> None:
    with pytest.raises(ConfigurationError, match="journal="):
        world.batch(jobs(1), {"journal": None})
    for value in (None, "jobs.jsonl", jobs(1)[0]):
        with pytest.raises(InvalidArgumentError, match="jobs is "):
            world.batch(value)
    wrong: dict[str, Any] = {
        "in_flight": True,
        "names": "{nothing}",
        "timeout": -1,
        "on_outcome": 5,
        "on_progress": "",
    }
    for options in ({"in_flight": 0}, *({name: value} for name, value in wrong.items())):
        with pytest.raises((InvalidArgumentError, InvalidBatchError)):
            world.batch(jobs(1), **options)


def test_the_names_of_files_are_the_users(world: World) -> None:
    world.batch(jobs(2), names="{number}-{label}")
    assert world.files == ["1-v0-1.png", "2-v1-1.png"]


def test_a_long_list_need_not_be_in_memory(world: World) -> None:
    class Jobs:
        reads = 0

        def __iter__(self) -> Iterator[dict[str, Any]]:
            Jobs.reads += 1
            yield from jobs(3)

    assert world.batch(Jobs()).saved == 3 and Jobs.reads == 2


def test_the_gate_halves_and_grows() -> None:
    gate = JobGate(8)
    gate.refused()
    assert gate.limit == 4
    starts: list[Callable[[], bool]] = [gate.try_start] * 5
    assert [start() for start in starts] == [True] * 4 + [False]
    for _ in range(4):
        gate.succeeded()
    assert gate.limit == 5 and gate.try_start()
    for _ in range(5):
        gate.refused()
    assert gate.limit == 1
    assert gate.try_send("a") and not gate.try_send("a") and gate.try_send("b")
    gate.sent("a")
    gate.stop()
    for start in (gate.try_start, lambda: gate.try_send("a")):
        with pytest.raises(StoppedError):
            start()
    assert gate.is_sending  # the call to b, whose answer is still read
