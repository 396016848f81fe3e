"""Calls that were cut off: what was accepted, or may have been, stays reachable."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.client.client_fixture import World
from tests.client.response_samples import TASK, choices, image, refusal, reply
from tests.client.results.test_streams import PICTURE, streamed
from tests.client.service import CREATED, DONE, MIXED, PRO, RUNNING
from tests.support.api_facts import KEPT_FOR, price_of
from wanlib.client.journal.journal import Journal
from wanlib.client.protocol.live_calls import LiveCalls
from wanlib.errors import OutcomeUnknownError, TaskFailedError

PHOTO = "https://example.com/a.png"
PICTURES = reply(choices({"message": {"content": [image("one")]}}))


def cut(world: World) -> type[BaseException]:
    """Interrupt a call: Ctrl-C in a thread, a cancellation on an event loop."""
    return KeyboardInterrupt if world.kind == "sync" else asyncio.CancelledError


def cutting(world: World) -> Any:
    """An answer of the service, or a function in place of another, that never returns."""

    def raise_it(*_: Any, **__: Any) -> Any:
        raise cut(world)

    return raise_it


def unfinished(wan: Any) -> list[tuple[str, str | None]]:
    return [(call.state, call.task_id) for call in wan.unfinished()]


def test_a_timeout_around_a_call_does_not_lose_its_task(async_world: World) -> None:
    wan = async_world.wan
    async_world.service.on("create", CREATED)
    async_world.service.on("query", RUNNING)

    async def impatient() -> None:
        async with asyncio.timeout(3):
            await wan.generate(PRO, "a vase", n=1)

    with pytest.raises(TimeoutError) as caught:
        async_world.do(impatient())
    notes = getattr(caught.value.__cause__ or caught.value.__context__, "__notes__", [])
    assert notes == [f"task {TASK} was accepted and continues: get it by task({TASK!r})"]
    (call,) = wan.unfinished()
    assert (call.state, call.task_id, call.model, call.verb) == ("running", TASK, PRO, "generate")
    async_world.service.on("query", DONE)
    assert len(async_world.do(wan.task(call.task_id).wait())) == 1
    assert wan.unfinished() == []


def test_a_wait_that_is_interrupted_names_the_task(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", cutting(world))
    with pytest.raises(cut(world)) as caught:
        world.do(world.wan.edit(PRO, "a vase", images=[PHOTO], n=1))
    assert any(TASK in note for note in caught.value.__notes__)
    assert unfinished(world.wan) == [("running", TASK)]


@pytest.mark.parametrize("has_journal", [False, True])
def test_a_call_cut_off_before_its_answer_may_have_been_accepted(
    world: World, tmp_path: Path, has_journal: bool
) -> None:
    wan = world.client(journal=tmp_path / "journal" if has_journal else None, budget=10)
    world.service.on("create", cutting(world))
    with pytest.raises(cut(world)) as caught:
        world.do(wan.edit(PRO, "a vase", images=[PHOTO], n=1))
    assert "may have been accepted" in caught.value.__notes__[0]
    assert unfinished(wan) == [("lost", None)]
    assert wan.spent == price_of(PRO)
    if has_journal:
        with Journal(tmp_path / "journal") as journal:
            (entry,) = journal.entries(world.time.wall(), 9.0)
        assert (entry.state, entry.problem) == ("lost", f"cut off: {cut(world).__name__}")


def test_a_busy_journal_does_not_delay_a_cancellation(world: World, tmp_path: Path) -> None:
    wan = world.client(journal=tmp_path / "journal")
    other = sqlite3.connect(tmp_path / "journal", isolation_level=None, check_same_thread=False)

    def answer(request: Any) -> Any:
        other.execute("BEGIN IMMEDIATE")
        raise cut(world)

    world.service.on("create", answer)
    began = world.time.now()
    with pytest.raises(cut(world)):
        world.do(wan.edit(PRO, "a vase", images=[PHOTO], n=1))
    assert world.time.now() == began
    other.close()
    assert unfinished(wan) == [("lost", None)]


def test_a_call_cut_off_while_it_waits_for_its_turn_was_not_sent(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wan = world.client(journal=tmp_path / "journal")
    world.service.on("create", refusal("Throttling", status=429))
    monkeypatch.setattr(world.time, "sleep", cutting(world))
    monkeypatch.setattr(world.time, "sleep_async", cutting(world))
    with pytest.raises(cut(world)):
        world.do(wan.edit(PRO, "a vase", images=[PHOTO], n=1))
    assert (wan.unfinished(), wan.spent, world.service.count("create")) == ([], 0, 1)
    with Journal(tmp_path / "journal") as journal:
        assert journal.entries(world.time.wall(), 9.0) == []


def test_an_output_that_did_not_reach_its_caller_is_kept(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A synchronous call has no task: its links are in the one answer that came."""
    wan = world.client(journal=tmp_path / "journal")
    world.service.on("create", PICTURES)
    monkeypatch.setattr(Journal, "record_ended", cutting(world))
    with pytest.raises(cut(world)):
        world.do(wan.edit(PRO, "a vase", images=[PHOTO], n=1, via="sync"))
    (call,) = wan.unfinished()
    assert (call.state, call.output[0].url) == ("ended", PICTURES_URL)
    assert hasattr(call.output, "save")


PICTURES_URL = image("one")["image"]


def test_of_several_tasks_none_is_finished_before_all_are_returned(world: World) -> None:
    task_ids = [TASK[:-1] + digit for digit in "123"]
    created = [reply({"request_id": "r", "output": {"task_id": task_id}}) for task_id in task_ids]
    world.service.on("create", *created)
    tasks = [world.do(world.wan.submit(PRO, "a vase", n=1)) for _ in task_ids]
    assert unfinished(world.wan) == [("running", task_id) for task_id in task_ids]

    def answer(request: Any) -> Any:
        task_id = str(request.url).rpartition("/")[2]
        if task_id == task_ids[2]:
            raise cut(world)
        return reply(DONE.body.replace(TASK.encode(), task_id.encode()))

    world.service.on("query", answer)
    with pytest.raises(cut(world)):
        world.do(world.wan.wait(tasks))
    assert [call.task_id for call in world.wan.unfinished()] == task_ids


def test_failed_and_completed_calls_are_finished(world: World) -> None:
    failed = reply({"request_id": "r", "output": {"task_id": TASK, "task_status": "FAILED", "code": "X"}})
    world.service.on("create", CREATED)
    world.service.on("query", failed)
    with pytest.raises(TaskFailedError):
        world.do(world.wan.generate(PRO, "a vase", n=1))
    world.service.on("create", PICTURES)
    world.do(world.wan.generate(PRO, "a vase", n=1, via="sync"))
    assert world.wan.unfinished() == []
    world.service.on("create", streamed(PICTURE))
    with pytest.raises(OutcomeUnknownError):
        world.all(world.do(world.wan.stream(MIXED, "A story", max_images=2)))
    assert unfinished(world.wan) == [("lost", None)]
    world.time.at += KEPT_FOR
    assert world.wan.unfinished() == []


def test_calls_are_forgotten_when_the_service_has_forgotten_them() -> None:
    calls = LiveCalls(60.0)
    for second in range(1000):
        call = calls.begin("edit", "m", "async", float(second))
        calls.accept(call, str(second), None, float(second))
    assert len(calls.unfinished(999.0)) == 60
    assert calls.find_task("939") is None and calls.find_task("940") is not None


def test_a_locked_journal_delays_no_other_wait(async_world: World, tmp_path: Path) -> None:
    """Each call ends by its own deadline, though another process holds the journal all the time."""
    path = tmp_path / "journal"
    wan = async_world.client(journal=path)
    async_world.service.on("create", CREATED)
    async_world.service.on("query", RUNNING)
    ends: dict[float, float] = {}

    async def call(timeout: float) -> None:
        try:
            await wan.task(TASK).wait(timeout=timeout)
        finally:
            ends[timeout] = async_world.time.now() - began

    async def create() -> None:
        try:
            await wan.submit(PRO, "a vase", n=1, timeout=600.0)
        finally:
            ends[600.0] = async_world.time.now() - began

    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    began = async_world.time.now()
    async_world.side_by_side(*[create] * 40, lambda: call(5.0), lambda: call(7.0))
    assert (ends[5.0], ends[7.0]) == pytest.approx((5.0, 7.0), abs=0.1)
    assert 29 <= ends[600.0] <= 31
    other.close()


def test_a_call_cut_off_while_its_intent_is_written_is_not_lost(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was sent, so nothing is searched for. A thread goes on when its coroutine is cancelled."""
    record = Journal.record_intent
    caller: list[Any] = []

    def cut_late(journal: Journal, **intent: Any) -> int:
        key = record(journal, **intent)
        if world.kind == "sync":
            raise KeyboardInterrupt
        world.loop.call_soon_threadsafe(caller[0].cancel)
        return key

    async def call() -> None:
        caller.append(asyncio.current_task())
        await wan.edit(PRO, "a vase", images=[PHOTO], n=1)

    wan = world.client(journal=tmp_path / "journal")
    monkeypatch.setattr(Journal, "record_intent", cut_late)
    with pytest.raises(cut(world)):
        world.do(wan.edit(PRO, "a vase", images=[PHOTO], n=1) if world.kind == "sync" else call())
    assert (wan.unfinished(), world.service.seen) == ([], [])
    if world.kind == "async":
        world.do(world.loop.shutdown_default_executor())  # waits for the thread
        with Journal(tmp_path / "journal") as journal:
            assert journal.entries(world.time.wall(), 9.0) == []
