"""Image headers read from files on disk and from file objects, for tests of the reader."""

import os
from pathlib import Path
from typing import BinaryIO

from wanlib.validation.image_header import ImageInfo, read_image_header


def image_info_from_file(file: BinaryIO) -> ImageInfo:
    """Read the header of a seekable binary file; its position is restored."""

    def read(offset: int, length: int) -> bytes:
        file.seek(offset)
        return file.read(length)

    position = file.tell()
    try:
        return read_image_header(read, file.seek(0, os.SEEK_END))
    finally:
        file.seek(position)


def image_info_from_path(path: Path) -> ImageInfo:
    """Read the header of a file on disk. Raise OSError if it cannot be opened."""
    with path.open("rb", buffering=0) as file:
        return image_info_from_file(file)
