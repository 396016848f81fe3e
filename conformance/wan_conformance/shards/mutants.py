"""Mutants that several workers try, a few rules at a time."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from wan_conformance.engine.mutation_check import MutantResult, run_mutants
from wanlib.scale.sharing import map_shards
from wanlib.scale.workers import Workers
from wanlib.spec import Rule, Spec, load

_RULES = 8
"""Rules in one shard: the mutants of one take about 20 ms of CPU, and to send a shard takes 2 ms."""
_load = lru_cache(maxsize=1)(load)


@dataclass(frozen=True, slots=True)
class MutantTask:
    """Tries every mutant of some rules; it is sent to the workers.

    Attributes:
        spec: The folder of the spec; None for the packaged one.
    """

    spec: Path | None

    def __call__(self, rule_ids: Sequence[str]) -> list[MutantResult]:
        """Return the results of the mutants of rules, in their order."""
        loaded: Spec = _load(self.spec)
        return [*run_mutants(loaded, [loaded.rules[rule_id] for rule_id in rule_ids])]


def shared_mutants(spec: Path | None, rules: Sequence[Rule], workers: Workers) -> Iterator[MutantResult]:
    """Yield the result of every mutant of these rules, in their order.

    Args:
        spec: The folder of the spec; None for the packaged one.
        rules: The rules to mutate.
        workers: The processes that try the mutants.

    Raises:
        ScaleError: The work can't be distributed.
    """
    ids = [rule.id for rule in rules]
    parts = [ids[begin : begin + _RULES] for begin in range(0, len(ids), _RULES)]
    with closing(map_shards(MutantTask(spec and spec.absolute()), parts, workers)) as results:
        for mutants in results:
            yield from mutants
