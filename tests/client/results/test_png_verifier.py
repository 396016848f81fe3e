"""Whole PNGs and broken ones."""

import io
import random
import zlib

import pytest
from PIL import Image

from tests.support.image_files import picture
from wanlib.client.results.png_verifier import PngVerifier, is_complete_png


def whole(data: bytes) -> bool:
    return is_complete_png(io.BytesIO(data))


def noisy() -> bytes:
    """A picture of several data chunks."""
    file = io.BytesIO()
    Image.frombytes("RGB", (300, 300), random.Random(3).randbytes(270_000)).save(file, "PNG")
    return file.getvalue()


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


SMALL = picture("png", "RGB", (5, 3))
SIGNATURE, IHDR, IDAT, IEND = SMALL[:8], SMALL[8:33], SMALL[33:-12], SMALL[-12:]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_files_written_by_pillow_are_complete(mode: str) -> None:
    assert whole(picture("png", mode))
    assert whole(picture("png", mode, icc_profile=b"profile" * 9))


def test_a_file_cut_anywhere_is_incomplete() -> None:
    for at in range(len(SMALL)):
        assert not whole(SMALL[:at]), at
    data = noisy()
    assert data.count(b"IDAT") > 1
    assert whole(data)
    for at in range(0, len(data), 997):
        assert not whole(data[:at]), at


def test_a_byte_changed_anywhere_shows() -> None:
    for at in range(len(SMALL)):
        changed = bytearray(SMALL)
        changed[at] ^= 0x40
        assert not whole(bytes(changed)), at


def test_bytes_after_the_end_are_ignored() -> None:
    assert whole(SMALL + b"\0")
    assert whole(SMALL + SMALL)


def test_the_cuts_do_not_matter() -> None:
    for size in (1, 2, 3, 7, 8, 9, 64):
        check = PngVerifier()
        for at in range(0, len(SMALL), size):
            assert not check.is_complete
            check.feed(SMALL[at : at + size])
        assert (check.is_complete, check.problem) == (True, None)


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"<!doctype html><html>", "it is not a PNG"),
        (picture("jpeg"), "it is not a PNG"),
        (SIGNATURE + IDAT + IEND, "it does not begin with one header chunk"),
        (SIGNATURE + IHDR + IHDR + IDAT + IEND, "it does not begin with one header chunk"),
        (SIGNATURE + IHDR + IEND, "it contains no picture"),
        (SIGNATURE + IHDR + b"\xff" * 4 + b"IDAT", "its chunks are damaged"),
        (SIGNATURE + IHDR + chunk(b"ID\0T"), "its chunks are damaged"),
        (SMALL[:-1] + b"\0", "the checksum of its chunk IEND is wrong"),
        (SIGNATURE + IHDR + chunk(b"tEXt") + IDAT + IEND, None),
        (b"", None),
    ],
)
def test_why_it_is_wrong(data: bytes, wrong: str | None) -> None:
    check = PngVerifier()
    check.feed(data)
    assert check.problem == wrong
    assert not (check.problem and check.is_complete)
