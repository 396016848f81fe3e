"""`wanlib.size`: find a valid size of a model for an aspect ratio and a tier, in the mode of the call."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from wanlib.base.api_tables import ApiTables, Model
from wanlib.base.identifiers import base_model
from wanlib.base.redaction import safe_repr
from wanlib.base.text import unknown_model_message
from wanlib.errors import InvalidArgumentError, NoValidSizeError
from wanlib.generated.calls import API
from wanlib.generated.checker import size_bounds
from wanlib.validation.output_size import SizeBounds, nearest_size, parse_ratio

if TYPE_CHECKING:
    from wanlib.generated.checker import SizeBoundsOf


def size(
    model: str,
    *,
    ratio: str | float | tuple[int, int],
    tier: str | None = None,
    images: int = 0,
    **modes: Any,
) -> str:
    """Return the valid output size that is nearest to an aspect ratio, as `width*height`.

    Candidates have between three quarters of the tier's pixels and all of them, and both sides are
    multiples of the model's step. The nearest is the one closest to the ratio, then the one with the most
    pixels. Without a tier, a size that the pages recommend for exactly this ratio is preferred.

    Args:
        model: The model.
        ratio: Width to height: `16:9`, `1.78`, `1920x1080`, a number or a pair of integers.
        tier: A keyword of the model such as `2K`, or `width*height` for its number of pixels. None means
            the model's default size, or the largest one if the default depends on the input.
        images: How many input images the call has.
        modes: The parameters of the call that affect which sizes are valid, such as
            `enable_sequential=True`.

    Raises:
        InvalidArgumentError: The model, the ratio or a parameter is unknown.
        NoValidSizeError: No valid size has this ratio or belongs to this tier.
    """
    return find_size(API, size_bounds, model, ratio, tier, images, modes)


def find_size(
    api: ApiTables,
    bounds_of_model: Callable[[str], "SizeBoundsOf"],
    model: str,
    ratio: str | float | tuple[int, int],
    tier: str | None,
    images: int,
    modes: Mapping[str, Any],
) -> str:
    """Return the result of `size` for the tables of any spec.

    Args:
        api: The tables.
        bounds_of_model: `size_bounds` of the generated package that the tables are from.
        model: As for `size`, and so are the others.
        ratio: The ratio.
        tier: The tier; None for the default size.
        images: The number of input images.
        modes: The parameters that affect which sizes are valid.

    Raises:
        InvalidArgumentError: As for `size`.
        NoValidSizeError: As for `size`.
    """
    table = _get_model(api, model)
    model = table.name
    wanted_ratio = _parse_ratio(ratio)
    bounds = bounds_of_model(model)(model, _mode_fields(table, images, modes), None)
    if bounds is None:
        raise NoValidSizeError(f"{model} has no parameter for the output size")
    if not bounds.known:
        given_modes = ", ".join(f"{name}={safe_repr(value)}" for name, value in modes.items())
        raise InvalidArgumentError(
            f"the mode is unknown with {given_modes}; give each parameter a value of its type"
        )
    if not bounds.allows(wanted_ratio):
        limits = f"{bounds.min_ratio} to {bounds.max_ratio}"
        raise NoValidSizeError(f"the ratio is {safe_repr(ratio)}; {model} takes {limits}, width to height")
    recommended = bounds.recommended_for(wanted_ratio) if tier is None else None
    if recommended is not None:
        return recommended
    pixels = _pixels(model, bounds, tier)
    dimensions = nearest_size(bounds, wanted_ratio, pixels)
    if dimensions is None:
        raise NoValidSizeError(
            f"no valid size of {model} has {pixels:,} pixels or a little less, and this ratio"
        )
    return f"{dimensions[0]}*{dimensions[1]}"


def _get_model(api: ApiTables, model: str) -> Model:
    base = base_model(model, tuple(api.models), api.fine_tuned.ending)
    if base is None:
        raise InvalidArgumentError(unknown_model_message(model, api.models))
    return api.models[base]


def _parse_ratio(ratio: Any) -> Fraction:
    """Return a ratio exactly; a float counts as its shortest decimal representation."""
    if isinstance(ratio, tuple | list) and len(ratio) == 2 and all(type(side) is int for side in ratio):
        ratio = f"{ratio[0]}:{ratio[1]}"
    parsed = None if isinstance(ratio, bool) else parse_ratio(str(ratio))
    if parsed is None:
        raise InvalidArgumentError(f"ratio is {safe_repr(ratio)}; allowed: 16:9, 1.78, 1920x1080")
    return parsed


def _mode_fields(table: Model, images: int, modes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields that determine the mode, with a placeholder for each image of the call."""
    if type(images) is not int or images < 0:
        raise InvalidArgumentError(f"images is {safe_repr(images)}; allowed: a number of images, 0 or more")
    for name in modes:
        if name not in table.fields or name in table.images:
            known = ", ".join(field for field in table.fields if field not in table.images)
            raise InvalidArgumentError(f"{table.name} has no parameter {safe_repr(name)}; it has {known}")
    return {**modes} | ({name: [""] * images for name in table.images} if images else {})


def _pixels(model: str, bounds: SizeBounds, tier: str | None) -> int:
    """Return the pixels of a tier, which at least one valid size must have."""
    wanted = bounds.default if tier is None else tier
    pixels = bounds.max_pixels if wanted is None else bounds.pixels_of(wanted)
    words = f"{', '.join(bounds.keywords)} or width*height" if bounds.keywords else "width*height"
    if pixels is None:
        raise NoValidSizeError(f"the tier is {safe_repr(tier)}; {model} takes {words} in this mode")
    if not bounds.min_pixels <= pixels <= bounds.max_pixels:
        limits = f"{bounds.min_pixels:,} to {bounds.max_pixels:,}"
        raise NoValidSizeError(f"the tier has {pixels:,} pixels; {model} takes {limits} in this mode")
    return pixels
