"""The example specs conform: their vectors on all targets, a sample of mutants. `make examples` runs all."""

from fnmatch import fnmatchcase

import pytest
from wan_conformance.engine.mutation_check import run_mutants
from wan_conformance.engine.sources import vector_case
from wan_conformance.engine.vectors import load
from wan_conformance.judge import judge
from wan_conformance.model import Target
from wan_conformance.targets import PACKAGE_TARGETS, TARGETS
from wan_conformance.targets.package import emitted_package

from tests.examples.example_specs import EXAMPLES, Example
from wanlib.spec import Spec

SAMPLE = (
    "*:plain",
    "*_side",
    "*.max_count",
    "*.max_pixels*",
    "*.requires",
    "*.excludes",
    "*.step",
    "*:drafting",
)
"""Globs over the rules whose first mutants are tried."""


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda example: example.name)
def example(request: pytest.FixtureRequest) -> Example:
    chosen: Example = request.param
    return chosen


@pytest.fixture(scope="module")
def spec(example: Example) -> Spec:
    return example.load()


def test_the_examples() -> None:
    assert [example.name for example in EXAMPLES] == ["qwen-image-edit", "wan2.6-t2i", "wan2.8"]


def test_every_rule_has_a_statement_and_a_vector(example: Example, spec: Spec) -> None:
    rules = {rule.id for rule in example.rules(spec)}
    vectors = load(example.vectors)
    statements = spec.sources["statements"]
    tied = {rule for statement in statements.values() for rule in statement.get("rules", ())}
    assert rules - tied == set()
    assert rules - {rule for vector in vectors for rule in vector.expect} == set()
    assert {vector.statement for vector in vectors} - set(statements) == set()


def all_targets(spec: Spec) -> list[Target]:
    """Return every target, those of generated code on the code of the spec."""
    package = emitted_package(spec)
    return [
        PACKAGE_TARGETS[name](spec, package) if name in PACKAGE_TARGETS else make(spec)
        for name, make in TARGETS.items()
    ]


def test_its_vectors_pass_on_all_targets(example: Example, spec: Spec) -> None:
    cases = [vector_case(vector, spec.rules) for vector in load(example.vectors)]
    for target in all_targets(spec):
        verdicts = [judge(case, target, target.observe(case.question)) for case in cases]
        assert [verdict for verdict in verdicts if verdict.verdict not in ("pass", "skip")] == []
        assert len([verdict for verdict in verdicts if verdict.verdict == "pass"]) > len(cases) / 2


def test_the_client_of_each_model(example: Example, spec: Spec) -> None:
    """A call is asynchronous unless the model has no such call."""
    wan = emitted_package(spec).wan("sk-key")
    family = next(family for family in spec.families if family.name == example.name)
    for model in family.models:
        takes_images = any(field.each and field.each.type == "image" for field in family.fields)
        images = {"images": ["https://example.com/room.png"]} if takes_images else {}
        prepared = wan.prepare(model, "A flower shop", n=1, **images)
        assert prepared.body["model"] == model
        assert ("X-DashScope-Async" in prepared.headers) is ("async" in spec.calls(model))


def test_mutants_of_a_sample_are_detected(example: Example, spec: Spec) -> None:
    rules = [rule for rule in example.rules(spec) if any(fnmatchcase(rule.id, glob) for glob in SAMPLE)]
    results = [*run_mutants(spec, rules, first=True)]
    assert results and {result.verdict for result in results} == {"killed"}, results
