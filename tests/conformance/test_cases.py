"""Case sources: vectors with their outcomes, boundary cases rule by rule, selection by globs."""

from collections.abc import Mapping
from typing import Any

import pytest
from wan_conformance.engine.sources import known_model, matching_body_rules, select_units, vector_case
from wan_conformance.engine.vectors import Vector
from wan_conformance.selection import Selection

from wanlib.boundary.case import Case
from wanlib.spec import Rule, Spec, load


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load()


def vector(body: Any, *expect: str) -> Vector:
    return Vector("v-1", "guide#x", "sync", "a.yaml", 1, expect, body)


def case(body: Any, *expect: str, rules: Mapping[str, Rule] | None = None) -> Case:
    return vector_case(vector(body, *expect), load().rules if rules is None else rules)


def test_a_vector_tests_its_rule_if_it_violates_just_one() -> None:
    assert case({}).rule is None
    assert case({}, "wan2.7/n.max").rule == "wan2.7/n.max"
    both = case({"a": 1}, "wan2.7/seed.min", "wan2.7/n.max")
    assert (both.id, both.rule, both.question.body, both.question.call) == (
        "vector:v-1",
        None,
        {"a": 1},
        "sync",
    )
    assert both.breaks == (("wan2.7/n.max", "rejected"), ("wan2.7/seed.min", "rejected"))


@pytest.mark.parametrize(
    ("body", "rule", "outcome"),
    [
        ({}, "wan2.7/prompt.max_chars", "truncated"),
        ({"parameters": {"n": "1"}}, "wan2.7/n.type", "rejected"),
        ({"parameters": [{"n": None}]}, "wan2.7/n.type", "unspecified"),
        ({"parameters": {"n": None}}, "wan2.7/seed.max", "rejected"),
        ({}, "wan2.7/no.such", "rejected"),
    ],
)
def test_vectors_have_the_documented_outcome(body: Any, rule: str, outcome: str) -> None:
    assert case(body, rule).breaks == ((rule, outcome),)


def test_cases_are_made_one_by_one(spec: Spec) -> None:
    for source in select_units(spec).sources():
        assert iter(source.cases) is source.cases
        assert source.total > (100 if source.name != "checks" else 10)


def test_a_glob_selects_only_cases_of_its_rules(spec: Spec) -> None:
    vectors, edges, strategies = select_units(spec, Selection(("wan2.7/n.m*",))).sources()
    for source in (vectors, edges, strategies):
        rule_ids = [case.rule for case in source.cases]
        assert rule_ids
        assert set(rule_ids) <= {rule.id for rule in matching_body_rules(spec, ("wan2.7/n.m*",))}
    assert edges.total == strategies.total == len(matching_body_rules(spec, ("wan2.7/n.m*",))) == 3


def test_a_complete_run_has_strategies_for_no_single_rule(spec: Spec) -> None:
    names = {case.id for case in select_units(spec).sources()[2].cases if case.rule is None}
    assert names == {"strategy:mutated", *(f"strategy:valid/{model}" for model in spec.models)}


def test_only_rules_on_bodies_must_be_covered(spec: Spec) -> None:
    assert {rule.scope for rule in matching_body_rules(spec)} == {"body"}
    assert len(matching_body_rules(spec)) > 200


@pytest.mark.parametrize("body", [None, 1, "tea", [], {}, {"model": 1}, {"model": []}, {"model": "other"}])
def test_bodies_that_name_no_known_model(body: Any) -> None:
    assert known_model(body, ["tea"]) is None
    assert known_model({"model": "tea"}, ["tea"]) == "tea"


def test_several_globs_select_the_rules_of_each(spec: Spec) -> None:
    patterns = ("wan2.7/n.max", "wan2.6/n.*")
    ids = {rule.id for rule in matching_body_rules(spec, patterns)}
    assert ids == {rule.id for pattern in patterns for rule in matching_body_rules(spec, (pattern,))}
    assert "wan2.7/n.max" in ids and len(ids) > 2
