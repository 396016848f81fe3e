"""Small valid bodies for tests of the interpreter, one for each body form, and a way to change them."""

import base64
import copy
from functools import cache
from typing import Any

from tests.support.image_files import picture
from wanlib.spec import interpret, load

EDIT, EDIT_PRO, MIXED, SIMPLE, BRUSH = (
    "wan2.7-image",
    "wan2.7-image-pro",
    "wan2.6-image",
    "wan2.5-i2i-preview",
    "wanx2.1-imageedit",
)
URL = "https://tea.example/cup.png"


def rule_paths(body: Any, call: str | None = None) -> list[tuple[str, str]]:
    """Return the rule and path of each violation, in order."""
    return [(violation.rule, violation.path) for violation in interpret(load(), body, call)]


def rules(body: Any, call: str | None = None) -> list[str]:
    """Return the rule of each violation, in order."""
    return [rule for rule, _ in rule_paths(body, call)]


def messages(model: str, *content: Any, **parameters: Any) -> dict[str, Any]:
    """Return a body of the messages form; strings in the content are images."""
    parts = [{"image": part} if isinstance(part, str) else part for part in content]
    parts = parts if any("text" in part for part in parts) else [*parts, {"text": "A cup of tea."}]
    return {
        "model": model,
        "input": {"messages": [{"role": "user", "content": parts}]},
        "parameters": parameters,
    }


def prompted(**parameters: Any) -> dict[str, Any]:
    """Return a body of the prompt form."""
    inputs = {"prompt": "A cup of tea.", "images": [URL]}
    return {"model": SIMPLE, "input": inputs, "parameters": parameters}


def brushed(function: str = "doodle", mask: str | None = None, **parameters: Any) -> dict[str, Any]:
    """Return a body of the function form."""
    inputs = {"function": function, "prompt": "A cup of tea.", "base_image_url": URL}
    return {
        "model": BRUSH,
        "input": inputs | ({"mask_image_url": mask} if mask else {}),
        "parameters": parameters,
    }


def changed(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy of a body with another value at a JSON Pointer; `...` removes the member."""
    copied = copy.deepcopy(body)
    *steps, last = path.removeprefix("/").split("/")
    place: Any = copied
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    key = int(last) if isinstance(place, list) else last
    if value is ...:
        del place[key]
    else:
        place[key] = value
    return copied


@cache
def data_uri(width: int, height: int, format: str = "png", mime: str = "") -> str:
    """Return a picture of one colour as a data URI; `mime` replaces its MIME name."""
    raw = picture(format, "L", (width, height))
    return f"data:{mime or f'image/{format}'};base64,{base64.b64encode(raw).decode()}"


BOX = [[0, 0, 9, 9]]
PALETTE = [{"hex": "#C2D1E6", "ratio": "25.00%"} for _ in range(4)]
BODIES = [
    messages(
        EDIT, data_uri(240, 240), URL, size="2K", n=4, bbox_list=[BOX, []], color_palette=PALETTE, seed=1
    ),
    messages(EDIT, enable_sequential=True, n=12, watermark=False),
    messages(MIXED, URL, n=1, negative_prompt="No leaves.", prompt_extend=True),
    messages(MIXED, enable_interleave=True, stream=True, max_images=2),
    prompted(size="1280*1280", n=1, prompt_extend=False),
    brushed("description_edit_with_mask", mask=data_uri(512, 512), n=1),
    brushed("expand", top_scale=1.5, left_scale=2),
]
