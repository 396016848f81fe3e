"""Answers for the tests: bodies of every documented shape with values of our own."""

import json
from typing import Any

from tests.support.fake_clock import MAY_2026
from wanlib.client.http.messages import Response
from wanlib.generated.calls import API

PRO = API.models["wan2.7-image-pro"]
MIXED = API.models["wan2.6-image"]
OLD = API.models["wan2.5-i2i-preview"]
KEY = "Signature=c2VjcmV0"  # the secret of every link here
TASK = "0f3b2a1c-1111-4222-8333-444455556666"


def reply(body: Any, status: int = 200, **headers: str) -> Response:
    """A reply of this JSON, or of these bytes; `retry_after` stands for the header `retry-after`."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def link(name: str) -> str:
    return f"https://pictures.example.com/{name}.png?Expires=1790000000&{KEY}"


def refusal(code: str, message: str = "Something is off.", status: int = 400, **headers: str) -> Response:
    return reply({"code": code, "message": message, "request_id": "req-1"}, status, **headers)


def choice(*content: dict[str, Any], reason: str = "stop") -> dict[str, Any]:
    return {"finish_reason": reason, "message": {"role": "assistant", "content": list(content)}}


def image(name: str) -> dict[str, Any]:
    return {"type": "image", "image": link(name)}


def words(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def choices(*given: dict[str, Any], **output: Any) -> dict[str, Any]:
    """A result of the form `choices`."""
    usage = {"image_count": 2, "size": "1280*1280", "input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
    return {
        "request_id": "req-2",
        "output": {"choices": list(given), "finished": True} | output,
        "usage": usage,
    }


def results(*entries: dict[str, Any], **output: Any) -> dict[str, Any]:
    """A result of the form `results`, of a task."""
    described = {"task_id": TASK, "task_status": "SUCCEEDED", "results": list(entries)}
    return {"request_id": "req-3", "output": described | output, "usage": {"image_count": len(entries)}}


def task(status: str, **output: Any) -> dict[str, Any]:
    return {"request_id": "req-4", "output": {"task_id": TASK, "task_status": status} | output}


TIMES = {
    "submit_time": "2026-05-04 08:00:00.250",
    "scheduled_time": "2026-05-04 08:00:01.000",
    "end_time": "2026-05-04 08:01:00.500",
}
START = MAY_2026
