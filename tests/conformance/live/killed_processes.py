"""`kill -9` of real processes that send probes, at every step and at random moments, with the real ledger.

    python -m tests.conformance.live.killed_processes [ROUNDS]

First a process is killed before each step of an accepted and of a refused probe. Then, ROUNDS times, three
processes share a ledger and are killed at random moments, also in the middle of a write. After each, another
process recovers, and the ledger is compared with what the service has really accepted. Prints what does not
hold, and a count.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from wan_conformance.lifecycle.simulation.files import tmpfs_folder
from wan_conformance.live.ledger import ProbeLedger
from wan_conformance.live.probe import Probe
from wan_conformance.live.sender import LiveSender

from tests.conformance.live.simulated_service import PICTURES, PRICE, SimulatedService, SimulatedTask
from wanlib.base.clock import ManualClock
from wanlib.errors import BudgetExceededError
from wanlib.spec import load

_SPEC = load()
_WORST = PRICE * PICTURES
_PROCESSES = 3
_PROBES = 1000  # more than a process sends before it is killed


class _LoggedService(SimulatedService):
    """A service whose truth survives the process: each change is in a file before the answer comes."""

    def __init__(self, log: Path, event: str) -> None:
        super().__init__(lambda call: event if call == "create" else "", lambda _: None)
        self._log = log
        self.maker = str(os.getpid())

    def create(self, body: Any, raw: bytes, call: str) -> Any:
        try:
            return super().create(body, raw, call)
        finally:
            self._write()

    def task_call(self, call: str, task_id: str) -> Any:
        try:
            return super().task_call(call, task_id)
        finally:
            self._write()

    def _write(self) -> None:
        lines = [json.dumps([name, task.status]) + "\n" for name, task in self.tasks.items()]
        with self._log.open("a") as file:
            file.write("".join(lines[-1:]))


def _send(folder: Path, number: int, event: str, budget: Decimal, kill_before: int | None) -> None:
    """Send probes until the process is killed, or all are sent."""
    ledger = ProbeLedger(folder / "ledger", budget, "CNY")
    service = _LoggedService(folder / f"log{number}", event)
    sender = LiveSender(_SPEC, service, ledger, ManualClock(), "beijing")
    body = {"model": "wan2.7-image", "parameters": {"n": PICTURES}}
    count = 0
    for probe in range(1 if kill_before is not None else _PROBES):
        try:
            steps = sender.steps(Probe(f"probe {probe}", "wan2.7-image", body, "async", (), "refused"))
            step = next(steps)
            while True:
                if count == kill_before:
                    os.kill(os.getpid(), signal.SIGKILL)
                count += 1
                step = steps.send(step.act())
        except StopIteration:
            continue
        except BudgetExceededError:
            time.sleep(0)  # another process holds the budget


def _fork(*arguments: Any) -> int:
    process = os.fork()
    if process == 0:
        try:
            _send(*arguments)
        except BaseException as error:
            print(f"a process failed: {error!r}")
            sys.stdout.flush()
            os._exit(1)
        os._exit(0)
    return process


def _recovered(folder: Path, budget: Decimal, place: str) -> Iterator[str]:
    """Let this process recover, and compare the ledger with the truth."""
    service = SimulatedService(lambda _: "", lambda _: None)
    for log in sorted(folder.glob("log*")):
        for line in log.read_text().splitlines():
            name, status = json.loads(line)
            service.tasks[name] = SimulatedTask(status, PICTURES, name.partition("-")[0])
    ledger = ProbeLedger(folder / "ledger", budget, "CNY")
    sender = LiveSender(_SPEC, service, ledger, ManualClock(), "beijing")
    if ledger.totals().taken > budget:
        yield f"{place}: {ledger.totals().taken} is taken of {budget}"
    sender.recover()
    rows = ledger.reservations()
    bill = sum((task.bill for task in service.tasks.values()), Decimal(0))
    if not bill <= ledger.totals().taken <= budget:
        yield f"{place}: the bill is {bill}, taken is {ledger.totals().taken}, the budget {budget}"
    tasks = {row.task_id for row in rows}
    lost = [name for name in service.tasks if name not in tasks]
    unknown = [row for row in rows if row.state == "unknown"]
    if len(lost) > len(unknown):
        yield f"{place}: {len(lost)} tasks are in no reservation, and {len(unknown)} are unknown"
    leaked = [row for row in rows if row.state not in ("settled", "unknown")]
    if leaked or len(unknown) > _PROCESSES:
        yield f"{place}: reserved and not settled: {[*leaked, *unknown]}"
    ledger.close()


def _each_step() -> Iterator[tuple[str, list[str]]]:
    """Yield the problems of a process that is killed before each step."""
    for event in ("", "refused"):
        for point in range(40):
            with tmpfs_folder() as folder:
                _, status = os.waitpid(_fork(folder, 0, event, _WORST, point), 0)
                if os.WIFEXITED(status):
                    break
                place = f"{event or 'accepted'}, killed before step {point}"
                yield place, list(_recovered(folder, _WORST, place))


def _at_random(rounds: int) -> Iterator[tuple[str, list[str]]]:
    """Yield the problems of processes that share a ledger and are killed at random moments."""
    rng = random.Random(0)
    budget = _WORST  # room for one of them at a time
    for number in range(rounds):
        with tmpfs_folder() as folder:
            place = f"round {number}"
            processes = [_fork(folder, index, "", budget, None) for index in range(_PROCESSES)]
            ledger = ProbeLedger(folder / "ledger", budget, "CNY")
            seen: list[str] = []
            for process in processes:
                until = time.monotonic() + rng.uniform(0.01, 0.08)
                while time.monotonic() < until:
                    taken = ledger.totals().taken
                    seen += [f"{place}: {taken} is taken of {budget}"] * (taken > budget)
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
            ledger.close()
            yield place, [*seen[:1], *_recovered(folder, budget, place)]


def problems(rounds: int) -> list[str]:
    """Kill processes at every step and this many times at random, and return the violated invariants."""
    steps, random_rounds = [*_each_step()], [*_at_random(rounds)]
    print(f"killed processes: {len(steps)} steps, {len(random_rounds)} rounds of {_PROCESSES}")
    return [problem for _, found in (*steps, *random_rounds) for problem in found]


def main(arguments: list[str]) -> int:
    """Kill processes, print what does not hold, and return 1 if there is anything."""
    found = problems(int(arguments[0]) if arguments else 0)
    print("\n".join([*found, f"{len(found)} problems"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
