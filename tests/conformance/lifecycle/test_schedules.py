"""Fault schedules: their enumeration, a sample of them, the simulated clock, the run and its report.

`make lifecycle` runs all schedules.
"""

import asyncio
from itertools import combinations
from random import Random

import pytest
from typer.testing import CliRunner
from wan_conformance.cli.commands import app
from wan_conformance.lifecycle.recorded_call import RecordedCall
from wan_conformance.lifecycle.schedules.known import apply_known
from wan_conformance.lifecycle.schedules.report import report
from wan_conformance.lifecycle.schedules.run import replay, run
from wan_conformance.lifecycle.schedules.scenario_runner import ScenarioRunner
from wan_conformance.lifecycle.schedules.schedules import (
    CONDITIONS,
    MAIN_FAULTS,
    OUR_CLIENTS,
    STEPS,
    Schedule,
    conditions_of,
    equivalent_schedule,
    fault_names,
    parse_schedule,
    schedules,
)
from wan_conformance.lifecycle.schedules.transcript import transcript
from wan_conformance.lifecycle.simulation.clock import SimulatedClock, SimulatedEventLoop

from tests.conformance.lifecycle.fault_points import RESENDABLE_ERROR
from wanlib.client.http.messages import TransportError
from wanlib.scale.workers import Workers


def test_schedules_are_enumerated_completely() -> None:
    late = [schedule for schedule in schedules(3, ["late"]) if schedule.client == "sync"]
    exchanges = [schedule for schedule in late if not {step for step, _ in schedule.faults} & {*CONDITIONS}]
    main = [schedule for schedule in exchanges if {fault for _, fault in schedule.faults} <= {*MAIN_FAULTS}]
    assert len(main) == 1 + 6 * 10 + 15 * 100 + 20 * 1000
    steps = (*STEPS["late"], *conditions_of("late", "sync"))
    sizes = [len(fault_names("late", step)) for step in steps]
    pairs = sum(one * other for one, other in combinations(sizes, 2))
    assert len(late) == len({*late}) == 1 + sum(sizes) + pairs + 20 * 1000
    assert "again" not in fault_names("late", "create")  # two tasks for one call, by no fault of the client
    assert {len(schedule.faults) for schedule in schedules(3, ["stale"])} == {0, 1}
    assert len({schedule.scenario for schedule in schedules(0)}) == len(STEPS)


@pytest.mark.parametrize("client", OUR_CLIENTS)
@pytest.mark.parametrize("scenario", STEPS)
def test_without_a_fault_every_scenario_keeps_all_invariants(
    runner: ScenarioRunner, scenario: str, client: str
) -> None:
    result = runner.run(Schedule(scenario, client))
    assert not result.violations, transcript(result)


def test_a_sample_of_all_schedules_keeps_all_invariants() -> None:
    results = run(Random(1).sample(list(schedules(3)), 120))
    assert results.fault_counts.total() == 120
    assert not results.violations, replay(str(next(iter(results.violations))))[0]


def test_a_fault_in_a_step_that_is_not_reached_changes_nothing(runner: ScenarioRunner) -> None:
    pairs = [schedule for schedule in schedules(2, ["late"]) if len(schedule.faults) == 2]
    count = 0
    for pair in Random(2).sample(pairs, 90):
        for left_out in pair.faults:
            faults = tuple(fault for fault in pair.faults if fault != left_out)
            shorter = runner.run(pair._replace(faults=faults))
            if left_out[0] not in shorter.steps:
                longer, count = runner.run(pair), count + 1
                assert longer[1:4] == shorter[1:4]
    assert count > 10


def test_equivalent_schedules_have_equal_calls(runner: ScenarioRunner) -> None:
    pairs = [
        schedule
        for schedule in schedules(2, ["late", "edit"])
        if len(schedule.faults) == 2 and equivalent_schedule(schedule) != schedule
    ]
    assert equivalent_schedule(equivalent_schedule(pairs[0])) == equivalent_schedule(pairs[0])
    for pair in Random(4).sample(pairs, 25):
        one, other = runner.run(pair), runner.run(equivalent_schedule(pair))
        assert [*map(without_messages, one.calls)] == [*map(without_messages, other.calls)]
        assert [exchange[:4] for exchange in one.exchanges] == [exchange[:4] for exchange in other.exchanges]


def without_messages(call: RecordedCall) -> RecordedCall:
    """A call without its message, which has the ids of requests, and without its exchanges."""
    return call._replace(outcome=call.outcome._replace(message=""), exchanges=())


def test_equivalent_schedules_are_run_once() -> None:
    one, other = ("create", "unpaid"), ("poll1", "lost")
    subset = [Schedule("edit", "sync", faults) for faults in ((), (one,), (other,), (one, other))]
    results = run(subset)
    assert results.fault_counts == {0: 1, 1: 2, 2: 1}
    assert results.run_counts == {"sync": 3}
    unread, before = (("poll1", fault) for fault in ("unread", "before"))
    assert run([Schedule("edit", "sync", (unread,))]).run_counts == {"sync": 1}
    both = [Schedule("edit", "sync", (fault,)) for fault in (unread, before)]
    assert run(both).run_counts == {"sync": 1}


def test_a_run_in_two_processes_has_the_results_of_one() -> None:
    subset = list(schedules(1, ["cancel"]))
    alone, together = (run(subset, Workers(count)) for count in (1, 2))
    assert (alone.run_counts, alone.outcomes) == (together.run_counts, together.outcomes)


@pytest.mark.parametrize("fault", fault_names("late", "poll2"))
def test_every_fault_is_injected_in_its_step(runner: ScenarioRunner, fault: str) -> None:
    result = runner.run(Schedule("late", "async", (("poll2", fault),)))
    faulty = [exchange for exchange in result.exchanges if exchange.fault]
    assert [(exchange.call, exchange.number, exchange.fault_name) for exchange in faulty] == [
        ("query", 2, fault)
    ]


def test_an_id_is_parsed_and_a_wrong_one_explained() -> None:
    schedule = Schedule("late", "sync", (("create", "lost"), ("poll2", "page")))
    assert str(schedule) == "late/sync/create=lost/poll2=page"
    assert parse_schedule(str(schedule)) == schedule
    for name, message in {
        "": "scenario is ''",
        "late/both": "client is 'both'",
        "late/sync/upload=lost": "step is 'upload'",
        "late/sync/create=fire": "fault is 'fire'",
        "late/sync/create=lost/create=lost": "step is 'create'",
        "late/sync/create=again": "fault is 'again'",
    }.items():
        with pytest.raises(ValueError, match=message):
            parse_schedule(name)


def test_a_replay_has_the_same_transcript() -> None:
    name = "late/async/create=before/poll2=inside/download=halved"
    first, again = replay(name), replay(name)
    assert first == again
    assert first[1]
    assert "create 1: the connection is cut   <- fault: before" in first[0]


def test_time_passes_on_a_loop_only_while_a_task_sleeps() -> None:
    loop = SimulatedEventLoop()
    loop.clock = clock = SimulatedClock()

    async def sleep() -> list[float]:
        await asyncio.gather(clock.sleep_async(86_400), asyncio.to_thread(int))
        async with asyncio.timeout(5):
            await asyncio.sleep(1)
        return [clock.now(), loop.time()]

    assert loop.run_until_complete(sleep()) == [86_401, 86_401]
    loop.close()


def printed_report(*schedules: Schedule) -> str:
    """The report of a run."""
    lines: list[str] = []
    results = run(schedules)
    report(results, apply_known(results, []), lines.append)
    return "\n".join(lines)


def test_a_violation_is_reported_with_its_transcript_and_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    RESENDABLE_ERROR.inject(monkeypatch, TransportError)
    text = printed_report(Schedule("edit", "sync", (("create", "before"),)))
    assert "replay it: wan-conformance replay edit/sync/create=before" in text
    assert text.endswith("1 schedules violate an invariant")


def test_a_report_has_the_figures_of_the_run() -> None:
    late = Schedule("edit", "async", (("download", "late"),))
    text = printed_report(
        *(Schedule("edit", client) for client in OUR_CLIENTS), late._replace(faults=(("create", "lost"),))
    )
    assert "number of violations" in text
    assert "\n3 schedules: 2 with 0, 1 with 1 faults\n" in text
    assert text.endswith(" invariants hold")


def test_the_replay_command(monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(app, ["replay", "cancel/sync/cancel=lost"])
    assert result.exit_code == 0
    assert result.output.startswith("schedule cancel/sync/cancel=lost\n")
    assert CliRunner().invoke(app, ["replay", "cancel/sync/fire=lost"]).exit_code == 2
    RESENDABLE_ERROR.inject(monkeypatch, TransportError)
    assert CliRunner().invoke(app, ["replay", "edit/sync/create=before"]).exit_code == 1
