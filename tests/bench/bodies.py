"""Request bodies: one without violations, one with twelve mistakes, and a large one."""

import base64
from typing import Any

from tests.support.image_files import picture

MODEL = "wan2.7-image-pro"
_MEGABYTE = 1_048_576


def clean_body() -> dict[str, Any]:
    """Three images, boxes, a palette of three colours, size, n, seed and watermark, without violations."""
    images = [{"image": f"https://example.com/pictures/{name}.png"} for name in ("clock", "vase", "table")]
    return {
        "model": MODEL,
        "input": {
            "messages": [{"role": "user", "content": [*images, {"text": "Put the clock on the table"}]}]
        },
        "parameters": {
            "size": "2K",
            "n": 2,
            "seed": 42,
            "watermark": False,
            "bbox_list": [[[10, 20, 300, 400]], [], [[0, 0, 64, 64], [100, 120, 500, 480]]],
            "color_palette": [
                {"hex": "#C2D1E6", "ratio": "23.51%"},
                {"hex": "#CDD8E9", "ratio": "26.49%"},
                {"hex": "#B5C8DB", "ratio": "50.00%"},
            ],
        },
    }


def body_with_mistakes() -> dict[str, Any]:
    """`valid()` with twelve mistakes that a schema can express."""
    body = clean_body()
    message, parameters = body["input"]["messages"][0], body["parameters"]
    message["role"] = "assistant"
    message["content"][0]["image"] = "ftp://example.com/pictures/clock.png"
    message["content"][1]["image"] = 7
    parameters |= {"size": "9K", "n": 0, "seed": -1, "watermark": "no", "watermrak": True}
    parameters["bbox_list"] = [[[10, 20, 300]], [], []]
    parameters["color_palette"] = [{"hex": "C2D1E6", "ratio": "23.51%"}, {"hex": "#B5C8DB", "ratio": 26.49}]
    return body


def large_body() -> dict[str, Any]:
    """Nine images of 20 MB as different data URIs."""
    body = clean_body()
    parts = [{"image": _data_uri(seed)} for seed in range(9)]
    body["input"]["messages"][0]["content"] = [*parts, {"text": "Put the clock on the table"}]
    body["parameters"] = {"n": 1}
    return body


def _data_uri(seed: int) -> str:
    """A PNG padded to 20 MB, exactly the limit of the service."""
    head = picture("png", size=(400 + seed, 400))
    whole = head.ljust(20 * _MEGABYTE, b"\xa5")
    return f"data:image/png;base64,{base64.b64encode(whole).decode('ascii')}"
