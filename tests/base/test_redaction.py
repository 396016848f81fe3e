"""Redacted values are short and contain no secret and no image, for any type."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.base.hidden import DATA, SECRET, SECRETS
from wanlib.base.redaction import WIDTH, redact_text, safe_repr, to_safe_json
from wanlib.base.values import Ratio


class Foreign:
    """A type of somebody else, whose `repr` may do anything."""

    def __init__(self, words: str | None) -> None:
        self.words = words

    def __repr__(self) -> str:
        if self.words is None:
            raise RuntimeError("no repr today")
        return self.words


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "None"),
        (True, "True"),
        (4, "4"),
        (0.5, "0.5"),
        ("tea", "'tea'"),
        ("it's", '"it\'s"'),
        ("", "''"),
        ([], "[]"),
        ({}, "{}"),
        ([1, "a", [2], {"b": 1}], "[1, 'a', […], {…}]"),
        ([[], {}], "[[], {}]"),
        ([1, 2, 3, 4, 5], "[1, 2, 3, 4, …]"),
        ([1, 2, 3, 4], "[1, 2, 3, 4]"),
        ((1, 2), "[1, 2]"),
        (dict.fromkeys("abcd", 1), "{'a': 1, 'b': 1, 'c': 1, 'd': 1}"),
        ({"a": 1, "b": [1]}, "{'a': 1, 'b': […]}"),
        (dict.fromkeys("abcde", 1), "{'a': 1, 'b': 1, 'c': 1, 'd': 1, …}"),
        ("x" * 78, "'" + "x" * 78 + "'"),
        ("x" * 79, "'" + "x" * 77 + "…'"),
        ("x" * 5000, "'" + "x" * 77 + "…'"),
        ("\n\t\x1b[31m", "'\\n\\t\\x1b[31m'"),
        ("\ud800", "'\\ud800'"),
        ("茶", "'茶'"),
        (float("nan"), "nan"),
        (b"\x89PNG", "<4 bytes>"),
        (bytearray(2000), "<2,000 bytes>"),
        (Foreign("x" * 500), "x" * 79 + "…"),
        (Foreign(None), "<Foreign>"),
    ],
)
def test_shown(value: object, expected: str) -> None:
    assert safe_repr(value) == expected


def test_numbers_too_long_to_write() -> None:
    assert safe_repr(10**400) == "1" + "0" * 78 + "…"
    assert safe_repr(10**5000) == "<int of 16,610 bits>"
    assert to_safe_json(10**5000) == "<int of 16,610 bits>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://tea.example/x.png", "https://tea.example/x.png"),
        (f"https://tea.example/x.png?Signature={SECRET}&b=2", "https://tea.example/x.png?…"),
        (f"https://tea.example/x.png#{SECRET}", "https://tea.example/x.png?…"),
        (f"HTTPS://tea.example/x.png?{SECRET}", "HTTPS://tea.example/x.png?…"),
        (f"oss://tea/x.png?a={SECRET}", "oss://tea/x.png?…"),
        (f"ftp://tea.example/x.png?a={SECRET}", "ftp://tea.example/x.png?…"),
        (f"htps://tea.example/x.png?a={SECRET}", "htps://tea.example/x.png?…"),
        (f"http:/tea.example/x.png?a={SECRET}", "http:/tea.example/x.png?…"),
        (f"//tea.example/x.png?a={SECRET}", "//tea.example/x.png?…"),
        (f"tea.example/x.png?Expires=1&Signature={SECRET}", "tea.example/x.png?…"),
        (f"https://tea:{SECRET}@tea.example/x", "https://…@tea.example/x"),
        (f"https://tea.example/x?a=1 b={SECRET}", "https://tea.example/x?…"),
        (f"https://tea.example/x?a=1\n{SECRET}", "https://tea.example/x?…"),
        (f"https://tea.example/x?a='{SECRET}", "https://tea.example/x?…"),
        (f"  https://tea.example/x?a={SECRET}", "  https://tea.example/x?…"),
        (f"See https://tea.example/x?a={SECRET} and more", "See https://tea.example/x?… and more"),
        (f'"https://tea.example/x?a={SECRET}"', '"https://tea.example/x?…'),
        (f"https://tea.example/x?{'a' * 5000}{SECRET}", "https://tea.example/x?…"),
        ("Why is tea green? Because a=b.", "Why is tea green? Because a=b."),
        ("x" * 300, "x" * 79 + "…"),
        ("x " * 30 + "y" * 300, "x " * 30 + "y" * 19 + "…"),
    ],
)
def test_urls(text: str, expected: str) -> None:
    assert redact_text(text) == expected


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        (f"data:image/png;base64,{DATA}", f"data:image/png;base64,… ({len(DATA) + 22} characters, digest "),
        (f"DATA:image/png;BASE64,{DATA}", "DATA:image/png;BASE64,… ("),
        (f"data:{DATA}", "data:… ("),
        (f"data:,{DATA}", "data:… ("),
        (f"data:{'x' * 50}/png;base64,{DATA}", "data:… ("),
        ("data:", "data:… (5 characters, digest "),
        (DATA, f"… ({len(DATA)} characters, digest "),
        (f"See data:image/png;base64,{DATA} now", "See data:image/png;base64,…"),
        (f"See data:image/png;base64,\n{DATA}", "See data:image/png;base64,…"),
        (f"See data: image/png;base64,{DATA}", "See data:…"),
        (f"See data:{DATA}", "See data:…"),
        ("The data: two cups, one pot.", "The data: two cups, one pot."),
    ],
)
def test_data_uris(text: str, begin: str) -> None:
    redacted = redact_text(text)
    assert redacted.startswith(begin)
    assert DATA[:20] not in redacted
    assert len(redacted) <= WIDTH


def test_digests_tell_images_apart() -> None:
    one, two = (f"data:image/png;base64,{DATA}{end}" for end in "AB")
    assert safe_repr(one) == safe_repr(one) != safe_repr(two)


def test_long_data_uri_is_not_hashed_whole() -> None:
    """It may be 27 MB long; the first 64 KiB are enough to identify it."""
    long = "data:image/png;base64," + "A" * 20_000_000
    assert safe_repr(long).startswith("'data:image/png;base64,… (20,000,022 characters")


WRAPS: list[Any] = [
    lambda text: text,
    lambda text: [text],
    lambda text: [[text]],
    lambda text: {"url": text},
    lambda text: {text: 1},
    lambda text: {"a": {"b": text}},
    lambda text: (text, text),
    lambda text: {text},
    lambda text: Foreign(f"<{text}>"),
    lambda text: ValueError(f"cannot read {text}"),
    lambda text: Path(text[:200]),
    lambda text: text.encode(),
]


@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize("text", SECRETS)
def test_no_secret_in_any_type(wrap: Any, text: str) -> None:
    value = wrap(text)
    for text in (safe_repr(value), json.dumps(to_safe_json(value))):
        assert SECRET not in text
        assert DATA[70:100] not in text


class Text(str):
    """Somebody's own text."""


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=200)
    | st.binary(max_size=200)
    | st.decimals()
    | st.builds(Foreign, st.none() | st.text(max_size=200))
    | st.builds(Text, st.text(max_size=200)),
    lambda inner: (
        st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(), inner)
    ),
    max_leaves=8,
)


@given(ANY)
def test_any_value_is_short_and_plain(value: object) -> None:
    """Texts, single words and short lists alike; what is plain can be written to any file."""
    assert len(safe_repr(value)) <= WIDTH
    made = to_safe_json(value)
    json.dumps(made, ensure_ascii=False, allow_nan=False).encode("utf-8")
    assert all(len(text) <= WIDTH for text in texts(made))


def texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (4, 4),
        (4.5, 4.5),
        (True, True),
        (None, None),
        (float("inf"), "inf"),
        (2**63, 2**63),
        (2**64, str(2**64)),
        (2**64 - 1, 2**64 - 1),
        (-(2**63), -(2**63)),
        (-(2**63) - 1, str(-(2**63) - 1)),
        (list(range(16)), list(range(16))),
        ([1, 2, 3, 4], [1, 2, 3, 4]),
        ([1.5, "a", None, False], [1.5, "a", None, False]),
        (list(range(17)), "[0, 1, 2, 3, …]"),
        ([[1]], "[[…]]"),
        ({"a": 1}, "{'a': 1}"),
        (("http", "https"), ["http", "https"]),
        (([1, 2, 3, 4], "300*400"), [[1, 2, 3, 4], "300*400"]),
        (Ratio(1, 8), "1:8"),
        (Decimal("0.1"), "Decimal('0.1')"),
        ("\ud800", "\\ud800"),
    ],
)
def test_plain(value: Any, expected: Any) -> None:
    assert to_safe_json(value) == expected


def test_deep_values_are_not_opened() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert safe_repr(deep) == "[[…]]"
    assert to_safe_json({"a": deep}) == "{'a': […]}"
