"""Run a load test with either client, and report the outcomes and the number of exchanges."""

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from time import process_time

from wan_conformance.lifecycle.load.callers import Callers, ConcurrentCallers, SequentialCallers
from wan_conformance.lifecycle.load.invariants import ResumedCalls, load_violations
from wan_conformance.lifecycle.load.service import RATE_LIMITED_CALLS, ThrottledService, max_per_second
from wan_conformance.lifecycle.simulation.clock import SimulatedEventLoop
from wan_conformance.lifecycle.simulation.files import tmpfs_folder

PrintLine = Callable[[str], object]
_MAX_SHOWN = 20


def run(count: int, print_line: PrintLine) -> bool:
    """Run concurrent calls with `AsyncWan`, and a twentieth as many sequentially with `Wan`.

    Args:
        count: The number of calls, at least 20.
        print_line: Called with each line of the report.

    Returns:
        True if nothing was violated.
    """
    return all([run_calls(count, print_line), run_calls(count // 20, print_line, "sync")])


def run_calls(count: int, print_line: PrintLine, client: str = "async") -> bool:
    """Run calls under one client, and report the violations.

    Args:
        count: The number of calls.
        print_line: Called with each line of the report.
        client: `sync` or `async`.

    Returns:
        True if nothing was violated.
    """
    began, kind = process_time(), ConcurrentCallers if client == "async" else SequentialCallers
    with tmpfs_folder() as folder, closing(SimulatedEventLoop()) as loop:
        service = ThrottledService(loop.clock)
        callers = kind(folder, loop, service)
        resumed = callers.run(count)
        violations = [*load_violations(service, callers.calls, resumed, callers.journal_states())]
        seconds = loop.clock.at
    for violation in violations[:_MAX_SHOWN]:
        print_line(f"VIOLATED {violation}")
    _report(callers, service, resumed, print_line)
    spent = process_time() - began
    print_line(f"{seconds:,.0f} s simulated, {spent:.0f} s of CPU; {len(violations):,} violations")
    return not violations


def _report(
    callers: Callers, service: ThrottledService, resumed: ResumedCalls, print_line: PrintLine
) -> None:
    """Print the outcomes of the calls, and the number of exchanges."""
    outcomes = Counter(call.outcome.name for call in callers.calls)
    ends = ", ".join(f"{count:,} {name}" for name, count in outcomes.most_common())
    print_line(f"{len(callers.calls):,} calls, {callers.max_waiting:,} waiting at once, ended with {ends}")
    results = sum(part.kind == "result" for part in resumed.parts)
    errors, adopted = len(resumed.parts) - results, len(resumed.adopted.parts)
    lost = len(resumed.adopted.lost)
    print_line(
        f"the next process resumed {results:,} results and {errors:,} errors, {adopted:,} of them of adopted"
        f" tasks; {lost:,} calls are lost"
    )
    exchanges = ", ".join(f"{len(times):,} {call or 'link'}" for call, times in service.times.items())
    fullest = ", ".join(f"{max_per_second(service.times[call])} {call}" for call in RATE_LIMITED_CALLS)
    print_line(f"exchanges: {exchanges}; in the fullest second {fullest}")
