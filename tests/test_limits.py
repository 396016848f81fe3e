"""`wanlib.limits` returns the limits of a model as nested data, equal to those of the spec."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.api_facts import default_of, limit_of
from wanlib import limits
from wanlib.base.values import limit_to_json
from wanlib.spec import Field, Spec, load


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load()


def spec_limits(field: Field, model: str) -> Iterator[tuple[str, str, Any]]:
    """Yield (mode, kind, limit) for each limit of a field; the mode of the base variant is empty."""
    for rule in field.rules:
        if rule.kind != "unknown" and model in rule.models:
            yield str(rule.condition or ""), rule.kind, limit_to_json(rule.limit)
    for condition, value in field.default.items():
        if value != "derived":
            yield str(condition or ""), "default", value


def exported_limits(node: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for kind, limit in node.items():
        if kind not in ("each", "fields", "when"):
            yield "", kind, limit
    for mode, kinds in node.get("when", {}).items():
        yield from ((mode, kind, limit) for kind, limit in kinds.items())


def check_field(field: Field, node: dict[str, Any], model: str) -> None:
    expected: dict[tuple[str, str], Any] = {("", "type"): field.type}
    expected |= {(mode, kind): limit for mode, kind, limit in spec_limits(field, model)}
    assert {(mode, kind): limit for mode, kind, limit in exported_limits(node)} == expected
    assert ("each" in node) is (field.each is not None)
    if field.each:
        check_field(field.each, node["each"], model)
    assert set(node.get("fields", ())) == {member.name for member in field.members}
    for member in field.members:
        check_field(member, node["fields"][member.name], model)


@pytest.mark.parametrize("model", load().models)
def test_every_limit_of_the_spec_is_there_and_no_other(spec: Spec, model: str) -> None:
    exported = limits(model)
    assert json.loads(json.dumps(exported)) == exported
    assert set(exported) == {field.name for field in spec.family(model).fields}
    for field in spec.family(model).fields:
        check_field(field, exported[field.name], model)


def test_a_few_by_hand() -> None:
    pro = limits("wan2.7-image-pro")
    assert pro["n"] == {
        "type": "integer",
        "min": 1,
        "max": limit_of("wan2.7/n.max"),
        "default": default_of("wan2.7/n"),
        "when": {
            "sequential": {
                "max": limit_of("wan2.7/n.max:sequential"),
                "default": default_of("wan2.7/n", "sequential"),
            }
        },
    }
    assert pro["images"]["max_count"] == limit_of("wan2.7/images.max_count")
    assert pro["images"]["each"]["max_bytes"] == limit_of("wan2.7/images.each.max_bytes")
    assert pro["size"]["when"]["pro_text"]["max_pixels"] == limit_of("wan2.7/size.max_pixels:pro_text")
    assert pro["color_palette"]["each"]["fields"]["hex"]["required"] is True
    assert "when" not in limits("wan2.7-image")["size"], "only the pro model can ever be in that mode"
    assert limits("wan2.5-i2i-preview")["size"]["max_ratio"] == str(limit_of("wan2.5/size.max_ratio"))
    assert "default" not in limits("wan2.6-image")["size"]["when"]["interleave"]


def test_each_call_gives_data_of_its_own() -> None:
    limits("wan2.7-image")["size"]["keywords"]["8K"] = 1
    limits("wan2.7-image")["images"]["each"]["formats"].append("gif")
    assert "8K" not in limits("wan2.7-image")["size"]["keywords"]
    assert "gif" not in limits("wan2.7-image")["images"]["each"]["formats"]


@pytest.mark.parametrize(
    ("model", "message"), [("wan2.7-imag", "did you mean 'wan2.7-image'?"), ("", "known: "), (None, "None")]
)
def test_an_unknown_model(model: Any, message: str) -> None:
    with pytest.raises(ValueError, match=r"[Kk]nown: wan2\.7-image, wan2\.7-image-pro") as error:
        limits(model)
    assert message in str(error.value)
