"""Fit images to the limits of a model on request: convert, resize and compress them, with Pillow.

`plan_fits` decides what to do from the headers alone, so that thousands of images can be checked before
the first is sent. `ImageFit.make` does it when the call is sent. The limits come from the validator: an image
is changed until the validator reports no violation, so this module contains no limit. An image that already
fits is sent unchanged.

An image is never cropped or distorted, so one with a forbidden aspect ratio is still refused. A changed
image is stored in its displayed orientation: the rotation in its EXIF data is applied.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from wanlib.base.api_tables import Model
from wanlib.base.identifiers import parse_rule_id
from wanlib.base.redaction import safe_repr
from wanlib.base.values import MIB
from wanlib.base.violation import Violation
from wanlib.client.images.image_source import ImageFit, ImageSource, from_memory, image_errors
from wanlib.errors import InvalidArgumentError
from wanlib.extras import require
from wanlib.validation.image_header import ImageInfo

if TYPE_CHECKING:
    from PIL.Image import Image

Judge = Callable[[ImageInfo], Sequence[Violation]]
"""Returns the violations for which one image is refused."""
JudgeField = Callable[[str, Mapping[str, Any]], Sequence[Violation]]
"""The same for the image in a field, given all fields of the call."""

_LOSSLESS, _LOSSY = "png", "jpeg"
_LOSSLESS_SOURCES = frozenset({"bmp", "gif", "png", "tiff"})
_PILLOW_FORMATS = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "bmp": "BMP", "tiff": "TIFF", "gif": "GIF"}
_FITTING_KINDS = frozenset({"formats", "min_side", "max_side", "max_bytes"})
_MAX_PIXELS = 178_956_970
"""Larger images are not decoded: Pillow's limit, above which it suspects a decompression bomb."""
_ATTEMPTS = ((1.0, 95), (1.0, 88), (1.0, 75), (0.85, 85), (0.7, 85), (0.5, 80), (0.35, 80))
"""Scale factors of the sides and JPEG qualities (0 to 95), tried until a file is small enough."""
_CHUNK = MIB
_UPRIGHT = 1  # EXIF 2.32, 4.6.5, Orientation
_ORIENTATION = 0x0112
_SIXTEEN_TO_EIGHT_BITS = [value // 256 for value in range(65536)]
_BACKGROUND = (255, 255, 255)


class _Recipe(NamedTuple):
    """The changes to an image.

    Attributes:
        format: The new format, such as `png`.
        width: Pixels, as shown.
        height: Pixels, as shown.
        formats: The formats that are allowed, as far as they are known.
    """

    format: str
    width: int
    height: int
    formats: Sequence[str]


def plan_fits(model: Model, fields: Mapping[str, Any], judge: JudgeField) -> dict[str, Any]:
    """Return the fields, with each local image that must be changed replaced by a planned image.

    Args:
        model: The model.
        fields: The fields, with an `ImageSource` for each local image.
        judge: Returns the violations of the image in a field.

    Raises:
        InvalidArgumentError: An image cannot be read, or must be resized although a field contains its
            pixel coordinates.
        ModuleNotFoundError: Pillow is not installed; the message names the extra.
    """
    located = next((name for name in model.located if name in fields), None)

    def plan(name: str, image: Any, in_field: Callable[[ImageInfo], Any]) -> Any:
        if not isinstance(image, ImageSource):
            return image
        return plan_fit(image, lambda info: judge(name, {**fields, name: in_field(info)}), model, located)

    planned = dict(fields)
    for name in model.images:
        if name in planned:
            planned[name] = [plan(name, image, lambda info: [info]) for image in planned[name]]
    for name in model.single_images:
        if name in planned:
            planned[name] = plan(name, planned[name], lambda info: info)
    return planned


def plan_fit(source: ImageSource, judge: Judge, model: Model, located: str | None = None) -> ImageSource:
    """Return the planned, fitted image; the image itself if it already fits or cannot be fitted.

    Args:
        source: The image.
        judge: Returns its violations.
        model: The model, for the media types.
        located: A field of the call with pixel coordinates in the image; None if there is none.

    Raises:
        InvalidArgumentError: It cannot be read, or it must be resized although `located` is set.
        ModuleNotFoundError: Pillow is not installed; the message names the extra.
    """
    if not _can_fit(judge(source.info)):
        return source
    width, height, is_upright = _shown_size(source)
    recipe = _find_recipe(source.info, (width, height), judge, tuple(model.mimes))
    if recipe is None:
        return source
    if located is not None and not (is_upright and (recipe.width, recipe.height) == (width, height)):
        raise InvalidArgumentError(
            f"{source.argument}: {safe_repr(source.name)} must be resized to fit, but {located} contains "
            f"pixel coordinates in it; resize the image, and give {located} for the new size"
        )
    info = ImageInfo(recipe.format, recipe.width, recipe.height, source.info.bytes)
    info = info._replace(bytes=_limits(judge(info)).get("max_bytes", info.bytes))
    change = f"{_form(source.info)} to {_form(info)}"
    fit = ImageFit(source, change, partial(_make, source, recipe, judge, model.mimes))
    return replace(source, info=info, path=None, fit=fit)


def _can_fit(violations: Sequence[Violation]) -> bool:
    """Return whether there are violations, and all of them can be corrected."""
    return bool(violations) and _limits(violations).keys() <= _FITTING_KINDS


def _limits(violations: Sequence[Violation]) -> dict[str, Any]:
    """Return the violated limits by the kind of their rules."""
    return {parse_rule_id(violation.rule).kind: violation.limit for violation in violations}


def _find_recipe(
    info: ImageInfo, shown: tuple[int, int], judge: Judge, formats: Sequence[str]
) -> _Recipe | None:
    """Return how the image can be changed to fit; None if it cannot."""
    name, (width, height) = info.format or "", shown
    limits: dict[str, Any] = {}
    for _ in _FITTING_KINDS:
        new = _limits(judge(ImageInfo(name or None, width, height, info.bytes)))
        if not new.keys() - {"max_bytes"}:
            if new and (name, width, height) == (info.format, *shown) and _LOSSY in formats:
                name = _LOSSY  # only another format makes the file smaller
            return _Recipe(name, width, height, formats)
        if not new.keys() <= _FITTING_KINDS or new.items() <= limits.items():
            return None
        limits |= new
        if "formats" in limits:
            formats = [form for form in formats if form in limits["formats"]]
            name = _new_format(name, formats)
        if not name:
            return None
        width, height = _scale(shown, limits)
    return None


def _new_format(name: str, formats: Sequence[str]) -> str:
    """Return the new format for an image whose format is not allowed; empty if there is none."""
    preferred = _LOSSLESS if name in _LOSSLESS_SOURCES else _LOSSY
    return next((form for form in (preferred, _LOSSY, _LOSSLESS, *formats) if form in formats), "")


def _scale(size: tuple[int, int], limits: Mapping[str, Any]) -> tuple[int, int]:
    """Return width and height in the same ratio, within the limits of both sides if that is possible."""
    if max(size) > limits.get("max_side", max(size)):
        size = _scaled(size, limits["max_side"], max(size))
    if min(size) < limits.get("min_side", 0):
        size = _scaled(size, limits["min_side"], min(size))
    return size


def _scaled(size: tuple[int, int], numerator: float, denominator: float) -> tuple[int, int]:
    width, height = (max(1, round(side * numerator / denominator)) for side in size)
    return width, height


@contextmanager
def _opened(source: ImageSource, content: Path | BytesIO) -> Iterator["Image"]:
    """Open an image with Pillow, which decodes it when its pixels are accessed.

    Raises:
        InvalidArgumentError: It cannot be read, it has too many pixels to be decoded, or its pixels have no
            known range.
        ModuleNotFoundError: Pillow is not installed; the message names the extra.
    """
    require("images", "PIL")
    from PIL import Image

    with image_errors(source.argument, source.name):
        if (pixels := (source.info.width or 0) * (source.info.height or 0)) > _MAX_PIXELS:
            raise ValueError(f"it has {pixels:,} pixels; at most {_MAX_PIXELS:,} can be processed")
        with Image.open(content) as image:
            if image.mode == "F":
                raise ValueError("its pixels are fractions without a known range; convert it")
            yield image


def _content(source: ImageSource) -> BytesIO:
    """Return the bytes of an image. Raise InvalidArgumentError for a file that has changed."""
    content = BytesIO()
    for chunk in source.chunks(_CHUNK):
        content.write(chunk)
    return content


def _shown_size(source: ImageSource) -> tuple[int, int, bool]:
    """Return width and height as shown, and whether they are stored in the same way."""
    with _opened(source, source.path or _content(source)) as image:
        orientation = image.getexif().get(_ORIENTATION, _UPRIGHT)
        width, height = image.size
    if orientation in (5, 6, 7, 8):  # a quarter turn
        width, height = height, width
    return width, height, orientation == _UPRIGHT


def _make(source: ImageSource, recipe: _Recipe, judge: Judge, mimes: Mapping[str, str]) -> ImageSource:
    """Return the changed image.

    Raises:
        InvalidArgumentError: It cannot be decoded, or no attempt fits.
    """
    with _opened(source, _content(source)) as opened, image_errors(source.argument, source.name):
        image = _upright(opened)
        profile = image.info.get("icc_profile")
        violations: Sequence[Violation] = ()
        for name, share, quality in _attempts(recipe):
            size = _scaled((recipe.width, recipe.height), share, 1)
            data = _encode(image, name, size, quality, profile)
            made = from_memory(data, mimes, source.argument, source.name)
            violations = judge(made.info)
            if not violations:
                change = f"{_form(source.info)} to {_form(made.info)}, {made.size:,} bytes"
                return replace(made, fit=ImageFit(source, change, partial(_same, made)))
    raise InvalidArgumentError(
        f"{source.argument}: {safe_repr(source.name)} can't be made to fit: {violations[0]}"
    )


def _attempts(recipe: _Recipe) -> Iterator[tuple[str, float, int]]:
    """Yield formats, scale factors and qualities, each for a smaller file than the one before."""
    if recipe.format != _LOSSY:
        yield recipe.format, *_ATTEMPTS[0]
    name = _LOSSY if _LOSSY in recipe.formats else recipe.format
    for share, quality in _ATTEMPTS:
        yield name, share, quality


def _upright(image: "Image") -> "Image":
    """Return an image in RGB, or RGBA if it has transparency, rotated as EXIF states."""
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(image)
    mode = "RGBA" if upright.has_transparency_data else "RGB"
    if upright.mode == mode:
        return upright
    if upright.mode.startswith("I"):  # 16 bits: `convert` would clip at 255
        upright = upright.convert("I")
        low, high = cast("tuple[int, int]", upright.getextrema())
        if low < 0 or high >= len(_SIXTEEN_TO_EIGHT_BITS):
            raise ValueError("its pixels have 32 bits without a known range; convert it")
        upright = upright.point(_SIXTEEN_TO_EIGHT_BITS, "L")
    converted = upright.convert(mode)
    if upright.mode not in ("P", "RGBA"):
        converted.info.pop("icc_profile", None)  # the profile describes other colour channels
    return converted


def _encode(image: "Image", name: str, size: tuple[int, int], quality: int, profile: bytes | None) -> bytes:
    from PIL import Image

    if size != image.size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    if name == _LOSSY and image.mode == "RGBA":
        flat = Image.new("RGB", image.size, _BACKGROUND)
        flat.paste(image, mask=image.getchannel("A"))
        image = flat
    file = BytesIO()
    image.save(file, _PILLOW_FORMATS[name], quality=quality, icc_profile=profile)
    return file.getvalue()


def _form(info: ImageInfo) -> str:
    """Describe an image, as `tiff of 9000*6000`."""
    sides = f" of {info.width}*{info.height}" if info.is_known else ""
    return f"{info.format or 'an unknown format'}{sides}"


def _same(made: ImageSource) -> ImageSource:
    """Return an image that was already created."""
    return made
