"""The cases of a conformance run in groups: one for each rule, and those not about a single rule.

A group is run on all its targets at once, because its cases cost more to create than to judge.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from wan_conformance.engine.runner import Runner
from wan_conformance.engine.sources import (
    CaseSource,
    edge_cases,
    model_of,
    scripted_checks,
    vector_case,
)
from wan_conformance.engine.strategy_runner import breaking_case, mutated_case, valid_case
from wan_conformance.engine.vectors import Vector
from wan_conformance.judge import is_claimed
from wan_conformance.model import Strategy, Target, TaskCheck, TaskTarget, Verdict
from wan_conformance.selection import EVERYTHING
from wanlib.spec import Rule, Spec

VectorsByRule = Callable[[], Mapping[str, Sequence[Vector]]]


@dataclass(frozen=True)
class CaseGroup:
    """Cases that pass or fail as one item.

    Attributes:
        file: The spec file that they are about, such as `wan2.7.yaml`.
        line: The line in that file, from 1.
        name: Unique in the file.
        rule: The rule that they test; None if they test no single rule.
        is_task: Whether they are about the life cycle of a task, so that only targets that run tasks take
            part.
        collect: Returns new sources of the cases for each run.
    """

    file: str
    line: int
    name: str
    rule: Rule | None
    is_task: bool
    collect: Callable[[], list[CaseSource]]

    def concerns(self, target: Target) -> bool:
        """Return whether a target is judged by these cases."""
        if self.is_task:
            return isinstance(target, TaskTarget)
        return self.rule is None or is_claimed(self.rule.id, target)

    def judge(self, run: Runner, targets: Sequence[Target]) -> dict[str, list[Verdict]]:
        """Return the verdicts of these targets, by their names."""
        rules = [self.rule] if self.rule else []
        runner = replace(run, sources=self.collect(), targets=targets, rules=rules, is_complete=False)
        verdicts: dict[str, list[Verdict]] = {target.name: [] for target in targets}
        for verdict in runner.case_verdicts():
            verdicts[verdict.target].append(verdict)
        return verdicts


def case_groups(spec: Spec, rules: Sequence[Rule], vectors: VectorsByRule) -> Iterator[CaseGroup]:
    """Yield the groups of a run: the rules in spec order, then vectors, models and task checks.

    Args:
        spec: The spec.
        rules: The rules on request bodies.
        vectors: Returns the vectors that apply to the spec, as `by_rule` does; called when they are needed.
    """
    for rule in rules:
        yield _rule_group(spec, rule, vectors)
    for file in dict.fromkeys(_file_of(spec, vector.template) for vector in vectors().get("", ())):
        yield _vector_group(spec, file, vectors)
    for family in spec.families:
        for model in family.models:
            yield _group(f"{family.name}.yaml", f"valid:{model}", "strategies", valid_case(spec, model))
    yield _group("wire.yaml", "mutated", "strategies", mutated_case(spec))
    for check in scripted_checks(spec):
        kind, _, name = check.id.partition(":")
        yield _group("task.yaml" if kind == "task" else "wire.yaml", name, "checks", check)


def _rule_group(spec: Spec, rule: Rule, vectors: VectorsByRule) -> CaseGroup:
    def collect() -> list[CaseSource]:
        chosen = vectors().get(rule.id, ())
        return [
            _vector_source(spec, chosen),
            CaseSource("edges", "rules", 1, edge_cases(spec, rule, EVERYTHING)),
            CaseSource("strategies", "cases", 1, [breaking_case(spec, rule)]),
        ]

    return CaseGroup(rule.file, rule.line, rule.id.partition("/")[2], rule, False, collect)


def _vector_group(spec: Spec, file: str, vectors: VectorsByRule) -> CaseGroup:
    """Return the vectors that violate no rule or several, of the models of one file."""

    def collect() -> list[CaseSource]:
        known = vectors().get("", ())
        return [_vector_source(spec, [vector for vector in known if _file_of(spec, vector.template) == file])]

    return CaseGroup(file, 1, "vectors", None, False, collect)


def _vector_source(spec: Spec, vectors: Sequence[Vector]) -> CaseSource:
    cases = (vector_case(vector, spec.rules) for vector in vectors)
    return CaseSource("vectors", "cases", len(vectors), cases)


def _group(file: str, name: str, source: str, case: Strategy | TaskCheck) -> CaseGroup:
    is_task = isinstance(case, TaskCheck)
    return CaseGroup(file, 1, name, None, is_task, lambda: [CaseSource(source, "cases", 1, [case])])


def _file_of(spec: Spec, body: object) -> str:
    """Return the file of the model that a body names; `wire.yaml` if it names none."""
    model = model_of(body, spec)
    return f"{spec.family(model).name}.yaml" if model else "wire.yaml"


def by_rule(vectors: Sequence[Vector]) -> Mapping[str, list[Vector]]:
    """Return vectors by the rule that they violate; "" for those that violate none or several."""
    groups: dict[str, list[Vector]] = {}
    for vector in vectors:
        groups.setdefault(vector.expect[0] if len(vector.expect) == 1 else "", []).append(vector)
    return groups
