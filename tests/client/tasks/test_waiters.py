"""Waits of one async client side by side: they share a follower, and do not disturb each other."""

import asyncio
from typing import Any

import pytest

from tests.client.client_fixture import World
from tests.client.response_samples import choices, reply, task
from tests.client.service import CREATED, DONE, PHOTO, PRO, RUNNING, Seen
from tests.support.api_facts import price_of
from wanlib.errors import InvalidArgumentError, TaskFailedError


def path_ends(*ends: tuple[str, Any]) -> Any:
    """Answers by task id; RUNNING for any other."""
    table = dict(ends)
    return lambda request: table.get(request.url.path.rpartition("/")[2], RUNNING)


def after(world: World, seconds: float, then: Any) -> Any:
    """RUNNING until so long after the start of the test, then this."""
    return lambda request: then if world.time.at >= 1000 + seconds else RUNNING


def test_a_cancelled_wait_disturbs_no_other(async_world: World) -> None:
    world = async_world
    wan = world.wan
    world.service.on("query", after(world, 60, reply(choices(task_status="SUCCEEDED"))))

    async def scenario() -> list[Any]:
        waits = [asyncio.ensure_future(wan.task(each).wait()) for each in ("a", "b", "c")]
        await world.time.sleep_async(20)
        waits[1].cancel()
        return await asyncio.gather(*waits, return_exceptions=True)

    first, second, third = world.do(scenario())
    assert isinstance(second, asyncio.CancelledError)
    assert not isinstance(first, Exception) and not isinstance(third, Exception)
    late = [each for each in world.service.of("query") if each.url.endswith("/b") and each.at > 1020]
    assert late == []  # no poll is spent on it any more


def test_two_waits_for_one_task_both_end(async_world: World) -> None:
    world = async_world
    world.service.on("query", RUNNING, RUNNING, reply(task("FAILED")))
    outcomes = world.side_by_side(*[lambda: world.wan.task("a").wait()] * 2)
    assert [type(each) for each in outcomes] == [TaskFailedError] * 2


def test_one_deadline_ends_one_wait(async_world: World) -> None:
    world = async_world
    wan = world.wan
    world.service.on("query", after(world, 60, reply(choices(task_status="SUCCEEDED"))))
    short, long = world.side_by_side(
        lambda: wan.task("a").wait(timeout=5), lambda: wan.task("b").wait(timeout=500)
    )
    assert type(short).__name__ == "DeadlineExceededError" and long.images is not None


def test_an_error_in_one_poll_ends_only_that_wait(async_world: World) -> None:
    """A bug, not an answer: it reaches the one whom it concerns."""
    world = async_world
    wan = world.wan

    def broken(request: Any) -> Any:
        if request.url.path.endswith("/a"):
            raise RuntimeError("a transport of the caller's")
        return reply(choices(task_status="SUCCEEDED"))

    world.service.on("query", broken)
    first, second = world.side_by_side(lambda: wan.task("a").wait(), lambda: wan.task("b").wait())
    assert isinstance(first, RuntimeError) and second.task_id == "b"


def test_an_error_in_the_poller_reaches_every_wait(
    async_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wanlib.client.tasks.poller import TaskPoller

    world = async_world
    wan = world.wan
    world.service.on("query", RUNNING)

    def broken(self: Any, *_: Any) -> Any:
        raise RuntimeError("a bug in following")
        yield

    waits = [lambda: wan.task("a").wait(), lambda: wan.task("b").wait()]
    with monkeypatch.context() as patch:
        patch.setattr(TaskPoller, "_poll_round", broken)
        outcomes = world.side_by_side(*waits)
    assert [str(each) for each in outcomes] == ["a bug in following"] * 2
    world.service.on("query", reply(choices(task_status="SUCCEEDED")))
    assert all(each.images == () for each in world.side_by_side(*waits))  # and the client still works


@pytest.mark.parametrize("when", [0.5, 20.0], ids=["while it waits for the first look", "later"])
def test_closing_the_client_ends_its_waits(async_world: World, when: float) -> None:
    world = async_world
    wan = world.client()
    world.service.on("query", RUNNING)

    async def scenario() -> list[Any]:
        waits = [asyncio.ensure_future(wan.task(each).wait()) for each in ("a", "b")]
        await world.time.sleep_async(when)
        await wan.close()
        return await asyncio.wait_for(asyncio.gather(*waits, return_exceptions=True), 5)

    assert [type(each) for each in world.do(scenario())] == [asyncio.CancelledError] * 2


def test_closing_it_during_a_poll(async_world: World) -> None:
    world = async_world
    wan = world.client()

    async def stuck(request: Any) -> Any:
        await asyncio.Event().wait()

    world.service.on("query", stuck)

    async def scenario() -> list[Any]:
        waits = [asyncio.ensure_future(wan.task(each).wait(timeout=1e6)) for each in ("a", "b")]
        await world.time.sleep_async(10)
        await wan.close()
        return await asyncio.wait_for(asyncio.gather(*waits, return_exceptions=True), 5)

    assert [type(each) for each in world.do(scenario())] == [asyncio.CancelledError] * 2


def test_a_cancelled_call_keeps_its_reservation(async_world: World) -> None:
    """Cancelled during its POST: it may be billed, so the budget keeps the reservation."""
    world = async_world
    wan = world.client(budget=price_of(PRO))

    async def stuck(request: Any) -> Any:
        await asyncio.Event().wait()

    world.service.on("create", stuck)

    async def scenario() -> tuple[Any, Any]:
        call = asyncio.ensure_future(wan.edit(PRO, "Make it dusk", images=[PHOTO], n=1))
        await world.time.sleep_async(1)
        call.cancel()
        outcome = await asyncio.gather(call, return_exceptions=True)
        world.service.on("create", CREATED)
        again = wan.edit(PRO, "Make it dusk", images=[PHOTO], n=1)
        return outcome[0], (await asyncio.gather(again, return_exceptions=True))[0]

    outcome, second = world.do(scenario())
    assert isinstance(outcome, asyncio.CancelledError)
    assert type(second).__name__ == "BudgetExceededError"


def test_calls_side_by_side_keep_their_own_results(async_world: World) -> None:
    world = async_world
    wan, numbers = world.wan, iter(range(9))

    def create(request: Any) -> Any:
        return reply({"request_id": "r", "output": {"task_id": f"t{next(numbers)}"}})

    def query(request: Any) -> Any:
        return DONE._replace(body=DONE.body.replace(b"one", request.url.path[-2:].encode()))

    world.service.on("create", create)
    world.service.on("query", query)
    world.service.on("list", reply({"data": [], "total": 0}))  # nine are due at once
    results = world.side_by_side(
        *[lambda: wan.edit(PRO, "Make it dusk", images=[PHOTO], n=1)] * 9,
    )
    assert [f"/{each.task_id}.png" in each.images[0].url for each in results] == [True] * 9


def test_a_list_of_no_tasks_is_done(async_world: World) -> None:
    assert async_world.do(async_world.wan.wait([])) == []
    with pytest.raises(InvalidArgumentError):
        async_world.do(async_world.wan.wait(["a/b"]))
    seen: list[Seen] = async_world.service.seen
    assert seen == []


def test_a_new_wait_need_not_sit_out_the_gaps_of_others(async_world: World) -> None:
    world = async_world
    wan = world.wan
    world.service.on("query", path_ends(("b", reply(choices(task_status="SUCCEEDED")))))

    async def late() -> float:
        await world.time.sleep_async(20)  # in the midst of a gap of the other
        await wan.task("b").wait()
        return world.time.at

    assert world.side_by_side(lambda: wan.task("a").wait(timeout=60), late)[1] == 1020
