"""The life of tasks: the schedules, a sample of them, the clock, the run and its report.

All schedules are played by `make lifecycle`.
"""

import asyncio
from collections.abc import Iterator
from random import Random

import pytest
from typer.testing import CliRunner
from wan_conformance.cli.commands import app
from wan_conformance.lifecycle.schedules.known import apply_known
from wan_conformance.lifecycle.schedules.report import report
from wan_conformance.lifecycle.schedules.run import replay, run
from wan_conformance.lifecycle.schedules.scenario_runner import ScenarioRunner, scenario_runner
from wan_conformance.lifecycle.schedules.schedules import (
    FAULTS,
    OURS,
    STEPS,
    TEN,
    Schedule,
    equivalent_schedule,
    read_schedule,
    schedules,
)
from wan_conformance.lifecycle.schedules.transcript import trace
from wan_conformance.lifecycle.simulation.clock import SimulatedClock, SimulatedEventLoop

from wanlib.client.http.messages import TransportError
from wanlib.client.tasks import submit as create


@pytest.fixture(scope="module")
def stage() -> Iterator[ScenarioRunner]:
    with scenario_runner() as made:
        yield made


def test_the_schedules_are_counted_as_they_should_be() -> None:
    late = [each for each in schedules(3, ["late"]) if each.client == "sync"]
    ten = [each for each in late if {fault for _, fault in each.faults} <= set(TEN)]
    assert len(ten) == 1 + 6 * 10 + 15 * 100 + 20 * 1000
    again = 1 + 5 * 15  # no create that is carried out twice: alone, and with each fault of another step
    assert len(late) == len(set(late)) == 1 + 6 * 15 + 15 * 15**2 + 20 * 10**3 - again
    assert {len(each.faults) for each in schedules(3, ["stale"])} == {0, 1}
    assert len({each.story for each in schedules(0)}) == len(STEPS)


@pytest.mark.parametrize("client", OURS)
@pytest.mark.parametrize("story", STEPS)
def test_without_a_fault_every_story_keeps_every_promise(
    stage: ScenarioRunner, story: str, client: str
) -> None:
    played = stage.play(Schedule(story, client))
    assert not played.broken, trace(played)


def test_a_sample_of_all_schedules_keeps_every_promise() -> None:
    every = list(schedules(3))
    tally = run(Random(1).sample(every, 120), workers=1)
    assert tally.faults.total() == 120
    assert not tally.broken, replay(str(next(iter(tally.broken))))[0]


def test_a_schedule_that_needs_no_playing_is_the_same_as_its_shorter_one(stage: ScenarioRunner) -> None:
    pairs = [each for each in schedules(2, ["late"]) if len(each.faults) == 2]
    found = 0
    for pair in Random(2).sample(pairs, 60):
        for left_out in pair.faults:
            faults = tuple(each for each in pair.faults if each != left_out)
            shorter = stage.play(pair._replace(faults=faults))
            if left_out[0] not in shorter.steps:
                longer, found = stage.play(pair), found + 1
                assert (longer.done, longer.exchanges, longer.broken) == shorter[1:]
    assert found > 10


def test_nobody_can_tell_a_schedule_from_its_twin(stage: ScenarioRunner) -> None:
    pairs = [
        each
        for each in schedules(2, ["late", "edit"])
        if len(each.faults) == 2 and equivalent_schedule(each) != each
    ]
    assert equivalent_schedule(equivalent_schedule(pairs[0])) == equivalent_schedule(pairs[0])
    for pair in Random(4).sample(pairs, 25):
        one, other = stage.play(pair), stage.play(equivalent_schedule(pair))
        for each, same in zip(one.done, other.done, strict=True):  # but for the ids of requests
            assert each._replace(said=each.said._replace(words="")) == same._replace(
                said=same.said._replace(words="")
            )
        assert [each[:4] for each in one.exchanges] == [each[:4] for each in other.exchanges]


def test_a_schedule_is_not_played_where_a_fault_of_it_meets_nothing() -> None:
    one, other = ("create", "unpaid"), ("poll1", "lost")
    some = [Schedule("edit", "sync", faults) for faults in ((), (one,), (other,), (one, other))]
    tally = run(some, workers=1)
    assert tally.faults == {0: 1, 1: 2, 2: 1}
    assert tally.played == {"sync": 3}
    unread, before = (("poll1", fault) for fault in ("unread", "before"))
    assert run([Schedule("edit", "sync", (unread,))], workers=1).played == {"sync": 1}
    assert run([Schedule("edit", "sync", (each,)) for each in (unread, before)], workers=1).played == {
        "sync": 1
    }


def test_all_processes_of_a_run_tell_what_one_would() -> None:
    some = list(schedules(1, ["cancel"]))
    alone, together = (run(some, workers=workers) for workers in (1, 2))
    assert (alone.played, alone.outcomes) == (together.played, together.outcomes)


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_meets_its_step(stage: ScenarioRunner, fault: str) -> None:
    played = stage.play(Schedule("late", "async", (("poll2", fault),)))
    met = [each for each in played.exchanges if each.fault]
    assert [(each.call, each.number, each.fault) for each in met] == [("query", 2, fault)]


def test_an_id_is_read_back_and_a_wrong_one_explained() -> None:
    schedule = Schedule("late", "sync", (("create", "lost"), ("poll2", "page")))
    assert str(schedule) == "late/sync/create=lost/poll2=page"
    assert read_schedule(str(schedule)) == schedule
    for name, met in {
        "": "story is ''",
        "late/both": "client is 'both'",
        "late/sync/upload=lost": "step is 'upload'",
        "late/sync/create=fire": "fault is 'fire'",
        "late/sync/create=lost/create=lost": "step is 'create'",
        "late/sync/create=again": "fault is 'again'",
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
    loop = SimulatedEventLoop()
    loop.story_time = time = SimulatedClock()

    async def story() -> list[float]:
        await asyncio.gather(time.sleep_async(86_400), asyncio.to_thread(int))
        async with asyncio.timeout(5):
            await asyncio.sleep(1)
        return [time.now(), loop.time()]

    assert loop.run_until_complete(story()) == [86_401, 86_401]
    loop.close()


def told(*schedules: Schedule) -> str:
    """The report of a run."""
    lines: list[str] = []
    tally = run(schedules, workers=1)
    report(tally, apply_known(tally, []), lines.append)
    return "\n".join(lines)


def test_a_broken_promise_is_reported_with_its_story_and_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(create, "Unsent", TransportError)
    report = told(Schedule("edit", "sync", (("create", "before"),)))
    assert "again: wan-conformance replay edit/sync/create=before" in report
    assert report.endswith("1 schedules broke a promise")


def test_a_run_is_told_in_figures() -> None:
    late = Schedule("edit", "async", (("download", "late"),))
    report = told(*(Schedule("edit", client) for client in OURS), late._replace(faults=(("create", "lost"),)))
    assert "how many broke a promise" in report
    assert "\n3 schedules: 2 with 0, 1 with 1 faults\n" in report
    assert report.endswith(" promises held")


def test_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    told = CliRunner().invoke(app, ["replay", "cancel/sync/cancel=lost"])
    assert told.exit_code == 0
    assert told.output.startswith("schedule cancel/sync/cancel=lost\n")
    assert CliRunner().invoke(app, ["replay", "cancel/sync/fire=lost"]).exit_code == 2
    monkeypatch.setattr(create, "Unsent", TransportError)
    assert CliRunner().invoke(app, ["replay", "edit/sync/create=before"]).exit_code == 1
