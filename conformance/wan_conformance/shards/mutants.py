"""Mutants that several workers try, a rule at a time."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from wan_conformance.engine.mutation_check import MutantResult, run_mutants
from wanlib.scale.sharing import share_out
from wanlib.scale.workers import Workers
from wanlib.spec import Rule, Spec, load

_load = lru_cache(maxsize=1)(load)


@dataclass(frozen=True, slots=True)
class MutantTask:
    """Tries every mutant of a rule; it is sent to the workers.

    Attributes:
        spec: The folder of the spec; None for the packaged one.
    """

    spec: Path | None

    def __call__(self, rule_id: str) -> list[MutantResult]:
        """Return the results of the mutants of a rule."""
        loaded: Spec = _load(self.spec)
        return [*run_mutants(loaded, [loaded.rules[rule_id]])]


def shared_mutants(spec: Path | None, rules: Sequence[Rule], workers: Workers) -> Iterator[MutantResult]:
    """Yield the result of every mutant of these rules, in their order.

    Args:
        spec: The folder of the spec; None for the packaged one.
        rules: The rules to mutate.
        workers: The processes that try the mutants.

    Raises:
        ScaleError: The work can't be shared out.
    """
    ids = [rule.id for rule in rules]
    with closing(share_out(MutantTask(spec and spec.absolute()), ids, workers)) as results:
        for mutants in results:
            yield from mutants
