"""The walk answers on anything: arbitrary JSON, mutilated bodies, hostile values."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def holds_items(rule: str) -> bool:
    """Whether a type rule is about list items or parts, of which no null is left open."""
    return rule.endswith(".each.type") or rule.partition("/")[2] == "prompt.type"


def check(body: Any, call: str | None = None) -> list[Violation]:
    """The violations, each of them whole: a known rule, its outcome, a place, and words for both readers."""
    found = interpret(load(), body, call)
    for violation in found:
        rule = load().rules[violation.rule]
        null = rule.kind == "type" and violation.value is None and not holds_items(rule.id)
        assert violation.outcome == ("unspecified" if null else rule.outcome)
        assert stands(body, violation.path, rule.kind in ("required", "model"))
        assert rule.id in str(violation)
        assert len(repr(violation)) < 2000
        json.dumps(violation.to_dict(), ensure_ascii=False, allow_nan=False).encode("utf-8")
    assert len({each[:3] for each in found}) == len(found)
    return found


def stands(body: Any, pointer: str, missing: bool) -> bool:
    """Whether a JSON Pointer leads somewhere; its end may be missing where that is what is wrong."""
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


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path into a body."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(each for key, item in inner for each in places(item, (*path, key)))]


@st.composite
def mutilated(draw: st.DrawFn) -> Any:
    """A real body with one to three of its values removed, replaced or doubled."""
    whole = {"": copy.deepcopy(draw(st.sampled_from(BODIES)))}
    for _ in range(draw(st.integers(1, 3))):
        *steps, last = draw(st.sampled_from([path for path in places(whole) if path]))
        holder: Any = whole
        for step in steps:
            holder = holder[step]
        match draw(st.sampled_from(["replace", "remove", "wrap", "add"])):
            case "remove" if steps:
                del holder[last]
            case "wrap":
                holder[last] = [holder[last], holder[last]]
            case "add" if isinstance(holder, dict):
                holder[draw(NAMES)] = draw(JSON)
            case _:
                holder[last] = draw(JSON)
    return whole.get("")


@given(JSON, CALLS)
def test_arbitrary_json(body: Any, call: str | None) -> None:
    check(body, call)


FIELDS = sorted({field.name for family in load().families for field in family.fields})


@given(st.sampled_from(load().models), JSON, JSON | st.dictionaries(st.sampled_from(FIELDS), JSON), CALLS)
@settings(max_examples=60)
def test_arbitrary_json_under_a_model(model: str, given: Any, parameters: Any, call: str | None) -> None:
    check({"model": model, "input": given, "parameters": parameters}, call)


@given(mutilated(), CALLS)
@settings(max_examples=100)
def test_mutilated_bodies(body: Any, call: str | None) -> None:
    before = json.dumps(body)
    check(body, call)
    assert json.dumps(body) == before


@pytest.mark.parametrize(
    "body", BODIES, ids=[f"{index} {body['model']}" for index, body in enumerate(BODIES)]
)
def test_bodies_are_real(body: Any) -> None:
    """Or what is mutilated would be rubbish from the start."""
    assert check(body, "async") == []


def deep(levels: int = 100_000) -> list[Any]:
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
    ("parameters", "nobody_knows"),
    ("nobody_knows",),
]
# Deeper than Python can recurse, longer than it can write out, and not a number at all.
HOSTILE = {
    "deep": deep,
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
    """Told where it stands, or of the box around it: the walk goes no deeper than the spec does."""
    hostile = HOSTILE[kind]()
    for path in PATHS:
        whole: Any = {"": copy.deepcopy(BODIES[0])}
        *steps, last = ("", *path)
        holder = whole
        for step in steps:
            holder = holder[step]
        holder[last] = hostile
        told = [violation.path for violation in check(whole[""])]
        where = "/" + "/".join(map(str, path)) if path else ""
        assert any(f"{where}/".startswith(f"{each}/") or each.startswith(f"{where}/") for each in told), path
