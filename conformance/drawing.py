"""The Hypothesis strategies as cases of a run: seeded, shrunk, and each with its answer."""

from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import NoSuchExample
from hypothesis.strategies import SearchStrategy

from conformance.model import Case, Question, Strategy
from conformance.outcome import outcome
from conformance.strategies import breaking, mutilated, valid
from wanlib.spec import Rule, Spec, interpret

Breaks = Callable[[Question], tuple[tuple[str, str], ...]]


def breaking_case(spec: Spec, rule: Rule) -> Strategy:
    """Requests that break this rule and no other."""

    def breaks(question: Question) -> tuple[tuple[str, str], ...]:
        return ((rule.id, outcome(rule.id, spec.rules, question.body)),)

    return _strategy(f"breaking/{rule.id}", rule.id, lambda: breaking(spec, rule.id), breaks)


def valid_case(spec: Spec, model: str) -> Strategy:
    """Requests of a model that break no rule."""
    return _strategy(f"valid/{model}", None, lambda: valid(spec, model), lambda question: ())


def mutilated_case(spec: Spec) -> Strategy:
    """Bodies after an accident. Nobody knows what they break; so all must say what the plain walk says."""

    def breaks(question: Question) -> tuple[tuple[str, str], ...]:
        found = interpret(spec, question.body, question.call)
        return tuple(sorted({(each.rule, each.outcome) for each in found}))

    return _strategy(
        "mutilated", None, lambda: mutilated(spec).map(lambda body: Question(body, None)), breaks
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
