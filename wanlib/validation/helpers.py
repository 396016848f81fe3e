"""Helpers of the generated validators, for checks that take more than a comparison."""

import re
import time
from collections.abc import Callable, Sequence
from typing import Any

from wanlib.base.urls import (
    SignatureParameters,
    iso_time,
    plain_url_mismatch,
    private_url_reason,
    signature_expiry,
)
from wanlib.base.values import ABSENT, UNDETERMINED
from wanlib.base.violation import Violation, fast_violation
from wanlib.validation.data_uri import DataUri, parse_data_uri
from wanlib.validation.image_header import ImageInfo, describe_size, escape_json_pointer

_SIZE = re.compile(r"([1-9][0-9]{0,5})\*([1-9][0-9]{0,5})").fullmatch
percent = re.compile(r"(?:0|[1-9][0-9]{0,2})(?:\.[0-9]{1,9})?%").fullmatch
"""Matches a percentage as text, such as ``25.00%``."""


def other_than(pattern: str) -> Callable[[str], re.Match[str] | None]:
    """Return a function that returns None for a text that matches a whole pattern.

    Texts that match are the usual case, and a pattern that does not match creates no match object: that
    takes two thirds of the time of `fullmatch`.
    """
    return re.compile(rf"(?!(?:{pattern})\Z)", re.ASCII).match


def no_percents_with(decimals: int) -> Callable[[str], re.Match[str] | None]:
    """Return a function that returns None for a percentage with exactly that many decimals."""
    fraction = rf"\.[0-9]{{{decimals}}}" if decimals else ""
    return other_than(rf"(?:0|[1-9][0-9]{{0,2}}){fraction}%")


_MAX_PERCENTS = 16_384


class ScaledPercents(dict[str, int | None]):
    """The table of percentages with exactly this number of decimals, as integers; None for any other text.

    A percentage is read when it is first looked up. At most `_MAX_PERCENTS` are kept, about 2 MB.
    """

    def __init__(self, decimals: int) -> None:
        """Create an empty table."""
        super().__init__()
        self._mismatch = no_percents_with(decimals)

    def __missing__(self, text: str) -> int | None:
        """Return the number of a percentage that is not kept."""
        if self._mismatch(text) is not None:
            return None
        number = int(text[:-1].replace(".", ""))
        if len(self) < _MAX_PERCENTS:
            self[text] = number
        return number


Elsewhere = dict[str, tuple[str, str, Any, bool]]
"""Names that belong elsewhere: rule id, outcome, limit, and whether the violation is about the name."""


_WHITE_SPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def is_blank(text: str) -> bool:
    """Return whether a text is empty or contains only the white space of Unicode."""
    return not text.strip(_WHITE_SPACE)


def is_integer(value: object) -> bool:
    """Return whether it is an integer by JSON Schema: 4 and 4.0 are, true is not."""
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """Return whether it is a JSON number: neither true nor NaN nor an infinity."""
    if isinstance(value, float):
        return value - value == 0
    return isinstance(value, int) and not isinstance(value, bool)


def parse_size(text: str) -> tuple[int, int, int] | None:
    """Return width, height and their product in pixels of ``width*height``; None for any other text."""
    match = _SIZE(text)
    if match is None:
        return None
    width, height = int(match[1]), int(match[2])
    return width, height, width * height


def url_prefixes(schemes: Sequence[str]) -> tuple[str, ...]:
    """Return the prefixes of image strings of these schemes, in lower case."""
    return tuple("data:" if scheme == "data" else f"{scheme}://" for scheme in schemes)


def plain_urls(
    schemes: Sequence[str], private_suffixes: Sequence[str] = ()
) -> Callable[[str], re.Match[str] | None]:
    """Return a function that returns None for a plain public URL: of these schemes, without a query."""
    return plain_url_mismatch(schemes, private_suffixes).match


def unreachable(value: str, private_suffixes: Sequence[str]) -> bool:
    """Return whether an image URL can't be fetched from the internet, as far as its text shows."""
    return private_url_reason(value, private_suffixes) is not None


def expired(value: str, forms: Sequence[SignatureParameters], now: float | None) -> str | None:
    """Return when the signature of a URL expired; None if it has not, or there is none.

    Args:
        value: An image string.
        forms: The forms of signatures, see `wanlib.base.urls`.
        now: Unix seconds; None for the real clock, which is read only if there is a signature.
    """
    if "?" not in value or value[:4].lower() != "http":
        return None
    end = signature_expiry(value, forms)
    if end is None or (time.time() if now is None else now) <= end:
        return None
    return iso_time(end)


def has_non_ascii_url(value: str | ImageInfo) -> bool:
    """Return whether it is a URL, not a data URI, with characters beyond ASCII."""
    return isinstance(value, str) and not value.isascii() and value[:5].lower() != "data:"


def read_image(value: str | ImageInfo) -> tuple[DataUri | None, ImageInfo | None]:
    """Return the data URI of an image, None if it is not one, and the known properties of the image."""
    if isinstance(value, ImageInfo):
        return None, value
    uri = parse_data_uri(value)
    return uri, uri.facts if uri else None


def image_info(value: object) -> ImageInfo | None:
    """Return the known properties of a local image or a data URI; None for anything else."""
    if isinstance(value, str):
        uri = parse_data_uri(value)
        return uri.facts if uri else None
    return value if isinstance(value, ImageInfo) else None


def mime_mismatch(uri: DataUri, table: dict[str, str]) -> tuple[str, ...] | None:
    """Return the expected MIME types if a data URI has another; None if its type is right."""
    if uri.facts is None:
        return None
    if uri.mime not in table.values():
        return tuple(table.values())
    expected = table.get(uri.facts.format or "", uri.mime)
    return None if expected == uri.mime else (expected,)


def size_mismatch(value: object, others: object) -> tuple[str, str] | None:
    """Return the sizes of an image and of the first of others if both are known and differ; else None."""
    info = image_info(value)
    other = image_info(others[0]) if isinstance(others, list) and others else None
    if info is None or other is None or not info.is_known or not other.is_known:
        return None
    return None if info[1:3] == other[1:3] else (describe_size(info), describe_size(other))


def percent_sum_mismatch(texts: list[str], expected: str) -> str | None:
    """Return the sum of well-formed percentages if there are any and it is not exactly as expected."""
    from decimal import Decimal  # costs a millisecond to load, and is needed by few bodies

    total = sum((Decimal(text[:-1]) for text in texts), Decimal())
    return str(total) if texts and total != Decimal(expected) else None


def to_scaled_int(number: str, decimals: int) -> int | None:
    """Return a decimal such as `100.00` times 10 to the power of `decimals`; None if that is not whole."""
    integer_part, _, rest = number.partition(".")
    count, remainder = divmod(int(integer_part + rest) * 10**decimals, 10 ** len(rest))
    return None if remainder else count


def is_box(value: list[Any]) -> bool:
    """Return whether it is four whole numbers."""
    return len(value) == 4 and (set(map(type, value)) == {int} or all(map(is_integer, value)))


def corners_out_of_order(box: list[Any]) -> bool:
    """Return whether a box of whole numbers has its corners in the wrong order."""
    return is_box(box) and not (box[0] < box[2] and box[1] < box[3])


def box_outside_image(box: list[Any], images: object, index: int) -> tuple[list[Any], str] | None:
    """Return the box and its image's size if an ordered box leaves an image of known size; else None."""
    if not isinstance(images, list) or index >= len(images):
        return None
    facts = image_info(images[index])
    if facts is None or facts.width is None or facts.height is None:
        return None
    if not is_box(box) or corners_out_of_order(box) or box[0] < 0 or box[1] < 0:
        return None
    return None if box[2] <= facts.width and box[3] <= facts.height else (box, describe_size(facts))


def report_unknown_members(
    violations: list[Violation],
    value: dict[str, Any],
    names: tuple[str, ...],
    known: frozenset[str],
    path: str,
    rule: str | None,
    elsewhere: Elsewhere,
) -> None:
    """Add a violation for each member that is not among `names`.

    Args:
        violations: The violations so far.
        value: The object.
        names: The members that it may have.
        known: The same names, as a set.
        path: JSON Pointer to the object.
        rule: The rule on unknown members; None if there is none.
        elsewhere: The names that belong to another place or another model.
    """
    for key in value:
        if key in known:
            continue
        where = f"{path}/{escape_json_pointer(key)}"
        if key in elsewhere:
            other_rule, outcome, limit, by_name = elsewhere[key]
            violations.append(
                fast_violation(Violation, (other_rule, outcome, where, limit, key if by_name else value[key]))
            )
        elif rule is not None:
            violations.append(fast_violation(Violation, (rule, "unspecified", where, names, key)))


def names_given(*fields: tuple[str, Any]) -> tuple[str, ...]:
    """Return the names of those fields, passed with their values, that a body has."""
    return tuple(
        name
        for name, value in fields
        if value is not None and value is not ABSENT and value is not UNDETERMINED
    )


def is_off_step(value: float, step: float) -> bool:
    """Return True for a number that is not a multiple of a step; both are read as their decimal notation."""
    exponent = min(_exponent(value), _exponent(step))
    return _scaled(value, exponent) % _scaled(step, exponent) != 0


def _exponent(value: float) -> int:
    from decimal import Decimal

    return 0 if value == value // 1 else min(int(Decimal(repr(value)).as_tuple().exponent), 0)


def _scaled(value: float, exponent: int) -> int:
    """Return a number in units of ten to a power that is not above its last digit."""
    if value == value // 1:
        return int(value) * int(10**-exponent)
    from decimal import Decimal

    sign, digits, own_exponent = Decimal(repr(value)).as_tuple()
    units = int("".join(map(str, digits))) * int(10 ** (int(own_exponent) - exponent))
    return -units if sign else units
