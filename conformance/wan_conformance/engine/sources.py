"""Collect the cases of a run from vectors, boundary cases, strategies and task checks."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, TypeVar

from wan_conformance.engine.strategy_runner import breaking_case, mutated_case, valid_case
from wan_conformance.engine.vectors import Vector, load
from wan_conformance.model import Strategy, TaskCheck, expected_outcome
from wan_conformance.selection import EVERYTHING, Selection
from wan_conformance.targets.server.remote import server_checks
from wan_conformance.targets.server.task_checks import task_checks
from wanlib.base.redaction import safe_repr
from wanlib.base.text import did_you_mean, suggest, unknown_model_message
from wanlib.boundary.case import Case, Question
from wanlib.boundary.cases import boundary_cases
from wanlib.spec import Rule, Spec

Unit = TypeVar("Unit")


class SourcePart(NamedTuple):
    """The units of a source from `first` up to `last`, without `last`."""

    source: str
    first: int
    last: int

    def of(self, source: str, units: Sequence[Unit]) -> Sequence[Unit]:
        """Return the units of a source that are in the part."""
        return units[self.first : self.last] if source == self.source else ()

    def __str__(self) -> str:
        """Return the part as messages show it."""
        return f"{self.source} {self.first + 1} to {self.last}"


@dataclass(frozen=True, slots=True)
class CaseSource:
    """One kind of case.

    Attributes:
        name: `vectors`, `edges`, `strategies` or `checks`.
        unit: The unit of the progress bar: `cases`, or `rules` with all their cases.
        total: The number of units.
        cases: The cases, generated one by one, since some bodies have 27 MB.
    """

    name: str
    unit: str
    total: int
    cases: Iterable[Case | Strategy | TaskCheck]

    def step(self, case: Case | Strategy | TaskCheck) -> str | None:
        """Return the progress step of this case: cases of the same step count once."""
        return case.rule if self.unit == "rules" else case.id


@dataclass(frozen=True, slots=True)
class SelectedUnits:
    """The units of all sources, from which cases are created.

    Attributes:
        spec: The spec.
        selection: The selected rules, models and cases.
        vectors: The selected vectors.
        rules: The rules whose boundary cases take part.
        strategies: The selected strategies.
        checks: The selected checks.
    """

    spec: Spec
    selection: Selection
    vectors: Sequence[Vector]
    rules: Sequence[Rule]
    strategies: Sequence[Strategy]
    checks: Sequence[TaskCheck]

    def sources(self, part: SourcePart | None = None) -> list[CaseSource]:
        """Return every source, each with the units of a part; None is all units."""

        def chosen(source: str, units: Sequence[Unit]) -> Sequence[Unit]:
            return units if part is None else part.of(source, units)

        vectors, rules = chosen("vectors", self.vectors), chosen("edges", self.rules)
        strategies, checks = chosen("strategies", self.strategies), chosen("checks", self.checks)
        edges = (case for rule in rules for case in edge_cases(self.spec, rule, self.selection))
        cases = (vector_case(vector, self.spec.rules) for vector in vectors)
        return [
            CaseSource("vectors", "cases", len(vectors), cases),
            CaseSource("edges", "rules", len(rules), edges),
            CaseSource("strategies", "cases", len(strategies), iter(strategies)),
            *([CaseSource("checks", "cases", len(checks), iter(checks))] if checks else []),
        ]


def select_units(
    spec: Spec,
    selection: Selection = EVERYTHING,
    vectors: Iterable[Vector] | None = None,
    unjudged: Collection[str] = (),
    is_remote: bool = False,
) -> SelectedUnits:
    """Return the units from which the cases of a run are created.

    Args:
        spec: The spec whose cases are collected.
        selection: The selected rules, models and cases. Cases that are not about a single rule take part if
            no rule is named, or `*`.
        vectors: The vectors that apply to the spec; None for the packaged ones.
        unjudged: Ids of rules that no target of the run judges: their cases are left out.
        is_remote: Whether a server at a URL is judged: the checks of a server as a whole take part unless
            cases are named.
    """
    known = load() if vectors is None else vectors
    rules = selected_rules(spec, selection, unjudged)
    return SelectedUnits(
        spec,
        selection,
        [vector for vector in known if _is_selected(vector, spec, selection, unjudged)],
        rules,
        list(_strategies(spec, rules, selection)),
        list(_checks(spec, selection, is_remote)),
    )


def selected_rules(spec: Spec, selection: Selection, left_out: Collection[str] = ()) -> list[Rule]:
    """Return the rules on request bodies whose ids match, in spec order.

    If models are named, these are the rules with boundary cases of these models on both sides.

    Args:
        spec: The spec.
        selection: The selection.
        left_out: Ids of rules that are left out.
    """
    matching = matching_body_rules(spec, selection.rules or ("*",))
    rules = [rule for rule in matching if rule.id not in left_out]
    if selection.models:
        of_models = Selection(models=selection.models)
        rules = [
            rule
            for rule in rules
            if len({bool(case.breaks) for case in edge_cases(spec, rule, of_models)}) > 1
        ]
    return rules


def edge_cases(spec: Spec, rule: Rule, selection: Selection) -> Iterator[Case]:
    """Yield the selected boundary cases of a rule."""
    if selection.may_have_case_of(f"edge:{rule.id}/"):
        for case in boundary_cases(spec, rule.id):
            if selection.has_case(case.id) and selection.has_model(model_of(case.question.body, spec)):
                yield case


def _is_selected(vector: Vector, spec: Spec, selection: Selection, unjudged: Collection[str]) -> bool:
    rule = _single_broken_rule(vector) or ""
    return (
        rule not in unjudged
        and selection.has_rule(rule)
        and selection.has_case(vector_id(vector))
        and selection.has_model(model_of(vector.template, spec))
    )


def _strategies(spec: Spec, rules: Iterable[Rule], selection: Selection) -> Iterator[Strategy]:
    """Yield one strategy per rule, then valid and mutated bodies, which test no single rule.

    If models are named, only bodies of these models are drawn; rules of the envelope then have no strategy.
    """

    def has_model(question: Question) -> bool:
        return selection.has_model(model_of(question.body, spec))

    keep = has_model if selection.models else None
    families = {family.name for family in spec.families}
    for rule in rules:
        if not selection.models or rule.id.partition("/")[0] in families:
            yield from _chosen(breaking_case(spec, rule, keep), selection)
    if selection.has_general_cases:
        for model in spec.models:
            if selection.has_model(model):
                yield from _chosen(valid_case(spec, model), selection)
        yield from _chosen(mutated_case(spec, keep), selection)


def _chosen(strategy: Strategy, selection: Selection) -> Iterator[Strategy]:
    if selection.has_case(strategy.id):
        yield strategy


def scripted_checks(spec: Spec) -> list[TaskCheck]:
    """Return all checks of a server as a whole and of the life of a task."""
    return [*server_checks(spec), *task_checks(spec)]


def _checks(spec: Spec, selection: Selection, is_remote: bool) -> Iterator[TaskCheck]:
    """Yield the selected checks: globs over rule ids select them by their own ids."""
    about_server = {check.id for check in server_checks(spec)} if is_remote else ()
    for check in scripted_checks(spec):
        if not selection.has_case(check.id):
            continue
        is_selected = selection.has_general_cases or selection.has_rule(check.id)
        if (is_selected and selection.has_model(check.model)) or check.id in about_server:
            yield check


def unknown_id(spec: Spec, pattern: str) -> str | None:
    """Return a message with near misses if a glob matches no rule and no check; else None."""
    ids = [rule.id for rule in matching_body_rules(spec)] + [check.id for check in scripted_checks(spec)]
    if any(fnmatchcase(name, pattern) for name in ids):
        return None
    near = did_you_mean(pattern, ids)
    return f"no rule and no check matches {safe_repr(pattern)}{near or '; `wanlib rules` lists the rules'}"


def matching_body_rules(spec: Spec, patterns: Sequence[str] = ("*",)) -> list[Rule]:
    """Return the rules on request bodies whose ids match one of the globs, in spec order."""
    return [
        rule
        for rule in spec.rules.values()
        if rule.scope == "body" and any(fnmatchcase(rule.id, pattern) for pattern in patterns)
    ]


def vector_id(vector: Vector) -> str:
    """Return the id of the case that a vector makes."""
    return f"vector:{vector.id}"


def vector_case(vector: Vector, rules: Mapping[str, Rule]) -> Case:
    """Return a vector as a case, which is about its rule if it violates just one.

    A rule that the spec does not have stays in the expected answer as `rejected`, so that every target fails
    the case.
    """
    body = vector.body()
    breaks = [(rule, expected_outcome(rule, rules, body)) for rule in vector.expect]
    return Case(
        vector_id(vector),
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


def model_of(body: Any, spec: Spec) -> str | None:
    """Return the known model that a body names, the base of a fine-tuned one; None if it names none."""
    return spec.base(body.get("model")) if isinstance(body, dict) else None


def selection_problem(spec: Spec, selection: Selection, vectors: Sequence[Vector]) -> str | None:
    """Return the problem of the names in a selection, with suggestions; None if there is none.

    Args:
        spec: The spec of the run.
        selection: The selection.
        vectors: The vectors of the run.
    """
    for pattern in selection.rules:
        if problem := unknown_id(spec, pattern):
            return problem
    for model in selection.models:
        if model not in spec.models:
            return unknown_model_message(model, spec.models)
    if selection.rules and not (selected_rules(spec, selection) or any(_checks(spec, selection, False))):
        return f"no case of the rules {', '.join(selection.rules)} is about {', '.join(selection.models)}"
    for pattern in selection.cases:
        if not any(_case_ids(spec, replace(selection, cases=(pattern,)), vectors)):
            near = did_you_mean(pattern, _near_case_ids(spec, pattern, vectors))
            listed = near or "; `wan-conformance cases` lists those of vectors and boundary cases"
            others = " in this selection" if selection.rules or selection.models else ""
            return f"no case matches {safe_repr(pattern)}{others}{listed}"
    return None


def _case_ids(spec: Spec, selection: Selection, vectors: Iterable[Vector]) -> Iterator[str]:
    for source in select_units(spec, selection, vectors).sources():
        yield from (case.id for case in source.cases)


def _near_case_ids(spec: Spec, pattern: str, vectors: Iterable[Vector]) -> Iterator[str]:
    """Yield the ids of vectors, strategies, checks, and boundary cases of the named rule."""
    start = pattern.split(":", 1)[-1]
    named = [rule.id for rule in matching_body_rules(spec) if start.startswith(f"{rule.id}/")]
    for rule in named or suggest("/".join(start.split("/")[:2]), spec.rules, 1):
        yield from (case.id for case in boundary_cases(spec, rule))
    for source in select_units(spec, EVERYTHING, vectors).sources():
        if source.name != "edges":
            yield from (
                (vector_id(vector) for vector in vectors)
                if source.name == "vectors"
                else (case.id for case in source.cases)
            )
