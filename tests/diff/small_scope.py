"""Random pairs of small specs, and what each of them accepts, found by trying every body of a small scope."""

import re
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from tests.spec import small
from wanlib.base.values import ABSENT
from wanlib.diff.side import Side
from wanlib.spec.interpreter.interpret import interpret
from wanlib.spec.load import load

MODEL = "tea-1-pro"
_NUMBERS = (ABSENT, *range(-1, 9))
_SIZES = (ABSENT, "1K", *(f"{width}*{height}" for width in range(1, 15) for height in range(1, 15)))
_FIELDS = """\
fields:
  prompt: {{type: text, required: true, max_chars: 50, source: page#texts}}
  images: {{type: list, max_count: 3, each: {{type: image, schemes: [http, https, data]}}}}
  size:
    type: size
    default: 1K
    keywords: {{1K: 8*8}}
    min_pixels: {min_pixels}
    max_pixels: {max_pixels}
    min_ratio: {min_ratio}
    max_ratio: {max_ratio}
    when quick_mode: {{max_pixels: {quick_pixels}}}
  n:
    type: integer
    min: {least}
    max: {most}
    default: {default}
    when {condition}: {{max: {other_most}}}
  quick: {{type: boolean, default: {quick}}}
  style: {{type: text, default: green, one_of: [{styles}]}}
"""
_OUTPUT = """\
verbs: {edit: {}, generate: {}}
output:
  format: png
  result: choices
  images_of_a_set: {otherwise: one choice}
  size: {otherwise: {ratio: square, pixels: keyword}}
  multiple_of: 1
  count_of: {otherwise: n}
  count_is: {otherwise: exact}
"""


class Scope(NamedTuple):
    """The results of all bodies of the scope for two sides.

    Attributes:
        old_only: Whether the old side accepts a body that the new one refuses.
        new_only: Whether the new side accepts a body that the old one refuses.
    """

    old_only: bool
    new_only: bool


def random_pair(seed: int, folder: Path) -> tuple[Side, Side]:
    """Return two sides that differ in up to three values."""
    random = Random(seed)
    values = _values(random)
    changed = dict(values)
    for name in random.sample(sorted(values), random.randint(0, 3)):
        changed[name] = _values(random)[name]
    return _side("old", values, folder / f"{seed}-old"), _side("new", changed, folder / f"{seed}-new")


def _values(random: Random) -> dict[str, Any]:
    least, most = random.randint(0, 3), random.randint(3, 7)
    modes = ("quick", "n > 2", "not quick", "quick and n < 5", "quick or n == 4")
    return {
        "mode": random.choice(modes),
        "condition": random.choice(("quick_mode", "not quick_mode")),
        "least": least,
        "most": most,
        "other_most": random.randint(3, 8),
        "default": 3,
        "quick": random.choice(("true", "false")),
        "min_pixels": random.choice(("1*1", "2*3", "4*4")),
        "max_pixels": random.choice(("6*6", "8*8", "7*9")),
        "quick_pixels": random.choice(("5*5", "8*8")),
        "min_ratio": random.choice(("1:2", "1:4", "1:3")),
        "max_ratio": random.choice(("2:1", "4:1", "3:2")),
        "styles": random.choice(("green", "green, black", "black, green", "green, white")),
    }


def _side(label: str, values: Mapping[str, Any], folder: Path) -> Side:
    head = re.split(r"^modes:$", small.FILES[small.FAMILY], maxsplit=1, flags=re.M)[0]
    modes = f"modes:\n  quick_mode: {values['mode']}\n"
    family = f"{head}{modes}{_FIELDS.format(**values)}{_OUTPUT}"
    service = small.FILES[small.SERVICE].replace("field: n, limit: 4,", "field: n,")
    folder.mkdir(parents=True)
    small.write(folder, {**small.FILES, small.FAMILY: family, small.SERVICE: service})
    return Side(label, load(folder))


def explore(old: Side, new: Side) -> Scope:
    """Judge every body of the scope on both sides."""
    old_only = new_only = False
    for body in _bodies():
        accepted = [
            not any(violation.is_refused for violation in interpret(side.spec, body)) for side in (old, new)
        ]
        old_only = old_only or accepted == [True, False]
        new_only = new_only or accepted == [False, True]
        if old_only and new_only:
            break
    return Scope(old_only, new_only)


def _bodies() -> Iterator[dict[str, Any]]:
    combinations = (
        *product(_NUMBERS, (ABSENT, True, False), ("1K",), (ABSENT, "green", "black", "white")),
        *product((ABSENT, 2, 4), (ABSENT, True, False), _SIZES, (ABSENT,)),
    )
    for n, quick, size, style in combinations:
        parameters = {"n": n, "quick": quick, "size": size, "style": style}
        yield {
            "model": MODEL,
            "input": {"messages": [{"role": "user", "content": [{"text": "a"}]}]},
            "parameters": {name: value for name, value in parameters.items() if value is not ABSENT},
        }
