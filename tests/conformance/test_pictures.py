"""The pictures that tests are made of: they must have the facts that were asked for."""

import io
from typing import Any

import pytest
from PIL import Image

from wanlib.boundary.images import MIMES, data_uri, encode_image


@pytest.mark.parametrize("format", MIMES)
@pytest.mark.parametrize("extra", [None, 1])
def test_pillow_reads_back_what_was_asked_for(format: str, extra: int | None) -> None:
    size = extra and len(encode_image(format, 251, 130)) + extra
    data = encode_image(format, 251, 130, size_bytes=size)
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert (image.format, image.size) == (format.upper(), (251, 130))
    assert size is None or len(data) == size


@pytest.mark.parametrize("format", ["png", "webp", "tiff"])
def test_alpha_is_an_alpha_channel(format: str) -> None:
    with Image.open(io.BytesIO(encode_image(format, 9, 9, alpha=True))) as image:
        assert image.mode == "RGBA"
    with Image.open(io.BytesIO(encode_image(format, 9, 9))) as image:
        assert image.mode in ("1", "RGB")


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"format": "svg"}, "no picture of format 'svg', expected one of jpeg, png"),
        ({"format": "jpeg", "alpha": True}, "no alpha in a jpeg, only in png, webp, tiff"),
        ({"format": "png", "size_bytes": 8}, "a 9x9 png takes [0-9]+ bytes, more than 8"),
    ],
)
def test_what_cannot_be_drawn_is_refused(asked: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        encode_image(width=9, height=9, **asked)


def test_a_data_uri_tells_the_true_name_unless_another_is_asked_for() -> None:
    assert data_uri("bmp", 9, 9).startswith("data:image/bmp;base64,Qk")
    assert data_uri("bmp", 9, 9, mime="image/png").startswith("data:image/png;base64,Qk")
