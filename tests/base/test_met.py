"""The words that violations carry as their value."""

import pytest

from wanlib.base.facts import ImageFacts
from wanlib.base.met import escape, format_met, sides_met


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (ImageFacts("png", 3, 4, 99), "png"),
        (ImageFacts("png", None, None, 99), "a png whose header can't be read"),
        (ImageFacts(None, None, None, 99), "no image of a known format"),
    ],
)
def test_format(facts: ImageFacts, words: str) -> None:
    assert format_met(facts) == words


def test_sides() -> None:
    assert sides_met(ImageFacts("png", 300, 400, 99)) == "300*400"


@pytest.mark.parametrize(
    ("key", "step"), [("a", "a"), ("a/b", "a~1b"), ("a~b", "a~0b"), ("~1", "~01"), ("", ""), (5, "5")]
)
def test_escape(key: object, step: str) -> None:
    """RFC 6901: `~` before `/`, or the `~1` of a name would become a slash."""
    assert escape(key) == step
