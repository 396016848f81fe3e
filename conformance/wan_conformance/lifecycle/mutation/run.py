"""Tries every mutant of the table on both sides, and tells what became of each."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from textwrap import fill, indent
from typing import NamedTuple

from wan_conformance.lifecycle.mutation.client_checks import client_problems, client_with_mutant
from wan_conformance.lifecycle.mutation.equivalence import equivalence_reason, invalid_assumptions
from wan_conformance.lifecycle.mutation.mutants import Mutant, mutants
from wan_conformance.lifecycle.mutation.service_checks import service_problems
from wan_conformance.lifecycle.schedules.scenario_runner import ScenarioRunner, scenario_runner
from wan_conformance.lifecycle.schedules.schedules import OURS, STEPS, Schedule
from wan_conformance.lifecycle.simulation.files import tmpfs_folder
from wanlib.emit.client.api_tables import calls
from wanlib.spec import Spec, load

SIDES = ("service", "client")
TRUE = "the true table"
GOOD = ("killed", "equivalent")
_WIDTH = 106


class Finding(NamedTuple):
    """What became of a mutant on one side.

    verdict: `killed`, `survived`, `equivalent`; `news` of a mutant that is killed although it is proved
    equivalent, and of the true table where it is turned down. by: the witness or the proof, in words.
    """

    name: str
    side: str
    verdict: str
    by: str


def run_mutants(true: Spec, tried: Iterable[Mutant]) -> Iterator[Finding]:
    """The true table first, then each mutant, on each side that has such a word."""
    with scenario_runner() as stage, tmpfs_folder() as folder:
        witness = Witnesses(true, stage, folder)
        for side in SIDES:
            if by := witness.first_detecting(Mutant(TRUE, true), side):
                yield Finding(TRUE, side, "news", by)
        for mutant in tried:
            for side in SIDES if mutant.code is None else ("client",):
                yield _found(true, mutant, side, witness)


class Witnesses:
    """All that can speak against a mutant."""

    def __init__(self, true: Spec, stage: ScenarioRunner, folder: Path) -> None:
        self._true, self._stage, self._folder = true, stage, folder
        self._heard: dict[object, str] = {}

    def first_detecting(self, mutant: Mutant, side: str) -> str:
        """The first that does, "" where none does."""
        if side == "service":
            return next(service_problems(self._true, mutant.spec), "")
        client = calls(mutant.spec), mutant.code  # to the letter the same client is heard once
        if client not in self._heard:
            with client_with_mutant(mutant):
                by = next(self._stories(), "") or next(client_problems(self._true, self._folder), "")
            self._heard[client] = by
        return self._heard[client]

    def _stories(self) -> Iterator[str]:
        for story in STEPS:
            for client in OURS:
                schedule = Schedule(story, client)
                yield from (f"story {schedule}: {each}" for each in self._stage.play(schedule).broken)


def run(tell: Callable[[str], object]) -> int:
    """All mutants -> 0 where each is killed or proved equivalent, else 1. tell: gets line after line."""
    spec = load()
    findings = [*run_mutants(spec, mutants(spec))]
    grounds = [*invalid_assumptions()]
    report(findings, tell)
    for each in grounds:
        tell(f"NO PROOF HOLDS: {each}")
    return 1 if grounds or any(each.verdict not in GOOD for each in findings) else 0


def report(findings: Iterable[Finding], tell: Callable[[str], object]) -> None:
    """The equivalent ones by their proofs, what is wrong, and the figures."""
    found = [*findings]
    proofs: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in found:
        if each.verdict == "equivalent":
            proofs[each.side, each.by].append(each.name)
        elif each.verdict not in GOOD:
            tell(f"{each.verdict.upper()} {each.name} on the {each.side}{': ' * bool(each.by)}{each.by}")
    for (side, why), names in proofs.items():
        tell(f"{len(names)} equivalent on the {side}: {why}")
        tell(indent(fill(", ".join(names), _WIDTH, break_on_hyphens=False), "    "))
    tell(f"{len({each.name for each in found} - {TRUE})} mutants of the life of a task")
    for side in SIDES:
        tell(f"{side}: {_figures([each for each in found if each.side == side])}")


def _figures(found: list[Finding]) -> str:
    stories = sum(each.by.startswith("story ") for each in found if each.verdict == "killed")
    counts = {word: sum(each.verdict == word for each in found) for word in (*GOOD, "survived", "news")}
    told = ", ".join(f"{count} {word}" for word, count in counts.items() if count or word != "news")
    return told.replace(" killed", f" killed ({stories} by a story)") if stories else told


def _found(true: Spec, mutant: Mutant, side: str, witness: Witnesses) -> Finding:
    why, by = equivalence_reason(true, mutant, side), witness.first_detecting(mutant, side)
    if why:
        return Finding(mutant.name, side, "news" if by else "equivalent", by or why)
    return Finding(mutant.name, side, "killed" if by else "survived", by)
