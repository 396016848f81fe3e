"""The strategies as cases: the same for a seed, with their answers, and shrunk to what a failure needs."""

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
    found: list[Case] = []
    strategy.draw(seed, count, found.append)
    return found


def test_the_same_for_a_seed(spec: Spec) -> None:
    first, again, other = (drawn(valid_case(spec, MODEL), seed) for seed in (0, 0, 1))
    assert first == again
    assert [each.question for each in first] != [each.question for each in other]
    assert {each.seed for each in first} == {0}
    assert len(first) == 15


def test_each_has_its_answer(spec: Spec) -> None:
    assert {each.breaks for each in drawn(valid_case(spec, MODEL))} == {()}
    broken = drawn(breaking_case(spec, spec.rules["wan2.7/n.max"]))
    assert {each.breaks for each in broken} == {(("wan2.7/n.max", "rejected"),)}
    assert {each.rule for each in broken} == {"wan2.7/n.max"}


def test_mutilated_bodies_break_what_the_plain_walk_says(spec: Spec) -> None:
    walk = InterpretedTarget(spec)
    found = drawn(mutated_case(spec), count=40)
    assert len({each.breaks for each in found}) > 5
    for each in found:
        assert walk.observe(each.question).rules == tuple(sorted({rule for rule, _ in each.breaks}))


def has_something_against_seeds(body: Any) -> Observation:
    seed = body.get("parameters", {}).get("seed", 0)
    return Observation(False, ("wan2.5/seed.max",)) if seed > 1000 else Observation(True, ())


def test_a_planted_fault_is_told_by_the_one_field_that_it_needs(spec: Spec) -> None:
    target = Tiny(has_something_against_seeds)
    (told,) = run([target], [valid_case(spec, "wan2.5-i2i-preview")], rules=[], examples=30)
    assert told.verdict == "fail"
    assert list(told.body["parameters"]) == ["seed"]
    assert len(told.body["input"]["images"]) == 1


def test_no_failure_is_least_where_nothing_fails(spec: Spec) -> None:
    assert valid_case(spec, MODEL).find_smallest(0, 5, lambda case: False) is None
