"""The life of tasks: a sample of the schedules, the clock, and a client broken in the ways that matter.

All schedules are played by `make lifecycle`.
"""

import asyncio
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from typer.testing import CliRunner

from conformance.commands import app
from conformance.lifecycle.clock import Loop, Time
from conformance.lifecycle.play import Theatre, theatre
from conformance.lifecycle.run import Tally, replay, report, run
from conformance.lifecycle.schedule import FACES, FAULTS, STEPS, TEN, Schedule, read_schedule, schedules
from conformance.lifecycle.trace import trace
from wanlib.errors import TaskFailed
from wanlib.runtime import create, download, follow
from wanlib.runtime.exchange import Trouble
from wanlib.runtime.follow import Follower
from wanlib.runtime.journal import Journal


@pytest.fixture(scope="module")
def stage() -> Iterator[Theatre]:
    with theatre() as made:
        yield made


def broken(stage: Theatre, name: str) -> str:
    """What a schedule breaks, with its story."""
    played = stage.play(read_schedule(name))
    assert played.broken, trace(played)
    return trace(played)


def test_the_schedules_are_counted_as_they_should_be() -> None:
    late = [each for each in schedules(3, ["late"]) if each.face == "sync"]
    ten = [each for each in late if {fault for _, fault in each.faults} <= set(TEN)]
    assert len(ten) == 1 + 6 * 10 + 15 * 100 + 20 * 1000
    assert len(late) == len(set(late)) == 1 + 6 * 13 + 15 * 13**2 + 20 * 10**3
    assert len({each.story for each in schedules(0)}) == len(STEPS)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("story", STEPS)
def test_without_a_fault_every_story_keeps_every_promise(stage: Theatre, story: str, face: str) -> None:
    played = stage.play(Schedule(story, face))
    assert not played.broken, trace(played)


def test_a_sample_of_all_schedules_keeps_every_promise() -> None:
    every = list(schedules(3))
    tally = run(Random(1).sample(every, 120), workers=1)
    assert tally.played == 120
    assert not tally.broken, replay(next(iter(tally.broken)))[0]


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_meets_its_step(stage: Theatre, fault: str) -> None:
    played = stage.play(Schedule("late", "async", (("poll2", fault),)))
    met = [each for each in played.exchanges if each.fault]
    assert [(each.call, each.number, each.fault) for each in met] == [("query", 2, fault)]


def test_an_id_is_read_back_and_a_wrong_one_explained() -> None:
    schedule = Schedule("late", "sync", (("create", "lost"), ("poll2", "page")))
    assert str(schedule) == "late/sync/create=lost/poll2=page"
    assert read_schedule(str(schedule)) == schedule
    for name, met in {
        "": "story is ''",
        "late/both": "face is 'both'",
        "late/sync/upload=lost": "step is 'upload'",
        "late/sync/create=fire": "fault is 'fire'",
        "late/sync/create=lost/create=lost": "step is 'create'",
    }.items():
        with pytest.raises(ValueError, match=met):
            read_schedule(name)


def test_a_story_is_played_again_to_the_byte() -> None:
    name = "late/async/create=before/poll2=inside/download=halved"
    first, again = replay(name), replay(name)
    assert first == again
    assert first[1]
    assert "create 1: the connection is cut   <- fault: before" in first[0]


def test_time_passes_on_a_loop_only_where_somebody_waits() -> None:
    loop = Loop()
    loop.story_time = time = Time()

    async def story() -> list[float]:
        await asyncio.gather(time.sleep_async(86_400), asyncio.to_thread(int))
        async with asyncio.timeout(5):
            await asyncio.sleep(1)
        return [time.now(), loop.time()]

    assert loop.run_until_complete(story()) == [86_401, 86_401]
    loop.close()


@pytest.mark.parametrize("face", FACES)
def test_a_client_that_sends_again_after_a_cut_pays_twice(
    stage: Theatre, face: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(create, "Unsent", Trouble)
    story = broken(stage, f"edit/{face}/create=before")
    assert "create 1: the connection is cut   <- fault: before" in story
    assert "create 2: HTTP 200" in story
    assert "BROKEN paid twice: the service accepted 2 tasks for one intent" in story


@pytest.mark.parametrize("face", FACES)
def test_a_client_that_writes_no_journal_loses_its_tasks(
    stage: Theatre, face: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Journal, "accepted", lambda *_: None)
    story = broken(stage, f"edit/{face}")
    assert "was asked for before it stood in the journal" in story
    assert "BROKEN lost: the service accepted task" in story


@pytest.mark.parametrize("face", FACES)
def test_a_client_that_ignores_unknown_waits_for_nothing(
    stage: Theatre, face: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Follower._judge

    def ignoring(self: Follower, watch: Any, snapshot: Any) -> None:
        if snapshot.status == "UNKNOWN":
            self._again(watch)
        else:
            judge(self, watch, snapshot)

    monkeypatch.setattr(Follower, "_judge", ignoring)
    story = broken(stage, f"expired/{face}")
    assert "BROKEN wrong end: wait came to DeadlineExceeded, due was TaskUnknown" in story


@pytest.mark.parametrize("face", FACES)
def test_a_client_that_waits_without_end_is_cut_off(
    stage: Theatre, face: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Follower.add

    def patient(self: Follower, watch: Any) -> None:
        watch.deadline = float("inf")
        add(self, watch)

    monkeypatch.setattr(follow.Follower, "add", patient)
    story = broken(stage, f"stuck/{face}")
    assert "BROKEN endless: after 300 exchanges there was no end" in story


@pytest.mark.parametrize("face", FACES)
def test_a_client_that_follows_dead_links_is_seen(
    stage: Theatre, face: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_check", lambda _: None)
    story = broken(stage, f"stale/{face}")
    assert "BROKEN dead link: followed 1 s after its death" in story


@pytest.mark.parametrize("verb", ["edit", "late"])
def test_a_client_that_takes_its_task_for_failed_is_contradicted(
    stage: Theatre, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def despairing(_: Follower, watch: Any, snapshot: Any) -> None:
        watch.end(TaskFailed("it must have failed", task_id=snapshot.task_id))

    monkeypatch.setattr(Follower, "_judge", despairing)
    assert "came to TaskFailed, the task was " in broken(stage, f"{verb}/sync")


def test_a_broken_promise_is_reported_with_its_story_and_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(create, "Unsent", Trouble)
    lines: list[str] = []
    report(run([Schedule("edit", "sync", (("create", "before"),))], workers=1), lines.append)
    told = "\n".join(lines)
    assert "again: wan-conformance replay edit/sync/create=before" in told
    assert "1 schedules broke a promise" in told


def test_a_run_is_told_in_figures() -> None:
    tally, lines = Tally(), list[str]()
    for faults in ((), (("create", "lost"),)):
        tally.add(Schedule("edit", "sync", faults), "list", not faults, ())
    report(tally, lines.append)
    assert "2 schedules: 1 with 0, 1 with 1 faults; in 1 every fault met its step" in lines
    assert "  one intent is never paid twice" in lines


def test_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    told = CliRunner().invoke(app, ["replay", "cancel/sync/cancel=lost"])
    assert told.exit_code == 0
    assert told.output.startswith("schedule cancel/sync/cancel=lost\n")
    assert CliRunner().invoke(app, ["replay", "cancel/sync/fire=lost"]).exit_code == 2
    monkeypatch.setattr(create, "Unsent", Trouble)
    assert CliRunner().invoke(app, ["replay", "edit/sync/create=before"]).exit_code == 1
