"""Our clients, broken in the ways that matter: each promise of the life of tasks can turn red."""

from collections.abc import Iterator
from typing import Any

import pytest

from conformance.lifecycle.play import Theatre, theatre
from conformance.lifecycle.schedule import OURS, read_schedule
from conformance.lifecycle.trace import trace
from wanlib.errors import TaskFailed, TaskUnknown
from wanlib.runtime import create, download, follow, result
from wanlib.runtime.client import Client
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


@pytest.mark.parametrize("client", OURS)
def test_a_client_that_sends_again_after_a_cut_pays_twice(
    stage: Theatre, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(create, "Unsent", Trouble)
    story = broken(stage, f"edit/{client}/create=before")
    assert "create 1: the connection is cut   <- fault: before" in story
    assert "create 2: HTTP 200" in story
    assert "BROKEN paid twice: the service accepted 2 tasks for one intent" in story


@pytest.mark.parametrize("client", OURS)
def test_a_client_that_writes_no_journal_loses_its_tasks(
    stage: Theatre, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Journal, "accepted", lambda *_: None)
    story = broken(stage, f"edit/{client}")
    assert "was asked for before it stood in the journal" in story
    assert "BROKEN lost: the service accepted task" in story


@pytest.mark.parametrize("client", OURS)
def test_a_client_that_ignores_unknown_waits_for_nothing(
    stage: Theatre, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Follower._judge

    def ignoring(self: Follower, watch: Any, snapshot: Any) -> None:
        if snapshot.status == "UNKNOWN":
            self._again(watch)
        else:
            judge(self, watch, snapshot)

    monkeypatch.setattr(Follower, "_judge", ignoring)
    story = broken(stage, f"expired/{client}")
    assert "BROKEN wrong end: wait came to late (DeadlineExceeded), due was forgotten" in story


@pytest.mark.parametrize("client", OURS)
def test_a_client_that_waits_without_end_is_cut_off(
    stage: Theatre, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Follower.add

    def patient(self: Follower, watch: Any) -> None:
        watch.deadline = float("inf")
        add(self, watch)

    monkeypatch.setattr(follow.Follower, "add", patient)
    story = broken(stage, f"stuck/{client}")
    assert "BROKEN endless: after 100 exchanges there was no end" in story


@pytest.mark.parametrize("client", OURS)
def test_a_client_that_follows_dead_links_is_seen(
    stage: Theatre, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_check", lambda _: None)
    story = broken(stage, f"stale/{client}")
    assert "BROKEN dead link: followed 1 s after its death" in story


@pytest.mark.parametrize("verb", ["edit", "late"])
def test_a_client_that_takes_its_task_for_failed_is_contradicted(
    stage: Theatre, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def despairing(_: Follower, watch: Any, snapshot: Any) -> None:
        watch.end(TaskFailed("it must have failed", task_id=snapshot.task_id))

    monkeypatch.setattr(Follower, "_judge", despairing)
    assert "came to failed (TaskFailed), the task was " in broken(stage, f"{verb}/sync")


@pytest.mark.parametrize("client", OURS)
def test_a_client_that_gives_a_task_up_before_its_day_is_over_is_contradicted(
    stage: Theatre, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Follower.add

    def hasty(self: Follower, watch: Any) -> None:
        if watch.submitted_at and self._context.clock.wall() - watch.submitted_at > 86_399:
            watch.end(TaskUnknown("it must have expired", task_id=watch.task_id))
        else:
            add(self, watch)

    monkeypatch.setattr(Follower, "add", hasty)
    assert "wait came to forgotten (TaskUnknown), the task was " in broken(stage, f"edge/{client}")


def test_a_client_that_drops_pictures_is_contradicted(
    stage: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts_of = result.parts_of
    monkeypatch.setattr(result, "parts_of", lambda *given: (parts_of(*given) or ())[:1])
    assert "edit came to result (Output), with 1 pictures, 2 were made" in broken(stage, "partial/sync")


def test_a_client_that_cancels_what_never_was_is_contradicted(
    stage: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Client, "cancel", lambda *_: None)
    story = broken(stage, "foreign/sync")
    assert "BROKEN untrue: cancel came to canceled, the task was UNKNOWN" in story
    assert "BROKEN wrong end: cancel came to canceled, due was refused" in story


def test_a_client_that_forgets_a_lost_call_at_its_end_is_seen(
    stage: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = Journal.close

    def forgetful(self: Journal) -> None:
        for entry in self.entries(0.0, 1.0):
            self.refused(entry.key, "forgotten", 0.0)
        close(self)

    monkeypatch.setattr(Journal, "close", forgetful)
    assert "BROKEN wrong end: resume came to resumed" in broken(stage, "edit/sync/create=lost")


def test_what_a_client_says_is_held_against_what_the_service_said_last(
    stage: Theatre, monkeypatch: pytest.MonkeyPatch
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
    stage: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(create, "Unsent", Trouble)
    played = stage.play(read_schedule("edit/sync/create=unread"))
    assert not played.broken, trace(played)
