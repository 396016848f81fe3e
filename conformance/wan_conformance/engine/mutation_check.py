"""Check that the harness detects every injected fault; otherwise a pass would prove nothing.

Each fault is a mutation of the spec (`wanlib.spec.mutations`): a limit moved, a rule dropped, an outcome
changed. The emulator serves the mutated spec, and the target `http` judges it by the boundary cases of the
original. A mutant has survived if no boundary case fails.
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

_LARGE_KINDS = ("max_bytes", "max_side")


@dataclass(frozen=True, slots=True)
class MutantResult:
    """The result of one mutant.

    Attributes:
        name: `RULE=WAY`.
        verdict: `killed`, `survived`, or `equivalent` if nothing observable differs from the original.
        by: The id of the case that detected it first, or the reason of an equivalent one.
    """

    name: str
    verdict: str
    by: str = ""


def run_mutants(spec: Spec, rules: Iterable[Rule], *, first: bool = False) -> Iterator[MutantResult]:
    """Yield the result of every mutant of these rules.

    Args:
        spec: The original spec.
        rules: The rules to mutate.
        first: Whether only the first mutant of each rule is tried.
    """
    for rule in rules:
        cases = _cases(spec, rule)
        for way, build in [*list_mutations(spec, rule.id).items()][: 1 if first else None]:
            by = _detecting_case(spec, build, cases)
            yield MutantResult(f"{rule.id}={way}", "killed" if by else "survived", by)
        if rule.outcome == "unspecified" and not first:
            yield MutantResult(
                f"{rule.id}=outcome", "equivalent", "the documents leave open what a violation does"
            )


def _cases(spec: Spec, rule: Rule) -> list[Case]:
    """Return the boundary cases of a rule; for files of many megabytes only those of one format."""
    cases = [*boundary_cases(spec, rule.id)]
    return [case for case in cases if "/png-" in case.id or rule.kind not in _LARGE_KINDS] or cases


def _detecting_case(spec: Spec, build: Make, cases: Iterable[Case]) -> str:
    """Return the id of the case that detects the fault; empty if none does."""
    target = HttpTarget(spec, emulator_server(build()))
    for case in cases:
        verdict = judge(case, target, target.observe(case.question))
        if verdict.verdict == "fail":  # not `error`: a crash is not a detected mutant
            return case.id
    return ""
