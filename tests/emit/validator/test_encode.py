"""The emitted `encode`: its bodies have the violations of their fields, and equal those of the harness."""

import re
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings

from tests.emit.validator.fields import questions, read_back
from wanlib import Violation, check
from wanlib.boundary.body import encode_body as encoded_by_conformance
from wanlib.boundary.case import Question
from wanlib.generated.calls import API
from wanlib.spec import load

SPEC = load()


@settings(max_examples=400, derandomize=True, database=None)
@given(questions(SPEC))
def test_a_body_and_its_fields_have_the_same_violations(question: Question) -> None:
    model = question.body["model"]
    fields = read_back(SPEC, question.body)
    before = deepcopy(fields)
    code = API.models[model].code()
    body = code.encode(model, fields)
    assert fields == before
    assert read_back(SPEC, body) == fields
    assert body == encoded_by_conformance(SPEC, SPEC.family(model), model, fields)
    assert [tuple(violation) for violation in check(body, call=question.call)] == [
        tuple(violation._replace(path=path_by_check(violation, fields)))
        for violation in code.check_fields(model, fields, question.call)
    ]
    drawn = {violation.rule for violation in check(question.body, call=question.call)}
    assert drawn == {violation.rule for violation in check(body, call=question.call)}


def path_by_check(violation: Violation, fields: dict[str, Any]) -> str:
    """The path of a violation: of a missing text, only the core knows where it would be written."""
    return (
        violation.path
        if "prompt" in fields
        else re.sub(r"/content/\d+/text$", "/content/-/text", violation.path)
    )


@pytest.mark.parametrize("model", SPEC.models)
def test_every_field_has_a_place_and_absent_ones_have_none(model: str) -> None:
    facts = API.models[model]
    encode = facts.code().encode
    assert set(encode(model, {})) == {"model", "input"}
    for name in facts.fields:
        value: Any = ["https://a/b.png"] if name in facts.images else object()
        body = encode(model, {name: value})
        assert list(body)[:2] == ["model", "input"], "the model comes before the rest"
        assert read_back(SPEC, body)[name] == value


@pytest.mark.parametrize("model", SPEC.models)
def test_image_objects_are_passed_through_unchanged(model: str) -> None:
    facts = API.models[model]
    first, second = object(), object()
    body = facts.code().encode(model, {"prompt": "a vase", "images": [first], "mask": second})
    held = read_back(SPEC, body)
    assert held["images"][0] is first
    assert ("mask" in facts.single_images) is (held.get("mask") is second)


def test_images_come_before_the_text_in_their_order() -> None:
    body = API.models["wan2.7-image"].code().encode("wan2.7-image", {"prompt": "a", "images": ["x", "y"]})
    (message,) = body["input"]["messages"]
    assert message == {"role": "user", "content": [{"image": "x"}, {"image": "y"}, {"text": "a"}]}
    assert "parameters" not in body


@pytest.mark.parametrize(
    ("model", "where"), [("wan2.6-image", "parameters"), ("wan2.5-i2i-preview", "input")]
)
def test_a_field_is_written_at_the_place_of_its_model(model: str, where: str) -> None:
    assert (
        API.models[model].code().encode(model, {"negative_prompt": "blur"})[where]["negative_prompt"]
        == "blur"
    )


def test_no_image_is_dropped_to_fit_a_place_for_one() -> None:
    model = "wanx2.1-imageedit"
    assert API.models[model].single == ("images",)
    encode = API.models[model].code().encode
    assert encode(model, {"images": ["x"]})["input"] == {"base_image_url": "x"}
    two = encode(model, {"images": ["x", "y"], "prompt": "a", "function": "colorization"})
    assert two["input"]["base_image_url"] == ["x", "y"]
    assert [violation.rule for violation in check(two)] == ["wanx2.1/images.each.type"]
