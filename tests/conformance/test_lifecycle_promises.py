"""Our clients, broken in the ways that matter: each promise of the life of tasks can turn red."""

from collections.abc import Iterator
from typing import Any

import pytest
from wan_conformance.lifecycle.schedules.scenario_runner import ScenarioRunner, scenario_runner
from wan_conformance.lifecycle.schedules.schedules import OURS, read_schedule
from wan_conformance.lifecycle.schedules.transcript import trace

from wanlib.client.http.messages import TransportError
from wanlib.client.journal.journal import Journal
from wanlib.client.results import download, result
from wanlib.client.sync_client import Client
from wanlib.client.tasks import poller as follow
from wanlib.client.tasks import submit as create
from wanlib.client.tasks.poller import TaskPoller
from wanlib.errors import TaskFailedError, TaskUnknownError


@pytest.fixture(scope="module")
def stage() -> Iterator[ScenarioRunner]:
    with scenario_runner() as made:
        yield made


def broken(stage: ScenarioRunner, name: str) -> str:
    """What a schedule breaks, with its story."""
    played = stage.play(read_schedule(name))
    assert played.broken, trace(played)
    return trace(played)


@pytest.mark.parametrize("client", OURS)
def test_a_client_that_sends_again_after_a_cut_pays_twice(
    stage: ScenarioRunner, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(create, "Unsent", TransportError)
    story = broken(stage, f"edit/{client}/create=before")
    assert "create 1: the connection is cut   <- fault: before" in story
    assert "create 2: HTTP 200" in story
    assert "BROKEN paid twice: the service accepted 2 tasks for one intent" in story


@pytest.mark.parametrize("client", OURS)
def test_a_client_that_writes_no_journal_loses_its_tasks(
    stage: ScenarioRunner, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Journal, "accepted", lambda *_: None)
    story = broken(stage, f"edit/{client}")
    assert "was asked for before it stood in the journal" in story
    assert "BROKEN lost: the service accepted task" in story


@pytest.mark.parametrize("client", OURS)
def test_a_client_that_ignores_unknown_waits_for_nothing(
    stage: ScenarioRunner, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = TaskPoller._handle_status

    def ignoring(self: TaskPoller, watch: Any, snapshot: Any) -> None:
        if snapshot.status == "UNKNOWN":
            self._reschedule(watch)
        else:
            judge(self, watch, snapshot)

    monkeypatch.setattr(TaskPoller, "_judge", ignoring)
    story = broken(stage, f"expired/{client}")
    assert "BROKEN wrong end: wait came to late (DeadlineExceededError), due was forgotten" in story


@pytest.mark.parametrize("client", OURS)
def test_a_client_that_waits_without_end_is_cut_off(
    stage: ScenarioRunner, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = TaskPoller.add

    def patient(self: TaskPoller, watch: Any) -> None:
        watch.deadline = float("inf")
        add(self, watch)

    monkeypatch.setattr(follow.TaskPoller, "add", patient)
    story = broken(stage, f"stuck/{client}")
    assert "BROKEN endless: after 100 exchanges there was no end" in story


@pytest.mark.parametrize("client", OURS)
def test_a_client_that_follows_dead_links_is_seen(
    stage: ScenarioRunner, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_check", lambda _: None)
    story = broken(stage, f"stale/{client}")
    assert "BROKEN dead link: followed 1 s after its death" in story


@pytest.mark.parametrize("verb", ["edit", "late"])
def test_a_client_that_takes_its_task_for_failed_is_contradicted(
    stage: ScenarioRunner, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def despairing(_: TaskPoller, watch: Any, snapshot: Any) -> None:
        watch.end(TaskFailedError("it must have failed", task_id=snapshot.task_id))

    monkeypatch.setattr(TaskPoller, "_judge", despairing)
    assert "came to failed (TaskFailedError), the task was " in broken(stage, f"{verb}/sync")


@pytest.mark.parametrize("client", OURS)
def test_a_client_that_gives_a_task_up_before_its_day_is_over_is_contradicted(
    stage: ScenarioRunner, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = TaskPoller.add

    def hasty(self: TaskPoller, watch: Any) -> None:
        if watch.submitted_at and self._context.clock.wall() - watch.submitted_at > 86_399:
            watch.end(TaskUnknownError("it must have expired", task_id=watch.task_id))
        else:
            add(self, watch)

    monkeypatch.setattr(TaskPoller, "add", hasty)
    assert "wait came to forgotten (TaskUnknownError), the task was " in broken(stage, f"edge/{client}")


def test_a_client_that_drops_pictures_is_contradicted(
    stage: ScenarioRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts_of = result.parse_parts
    monkeypatch.setattr(result, "parts_of", lambda *given: (parts_of(*given) or ())[:1])
    assert "edit came to result (Output), with 1 pictures, 2 were made" in broken(stage, "partial/sync")


def test_a_client_that_cancels_what_never_was_is_contradicted(
    stage: ScenarioRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Client, "cancel", lambda *_: None)
    story = broken(stage, "foreign/sync")
    assert "BROKEN untrue: cancel came to canceled, the task was UNKNOWN" in story
    assert "BROKEN wrong end: cancel came to canceled, due was refused" in story


def test_a_client_that_forgets_a_lost_call_at_its_end_is_seen(
    stage: ScenarioRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = Journal.close

    def forgetful(self: Journal) -> None:
        for entry in self.entries(0.0, 1.0):
            self.record_refused(entry.key, "forgotten", 0.0)
        close(self)

    monkeypatch.setattr(Journal, "close", forgetful)
    assert "BROKEN wrong end: resume came to resumed" in broken(stage, "edit/sync/create=lost")


def test_what_a_client_says_is_held_against_what_the_service_said_last(
    stage: ScenarioRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = Client.wait

    def slow(self: Client, *given: Any, **named: Any) -> Any:
        outcomes = wait(self, *given, **named)
        self._context.clock.sleep(10)
        return outcomes

    monkeypatch.setattr(Client, "wait", slow)
    played = stage.play(read_schedule("edge/sync"))
    assert played.done[-1].ended > 86_400
    assert not played.broken, trace(played)


def test_whoever_sends_again_what_nobody_has_read_breaks_nothing(
    stage: ScenarioRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(create, "Unsent", TransportError)
    played = stage.play(read_schedule("edit/sync/create=unread"))
    assert not played.broken, trace(played)
