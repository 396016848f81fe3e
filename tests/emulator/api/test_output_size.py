"""The size of pictures, compared with arithmetic from the vendor's documents."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tests.emulator.api_client import (
    OLDER,
    PLAIN,
    PRO,
    URL,
    create,
    data_uri,
    fetch,
    functional,
    json_of,
    links,
    messages,
    prompted,
    query,
    submit,
)
from wanlib.emulator import Emulator
from wanlib.emulator.api.job_spec import largest_size_for_ratio, round_to_step

WIDE, TALL = data_uri(800, 400), data_uri(400, 800)


def size_of(emulator: Emulator, body: dict[str, Any]) -> tuple[int, int]:
    """Of the first picture, as it is in the file; the answer's own word for it must be the same."""
    answer = query(emulator, submit(emulator, body))
    with Image.open(BytesIO(fetch(emulator, links(answer)[0]).body)) as image:
        assert image.format == "PNG"
        if "size" in answer["usage"]:
            assert answer["usage"]["size"] == f"{image.width}*{image.height}"
        return image.size


@pytest.mark.parametrize(
    ("body", "due"),
    [
        # 2.7: a keyword is a number of pixels in the last image's ratio, a square without image.
        (messages(PRO, size="1K"), (1024, 1024)),
        (messages(PRO), (2048, 2048)),
        (messages(PRO, size="4K"), (4096, 4096)),
        (messages(PLAIN, TALL, WIDE, size="1K"), (1448, 724)),
        (messages(PLAIN, WIDE, TALL, size="1K"), (724, 1448)),
        (messages(PLAIN, WIDE, URL, size="1K"), (1024, 1024)),  # the size of an image at a URL is unknown
        (messages(PLAIN, TALL, size="1488*704"), (1488, 704)),
        # 2.6: multiples of 16; in interleave mode as the input, up to 1280*1280.
        (messages(OLDER, data_uri(1000, 1000)), (1280, 1280)),
        (messages(OLDER, WIDE, size="1K"), (1808, 912)),
        (messages(OLDER, WIDE, size="1000*1000"), (1008, 1008)),
        (messages(OLDER, enable_interleave=True), (1280, 1280)),
        (messages(OLDER, data_uri(800, 416), enable_interleave=True), (800, 416)),
        (messages(OLDER, data_uri(3000, 1500), enable_interleave=True), (1808, 912)),
        (messages(PLAIN, TALL, size="1K", enable_sequential=True, n=1), (724, 1448)),
        (messages(OLDER, WIDE, TALL, size="2K"), (1456, 2896)),
        (messages(OLDER, data_uri(1280, 1280), enable_interleave=True), (1280, 1280)),
        (messages(OLDER, data_uri(1280, 1296), enable_interleave=True), (1280, 1280)),
        (messages(OLDER, enable_interleave=True, size="800*1200"), (800, 1200)),
        # 2.5: about 1280*1280 in the last image's ratio.
        (prompted(TALL, WIDE), (1810, 905)),
        (prompted(TALL, URL), (1280, 1280)),
        (prompted(TALL, size="1280*1280"), (1280, 1280)),
        (prompted(data_uri(600, 400), size="800*1200"), (800, 1200)),
        # wanx: the base image's; multiplied by super_resolution, extended by expand on each side of its own.
        (functional(data_uri(640, 512)), (640, 512)),
        (functional(data_uri(641, 513)), (641, 513)),
        (functional(data_uri(640, 512), "super_resolution"), (640, 512)),
        (functional(data_uri(640, 512), "super_resolution", upscale_factor=3), (1920, 1536)),
        (functional(data_uri(640, 512), "colorization", upscale_factor=3), (640, 512)),
        (functional(data_uri(640, 512), "expand"), (640, 512)),
        (functional(data_uri(640, 512), "expand", left_scale=1.5), (960, 512)),
        (functional(data_uri(640, 512), "expand", left_scale=2.0, right_scale=2), (1920, 512)),
        (functional(data_uri(640, 512), "expand", top_scale=1.25, bottom_scale=1.5), (640, 896)),
        (
            functional(data_uri(513, 512), "expand", right_scale=1.1, top_scale=1.2),
            (564, 614),
        ),  # 564.3, 614.4
        (functional(data_uri(515, 512), "expand", right_scale=1.1), (567, 512)),  # 566.5
        (functional(data_uri(640, 512), "doodle", left_scale=1.5), (640, 512)),
        (
            functional(URL, "super_resolution", upscale_factor=2),
            (2048, 2048),
        ),  # the size of an image at a URL is unknown
    ],
)
def test_a_picture_has_the_promised_size(body: dict[str, Any], due: tuple[int, int]) -> None:
    assert size_of(Emulator(), body) == due


def test_the_sample_of_the_page_comes_out_to_the_pixel() -> None:
    assert largest_size_for_ratio(2048 * 2048, (2985, 1405)) == (2985, 1405)  # 4,193,925 pixels of 4,194,304


@pytest.mark.parametrize("ratio", [(1, 1), (8, 1), (1, 8), (2985, 1405), (1, 8000)])
def test_a_fitted_size_never_has_more_pixels_than_asked(ratio: tuple[int, int]) -> None:
    width, height = largest_size_for_ratio(2048 * 2048, ratio)
    assert width * height <= 2048 * 2048 < (width + 1) * (height + 1)


def test_rounding_goes_to_the_nearest_multiple() -> None:
    assert round_to_step((1000, 1008), 16) == (1008, 1008)
    assert round_to_step((999, 7), 16) == (992, 16)
    assert round_to_step((999, 7), 1) == (999, 7)


def test_all_pictures_of_an_answer_have_one_size() -> None:
    emulator = Emulator()
    answer = json_of(create(emulator, messages(PLAIN, WIDE, size="1K", n=3), "sync"))
    sizes = {Image.open(BytesIO(fetch(emulator, link).body)).size for link in links(answer)}
    assert sizes == {(1448, 724)}
