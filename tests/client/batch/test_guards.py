"""The refusals of a batch, and its reports if something is missing or unknown."""

import asyncio
import errno
import itertools
from typing import Any

import httpx
import pytest
from wan_conformance.lifecycle.simulation.transport import AsyncInProcessClient

from tests.client.batch.batch_world import MODELS, PHOTO, World, jobs
from tests.support.api_facts import price_of
from wanlib.client.batch.circuit_breaker import CircuitBreaker
from wanlib.client.batch.lost import RESEND_AFTER
from wanlib.client.batch.outcome import BatchOutcome, BatchProgress, BatchSummary
from wanlib.client.batch.start import BatchOptions, prepare_batch
from wanlib.emulator import Fault, Response
from wanlib.errors import (
    BudgetExceededError,
    ConnectionFailedError,
    DownloadFailedError,
    InvalidArgumentError,
    InvalidBatchError,
    JournalError,
    RateLimitError,
)
from wanlib.types import BatchJob

DAY = 24 * 3600
PRICE = price_of(MODELS[0])


def test_two_runs_with_one_journal_exclude_each_other(world: World) -> None:
    async def both() -> list[Any]:
        runs = [world.run(jobs(6)) for _ in range(2)]
        return await asyncio.gather(*runs, return_exceptions=True)

    outcomes = world.loop.run_until_complete(both())
    (summary,) = [outcome for outcome in outcomes if isinstance(outcome, BatchSummary)]
    (error,) = [outcome for outcome in outcomes if isinstance(outcome, JournalError)]
    assert summary.saved == world.accepted == 6 and "another batch runs" in str(error)
    assert world.batch(jobs(6)).skipped == 6  # the lock is released


def test_a_job_that_another_run_has_sent_since_the_check_is_not_sent(world: World) -> None:
    async def run() -> BatchSummary:
        async with world.client() as wan:
            prepared = prepare_batch(wan._core, jobs(4), world.folder / "out", BatchOptions())
            await world.run(jobs(4))
            summary: BatchSummary = await wan._driver.run(prepared.run.steps())
            return summary

    summary = world.loop.run_until_complete(run())
    assert isinstance(summary.stopped, JournalError) and world.accepted == 4


@pytest.mark.parametrize(
    ("one", "other"), [("Vase", "vase"), ("Stra\u00dfe", "STRASSE"), ("\u00e9", "e\u0301")]
)
def test_names_that_are_one_on_some_disk_are_refused(world: World, one: str, other: str) -> None:
    both = [job | {"label": label} for job, label in zip(jobs(2), (one, other), strict=True)]
    with pytest.raises(InvalidBatchError, match="those of job 1"):
        world.batch(both)
    assert world.batch(both, names="{number:03}").saved == 2 and world.files == ["001-1.png", "002-1.png"]


def test_a_file_that_exists_is_found_before_anything_is_paid(world: World) -> None:
    (world.folder / "out").mkdir()
    (world.folder / "out" / "v1-2.png").write_bytes(b"a picture of the user's own")
    with pytest.raises(InvalidBatchError, match=r"job 2 \(v1\): .*v1-2.png.* exists"):
        world.batch(jobs(2, n=2))
    assert world.accepted == 0 and world.batch(jobs(2)).saved == 2


def lose_a_call(world: World) -> None:
    """Lose the response of the only job, while the list of tasks cannot be read."""
    world.set_faults(1.0, Fault("error", code="InternalError", on=("list",)))
    world.service.faults.queue([Fault("cut", where="before", on=("async",))])
    summary = world.batch(jobs(1))
    assert (summary.uncertain, summary.failed) == (1, 0)


def test_a_folder_that_is_a_file_is_found_before_anything_is_paid(world: World) -> None:
    (world.folder / "out").write_text("mine")
    with pytest.raises(InvalidArgumentError, match="out' is a file"):
        world.batch(jobs(1))
    assert world.accepted == 0


def test_a_folder_that_cannot_be_looked_up_is_found_before_anything_is_paid(world: World) -> None:
    (world.folder / "out").symlink_to("name" * 100)
    with pytest.raises(InvalidArgumentError, match=r"nothing can be saved in '.*': File name too long"):
        world.batch(jobs(1))
    assert world.accepted == 0


def test_a_lost_call_that_is_too_old_for_the_list_is_never_sent_again(world: World) -> None:
    lose_a_call(world)
    world.loop.clock.sleep(DAY)
    world.set_faults(0.0)
    for options in ({}, {"retry_failed": True}):
        summary = world.batch(jobs(1), **options)
        assert (summary.uncertain, world.accepted) == (1, 1)
    assert "change its label" in summary.groups[0].example


def test_the_time_of_a_job_also_ends_the_wait_for_a_lost_call(world: World) -> None:
    world.service.faults.queue([Fault("cut", where="unread", on=("async",))])
    summary = world.batch(jobs(2), timeout=RESEND_AFTER / 2)
    assert (summary.saved, summary.uncertain, world.accepted) == (1, 1, 1)
    assert world.loop.clock.at < RESEND_AFTER
    assert world.batch(jobs(2)).saved == 1 and world.accepted == 2


def test_a_lost_call_is_uncertain_while_the_list_cannot_be_read(world: World) -> None:
    lose_a_call(world)
    world.set_faults(0.0)
    assert world.batch(jobs(1)).saved == 1 and world.accepted == 1


def test_the_budget_of_the_client_stops_the_batch(world: World) -> None:
    summary = world.batch(jobs(5), {"budget": "0.50"}, in_flight=1)
    assert isinstance(summary.stopped, BudgetExceededError) and (summary.saved, world.accepted) == (2, 2)
    assert world.batch(jobs(5)).saved == 3 and world.accepted == 5


def test_a_job_with_fewer_pictures_than_requested_is_saved_and_shown(world: World) -> None:
    world.service.faults.queue([Fault("partial", code="InternalError", on=("async",))])
    seen: list[BatchOutcome] = []
    summary = world.batch(jobs(1, n=4), on_outcome=seen.append)
    assert seen[0].state == "saved" and seen[0].missing == 4 - len(world.files) > 0
    assert (summary.saved, summary.incomplete, summary.is_complete) == (1, 1, False)
    again = world.batch(jobs(1, n=4))
    assert (again.skipped, again.incomplete, again.is_complete, world.accepted) == (1, 1, False, 1)


def test_models_without_tasks(world: World) -> None:
    calls = [job | {"model": MODELS[0], "label": f"s{number}"} for number, job in enumerate(jobs(3))]
    options = {"without_tasks": True}
    assert world.batch(calls[:2], options).saved == 2
    world.service.faults.queue([Fault("cut", where="before", on=("sync",))])
    summary = world.batch(calls, options)
    assert (summary.skipped, summary.uncertain) == (2, 1) and "no task by which" in summary.groups[0].example
    summary = world.batch(calls, options, retry_failed=True)
    assert (summary.skipped, summary.uncertain, world.accepted) == (2, 1, 3)


def test_an_unsaved_call_without_a_task_is_paid_again_only_on_request(world: World) -> None:
    calls = [job | {"model": MODELS[0]} for job in jobs(1)]
    options = {"without_tasks": True}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wan_conformance.lifecycle.load.service._PICTURE", Response(404, (), ()))
        assert world.batch(calls, options).failed == 1
    summary = world.batch(calls, options)
    assert summary.failed == world.accepted == 1 and "it is billed" in summary.groups[0].example
    assert world.batch(calls, options, retry_failed=True).saved == 1 and world.accepted == 2


def test_a_folder_that_takes_no_file_is_found_before_anything_is_paid(world: World) -> None:
    (world.folder / "out").symlink_to(world.folder / "gone" / "out")
    with pytest.raises(InvalidArgumentError, match="nothing can be saved in"):
        world.batch(jobs(1))
    assert world.accepted == 0


def test_a_full_disk_stops_the_batch_and_every_picture_is_counted_once(world: World) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wanlib.client.results.partial_file.os.fsync", full)
        stopped = world.batch(jobs(16), in_flight=4)
    assert isinstance(stopped.stopped, DownloadFailedError) and stopped.saved == 0
    assert 0 < world.accepted <= 8 and stopped.spent == world.accepted * PRICE
    assert (stopped.spent + world.batch(jobs(16)).spent, world.accepted) == (16 * PRICE, 16)


def test_pictures_of_an_interrupted_batch_count_in_the_next_run(world: World) -> None:
    seen: list[BatchProgress] = []
    world.interrupt(jobs(20), 9.0, on_progress=seen.append)
    assert 0 < len(seen) < world.accepted
    assert seen[-1].spent + world.batch(jobs(20)).spent == 20 * PRICE


def test_no_more_jobs_are_paid_while_no_picture_can_be_fetched(world: World) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wan_conformance.lifecycle.load.service._PICTURE", Response(403, (), ()))
        summary = world.batch(jobs(24), in_flight=4)
    assert isinstance(summary.stopped, DownloadFailedError) and 10 <= world.accepted <= 14
    assert world.batch(jobs(24)).is_complete and world.accepted == 24


def test_an_error_of_a_callback_ends_the_batch(world: World) -> None:
    def fail(outcome: BatchOutcome) -> None:
        raise LookupError(outcome.label)

    with pytest.raises(LookupError):
        world.batch(jobs(40), in_flight=2, on_outcome=fail)
    assert world.accepted <= 4
    assert world.batch(jobs(40)).is_complete and world.accepted == 40


def test_refusals_for_the_rate_make_fewer_jobs_run_at_once(world: World) -> None:
    world.service.faults.queue([Fault("error", code="Throttling.RateQuota", on=("async",))] * 12)
    seen: list[BatchProgress] = []
    summary = world.batch(jobs(24), in_flight=8, on_progress=seen.append)
    assert summary.is_complete and world.accepted == 24
    assert max(progress.running for progress in seen[8:14]) < 7, [progress.running for progress in seen]


def refuse_connections(patch: pytest.MonkeyPatch, after: int, count: int) -> None:
    """Refuse some connections to the service, after others."""
    send, connections = AsyncInProcessClient.send, itertools.count()

    async def refuse(self: AsyncInProcessClient, *args: Any, **kwargs: Any) -> Any:
        if after <= next(connections) < after + count:
            raise httpx.ConnectError("connection refused")
        return await send(self, *args, **kwargs)

    patch.setattr(AsyncInProcessClient, "send", refuse)


def test_a_service_that_cannot_be_reached_from_the_start_stops_the_batch_soon(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_connections(monkeypatch, 0, 10**9)
    summary = world.batch(jobs(30))
    assert isinstance(summary.stopped, ConnectionFailedError) and summary.failed <= 10
    assert world.loop.clock.at < 60
    monkeypatch.undo()
    assert world.batch(jobs(30)).is_complete


def test_an_outage_is_waited_for_and_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_connections(monkeypatch, 20, 40)
    seen: list[BatchProgress] = []
    assert world.batch(jobs(20), in_flight=4, on_progress=seen.append).is_complete
    problems = [progress.problem for progress in seen]
    assert any(isinstance(problem, ConnectionFailedError) for problem in problems) and problems[-1] is None


def test_an_error_without_a_response_is_no_sign_of_a_connection() -> None:
    breaker, unreachable = CircuitBreaker(), ConnectionFailedError("connection refused")
    breaker.sent(InvalidArgumentError("a.png can't be read"))
    assert breaker.is_unreachable(unreachable) and breaker.is_fatal(unreachable, is_new=True)
    assert not breaker.is_unreachable(JournalError("another process writes"))  # it is tried again
    breaker.sent(RateLimitError("slow down", status=429))
    assert not breaker.is_fatal(unreachable, is_new=True)


def test_fine_tuned_models_have_no_price(world: World) -> None:
    tuned = [job | {"model": f"{MODELS[1]}-ft-202511111122-0001"} for job in jobs(2)]
    with pytest.raises(BudgetExceededError, match="2 jobs have no documented price"):
        world.batch(tuned, max_price="100")
    assert world.batch(tuned).saved == 2


@pytest.mark.parametrize("option", ["via", "timeout", "max_price", "on_status"])
def test_options_of_the_batch_are_not_options_of_a_job(world: World, option: str) -> None:
    with pytest.raises(InvalidBatchError, match=f"a job takes no {option}"):
        world.batch([jobs(1)[0] | {option: "1"}])


@pytest.mark.parametrize("names", ["", "same", "{}", "{label", "{label.__class__}", "{number:>99999999}", 7])
def test_names_are_made_from_label_and_number_alone(world: World, names: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="names is"):
        world.batch(jobs(1), names=names)


def test_jobs_as_objects_are_checked_alike(world: World) -> None:
    with pytest.raises(InvalidBatchError, match="job 1: label is") as caught:
        world.batch([BatchJob(9, MODELS[0], "x", [PHOTO], "a\nb"), BatchJob(9, MODELS[0], "x", "text")])
    assert [problem.number for problem in caught.value.problems] == [1, 2]
    assert world.batch([BatchJob(9, MODELS[0], "x", [PHOTO], parameters={"n": 1})]).saved == 1
    assert world.files == ["job-1-1.png"]
