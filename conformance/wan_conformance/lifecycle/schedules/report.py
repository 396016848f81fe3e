"""The report of a run of schedules.

All clients side by side, known violations, and transcripts of the others.
"""

from collections import Counter
from collections.abc import Callable, Iterator

from wan_conformance.lifecycle.schedules.expected_ends import SCHEDULE_INVARIANTS
from wan_conformance.lifecycle.schedules.known import CheckedRun
from wan_conformance.lifecycle.schedules.results import RunResults
from wan_conformance.lifecycle.schedules.run import Sdks, replay
from wan_conformance.lifecycle.schedules.schedules import CLIENTS

_MAX_TRANSCRIPTS = 3
_LABEL_WIDTH = max(map(len, SCHEDULE_INVARIANTS)) + 2
PrintLine = Callable[[str], object]


def report(results: RunResults, checked: CheckedRun, print_line: PrintLine, sdks: Sdks | None = None) -> None:
    """Print the report.

    Args:
        results: The results of the run.
        checked: The same, compared with the known violations.
        print_line: Called with each line.
        sdks: The SDKs of the run.
    """
    for schedule in checked.unexpected[:_MAX_TRANSCRIPTS]:
        print_line(replay(str(schedule), sdks)[0])
        print_line(f"replay it: wan-conformance replay {schedule}\n")
    parts = (_outcomes(results), _violations(results), _known(checked), _figures(results), _verdict(checked))
    for part in parts:
        for line in part:
            print_line(line)


def _outcomes(results: RunResults) -> Iterator[str]:
    """Yield a table with scenarios and outcomes as rows, clients as columns."""
    clients = _clients(results)
    yield _row("number of outcomes", clients)
    for scenario, outcome in sorted({(scenario, outcome) for scenario, _, outcome in results.outcomes}):
        counts = (results.outcomes[scenario, client, outcome] for client in clients)
        yield _row(f"  {scenario:8} {outcome}", counts)


def _violations(results: RunResults) -> Iterator[str]:
    """Yield a table of the number of violating schedules: invariants as rows, clients as columns."""
    counts = Counter(
        (invariant, schedule.client)
        for schedule, violations in results.violations.items()
        for invariant in {violation.invariant for violation in violations}
    )
    for client, version in results.versions.items():
        if version:
            yield f"{client} is dashscope {version}"
    clients = _clients(results)
    yield _row("number of violations", clients)
    for invariant in SCHEDULE_INVARIANTS:
        yield _row(f"  {invariant}", (counts[invariant, client] for client in clients))
    yield _row("  of", (results.run_counts[client] for client in clients))


def _known(checked: CheckedRun) -> Iterator[str]:
    for known, count in checked.known_counts.items():
        yield f"known of {', '.join(known.clients)}, {count:,} times: {known.invariant}"
        yield f"    {known.reason}"


def _figures(results: RunResults) -> Iterator[str]:
    by_faults = ", ".join(
        f"{count:,} with {faults}" for faults, count in sorted(results.fault_counts.items())
    )
    count = results.fault_counts.total()
    yield f"{count:,} schedules: {by_faults} faults"
    count_run = results.run_counts.total()
    yield f"{count_run:,} of them were run; each of the others is equivalent to one of these:"
    yield "    the step of a fault is not reached, or a read is cut before instead of after the request"
    yield f"{results.seconds:.1f} s, {count / max(results.seconds, 1e-9):,.0f} schedules a second"


def _verdict(checked: CheckedRun) -> Iterator[str]:
    for text in checked.now_passing:
        yield f"NOW PASSING {text}"
    if checked.unexpected:
        yield f"{len(checked.unexpected):,} schedules violate an invariant"
    elif not checked.now_passing:
        exception = ", except for known violations" if checked.known_counts else ""
        yield f"{len(SCHEDULE_INVARIANTS)} invariants hold{exception}"


def _clients(results: RunResults) -> list[str]:
    return [client for client in CLIENTS if client in results.run_counts]


def _row(label: str, cells: Iterator[int] | list[str]) -> str:
    texts = (f"{cell:,}" if isinstance(cell, int) else cell for cell in cells)
    return f"{label:{_LABEL_WIDTH}}" + "".join(f"{text:>11}" for text in texts)
