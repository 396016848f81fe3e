"""Thousands of waits share the rate of the account, and none of them starves. All time is simulated."""

import tracemalloc
from collections import Counter
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.client import bare
from tests.client.client_fixture import World
from tests.client.response_samples import choices, refusal, reply, task
from tests.client.service import Seen
from tests.support.api_facts import SPEC
from wanlib import errors

MANY = 10_000
LIFE = 40.0  # seconds that each task runs
QUERIES, LISTS = (SPEC.wire["account_rates"][call] for call in ("query", "list"))


class Factory:
    """Tasks that run for a while, and the list of them."""

    def __init__(self, world: World, count: int, life: float = LIFE) -> None:
        self._world = world
        self._end = world.time.at + life
        self.ids = [f"task-{index:05}" for index in range(count)]
        world.service.on("query", self.query)
        world.service.on("list", self.list)

    def status(self) -> str:
        return "SUCCEEDED" if self._world.time.at >= self._end else "RUNNING"

    def query(self, request: Any) -> Any:
        body = choices(task_status=self.status(), task_id=request.url.path.rpartition("/")[2])
        return reply(body if self.status() == "SUCCEEDED" else task("RUNNING"))

    def list(self, request: Any) -> Any:
        filters = parse_qs(request.url.query.decode())
        page, size = int(filters["page_no"][0]), int(filters["page_size"][0])
        shown = self.ids[(page - 1) * size : page * size]
        data = [{"task_id": each, "status": self.status()} for each in shown]
        pages = -(-len(self.ids) // size)
        return reply({"data": data, "page_no": page, "total_page": pages, "total": len(self.ids)})


def quick(world: World) -> Any:
    """A client without httpx, whose exchanges cost microseconds."""
    return world.client(http_client=world.http(bare))


def busiest(seen: list[Seen], call: str) -> int:
    """The most requests of a call in any second."""
    times = sorted(each.at for each in seen if each.call == call)
    most = first = 0
    for last, at in enumerate(times):
        while times[first] <= at - 1 + 1e-6:
            first += 1
        most = max(most, last - first + 1)
    return most


def polls(world: World) -> Counter[str]:
    return Counter(urlsplit(each.url).path.rpartition("/")[2] for each in world.service.of("query"))


def test_ten_thousand_waits_stay_within_the_rate_of_queries(world: World) -> None:
    count = MANY if world.kind == "sync" else MANY // 4  # both share every line but the waiting
    factory = Factory(world, count)
    outcomes = world.do(quick(world).wait(factory.ids, timeout=3600))
    assert len(outcomes) == count and not any(isinstance(each, Exception) for each in outcomes)
    assert busiest(world.service.seen, "query") <= QUERIES
    assert busiest(world.service.seen, "list") <= LISTS
    # One query for each task that has ended; while they ran, each page of the list had a hundred of them.
    assert set(polls(world).values()) == {1}
    assert world.service.count("list") < LIFE * LISTS
    assert world.time.at - 1000 < LIFE + count / QUERIES * 1.1 + 10


def test_without_the_list_they_share_the_queries_fairly(world: World) -> None:
    factory = Factory(world, 400)
    world.service.on("list", reply({"data": [], "page_no": 1, "total_page": 0, "total": 0}))
    world.do(quick(world).wait(factory.ids, timeout=3600))
    counts = polls(world)
    assert len(counts) == 400 and max(counts.values()) - min(counts.values()) <= 2
    assert busiest(world.service.seen, "query") <= QUERIES
    assert world.time.at - 1000 < LIFE + 3 * 400 / QUERIES


@pytest.mark.parametrize(
    "answer",
    [
        refusal("InvalidParameter", "page_size is too large", 400),
        refusal("AccessDenied", "no list for this key", 403),
        refusal("Throttling", "no", 429),
        reply(b"<html>"),
        reply({"data": [{"task_id": f"task-{index:05}"} for index in range(20)], "total_page": 1}),
        reply({"data": [{"task_id": f"task-{index:05}", "status": ""} for index in range(20)]}),
    ],
    ids=["invalid", "denied", "busy", "HTML", "no status", "an empty status"],
)
def test_a_list_that_is_of_no_use_costs_no_wait(world: World, answer: Any) -> None:
    factory = Factory(world, 20, life=25)
    world.service.on("list", answer)
    outcomes = world.do(world.wan.wait(factory.ids, timeout=100))
    assert not any(isinstance(each, Exception) for each in outcomes)


def test_many_deadlines_are_kept(world: World) -> None:
    factory = Factory(world, 500, life=1e6)
    outcomes = world.do(world.wan.wait(factory.ids, timeout=120))
    assert {type(each) for each in outcomes} == {errors.DeadlineExceededError}
    assert [each.task_id for each in outcomes] == factory.ids
    assert world.time.at - 1000 <= 130


def test_a_late_task_is_polled_among_thousands(async_world: World) -> None:
    """A task that is waited for while thousands are polled alone gets its turns."""
    world = async_world
    factory = Factory(world, 300, life=120)
    world.service.on("list", reply({"data": [], "total": 0}))
    wan, ended = quick(world), []

    def late(request: Any) -> Any:
        if request.url.path.endswith("/late"):
            return reply(choices(task_id="late", task_status="SUCCEEDED"))
        return factory.query(request)

    async def one() -> None:
        await world.time.sleep_async(50)
        await wan.task("late").wait(timeout=3600)
        ended.append(world.time.at)

    world.service.on("query", late)
    world.side_by_side(lambda: wan.wait(factory.ids, timeout=3600), one)
    assert ended[0] - 1050 < 2 * 300 / 20


def test_a_waiting_task_is_small(async_world: World) -> None:
    """Memory per waiting task: under 10 kB."""
    world, count = async_world, 500
    factory = Factory(world, count, life=1e6)
    wan, sizes = quick(world), []

    async def weigh() -> None:
        await world.time.sleep_async(5)
        sizes.append(tracemalloc.get_traced_memory()[0])

    async def wait() -> None:
        await wan.wait(factory.ids, timeout=20)

    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    world.side_by_side(wait, weigh)
    tracemalloc.stop()
    assert (sizes[0] - before) / count < 10_000
