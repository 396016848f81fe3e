"""Stateful tests: a sample of sessions, and clients and services with injected faults that must be detected.

`make lifecycle` runs more sessions.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from wan_conformance.lifecycle.schedules.schedules import OUR_CLIENTS
from wan_conformance.lifecycle.stateful.environment import Environment, environment, full_transcript, replay
from wan_conformance.lifecycle.stateful.expected_ends import STATEFUL_INVARIANTS
from wan_conformance.lifecycle.stateful.machine import StatefulRun, report, run, run_machine
from wan_conformance.lifecycle.stateful.session import ACTION_FUNCTIONS
from wan_conformance.lifecycle.stateful.steps import ACTIONS, Step, StepScript, parse_script

from tests.conformance.lifecycle.fault_points import (
    ADD_WATCH,
    ATTEMPTS,
    BACKOFF_WAIT,
    CANCEL_TASK,
    DEADLINE_PERMITS,
    DEADLINE_REMAINING,
    GET_TASK,
    GONE_STATUSES,
    HANDLE_STATUS,
    JOB_STATUS,
    LIFECYCLE_FROM_SPEC,
    RECORD_ACCEPTED,
    RECORD_ENDED,
    RESENDABLE_ERROR,
    RETRYABLE_STATUSES,
    SEARCH_LOST,
    SEND_SUBMIT,
)
from wanlib.client.http.messages import TransportError
from wanlib.client.protocol.live_calls import LiveCall
from wanlib.client.tasks import requests as query
from wanlib.client.tasks import submit as create
from wanlib.client.tasks.poller import TaskPoller
from wanlib.emulator import Job
from wanlib.emulator.core.fault import FAULT_KINDS
from wanlib.emulator.jobs.lifecycle import TaskLifecycle, lifecycle_from_spec
from wanlib.errors import InvalidRequestError
from wanlib.scale.workers import Workers

SAMPLE = 20
SEED = 2
FEW, SEEDS = 40, 40
"""Short sessions of a seed, and seeds, within which every injected fault must be detected. Most are detected
by the first seed; where a seed is unlucky, another one finds the fault sooner than more sessions do."""


@pytest.fixture(scope="module")
def shared_environment() -> Iterator[Environment]:
    with environment() as made:
        yield made


@pytest.mark.long
@pytest.mark.parametrize("client", OUR_CLIENTS)
def test_a_sample_of_sessions_keeps_all_invariants(client: str) -> None:
    """The examples of a seed depend on the loaded modules, so further seeds add missing ones."""
    wanted = {
        *(f"fault {kind}" for kind in FAULT_KINDS),
        *(f"step {step}" for step in ACTIONS),
    }
    counts: Counter[str] = Counter()
    for seed in range(7, 20):
        result = run_machine(client, SAMPLE if seed == 7 else SAMPLE // 4, seed)
        assert not result.violating, replay(result.violating[0])[0]
        counts.update(result.counts)
        if wanted <= counts.keys():
            break
    assert counts["sessions"] >= SAMPLE
    assert wanted <= counts.keys(), "some were never drawn"


def violated(client: str, seed: int = SEED) -> str:
    """Return the transcript of the shrunk session that violates an invariant; the same for each call.

    What a seed draws depends on the modules that are loaded, so that a whole test run and a single test may
    differ: several seeds are tried.
    """
    runs = (run_machine(client, FEW, each_seed, steps=12) for each_seed in range(seed, seed + SEEDS))
    name = next(run.violating[0] for run in runs if run.violating)
    text, holds = replay(name)
    assert not holds
    assert text == replay(name)[0]
    assert name.count("/") < 20, "it should be short enough to read"
    return text


def test_a_client_that_repeats_a_create_after_a_cut_pays_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    RESENDABLE_ERROR.inject(monkeypatch, TransportError)
    text = violated("sync", seed=6)
    assert "   <- fault: cut where=" in text
    assert "VIOLATED paid twice: " in text


def test_a_client_without_journal_entries_loses_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    RECORD_ACCEPTED.inject(monkeypatch, lambda *_: True)
    assert "VIOLATED lost: the service accepted task" in violated("async")


def test_ignoring_unknown_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    handle_status = HANDLE_STATUS.original

    def ignoring(self: TaskPoller, watch: Any, snapshot: Any) -> None:
        if snapshot.status == "UNKNOWN":
            self._reschedule(watch)
        else:
            handle_status(self, watch, snapshot)

    HANDLE_STATUS.inject(monkeypatch, ignoring)
    assert "(DeadlineExceededError), query " in violated("sync")


def test_a_wait_without_end_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    add = ADD_WATCH.original

    def patient(self: TaskPoller, watch: Any) -> None:
        watch.deadline = float("inf")
        add(self, watch)

    ADD_WATCH.inject(monkeypatch, patient)
    assert "VIOLATED endless: " in violated("async")
    assert "VIOLATED endless: wait took " in replay("free/async/slow/submit:one/wait:1")[0]


def test_a_client_that_never_stops_querying_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    DEADLINE_REMAINING.inject(monkeypatch, 1.0)
    DEADLINE_PERMITS.inject(monkeypatch, lambda *_: True)
    ATTEMPTS.inject(monkeypatch, 10**9)
    BACKOFF_WAIT.inject(monkeypatch, lambda *_: 0.01)
    faults = "fault:query:html/" * 400
    text, _ = replay(f"free/sync/brisk/submit:one/{faults}poll:1")
    assert "VIOLATED endless: poll did not end after " in text


def test_a_late_journal_entry_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    accepted, ended, late = RECORD_ACCEPTED.original, RECORD_ENDED.original, list[Any]()

    def settling(*arguments: Any) -> None:
        accepted(*late.pop())
        ended(*arguments)

    RECORD_ACCEPTED.inject(monkeypatch, lambda *arguments: late.append(arguments) or True)
    RECORD_ENDED.inject(monkeypatch, settling)
    text, _ = replay("free/sync/steady/edit:one")
    assert "was queried before it was in the journal" in text


def test_following_dead_links_again_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    GONE_STATUSES.inject(monkeypatch, frozenset())
    RETRYABLE_STATUSES.inject(monkeypatch, frozenset({403}))
    assert "expired links" in violated("sync")


def test_reporting_a_refused_cancel_as_accepted_is_detected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def hopeful(context: Any, task_id: str, deadline: Any) -> Any:
        with suppress(InvalidRequestError):
            yield from query.send(context, "cancel", deadline, task_id=task_id)

    CANCEL_TASK.inject(monkeypatch, hopeful)
    assert "VIOLATED untrue: cancel ended with canceled, the task is " in violated("async")
    text, _ = replay("free/async/scripted/submit:one/begin:1/poll:1/cancel:1")
    assert "CANCELED was reported, but the task may be RUNNING or SUCCEEDED or FAILED" in text


def test_leaving_a_terminal_state_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    ended_tasks: dict[int, tuple[Any, set[str]]] = {}  # with the context, so that no id is used again

    def believing(context: Any, task_id: str, deadline: Any) -> Any:
        snapshot = yield from query.get_task(context, task_id, deadline)
        _, ended = ended_tasks.setdefault(id(context), (context, set()))
        if task_id in ended:
            return replace(snapshot, status="RUNNING", ended=False)
        ended |= {task_id} if snapshot.status == "SUCCEEDED" else set()
        return snapshot

    GET_TASK.inject(monkeypatch, believing)
    assert "VIOLATED untrue: poll ended with state (TaskStatus), the response says " in violated(
        "sync", seed=6
    )
    text, _ = replay("free/sync/brisk/submit:one/poll:1/poll:1")
    assert "RUNNING was reported, but the task may be SUCCEEDED" in text


def test_a_client_that_repeats_lost_calls_pays_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    plans: dict[str, Any] = {}  # by model; what the first process has written down to make the call again
    send, search_lost = SEND_SUBMIT.original, SEARCH_LOST.original

    def noting(context: Any, plan: Any, *rest: Any) -> Any:
        plans[plan.model.name] = plan
        return (yield from send(context, plan, *rest))

    def eager(context: Any, entries: Any, deadline: Any, *, adopt: bool) -> Any:
        for entry in entries:
            call = LiveCall("submit", entry.model, "async", entry.sent_at)
            plan = plans[entry.model]
            yield from create.send_billed_call(context, plan, deadline, call, lambda _: iter(()))
        return (yield from search_lost(context, entries, deadline, adopt=adopt))

    SEND_SUBMIT.inject(monkeypatch, noting)
    SEARCH_LOST.inject(monkeypatch, eager)
    assert "VIOLATED paid twice: the service accepted 1 tasks for 0 calls in one resume" in violated("async")


def table_violated(client: str) -> str:
    text = violated(client)
    assert "VIOLATED the service violates the state table: of task" in text
    return text


def test_a_service_whose_tasks_expire_a_second_late_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    def longer(table: Any) -> TaskLifecycle:
        return replace(lifecycle_from_spec(table), task_lifetime=86_401.0)

    LIFECYCLE_FROM_SPEC.inject(monkeypatch, longer)
    assert " was reported, but the task may be UNKNOWN" in table_violated("sync")


def test_a_service_whose_terminal_states_change_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    status = JOB_STATUS.original

    def turning(self: Job, life: Any, now: float) -> str:
        state = status(self, life, now)
        return str(life.failed) if state == life.succeeded and now > self.ended + 30 else state

    JOB_STATUS.inject(monkeypatch, turning)
    assert "FAILED was reported, but the task may be SUCCEEDED" in table_violated("async")


def test_a_replay_has_the_same_transcript() -> None:
    name = (
        "free/async/steady/fault:async:cut,where=before/submit:three/fault:query:trickle,pace=0.5/resume/save:1"
        "/until:1:day:-0.001/poll:1/until:1:day:0/poll:1/cancel:1/list/restart/poll:0"
    )
    first, again = replay(name), replay(name)
    assert first == again
    text, holds = first
    assert holds
    assert text.startswith(f"session {name}\n")
    assert text.endswith("all invariants hold")
    assert "create: the connection is cut   <- fault: cut where=before" in text


def test_every_action_has_a_function() -> None:
    assert ACTIONS.keys() == ACTION_FUNCTIONS.keys()


def test_a_step_that_is_not_possible_is_skipped(shared_environment: Environment) -> None:
    session = shared_environment.replay(
        parse_script("free/sync/brisk/poll:7/save:1/find_lost/end:3:succeeded/begin:9/until:4:day:0")
    )
    assert not session.violations
    assert full_transcript(session).count("there is nothing to do") == 6


def test_an_id_is_parsed_and_a_wrong_one_explained() -> None:
    script = StepScript(
        "sync", "scripted", (Step("submit", ("one",)), Step("fault", ("any", "error,code=Arrearage,done")))
    )
    assert str(script) == "free/sync/scripted/submit:one/fault:any:error,code=Arrearage,done"
    assert parse_script(str(script)) == script
    for name, message in {
        "late/sync": "the prefix of the id is 'late'",
        "free": "client is ''",
        "free/both/scripted": "client is 'both'",
        "free/sync/lazy": "pace is 'lazy'",
        "free/sync/scripted/fly": "a step is 'fly'",
        "free/sync/scripted/poll": "has 0 arguments after poll; expected 1",
        "free/sync/scripted/poll:-1": "a task is '-1'",
        "free/sync/scripted/pass:soon": "a time is 'soon'; allowed: seconds",
        "free/sync/scripted/pass:inf": "a time is 'inf'",
        "free/sync/scripted/end:1:badly": "an end is 'badly'",
        "free/sync/scripted/until:1:week:0": "an edge is 'week'",
        "free/sync/scripted/fault:query:fire": "unknown fault 'fire'",
    }.items():
        with pytest.raises(ValueError, match=message):
            parse_script(name)


def test_a_report_has_the_counts_of_the_run() -> None:
    lines: list[str] = []
    report(run_machine("sync", 2, 5, steps=8), lines.append)
    assert any(line.endswith(" sessions") for line in lines)
    assert any(" step " in line for line in lines)
    assert lines[-len(STATEFUL_INVARIANTS) :] == [f"  {invariant}" for invariant in STATEFUL_INVARIANTS]


def test_a_violation_is_reported_with_its_transcript_and_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    RECORD_ACCEPTED.inject(monkeypatch, lambda *_: True)
    lines: list[str] = []
    report(StatefulRun(Counter(sessions=1), ("free/sync/brisk/submit:one",)), lines.append)
    text = "\n".join(lines)
    assert "VIOLATED lost: the service accepted task" in text
    assert "replay it: wan-conformance replay free/sync/brisk/submit:one\n" in text
    assert "invariants hold" not in text


def test_a_run_has_sessions_of_both_clients() -> None:
    result = run(1, 1, Workers())
    assert result.counts["sessions"] >= len(OUR_CLIENTS)
    assert not result.violating
