"""The exported JSON Schema agrees with the interpreter on the rules that it claims."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.emit.schema.bodies import IMAGE, PALETTE, TEXT, VALID, Striker, messages, wanx
from tests.emit.schema.readings import Readings
from tests.support.api_facts import default_of, limit_of
from wanlib.emit.schema.body import ABOUT, RULES
from wanlib.emit.schema.errors_to_rules import violated_rules
from wanlib.emit.schema.json_schema import CLAIMS, envelope, schema
from wanlib.emit.schema.openapi import openapi
from wanlib.spec import load

# Raised by hand for a long run; the suite has seconds.
EXAMPLES = int(os.environ.get("WAN_EXAMPLES", "300"))
READINGS = Readings(load())
SPEC = READINGS.spec
IMAGES = limit_of("wan2.7/images.max_count")
STRIKER = Striker(SPEC, VALID)
# They depend on the call, which no body states.
ON_CALL = {
    "wan2.6/enable_interleave.one_of:plain_sync",
    "wan2.6/stream.one_of:interleave_sync",
    "wan2.6/stream.required:interleave_sync",
}


@settings(max_examples=EXAMPLES)
@given(st.integers(0, 2**64).map(lambda seed: STRIKER.body(Random(seed))))
def test_the_schema_and_the_interpreter_agree(body: Any) -> None:
    assert READINGS.by_schema(body) == READINGS.by_walk(body)


@pytest.mark.parametrize("body", VALID, ids=lambda body: str(body["model"]))
def test_valid_bodies_are_accepted(body: Any) -> None:
    assert READINGS.by_schema(body) == ()
    assert READINGS.models[body["model"]].is_valid(body)


PRO = "wan2.7-image-pro"
CONTENT = "wire/messages.input.messages.each.content"
# The places where a plain reading of the schema would say more, less or something else.
REPORTED: list[tuple[str, Any, set[str]]] = [
    ("no object", [], {"wire/model"}),
    ("unknown model alone", {"model": "wan9", "x": 1}, {"wire/model"}),
    ("a size ends where it ends", messages(PRO, TEXT, size="1024*1024\n"), {"wan2.7/size.keywords:pro_text"}),
    ("4K on an edit", messages(PRO, TEXT, IMAGE, size="4K"), {"wan2.7/size.keywords"}),
    ("4K on the smaller model", messages("wan2.7-image", TEXT, size="4K"), {"wan2.7/size.keywords"}),
    (
        "a mode that reads a wrong type is unknown",
        messages(PRO, TEXT, enable_sequential=1, n=99, size="9K", thinking_mode=True, color_palette=PALETTE),
        {"wan2.7/enable_sequential.type"},
    ),
    (
        "where a field has no effect, only that is reported",
        messages(PRO, TEXT, IMAGE, thinking_mode="yes"),
        {"wan2.7/thinking_mode.effective"},
    ),
    (
        "a field out of its mode is judged all the same",
        messages(PRO, TEXT, enable_sequential=True, color_palette=PALETTE[:1]),
        {"wan2.7/color_palette.needs", "wan2.7/color_palette.min_count"},
    ),
    ("null is not a value", messages(PRO, TEXT, n=None), {"wan2.7/n.type"}),
    (
        "a broken part counts as nothing",
        messages(PRO, TEXT, ("x", 5), ("image", 5)),
        {f"{CONTENT}.parts", "wan2.7/images.each.type"},
    ),
    (
        "a part with one more member is read",
        {
            "model": PRO,
            "input": {
                "messages": [{"role": "user", "content": [{"text": "a", "x": 1}, {"image": 5, "y": 1}]}],
            },
        },
        {f"{CONTENT}.each.unknown", "wan2.7/images.each.type"},
    ),
    (
        "what stands in a broken part is lost",
        {
            "model": PRO,
            "input": {"messages": [{"role": "user", "content": [{"text": "a"}, {"image": 5, "text": 1}]}]},
        },
        {f"{CONTENT}.parts"},
    ),
    ("the first text is the prompt", messages(PRO, TEXT, ("text", 5)), {f"{CONTENT}.text.max_count"}),
    ("and judged", messages(PRO, ("text", 5), TEXT), {f"{CONTENT}.text.max_count", "wan2.7/prompt.type"}),
    (
        "what stands under two messages is lost",
        {"model": PRO, "input": {"messages": [{}, 5]}, "parameters": {"bbox_list": [], "n": 0}},
        {"wire/messages.input.messages.count", "wan2.7/n.min"},
    ),
    (
        "one box too few",
        messages(PRO, TEXT, IMAGE, IMAGE, bbox_list=[[]]),
        {"wan2.7/bbox_list.same_count_as"},
    ),
    (
        "counts are compared beyond the limit",
        messages(PRO, TEXT, *[IMAGE] * (2 * IMAGES), bbox_list=[[]] * (2 * IMAGES - 1)),
        {"wan2.7/images.max_count", "wan2.7/bbox_list.same_count_as"},
    ),
    (
        "but not without end",
        messages(PRO, TEXT, *[IMAGE] * (2 * IMAGES + 2), bbox_list=[[]] * (2 * IMAGES + 1)),
        {"wan2.7/images.max_count"},
    ),
    (
        "many boxes for no image",
        messages(PRO, TEXT, bbox_list=[[]] * 40),
        {"wan2.7/bbox_list.same_count_as"},
    ),
    (
        "a field in the wrong place is not unknown",
        messages("wan2.6-image", TEXT, IMAGE) | {"negative_prompt": 5},
        {"wan2.6/negative_prompt.place"},
    ),
    (
        "a field of another model is only for that",
        messages(PRO, TEXT, negative_prompt=5),
        {"wan2.7/only_for"},
    ),
    ("a scheme in any case", wanx("doodle", {"base_image_url": "hTTps://x"}), set()),
    ("a URL is ASCII", wanx("doodle", {"base_image_url": "http://\u4f8b"}), {"wanx2.1/images.each.chars"}),
    ("a data URI is judged elsewhere", wanx("doodle", {"base_image_url": "data:\u4f8b"}), set()),
    (
        "no scheme, and nothing further",
        wanx("doodle", {"base_image_url": "\u4f8b.example/a.png"}),
        {"wanx2.1/images.each.schemes"},
    ),
    (
        "a mask for the mask function",
        wanx("description_edit_with_mask", {}, strength=2),
        {"wanx2.1/mask.required:masked", "wanx2.1/strength.needs", "wanx2.1/strength.max"},
    ),
    ("4.0 is an integer", wanx("doodle", {}, n=4.0), set()),
    ("true is none", wanx("doodle", {}, n=True), {"wanx2.1/n.type"}),
]


@pytest.mark.parametrize(
    ("body", "expected"), [case[1:] for case in REPORTED], ids=[case[0] for case in REPORTED]
)
def test_it_reports_exactly_the_violated_rules(body: Any, expected: set[str]) -> None:
    assert set(READINGS.by_schema(body)) == expected


def test_a_schema_refuses_other_models() -> None:
    body = messages("wan2.6-image", IMAGE, n=0)
    assert violated_rules(READINGS.models[PRO].iter_errors(body)) == ("wire/model",)


def subschemas(node: Any) -> Iterator[dict[str, Any]]:
    """The schemas whose errors reach a user: neither conditions nor definitions."""
    if isinstance(node, dict):
        yield node
        for key, value in node.items():
            if key == "properties":
                for inner in value.values():
                    yield from subschemas(inner)
            elif key in ("items", "then", "allOf"):
                yield from subschemas(value)
    for inner in node if isinstance(node, list) else ():
        yield from subschemas(inner)


SAYS_NOTHING = {"$schema", "$id", "$defs", "title", "description", "default", "if", "then", "allOf", "items"}
SAYS_NOTHING |= {"properties", RULES, ABOUT}


def rules_in(model: str) -> set[str]:
    """The rules that the keywords of a model's schema name."""
    found: set[str] = set()
    for node in subschemas(schema(SPEC, model)):
        rules = node.get(RULES, {})
        assert node.keys() - SAYS_NOTHING == rules.keys()
        for rule in rules.values():
            found |= set(rule.values()) if isinstance(rule, dict) else {rule}
    return found


def test_every_keyword_has_its_rule_and_every_claimed_rule_its_keyword() -> None:
    named = set().union(*map(rules_in, SPEC.models))
    claimed = {rule.id for rule in SPEC.rules.values() if rule.scope == "body" and rule.kind in CLAIMS}
    assert claimed - named == ON_CALL
    assert named <= claimed


@pytest.mark.parametrize("model", SPEC.models)
def test_it_is_a_schema_and_plain_json(model: str) -> None:
    exported = schema(SPEC, model)
    Draft202012Validator.check_schema(exported)
    assert json.loads(json.dumps(exported, allow_nan=False)) == exported
    assert exported["$id"] == f"urn:wanlib:schema:{model}"


def test_the_envelope_is_a_schema() -> None:
    Draft202012Validator.check_schema(envelope(SPEC))


def test_it_is_the_same_on_every_hash_seed() -> None:
    program = "import json; from wanlib.spec import load; from wanlib.emit.schema.json_schema import schema; "
    program += "from wanlib.emit.schema.openapi import openapi; spec = load(); "
    program += "print(json.dumps([*[schema(spec, model) for model in spec.models], openapi(spec)]))"
    other = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    environment = os.environ | {"PYTHONHASHSEED": other}
    done = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True)
    here = json.dumps([*(schema(SPEC, model) for model in SPEC.models), openapi(SPEC)])
    assert done.stdout.decode().strip() == here


def test_descriptions_contain_limits_and_defaults() -> None:
    own = schema(SPEC, PRO)["properties"]["parameters"]["properties"]
    most, default = limit_of("wan2.7/n.max:sequential"), default_of("wan2.7/n", "sequential")
    assert own["n"]["default"] == default_of("wan2.7/n")
    assert own["n"]["description"] == (
        f"Integer; at least 1; at most {limit_of('wan2.7/n.max')}; at most {most} if sequential; "
        f"default {default} if sequential."
    )
    assert (
        f"at most {limit_of('wan2.7/size.max_pixels:pro_text'):,} pixels if pro_text"
        in own["size"]["description"]
    )
    assert schema(SPEC, "wanx2.1-imageedit")["properties"]["input"]["properties"]["prompt"][
        "description"
    ] == (
        "Text; required; not blank (the outcome of a violation is not documented); "
        f"at most {limit_of('wanx2.1/prompt.max_chars')} characters (the rest is cut off)."
    )
