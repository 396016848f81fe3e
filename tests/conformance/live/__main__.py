"""`python -m tests.conformance.live`: everything of which the suite runs a sample.

All orders of three probes with three faults and of two probes with a recovery, killed processes, 1,000 seeds
for each service that does not keep to the documents, and the worst price of every boundary case.

With three faults every process has read the list of tasks before the first probe is sent; with two faults the
order of these readings is explored too.
"""

import sys
from collections.abc import Iterator
from time import perf_counter

from wan_conformance.live.pricing import worst_price

from tests.conformance.live import killed_processes
from tests.conformance.live.adversaries import ADVERSARIES, run_adversary
from tests.conformance.live.exploration import explore
from wanlib.boundary.cases import boundary_cases
from wanlib.spec import load
from wanlib.spec.interpreter.picture_count import bill

_EXPLORATIONS: tuple[tuple[int, int, dict[str, bool]], ...] = (
    (2, 3, {}),
    (2, 2, {"recovers": True, "listed": True}),
    (3, 2, {}),
    (3, 3, {"listed": True}),
)
"""Probes, faults, and the options of `explore`."""
_SEEDS = 1000
_ROUNDS = 100
_SHOWN = 20


def main() -> int:
    """Run everything; print what does not hold, and return 1 if anything does not."""
    sys.setrecursionlimit(10_000)
    problems = [*_boundary_problems(), *_adversary_problems()]
    for probes, faults, options in _EXPLORATIONS:
        problems += _exploration_problems(probes, faults, options)
    problems += killed_processes.problems(_ROUNDS)
    for problem in problems[:_SHOWN]:
        print(problem)
    print(f"{len(problems):,} problems")
    return 1 if problems else 0


def _boundary_problems() -> Iterator[str]:
    spec, count = load(), 0
    for case in boundary_cases(spec):
        question = case.question
        known = bill(spec, question.body, question.call).price
        worst = worst_price(spec, question.body, question.call or "async", spec.wire["default_region"])
        if known is not None and worst is not None:
            count += 1
            if known.amount > worst:
                yield f"{case.id} costs {known.amount}, and its worst price is {worst}"
    print(f"boundary cases with a price: {count:,}")


def _adversary_problems() -> Iterator[str]:
    for name in ADVERSARIES:
        for seed in range(_SEEDS):
            yield from run_adversary(name, seed)
    print(f"services: {len(ADVERSARIES)}, {_SEEDS:,} seeds each")


def _exploration_problems(probes: int, faults: int, options: dict[str, bool]) -> list[str]:
    started = perf_counter()
    result = explore(probes, faults, reduced=True, **options)
    print(
        f"{probes} probes, up to {faults} faults{', with a recovery' if options.get('recovers') else ''}: "
        f"{result.states:,} states, {result.steps:,} steps, {result.orders:,} orders, "
        f"{result.events['killed']:,} kills, {perf_counter() - started:.0f} s",
        flush=True,
    )
    return result.problems


if __name__ == "__main__":
    sys.exit(main())
