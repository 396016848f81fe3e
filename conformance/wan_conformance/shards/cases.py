"""A run whose cases are judged by several workers.

A shard is a part of a source of cases. Each worker prepares the same run once, from its options, and returns
the verdicts of its cases. Steps that need all verdicts (coverage, known failures, the log) remain in one
process.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import lru_cache

from wan_conformance.engine.execute import RunRequest, prepare_run
from wan_conformance.engine.runner import JudgedCase, Runner
from wan_conformance.engine.sources import SourcePart
from wanlib.scale.sharing import map_shards
from wanlib.scale.workers import Workers

_UNITS = {"vectors": 40, "edges": 2, "strategies": 4, "checks": 1}
"""How many cases, or rules with their boundary cases, are in one shard: about a second of work."""


@dataclass(frozen=True, slots=True)
class JudgeTask:
    """Judges the cases of a part of a source; it is sent to the workers.

    Attributes:
        request: The options of the run.
    """

    request: RunRequest

    def __call__(self, part: SourcePart) -> list[JudgedCase]:
        """Return the verdicts of the cases of a part."""
        return [*_runner(self.request).judge_part(part)]


@lru_cache(maxsize=1)
def _runner(request: RunRequest) -> Runner:
    """Return the run of this process; everything that its targets start ends with the process."""
    return prepare_run(request, ExitStack())[0]


def judge_shared(run: Runner, request: RunRequest, workers: Workers) -> Iterator[JudgedCase]:
    """Yield the verdicts of all cases, in the order in which one process judges them.

    Args:
        run: The run.
        request: Its options.
        workers: The processes that judge the cases.

    Raises:
        ScaleError: The work can't be distributed.
    """
    parts = (
        SourcePart(source.name, first, min(first + _UNITS[source.name], source.total))
        for source in run.sources
        for first in range(0, source.total, _UNITS[source.name])
    )
    with closing(map_shards(JudgeTask(request), parts, workers)) as results:
        for cases in results:
            yield from cases
