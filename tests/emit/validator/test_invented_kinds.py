"""Kinds of rules that no packaged model has, in an invented family: every reading of every case agrees."""

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wan_conformance.strategies import breaking, mutated_bodies, valid

from tests.emit.schema.readings import Readings
from tests.spec.kinds_spec import CUP, MODEL, POT, POT_MODEL, kinds_files, load_kinds
from tests.spec.small import write
from wanlib.boundary.case import Case, Question
from wanlib.boundary.cases import boundary_cases
from wanlib.emit.schema.json_schema import CLAIMS
from wanlib.emit.validator.module import validator
from wanlib.spec import Rule, Spec, SpecError, interpret, load
from wanlib.spec.mutations import list_mutations
from wanlib.validation.output_size import nearest_size

Modules = dict[str, ModuleType]


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Spec:
    """The small spec with the invented family."""
    return load_kinds(tmp_path_factory.mktemp("spec"))


@pytest.fixture(scope="module")
def generated(spec: Spec) -> dict[str, ModuleType]:
    """The generated validators of the families, by model."""
    modules = {}
    for model in (MODEL, POT_MODEL):
        module = modules[model] = ModuleType(model)
        exec(validator(spec, spec.family(model)), module.__dict__)
    return modules


def own_rules(spec: Spec) -> list[Rule]:
    """Return the rules of the families, and those of the body form that the one without images has."""
    return [
        rule
        for rule in spec.rules.values()
        if rule.scope == "body" and (rule.file in (CUP, POT) or POT_MODEL in rule.models)
    ]


def is_invented(body: Any) -> bool:
    return isinstance(body, dict) and body.get("model") in (MODEL, POT_MODEL)


def cases_of(spec: Spec, rule: Rule) -> Iterator[Case]:
    return (
        case for case in boundary_cases(spec, rule.id) if case.question.body["model"] in (MODEL, POT_MODEL)
    )


def generated_rules(generated: Modules, question: Question) -> list[tuple[str, str, Any, Any]]:
    model = question.body["model"]
    violations = generated[model].check(question.body, model, question.call, False, 0.0)
    return [tuple(violation) for violation in violations]


def test_every_rule_has_cases_on_both_sides_and_all_readings_agree(spec: Spec, generated: Modules) -> None:
    readings = Readings(spec)
    for rule in own_rules(spec):
        sides: dict[bool, int] = defaultdict(int)
        for case in cases_of(spec, rule):
            sides[bool(case.breaks)] += 1
            expected = sorted(name for name, _ in case.breaks)
            violations = interpret(spec, case.question.body, case.question.call, now=0.0)
            assert sorted({violation.rule for violation in violations}) == expected, case.id
            assert [tuple(violation) for violation in violations] == generated_rules(generated, case.question)
            assert all(str(violation).endswith(".") for violation in violations)
            if rule.kind in CLAIMS and case.question.call is None:
                assert readings.by_schema(case.question.body) == readings.by_walk(case.question.body), case.id
        assert sides[True] and sides[False], rule.id


def test_every_mutant_is_detected_by_its_cases(spec: Spec) -> None:
    for rule in own_rules(spec):
        cases = [*cases_of(spec, rule)]
        for way, make in list_mutations(spec, rule.id).items():
            changed = make()
            assert any(
                sorted((violation.rule, violation.outcome) for violation in found) != sorted(case.breaks)
                for case in cases
                for found in (interpret(changed, case.question.body, case.question.call, now=0.0),)
            ), f"{rule.id}={way}"


def test_drawn_requests_violate_the_claimed_rules(spec: Spec, generated: Modules) -> None:
    drawn = {rule.id: breaking(spec, rule.id) for rule in own_rules(spec)} | {
        "": valid(spec, MODEL),
        " ": valid(spec, POT_MODEL),
    }

    @settings(max_examples=4 * len(drawn), database=None)
    @given(st.sampled_from(sorted(drawn)).flatmap(lambda rule: st.tuples(st.just(rule), drawn[rule])))
    def judge(example: tuple[str, Question]) -> None:
        rule, question = example
        violations = interpret(spec, question.body, question.call, now=0.0)
        assert {violation.rule for violation in violations} == {rule} - {"", " "}
        if is_invented(question.body):
            assert [tuple(violation) for violation in violations] == generated_rules(generated, question)

    judge()


def test_readings_agree_on_any_body(spec: Spec, generated: Modules) -> None:
    readings = Readings(spec)

    @settings(max_examples=200, database=None, deadline=None)
    @given(
        mutated_bodies(spec).filter(
            lambda body: isinstance(body, dict) and body.get("model") in (MODEL, POT_MODEL)
        )
    )
    def judge(body: dict[str, Any]) -> None:
        violations = interpret(spec, body, None, now=0.0)
        assert [tuple(violation) for violation in violations] == generated_rules(
            generated, Question(body, None)
        )
        assert readings.by_schema(body) == readings.by_walk(body)

    judge()


def test_a_field_is_written_by_its_name_in_a_body(spec: Spec, generated: Modules) -> None:
    fields = {"prompt": "a cup", "time_limit": 7, "most_sips": 2}
    body = generated[MODEL].encode(MODEL, fields)
    assert body["parameters"] == {"timeout": 7} and body["input"]["maxSips"] == 2
    assert interpret(spec, body) == [] and generated[MODEL].check_fields(MODEL, fields) == []
    (violation,) = interpret(spec, body | {"parameters": {"timeout": 99}})
    assert (violation.rule, violation.path) == ("wan2.0/time_limit.max", "/parameters/timeout")


def test_the_sides_of_an_output_size_bound_the_nearest_size(generated: Modules) -> None:
    cold, hot = (generated[MODEL].size_bounds(MODEL, fields) for fields in ({}, {"heat": 50}))
    assert cold.known and (cold.min_side, cold.max_side, hot.max_side) == (512, 2048, 1024)
    assert nearest_size(cold, Fraction(4), 1_300_000) == (2048, 512)
    assert nearest_size(hot, Fraction(4), 1_300_000) == (1024, 953)  # three quarters of the tier


@pytest.mark.parametrize(
    ("old", "new", "diagnostic"),
    [
        ("only_in: {is: hot,", "only_in: {is: hott,", "the mode 'hott' does not exist, expected hot"),
        ("only_in: {is: hot,", "only_in: {is: [hot],", "only_in is ['hot'], expected a mode or not a mode"),
        (
            "most_sips: {type: integer, as: maxSips",
            "most_sips: {type: integer, as: max-sips",
            'as is "max-sips", expected the form ^[A-Za-z_][A-Za-z0-9_]*$',
        ),
        ("one_of: [1, 2, 4, 6]", "one_of: [1, 2.5]", "one_of lists 2.5, expected a integer"),
    ],
)
def test_a_broken_line_has_its_diagnostic(tmp_path: Path, old: str, new: str, diagnostic: str) -> None:
    files = kinds_files()
    assert files[CUP].count(old) == 1
    line = files[CUP][: files[CUP].index(old)].count("\n") + 1
    with pytest.raises(SpecError) as raised:
        load(write(tmp_path, {**files, CUP: files[CUP].replace(old, new)}))
    assert raised.value.diagnostics == [f"{CUP}:{line}: {diagnostic}"]
