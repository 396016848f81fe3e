"""Violations as text and as data."""

import copy
import json
import pickle
from typing import Any

import pytest

from tests.base.hidden import DATA, SECRET, SECRETS
from wanlib.base.values import Ratio
from wanlib.base.violation import Violation, fast_violation

BROKEN = Violation("wan2.7/n.max", "rejected", "/parameters/n", 4, 13)


def test_words() -> None:
    assert str(BROKEN) == "n at /parameters/n is 13; at most 4 (wan2.7/n.max). Send 4 or less."
    assert repr(BROKEN) == "<Violation wan2.7/n.max rejected at '/parameters/n': 13, limit 4>"
    assert BROKEN.to_dict() == {
        "rule": "wan2.7/n.max",
        "outcome": "rejected",
        "path": "/parameters/n",
        "message": str(BROKEN),
        "limit": 4,
        "value": 13,
    }


@pytest.mark.parametrize(
    ("outcome", "refused"),
    [("rejected", True), ("truncated", True), ("ignored", False), ("unspecified", False)],
)
def test_refused(outcome: str, refused: bool) -> None:
    assert BROKEN._replace(outcome=outcome).is_refused is refused


def test_it_is_a_value() -> None:
    """Equal ones are equal, however they were made; they can be copied and sent to another process."""
    twin = fast_violation(Violation, ("wan2.7/n.max", "rejected", "/parameters/n", 4, 13))
    assert twin == BROKEN
    assert type(twin) is Violation
    assert pickle.loads(pickle.dumps(BROKEN)) == copy.deepcopy(BROKEN) == BROKEN
    assert tuple(BROKEN) == ("wan2.7/n.max", "rejected", "/parameters/n", 4, 13)


def test_a_ratio_is_shown_as_it_is_written() -> None:
    broken = Violation("wan2.7/size.max_ratio", "rejected", "/parameters/size", Ratio(8, 1), "801:100")
    assert broken.to_dict()["limit"] == "8:1"
    assert repr(broken).endswith("'801:100', limit 8:1>")


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    ("rule", "limit"),
    [
        ("wan2.7/images.each.schemes", ("http",)),
        ("wan2.7/images.each.chars", "ascii"),
        ("wan2.7/n.type", "integer"),
        ("wan2.7/size.keywords", ("1K",)),
        ("wan2.7/unknown", ("n", "seed")),
        ("wan2.7/thinking_mode.effective", "plain_text"),
        ("wan2.7/color_palette.needs", "not sequential"),
        ("wire/model", ("wan2.7-image",)),
        ("wire/messages.input.messages.each.content.parts", ("image", "text")),
    ],
)
def test_no_secret_is_shown(rule: str, limit: Any, secret: str) -> None:
    """In no form, wherever it occurs: as the value, inside of it, or as a member's name in the path."""
    for value in (secret, [secret], {"image": secret}, {secret: 1}, [[secret]]):
        broken = Violation(rule, "rejected", "/parameters/" + secret.replace("/", "~1"), limit, value)
        for text in (str(broken), repr(broken), json.dumps(broken.to_dict())):
            assert SECRET not in text
            assert DATA[100:130] not in text


def test_a_member_named_like_a_secret_is_shown_by_its_name() -> None:
    broken = Violation("wan2.7/unknown", "unspecified", "/parameters/a~1b", ("n",), "a/b")
    assert broken.to_dict()["path"] == "/parameters/a~1b"


@pytest.mark.parametrize(
    ("limit", "value"),
    [
        (4, float("nan")),
        pytest.param(4, 10**5000, id="huge"),
        (4, "\ud800"),
        (("a", "b"), None),
        pytest.param("images", ([1, 2, 10**5000, 4], "300*400"), id="huge corner"),
        (Ratio(1, 8), "1:9"),
        (True, object()),
        ({"a": [1]}, {"b": {"c": 1}}),
        (b"\xff", {1, 2}),
    ],
)
def test_to_dict_is_always_json(limit: Any, value: Any) -> None:
    line = Violation("wan2.7/n.min", "rejected", "/\udfff", limit, value).to_dict()
    written = json.dumps(line, ensure_ascii=False, allow_nan=False).encode("utf-8")
    assert set(json.loads(written)) == {"rule", "outcome", "path", "message", "limit", "value"}
