"""The Hypothesis strategies as cases of a run: seeded, shrunk, and each with its answer."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import NoSuchExample
from hypothesis.strategies import SearchStrategy

from wan_conformance.model import (
    FAILING,
    ExpectedAnswer,
    Observation,
    Strategy,
    Target,
    Verdict,
    expected_outcome,
)
from wan_conformance.strategies import breaking, mutated_bodies, valid
from wanlib.boundary.case import Case, Question
from wanlib.spec import Rule, Spec, interpret

Breaks = Callable[[Question], tuple[tuple[str, str], ...]]


def breaking_case(spec: Spec, rule: Rule) -> Strategy:
    """Requests that break this rule and no other."""

    def breaks(question: Question) -> tuple[tuple[str, str], ...]:
        return ((rule.id, expected_outcome(rule.id, spec.rules, question.body)),)

    return _strategy(f"breaking/{rule.id}", rule.id, lambda: breaking(spec, rule.id), breaks)


def valid_case(spec: Spec, model: str) -> Strategy:
    """Requests of a model that break no rule."""
    return _strategy(f"valid/{model}", None, lambda: valid(spec, model), lambda question: ())


def mutated_case(spec: Spec) -> Strategy:
    """Bodies after an accident. Nobody knows what they break; so all must say what the plain walk says."""

    def breaks(question: Question) -> tuple[tuple[str, str], ...]:
        found = interpret(spec, question.body, question.call)
        return tuple(sorted({(each.rule, each.outcome) for each in found}))

    return _strategy(
        "mutilated", None, lambda: mutated_bodies(spec).map(lambda body: Question(body, None)), breaks
    )


def _strategy(
    name: str, rule: str | None, make: Callable[[], SearchStrategy[Question]], breaks: Breaks
) -> Strategy:
    made = cache(make)  # when the run comes to it: making all of them takes seconds

    def case(seed: int, question: Question) -> Case:
        return Case(f"strategy:{name}", rule, question, breaks(question), seed)

    def each(seed: int, count: int, put: Callable[[Case], object]) -> None:
        @seeded(seed)
        @settings(_settings(count), phases=[Phase.generate])
        @given(made())
        def drawn(question: Question) -> None:
            put(case(seed, question))

        drawn()

    def least(seed: int, count: int, fails: Callable[[Case], bool]) -> Case | None:
        def failing(question: Question) -> bool:
            return fails(case(seed, question))

        try:
            return case(seed, find(made(), failing, settings=_settings(count), random=Random(seed)))
        except NoSuchExample:
            return None

    return Strategy(f"strategy:{name}", rule, each, least)


def _settings(count: int) -> Any:
    """So many examples and no opinion on how long one takes: some bodies hold 27 MB."""
    quiet = list(HealthCheck)
    return settings(max_examples=count, database=None, deadline=None, suppress_health_check=quiet)


JudgeCase = Callable[[Case, Target], Verdict]


def judge_strategy(
    strategy: Strategy, targets: Sequence[Target], seed: int, count: int, ask: JudgeCase
) -> Iterator[Verdict]:
    """The worst verdict of each target over the examples; a failure is told by the least body that shows it.

    The examples are drawn once for all targets; a target that has failed is asked no further.
    """
    verdicts: dict[str, list[Verdict]] = {target.name: [] for target in targets}

    def put(case: Case) -> None:
        for target in targets:
            heard = verdicts[target.name]
            if not heard or heard[-1].verdict not in FAILING:
                heard.append(ask(case, target))

    strategy.draw(seed, count, put)
    for target in targets:
        verdict = _failure_reason(strategy, target, verdicts[target.name], seed, count, ask)
        yield replace(verdict, rule=strategy.rule, case=strategy.id)


def _failure_reason(
    strategy: Strategy, target: Target, heard: list[Verdict], seed: int, count: int, ask: JudgeCase
) -> Verdict:
    if not heard:
        nothing = Observation(None, (), error="the strategy drew no example")
        return Verdict(None, "", target.name, "error", ExpectedAnswer(None, ()), nothing, seed=seed)
    ms = round(sum(each.ms for each in heard), 3)
    if heard[-1].verdict in FAILING:
        least = strategy.find_smallest(seed, count, lambda case: ask(case, target).verdict in FAILING)
        return replace(heard[-1] if least is None else ask(least, target), ms=ms)
    judged = [each for each in heard if each.verdict != "skip"]
    return replace(_shared_reason(judged or heard), ms=ms, seed=seed)


def _shared_reason(heard: list[Verdict]) -> Verdict:
    """One of them, without what they don't share: so the line is the same whatever was drawn."""
    first = heard[0]
    if all(each.expected == first.expected for each in heard):
        due, seen = first.expected, first.observed
    else:
        due, seen = ExpectedAnswer(None, ()), Observation(None, ())
    model = first.model if all(each.model == first.model for each in heard) else None
    return replace(first, expected=due, observed=seen, model=model)
