"""Run the Hypothesis strategies as cases: seeded, shrunk, and each example with its expected answer."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import NoSuchExample
from hypothesis.strategies import SearchStrategy

from wan_conformance.engine.smallest_search import SearchBudget, SearchEndedError
from wan_conformance.model import (
    FAILING,
    ExpectedAnswer,
    Observation,
    Strategy,
    Target,
    TaskTarget,
    Verdict,
    expected_outcome,
)
from wan_conformance.strategies import breaking, mutated_bodies, valid
from wanlib.boundary.case import Case, Question
from wanlib.spec import Rule, Spec, interpret

Keep = Callable[[Question], bool] | None
Breaks = Callable[[Question], tuple[tuple[str, str], ...]]


def breaking_case(spec: Spec, rule: Rule, keep: Keep = None) -> Strategy:
    """Return requests that violate this rule and no other.

    Args:
        spec: The spec.
        rule: The rule.
        keep: Whether a request is drawn; None to draw all.
    """

    def breaks(question: Question) -> tuple[tuple[str, str], ...]:
        return ((rule.id, expected_outcome(rule.id, spec.rules, question.body)),)

    return _strategy(f"breaking/{rule.id}", rule.id, lambda: _kept(breaking(spec, rule.id), keep), breaks)


def valid_case(spec: Spec, model: str) -> Strategy:
    """Return requests of a model that violate no rule."""
    return _strategy(f"valid/{model}", None, lambda: valid(spec, model), lambda question: ())


def mutated_case(spec: Spec, keep: Keep = None) -> Strategy:
    """Return randomly mutated bodies. The expected answer is the report of the interpreted reading.

    Args:
        spec: The spec.
        keep: Whether a request is drawn; None to draw all.
    """

    def breaks(question: Question) -> tuple[tuple[str, str], ...]:
        violations = interpret(spec, question.body, question.call)
        return tuple(sorted({(violation.rule, violation.outcome) for violation in violations}))

    def build() -> SearchStrategy[Question]:
        return _kept(mutated_bodies(spec).map(lambda body: Question(body, None)), keep)

    return _strategy("mutated", None, build, breaks)


def _kept(strategy: SearchStrategy[Question], keep: Keep) -> SearchStrategy[Question]:
    return strategy if keep is None else strategy.filter(keep)


def _strategy(
    name: str, rule: str | None, build: Callable[[], SearchStrategy[Question]], breaks: Breaks
) -> Strategy:
    strategy = cache(build)  # built on first use: building all of them takes seconds

    def case(seed: int, question: Question) -> Case:
        return Case(f"strategy:{name}", rule, question, breaks(question), seed)

    def draw(seed: int, count: int, handle: Callable[[Case], object]) -> None:
        @seeded(seed)
        @settings(_settings(count), phases=[Phase.generate])
        @given(strategy())
        def handle_question(question: Question) -> None:
            handle(case(seed, question))

        handle_question()

    def find_smallest(seed: int, count: int, fails: Callable[[Case], bool]) -> Case | None:
        def failing(question: Question) -> bool:
            return fails(case(seed, question))

        try:
            return case(seed, find(strategy(), failing, settings=_settings(count), random=Random(seed)))
        except NoSuchExample:
            return None

    return Strategy(f"strategy:{name}", rule, draw, find_smallest)


def _settings(count: int) -> Any:
    """Return settings for this many examples without a deadline: some bodies have 27 MB."""
    all_checks = list(HealthCheck)
    return settings(max_examples=count, database=None, deadline=None, suppress_health_check=all_checks)


JudgeCase = Callable[[Case, Target], Verdict]


def judge_strategy(
    strategy: Strategy,
    targets: Sequence[Target],
    seed: int,
    count: int,
    judge_case: JudgeCase,
    budget: SearchBudget,
) -> Iterator[Verdict]:
    """Yield one verdict per target: the worst over all examples, shown by the smallest body that fails.

    The examples are generated once for all targets. A target that has failed gets no further ones. On a
    remote target, no smallest failing body is searched for.

    Args:
        strategy: The strategy.
        targets: The targets.
        seed: The random seed.
        count: The number of examples to generate.
        judge_case: Returns the verdict of one case on one target.
        budget: Bounds the search for the smallest body.
    """
    verdicts: dict[str, list[Verdict]] = {target.name: [] for target in targets}

    def handle(case: Case) -> None:
        for target in targets:
            previous = verdicts[target.name]
            if not previous or previous[-1].verdict not in FAILING:
                previous.append(judge_case(case, target))

    strategy.draw(seed, count, handle)
    for target in targets:
        judged = verdicts[target.name]
        if judged and judged[-1].verdict in FAILING:
            verdict = judged[-1]
            if not (isinstance(target, TaskTarget) and target.is_remote):
                verdict = _smallest_failure(strategy, target, verdict, seed, count, judge_case, budget)
            else:
                verdict = replace(verdict, is_smallest=False)
        else:
            verdict = _passed(target, judged, seed)
        ms = round(sum(verdict.ms for verdict in judged), 3)
        yield replace(verdict, rule=strategy.rule, case=strategy.id, ms=ms)


def _smallest_failure(
    strategy: Strategy,
    target: Target,
    failure: Verdict,
    seed: int,
    count: int,
    judge_case: JudgeCase,
    budget: SearchBudget,
) -> Verdict:
    """Return the failure with the smallest body that the budget allows to find."""
    search, smallest = budget.begin(), replace(failure, is_smallest=False)

    def fails(case: Case) -> bool:
        nonlocal smallest
        search.spend(case.question.body)
        verdict = judge_case(case, target)
        if verdict.verdict in FAILING:
            smallest = replace(verdict, is_smallest=False)
        return verdict.verdict in FAILING

    try:
        found = strategy.find_smallest(seed, count, fails)
    except SearchEndedError:
        return smallest
    finally:
        search.end()
    return smallest if found is None else judge_case(found, target)


def _passed(target: Target, verdicts: list[Verdict], seed: int) -> Verdict:
    """Return the verdict on a target that did not fail."""
    if not verdicts:
        nothing = Observation(None, (), error="the strategy drew no example")
        return Verdict(None, "", target.name, "error", ExpectedAnswer(None, ()), nothing, seed=seed)
    judged = [verdict for verdict in verdicts if verdict.verdict != "skip"]
    return replace(_shared_reason(judged or verdicts), seed=seed)


def _shared_reason(verdicts: list[Verdict]) -> Verdict:
    """Return one verdict without the differences between the verdicts, which depend on the examples."""
    first = verdicts[0]
    if all(verdict.expected == first.expected for verdict in verdicts):
        expected, observed = first.expected, first.observed
    else:
        expected, observed = ExpectedAnswer(None, ()), Observation(None, ())
    model = first.model if all(verdict.model == first.model for verdict in verdicts) else None
    return replace(first, expected=expected, observed=observed, model=model)
