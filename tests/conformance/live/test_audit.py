"""After a run: a service that bills what it reported as canceled, a request that was carried out twice."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from wan_conformance.live.audit import audit
from wan_conformance.live.ledger import ProbeLedger
from wan_conformance.live.probe import Probe, ProbeLedgerError
from wan_conformance.live.sender import LiveSender

from tests.conformance.live.simulated_service import PICTURES, SimulatedService
from wanlib.base.clock import ManualClock
from wanlib.spec import load

MODEL = "wan2.7-image"
PROBE = Probe("probe", MODEL, {"model": MODEL, "parameters": {"n": PICTURES}}, "async", (), "refused")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[ProbeLedger]:
    opened = ProbeLedger(tmp_path / "ledger", Decimal(3), "CNY")
    yield opened
    opened.close()


def _run(ledger: ProbeLedger, *events: str) -> tuple[SimulatedService, LiveSender]:
    """Send a probe for each event, which happens in its create."""
    planned = [*events]
    service = SimulatedService(
        lambda call: planned.pop(0) if call == "create" and planned else "", lambda _: None
    )
    service.maker = "run"
    sender = LiveSender(load(), service, ledger, ManualClock(), "beijing")
    for _ in events:
        sender.send(PROBE)
    return service, sender


def test_an_honest_service_passes(ledger: ProbeLedger) -> None:
    _, sender = _run(ledger, "", "refused", "accepted, lost", "lost")
    assert audit(sender) == []


def test_a_canceled_task_that_runs_after_all_stops_every_run(ledger: ProbeLedger) -> None:
    service, sender = _run(ledger, "", "")
    service.tasks["run-1"].status = "SUCCEEDED"
    problems = audit(sender)
    assert len(problems) == 1 and "run-1" in problems[0]
    assert ledger.totals().excess > 0
    with pytest.raises(ProbeLedgerError):
        sender.send(PROBE)


def test_tasks_that_no_probe_made_are_named(ledger: ProbeLedger) -> None:
    service, sender = _run(ledger, "", "accepted, lost")
    service.create(PROBE.body, b"", "async")
    problems = audit(sender)
    assert len(problems) == 1 and problems[0].startswith("1 new tasks")
