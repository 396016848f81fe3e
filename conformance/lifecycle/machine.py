"""`task.yaml` as a state machine: free plays drawn by Hypothesis, with time and faults among the rules."""

from collections import Counter
from collections.abc import Callable
from multiprocessing import get_context
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from conformance.lifecycle.free.house import house
from conformance.lifecycle.free.promises import PROMISES
from conformance.lifecycle.free.replay import replay
from conformance.lifecycle.free.rules import Machine, PromiseBroken
from conformance.lifecycle.schedule import OURS

STEPS = 30
"""Rules of a play; some take several steps."""


class Drawn(NamedTuple):
    """What came of drawn plays.

    counts: of plays, steps, faults and ends. broken: ids of plays that broke a promise, one a client at most.
    """

    counts: Counter[str]
    broken: tuple[str, ...]


def draw(client: str, examples: int, seed_: int, steps: int = STEPS) -> Drawn:
    """Draws and plays so many plays, the same ones for the same seed, until one breaks a promise.

    What is told of that one is the shortest that was found to break the same promise.
    """
    counts: Counter[str] = Counter()
    how = settings(
        max_examples=examples,
        stateful_step_count=steps,
        database=None,
        deadline=None,
        phases=[Phase.generate],  # a play is made shorter by leaving out steps, which costs less
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    with house() as made:

        @seed(f"{client} {seed_}")
        def machine() -> Machine:
            return Machine(made, client, counts)

        try:
            run_state_machine_as_test(machine, settings=how)  # type: ignore[arg-type]
        except PromiseBroken as error:
            return Drawn(counts, (str(made.shortest(error.play).script),))
    return Drawn(counts, ())


def run(examples: int, seed_: int, workers: int = len(OURS)) -> Drawn:
    """The same for both clients, so many plays each. workers: processes; 1 plays them in this one."""
    jobs = [(client, examples, seed_) for client in OURS]
    if workers == 1:
        found = [draw(*job) for job in jobs]
    else:
        with get_context("spawn").Pool(workers) as pool:
            found = pool.starmap(draw, jobs)
    counts: Counter[str] = Counter()
    for each in found:
        counts.update(each.counts)
    return Drawn(counts, tuple(name for each in found for name in each.broken))


def report(drawn: Drawn, tell: Callable[[str], object]) -> None:
    """The figures, and the stories of the plays that broke a promise."""
    for name in drawn.broken:
        tell(replay(name)[0])
        tell(f"again: wan-conformance replay {name}\n")
    for name in sorted(drawn.counts):
        tell(f"{drawn.counts[name]:9,} {name}")
    if not drawn.broken:
        tell(f"{len(PROMISES)} promises held after every step:")
        for promise in PROMISES:
            tell(f"  {promise}")
