"""The size of pictures, compared with arithmetic from the vendor's documents."""

from io import BytesIO
from math import isqrt
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
from tests.support.api_facts import SPEC, default_of, fitted, limit_of, square_of
from wanlib.emulator import Emulator
from wanlib.emulator.api.job_spec import largest_size_for_ratio, round_to_step
from wanlib.spec.model.kinds import parse_pixels

K27, K26 = limit_of("wan2.7/size.keywords")["1K"], limit_of("wan2.6/size.keywords")["1K"]
SIZES_26, SIZES_25 = (SPEC.family(model).output["size"] for model in (OLDER, "wan2.5-i2i-preview"))
MIXED, W25 = parse_pixels(SIZES_26["interleave"]["max_pixels"]), parse_pixels(SIZES_25["otherwise"]["pixels"])
BIG26 = limit_of("wan2.6/size.keywords")["2K"]
STEP, SIDE = SPEC.family(OLDER).output["multiple_of"], isqrt(MIXED)
LESS = fitted(MIXED, (SIDE, SIDE + STEP), STEP)
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
        (messages(PRO, size="1K"), square_of("wan2.7/size.keywords", "1K")),
        (messages(PRO), square_of("wan2.7/size.keywords", default_of("wan2.7/size"))),
        (messages(PRO, size="4K"), square_of("wan2.7/size.keywords:pro_text", "4K")),
        (messages(PLAIN, TALL, WIDE, size="1K"), fitted(K27, (2, 1))),
        (messages(PLAIN, WIDE, TALL, size="1K"), fitted(K27, (1, 2))),
        (
            messages(PLAIN, WIDE, URL, size="1K"),
            fitted(K27, (1, 1)),
        ),  # it cannot see the image
        (messages(PLAIN, TALL, size="1488*704"), (1488, 704)),
        # 2.6: rounded to a multiple; in interleave mode as the input, up to a number of pixels.
        (messages(OLDER, data_uri(1000, 1000)), fitted(K26, (1, 1), STEP)),
        (messages(OLDER, WIDE, size="1K"), fitted(K26, (2, 1), STEP)),
        (messages(OLDER, WIDE, size="1000*1000"), (1008, 1008)),
        (messages(OLDER, enable_interleave=True), fitted(MIXED, (1, 1), STEP)),
        (messages(OLDER, data_uri(800, 416), enable_interleave=True), (800, 416)),
        (messages(OLDER, data_uri(3000, 1500), enable_interleave=True), fitted(MIXED, (2, 1), STEP)),
        (messages(PLAIN, TALL, size="1K", enable_sequential=True, n=1), fitted(K27, (1, 2))),
        (
            messages(OLDER, WIDE, TALL, size="2K"),
            fitted(BIG26, (1, 2), STEP),
        ),
        (messages(OLDER, data_uri(SIDE, SIDE), enable_interleave=True), (SIDE, SIDE)),
        (
            messages(OLDER, data_uri(SIDE, SIDE + STEP), enable_interleave=True),
            LESS,
        ),
        (messages(OLDER, enable_interleave=True, size="800*1200"), (800, 1200)),
        # 2.5: about a number of pixels in the last image's ratio.
        (prompted(TALL, WIDE), fitted(W25, (2, 1))),
        (prompted(TALL, URL), fitted(W25, (1, 1))),
        (prompted(TALL, size="1280*1280"), (1280, 1280)),
        (prompted(data_uri(600, 400), size="800*1200"), (800, 1200)),
        # wanx: the base image's; multiplied by super_resolution, extended by expand on each side separately.
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
def test_a_fitted_size_never_has_more_pixels_than_requested(ratio: tuple[int, int]) -> None:
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
    assert sizes == {fitted(K27, (2, 1))}
