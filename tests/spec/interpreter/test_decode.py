"""Decoding a body by its form: model, containers, parts, broken containers, unknown members."""

from typing import Any

import pytest

from tests.spec.bodies import (
    BODIES,
    EDIT,
    MIXED,
    URL,
    brushed,
    changed,
    messages,
    prompted,
    rule_paths,
    rules,
)
from wanlib.spec import interpret, load
from wanlib.spec.interpreter.decode import decode_body
from wanlib.spec.mutations import list_mutations

MESSAGES = "wire/messages.input.messages"


# The model and the call.


@pytest.mark.parametrize("model", [None, "", "wan2.7", 5, True, ["wan2.7-image"], {}, "WAN2.7-IMAGE"])
def test_an_unknown_model_is_the_only_violation(model: Any) -> None:
    """Nothing else is checked: without a model there are no rules."""
    (violation,) = interpret(load(), {"model": model, "input": 5, "parameters": 5})
    assert (violation.rule, violation.path, violation.value) == ("wire/model", "/model", model)
    assert violation.limit == load().models


@pytest.mark.parametrize("body", [None, [], "wan2.7-image", 5, 0.5, True])
def test_a_body_that_is_not_an_object(body: Any) -> None:
    assert rule_paths(body) == [("wire/model", "")]


def test_a_missing_model() -> None:
    assert rule_paths({}) == [("wire/model", "/model")]


@pytest.mark.parametrize(
    ("body", "calls"),
    [
        (messages(EDIT), ["sync", "async"]),
        (messages(MIXED, enable_interleave=True, stream=True), ["stream", "async"]),
        (prompted(), ["async"]),
        (brushed(), ["async"]),
    ],
)
def test_calls_without_an_endpoint(body: dict[str, Any], calls: list[str]) -> None:
    for call in ("sync", "async", "stream"):
        if body["model"] != MIXED:
            assert rules(body, call) == ([] if call in calls else ["wire/endpoints"]), call
    assert rules(body, None) == []


def test_other_violations_are_reported_beside_a_missing_endpoint() -> None:
    assert rule_paths(changed(prompted(), "/input/prompt", ...), "sync") == [
        ("wire/endpoints", "/model"),
        ("wan2.5/prompt.required", "/input/prompt"),
    ]


# Places.


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/parameters/negative_prompt", []),
        ("/input/negative_prompt", ["wan2.6/negative_prompt.place"]),
        ("/negative_prompt", ["wan2.6/negative_prompt.place"]),
        ("/input/messages/0/negative_prompt", [f"{MESSAGES}.each.unknown"]),
    ],
)
def test_misplaced_members(path: str, expected: list[str]) -> None:
    body = changed(messages(MIXED, URL), path, "No tea leaves.")
    assert rule_paths(body) == [(rule, path) for rule in expected]
    assert rules(changed(body, path, 5)) == (expected or ["wan2.6/negative_prompt.type"])


def test_a_field_in_both_containers() -> None:
    body = changed(prompted(negative_prompt="No leaves."), "/input/negative_prompt", "No leaves.")
    assert rule_paths(body) == [("wan2.5/negative_prompt.place", "/parameters/negative_prompt")]


def test_a_placed_field_in_a_broken_container_is_undetermined() -> None:
    body = changed(prompted(negative_prompt="No leaves."), "/input", ...)
    assert rule_paths(body) == [
        ("wire/prompt.input.required", "/input"),
        ("wan2.5/negative_prompt.place", "/parameters/negative_prompt"),
    ]


# What is lost with what holds it.


@pytest.mark.parametrize(
    ("path", "value", "rule"),
    [
        ("/input", ..., "wire/messages.input.required"),
        ("/input", None, "wire/messages.input.required"),
        ("/input", [], "wire/messages.input.type"),
        ("/input/messages", ..., f"{MESSAGES}.required"),
        ("/input/messages", None, f"{MESSAGES}.required"),
        ("/input/messages", {}, f"{MESSAGES}.type"),
        ("/input/messages/0", None, f"{MESSAGES}.each.type"),
        ("/input/messages/0/content", None, f"{MESSAGES}.each.content.required"),
        ("/input/messages", [], f"{MESSAGES}.count"),
        ("/input/messages", [{}, {}], f"{MESSAGES}.count"),
        ("/input/messages/0", "Tea.", f"{MESSAGES}.each.type"),
        ("/input/messages/0/content", ..., f"{MESSAGES}.each.content.required"),
        ("/input/messages/0/content", "Tea.", f"{MESSAGES}.each.content.type"),
    ],
)
def test_fields_below_a_broken_node_are_undetermined(path: str, value: Any, rule: str) -> None:
    """No missing prompt is reported and no image is counted; fields beside them are checked."""
    body = changed(messages(EDIT, bbox_list=[[]], thinking_mode=True, n=99), path, value)
    assert rule_paths(body) == [(rule, path), ("wan2.7/n.max", "/parameters/n")]


@pytest.mark.parametrize(
    ("body", "path", "rule", "outcome"),
    [
        (messages(EDIT), "/input", "wire/messages.input.required", "rejected"),
        (messages(EDIT), "/input/messages", f"{MESSAGES}.required", "rejected"),
        (messages(EDIT), "/input/messages/0", f"{MESSAGES}.each.type", "rejected"),
        (messages(EDIT), "/input/messages/0/role", f"{MESSAGES}.each.role.required", "rejected"),
        (messages(EDIT), "/input/messages/0/content", f"{MESSAGES}.each.content.required", "rejected"),
        (messages(EDIT, URL), "/input/messages/0/content/1/text", "wan2.7/prompt.type", "rejected"),
        (messages(EDIT, URL), "/input/messages/0/content/0/image", "wan2.7/images.each.type", "rejected"),
        (messages(EDIT), "/parameters", "wire/messages.parameters.type", "unspecified"),
        (messages(EDIT, n=1), "/parameters/n", "wan2.7/n.type", "unspecified"),
        (messages(EDIT, bbox_list=[]), "/parameters/bbox_list", "wan2.7/bbox_list.type", "unspecified"),
        (prompted(), "/input/prompt", "wan2.5/prompt.required", "rejected"),
        (prompted(), "/input/images", "wan2.5/images.required", "rejected"),
        (prompted(), "/input/images/0", "wan2.5/images.each.type", "rejected"),
        (prompted(), "/input/negative_prompt", "wan2.5/negative_prompt.type", "unspecified"),
        (brushed("expand"), "/input/function", "wanx2.1/function.required", "rejected"),
        (brushed("expand"), "/input/base_image_url", "wanx2.1/images.required", "rejected"),
        (
            brushed("description_edit_with_mask"),
            "/input/mask_image_url",
            "wanx2.1/mask.required:masked",
            "rejected",
        ),
    ],
)
def test_null_is_not_a_value(body: dict[str, Any], path: str, rule: str, outcome: str) -> None:
    """It counts as absent if a value is required, else as a wrong type, rejected in an item or a part."""
    (violation,) = interpret(load(), changed(body, path, None))
    assert (violation.rule, violation.outcome, violation.path) == (rule, outcome, path)
    assert "null" in str(violation)


def test_parameters_may_be_absent_and_nothing_else() -> None:
    assert rule_paths(changed(messages(EDIT), "/parameters", ...)) == []
    assert rule_paths(changed(messages(EDIT), "/parameters", [])) == [
        ("wire/messages.parameters.type", "/parameters")
    ]


def test_broken_parameters_leave_modes_unknown() -> None:
    """A field that a mode reads is unknown, so variants are not checked."""
    body = changed(messages(MIXED, URL, URL), "/parameters", "none")
    assert rule_paths(body) == [("wire/messages.parameters.type", "/parameters")]
    absent = changed(messages(MIXED), "/parameters", ...)
    assert rule_paths(absent) == [("wan2.6/images.min_count:not-interleave", "/input/messages/0/content")]


def test_a_broken_list_in_the_prompt_form() -> None:
    assert rule_paths(changed(prompted(), "/input/images", URL)) == [("wan2.5/images.type", "/input/images")]
    assert rule_paths(changed(prompted(), "/input", 5)) == [("wire/prompt.input.type", "/input")]


# Parts.


@pytest.mark.parametrize(
    "part",
    [{}, {"image": URL, "text": "Tea."}, {"img": URL}, URL, None, [], {"Image": URL}],
)
def test_a_broken_part_is_skipped(part: Any) -> None:
    """It does not count: the image after it is the first and keeps its path."""
    body = changed(messages(EDIT, URL, URL, bbox_list=[[]]), "/input/messages/0/content/0", part)
    assert rule_paths(body) == [(f"{MESSAGES}.each.content.parts", "/input/messages/0/content/0")]


def test_a_second_text_part() -> None:
    body = messages(EDIT, {"text": "Tea."}, URL, {"text": 5}, {"text": "Milk."})
    assert rule_paths(body) == [
        (f"{MESSAGES}.each.content.text.max_count", "/input/messages/0/content/2/text")
    ]


def test_missing_prompt_and_images() -> None:
    body = changed(messages(MIXED), "/input/messages/0/content", [])
    assert rule_paths(body) == [
        ("wan2.6/prompt.required", "/input/messages/0/content/-/text"),
        ("wan2.6/images.min_count:not-interleave", "/input/messages/0/content"),
    ]


def test_paths_of_image_parts() -> None:
    body = messages(EDIT, {"image": 5}, {"text": "Tea."}, {"image": "cup.png"}, URL)
    assert rule_paths(body) == [
        ("wan2.7/images.each.type", "/input/messages/0/content/0/image"),
        ("wan2.7/images.each.schemes", "/input/messages/0/content/2/image"),
    ]


def test_a_list_of_one_item_written_as_its_item() -> None:
    """wanx writes its list of one image as the image."""
    assert rule_paths(changed(brushed(), "/input/base_image_url", ...)) == [
        ("wanx2.1/images.required", "/input/base_image_url")
    ]
    assert rule_paths(changed(brushed(), "/input/base_image_url", [URL])) == [
        ("wanx2.1/images.each.type", "/input/base_image_url")
    ]
    assert rule_paths(changed(brushed(), "/input/base_image_url", "cup.png")) == [
        ("wanx2.1/images.each.schemes", "/input/base_image_url")
    ]


# Unknown members.


def test_unknown_members() -> None:
    body = messages(EDIT, a=1, negative_prompt="No leaves.")
    body = changed(changed(changed(body, "/b", 1), "/input/c", 1), "/input/messages/0/d", 1)
    assert rule_paths(body) == [
        (f"{MESSAGES}.each.unknown", "/input/messages/0/d"),
        ("wire/messages.input.unknown", "/input/c"),
        ("wan2.7/unknown", "/parameters/a"),
        ("wan2.7/only_for", "/parameters/negative_prompt"),
        ("wire/messages.unknown", "/b"),
    ]


def test_unknown_members_of_an_entry() -> None:
    entries = [{"hex": "#C2D1E6", "ratio": "50.00%"}, {"hex": "#C2D1E6", "ratio": "25.00%", "name": "tea"}, 5]
    assert rule_paths(messages(EDIT, color_palette=entries)) == [
        ("wan2.7/color_palette.each.unknown", "/parameters/color_palette/1/name"),
        ("wan2.7/color_palette.each.type", "/parameters/color_palette/2"),
    ]


def test_names_in_paths_are_escaped() -> None:
    """RFC 6901: `~` before `/`, or `~1` in a name would become a slash."""
    body = messages(EDIT, **{"a/b": 1, "a~b": 1, "~1": 1, "": 1, "\ud800": 1})
    assert [path for _, path in rule_paths(body)] == [
        "/parameters/a~1b",
        "/parameters/a~0b",
        "/parameters/~01",
        "/parameters/",
        "/parameters/\ud800",
    ]


def test_the_limit_of_an_unknown_member_lists_known_names() -> None:
    (violation,) = interpret(load(), messages(EDIT, enable_sequentially=True))
    assert "enable_sequential" in violation.limit
    assert violation.value == "enable_sequentially"


@pytest.mark.parametrize(
    "rule",
    [rule.id for rule in load().rules.values() if rule.id.startswith("wire/") and rule.scope == "body"],
)
def test_every_field_is_decoded_with_any_mutation_of_the_form(rule: str) -> None:
    for make in list_mutations(load(), rule).values():
        spec = make()
        for body in (body for body in BODIES if body["model"] in spec.models):
            family = spec.family(body["model"])
            decoded = decode_body(family, spec.form(family), body)
            names = {field.name for field in family.fields}
            assert set(decoded.values) == set(decoded.paths) == names


def test_a_decoded_body_is_used_in_place_of_the_body() -> None:
    spec, body, other = load(), messages(EDIT, {"video": URL}, n=99, size="9K"), messages(EDIT, URL, n=1)
    family = spec.family(EDIT)
    decoded = decode_body(family, spec.form(family), body)
    expected = interpret(spec, body, "sync")
    assert len(expected) > 2
    for _ in range(2):  # decoding again would show the violations of the other body
        assert interpret(spec, other, "sync", decoded) == expected
