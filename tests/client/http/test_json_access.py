"""Members read leniently, and foreign text made fit for a message."""

from typing import Any

import pytest

from wanlib.client.http.json_access import get_number, get_text, sanitize, strip_url


@pytest.mark.parametrize("node", [None, 1, "a", [], {"b": 1}, {"a": None}, {"a": ""}, {"a": 3}])
def test_text_is_none_where_there_is_none(node: Any) -> None:
    assert get_text(node, "a") is None


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (3, 3),
        (1.5, 1.5),
        (True, None),
        ("3", None),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
    ],
)
def test_number(value: Any, read: float | None) -> None:
    assert get_number({"a": value}, "a") == read


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("https://me:pw@h.example/a%20b.png?Signature=s#f", "https://h.example/a%20b.png"),
        ("HTTP://h.example:80#f", "HTTP://h.example:80"),
        ("https://h.example/\u00e9\n\x1b", "https://h.example/%C3%A9%0A%1B"),
        ("http://[::1]/a?b", "http://[::1]/a"),
    ],
)
def test_bare_url(url: str, bare: str) -> None:
    assert strip_url(url) == bare


def test_a_text_that_is_not_a_url_is_shown_without_its_bytes() -> None:
    assert len(strip_url("data:image/png;base64," + "iVBORw0KGgo" * 1000)) < 120


def test_clean_is_one_short_line() -> None:
    assert sanitize(" a\tb\r\nc\x00\x1b[1m\u202e\ud800d ") == "a b c [1m d"
    assert len(sanitize("word " * 10_000)) <= 400
