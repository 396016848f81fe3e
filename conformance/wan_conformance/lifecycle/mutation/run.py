"""Run every mutant of the state table on both sides and report which were killed."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from textwrap import fill, indent
from typing import NamedTuple

from wan_conformance.lifecycle.mutation.client_checks import client_problems, client_with_mutant
from wan_conformance.lifecycle.mutation.equivalence import SIDES, EquivalentMutants, read_equivalent_mutants
from wan_conformance.lifecycle.mutation.mutants import Mutant, mutants
from wan_conformance.lifecycle.mutation.service_checks import service_problems
from wan_conformance.lifecycle.schedules.scenario_runner import ScenarioRunner, scenario_runner
from wan_conformance.lifecycle.schedules.schedules import OUR_CLIENTS, STEPS, Schedule
from wan_conformance.lifecycle.simulation.files import tmpfs_folder
from wanlib.emit.client.api_tables import calls
from wanlib.spec import Spec, load

ORIGINAL = "the original table"
PASSING = ("killed", "equivalent")
_WIDTH = 106


class TableMutantResult(NamedTuple):
    """The result of one mutant on one side.

    Attributes:
        name: The mutant's name, or `ORIGINAL`.
        side: `service` or `client`.
        verdict: `killed`, `survived` or `equivalent`; `unexpected` for a mutant that is killed although it is
            listed as equivalent, and for the original table if a check rejects it.
        reason: The first problem that a check found, or the reason from the list of equivalent mutants.
    """

    name: str
    side: str
    verdict: str
    reason: str


def run_mutants(
    original: Spec, selected: Iterable[Mutant], equivalent: EquivalentMutants
) -> Iterator[TableMutantResult]:
    """Check the original table, then each mutant, on each side that it affects.

    Args:
        original: The spec without a fault.
        selected: The mutants to check.
        equivalent: The list of equivalent mutants.
    """
    with scenario_runner() as runner, tmpfs_folder() as folder:
        detectors = Detectors(original, runner, folder)
        for side in SIDES:
            if problem := detectors.first_detecting(Mutant(ORIGINAL, original), side):
                yield TableMutantResult(ORIGINAL, side, "unexpected", problem)
        for mutant in selected:
            for side in SIDES if mutant.code is None else ("client",):
                problem = detectors.first_detecting(mutant, side)
                yield _result(mutant.name, side, problem, equivalent.get((mutant.name, side), ""))


class Detectors:
    """All checks that can kill a mutant."""

    def __init__(self, original: Spec, runner: ScenarioRunner, folder: Path) -> None:
        """Prepare the checks; `original` is the spec without a fault, `folder` gets journals and pictures."""
        self._original, self._runner, self._folder = original, runner, folder
        self._by_client: dict[object, str] = {}

    def first_detecting(self, mutant: Mutant, side: str) -> str:
        """Return the first problem that a check finds in a mutant, "" for none."""
        if side == "service":
            return next(service_problems(self._original, mutant.spec), "")
        client = calls(mutant.spec), mutant.code  # two mutants that generate the same client are checked once
        if client not in self._by_client:
            with client_with_mutant(mutant):
                problem = next(self._scenario_problems(), "")
                problem = problem or next(client_problems(self._original, self._folder), "")
            self._by_client[client] = problem
        return self._by_client[client]

    def _scenario_problems(self) -> Iterator[str]:
        for scenario in STEPS:
            for client in OUR_CLIENTS:
                schedule = Schedule(scenario, client)
                for violation in self._runner.run(schedule).violations:
                    yield f"scenario {schedule}: {violation}"


def run(print_line: Callable[[str], object]) -> int:
    """Run all mutants and print a report.

    Args:
        print_line: Called with each line of the report.

    Returns:
        0 if each mutant is killed or listed as equivalent, else 1.
    """
    spec = load()
    all_mutants = [*mutants(spec)]
    equivalent = read_equivalent_mutants({mutant.name for mutant in mutants(spec)})
    results = [*run_mutants(spec, all_mutants, equivalent)]
    report(results, print_line)
    return 1 if any(result.verdict not in PASSING for result in results) else 0


def report(results: Iterable[TableMutantResult], print_line: Callable[[str], object]) -> None:
    """Print the failures, the equivalent mutants by their reasons, and the counts."""
    results = [*results]
    reasons: dict[tuple[str, str], list[str]] = defaultdict(list)
    for result in results:
        if result.verdict == "equivalent":
            reasons[result.side, result.reason].append(result.name)
        elif result.verdict not in PASSING:
            detail = f": {result.reason}" if result.reason else ""
            print_line(f"{result.verdict.upper()} {result.name} on the {result.side}{detail}")
    for (side, reason), names in reasons.items():
        print_line(f"{len(names)} equivalent on the {side}: {reason}")
        print_line(indent(fill(", ".join(names), _WIDTH, break_on_hyphens=False), "    "))
    print_line(f"{len({result.name for result in results} - {ORIGINAL})} mutants of the state table")
    for side in SIDES:
        print_line(f"{side}: {_counts([result for result in results if result.side == side])}")


def _counts(results: list[TableMutantResult]) -> str:
    by_scenario = sum(
        result.reason.startswith("scenario ") for result in results if result.verdict == "killed"
    )
    counts = {
        verdict: sum(result.verdict == verdict for result in results)
        for verdict in (*PASSING, "survived", "unexpected")
    }
    text = ", ".join(
        f"{count} {verdict}" for verdict, count in counts.items() if count or verdict != "unexpected"
    )
    return text.replace(" killed", f" killed ({by_scenario} by a scenario)") if by_scenario else text


def _result(name: str, side: str, problem: str, equivalence: str) -> TableMutantResult:
    if equivalence:
        return TableMutantResult(
            name, side, "unexpected" if problem else "equivalent", problem or equivalence
        )
    return TableMutantResult(name, side, "killed" if problem else "survived", problem)
