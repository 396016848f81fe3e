"""Rule ids taken apart, for every id of the packaged spec."""

import pytest

from wanlib.base.identifiers import RuleId, parse_rule_id
from wanlib.spec import load


@pytest.mark.parametrize(
    ("text", "parts", "field"),
    [
        ("wan2.7/n.max:sequential", RuleId("wan2.7", "n", "max", "sequential"), "n"),
        ("wan2.7/images.each.min_side", RuleId("wan2.7", "images.each", "min_side", ""), "images"),
        (
            "wan2.6/size.keywords:not-interleave",
            RuleId("wan2.6", "size", "keywords", "not-interleave"),
            "size",
        ),
        ("wan2.7/color_palette.each.hex.type", RuleId("wan2.7", "color_palette.each.hex", "type", ""), "hex"),
        ("wan2.7/unknown", RuleId("wan2.7", "", "unknown", ""), ""),
        ("wire/model", RuleId("wire", "", "model", ""), ""),
        ("task/states.RUNNING", RuleId("task", "states", "RUNNING", ""), "states"),
    ],
)
def test_parts(text: str, parts: RuleId, field: str) -> None:
    assert parse_rule_id(text) == parts
    assert parse_rule_id(text).field_name == field


def test_every_id_of_the_spec() -> None:
    """The parts are those that the spec built it from."""
    for rule in load().rules.values():
        if rule.scope == "body" and rule.file.startswith("wan"):
            suffix = rule.condition.id_suffix if rule.condition else ""
            path = "calls.stream" if rule.kind == "only_in" else rule.field
            assert parse_rule_id(rule.id) == (rule.file.removesuffix(".yaml"), path, rule.kind, suffix)
