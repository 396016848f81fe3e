"""Statuses and ends of several tasks as they come, and labels of calls."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.client.client_fixture import World
from tests.client.response_samples import TASK, refusal, reply, task
from tests.client.service import CREATED, DONE, PHOTO, PRO, RUNNING
from wanlib.client.journal.journal import Journal
from wanlib.errors import (
    AuthenticationError,
    DeadlineExceededError,
    InvalidArgumentError,
    InvalidRequestError,
    OutcomeUnknownError,
    TaskFailedError,
)

SLOW, FAILS = TASK[:-4] + "0002", TASK[:-4] + "0003"
FAILED = {"code": "InternalError.Algo", "message": "the algorithm failed"}


def answers(world: World, **at: Any) -> None:
    """Answer the queries of each task: running until a time, then with its end."""

    def answer(request: httpx.Request) -> Any:
        task_id = request.url.path.rpartition("/")[2]
        until, end = {TASK: (5, DONE), SLOW: (60, DONE), FAILS: (20, reply(task("FAILED", **FAILED)))}[
            task_id
        ]
        final = world.time.now() - 1000 >= until
        return end if final else RUNNING

    world.service.on("query", answer)


def test_tasks_come_in_the_order_of_their_ends(world: World) -> None:
    answers(world)
    handle = world.wan.task(SLOW)
    ended = world.all(world.wan.as_completed([handle, FAILS, TASK]))
    assert [each.id for each in ended] == [TASK, FAILS, SLOW]
    assert ended[2] is handle
    asked = len(world.service.seen)
    assert len(world.do(ended[0].wait())) == 1 and len(world.do(handle.wait(timeout=0))) == 1
    for _ in range(2):
        with pytest.raises(TaskFailedError) as caught:
            world.do(ended[1].wait())
        assert caught.value.task_id == FAILS
    assert len(world.service.seen) == asked


def test_each_new_status_is_an_event(world: World) -> None:
    answers(world)
    events = world.all(world.wan.events([TASK, FAILS]))
    assert [(each.task.id, each.status, each.is_end) for each in events] == [
        (TASK, "RUNNING", False),
        (FAILS, "RUNNING", False),
        (TASK, "SUCCEEDED", True),
        (FAILS, "FAILED", True),
    ]
    assert events[2].at >= events[0].at + 3
    assert [each.status for each in world.all(world.wan.task(TASK).events())] == ["SUCCEEDED"]


def test_the_deadline_is_raised_after_the_tasks_that_ended(world: World) -> None:
    answers(world)
    seen = []

    def collect_sync() -> None:
        for each in world.wan.as_completed([SLOW, TASK], timeout=30):
            seen.append(each.id)

    async def collect_async() -> None:
        async for each in world.wan.as_completed([SLOW, TASK], timeout=30):
            seen.append(each.id)

    with pytest.raises(DeadlineExceededError, match="1 of 2 tasks continue") as caught:
        world.do(collect_sync() if world.kind == "sync" else collect_async())
    assert seen == [TASK] and caught.value.task_id == SLOW
    assert len(world.do(world.wan.task(SLOW).wait())) == 1


def test_an_error_that_does_not_end_the_task_is_raised_once(world: World) -> None:
    world.service.on("query", refusal("InvalidApiKey", status=401), DONE)
    (ended,) = world.all(world.wan.as_completed([TASK]))
    with pytest.raises(AuthenticationError):
        world.do(ended.wait())
    assert len(world.do(ended.wait())) == 1


def test_an_iteration_that_is_closed_early_asks_no_more(world: World) -> None:
    answers(world)

    def first_sync() -> str:
        for each in world.wan.as_completed([SLOW, TASK]):
            return str(each.id)
        raise AssertionError

    async def first_async() -> str:
        events = world.wan.as_completed([SLOW, TASK])
        first = await anext(events)
        await events.aclose()
        return str(first.id)

    assert world.do(first_sync() if world.kind == "sync" else first_async()) == TASK
    asked = len(world.service.seen)
    assert len(world.do(world.wan.task(SLOW).wait())) == 1
    assert all(SLOW in seen.url for seen in world.service.seen[asked:])


@pytest.mark.parametrize("tasks", ["one", 3, [4]])
def test_only_handles_and_ids_are_watched(world: World, tasks: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        world.wan.as_completed(tasks)


def test_a_label_goes_with_the_call(world: World, tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    wan = world.client(journal=path)
    world.service.on("create", CREATED)
    world.service.on("query", DONE)
    task = world.do(wan.submit(PRO, "a vase", images=[PHOTO], n=1, label="street 1"))
    assert task.label == "street 1" and wan.unfinished()[0].label == "street 1"
    assert b"street 1" not in world.service.seen[0].body
    with Journal(path) as journal:
        assert [entry.label for entry in journal.entries(world.time.wall(), 100)] == ["street 1"]
    world.do(wan.close())
    (output,) = world.do(world.client(journal=path).resume()).results
    assert output.label == "street 1" and output.to_dict()["label"] == "street 1"
    assert task.request_id == output.submit_request_id == "req-c" != output.request_id


def test_an_error_has_the_label_of_its_call(world: World) -> None:
    for answer, error in (
        (refusal("InvalidApiKey", status=401), AuthenticationError),
        (httpx.ReadError, OutcomeUnknownError),
    ):
        world.service.on("create", answer)
        with pytest.raises(error) as caught:
            world.do(world.wan.edit(PRO, "a vase", images=[PHOTO], n=1, label="a"))
        assert caught.value.label == "a" and caught.value.to_dict()["label"] == "a"
    with pytest.raises(InvalidRequestError) as refused:
        world.do(world.wan.submit(PRO, "a vase", images=[PHOTO], n=99, label="b"))
    assert refused.value.label == "b"


@pytest.mark.parametrize("label", ["", "x" * 201, "two\nlines", 5])
def test_a_label_is_a_short_text(world: World, label: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="1 to 200 printable"):
        world.do(world.wan.submit(PRO, "a vase", images=[PHOTO], n=1, label=label))
    assert world.service.seen == []


def test_a_client_may_poll_at_an_interval_of_its_own(world: World) -> None:
    wan = world.client(poll_interval=0.25)
    answers(world)
    world.service.on("create", CREATED)
    world.do(wan.edit(PRO, "a vase", images=[PHOTO], n=1))
    assert world.service.gaps("query")[0] == 0.25 and 15 < len(world.service.of("query")) < 25


@pytest.mark.parametrize("interval", [0, -1, 0.01, 4000, True, "2", float("nan")])
def test_a_poll_interval_is_a_number_of_seconds(world: World, interval: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"poll_interval is .* seconds, from 0\.1 to 3,600"):
        world.client(poll_interval=interval)
