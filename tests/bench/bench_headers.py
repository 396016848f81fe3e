"""Image headers: files of 1024x768, and files that are made to keep a reader busy."""

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import imagesize
from PIL import Image, UnidentifiedImageError

from tests.bench.comparison import Comparison, contest
from wanlib.boundary.images import encode_image
from wanlib.validation.image_header import ImageInfo, read_image_header

FORMATS = ("jpeg", "png", "bmp", "webp", "tiff")
HOSTILE = {
    "12 MB of empty segments": b"\xff\xd8" + b"\xff\xe1\x00\x02" * 3_000_000,
    "12 MB of fill bytes": b"\xff\xd8" + b"\xff" * 12_000_000,
}


def rows() -> list[Comparison]:
    """Return a comparison for each format; print the hostile files, because the peers take seconds."""
    with TemporaryDirectory() as folder:
        results = [row for format in FORMATS for row in _format(Path(folder), format)]
        for name, data in HOSTILE.items():
            _hostile(Path(folder, "hostile.jpg"), name, data)
    return results


def _read_info(path: Path) -> ImageInfo:
    """Read the header of a file on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        size = os.lseek(descriptor, 0, os.SEEK_END)  # cheaper than a stat result
        return read_image_header(lambda offset, length: os.pread(descriptor, length, offset), size)
    finally:
        os.close(descriptor)


def _format(folder: Path, format: str) -> list[Comparison]:
    path = folder / f"picture.{format}"
    path.write_bytes(encode_image(format, 1024, 768))

    def pillow() -> None:
        with Image.open(path):
            pass

    return contest(
        f"header of a {format}",
        lambda: _read_info(path),
        {"imagesize": (lambda: imagesize.get(path), 1 / 2), "Pillow open": (pillow, 1 / 5)},
    )


def _hostile(path: Path, name: str, data: bytes) -> None:
    path.write_bytes(data)

    def pillow() -> object:
        try:
            return Image.open(path)
        except UnidentifiedImageError:
            return None

    calls: dict[str, Callable[[], object]] = {
        "ours": lambda: _read_info(path),
        "imagesize": lambda: imagesize.get(path),
        "Pillow": pillow,
    }
    print(f"{name}: " + ", ".join(f"{who} {_ms(call):.1f} ms" for who, call in calls.items()))


def _ms(call: Callable[[], object]) -> float:
    start = perf_counter()
    call()
    return (perf_counter() - start) * 1000
