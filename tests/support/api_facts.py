"""Numbers of the API, read from the spec: a test that needs one does not repeat it."""

from decimal import Decimal
from math import isqrt
from typing import Any

from wanlib.generated.calls import API
from wanlib.spec import load
from wanlib.spec.source.annotated import parse_duration

SPEC = load()


def limit_of(rule: str) -> Any:
    """Return the limit of a rule, such as `wan2.7/n.max:sequential`."""
    return SPEC.rules[rule].limit


def default_of(field: str, mode: str = "") -> Any:
    """Return the default of a field such as `wan2.7/n`, in a mode if one is given."""
    return SPEC.facts[f"{field}.default{mode and f':{mode}'}"].value


def price_of(model: str, pictures: int = 1, region: str = API.default_region) -> Decimal:
    """Return the price of some pictures in a region."""
    return Decimal(API.models[model].prices[region]) * pictures


def seconds(text: str) -> float:
    """Return a duration of the spec such as `24 h` in seconds."""
    return parse_duration(text)


KEPT_FOR = API.life.expires_after
"""Seconds from the submission of a task until its status is UNKNOWN."""
LINKS_LIVE = API.life.links_expire_after
"""Seconds from the end of a task until its links are dead."""


def square_of(rule: str, keyword: str) -> tuple[int, int]:
    """Return width and height of the square that a keyword such as `1K` names."""
    side = isqrt(limit_of(rule)[keyword])
    return side, side


def fitted(pixels: int, ratio: tuple[int, int], multiple: int = 1) -> tuple[int, int]:
    """Return the largest size of a ratio with at most this many pixels, rounded to the nearest multiples.

    The arithmetic of the vendor's pages, written down a second time.
    """
    scale = (pixels / (ratio[0] * ratio[1])) ** 0.5
    width, height = (int(side * scale + 1e-9) for side in ratio)
    return (width + multiple // 2) // multiple * multiple, (height + multiple // 2) // multiple * multiple
