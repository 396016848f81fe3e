"""Strategies for an invented spec: they contain no model, field or number of the real one."""

from pathlib import Path

import pytest
from wan_conformance.strategies import breaking, mutated_bodies, valid
from wan_conformance.targets.readings import JsonSchemaTarget

from tests.conformance.shares import drawn
from tests.spec.small import FAMILY, FILES, write
from wanlib.boundary.case import Question
from wanlib.boundary.mode_cases import mode_cases
from wanlib.spec import Spec, interpret, load


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Spec:
    return load(write(tmp_path_factory.mktemp("small")))


def test_valid_requests(spec: Spec) -> None:
    for model in spec.models:
        for question in drawn(valid(spec, model), 100):
            assert interpret(spec, question.body, question.call) == []


def test_every_rule_can_be_violated_alone(spec: Spec) -> None:
    rules = [rule.id for rule in spec.rules.values() if rule.scope == "body"]
    for rule in rules:
        for question in drawn(breaking(spec, rule), 3):
            violated = {violation.rule for violation in interpret(spec, question.body, question.call)}
            assert violated == {rule}, rule


def test_readings_agree_on_mutated_bodies(spec: Spec) -> None:
    schemas = JsonSchemaTarget(spec)
    for body in drawn(mutated_bodies(spec), 60):
        violated = {violation.rule for violation in interpret(spec, body)}
        observation = schemas.observe(Question(body, None))
        claimed = {rule for rule in violated if schemas.claims(spec.rules[rule].kind)}
        assert set(observation.rules) == claimed - schemas.leaves_out


def test_a_number_that_modes_read(tmp_path: Path) -> None:
    """It decides which rules hold, so its own limits are kept, or broken, by the choice of the situation."""
    text = FILES[FAMILY].replace("modes:\n", "modes:\n  heavy: strength > 0.7\n")
    text = text.replace("    min_count: 1\n", "    min_count: 1\n    when heavy: {min_count: 3}\n")
    changed = load(write(tmp_path, {**FILES, FAMILY: text}))
    assert {mode_case.truths["heavy"] for mode_case in mode_cases(changed, "tea-1")} == {True, False}
    for question in drawn(valid(changed, "tea-1"), 60):
        assert interpret(changed, question.body, question.call) == []
    for rule in ("wan1.0/strength.min", "wan1.0/strength.max", "wan1.0/palette.min_count:heavy"):
        for question in drawn(breaking(changed, rule), 20):
            assert {violation.rule for violation in interpret(changed, question.body, question.call)} == {
                rule
            }


def test_a_field_that_modes_read_must_have_an_effect_itself(tmp_path: Path) -> None:
    before = "    type: boolean\n    default: false\n"
    assert FILES[FAMILY].count(before) == 1
    text = FILES[FAMILY].replace(before, f"{before}    effective: bare\n")
    changed = load(write(tmp_path, {**FILES, FAMILY: text}))
    truths_list = [mode_case.truths for mode_case in mode_cases(changed, "tea-1")]
    assert [truths for truths in truths_list if truths["fast"]] == [
        {"bare": True, "grand": False, "bare_grand": False, "fast": True}
    ]
    for question in drawn(valid(changed, "tea-1"), 60):
        assert interpret(changed, question.body, question.call) == []
