"""Pictures above 64 megapixels: PNG files of one colour and the promised size, in constant memory."""

import struct
import tracemalloc
import zlib
from io import BytesIO

import pytest
from PIL import Image

from tests.emulator.api_client import create, data_uri, fetch, functional, links, query, submit
from wanlib.emulator import Emulator
from wanlib.emulator.jobs.rendering import MAX_RENDERED_PIXELS, RenderSpec, plain_png, render_png

PIXELS = 25_000_000


def chunks(data: bytes) -> dict[bytes, bytes]:
    """The chunks of a PNG by kind, their checksums checked."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    at, found = 8, {}
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        assert data[at + 8 + length : at + 12 + length] == struct.pack(">I", zlib.crc32(kind + body))
        found[kind] = body
        at += 12 + length
    return found


def rows_of(data: bytes, width: int) -> int:
    """How many rows the picture data holds, inflated piece by piece."""
    inflate, size, rest = zlib.decompressobj(), 0, chunks(data)[b"IDAT"]
    while rest:
        piece = inflate.decompress(rest, 1 << 20)
        assert not piece.strip(b"\x00")
        size, rest = size + len(piece), inflate.unconsumed_tail
    assert inflate.eof
    rows, left = divmod(size, 1 + -(-width // 8))
    assert left == 0
    return rows


@pytest.mark.parametrize(("width", "height"), [(1, 1), (7, 3), (8, 2), (9, 5), (517, 259)])
def test_a_plain_png_is_read_by_others(width: int, height: int) -> None:
    with Image.open(BytesIO(plain_png(width, height, (200, 150, 255)))) as image:
        assert image.size == (width, height)
        assert image.convert("RGB").getcolors() == [(width * height, (200, 150, 255))]


@pytest.mark.parametrize(
    ("parameters", "due"),
    [
        ({"function": "super_resolution", "upscale_factor": 4}, (16384, 16384)),
        (
            {
                "function": "expand",
                "left_scale": 2.0,
                "right_scale": 2.0,
                "top_scale": 2.0,
                "bottom_scale": 1.5,
            },
            (12288, 10240),
        ),
    ],
)
def test_the_largest_pictures_of_the_pages_have_their_size(
    parameters: dict[str, object], due: tuple[int, int]
) -> None:
    emulator = Emulator()
    function = str(parameters["function"])
    given = {name: value for name, value in parameters.items() if name != "function"}
    task = submit(emulator, functional(data_uri(4096, 4096), function, **given))
    (link,) = links(query(emulator, task))
    tracemalloc.start()
    data = fetch(emulator, link).body
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    width, height = due
    assert struct.unpack(">II", chunks(data)[b"IHDR"][:8]) == due
    assert rows_of(data, width) == height
    assert len(data) < 1 << 20 and peak < 4 << 20  # 268 megapixels; a canvas of them takes 800 MB


def test_pictures_of_one_set_differ_and_a_seed_fixes_them() -> None:
    sheet = RenderSpec(MAX_RENDERED_PIXELS // 1000 + 1, 1000, "", (), "seed 1", "", PIXELS)
    assert render_png(sheet) == render_png(sheet)
    assert render_png(sheet) != render_png(sheet._replace(seed="seed 2"))


def test_up_to_the_limit_a_picture_is_drawn() -> None:
    sheet = RenderSpec(8000, 8000, "a cat", (), "seed 1", "", PIXELS)
    assert sheet.width * sheet.height == MAX_RENDERED_PIXELS
    assert b"PLTE" in chunks(render_png(sheet._replace(width=8001)))
    with Image.open(BytesIO(render_png(sheet._replace(width=80)))) as image:
        assert image.mode == "RGB"


def test_a_preview_of_a_large_picture_is_small() -> None:
    emulator = Emulator()
    create(emulator, functional(data_uri(4096, 4096), "super_resolution", upscale_factor=4))
    (work,) = emulator.jobs()
    with Image.open(BytesIO(emulator.preview(work, 0, 320))) as image:
        assert image.size == (320, 320)
