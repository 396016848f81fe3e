"""The life of a task as a state machine: a sample of its plays, and clients and services with planted faults.

A longer run is `wan_conformance.lifecycle.stateful.machine.run`.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from wan_conformance.lifecycle.schedules.schedules import OURS
from wan_conformance.lifecycle.stateful.environment import House, house, replay, told
from wan_conformance.lifecycle.stateful.invariants import PROMISES
from wan_conformance.lifecycle.stateful.machine import StatefulRun, report, run, run_machine
from wan_conformance.lifecycle.stateful.session import ACTION_FUNCTIONS
from wan_conformance.lifecycle.stateful.steps import ACTIONS, Step, StepScript, parse_script

from wanlib.client import core
from wanlib.client.http.messages import TransportError
from wanlib.client.journal.journal import Journal
from wanlib.client.protocol.context import ClientContext
from wanlib.client.protocol.timing import Backoff, Deadline
from wanlib.client.results import download
from wanlib.client.tasks import billing as paid
from wanlib.client.tasks import requests as query
from wanlib.client.tasks import resume
from wanlib.client.tasks import submit as create
from wanlib.client.tasks.poller import TaskPoller
from wanlib.emulator import Job
from wanlib.emulator.core.fault import FAULT_KINDS
from wanlib.emulator.jobs.lifecycle import TaskLifecycle, lifecycle_from_spec
from wanlib.errors import InvalidRequestError

SAMPLE = 20
SEED = 2
FEW = 200
"""Plays, short ones, in which every planted weakness must be seen; a tenth of them does in most cases."""


@pytest.fixture(scope="module")
def stage() -> Iterator[House]:
    with house() as made:
        yield made


@pytest.mark.parametrize("client", OURS)
def test_a_sample_of_plays_keeps_every_promise(client: str) -> None:
    drawn = run_machine(client, SAMPLE, 1)
    assert not drawn.broken, replay(drawn.broken[0])[0]
    assert drawn.counts["plays"] >= SAMPLE
    for kind in FAULT_KINDS:
        assert drawn.counts[f"fault {kind}"], "nobody met it"
    for step in ACTIONS:
        assert drawn.counts[f"step {step}"], "nobody took it"


def broken(client: str) -> str:
    """The shortest story in which a promise breaks, which is the same each time."""
    (name,) = run_machine(client, FEW, SEED, steps=12).broken
    story, held = replay(name)
    assert not held
    assert story == replay(name)[0]
    assert name.count("/") < 20, "it is to be read"
    return story


def test_a_client_that_sends_again_after_a_cut_pays_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(create, "Unsent", TransportError)
    story = broken("sync")
    assert "   <- fault: cut where=" in story
    assert "BROKEN paid twice: " in story


def test_a_client_that_writes_no_journal_loses_its_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Journal, "accepted", lambda *_: None)
    assert "BROKEN lost: the service accepted task" in broken("async")


def test_a_client_that_ignores_unknown_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = TaskPoller._handle_status

    def ignoring(self: TaskPoller, watch: Any, snapshot: Any) -> None:
        if snapshot.status == "UNKNOWN":
            self._reschedule(watch)
        else:
            judge(self, watch, snapshot)

    monkeypatch.setattr(TaskPoller, "_judge", ignoring)
    assert "(DeadlineExceededError), it was told UNKNOWN in question " in broken("sync")


def test_a_client_that_waits_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    add = TaskPoller.add

    def patient(self: TaskPoller, watch: Any) -> None:
        watch.deadline = float("inf")
        add(self, watch)

    monkeypatch.setattr(TaskPoller, "add", patient)
    assert "BROKEN endless: " in broken("async")
    assert "BROKEN endless: wait took " in replay("free/async/slow/submit:one/wait:1")[0]


def test_a_client_that_asks_on_and_on_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Deadline, "left", 1.0)
    monkeypatch.setattr(Deadline, "allows", lambda *_: True)
    monkeypatch.setattr(ClientContext, "attempts", 10**9)
    monkeypatch.setattr(Backoff, "wait", lambda *_: 0.01)
    faults = "fault:query:html/" * 400
    story, _ = replay(f"free/sync/brisk/submit:one/{faults}poll:1")
    assert "BROKEN endless: poll had no end after " in story


def test_a_client_that_writes_its_journal_too_late_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    accepted, ended, late = Journal.record_accepted, Journal.record_ended, list[Any]()

    def settling(*told: Any) -> None:
        accepted(*late.pop())
        ended(*told)

    monkeypatch.setattr(Journal, "accepted", lambda *told: late.append(told))
    monkeypatch.setattr(Journal, "ended", settling)
    story, _ = replay("free/sync/steady/edit:one")
    assert "was asked for before it stood in the journal" in story


def test_a_client_that_follows_dead_links_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_check", lambda _: None)
    assert "was asked for after its link had died" in broken("sync")


def test_a_client_that_takes_a_refused_cancel_for_accepted_is_contradicted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def hopeful(context: Any, task_id: str, deadline: Any) -> Any:
        with suppress(InvalidRequestError):
            yield from query.send(context, "cancel", deadline, task_id=task_id)

    monkeypatch.setattr(core, "cancel", hopeful)
    assert "BROKEN untrue: cancel came to canceled, the task is " in broken("async")
    story, _ = replay("free/async/told/submit:one/begin:1/poll:1/cancel:1")
    assert "CANCELED was told, but the task may be RUNNING or SUCCEEDED or FAILED" in story


def test_a_client_that_believes_an_end_to_change_is_contradicted(monkeypatch: pytest.MonkeyPatch) -> None:
    def believing(context: Any, task_id: str, deadline: Any) -> Any:
        snapshot = yield from query.get_task(context, task_id, deadline)
        ended: set[str] = context.budget.__dict__.setdefault("ended", set())
        if task_id in ended:
            return replace(snapshot, status="RUNNING", ended=False)
        ended |= {task_id} if snapshot.status == "SUCCEEDED" else set()
        return snapshot

    monkeypatch.setattr(core, "query", believing)
    assert "BROKEN untrue: poll came to state (Snapshot), it was told " in broken("sync")
    story, _ = replay("free/sync/brisk/submit:one/poll:1/poll:1")
    assert "RUNNING was told, but the task may be SUCCEEDED" in story


def test_a_client_that_makes_lost_calls_anew_pays_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    plans: dict[str, Any] = {}  # by model; what the first process has written down to make the call again
    send, found = paid.send, resume._search_lost

    def noting(context: Any, plan: Any, *rest: Any) -> Any:
        plans[plan.model.name] = plan
        return (yield from send(context, plan, *rest))

    def eager(context: Any, entries: Any, deadline: Any) -> Any:
        for entry in entries:
            yield from create.send_billed_call(context, plans[entry.model], deadline)
        return (yield from found(context, entries, deadline))

    monkeypatch.setattr("wanlib.client.tasks.lifecycle.send", noting)
    monkeypatch.setattr(resume, "_found", eager)
    assert "BROKEN paid twice: resume made the service accept 1 tasks" in broken("async")


def table_broken(client: str) -> str:
    story = broken(client)
    assert "BROKEN the service broke the table: of task" in story
    return story


def test_a_service_that_forgets_a_second_late_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def longer(table: Any) -> TaskLifecycle:
        return replace(lifecycle_from_spec(table), expires=86_401.0)

    monkeypatch.setattr("wanlib.emulator.emulator.read_life", longer)
    assert " was told, but the task may be UNKNOWN" in table_broken("sync")


def test_a_service_whose_ends_do_not_stay_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    status = Job.status

    def turning(self: Job, life: Any, now: float) -> str:
        state = status(self, life, now)
        return str(life.failed) if state == life.succeeded and now > self.ended + 30 else state

    monkeypatch.setattr(Job, "status", turning)
    assert "FAILED was told, but the task may be SUCCEEDED" in table_broken("async")


def test_a_play_is_carried_out_again_to_the_byte() -> None:
    name = (
        "free/async/steady/fault:async:cut,where=before/submit:three/fault:query:trickle,pace=0.5/resume/save:1"
        "/until:1:day:-0.001/poll:1/until:1:day:0/poll:1/cancel:1/list/anew/poll:0"
    )
    first, again = replay(name), replay(name)
    assert first == again
    story, held = first
    assert held
    assert story.startswith(f"play {name}\n")
    assert story.endswith("all promises kept")
    assert "create: the connection is cut   <- fault: cut where=before" in story


def test_every_step_that_can_be_read_can_be_done() -> None:
    assert ACTIONS.keys() == ACTION_FUNCTIONS.keys()


def test_a_step_that_can_t_be_done_is_passed_over(stage: House) -> None:
    play = stage.replay(
        parse_script("free/sync/brisk/poll:7/save:1/find_lost/end:3:well/begin:9/until:4:day:0")
    )
    assert not play.broken
    assert told(play).count("there is nothing to do") == 6


def test_an_id_is_read_back_and_a_wrong_one_explained() -> None:
    script = StepScript(
        "sync", "told", (Step("submit", ("one",)), Step("fault", ("any", "error,code=Arrearage,done")))
    )
    assert str(script) == "free/sync/told/submit:one/fault:any:error,code=Arrearage,done"
    assert parse_script(str(script)) == script
    for name, met in {
        "late/sync": "begins with what is 'late'",
        "free": "client is ''",
        "free/both/told": "client is 'both'",
        "free/sync/lazy": "pace is 'lazy'",
        "free/sync/told/fly": "a step is 'fly'",
        "free/sync/told/poll": "has 0 words behind poll; due are 1",
        "free/sync/told/poll:-1": "a task is '-1'",
        "free/sync/told/pass:soon": "could not convert string to float",
        "free/sync/told/pass:inf": "a time is 'inf'",
        "free/sync/told/end:1:badly": "an end is 'badly'",
        "free/sync/told/until:1:week:0": "an edge is 'week'",
        "free/sync/told/fault:query:fire": "unknown fault 'fire'",
    }.items():
        with pytest.raises(ValueError, match=met):
            parse_script(name)


def test_a_run_is_told_in_figures() -> None:
    lines: list[str] = []
    report(run_machine("sync", 2, 5, steps=8), lines.append)
    assert any(line.endswith(" plays") for line in lines)
    assert any(" step " in line for line in lines)
    assert lines[-len(PROMISES) :] == [f"  {promise}" for promise in PROMISES]


def test_a_broken_promise_is_reported_with_its_story_and_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Journal, "accepted", lambda *_: None)
    lines: list[str] = []
    report(StatefulRun(Counter(plays=1), ("free/sync/brisk/submit:one",)), lines.append)
    told = "\n".join(lines)
    assert "BROKEN lost: the service accepted task" in told
    assert "again: wan-conformance replay free/sync/brisk/submit:one\n" in told
    assert "promises held" not in told


def test_a_run_plays_both_clients() -> None:
    drawn = run(1, 1, workers=1)
    assert drawn.counts["plays"] >= len(OURS)
    assert not drawn.broken
