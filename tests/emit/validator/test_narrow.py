"""Bodies that differ from a clean one in one small thing: both paths of the validators, against the walk.

Each is judged alone, which the fast path handles where it can, and together with a mistake elsewhere,
which sends it down the telling path.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from wanlib import check
from wanlib.spec import interpret, load

SPEC = load()
ODD: tuple[Any, ...] = (None, True, 1.0, 1.5, "1", [], {}, float("nan"), float("inf"), 10**30)
TEXTS = {
    "ratio": ("25%", "25.0%", "25.000%", "025.00%", "1000.00%", "25.00", "25,00%", "-25.00%", "25.01%"),
    "size": ("2K", "2k", "4K", "1024*1024", "01024*1024", "1024*1024 ", "9999*9999", "8000*100", ""),
    "image": (
        "HTTP://a/b",
        "Https:/a",
        "OSS://a",
        "DATA:,x",
        "data:image/png;base64,",
        "://a",
        "ftp://a",
        "",
    ),
}
BOXES = ([30, 20, 30, 40], [10, 40, 30, 40], [-1, 20, 30, 40], [10, 20, 30], [0, 0, 1, 1, 1])

EDIT: dict[str, Any] = {
    "model": "wan2.7-image-pro",
    "input": {"messages": [{"role": "user", "content": [{"image": "https://a/b.png"}, {"text": "a vase"}]}]},
    "parameters": {
        "size": "2K",
        "n": 2,
        "seed": 5,
        "bbox_list": [[[10, 20, 30, 40]]],
        "color_palette": [
            {"hex": "#C2D1E6", "ratio": "50.00%"},
            {"hex": "#CDD8E9", "ratio": "25.00%"},
            {"hex": "#B5C8DB", "ratio": "25.00%"},
        ],
    },
}
INTERLEAVED: dict[str, Any] = {
    "model": "wan2.6-image",
    "input": {"messages": [{"role": "user", "content": [{"text": "a vase"}]}]},
    "parameters": {"enable_interleave": True, "stream": True, "max_images": 3, "negative_prompt": "blur"},
}
PROMPT: dict[str, Any] = {
    "model": "wan2.5-i2i-preview",
    "input": {"prompt": "a vase", "images": ["https://a/b.png"], "negative_prompt": "blur"},
    "parameters": {"size": "1280*1280", "prompt_extend": False},
}
FUNCTION: dict[str, Any] = {
    "model": "wanx2.1-imageedit",
    "input": {
        "function": "description_edit_with_mask",
        "prompt": "a vase",
        "base_image_url": "https://a/b.png",
        "mask_image_url": "https://a/c.png",
    },
    "parameters": {"n": 1, "watermark": False},
}
Step = str | int


def steps(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """The paths of all values in a body, its model apart."""
    for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if (*path, step) != ("model",):
            yield (*path, step)
            if isinstance(inner, dict | list):
                yield from steps(inner, (*path, step))


def replaced(body: Any, path: tuple[Step, ...], value: Any) -> Any:
    """A body with another value at a path."""
    body = inner = deepcopy(body)
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return body


def instead(path: tuple[Step, ...]) -> tuple[Any, ...]:
    """Other values for a path."""
    last = path[-1]
    image = last in ("image", "base_image_url", "mask_image_url") or path[-2:] == ("images", 0)
    return (*ODD, *TEXTS.get("image" if image else str(last), ()))


def changed(body: dict[str, Any]) -> Iterator[Any]:
    """The body with one value replaced, one member lost, added or renamed."""
    for path in steps(body):
        yield from (replaced(body, path, value) for value in instead(path))
        around = deepcopy(body)
        inner: Any = around
        for step in path[:-1]:
            inner = inner[step]
        value = inner.pop(path[-1])
        yield deepcopy(around)
        if isinstance(inner, dict):
            inner["other"] = value
            yield deepcopy(around)
            inner[path[-1]] = value
            yield around
    if "bbox_list" in body["parameters"]:
        for box in BOXES:
            yield replaced(body, ("parameters", "bbox_list", 0, 0), box)


@pytest.mark.parametrize("call", [None, "sync", "async", "stream"])
@pytest.mark.parametrize("body", [EDIT, INTERLEAVED, PROMPT, FUNCTION], ids=lambda body: str(body["model"]))
def test_all_readings_agree(body: dict[str, Any], call: str | None) -> None:
    for near in changed(body):
        for sent in (near, near | {"stray": 1}):
            violations, expected = check(sent, call=call), interpret(SPEC, sent, call)
            assert repr(violations) == repr(expected), sent


@pytest.mark.parametrize("body", [EDIT, INTERLEAVED, PROMPT, FUNCTION], ids=lambda body: str(body["model"]))
def test_the_original_bodies_are_valid(body: dict[str, Any]) -> None:
    assert check(body) == []
