"""Kills at every point of every life, and tells what came of it."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product

from wan_conformance.lifecycle.crash.environment import DEATHS, CrashEnvironment, CrashPoint, scene
from wan_conformance.lifecycle.crash.workload import FACES, LIVES

NAMES = tuple(dict.fromkeys((*LIVES, *DEATHS)))


def kills(scene: CrashEnvironment) -> Iterator[CrashPoint]:
    """Every point of every life by either client."""
    for life, face in product(NAMES, FACES):
        for at in range(1, len(scene.points(life, face)) + 1):
            yield CrashPoint(life, face, at)


def run(tell: Callable[[str], object], workers: int | None = None) -> bool:
    """Whether every promise was kept at every point; tells how many there are and what was broken.

    workers: scenes side by side, one for each core unless given.
    """
    workers = workers or os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        parts = [*pool.map(lambda part: _part(part, workers), range(workers))]
    counts = parts[0][0]
    broken = [each for _, found in parts for each in found]
    for each in broken:
        tell(f"BROKEN {each}")
    for life in NAMES:
        told = ", ".join(f"{face} {counts[life, face]}" for face in FACES)
        tell(f"killed as it did {life}: {told}")
    tell(f"{sum(counts.values()):,} points, a process killed at each: {len(broken):,} promises broken")
    return not broken


def _part(part: int, parts: int) -> tuple[dict[tuple[str, str], int], list[str]]:
    """Each so many-th kill in a scene of its own -> how many points each life has, and what was broken."""
    with scene() as stage:
        all_kills = [*kills(stage)]
        broken = [each for kill in all_kills[part::parts] for each in stage.kill(kill)]
        counts = {(life, face): len(stage.points(life, face)) for life, face in product(NAMES, FACES)}
    return counts, broken
