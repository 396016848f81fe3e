"""The plain reading: three-valued modes, variants, stages, and the order of violations."""

from dataclasses import replace
from typing import Any

import pytest

from tests.spec.bodies import (
    BRUSH,
    EDIT,
    EDIT_PRO,
    MIXED,
    SIMPLE,
    URL,
    brushed,
    changed,
    data_uri,
    messages,
    prompted,
    rule_paths,
    rules,
)
from tests.support.api_facts import limit_of
from wanlib.spec import interpret, load
from wanlib.spec.model.predicates import CHECKS_BY_TYPE, VALUE_CHECKS, read_image

MESSAGES = "wire/messages.input.messages"

CLEAN = [
    messages(EDIT),
    messages(EDIT_PRO, URL, URL, size="2K", n=1),
    messages(MIXED, URL),
    messages(MIXED, enable_interleave=True, stream=True, size="1280*1280"),
    changed(prompted(n=1), "/input/negative_prompt", "No leaves."),
    brushed(is_sketch=True),
    brushed("expand", top_scale=1.5),
    brushed("description_edit_with_mask", mask=URL),
]


@pytest.mark.parametrize("body", CLEAN)
def test_valid_bodies_have_no_violations(body: dict[str, Any]) -> None:
    assert rule_paths(body) == []


# Modes of three values.


N, SET = limit_of("wan2.7/n.max"), limit_of("wan2.7/n.max:sequential")


@pytest.mark.parametrize(
    ("sequential", "n", "expected"),
    [
        (..., N, []),
        (..., N + 1, ["wan2.7/n.max"]),
        (False, N + 1, ["wan2.7/n.max"]),
        (True, N + 1, []),
        (True, SET, []),
        (True, SET + 1, ["wan2.7/n.max:sequential"]),
        # Undetermined: neither the variant nor the base is judged; what has no variant is.
        ("yes", 5, ["wan2.7/enable_sequential.type"]),
        ("yes", 13, ["wan2.7/enable_sequential.type"]),
        (None, 13, ["wan2.7/enable_sequential.type"]),
        (1, 0, ["wan2.7/n.min", "wan2.7/enable_sequential.type"]),
    ],
)
def test_a_variant_replaces_its_base(sequential: Any, n: int, expected: list[str]) -> None:
    body = messages(EDIT, n=n, enable_sequential=sequential)
    if sequential is ...:
        del body["parameters"]["enable_sequential"]
    assert rules(body) == expected


def test_a_mode_is_unknown_if_a_mode_that_it_reads_is() -> None:
    """`pro_text` reads `sequential` by way of `plain_text`: 4K may be right or wrong."""
    assert rules(messages(EDIT_PRO, size="4K")) == []
    assert rules(messages(EDIT_PRO, size="4K", enable_sequential=True)) == ["wan2.7/size.keywords"]
    assert rules(messages(EDIT_PRO, size="4K", enable_sequential=0)) == ["wan2.7/enable_sequential.type"]
    assert rules(messages(EDIT, size="4K")) == ["wan2.7/size.keywords"]


def test_an_unknown_call_makes_modes_unknown() -> None:
    body = messages(MIXED, enable_interleave=True)
    assert rule_paths(body, None) == []
    assert rule_paths(body, "async") == []
    assert rules(body, "sync") == [
        "wan2.6/enable_interleave.one_of:plain_sync",
        "wan2.6/stream.required:interleave_sync",
    ]
    assert rules(body, "stream") == ["wan2.6/stream.required:interleave_sync"]


def test_variants_without_a_base_rule() -> None:
    """Nothing is checked in a mode that no variant names, or in an unknown mode."""
    assert rules(messages(MIXED)) == ["wan2.6/images.min_count:not-interleave"]
    assert rules(messages(MIXED, enable_interleave=True)) == []
    assert rules(messages(MIXED, enable_interleave="true")) == ["wan2.6/enable_interleave.type"]
    assert rules(messages(MIXED, URL, URL, enable_interleave=True)) == ["wan2.6/images.max_count:interleave"]


# Fields that act in one mode.


def test_effective_hides_other_rules_of_its_field() -> None:
    for value in (True, "yes", None):
        (violation,) = interpret(load(), messages(EDIT, URL, thinking_mode=value))
        assert (violation.rule, violation.outcome) == ("wan2.7/thinking_mode.effective", "ignored")
        assert (violation.limit, violation.value) == ("no input image and enable_sequential off", value)
    assert rules(messages(EDIT, thinking_mode="yes")) == ["wan2.7/thinking_mode.type"]


def test_effective_in_an_unknown_mode() -> None:
    body = messages(EDIT, thinking_mode="yes", enable_sequential="no")
    assert rules(body) == ["wan2.7/enable_sequential.type", "wan2.7/thinking_mode.type"]


def test_effective_does_not_apply_to_an_absent_field() -> None:
    assert rules(messages(MIXED, URL)) == []
    assert rules(messages(MIXED, URL, max_images=9)) == ["wan2.6/max_images.effective"]
    assert rules(messages(MIXED, enable_interleave=True, max_images=9)) == ["wan2.6/max_images.max"]


def test_needs_is_reported_beside_other_rules_of_its_field() -> None:
    assert rule_paths(brushed("expand", strength=2)) == [
        ("wanx2.1/strength.needs", "/parameters/strength"),
        ("wanx2.1/strength.max", "/parameters/strength"),
    ]
    assert rules(brushed("stylization_all", strength=2)) == ["wanx2.1/strength.max"]
    assert rules(brushed("expand", strength=None)) == ["wanx2.1/strength.needs", "wanx2.1/strength.type"]
    undetermined = changed(brushed(strength=2), "/input/function", 5)
    assert rules(undetermined) == ["wanx2.1/function.type", "wanx2.1/strength.max"]


def test_needs_does_not_require_the_field() -> None:
    """`needs: masked` does not require the field; `required` in that mode does."""
    assert rules(brushed("description_edit_with_mask")) == ["wanx2.1/mask.required:masked"]
    assert rules(brushed("doodle")) == []
    assert rules(brushed("doodle", mask=URL)) == ["wanx2.1/mask.needs"]


# Stages.


def test_stages_are_checked_in_order() -> None:
    assert rules(messages(EDIT, bbox_list="none")) == ["wan2.7/bbox_list.type"]
    assert rules(messages(EDIT, URL, bbox_list=[[[1, 2, 3]]])) == ["wan2.7/bbox_list.each.each.count"]
    assert rules(messages(EDIT, URL, bbox_list=[[[1, 2, "3", 0]]])) == [
        "wan2.7/bbox_list.each.each.each.type"
    ]
    assert rules(messages(EDIT, URL, bbox_list=[[[3, 2, 1, 4]]])) == ["wan2.7/bbox_list.each.each.ordered"]
    palette = [{"hex": "#C2D1E6", "ratio": "50.00%"}] * 2
    assert rules(messages(EDIT, color_palette=palette[:1])) == ["wan2.7/color_palette.min_count"]
    assert rules(messages(EDIT, color_palette=[*palette, palette[0]])) == ["wan2.7/color_palette.total"]


def test_a_wrong_scheme_hides_later_bounds() -> None:
    """Text that is not base64 is not read as an image."""
    assert rules(messages(EDIT, "cup.png")) == ["wan2.7/images.each.schemes"]
    assert rules(messages(EDIT, "data:image/gif;base64,???")) == ["wan2.7/images.each.encoding"]
    bad = changed(brushed(), "/input/base_image_url", "ftp://茶.example/cup.png")
    assert rules(bad) == ["wanx2.1/images.each.schemes"]


def test_limits_on_image_files() -> None:
    assert rules(messages(EDIT, data_uri(240, 240))) == []
    assert rules(messages(EDIT, data_uri(100, 240))) == ["wan2.7/images.each.min_side"]
    assert rules(messages(EDIT, data_uri(240, 6000))) == ["wan2.7/images.each.min_ratio"]
    assert rules(messages(EDIT, data_uri(240, 240, "gif"))) == [
        "wan2.7/images.each.mime",
        "wan2.7/images.each.formats",
    ]
    assert rules(messages(EDIT, data_uri(240, 240, "gif", "image/png"))) == ["wan2.7/images.each.formats"]
    assert rules(messages(EDIT, data_uri(240, 240, "png", "image/jpeg"))) == ["wan2.7/images.each.mime"]


def test_a_box_is_compared_with_its_own_image() -> None:
    images = [URL, data_uri(300, 400)]
    assert rules(messages(EDIT, *images, bbox_list=[[[0, 0, 999, 999]], [[0, 0, 300, 400]]])) == []
    assert rule_paths(messages(EDIT, *images, bbox_list=[[], [[0, 0, 300, 400], [0, 0, 301, 400]]])) == [
        ("wan2.7/bbox_list.each.each.inside", "/parameters/bbox_list/1/1")
    ]
    assert rules(messages(EDIT, *images, bbox_list=[[], [[-1, 0, 301, 400]]])) == [
        "wan2.7/bbox_list.each.each.each.min"
    ]


@pytest.mark.parametrize(
    "box", [[400, 0, 350, 400], [350, 0, 350, 400], [0, 500, 301, 450], [0, 450, 301, 450]]
)
def test_a_box_in_the_wrong_order_is_not_compared_with_its_image(box: list[int]) -> None:
    assert rules(messages(EDIT, data_uri(300, 400), bbox_list=[[box]])) == [
        "wan2.7/bbox_list.each.each.ordered"
    ]


def test_a_mask_of_another_size() -> None:
    body = brushed("description_edit_with_mask", mask=data_uri(512, 600))
    assert rules(body) == []
    assert rules(changed(body, "/input/base_image_url", data_uri(512, 600))) == []
    assert rules(changed(body, "/input/base_image_url", data_uri(600, 512))) == [
        "wanx2.1/mask.same_pixels_as"
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (4.0, []),
        (4.5, ["wan2.7/n.type"]),
        (True, ["wan2.7/n.type"]),
        ("4", ["wan2.7/n.type"]),
        (float("nan"), ["wan2.7/n.type"]),
        (float("inf"), ["wan2.7/n.type"]),
        pytest.param(10**5000, ["wan2.7/n.max"], id="huge"),
        pytest.param(-(10**5000), ["wan2.7/n.min"], id="hugely negative"),
        (1e308, ["wan2.7/n.max"]),
    ],
)
def test_integers(value: Any, expected: list[str]) -> None:
    assert rules(messages(EDIT, n=value)) == expected


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), "0.5", True, None, []])
def test_numbers(value: Any) -> None:
    assert rules(brushed("stylization_all", strength=value)) == ["wanx2.1/strength.type"]


# Order.


def test_violations_are_in_spec_order() -> None:
    """The envelope first, then fields in the order of the spec, in any order of the body."""
    body = messages(EDIT, {"image": 1}, {"text": 2}, seed=-1, watermark=1, n=0, size="1x1", z=1)
    body = changed(changed(body, "/input/messages/0/role", "cook"), "/extra", 1)
    assert rules(body, "stream") == [
        "wire/endpoints",
        f"{MESSAGES}.each.role.one_of",
        "wan2.7/unknown",
        "wire/messages.unknown",
        "wan2.7/prompt.type",
        "wan2.7/images.each.type",
        "wan2.7/size.keywords",
        "wan2.7/n.min",
        "wan2.7/watermark.type",
        "wan2.7/seed.min",
    ]


def test_one_violation_per_rule_and_path() -> None:
    body = messages(EDIT, *(["x"] * 20), size="8000*100", n=-1, bbox_list=[[[9, 9, 1, 1]] * 3] * 20)
    violations = rule_paths(body)
    assert len(violations) == len(set(violations)) > 20
    assert {"wan2.7/size.max_ratio", "wan2.7/images.max_count"} <= {rule for rule, _ in violations}


def test_rules_of_other_families_do_not_apply() -> None:
    for model, file in ((EDIT, "wan2.7"), (MIXED, "wan2.6"), (SIMPLE, "wan2.5"), (BRUSH, "wanx2.1")):
        violated = rules({"model": model, "input": {}, "parameters": {"n": 99, "zzz": 1}})
        assert {f"{file}/n.max", f"{file}/unknown"} <= {rule.partition(":")[0] for rule in violated}
        assert all(rule.startswith((file, "wire/")) for rule in violated)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"n": N + 1}, ["wan2.7/n.max"]),
        ({"n": SET, "enable_sequential": True}, []),
        ({"n": float(N + 1)}, ["wan2.7/n.max"]),
        ({"n": None}, ["wan2.7/n.type"]),
        ({"size": "4K"}, ["wan2.7/size.keywords"]),
        ({"thinking_mode": True}, ["wan2.7/thinking_mode.effective"]),
        ({"bbox_list": [[]]}, ["wan2.7/bbox_list.same_count_as"]),
        ({"bbox_list": [[], [[9, 0, 9, 9]]]}, ["wan2.7/bbox_list.each.each.ordered"]),
        ({"bbox_list": [[], [[0, 0, 9, True]]]}, ["wan2.7/bbox_list.each.each.each.type"]),
    ],
)
def test_each_stage_reports_its_rule(parameters: dict[str, Any], expected: list[str]) -> None:
    assert rules(messages(EDIT, URL, URL, **parameters), "async") == expected


def test_a_box_is_compared_with_the_image_of_the_same_index() -> None:
    small, large = data_uri(240, 240), data_uri(480, 480)
    for images, count in (((large, small), 1), ((small, large), 0)):
        body = messages(EDIT, *images, bbox_list=[[], [[0, 0, 400, 400]]])
        assert len(rules(body, "async")) == count


def test_a_changed_family_is_interpreted_by_its_own_rules() -> None:
    body, spec = messages(EDIT, URL, n=99), load()
    assert rules(body) == ["wan2.7/n.max"]
    families = tuple(
        replace(
            family, fields=tuple(replace(field, rules=field.rules_of_kind("type")) for field in family.fields)
        )
        for family in spec.families
    )
    assert interpret(replace(spec, families=families), body) == []


FILE_KINDS = ("encoding", "formats", "max_bytes", "max_ratio", "max_side", "mime", "min_ratio", "min_side")


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_a_limit_on_files_accepts_every_text_that_is_not_a_data_uri(kind: str) -> None:
    check = CHECKS_BY_TYPE.get(("image", kind)) or VALUE_CHECKS[kind]
    fields = [inner for family in load().families for field in family.fields for inner in field.walk()]
    limits = [rule.limit for field in fields if field.type == "image" for rule in field.rules_of_kind(kind)]
    assert limits
    for limit in limits:
        assert all(check(limit, read_image(text)) is None for text in (URL, "ftp://x", "", "é", "oss://a/b"))
