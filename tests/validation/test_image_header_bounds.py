"""The header reader reads little of any file, and never more than its caps, counted in reads and bytes."""

import struct
from pathlib import Path

import pytest

from tests.support.image_files import SIZE, jpeg, jpeg_segment, pictures
from tests.validation.image_files import image_info_from_path
from wanlib.validation.image_header import (
    MAX_STEPS,
    WINDOW,
    image_info_from_bytes,
    read_image_header,
)

APP = jpeg_segment(0xE0)


def size_of(data: bytes) -> tuple[int | None, int | None] | None:
    facts = image_info_from_bytes(data)
    return (facts.width, facts.height) if facts.is_known else None


class CountedReader:
    """Keeps the length of every read from `data`."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.lengths: list[int] = []

    def __call__(self, offset: int, length: int) -> bytes:
        self.lengths.append(length)
        return self.data[offset : offset + length]


@pytest.mark.parametrize("name", pictures())
def test_few_windows_are_read(name: str) -> None:
    read = CountedReader(pictures()[name])
    read_image_header(read, len(read.data))
    far = {"jpeg-icc": 2, "jpeg-icc-in-parts": 4, "jpeg-comment-like-a-frame": 2}
    assert len(read.lengths) == (2 if name.startswith("tiff") else far.get(name, 1))
    assert read.lengths[0] == WINDOW


@pytest.mark.parametrize("unit", [b"\xff", APP], ids=["fill", "segment"])
def test_a_jpeg_is_read_across_any_border_of_windows(unit: bytes) -> None:
    for length in range(2 * WINDOW // len(unit) + 20):
        assert size_of(jpeg(APP, unit * length)) == SIZE
        assert size_of(jpeg(jpeg_segment(0xE1, bytes(length)), unit)) == SIZE


def test_fill_of_64_kib_is_passed() -> None:
    assert size_of(jpeg(b"\xff" * 65536)) == SIZE


def test_segments_are_passed_up_to_the_cap() -> None:
    assert size_of(jpeg(*[APP] * (MAX_STEPS - 1))) == SIZE
    assert size_of(jpeg(*[APP] * MAX_STEPS)) is None


HOSTILE = {
    "12 MB of segments": b"\xff\xd8" + APP * 3_000_000,
    "12 MB of segments, each a window away": b"\xff\xd8" + jpeg_segment(0xE0, bytes(WINDOW)) * 23_000,
    "5 MB of fill": b"\xff\xd8" + b"\xff" * 5_000_000,
    "12 MB of fill": b"\xff\xd8" + b"\xff" * 12_000_000,
    "segments of fill": b"\xff\xd8" + (b"\xff" * 300 + APP) * 40_000,
    "a directory that is its own successor": b"II*\0\x08\0\0\0" + b"\0\0" + b"\x08\0\0\0",
    "a directory of 65535 other entries": b"II*\0\x08\0\0\0\xff\xff" + bytes(12 * 65535),
    "a directory in the header": b"II*\0\0\0\0\0" + bytes(5000),
    "a directory of 2**64-1 entries": b"II+\0\x08\0\0\0"
    + struct.pack("<QQ", 16, 2**64 - 1)
    + bytes(2_000_000),
    "a directory beyond any disk": b"MM\0+\0\x08\0\0" + b"\xff" * 5000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_work_is_bounded_on_hostile_files(name: str) -> None:
    read = CountedReader(HOSTILE[name])
    facts = read_image_header(read, len(read.data))
    assert facts.format in ("jpeg", "tiff")
    assert not facts.is_known
    assert len(read.lengths) <= 1 + MAX_STEPS
    assert sum(read.lengths) <= (1 + MAX_STEPS) * WINDOW


def test_a_directory_beyond_any_disk_is_unreadable_by_every_way(tmp_path: Path) -> None:
    data = HOSTILE["a directory beyond any disk"]
    path = tmp_path / "far.tiff"
    path.write_bytes(data)
    assert image_info_from_path(path) == image_info_from_bytes(data) == ("tiff", None, None, len(data))
