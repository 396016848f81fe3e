"""Strategies as cases: the same for a seed, with their expected answers, shrunk to what a failure needs."""

from typing import Any

import pytest
from wan_conformance.engine.strategy_runner import breaking_case, mutated_case, valid_case
from wan_conformance.model import Observation, Strategy
from wan_conformance.targets.readings import InterpretedTarget

from tests.conformance.tiny import Tiny, run
from wanlib.boundary.case import Case
from wanlib.spec import Spec, load

MODEL = "wan2.7-image"


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load()


def drawn(strategy: Strategy, seed: int = 0, count: int = 15) -> list[Case]:
    cases: list[Case] = []
    strategy.draw(seed, count, cases.append)
    return cases


def test_equal_seeds_give_equal_questions(spec: Spec) -> None:
    first, again, other = (drawn(valid_case(spec, MODEL), seed) for seed in (0, 0, 1))
    assert first == again
    assert [case.question for case in first] != [case.question for case in other]
    assert {case.seed for case in first} == {0}
    assert len(first) == 15


def test_each_strategy_has_its_expected_answer(spec: Spec) -> None:
    assert {case.breaks for case in drawn(valid_case(spec, MODEL))} == {()}
    broken = drawn(breaking_case(spec, spec.rules["wan2.7/n.max"]))
    assert {case.breaks for case in broken} == {(("wan2.7/n.max", "rejected"),)}
    assert {case.rule for case in broken} == {"wan2.7/n.max"}


def test_mutated_bodies_expect_the_report_of_the_interpreter(spec: Spec) -> None:
    walk = InterpretedTarget(spec)
    cases = drawn(mutated_case(spec), count=40)
    assert len({case.breaks for case in cases}) > 5
    for case in cases:
        assert walk.observe(case.question).rules == tuple(sorted({rule for rule, _ in case.breaks}))


def has_something_against_seeds(body: Any) -> Observation:
    seed = body.get("parameters", {}).get("seed", 0)
    return Observation(False, ("wan2.5/seed.max",)) if seed > 1000 else Observation(True, ())


def test_a_failure_is_shown_by_the_one_field_that_it_needs(spec: Spec) -> None:
    target = Tiny(has_something_against_seeds)
    (verdict,) = run([target], [valid_case(spec, "wan2.5-i2i-preview")], rules=[], examples=30)
    assert verdict.verdict == "fail"
    assert list(verdict.body["parameters"]) == ["seed"]
    assert len(verdict.body["input"]["images"]) == 1


def test_without_a_failing_case_there_is_no_smallest_one(spec: Spec) -> None:
    assert valid_case(spec, MODEL).find_smallest(0, 5, lambda case: False) is None
