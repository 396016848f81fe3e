"""The header reader against Pillow and imagesize, on pictures and on other files."""

import base64
import io
import struct

import imagesize
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.support.image_files import SIZE, bmp, jpeg, jpeg_segment, picture, pictures, tiff
from tests.validation.image_files import image_info_from_file, image_info_from_path
from wanlib.validation.data_uri import parse_data_uri
from wanlib.validation.image_header import ImageInfo, image_info_from_bytes

UNREADABLE = (None, None)
APP = jpeg_segment(0xE0)
IHDR = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"


def sides(data: bytes) -> tuple[int | None, int | None]:
    facts = image_info_from_bytes(data)
    return facts.width, facts.height


def named(format: str) -> list[bytes]:
    return [data for name, data in pictures().items() if name.startswith(format)]


def webp(chunk: bytes, payload: bytes) -> bytes:
    return b"RIFF\0\0\0\0WEBP" + chunk + struct.pack("<I", len(payload)) + payload


@pytest.mark.parametrize("name", pictures())
def test_facts_are_those_of_pillow_and_imagesize(name: str) -> None:
    data = pictures()[name]
    with Image.open(io.BytesIO(data)) as image:
        assert image_info_from_bytes(data) == (str(image.format).lower(), *image.size, len(data))
    shown = imagesize.get(io.BytesIO(data))
    # imagesize alone turns a picture as its EXIF says; the service's limits are on what is stored.
    assert sides(data) == (shown[::-1] if name == "jpeg-rotated" else shown) == SIZE


def test_the_pictures_cover_every_layout() -> None:
    assert {data[12:16] for data in named("webp")} == {b"VP8 ", b"VP8L", b"VP8X"}
    assert {data[:4] for data in named("tiff")} == {b"II*\0", b"MM\0*", b"II+\0"}
    assert any(data[4] != 8 for data in named("tiff"))  # the directory at the end
    assert any(b"\xff\xc2" in data for data in named("jpeg"))  # progressive


@pytest.mark.parametrize("name", pictures())
def test_a_picture_cut_short_has_its_own_size_or_none(name: str) -> None:
    data = pictures()[name]
    whole = image_info_from_bytes(data)
    for length in range(700):
        cut = image_info_from_bytes(data[:length])
        assert cut.bytes == min(length, len(data))
        assert cut.format in (None, whole.format)
        assert (cut.width, cut.height) in (UNREADABLE, SIZE)
        assert cut.is_known == (cut.width is not None)


mutated = st.builds(
    lambda data, at, new, length: (data[:at] + new + data[at + len(new) :])[:length],
    st.sampled_from([data[:4000] for data in pictures().values()]),
    st.integers(0, 200),
    st.binary(max_size=6),
    st.integers(0, 4000) | st.just(4000),
)


@settings(deadline=None)
@given(st.binary(max_size=200) | mutated)
def test_any_bytes_have_the_same_facts_by_every_way(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    facts = image_info_from_bytes(data)
    assert facts.bytes == len(data)
    assert (facts.width is None) == (facts.height is None)
    path = tmp_path_factory.getbasetemp() / "mutated"
    path.write_bytes(data)
    uri = parse_data_uri("data:image/png;base64," + base64.b64encode(data).decode())
    assert image_info_from_bytes(bytearray(data)) == facts
    assert image_info_from_bytes(memoryview(data)) == facts
    assert image_info_from_file(io.BytesIO(data)) == facts
    assert image_info_from_path(path) == facts
    assert uri and uri.facts == facts


@pytest.mark.parametrize("code", sorted({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}))
def test_every_jpeg_frame_header_has_the_size(code: int) -> None:
    data = jpeg(frame=code)
    with Image.open(io.BytesIO(data)) as image:
        assert sides(data) == image.size == imagesize.get(io.BytesIO(data)) == SIZE


@pytest.mark.parametrize("code", [0xC4, 0xC8, 0xCC, 0xDB, 0xDD, 0xE1, 0xEF, 0xFE])
def test_other_segments_of_jpeg_are_passed(code: int) -> None:
    looks_like_a_frame = jpeg_segment(code, struct.pack(">BHHB3x", 8, 1, 1, 1))
    assert sides(jpeg(looks_like_a_frame)) == SIZE


@pytest.mark.parametrize("code", [0x00, 0x01, 0xBF, *range(0xD0, 0xDB)])
def test_a_jpeg_marker_that_no_frame_header_can_follow_makes_it_unreadable(code: int) -> None:
    # Written with a length, though they have none, so that a reader which takes or passes them finds a size.
    assert image_info_from_bytes(jpeg(APP, jpeg_segment(code, bytes(15))))[:3] == ("jpeg", None, None)


@pytest.mark.parametrize(
    "before", [b"\x00", b"\xfe", b"\xfe\xe0\x00\x02", b"\xff\xe0\x00\x00", b"\xff\xe0\x00\x01"]
)
def test_a_jpeg_with_other_bytes_between_its_segments_is_unreadable(before: bytes) -> None:
    assert image_info_from_bytes(jpeg(APP, before))[:3] == ("jpeg", None, None)


def test_a_frame_header_too_short_for_the_size_is_unreadable() -> None:
    assert sides(b"\xff\xd8" + struct.pack(">BBHBHH", 0xFF, 0xC0, 7, 8, 5, 5)) == UNREADABLE


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("kind", "big"), [("H", False), ("I", False), ("H", True), ("I", True), ("Q", True)])
@pytest.mark.parametrize("gap", [0, 100_000])
def test_a_tiff_of_either_order_and_any_integers(order: str, kind: str, big: bool, gap: int) -> None:
    data = tiff(order, kind, big=big, gap=gap)
    assert image_info_from_bytes(data) == ("tiff", *SIZE, len(data))
    if not big:  # imagesize does not read them all
        assert imagesize.get(io.BytesIO(data)) == SIZE


def test_a_big_tiff_of_the_other_order_which_pillow_writes_but_cannot_read() -> None:
    data = picture("tiff", "I;16B", big_tiff=True)
    assert data.startswith(b"MM\0+")
    assert sides(data) == SIZE


def test_a_tiff_whose_sides_are_not_single_integers_is_unreadable() -> None:
    good = tiff("<", "H")
    assert good[12:16] == struct.pack("<HH", 3, 1)[:2] + b"\x01\0"
    assert sides(good[:12] + b"\x02" + good[13:]) == UNREADABLE  # ASCII
    assert sides(good[:12] + b"\x10" + good[13:]) == UNREADABLE  # LONG8, which only a BigTIFF has room for
    assert sides(good[:14] + b"\x02" + good[15:]) == UNREADABLE  # two widths


@pytest.mark.parametrize("length", [40, 52, 56, 64, 108, 124])
@pytest.mark.parametrize("turn", [1, -1], ids=["bottom-up", "top-down"])
def test_a_bmp_of_any_version(length: int, turn: int) -> None:
    width, height = SIZE
    data = bmp(struct.pack("<iiHH", width, height * turn, 1, 24).ljust(length - 4, b"\0"))
    with Image.open(io.BytesIO(data)) as image:
        assert sides(data) == image.size == SIZE


def test_a_bmp_of_os2() -> None:
    core = bmp(struct.pack("<4H", *SIZE, 1, 24))
    with Image.open(io.BytesIO(core)) as image:
        assert sides(core) == image.size == SIZE
    assert sides(bmp(struct.pack("<4H", 65535, 40000, 1, 24))) == (65535, 40000)  # unsigned
    assert sides(bmp(struct.pack("<IIHH", *SIZE, 1, 24))) == SIZE  # the short form of OS/2 2.0


@pytest.mark.parametrize("length", [0, 11, 13, 15, 125, 2**32 - 1])
def test_a_bmp_of_no_known_version_is_unreadable(length: int) -> None:
    data = bmp(struct.pack("<iiHH", *SIZE, 1, 24).ljust(36, b"\0"))
    assert sides(data[:14] + struct.pack("<I", length) + data[18:]) == UNREADABLE


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (IHDR + struct.pack(">II9x", 100_000, 100_000), (100_000, 100_000)),
        (IHDR + struct.pack(">II9x", 0, 7), (0, 7)),
        (jpeg(size=(65535, 0)), (65535, 0)),
        (webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 0x4000 | 517, 0xC000 | 259)), SIZE),
        (webp(b"VP8L", b"\x2f" + struct.pack("<I", 0x1FFFFFFF)), (16384, 16384)),
        (b"RIFF\n\n\n\n" + webp(b"VP8L", b"\x2f" + bytes(4))[8:], (1, 1)),
        (webp(b"VP8X", bytes(4) + b"\xff\xff\x01\x00\x00\x02"), (0x20000, 0x20001)),
        (b"GIF89a" + struct.pack("<HH", 0, 65535), (0, 65535)),
    ],
    ids=[
        "png-huge",
        "png-zero",
        "jpeg-zero",
        "vp8-scaled",
        "vp8l-large",
        "webp-length-of-line-ends",
        "vp8x-large",
        "gif-zero",
    ],
)
def test_sizes_are_reported_as_claimed(data: bytes, expected: tuple[int, int]) -> None:
    assert sides(data) == expected
    assert image_info_from_bytes(data).is_known


@pytest.mark.parametrize(
    ("format", "data"),
    [
        ("png", b"\x89PNG\r\n\x1a\n\0\0\0\x0cIHDR" + bytes(17)),
        ("png", b"\x89PNG\r\n\x1a\n\0\0\0\x0dCgBI" + bytes(17)),
        ("webp", webp(b"VP8 ", b"\0\0\0\x9d\x01\x2b" + bytes(4))),
        ("webp", webp(b"VP8L", b"\x2e" + bytes(4))),
        ("webp", webp(b"ALPH", bytes(20))),
    ],
)
def test_a_damaged_header_is_unreadable(format: str, data: bytes) -> None:
    assert image_info_from_bytes(data) == (format, None, None, len(data))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"<svg/>",
        b"RIFF\0\0\0\0WAVE",
        b"\0\0\0\x1cftypheic",
        b"GIF88a\1\0\1\0",
        b"II\0*",
        b"MM**",
        b"\x89PNG\n\x1a\n",
    ],
)
def test_other_files_are_not_recognised(data: bytes) -> None:
    facts = image_info_from_bytes(data + bytes(100) if data else data)
    assert facts == ImageInfo(None, None, None, 100 + len(data) if data else 0)
    assert not facts.is_known


def test_a_file_is_judged_whole_and_its_position_restored() -> None:
    file = io.BytesIO(pictures()["jpeg-icc"])
    file.seek(77)
    assert image_info_from_file(file) == image_info_from_bytes(file.getvalue())
    assert file.tell() == 77


def test_a_view_of_wider_items_is_judged_by_its_bytes() -> None:
    data = tiff("<", "I") + bytes(2)
    wide = memoryview(data).cast("I")
    assert image_info_from_bytes(wide) == image_info_from_bytes(data) == ("tiff", *SIZE, len(data))
