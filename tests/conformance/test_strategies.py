"""Strategies: valid in every reading, exactly one rule violated, quick to shrink, nothing left out."""

import json
from collections.abc import Callable
from functools import cache
from itertools import cycle
from typing import Any

import pytest
from hypothesis import find, settings
from wan_conformance.strategies import breaking, mutated_bodies, valid
from wan_conformance.targets.readings import JsonSchemaTarget

from tests.conformance.shares import drawn, shares, wanted
from tests.support.api_facts import limit_of
from wanlib import check
from wanlib.boundary.case import Question
from wanlib.boundary.mode_cases import mode_cases
from wanlib.spec import Condition, Rule, interpret, load
from wanlib.spec.model.model import CALLS

SPEC = load()
RULES = [rule for rule in SPEC.rules.values() if rule.scope == "body"]
SCHEMAS = JsonSchemaTarget(SPEC)
PRO = "wan2.7-image-pro"


@cache
def examples(model: str) -> list[Question]:
    """More where there are modes, whose shares are measured."""
    return drawn(valid(SPEC, model), 400 if SPEC.family(model).modes else 200)


def violated_rules(question: Question) -> set[str]:
    """The rules that it breaks, by two readings that must agree."""
    first = {violation.rule for violation in interpret(SPEC, question.body, question.call)}
    assert {violation.rule for violation in check(question.body, call=question.call)} == first
    return first


def members(body: Any) -> dict[str, Any]:
    """The fields that have a name in the wire form."""
    return {**body["input"], **body.get("parameters", {})}


# Valid requests.


@pytest.mark.parametrize("model", SPEC.models)
def test_valid_requests_violate_no_rule_in_any_reading(model: str) -> None:
    for index, question in enumerate(examples(model)):
        assert question.body["model"] == model
        assert violated_rules(question) == set()
        if index % 10 == 0:
            assert SCHEMAS.observe(question).rules == ()


@pytest.mark.parametrize("model", SPEC.models)
def test_valid_requests_are_seldom_the_same(model: str) -> None:
    bodies = [json.dumps([question.body, question.call]) for question in examples(model)]
    assert len(set(bodies)) >= 0.95 * len(bodies)


@pytest.mark.parametrize("family", SPEC.families, ids=[family.name for family in SPEC.families])
def test_every_mode_and_every_keyword_has_its_share(family: Any) -> None:
    """In the examples of a model that knows it: not all models of a family know every mode."""
    all_shares = [shares(SPEC, examples(model)) for model in family.models]
    assert {
        name
        for name in wanted(SPEC, family.name)
        if max(violation.get(name, 0) for violation in all_shares) < 0.01
    } == set()


@pytest.mark.parametrize("model", SPEC.models)
def test_every_call_and_field_is_sometimes_present_and_sometimes_absent(model: str) -> None:
    family = SPEC.family(model)
    form = SPEC.form(family)
    as_parts = {name for node in form.walk() for _, name in node.parts}
    written = {node.field: node.path.rpartition(".")[2] for node in form.walk() if node.field}
    count = {field.name: 0 for field in family.fields if field.name not in as_parts}
    for question in examples(model):
        for name in count:
            count[name] += written.get(name, name) in members(question.body)
    always = {
        rule.field
        for field in family.fields
        for rule in field.rules_of_kind("required")
        if not rule.condition
    }
    for name, there in count.items():
        assert there > 0
        assert (there == len(examples(model))) is (name in always), name
    assert {question.call for question in examples(model)} == set(SPEC.calls(model))


def test_images_are_urls_of_every_scheme_and_pictures_of_every_format() -> None:
    texts = json.dumps([question.body for question in examples("wanx2.1-imageedit")])
    addresses = ("http://", "https://", "oss://", "HTTP")
    for start in (*addresses, "data:image/tiff;", "data:image/webp;", "data:image/bmp;", "DATA:IMAGE/"):
        assert f': "{start}' in texts


def test_the_items_of_a_list_are_seldom_the_same() -> None:
    lists = [question.body["input"]["images"] for question in examples("wan2.5-i2i-preview")]
    several = [images for images in lists if len(images) > 1]
    assert len(several) >= 0.3 * len(lists)
    assert sum(len(set(images)) == len(images) for images in several) >= 0.95 * len(several)


def test_a_picture_without_a_box_may_come_before_one_that_has_one() -> None:
    parameters = [question.body.get("parameters", {}).get("bbox_list", []) for question in examples(PRO)]
    assert sum(boxes[:1] == [[]] and any(boxes) for boxes in parameters) >= 0.02 * len(parameters)


@pytest.mark.parametrize("mode", ["pro_text", "not pro_text"])
def test_a_mode_can_be_selected(mode: str) -> None:
    condition = Condition(mode.split()[-1], not mode.startswith("not"))
    all_shares = shares(SPEC, drawn(valid(SPEC, PRO, condition), 40))
    assert all_shares[mode] == 1


def test_a_mode_that_a_model_is_never_in() -> None:
    with pytest.raises(ValueError, match=r"no valid request of wan2\.7-image is in the mode pro_text"):
        valid(SPEC, "wan2.7-image", Condition("pro_text", True))


def test_mode_cases_omit_forbidden_combinations() -> None:
    """On the plain synchronous path there is no interleave; streamed interleave says so."""
    result = mode_cases(SPEC, "wan2.6-image")
    assert len(result) == 4
    for mode_case in result:
        if mode_case.truths["interleave"]:
            assert {values["call"] for values in mode_case.assignments} <= {"async", "stream"}
    broken = mode_cases(SPEC, "wan2.6-image", SPEC.rules["wan2.6/enable_interleave.one_of:plain_sync"])
    assert [dict(violation) for mode_case in broken for violation in mode_case.assignments] == [
        {"enable_interleave": True, "call": "sync", "stream": True}
    ]


# Shrinking.

N = limit_of("wan2.7/n.max")
SHRUNK: list[tuple[str, Callable[[dict[str, Any]], bool], Any, list[Any]]] = [
    ("n", lambda parameters: parameters.get("n") == N, N, [{"text": "a"}]),
    (
        "bbox_list",
        lambda parameters: any(parameters.get("bbox_list", ())),
        [[[0, 0, 1, 1]]],
        [{"text": "a"}, {"image": "http://example.com/0/a.png"}],
    ),
]


@pytest.mark.parametrize(("name", "fails", "least", "content"), SHRUNK, ids=[case[0] for case in SHRUNK])
def test_a_failure_shrinks_to_the_one_field_that_it_needs(
    name: str, fails: Callable[[dict[str, Any]], bool], least: Any, content: list[Any]
) -> None:
    quick = settings(database=None, derandomize=True, max_examples=500)
    result = find(
        valid(SPEC, PRO), lambda question: fails(question.body.get("parameters", {})), settings=quick
    )
    assert result.body == {
        "model": PRO,
        "input": {"messages": [{"role": "user", "content": content}]},
        "parameters": {name: least},
    }


def test_a_failure_shrinks_to_the_one_image_that_it_needs() -> None:
    def fails(question: Question) -> bool:
        return any(image.startswith("data:") for image in question.body["input"]["images"])

    quick = settings(database=None, derandomize=True, max_examples=500)
    (picture,) = find(valid(SPEC, "wan2.5-i2i-preview"), fails, settings=quick).body["input"]["images"]
    assert picture.startswith("data:image/jpeg;base64,")


# Requests that break one rule.


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_breaking_violates_exactly_that_rule(rule: Rule) -> None:
    for question in drawn(breaking(SPEC, rule.id), 2 if rule.kind == "max_bytes" else 3):
        assert violated_rules(question) == {rule.id}


def test_violations_go_from_the_smallest_to_the_extreme() -> None:
    questions = drawn(breaking(SPEC, "wan2.7/n.max:sequential"), 60)
    numbers = {question.body["parameters"]["n"] for question in questions}
    assert limit_of("wan2.7/n.max:sequential") + 1 in numbers and max(numbers) >= 99 and len(numbers) > 2
    assert {question.body["model"] for question in questions} == {"wan2.7-image", PRO}
    questions = drawn(breaking(SPEC, "wan2.6/n.min"), 60)
    assert {0, -5} <= {question.body["parameters"]["n"] for question in questions}


def test_boxes_fit_the_invalid_image() -> None:
    for question in drawn(breaking(SPEC, "wan2.7/images.each.max_side"), 60):
        assert violated_rules(question) == {"wan2.7/images.each.max_side"}


def test_a_violation_shrinks_to_the_smallest_step() -> None:
    quick = settings(database=None, derandomize=True, max_examples=100)
    result = find(breaking(SPEC, "wan2.5/images.max_count"), lambda question: True, settings=quick)
    url, most = "http://example.com/0/a.png", limit_of("wan2.5/images.max_count") + 1
    assert result.body == {"model": "wan2.5-i2i-preview", "input": {"prompt": "a", "images": [url] * most}}


@pytest.mark.parametrize("rule_id", ["task/expires", "wire/headers.Authorization"])
def test_rules_that_no_body_can_violate(rule_id: str) -> None:
    with pytest.raises(ValueError, match=r"can't be violated by a request body"):
        breaking(SPEC, rule_id)


# Bodies after an accident.


@cache
def accidents() -> list[Any]:
    return drawn(mutated_bodies(SPEC), 400)


def test_readings_agree_on_mutated_bodies() -> None:
    rules: set[str] = set()
    broken = 0
    for body, call in zip(accidents(), cycle((None, *CALLS)), strict=False):
        violations = interpret(SPEC, body, call)
        assert [tuple(violation) for violation in check(body, call=call)] == [
            tuple(violation) for violation in violations
        ]
        for violation in violations:
            str(violation)  # must not raise on any value
        rules |= {violation.rule for violation in violations}
        broken += bool(violations)
    assert len(rules) >= 0.4 * len(RULES)
    assert broken >= 0.8 * len(accidents())


def test_mutated_bodies_are_json_and_rarely_equal() -> None:
    texts = [json.dumps(body, allow_nan=False) for body in accidents()]
    assert len(set(texts)) >= 0.95 * len(texts)
