"""Every order of the steps of probes, with faults and killed processes, keeps the budget and leaks nothing.

A sample; `make live` explores three probes with three faults.
"""

import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from wan_conformance.live import reservation, sender
from wan_conformance.live.answers import TaskReply
from wan_conformance.live.reservation import LedgerTotals, Reservation
from wan_conformance.live.sender import LiveSender

from tests.conformance.live.exploration import explore


@pytest.fixture(autouse=True)
def _deep_schedules() -> Any:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000)
    yield
    sys.setrecursionlimit(limit)


@pytest.mark.parametrize(
    ("probes", "faults", "options"),
    [(1, 1, {"recovers": True}), (1, 3, {}), (2, 1, {}), (3, 0, {})],
)
def test_no_order_goes_beyond_the_budget_or_leaks(probes: int, faults: int, options: dict[str, bool]) -> None:
    result = explore(probes, faults, reduced=True, **options)
    assert result.problems == []
    assert result.orders > 10
    if probes == 2:
        assert {
            "killed",
            "lost",
            "accepted, failed",
            "lie",
            "not written",
            "written, error",
        } <= result.events.keys()


def test_the_reduction_hides_no_problem() -> None:
    assert explore(1, 2).problems == explore(1, 2, reduced=True).problems == []


def _release_lost_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reservation, "keep", lambda row, reason: row.settle(Decimal(0), reason))


def _send_before_the_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reservation, "begin", lambda row, owner: row)
    monkeypatch.setattr(Reservation, "_moved", _moved_from_any)


def _moved_from_any(row: Reservation, state: Any, allowed: Any, reason: str = "") -> Reservation:
    return reservation.replace(row, state=state, reason=reason)


def _repeat_failures_blindly(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_new_tasks(self: LiveSender, model: str) -> Any:
        yield sender.step("list", self.server.shared_call, "list", "")
        return frozenset()

    monkeypatch.setattr(LiveSender, "_new_tasks", no_new_tasks)


def _believe_a_cancel(monkeypatch: pytest.MonkeyPatch) -> None:
    def canceled(self: Any, reply: Any, task_id: str) -> TaskReply:
        return TaskReply("CANCELED", 0)

    monkeypatch.setattr("wan_conformance.live.answers.ReplyReader.read_task", canceled)


def _release_the_living(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tests.conformance.live.memory_ledger.MemoryLedger._change_abandoned",
        lambda ledger, states, change: [
            ledger._change(row.key, change) for row in ledger.reservations() if row.state in states
        ],
    )


def _release_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tests.conformance.live.memory_ledger.MemoryLedger._change_abandoned", lambda *arguments: []
    )


@pytest.mark.parametrize(
    "weaken",
    [
        _release_lost_answers,
        _send_before_the_mark,
        _repeat_failures_blindly,
        _believe_a_cancel,
        _release_the_living,
        _release_nothing,
    ],
)
def test_a_weakened_ledger_or_sender_is_found(
    monkeypatch: pytest.MonkeyPatch, weaken: Callable[[pytest.MonkeyPatch], None]
) -> None:
    weaken(monkeypatch)
    assert explore(1, 1, recovers=weaken is _release_the_living).problems


def test_a_ledger_that_loses_reservations_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LedgerTotals, "taken", property(lambda totals: totals.spent))
    assert explore(2, 0, affordable=1).problems
