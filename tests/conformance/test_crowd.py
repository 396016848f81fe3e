"""A crowd of some hundred calls here; `make lifecycle` has ten thousand."""

from dataclasses import replace
from typing import Any

import pytest

from conformance.lifecycle.crowd import crowd, service
from conformance.lifecycle.crowd.run import play
from conformance.lifecycle.crowd.service import busiest
from conformance.lifecycle.crowd.weight import weigh
from wanlib.emulator import Fault
from wanlib.runtime import drive_async, follow, pace
from wanlib.runtime.exchange import Unsent


@pytest.mark.parametrize(("count", "face"), [(250, "async"), (60, "sync")])
def test_a_crowd_comes_to_its_ends(count: int, face: str) -> None:
    told: list[str] = []
    assert play(count, told.append, face), told
    assert told[0].startswith(f"{count} calls, ")


def test_a_client_without_a_pace_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace.Pace, "wait", lambda *_: 0.0)
    assert "too fast: " in _broken(120)


def test_a_client_that_sends_a_call_again_after_a_cut_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drive_async, "trouble", lambda error: Unsent(str(error)))
    monkeypatch.setattr(service, "RATE", 0.2)
    monkeypatch.setattr(service, "FAULTS", (Fault("cut", on=("async",)),))
    assert "paid twice: 2 tasks for one call" in _broken(20)


def test_a_client_that_asks_on_for_a_task_that_never_was_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def on(*given: Any) -> Any:
        found = read(*given)
        return replace(found, ended=found.ended and found.status != "UNKNOWN")

    read = follow.read_snapshot
    monkeypatch.setattr(follow, "read_snapshot", on)
    monkeypatch.setattr(crowd, "PATIENCE", 300.0)
    assert "came to DeadlineExceeded: due was TaskUnknown" in _broken(30)


def test_the_fullest_second() -> None:
    assert busiest([]) == 0
    assert busiest([0.0, 0.5, 0.999, 1.0, 1.4]) == 4
    assert busiest([0.0, 1.0, 2.0]) == 1


def test_one_who_waits_is_small() -> None:
    assert 0 < weigh(50) < 20_000


def _broken(count: int) -> str:
    told: list[str] = []
    assert not play(count, told.append)
    return "\n".join(told)
