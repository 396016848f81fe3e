"""Valid requests for the checks of tasks: a number of pictures of a known size, or a task that fails."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from wanlib.boundary.body import RequestBuilder, square_side
from wanlib.boundary.images import data_uri_of_image
from wanlib.boundary.mode_cases import ModeCase, mode_cases
from wanlib.spec import Family, Field, Spec, interpret

UNREACHABLE = "https://pictures.wan-conformance.invalid/missing.png"
"""A public URL that never resolves: RFC 6761 reserves the domain."""


class TaskRequest(NamedTuple):
    """A valid request.

    Attributes:
        body: Its body.
        pictures: How many pictures it asks for.
        size: Their width and height in pixels, if the body can state them; else None.
    """

    body: Any
    pictures: int
    size: tuple[int, int] | None


def task_request(
    spec: Spec, model: str, call: str, pictures: int, image: str | None = None
) -> TaskRequest | None:
    """Return a valid request for an exact number of pictures; None if no body can request it.

    Args:
        spec: The spec.
        model: The model.
        call: How the request is sent.
        pictures: How many pictures it asks for.
        image: The URL of every image; None for small image files. With a URL, the request must have an
            image.
    """
    for mode_case in mode_cases(spec, model):
        count = _count_field(mode_case.family, mode_case.truths)
        if count is None:
            continue
        values: dict[str, Any] = {count: pictures}
        size = None
        for field in mode_case.family.fields:
            if field.type == "size":
                side = square_side(RequestBuilder(spec, mode_case).least_pixels(field))
                size = (side, side)
                values[field.name] = f"{side}*{side}"
            elif _is_image_list(field):
                values[field.name] = [image or _small_image(mode_case, field)]
        body = RequestBuilder(spec, mode_case).request(values)
        has_image = image is None or image in str(body)
        if has_image and not interpret(spec, body, call):
            return TaskRequest(body, pictures, size)
    return None


def _is_image_list(field: Field) -> bool:
    return field.type == "list" and field.each is not None and field.each.type == "image"


def _small_image(mode_case: ModeCase, field: Field) -> str:
    side = 1 if field.each is None else max(1, int(mode_case.limit(field.each, "min_side", 1)))
    return data_uri_of_image("png", side, side)


def _count_field(family: Family, truths: Mapping[str, bool]) -> str | None:
    """Return the field that sets the exact number of pictures in these modes; None without one."""
    fields, exactness = family.output["count_of"], family.output["count_is"]
    mode = next((name for name in fields if truths.get(name)), "otherwise")
    exact = next((word for name, word in exactness.items() if truths.get(name)), exactness["otherwise"])
    return str(fields[mode]) if exact == "exact" else None
