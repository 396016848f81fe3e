"""Downloaded pictures: as Pillow images, and as notebooks show them."""

import base64
import re
import struct
from io import BytesIO
from typing import Any
from zlib import crc32

import httpx
import pytest
from PIL import Image

from tests.client.client_fixture import World
from tests.client.response_samples import choices, image, reply, task
from tests.client.service import CREATED, PHOTO, PRO
from wanlib.client.results import display
from wanlib.errors import MalformedResponseError, UsageError


def png(width: int, height: int, mode: str = "RGB") -> bytes:
    file = BytesIO()
    Image.new(mode, (width, height), (200, 30, 30) if mode == "RGB" else (200, 30, 30, 90)).save(file, "PNG")
    return file.getvalue()


def undecodable_png() -> bytes:
    """Return a complete PNG with correct checksums, whose pixels are not compressed data."""
    whole, chunk = png(40, 30), b"IDAT" + b"nonsense"
    start, end = whole.index(b"IDAT") - 4, whole.index(b"IEND") - 4
    return whole[:start] + struct.pack(">I", 8) + chunk + struct.pack(">I", crc32(chunk)) + whole[end:]


def output(world: World, *content: dict[str, str], picture: bytes = b"", client: Any = None) -> Any:
    """The output of a call whose pictures are all the same file."""
    parts = content or (image("one"),)
    done = reply(task("SUCCEEDED", **choices({"message": {"content": list(parts)}})["output"]))
    world.service.on("create", CREATED)
    world.service.on("query", done)
    world.service.on("download", reply(picture or png(8, 8), content_type="image/png"))
    return world.do((client or world.wan).edit(PRO, "a vase", images=[PHOTO], n=1))


@pytest.fixture
def shown(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A client that displays pictures from the service."""
    if world.kind == "async":
        transport = httpx.MockTransport(world.service.answer(httpx))
        monkeypatch.setattr(
            "wanlib.client.async_client.create_http_client", lambda *_: httpx.Client(transport=transport)
        )
        world.wan._http_settings = (None, False)
    return world


def images_of(html: str) -> list[Image.Image]:
    data = re.findall(r'src="data:image/(?:png|jpeg);base64,([^"]+)"', html)
    return [Image.open(BytesIO(base64.b64decode(each))) for each in data]


def test_a_picture_is_an_image_of_pillow(world: World) -> None:
    picture = output(world, picture=png(40, 30))[0]
    opened = picture.pil() if world.kind == "sync" else world.do(picture.apil())
    assert opened.size == (40, 30) and opened.getpixel((3, 3)) == (200, 30, 30)


def test_without_pillow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wanlib.extras.find_spec", lambda _: None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'wanlib\[images\]'"):
        display.to_pillow(png(2, 2))
    assert display.preview_png(png(2, 2)) == png(2, 2)
    monkeypatch.setattr(display, "MAX_UNSCALED", 10)
    assert display.preview_png(png(2, 2)) is None


def test_a_picture_is_shown_smaller_than_it_is(shown: World) -> None:
    picture = output(shown, picture=png(2048, 1024))[0]
    assert Image.open(BytesIO(picture._repr_png_())).size == (1024, 512)


def test_an_output_shows_all_of_its_parts(shown: World) -> None:
    story = output(shown, image("one"), {"text": "<b>then</b>"}, image("two"), picture=png(2000, 100, "RGBA"))
    html = story._repr_html_()
    assert [each.size for each in images_of(html)] == [(512, 26), (512, 26)]
    assert "&lt;b&gt;then&lt;/b&gt;" in html and "<b>" not in html
    assert "flex-basis:100%" in html  # a text has lines of its own, so that the reading order is seen


def test_displayed_pictures_contain_no_link(shown: World) -> None:
    single = output(shown, picture=png(1500, 1500))
    (picture,) = images_of(single._repr_html_())
    assert picture.size == (1024, 1024) and picture.format == "JPEG"
    assert "http" not in single._repr_html_()


def test_a_dead_link_is_shown_in_place_of_the_picture(shown: World) -> None:
    dead = output(shown)
    shown.service.on("download", reply(b"<Error/>", 403))
    assert dead[0]._repr_png_() is None
    html = dead._repr_html_()
    assert "picture 1: " in html and "its link is dead" in html and "Signature" not in html


def test_an_undecodable_picture_is_a_client_error_and_a_note_in_a_notebook(shown: World) -> None:
    broken = output(shown, picture=undecodable_png())
    assert broken[0]._repr_png_() is None and "broken data stream" in broken._repr_html_()
    with pytest.raises(MalformedResponseError, match="can't be decoded"):
        broken[0].pil() if shown.kind == "sync" else shown.do(broken[0].apil())


def test_a_picture_that_cannot_be_shown_says_why(async_world: World) -> None:
    result = output(async_world)
    with pytest.raises(UsageError, match="your own http_client"):
        result[0].read_for_display()
    assert result[0]._repr_png_() is None and "save it" in result._repr_html_()
    plain = result.without_client()
    with pytest.raises(UsageError, match="can't be shown"):
        plain[0].read_for_display()
