"""The three readings as targets: they answer on any JSON and pass on what they receive."""

from typing import Any

import pytest
from wan_conformance.model import Observation, Target
from wan_conformance.targets import TARGETS

from wanlib.boundary.case import Question
from wanlib.spec import Spec, load
from wanlib.spec.model.kinds import KINDS

CLEAN = {
    "model": "wan2.7-image",
    "input": {"messages": [{"role": "user", "content": [{"text": "A kettle on a shelf"}]}]},
}
MANY = {**CLEAN, "parameters": {"n": 99}}
OPEN = {**CLEAN, "parameters": {"kettle": 5}}
LONG = {**CLEAN, "input": {"messages": [{"role": "user", "content": [{"text": "x" * 9999}]}]}}


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load()


@pytest.fixture(params=["generated", "interpreted", "json_schema"])
def target(request: pytest.FixtureRequest, spec: Spec) -> Target:
    return TARGETS[request.param](spec)


@pytest.mark.parametrize(
    ("body", "accepted", "rules"),
    [
        (CLEAN, True, ()),
        (MANY, False, ("wan2.7/n.max",)),
        (OPEN, True, ("wan2.7/unknown",)),
        (LONG, False, ("wan2.7/prompt.max_chars",)),
        ({"model": "tea"}, False, ("wire/model",)),
    ],
)
def test_answers(target: Target, body: Any, accepted: bool, rules: tuple[str, ...]) -> None:
    assert target.observe(Question(body, None)) == Observation(accepted, rules)


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def in_body(value: Any) -> Any:
    return {"model": "wan2.6-image", "input": value, "parameters": value}


ODD = [None, True, 0, 1e400, float("nan"), 10**400, "", "\ud800", [], {}, nested(50), {"messages": [[]]}]


@pytest.mark.parametrize("body", [*ODD, *({"model": value} for value in ODD), *map(in_body, ODD)])
def test_every_target_answers_on_any_json(target: Target, body: Any) -> None:
    observation = target.observe(Question(body, None))
    assert observation.error is None
    assert list(observation.rules) == sorted(set(observation.rules))
    assert observation.accepted is not None


@pytest.mark.parametrize("body", [nested(50_000), in_body(nested(50_000))])
def test_deeply_nested_bodies(target: Target, body: Any) -> None:
    """`jsonschema` quotes the body in its messages and can't get to the end; the others never look."""
    observation = target.observe(Question(body, None))
    if target.name == "json_schema":
        assert observation.skipped == "nested too deeply for jsonschema"
    else:
        assert observation.accepted is False


def test_names_and_claims(target: Target) -> None:
    assert target.name in TARGETS
    assert target.claims("max")
    assert not target.claims("kettle")
    assert target.refuses == {"rejected", "truncated"}


def test_json_schema_leaves_out_rules_that_depend_on_the_call(spec: Spec) -> None:
    left = TARGETS["json_schema"](spec).leaves_out
    conditions = [spec.rules[rule].condition for rule in left]
    assert {value.mode for value in conditions if value} == {"interleave_sync", "plain_sync"}
    assert all(conditions)
    assert all(TARGETS["json_schema"](spec).claims(spec.rules[rule].kind) for rule in left)


def test_two_targets_judge_every_kind_and_leave_nothing_out(spec: Spec) -> None:
    for name in ("generated", "interpreted"):
        target = TARGETS[name](spec)
        assert all(map(target.claims, KINDS))
        assert target.leaves_out == frozenset()


def test_the_call_is_passed_on(spec: Spec) -> None:
    body = {**CLEAN, "model": "wan2.6-image"}
    for name in ("generated", "interpreted"):
        assert "wan2.6/enable_interleave.one_of:plain_sync" in (
            TARGETS[name](spec)
            .observe(Question({**body, "parameters": {"enable_interleave": True}}, "sync"))
            .rules
        )
