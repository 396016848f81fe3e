"""Derive the content of a job from accepted values: inputs, number and size of pictures, seeds."""

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
    values: Any, decoded: DecodedBody, files: Mapping[str, Upload], blobs: BlobStore
) -> tuple[InputImage, ...]:
    """Return the input images of a request, and store their bytes.

    Args:
        values: The value of the image field; items that are not strings are skipped.
        decoded: The body that contains them.
        files: The uploads that the body names, by URL.
        blobs: Stores the bytes.
    """
    items = values if isinstance(values, list) else []
    return tuple(
        _uploaded(number, files[item], blobs)
        if files and item in files
        else _inline_or_url(number, item, decoded, blobs)
        for number, item in enumerate(items, 1)
        if isinstance(item, str)
    )


def _uploaded(number: int, upload: Upload, blobs: BlobStore) -> InputImage:
    label = f"image {number}: upload, {upload.format} {upload.width}*{upload.height}"
    return InputImage(label, upload.width, upload.height, upload.format, blobs.retain(upload.blob_key))


def _inline_or_url(number: int, text: str, decoded: DecodedBody, blobs: BlobStore) -> InputImage:
    """Return an input given by URL, or by a data URI whose image is readable."""
    info = decoded.image(text).facts
    if info is None or not info.width or not info.height:
        return InputImage(f"image {number}: {redact_text(text)}")
    label = f"image {number}: {info.format} {info.width}*{info.height}"
    return InputImage(label, info.width, info.height, info.format or "", _store_bytes(text, blobs))


def _store_bytes(text: str, blobs: BlobStore) -> str:
    """Store the bytes of a data URI. Return their key, "" if they do not fit."""
    min_size = len(text) // 4 * 3 - 128  # the prefix of the base64 text is shorter than 128 bytes
    return blobs.add(_bytes_of(text)) if blobs.has_room(min_size) else ""


def _bytes_of(text: str) -> bytes:
    """Return the file in a data URI; nothing if its base64 is malformed beyond the part that is validated."""
    try:
        return base64.b64decode(text[text.index(",") + 1 :], validate=True)
    except ValueError:
        return b""


Size = tuple[int, int]
_SIZE = re.compile(r"([0-9]+)\*([0-9]+)")
_ONE_TO_ONE: Size = (1, 1)


def output_size(values: Values, size_field: str, inputs: tuple[InputImage, ...], default_size: str) -> Size:
    """Return the documented size of the pictures for accepted values.

    Args:
        values: The values of the request.
        size_field: The name of the field that can state a size.
        inputs: The images of the request.
        default_size: `W*H`, assumed for an image whose size is unknown.
    """
    size = _parse_size(values.explicit_value(size_field))
    rule = values.active_value(values.family.picture_size)
    if size is None and rule is not None:
        size = _size_from_ratio(rule, values, size_field, inputs, default_size) if rule.ratio else None
        size = size or _size_from_sides(rule, values, inputs, default_size)
    step = values.family.output["multiple_of"]
    return round_to_step(size or _last_image_size(inputs, default_size), step)


def largest_size_for_ratio(pixels: int, ratio: Size) -> Size:
    """Return the largest size with this ratio and at most this number of pixels, rounded down."""
    width, height = ratio
    return max(1, isqrt(pixels * width // height)), max(1, isqrt(pixels * height // width))


def round_to_step(size: Size, step: int) -> Size:
    """Round each side to the nearest multiple of `step`, at least one; halves are rounded up."""
    width, height = [max(step, (side + step // 2) // step * step) for side in size]
    return width, height


def _size_from_ratio(
    rule: PictureSize, values: Values, size_field: str, inputs: tuple[InputImage, ...], default_size: str
) -> Size | None:
    """Return the size with a budget of pixels and a ratio; None for a keyword without documented pixels."""
    pixels = rule.pixels
    if pixels == KEYWORD:
        keyword = values.get(size_field)
        if (stated := _parse_size(keyword)) is not None:
            return stated
        pixels = (values.active_limit(size_field, "keywords") or {}).get(keyword)
    if not isinstance(pixels, int):
        return None
    square = rule.ratio == SQUARE or not inputs
    return largest_size_for_ratio(pixels, _ONE_TO_ONE if square else _last_image_size(inputs, default_size))


def _size_from_sides(
    rule: PictureSize, values: Values, inputs: tuple[InputImage, ...], default_size: str
) -> Size:
    """Return the size of the last image, scaled down, multiplied or extended."""
    if not inputs and rule.max_pixels:
        return largest_size_for_ratio(rule.max_pixels, _ONE_TO_ONE)
    width, height = _last_image_size(inputs, default_size)
    if rule.max_pixels and width * height > rule.max_pixels:
        return largest_size_for_ratio(rule.max_pixels, (width, height))
    if rule.scaled_by:
        factor = _number(values.get(rule.scaled_by))
        return _times(width, factor), _times(height, factor)
    return (
        _times(width, _extension(values, rule.width_by)),
        _times(height, _extension(values, rule.height_by)),
    )


def _extension(values: Values, fields: Iterable[str]) -> Fraction:
    """Return the factor by which a side grows; each field extends one end. 1 without fields."""
    return 1 + sum((_number(values.get(field)) - 1 for field in fields), Fraction(0))


def _number(value: Any) -> Fraction:
    """Return the exact value of a number in the request; 1 for anything else."""
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return Fraction(str(value)) if known else Fraction(1)


def _times(side: int, factor: Fraction) -> int:
    """Multiply a side and round to the nearest whole number, halves up."""
    return max(1, floor(side * factor + Fraction(1, 2)))


def _last_image_size(inputs: tuple[InputImage, ...], default_size: str) -> Size:
    """Return the size of the last input."""
    last = inputs[-1] if inputs else None
    return (last.width, last.height) if last and last.width else _parse_size(default_size) or _ONE_TO_ONE


def _parse_size(text: Any) -> Size | None:
    """Parse `W*H`; None for anything else."""
    match = _SIZE.fullmatch(text) if isinstance(text, str) else None
    return (int(match[1]), int(match[2])) if match else None


_SEEDS = 1 << 31
_DEFAULT_INPUT_SIZE = "1024*1024"  # assumed for images given by URL, which the emulator does not download


def build_job_spec(
    context: EmulatorContext, values: Values, model: str, call: str, inputs: tuple[InputImage, ...]
) -> JobSpec:
    """Return the content of the job for a request.

    Args:
        context: The emulator.
        values: The accepted values.
        model: The name in the request.
        call: A call of `wire.yaml`.
        inputs: The input images.
    """
    names = context.vendor.fields
    count = values.get(values.active_value(values.family.count_of) or "")
    count = max(1, count) if isinstance(count, int) else 1
    one_choice = values.active_value(values.family.set_form) == "one choice"
    return JobSpec(
        model=model,
        call=call,
        prompt=_text(values.get(names["prompt"])),
        inputs=inputs,
        size=output_size(values, names["size"], inputs, _DEFAULT_INPUT_SIZE),
        picture_count=count,
        is_exact_count=values.active_value(values.family.count_is) != "at most",
        seeds=_image_seeds(context, values, count),
        watermark=values.get(names["watermark"]) is True,
        one_choice=one_choice,
        # Text between pictures is documented only for the models with streams.
        has_texts=one_choice and "stream" in context.spec.calls(model),
        repeats_prompt=values.has_field(names["rewriting"]),
        is_rewritten=values.get(names["rewriting"]) is True,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _image_seeds(context: EmulatorContext, values: Values, count: int) -> tuple[tuple[int, int], ...]:
    """Return (seed, number) for each picture; the number stays 0 if further pictures have higher seeds."""
    seed = values.get(context.vendor.fields["seed"])
    first = seed if isinstance(seed, int) else context.random.randrange(_SEEDS)
    step: int | None = values.family.output.get("seed_step")
    if step:
        return tuple([(first + index * step, 0) for index in range(count)])
    return tuple([(first, index) for index in range(count)])
