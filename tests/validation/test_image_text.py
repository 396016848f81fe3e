"""The words that violations carry as their value."""

import pytest

from wanlib.validation.image_header import ImageInfo, describe_format, describe_size, escape_json_pointer


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (ImageInfo("png", 3, 4, 99), "png"),
        (ImageInfo("png", None, None, 99), "a png whose header can't be read"),
        (ImageInfo(None, None, None, 99), "no image of a known format"),
    ],
)
def test_format(facts: ImageInfo, words: str) -> None:
    assert describe_format(facts) == words


def test_sides() -> None:
    assert describe_size(ImageInfo("png", 300, 400, 99)) == "300*400"


@pytest.mark.parametrize(
    ("key", "step"), [("a", "a"), ("a/b", "a~1b"), ("a~b", "a~0b"), ("~1", "~01"), ("", ""), (5, "5")]
)
def test_escape(key: object, step: str) -> None:
    """RFC 6901: `~` before `/`, or the `~1` of a name would become a slash."""
    assert escape_json_pointer(key) == step
