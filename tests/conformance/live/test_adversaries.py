"""No service, whatever it accepts, loses, delays or claims, costs more than the budget.

A sample of the seeds; `make live` runs 1,000 for each service.
"""

import pytest
from wan_conformance.live.reservation import Reservation
from wan_conformance.live.sender import LiveSender

from tests.conformance.live.adversaries import ADVERSARIES, run_adversary

_SEEDS = 25


@pytest.mark.parametrize("name", ADVERSARIES)
def test_a_service_costs_at_most_the_budget(name: str) -> None:
    assert [problem for seed in range(_SEEDS) for problem in run_adversary(name, seed)] == []


def test_a_sender_that_releases_unknown_outcomes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reservation, "keep", lambda row, reason: row.settle(row.reserved * 0, reason))
    assert [*run_adversary("loses answers", 0), *run_adversary("loses answers", 1)]


def test_a_sender_that_believes_every_id_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tests.conformance.live.memory_ledger.MemoryLedger.has_task", lambda *arguments: False
    )
    monkeypatch.setattr(LiveSender, "_record", lambda *arguments: iter(()))
    assert [problem for seed in range(9) for problem in run_adversary("names other tasks", seed)]
