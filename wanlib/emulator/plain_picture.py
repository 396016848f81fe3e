"""PNG files of a single colour: any size in the memory of one row."""

import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PALETTE = 3  # the colour type: each pixel is an index into a table of colours
_DEPTH = 1  # bits of an index
_FILTER_NONE = b"\x00"


def plain_png(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """Write a PNG in which every pixel has one colour.

    The rows are compressed one by one; the file has about a thousandth of their bytes.

    Args:
        width: In pixels.
        height: In pixels.
        colour: Red, green and blue, 0 to 255 each.
    """
    header = struct.pack(">IIBBBBB", width, height, _DEPTH, _PALETTE, 0, 0, 0)
    parts = (_chunk(b"IHDR", header), _chunk(b"PLTE", bytes(colour)), _chunk(b"IDAT", _rows(width, height)))
    return _SIGNATURE + b"".join(parts) + _chunk(b"IEND", b"")


def _rows(width: int, height: int) -> bytes:
    compressor = zlib.compressobj(level=1)
    row = _FILTER_NONE + bytes(-(-width * _DEPTH // 8))
    data = b"".join(compressor.compress(row) for _ in range(height))
    return data + compressor.flush()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
