"""`python -m tests.diff`: the diff of every mutant, every rewrite and many random pairs of small specs."""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.diff.expectations import mutant_problem, mutants, random_pair_problem, rewrite_problem
from tests.diff.rewriting import rewrites
from wanlib.spec import load

_PAIRS = 300


def main() -> int:
    """Run everything; print what is wrong, and return 1 if anything is."""
    started = perf_counter()
    problems = [problem for problem in _problems() if problem]
    for problem in problems:
        print(problem)
    print(f"{len(problems)} wrong, in {perf_counter() - started:.0f} s")
    return 1 if problems else 0


def _problems() -> Iterator[str]:
    spec = load()
    injected, written = mutants(spec), list(rewrites())
    print(f"{len(injected)} mutants, {len(written)} rewrites, {_PAIRS} random pairs")
    yield from (mutant_problem(spec, rule, way) for rule, way in injected)
    yield from (rewrite_problem(spec, rewrite) for rewrite in written)
    with TemporaryDirectory() as folder:
        yield from (random_pair_problem(seed, Path(folder)) for seed in range(_PAIRS))


if __name__ == "__main__":
    sys.exit(main())
