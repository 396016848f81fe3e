"""Services that do not keep to the documents, drawn by a seed, and what they cost.

Each of them gets a run of probes within a budget; some runs end in the middle of a probe, and another process
continues them with the same ledger.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import cast

from wan_conformance.live.ledger import ProbeLedger
from wan_conformance.live.probe import Probe, ProbeLedgerError
from wan_conformance.live.sender import LiveSender, perform

from tests.conformance.live.memory_ledger import MemoryLedger, SharedRows
from tests.conformance.live.simulated_service import FAULTS, PICTURES, PRICE, SimulatedService
from wanlib.base.clock import ManualClock
from wanlib.errors import BudgetExceededError
from wanlib.spec import Spec, load

WORST = PRICE * PICTURES
_PROBES = 12
_DEATHS = 0.02  # the part of steps before which the process ends
_BODY = {"model": "wan2.7-image", "parameters": {"n": PICTURES}}
Decide = Callable[[random.Random, str], str]


def _often(part: float, **faults: tuple[str, ...]) -> Decide:
    """Return a service with faults in a part of its exchanges."""

    def decide(rng: random.Random, call: str) -> str:
        return rng.choice(faults[call]) if call in faults and rng.random() < part else ""

    return decide


ADVERSARIES: Mapping[str, Decide] = {
    "accepts all": _often(0),
    "accepts all, too late to cancel": _often(1, cancel=("too late",)),
    "refuses all": _often(1, create=("refused",)),
    "answers late": _often(0.7, query=("late", "lost"), cancel=("lost", "done, lost")),
    "loses answers": _often(
        0.6,
        create=("lost", "accepted, lost"),
        cancel=("lost", "done, lost"),
        query=("lost",),
        list=("lost",),
    ),
    "lies about cancel": _often(0.8, cancel=("lie",)),
    "states failures that are none": _often(0.6, create=("failed", "accepted, failed"), list=("lost", "")),
    "names other tasks": _often(0.5, create=("accepted, other id", "refused")),
    "bills more": _often(0.3, create=("accepted, bills more", "refused"), cancel=("too late",)),
    "does anything": _often(0.5, **FAULTS),
}
"""Each service by what it does: from a call to what happens in it."""


def run_adversary(name: str, seed: int) -> Iterator[str]:
    """Send probes to a service, and yield what does not hold."""
    rng = random.Random(f"{name} {seed}")
    budget = WORST * rng.randint(0, 4)
    shared, clock = SharedRows(), ManualClock(0.0)
    service = SimulatedService(lambda call: ADVERSARIES[name](rng, call), clock.sleep)
    service.maker = "run"
    process = 0
    sender = _sender(shared, process, budget, service, clock)
    for number in range(_PROBES):
        steps = sender.steps(Probe(f"probe {number}", "wan2.7-image", _BODY, "async", (), "refused"))
        try:
            step = next(steps)
            while rng.random() > _DEATHS:
                try:
                    result = step.act()
                except Exception as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(result)
            shared.dead.add(f"process {process}")
            process += 1
            sender = _sender(shared, process, budget, service, clock)
            perform(sender.recovery_steps())
        except StopIteration:
            pass
        except (BudgetExceededError, ProbeLedgerError):
            break
    bill = service.true_bill("run")
    taken = sum((row.taken for row in shared.rows.values()), Decimal(0))
    excess = sum((row.excess for row in shared.rows.values()), Decimal(0))
    billed = [task for task in service.tasks.values() if task.bill]
    surplus = sum((PRICE * (task.pictures - PICTURES) for task in billed), Decimal(0))
    if taken > budget or bill > taken + surplus:
        yield f"{name}, seed {seed}: the bill is {bill}, taken is {taken}, the budget {budget}"
    if excess > (PRICE if name == "bills more" else 0):
        yield f"{name}, seed {seed}: probes were sent after {PRICE} was billed beyond a reservation"


def _sender(
    shared: SharedRows, process: int, budget: Decimal, service: SimulatedService, clock: ManualClock
) -> LiveSender:
    ledger = cast(ProbeLedger, MemoryLedger(shared, f"process {process}", budget))
    return LiveSender(_spec(), service, ledger, clock, "beijing")


@cache
def _spec() -> Spec:
    return load()
