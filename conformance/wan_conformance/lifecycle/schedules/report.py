"""A run in figures: all clients side by side, what is known, and the stories of what is not."""

from collections import Counter
from collections.abc import Callable, Iterator

from wan_conformance.lifecycle.schedules.invariants import PROMISES
from wan_conformance.lifecycle.schedules.known import CheckedRun
from wan_conformance.lifecycle.schedules.results import RunResults
from wan_conformance.lifecycle.schedules.run import Sdks, replay
from wan_conformance.lifecycle.schedules.schedules import CLIENTS

_TRACES = 3
_LABEL = max(map(len, PROMISES)) + 2
Tell = Callable[[str], object]


def report(tally: RunResults, held: CheckedRun, tell: Tell, sdks: Sdks | None = None) -> None:
    """Tells it line by line. sdks: as the run had them."""
    for schedule in held.strange[:_TRACES]:
        tell(replay(str(schedule), sdks)[0])
        tell(f"again: wan-conformance replay {schedule}\n")
    for part in (_ends(tally), _table(tally), _known(held), _figures(tally), _verdict(held)):
        for line in part:
            tell(line)


def _ends(tally: RunResults) -> Iterator[str]:
    """How the stories ended for their callers."""
    yield _row("how many ended in what", _clients(tally))
    for story, outcome in sorted({(story, outcome) for story, _, outcome in tally.outcomes}):
        counts = (tally.outcomes[story, client, outcome] for client in _clients(tally))
        yield _row(f"  {story:8} {outcome}", counts)


def _table(tally: RunResults) -> Iterator[str]:
    """Promises as rows, clients as columns: the schedules that broke them."""
    broke = Counter(
        (promise, schedule.client)
        for schedule, broken in tally.broken.items()
        for promise in {each.promise for each in broken}
    )
    for client, version in tally.versions.items():
        if version:
            yield f"{client} is dashscope {version}"
    yield _row("how many broke a promise", _clients(tally))
    for promise in PROMISES:
        yield _row(f"  {promise}", (broke[promise, client] for client in _clients(tally)))
    yield _row("  of", (tally.played[client] for client in _clients(tally)))


def _known(held: CheckedRun) -> Iterator[str]:
    for known, count in held.met.items():
        yield f"known of {', '.join(known.clients)}, {count:,} times: {known.promise}"
        yield f"    {known.reason}"


def _figures(tally: RunResults) -> Iterator[str]:
    depth = ", ".join(f"{count:,} with {faults}" for faults, count in sorted(tally.faults.items()))
    count = tally.faults.total()
    yield f"{count:,} schedules: {depth} faults"
    yield f"{tally.played.total():,} of them played; nobody could tell any of the others from one of these:"
    yield "    its fault's step never comes, or a question is cut before it is read and not before its answer"
    yield f"{tally.seconds:.1f} s, {count / max(tally.seconds, 1e-9):,.0f} schedules a second"


def _verdict(held: CheckedRun) -> Iterator[str]:
    for news in held.news:
        yield f"NEWS {news}"
    if held.strange:
        yield f"{len(held.strange):,} schedules broke a promise"
    elif not held.news:
        yield f"{len(PROMISES)} promises held{', but for what is known' if held.met else ''}"


def _clients(tally: RunResults) -> list[str]:
    return [client for client in CLIENTS if client in tally.played]


def _row(label: str, cells: Iterator[int] | list[str]) -> str:
    shown = (f"{cell:,}" if isinstance(cell, int) else cell for cell in cells)
    return f"{label:{_LABEL}}" + "".join(f"{cell:>11}" for cell in shown)
