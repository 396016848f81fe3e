"""A planted fault per rule and way: the harness must see each, or nobody knows what a pass is worth.

The spec with the fault is served by the emulator; the target `http` judges it by the edges of the spec
without the fault. A fault that no edge turns red has survived.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wan_conformance.judge import judge
from wan_conformance.targets.server.server import emulator_server
from wan_conformance.targets.server.target import HttpTarget
from wanlib.boundary.case import Case
from wanlib.boundary.cases import boundary_cases
from wanlib.spec import Rule, Spec
from wanlib.spec.mutations import Make, list_mutations

_HEAVY = ("max_bytes", "max_side")


@dataclass(frozen=True, slots=True)
class MutantResult:
    """What became of a mutant.

    name: `RULE=WAY`. verdict: `killed`, `survived`, or `equivalent` where nobody could tell it. by: the
    case that turned red first, or the reason.
    """

    name: str
    verdict: str
    by: str = ""


def run_mutants(spec: Spec, rules: Iterable[Rule], *, first: bool = False) -> Iterator[MutantResult]:
    """Every mutant of these rules; the first of each alone if told."""
    for rule in rules:
        cases = _cases(spec, rule)
        for way, build in [*list_mutations(spec, rule.id).items()][: 1 if first else None]:
            by = _detecting_case(spec, build, cases)
            yield MutantResult(f"{rule.id}={way}", "killed" if by else "survived", by)
        if rule.outcome == "unspecified" and not first:
            yield MutantResult(
                f"{rule.id}=outcome", "equivalent", "the pages leave open what its breach does"
            )


def _cases(spec: Spec, rule: Rule) -> list[Case]:
    """The edges of a rule; of files of many megabytes those of one format."""
    cases = [*boundary_cases(spec, rule.id)]
    return [case for case in cases if "/png-" in case.id or rule.kind not in _HEAVY] or cases


def _detecting_case(spec: Spec, build: Make, cases: Iterable[Case]) -> str:
    """The case that sees the fault, "" where none does."""
    target = HttpTarget(spec, emulator_server(build()))
    for case in cases:
        verdict = judge(case, target, target.observe(case.question))
        if verdict.verdict == "fail":  # not `error`: a service that breaks down is no planted fault
            return case.id
    return ""
