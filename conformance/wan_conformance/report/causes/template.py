"""The template of a body: the body with macros in place of images and long texts, as in vectors.

`engine.vectors.expand` restores the body. A log holds the templates of failing cases, so that each
can be repeated and kept as a vector, without image data, long texts and secrets.
"""

import base64
import json
import re
from typing import Any

from wanlib.base.redaction import redact_json
from wanlib.boundary.images import MEDIA_TYPES, data_uri_of_image
from wanlib.validation.image_header import image_info_from_bytes

_SHORT = 80
"""Maximum number of characters of a text that is written out."""
_MAX_PERIOD = 4
"""Maximum number of characters of a text whose repetition `$text` expresses."""
_MIN_REPEAT = 4
"""Minimum number of equal items of a list that `$repeat` replaces."""
_MAX_LENGTH = 4000
"""Maximum number of characters of a template as JSON."""
_MAX_DEPTH = 12
"""Maximum number of levels of a template."""
_HEADER = 1 << 16
"""Number of characters of base64 that contain the header of an image."""
_DATA_URI = re.compile(r"data:([A-Za-z0-9.+-]{1,20}/[A-Za-z0-9.+-]{1,20});base64")


class _NoTemplateError(Exception):
    """A value has no template."""


def template_of(body: Any) -> Any:
    """Return the template that expands to a body.

    Returns:
        The template; None if no macro expresses a long text or an image in the body, if the template would be
        long itself, or if the body contains a text that reports redact.
    """
    try:
        template = _template(body, 0)
    except _NoTemplateError:
        return None
    return template if len(json.dumps(template)) <= _MAX_LENGTH else None


def _template(value: Any, depth: int) -> Any:
    if depth > _MAX_DEPTH or (isinstance(value, float) and value - value != 0):
        raise _NoTemplateError
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return {_name(name): _template(member, depth + 1) for name, member in value.items()}
    return _items(value, depth + 1) if isinstance(value, list) else value


def _name(name: Any) -> str:
    """Return the name of a member that is neither a macro nor redacted."""
    if not isinstance(name, str) or name.startswith("$") or not _is_public(name):
        raise _NoTemplateError
    return name


def _items(values: list[Any], depth: int) -> list[Any]:
    if len(values) > _MAX_LENGTH and len(values) != values.count(values[0]):
        raise _NoTemplateError
    if len(values) >= _MIN_REPEAT and len({json.dumps(value) for value in values}) == 1:
        return [{"$repeat": {"of": _template(values[0], depth), "count": len(values)}}]
    return [_template(value, depth) for value in values]


def _text(text: str) -> Any:
    if text[:5] == "data:" and (macro := _image(text)):
        return macro
    if len(text) <= _SHORT:
        if not _is_public(text):
            raise _NoTemplateError
        return text
    for period in range(1, _MAX_PERIOD + 1):
        count, rest = divmod(len(text), period)
        if not rest and text == text[:period] * count and _is_public(text[:period]):
            return {"$text": {"char": text[:period], "count": count}}
    raise _NoTemplateError


def _is_public(text: str) -> bool:
    """Return whether reports show a text unchanged."""
    return bool(redact_json(text) == text)


def _image(uri: str) -> dict[str, Any] | None:
    """Return the macro that makes exactly this data URI; None if there is none."""
    header, _, data = uri.partition(",")
    mime = _DATA_URI.fullmatch(header)
    if mime is None:
        return None
    try:
        info = image_info_from_bytes(base64.b64decode(data[:_HEADER], validate=True))
    except ValueError:
        return None
    if info.format is None or info.format not in MEDIA_TYPES or info.width is None or info.height is None:
        return None
    size = len(data) // 4 * 3 - data[-2:].count("=")
    for size_bytes in (None, size):
        for alpha in (False, True):
            try:
                made = data_uri_of_image(
                    info.format, info.width, info.height, mime=mime[1], size_bytes=size_bytes, alpha=alpha
                )
            except ValueError:
                continue
            if made == uri:
                members: dict[str, Any] = {"format": info.format, "width": info.width, "height": info.height}
                members |= {} if size_bytes is None else {"bytes": size_bytes}
                members |= {"alpha": True} if alpha else {}
                members |= {} if mime[1] == MEDIA_TYPES[info.format] else {"mime": mime[1]}
                return {"$image": members}
    return None
