"""Encoded images have the requested format, size, length and alpha channel."""

import io
from typing import Any

import pytest
from PIL import Image

from wanlib.boundary.images import MEDIA_TYPES, data_uri_of_image, encode_image


@pytest.mark.parametrize("format", MEDIA_TYPES)
@pytest.mark.parametrize("extra", [None, 1])
def test_pillow_reads_the_requested_properties(format: str, extra: int | None) -> None:
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
    ("arguments", "message"),
    [
        ({"image_format": "svg"}, "unknown image format 'svg'; expected one of jpeg, png"),
        ({"image_format": "jpeg", "alpha": True}, "a jpeg has no alpha channel; only png, webp, tiff have"),
        ({"image_format": "png", "size_bytes": 8}, "a 9x9 png takes [0-9]+ bytes, more than 8"),
    ],
)
def test_impossible_images_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        encode_image(width=9, height=9, **arguments)


def test_a_data_uri_declares_the_right_media_type_or_the_requested_one() -> None:
    assert data_uri_of_image("bmp", 9, 9).startswith("data:image/bmp;base64,Qk")
    assert data_uri_of_image("bmp", 9, 9, mime="image/png").startswith("data:image/png;base64,Qk")
