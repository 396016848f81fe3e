"""The images of an accepted body: their facts and, where they came along, their bytes."""

import base64
from collections.abc import Mapping
from typing import Any

from wanlib.base.shown import safe_text
from wanlib.emulator.long_text import LongText
from wanlib.emulator.order import Input
from wanlib.emulator.spool import ADOPTED, Pieces
from wanlib.emulator.store import Upload
from wanlib.spec.decode import Reading


def read_inputs(
    values: Any, reading: Reading, files: Mapping[str, Upload], spool: Pieces
) -> tuple[Input, ...]:
    """Inputs for the values of an image list; anything that is no text is passed over.

    reading: of the body that they stand in. files: the uploads that it names, by URL.
    """
    items = values if isinstance(values, list) else []
    return tuple(
        _uploaded(number, files[item], spool)
        if files and item in files
        else _written(number, item, reading, spool)
        for number, item in enumerate(items, 1)
        if isinstance(item, str)
    )


def _uploaded(number: int, upload: Upload, spool: Pieces) -> Input:
    label = f"image {number}: upload, {upload.format} {upload.width}*{upload.height}"
    return Input(label, upload.width, upload.height, upload.format, spool.share(upload.piece))


def _written(number: int, text: str, reading: Reading, spool: Pieces) -> Input:
    """A URL, or an image that came along."""
    facts = reading.image(text).facts
    if facts is None or not facts.width or not facts.height:
        return Input(f"image {number}: {safe_text(text)}")
    label = f"image {number}: {facts.format} {facts.width}*{facts.height}"
    return Input(label, facts.width, facts.height, facts.format or "", _keep(text, spool))


def _keep(text: str, spool: Pieces) -> str:
    """The key of its bytes; one that is on disk already stays where it is, unless it is small."""
    if not isinstance(text, LongText):
        least = len(text) // 4 * 3 - 128  # what stands before the base64 is shorter
        return spool.put(_bytes_of(text)) if spool.room(least) else ""
    stored = text.stored
    return spool.adopt(stored) if stored.size >= ADOPTED else spool.put(stored.data())


def _bytes_of(text: str) -> bytes:
    """The file in a data URI; nothing where its text breaks further on than was judged."""
    try:
        return base64.b64decode(text[text.index(",") + 1 :], validate=True)
    except ValueError:
        return b""
