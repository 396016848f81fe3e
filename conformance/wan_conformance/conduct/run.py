"""Run a client through scenarios, and judge its conduct in each.

`run_command_scenario` runs a command in real time, `run_adapter_scenario` a library in simulated time; both
give the client the same order and the same service. `summarize` returns one verdict for each rule.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import NamedTuple

from wan_conformance.conduct.adapters import Adapter, InProcessService, UnsupportedOrderError
from wan_conformance.conduct.commands import run_command
from wan_conformance.conduct.orders import CANNOT
from wan_conformance.conduct.scenarios import ConductScenario
from wan_conformance.lifecycle.clients.base import KEY
from wan_conformance.lifecycle.simulation.clock import SimulatedClock, SimulatedEventLoop
from wan_conformance.lifecycle.simulation.service import CachedImageEmulator, RunawayClient
from wan_conformance.pictures import NotAPictureError, picture_size
from wanlib.base.redaction import printable, without_queries
from wanlib.conduct.judge import ConductFinding, ConductReport, judge
from wanlib.conduct.rules import RULES
from wanlib.conduct.traffic import ClientRun
from wanlib.emulator import Emulator, RealClock, Request, Response
from wanlib.spec import Spec

GRACE = 5.0
"""Seconds beyond its timeout in which a client ends, saves and reports."""
_MAX_MESSAGE = 300


class ClientResult(NamedTuple):
    """A client in one scenario.

    Attributes:
        scenario: The scenario.
        run: Data about the client besides its requests; None if it does not support the call.
        report: The verdicts; None likewise.
        output: The last lines that it printed, or its exception.
    """

    scenario: ConductScenario
    run: ClientRun | None
    report: ConductReport | None
    output: tuple[str, ...] = ()


class RuleSummary(NamedTuple):
    """A rule over all scenarios.

    Attributes:
        rule: The id of the rule.
        verdict: `broken` if it was in any scenario, else `kept` if it was in any, else `not judged`.
        kept: The scenarios in which it was kept.
        findings: The breaches, each with the name of its scenario.
        source: Where the rule comes from.
    """

    rule: str
    verdict: str
    kept: tuple[str, ...]
    findings: tuple[tuple[str, ConductFinding], ...]
    source: str = ""


def run_command_scenario(
    command: Sequence[str], scenario: ConductScenario, spec: Spec, stop: Event
) -> ClientResult:
    """Run a command in a scenario, in real time.

    Args:
        command: The command and its arguments.
        scenario: The scenario.
        spec: What the service is made from.
        stop: Ends the command when it is set.

    Raises:
        OSError: The command cannot be started.
    """
    from wanlib.emulator.server.serve import run_in_thread

    emulator = Emulator(spec, clock=RealClock(), settings=scenario.settings)
    emulator.faults.queue(scenario.faults)
    with TemporaryDirectory(prefix="wan-client-") as folder, run_in_thread(emulator) as url:
        order = scenario.order._replace(out=Path(folder))
        bound = order.timeout + GRACE
        environment = order.environment(url + spec.wire["base_path"])
        end = run_command(command, environment, bound, KEY, stop)
        saved = count_pictures(order.out)
        record = emulator.record()
    emulator.close()
    if end.code == CANNOT:
        return ClientResult(scenario, None, None, end.output)
    run = ClientRun(1, bound, end.seconds, end.code is None, end.code == 0, saved, scenario.succeeds)
    return ClientResult(scenario, run, judge(record, spec, run=run), end.output)


class _BoundedEmulator(CachedImageEmulator):
    """Stops a client that goes on after its bound, at its next request."""

    bound = float("inf")

    def handle(self, request: Request) -> Response:
        """Answer a request in time.

        Raises:
            RunawayClient: The bound has passed.
        """
        if self.clock.now() > self.bound:
            raise RunawayClient
        return super().handle(request)


def run_adapter_scenario(adapter: Adapter, scenario: ConductScenario, spec: Spec) -> ClientResult:
    """Run a library in a scenario, in simulated time.

    Args:
        adapter: The library.
        scenario: The scenario.
        spec: What the service is made from.
    """
    clock, loop = SimulatedClock(), SimulatedEventLoop()
    loop.clock = clock
    emulator = _BoundedEmulator(spec, clock=clock, settings=scenario.settings)
    emulator.bound = bound = scenario.order.timeout + GRACE
    emulator.faults.queue(scenario.faults)
    saved, is_stopped, output = 0, False, ""
    with TemporaryDirectory(prefix="wan-client-") as folder:
        order = scenario.order._replace(out=Path(folder))
        try:
            saved = adapter(order, InProcessService(emulator, clock, loop))
            succeeded = True
        except UnsupportedOrderError:
            return ClientResult(scenario, None, None)
        except RunawayClient:
            succeeded, is_stopped = False, True
        except Exception as error:
            succeeded = False
            output = printable(without_queries(f"{type(error).__name__}: {error}"))[:_MAX_MESSAGE]
        finally:
            loop.close()
            record = emulator.record()
            emulator.close()
    run = ClientRun(1, bound, clock.at, is_stopped, succeeded, saved, scenario.succeeds)
    return ClientResult(scenario, run, judge(record, spec, run=run), (output,) if output else ())


def summarize(results: Iterable[ClientResult]) -> tuple[RuleSummary, ...]:
    """Return one verdict for each rule over all scenarios."""
    judged = [(result.scenario.name, result.report) for result in results if result.report]
    summaries = []
    for rule in RULES:
        verdicts = [
            (name, verdict) for name, report in judged for verdict in report.verdicts if verdict.rule == rule
        ]
        findings = tuple((name, finding) for name, verdict in verdicts for finding in verdict.findings)
        kept = tuple(name for name, verdict in verdicts if verdict.verdict == "kept")
        word = "broken" if findings else "kept" if kept else "not judged"
        source = next((verdict.source for _, verdict in verdicts), "")
        summaries.append(RuleSummary(rule, word, kept, findings, source))
    return tuple(summaries)


def run_all(
    scenarios: Sequence[ConductScenario],
    run: Callable[[ConductScenario], ClientResult],
    workers: int,
    stop: Event,
) -> list[ClientResult]:
    """Run scenarios side by side; an interruption sets `stop` and is passed on."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(workers, "wan-client") as threads:
        futures = [threads.submit(run, scenario) for scenario in scenarios]
        try:
            return [future.result() for future in futures]
        except BaseException:
            stop.set()
            for future in futures:
                future.cancel()
            raise


def count_pictures(folder: Path) -> int:
    """Return the number of complete image files in a folder and below it."""
    return sum(_is_picture(path) for path in folder.rglob("*") if path.is_file())


def _is_picture(path: Path) -> bool:
    try:
        picture_size(path.read_bytes())
    except NotAPictureError:
        return False
    return True
