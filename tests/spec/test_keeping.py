"""The short ways for bodies that are as they should be: they say what the long ways say."""

from dataclasses import replace
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings

from tests.spec.bodies import EDIT, URL, data_uri, messages
from tests.spec.test_total import BODIES, CALLS, mutilated
from wanlib.spec import Spec, interpret, load
from wanlib.spec.interpreter.compile_plan import compile_plans
from wanlib.spec.interpreter.compiled_decode import decode_body
from wanlib.spec.interpreter.decode import Decoder
from wanlib.spec.mutations import list_mutations


def _walked() -> Spec:
    """The spec, of which every field is walked, kept or not."""
    spec = load()
    families = tuple(replace(family) for family in spec.families)
    with mock.patch("wanlib.spec.interpreter.compile_plan.keeper", lambda plan: lambda value, walk: False):
        for family in families:
            compile_plans(family)  # and is kept as it is
    return replace(spec, families=families)


WALKED = _walked()


def agree(body: Any, call: str | None) -> None:
    """Both ways, at the fields and at the form that they are read by."""
    assert interpret(load(), body, call) == interpret(WALKED, body, call)
    model = body.get("model") if isinstance(body, dict) else None
    if isinstance(model, str) and model in load().models:
        family = load().family(model)
        form = load().bodies[family.body]
        assert decode_body(family, form, body) == Decoder(family, form).decode(body)


@given(mutilated(), CALLS)
@settings(max_examples=200)
def test_mutilated_bodies_are_told_the_same(body: Any, call: str | None) -> None:
    agree(body, call)


@pytest.mark.parametrize("body", BODIES, ids=[str(index) for index in range(len(BODIES))])
def test_real_bodies_are_told_the_same(body: Any) -> None:
    agree(body, "async")


@pytest.mark.parametrize(
    ("parameters", "broken"),
    [
        ({"n": 5}, ["wan2.7/n.max"]),
        ({"n": 12, "enable_sequential": True}, []),
        ({"n": 5.0}, ["wan2.7/n.max"]),
        ({"n": None}, ["wan2.7/n.type"]),
        ({"size": "4K"}, ["wan2.7/size.keywords"]),
        ({"thinking_mode": True}, ["wan2.7/thinking_mode.effective"]),
        ({"bbox_list": [[]]}, ["wan2.7/bbox_list.same_count_as"]),
        ({"bbox_list": [[], [[9, 0, 9, 9]]]}, ["wan2.7/bbox_list.each.each.ordered"]),
        ({"bbox_list": [[], [[0, 0, 9, True]]]}, ["wan2.7/bbox_list.each.each.each.type"]),
        ({"color_palette": [{"hex": "#C2D1E6", "ratio": "50.00%", "x": 1}]}, None),
    ],
)
def test_what_is_broken_is_walked(parameters: dict[str, Any], broken: list[str] | None) -> None:
    body = messages(EDIT, URL, URL, **parameters)
    agree(body, "async")
    if broken is not None:
        assert [each.rule for each in interpret(load(), body, "async")] == broken


def test_a_box_is_held_against_the_image_in_its_place() -> None:
    small, large = data_uri(240, 240), data_uri(480, 480)
    for images, broken in (((large, small), 1), ((small, large), 0)):
        body = messages(EDIT, *images, bbox_list=[[], [[0, 0, 400, 400]]])
        agree(body, "async")
        assert len(interpret(load(), body, "async")) == broken


FORMS = [rule.id for rule in load().rules.values() if rule.id.startswith("wire/") and rule.scope == "body"]


@pytest.mark.parametrize("rule", FORMS)
def test_another_form_of_the_body_is_read_the_same_in_both_ways(rule: str) -> None:
    """With each fault that can be planted in the form: what is written there is no number of the code's."""
    for make in list_mutations(load(), rule).values():
        spec = make()
        for body in (body for body in BODIES if body["model"] in spec.models):
            family = spec.family(body["model"])
            form = spec.bodies[family.body]
            assert decode_body(family, form, body) == Decoder(family, form).decode(body)
