"""Collect the cases of a run from vectors, boundary cases, strategies and task checks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from wan_conformance.engine.strategy_runner import breaking_case, mutated_case, valid_case
from wan_conformance.engine.vectors import Vector, load
from wan_conformance.model import Strategy, TaskCheck, expected_outcome
from wan_conformance.targets.server.task_checks import task_checks
from wanlib.boundary.case import Case, Question
from wanlib.boundary.cases import boundary_cases
from wanlib.spec import Rule, Spec


@dataclass(frozen=True, slots=True)
class CaseSource:
    """One kind of case.

    Attributes:
        name: `vectors`, `edges`, `strategies` or `tasks`.
        unit: What the progress bar counts: `cases`, or `rules` with all their cases.
        total: How many units there are.
        cases: The cases, made one by one as the run asks for them, since some bodies have 27 MB.
    """

    name: str
    unit: str
    total: int
    cases: Iterable[Case | Strategy | TaskCheck]

    def step(self, case: Case | Strategy | TaskCheck) -> str | None:
        """Return what this case counts towards: cases of one step count once."""
        return case.rule if self.unit == "rules" else case.id


def collect_sources(
    spec: Spec, patterns: Sequence[str] = ("*",), vectors: Iterable[Vector] | None = None
) -> list[CaseSource]:
    """Return every source with its cases about the rules that match.

    Args:
        spec: the spec whose cases are collected.
        patterns: globs over rule ids; a rule counts where one of them matches. With `*` among them the
            sources also have the cases that are not about a single rule.
        vectors: the vectors that apply to the spec; None for the packaged ones.
    """
    known = load() if vectors is None else vectors
    matching = [vector for vector in known if _matches(_single_broken_rule(vector) or "", patterns)]
    rules = matching_body_rules(spec, patterns)
    checks = list(task_checks(spec)) if "*" in patterns else []
    edges = (case for rule in rules for case in boundary_cases(spec, rule.id))
    return [
        CaseSource(
            "vectors", "cases", len(matching), (vector_case(vector, spec.rules) for vector in matching)
        ),
        CaseSource("edges", "rules", len(rules), edges),
        _strategies(spec, rules, with_general="*" in patterns),
        *([CaseSource("tasks", "cases", len(checks), iter(checks))] if checks else []),
    ]


def _strategies(spec: Spec, rules: list[Rule], with_general: bool) -> CaseSource:
    """Return one strategy per rule; with_general adds valid and mutated bodies, which test no single rule."""
    strategies = [breaking_case(spec, rule) for rule in rules]
    if with_general:
        strategies += [*(valid_case(spec, model) for model in spec.models), mutated_case(spec)]
    return CaseSource("strategies", "cases", len(strategies), iter(strategies))


def matching_body_rules(spec: Spec, patterns: Sequence[str] = ("*",)) -> list[Rule]:
    """Return the rules on request bodies whose ids match one of the globs, in spec order."""
    rules = (rule for rule in spec.rules.values() if rule.scope == "body")
    return [rule for rule in rules if _matches(rule.id, patterns)]


def _matches(rule: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(rule, pattern) for pattern in patterns)


def vector_case(vector: Vector, rules: Mapping[str, Rule]) -> Case:
    """Return a vector as a case, which is about its rule if it violates just one.

    A rule that the spec does not have stays in the answer as `rejected`, so that every target fails the
    case.
    """
    body = vector.body()
    breaks = [(rule, expected_outcome(rule, rules, body)) for rule in vector.expect]
    return Case(
        f"vector:{vector.id}",
        _single_broken_rule(vector),
        Question(body, vector.call),
        tuple(sorted(breaks)),
        place=f"{vector.file}:{vector.line}",
    )


def _single_broken_rule(vector: Vector) -> str | None:
    return vector.expect[0] if len(vector.expect) == 1 else None


def known_model(body: Any, models: Iterable[str]) -> str | None:
    """Return the known model that a body names; None if it names none."""
    model = body.get("model") if isinstance(body, dict) else None
    return model if isinstance(model, str) and model in models else None
