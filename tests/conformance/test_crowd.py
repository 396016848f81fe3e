"""A crowd of some hundred calls here; `make lifecycle` has ten thousand."""

from dataclasses import replace
from typing import Any

import pytest
from wan_conformance.lifecycle.load import callers as crowd
from wan_conformance.lifecycle.load import service
from wan_conformance.lifecycle.load.run import play
from wan_conformance.lifecycle.load.service import max_per_second

from tests.conformance.memory_per_caller import memory_per_waiter
from wanlib.client.drivers import async_driver as drive_async
from wanlib.client.http.messages import NotSentError
from wanlib.client.protocol import timing as pace
from wanlib.client.tasks import poller as follow
from wanlib.emulator import Fault


@pytest.mark.parametrize(("count", "face"), [(250, "async"), (60, "sync")])
def test_a_crowd_comes_to_its_ends(count: int, face: str) -> None:
    told: list[str] = []
    assert play(count, told.append, face), told
    assert told[0].startswith(f"{count} calls, ")


def test_a_client_without_a_pace_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace.RateLimiter, "wait", lambda *_: 0.0)
    assert "too fast: " in _broken(120)


def test_a_client_that_sends_a_call_again_after_a_cut_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drive_async, "trouble", lambda error: NotSentError(str(error)))
    monkeypatch.setattr(service, "RATE", 0.2)
    monkeypatch.setattr(service, "FAULTS", (Fault("cut", on=("async",)),))
    assert "paid twice: 2 tasks for one call" in _broken(20)


def test_a_client_that_asks_on_for_a_task_that_never_was_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def on(*given: Any) -> Any:
        found = read(*given)
        return replace(found, ended=found.ended and found.status != "UNKNOWN")

    read = follow.parse_task_status
    monkeypatch.setattr(follow, "read_snapshot", on)
    monkeypatch.setattr(crowd, "PATIENCE", 300.0)
    assert "came to DeadlineExceededError: due was TaskUnknownError" in _broken(30)


def test_the_fullest_second() -> None:
    assert max_per_second([]) == 0
    assert max_per_second([0.0, 0.5, 0.999, 1.0, 1.4]) == 4
    assert max_per_second([0.0, 1.0, 2.0]) == 1


def test_one_who_waits_is_small() -> None:
    assert 0 < memory_per_waiter(50) < 20_000


def _broken(count: int) -> str:
    told: list[str] = []
    assert not play(count, told.append)
    return "\n".join(told)
