"""Clients with injected faults: each invariant of the schedules is violated by one of them."""

from typing import Any

import pytest
from wan_conformance.lifecycle.schedules.scenario_runner import ScenarioRunner
from wan_conformance.lifecycle.schedules.schedules import OUR_CLIENTS, parse_schedule
from wan_conformance.lifecycle.schedules.transcript import transcript

from tests.conformance.lifecycle.fault_points import (
    ADD_WATCH,
    CLIENT_CANCEL,
    CLIENT_WAIT,
    CLOSE_JOURNAL,
    GONE_STATUSES,
    HANDLE_STATUS,
    PARSE_PARTS,
    RECORD_ACCEPTED,
    RESENDABLE_ERROR,
    RETRYABLE_STATUSES,
    violated,
)
from wanlib.client.http.messages import TransportError
from wanlib.client.journal.journal import Journal
from wanlib.client.sync_client import Client
from wanlib.client.tasks.poller import TaskPoller
from wanlib.errors import TaskFailedError, TaskUnknownError


@pytest.mark.parametrize("client", OUR_CLIENTS)
def test_a_client_that_repeats_a_create_after_a_cut_pays_twice(
    runner: ScenarioRunner, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    RESENDABLE_ERROR.inject(monkeypatch, TransportError)
    text = violated(runner, f"edit/{client}/create=before")
    assert "create 1: the connection is cut   <- fault: before" in text
    assert "create 2: HTTP 200" in text
    assert "VIOLATED paid twice: the service accepted 2 tasks for 1 calls in one edit" in text


@pytest.mark.parametrize("client", OUR_CLIENTS)
def test_a_client_without_journal_entries_loses_tasks(
    runner: ScenarioRunner, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    RECORD_ACCEPTED.inject(monkeypatch, lambda *_: True)
    text = violated(runner, f"edit/{client}")
    assert "was queried before it was in the journal" in text
    assert "VIOLATED lost: the service accepted task" in text


@pytest.mark.parametrize("client", OUR_CLIENTS)
def test_ignoring_unknown_is_detected(
    runner: ScenarioRunner, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle_status = HANDLE_STATUS.original

    def ignoring(self: TaskPoller, watch: Any, snapshot: Any) -> None:
        if snapshot.status == "UNKNOWN":
            self._reschedule(watch)
        else:
            handle_status(self, watch, snapshot)

    HANDLE_STATUS.inject(monkeypatch, ignoring)
    text = violated(runner, f"expired/{client}")
    assert "VIOLATED wrong end: wait ended with late (DeadlineExceededError), expected forgotten" in text


@pytest.mark.parametrize("client", OUR_CLIENTS)
def test_a_wait_without_end_is_stopped(
    runner: ScenarioRunner, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = ADD_WATCH.original

    def patient(self: TaskPoller, watch: Any) -> None:
        watch.deadline = float("inf")
        add(self, watch)

    ADD_WATCH.inject(monkeypatch, patient)
    text = violated(runner, f"stuck/{client}")
    assert "VIOLATED endless: wait did not end after " in text


@pytest.mark.parametrize("client", OUR_CLIENTS)
def test_following_dead_links_again_is_detected(
    runner: ScenarioRunner, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    GONE_STATUSES.inject(monkeypatch, frozenset())
    RETRYABLE_STATUSES.inject(monkeypatch, frozenset({403}))
    text = violated(runner, f"stale/{client}")
    assert "expired links" in text


@pytest.mark.parametrize("verb", ["edit", "late"])
def test_a_wrong_report_of_failure_is_detected(
    runner: ScenarioRunner, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def despairing(_: TaskPoller, watch: Any, snapshot: Any) -> None:
        watch.finish(TaskFailedError("it must have failed", task_id=snapshot.task_id))

    HANDLE_STATUS.inject(monkeypatch, despairing)
    assert "ended with failed (TaskFailedError), " in violated(runner, f"{verb}/sync")


@pytest.mark.parametrize("client", OUR_CLIENTS)
def test_giving_up_before_the_task_expires_is_detected(
    runner: ScenarioRunner, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = ADD_WATCH.original

    def hasty(self: TaskPoller, watch: Any) -> None:
        if watch.submitted_at and self._context.clock.wall() - watch.submitted_at > 86_399:
            watch.finish(TaskUnknownError("it must have expired", task_id=watch.task_id))
        else:
            add(self, watch)

    ADD_WATCH.inject(monkeypatch, hasty)
    assert "wait ended with forgotten (TaskUnknownError), " in violated(runner, f"edge/{client}")


def test_dropping_pictures_is_detected(runner: ScenarioRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    parse_parts = PARSE_PARTS.original
    PARSE_PARTS.inject(monkeypatch, lambda *arguments: (parse_parts(*arguments) or ())[:1])
    assert "edit ended with result (Output), with 1 pictures, 2 were made" in violated(runner, "partial/sync")


def test_a_cancel_of_an_unknown_task_is_not_accepted(
    runner: ScenarioRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    CLIENT_CANCEL.inject(monkeypatch, lambda *_: None)
    text = violated(runner, "foreign/sync")
    assert "VIOLATED untrue: cancel ended with canceled, the task is UNKNOWN" in text
    assert "VIOLATED wrong end: cancel ended with canceled, expected refused" in text


def test_forgetting_a_lost_call_is_detected(runner: ScenarioRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    close = CLOSE_JOURNAL.original

    def forgetful(self: Journal) -> None:
        for entry in self.entries(0.0, 1.0):
            self.record_refused(entry.key, "forgotten", 0.0)
        close(self)

    CLOSE_JOURNAL.inject(monkeypatch, forgetful)
    assert "VIOLATED wrong end: resume ended with resumed" in violated(runner, "edit/sync/create=lost")


def test_a_result_is_compared_with_the_last_response_not_with_the_present_state(
    runner: ScenarioRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = CLIENT_WAIT.original

    def slow(self: Client, *args: Any, **kwargs: Any) -> Any:
        outcomes = wait(self, *args, **kwargs)
        self._context.clock.sleep(10)
        return outcomes

    CLIENT_WAIT.inject(monkeypatch, slow)
    result = runner.run(parse_schedule("edge/sync"))
    assert result.calls[-1].ended > 86_400
    assert not result.violations, transcript(result)


def test_repeating_a_create_that_was_not_read_violates_nothing(
    runner: ScenarioRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    RESENDABLE_ERROR.inject(monkeypatch, TransportError)
    result = runner.run(parse_schedule("edit/sync/create=unread"))
    assert not result.violations, transcript(result)
