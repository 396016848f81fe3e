"""Pictures are valid PNG files, equal for equal seeds; unreadable or huge inputs render as their label."""

import base64
import zlib
from io import BytesIO
from typing import Any

from PIL import Image

from tests.emulator.api_client import (
    BODIES,
    PLAIN,
    create,
    fetch,
    json_of,
    links,
    messages,
    prompted,
    query,
    submit,
)
from tests.support.image_files import picture
from wanlib.emulator import Emulator
from wanlib.emulator.jobs.rendering import InputPanel, RenderSpec, render_png

SMALL: dict[str, Any] = {"size": "768*768", "n": 1}
PIXELS = 25_000_000


def drawn(body: dict[str, object], seed: int = 0) -> list[bytes]:
    emulator = Emulator(seed=seed)
    answer = query(emulator, submit(emulator, body))
    return [fetch(emulator, link).body for link in links(answer)]


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    one = drawn(messages(PLAIN, seed=7, **SMALL), seed=1)
    assert one == drawn(messages(PLAIN, seed=7, **SMALL), seed=2)
    assert one != drawn(messages(PLAIN, seed=8, **SMALL))
    assert drawn(messages(PLAIN, **SMALL), seed=1) != drawn(messages(PLAIN, **SMALL), seed=2)


def test_n_pictures_are_n_different_ones() -> None:
    assert len(set(drawn(messages(PLAIN, size="768*768", n=4)))) == 4


def test_further_images_of_the_older_model_have_one_seed_more() -> None:
    url = "https://example.com/a.png"
    first = drawn(prompted(url, size="768*768", n=3, seed=7))
    assert first[1:] == drawn(prompted(url, size="768*768", n=2, seed=8))


def test_the_prompt_and_the_watermark_are_drawn() -> None:
    plain = drawn(messages(PLAIN, seed=7, **SMALL))[0]
    marked = drawn(messages(PLAIN, seed=7, watermark=True, **SMALL))[0]
    assert plain != drawn(messages(PLAIN, prompt="a dog", seed=7, **SMALL))[0]
    halves = [opened(data).crop((0, 0, 768, 384)).tobytes() for data in (plain, marked)]
    corners = [opened(data).crop((384, 384, 768, 768)).tobytes() for data in (plain, marked)]
    assert halves[0] == halves[1] and corners[0] != corners[1]  # bottom right


def test_inputs_are_drawn_side_by_side() -> None:
    red, blue = (_coloured(colour) for colour in ("red", "blue"))
    sheet = RenderSpec(800, 800, "", (red, blue), "seed 1", "", PIXELS)
    image = opened(render_png(sheet))
    assert image.getpixel((200, 400)) == (255, 0, 0) and image.getpixel((600, 400)) == (0, 0, 255)


def _coloured(colour: str) -> InputPanel:
    file = BytesIO()
    Image.new("RGB", (300, 300), colour).save(file, "PNG")
    return InputPanel(colour, "png", file.getvalue())


def test_an_image_given_by_url_renders_as_its_label() -> None:
    body = messages(PLAIN, "https://example.com/a.png?Signature=secret", seed=1, **SMALL)
    emulator = Emulator()
    submit(emulator, body)
    (work,) = emulator.jobs()
    assert work.spec.inputs[0].label == "image 1: https://example.com/a.png?…"
    assert opened(drawn(body)[0]).getpixel((384, 600)) == (225, 225, 225)


def test_nothing_over_25_megapixels_is_opened() -> None:
    large = picture("png", "1", (5001, 5000))
    told_small = InputPanel("lies", "png", large)  # however small its header was thought to be
    sheet = RenderSpec(400, 400, "", (told_small,), "seed 1", "", PIXELS)
    assert render_png(sheet) == render_png(sheet._replace(panels=(InputPanel("lies", "png", None),)))


def test_unreadable_inputs_render_as_their_label() -> None:
    cut = picture("jpeg")[:200]
    bomb = b"\x89PNG\r\n\x1a\n" + zlib.compress(bytes(1 << 20))
    for data in (cut, bomb, b"", b"\x00" * 100):
        for format in ("png", "jpeg", "webp", "tiff", "bmp", "no such format"):
            spec = RenderSpec(200, 200, "", (InputPanel("x", format, data),), "seed 1", "", PIXELS)
            assert render_png(spec) == render_png(spec._replace(panels=(InputPanel("x", "png", None),)))


def test_any_prompt_and_any_size_can_be_drawn() -> None:
    panels = tuple(InputPanel("x", "", None) for _ in range(9))
    for prompt in ("", "\ud800", "番茄炒蛋" * 1000, "\x00\n\t", "a" * 5000):
        for width, height in ((1, 1), (16, 5000), (5000, 16), (768, 768)):
            image = opened(render_png(RenderSpec(width, height, prompt, panels, "seed 1", "mark", PIXELS)))
            assert image.size == (width, height)


def test_a_picture_can_be_rendered_without_its_url() -> None:
    emulator = Emulator()
    answer = json_of(create(emulator, BODIES[PLAIN], "sync"))
    (work,) = emulator.jobs()
    assert emulator.picture(work, 1) == fetch(emulator, links(answer)[1]).body


def test_an_input_of_a_data_uri_is_shown() -> None:
    red, blue = (base64.b64encode(_coloured(colour).data or b"").decode() for colour in ("red", "blue"))
    pictures = [
        opened(drawn(messages(PLAIN, f"data:image/png;base64,{data}", seed=1, **SMALL))[0])
        for data in (red, blue)
    ]
    assert [picture.getpixel((384, 384)) for picture in pictures] == [(255, 0, 0), (0, 0, 255)]
