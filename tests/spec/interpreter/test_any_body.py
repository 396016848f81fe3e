"""The interpreter accepts any JSON: arbitrary values, mutated bodies, hostile values."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wan_conformance.strategies.mutate import mutated_bodies

from tests.spec.bodies import BODIES, data_uri
from wanlib.base.violation import Violation
from wanlib.spec import interpret, load

NAMES = st.sampled_from(
    ["model", "input", "parameters", "messages", "content", "n", "a/b", "m~n", "", "\ud800"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(
        ["data:", "data:image/png;base64,", data_uri(9, 9), "HTTPS://x", "4K", "0*0", "1*99999999"]
    )
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)
CALLS = st.sampled_from([None, "sync", "async", "stream", "carrier pigeon"])


def is_item_rule(rule: str) -> bool:
    """Return whether a type rule is about list items or parts, where null is rejected."""
    return rule.endswith(".each.type") or rule.partition("/")[2] == "prompt.type"


def check(body: Any, call: str | None = None) -> list[Violation]:
    """Return the violations, after checking that each is complete: rule, outcome, path, text, JSON."""
    violations = interpret(load(), body, call)
    for violation in violations:
        rule = load().rules[violation.rule]
        null = rule.kind == "type" and violation.value is None and not is_item_rule(rule.id)
        assert violation.outcome == ("unspecified" if null else rule.outcome)
        assert resolves(body, violation.path, rule.kind in ("required", "model"))
        assert rule.id in str(violation)
        assert len(repr(violation)) < 2000
        json.dumps(violation.to_dict(), ensure_ascii=False, allow_nan=False).encode("utf-8")
    assert len({violation[:3] for violation in violations}) == len(violations)
    return violations


def resolves(body: Any, pointer: str, missing: bool) -> bool:
    """Return whether a JSON Pointer resolves; its last step need not if `missing` is set."""
    value = body
    steps = pointer.split("/")[1:]
    for index, step in enumerate(steps):
        key: Any = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            return missing and (index == len(steps) - 1 or step == "-")
    return True


@given(JSON, CALLS)
def test_arbitrary_json(body: Any, call: str | None) -> None:
    check(body, call)


FIELDS = sorted({field.name for family in load().families for field in family.fields})


@given(st.sampled_from(load().models), JSON, JSON | st.dictionaries(st.sampled_from(FIELDS), JSON), CALLS)
@settings(max_examples=60)
def test_arbitrary_json_under_a_model(
    model: str, input_value: Any, parameters: Any, call: str | None
) -> None:
    check({"model": model, "input": input_value, "parameters": parameters}, call)


@given(mutated_bodies(load()), CALLS)
@settings(max_examples=100)
def test_mutated_bodies(body: Any, call: str | None) -> None:
    before = json.dumps(body)
    check(body, call)
    assert json.dumps(body) == before


@pytest.mark.parametrize(
    "body", BODIES, ids=[f"{index} {body['model']}" for index, body in enumerate(BODIES)]
)
def test_sample_bodies_are_valid(body: Any) -> None:
    """The hostile values below are put into a valid body."""
    assert check(body, "async") == []


def deep_list(levels: int = 100_000) -> list[Any]:
    nested: list[Any] = []
    for _ in range(levels):
        nested = [nested]
    return nested


PATHS = [
    (),
    ("model",),
    ("input",),
    ("input", "messages"),
    ("input", "messages", 0),
    ("input", "messages", 0, "role"),
    ("input", "messages", 0, "content"),
    ("input", "messages", 0, "content", 0),
    ("input", "messages", 0, "content", 0, "image"),
    ("input", "messages", 0, "content", 2, "text"),
    ("parameters",),
    ("parameters", "n"),
    ("parameters", "size"),
    ("parameters", "enable_sequential"),
    ("parameters", "bbox_list"),
    ("parameters", "bbox_list", 0),
    ("parameters", "bbox_list", 0, 0),
    ("parameters", "bbox_list", 0, 0, 0),
    ("parameters", "bbox_list", 0, 0, 3),
    ("parameters", "color_palette"),
    ("parameters", "color_palette", 0),
    ("parameters", "color_palette", 0, "hex"),
    ("parameters", "color_palette", 0, "ratio"),
    ("parameters", "unknown_member"),
    ("unknown_member",),
]
# Deeper than Python can recurse, longer than it can format, and not a number.
HOSTILE = {
    "deep": deep_list,
    "huge": lambda: 10**5000,
    "hugely negative": lambda: -(10**5000),
    "no number": lambda: float("nan"),
    "endless": lambda: float("-inf"),
    "surrogates": lambda: "\udfff\ud800" * 3000,
    "long": lambda: "data:image/png;base64," + "A" * 1_000_000,
    "wide": lambda: {f"~{number}/": None for number in range(300)},
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_values(kind: str) -> None:
    """Reported at its path or at a container: the walk goes no deeper than the spec."""
    hostile = HOSTILE[kind]()
    for path in PATHS:
        holder_of_body: Any = {"": copy.deepcopy(BODIES[0])}
        *steps, last = ("", *path)
        holder = holder_of_body
        for step in steps:
            holder = holder[step]
        holder[last] = hostile
        reported = [violation.path for violation in check(holder_of_body[""])]
        where = "/" + "/".join(map(str, path)) if path else ""
        assert any(
            f"{where}/".startswith(f"{other}/") or other.startswith(f"{where}/") for other in reported
        ), path
