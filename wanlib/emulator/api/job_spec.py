"""The images of an accepted body: their facts and, where they came along, their bytes."""

import base64
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import floor, isqrt
from typing import Any

from wanlib.base.redaction import redact_text
from wanlib.emulator.api.values import Values
from wanlib.emulator.context import EmulatorContext
from wanlib.emulator.jobs.job import InputImage, JobSpec
from wanlib.emulator.storage.blobs import BlobStore
from wanlib.emulator.storage.store import Upload
from wanlib.spec.interpreter.decode import DecodedBody
from wanlib.spec.model.picture_size import KEYWORD, SQUARE, PictureSize


def collect_inputs(
    values: Any, reading: DecodedBody, files: Mapping[str, Upload], blobs: BlobStore
) -> tuple[InputImage, ...]:
    """Inputs for the values of an image list; anything that is no text is passed over.

    reading: of the body that they stand in. files: the uploads that it names, by URL.
    """
    items = values if isinstance(values, list) else []
    return tuple(
        _uploaded(number, files[item], blobs)
        if files and item in files
        else _inline_or_url(number, item, reading, blobs)
        for number, item in enumerate(items, 1)
        if isinstance(item, str)
    )


def _uploaded(number: int, upload: Upload, blobs: BlobStore) -> InputImage:
    label = f"image {number}: upload, {upload.format} {upload.width}*{upload.height}"
    return InputImage(label, upload.width, upload.height, upload.format, blobs.retain(upload.blob_key))


def _inline_or_url(number: int, text: str, reading: DecodedBody, blobs: BlobStore) -> InputImage:
    """A URL, or an image that came along."""
    facts = reading.image(text).facts
    if facts is None or not facts.width or not facts.height:
        return InputImage(f"image {number}: {redact_text(text)}")
    label = f"image {number}: {facts.format} {facts.width}*{facts.height}"
    return InputImage(label, facts.width, facts.height, facts.format or "", _store_bytes(text, blobs))


def _store_bytes(text: str, blobs: BlobStore) -> str:
    """Store the bytes of a data URI. Return their key, "" if there is no room."""
    min_size = len(text) // 4 * 3 - 128  # what precedes the base64 is shorter than 128 bytes
    return blobs.add(_bytes_of(text)) if blobs.has_room(min_size) else ""


def _bytes_of(text: str) -> bytes:
    """The file in a data URI; nothing where its text breaks further on than was judged."""
    try:
        return base64.b64decode(text[text.index(",") + 1 :], validate=True)
    except ValueError:
        return b""


Size = tuple[int, int]
_SIZE = re.compile(r"([0-9]+)\*([0-9]+)")
_ONE_TO_ONE: Size = (1, 1)


def output_size(values: Values, size_field: str, inputs: tuple[InputImage, ...], unseen: str) -> Size:
    """Return the size that the pages promise for accepted values.

    Args:
        values: The values of the request.
        size_field: The name of the field that can state a size.
        inputs: The images of the request.
        unseen: `W*H`, assumed for an image whose sides are unknown.
    """
    size = _read(values.explicit_value(size_field))
    how = values.active_value(values.family.picture_size)
    if size is None and how is not None:
        size = _by_ratio(how, values, size_field, inputs, unseen) if how.ratio else None
        size = size or _by_sides(how, values, inputs, unseen)
    step = values.family.output["multiple_of"]
    return round_to_step(size or _last_image_size(inputs, unseen), step)


def largest_size_for_ratio(pixels: int, ratio: Size) -> Size:
    """The largest size of a ratio, to the pixel below, that has at most so many pixels in all."""
    width, height = ratio
    return max(1, isqrt(pixels * width // height)), max(1, isqrt(pixels * height // width))


def round_to_step(size: Size, step: int) -> Size:
    """Each side at the nearest multiple of `step`, at least one; half of it goes up."""
    width, height = [max(step, (side + step // 2) // step * step) for side in size]
    return width, height


def _by_ratio(
    how: PictureSize, values: Values, size_field: str, inputs: tuple[InputImage, ...], unseen: str
) -> Size | None:
    """A budget of pixels in a ratio; None for a keyword whose pixels no page states."""
    pixels = how.pixels
    if pixels == KEYWORD:
        word = values.get(size_field)
        if (stated := _read(word)) is not None:
            return stated
        pixels = (values.active_limit(size_field, "keywords") or {}).get(word)
    if not isinstance(pixels, int):
        return None
    square = how.ratio == SQUARE or not inputs
    return largest_size_for_ratio(pixels, _ONE_TO_ONE if square else _last_image_size(inputs, unseen))


def _by_sides(how: PictureSize, values: Values, inputs: tuple[InputImage, ...], unseen: str) -> Size:
    """The sides of the last image, scaled down, multiplied or extended."""
    if not inputs and how.max_pixels:
        return largest_size_for_ratio(how.max_pixels, _ONE_TO_ONE)
    width, height = _last_image_size(inputs, unseen)
    if how.max_pixels and width * height > how.max_pixels:
        return largest_size_for_ratio(how.max_pixels, (width, height))
    if how.scaled_by:
        factor = _number(values.get(how.scaled_by))
        return _times(width, factor), _times(height, factor)
    return (
        _times(width, _extension(values, how.width_by)),
        _times(height, _extension(values, how.height_by)),
    )


def _extension(values: Values, fields: Iterable[str]) -> Fraction:
    """By what a side is multiplied that each of some fields extends at one end; 1 without fields."""
    return 1 + sum((_number(values.get(field)) - 1 for field in fields), Fraction(0))


def _number(value: Any) -> Fraction:
    """A number as it was written in the request; 1 for what is no number."""
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return Fraction(str(value)) if known else Fraction(1)


def _times(side: int, factor: Fraction) -> int:
    """A side multiplied, at the nearest whole number; half goes up."""
    return max(1, floor(side * factor + Fraction(1, 2)))


def _last_image_size(inputs: tuple[InputImage, ...], unseen: str) -> Size:
    """The sides of the last of some inputs."""
    last = inputs[-1] if inputs else None
    return (last.width, last.height) if last and last.width else _read(unseen) or _ONE_TO_ONE


def _read(text: Any) -> Size | None:
    """`W*H` as numbers; None for anything else."""
    found = _SIZE.fullmatch(text) if isinstance(text, str) else None
    return (int(found[1]), int(found[2])) if found else None


_SEEDS = 1 << 31
_UNSEEN = "1024*1024"  # what an image is taken for that the emulator has not seen


def build_job_spec(
    context: EmulatorContext, values: Values, model: str, call: str, inputs: tuple[InputImage, ...]
) -> JobSpec:
    """What a request asks for."""
    names = context.vendor.fields
    count = values.get(values.active_value(values.family.count_of) or "")
    count = max(1, count) if isinstance(count, int) else 1
    one_choice = values.active_value(values.family.set_form) == "one choice"
    return JobSpec(
        model=model,
        call=call,
        prompt=_text(values.get(names["prompt"])),
        inputs=inputs,
        size=output_size(values, names["size"], inputs, _UNSEEN),
        picture_count=count,
        is_exact_count=values.active_value(values.family.count_is) != "at most",
        seeds=_image_seeds(context, values, count),
        watermark=values.get(names["watermark"]) is True,
        one_choice=one_choice,
        # No page says of a mode that it writes text but that of the models that stream it.
        has_texts=one_choice and "stream" in context.spec.calls(model),
        repeats_prompt=values.has_field(names["rewriting"]),
        is_rewritten=values.get(names["rewriting"]) is True,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _image_seeds(context: EmulatorContext, values: Values, count: int) -> tuple[tuple[int, int], ...]:
    """A seed and a number for each; where each further picture has a higher seed, the number stays 0."""
    given = values.get(context.vendor.fields["seed"])
    first = given if isinstance(given, int) else context.random.randrange(_SEEDS)
    step: int | None = values.family.output.get("seed_step")
    if step:
        return tuple([(first + index * step, 0) for index in range(count)])
    return tuple([(first, index) for index in range(count)])
