"""Make calls with the official SDK. Runs in the SDK's own environment: standard library only.

Standard input: a line with the server's address, base path and key, then one call per line. Standard
output: a line of JSON with the SDK's version, then per call the name of the exception that it raised, or
null.
"""

import asyncio
import inspect
import json
import sys
from typing import Any

import dashscope
from dashscope.aigc.image_generation import (
    AioImageGeneration,
    ImageGeneration,
)
from dashscope.aigc.image_synthesis import (
    AioImageSynthesis,
    ImageSynthesis,
)

MESSAGES: dict[str, Any] = {"sync": ImageGeneration, "aio": AioImageGeneration}
PROMPTS: dict[str, Any] = {"sync": ImageSynthesis, "aio": AioImageSynthesis}


def start(payload: dict[str, Any]) -> Any:
    """Begin a call and return its response, a generator or an awaitable."""
    face, body, call = payload["face"], payload["body"], payload["call"]
    if payload["verb"] in ("fetch", "cancel", "list"):
        return about_task(PROMPTS[face], payload)
    parameters = dict(body["parameters"])
    if payload["verb"] == "poll":
        return PROMPTS[face].call(model=body["model"], **body["input"], **parameters)
    if "messages" not in body["input"]:
        return PROMPTS[face].async_call(model=body["model"], **body["input"], **parameters)
    verb = MESSAGES[face].async_call if call == "async" else MESSAGES[face].call
    return verb(model=body["model"], messages=body["input"]["messages"], **parameters)


def about_task(api: Any, payload: dict[str, Any]) -> Any:
    """Make a call about one task, or about all of them."""
    if payload["verb"] == "list":
        return api.list(page_no=1, page_size=payload["page_size"])
    return getattr(api, payload["verb"])(payload["task"])


async def drain(response: Any) -> None:
    """Await a response and read a stream to its end."""
    if inspect.iscoroutine(response):
        response = await response
    if hasattr(response, "__aiter__"):
        async for _ in response:
            pass
    elif hasattr(response, "__next__"):
        for _ in response:
            pass


async def main() -> None:
    """Make one call after another."""
    server = json.loads(sys.stdin.readline())
    dashscope.api_key = server["key"]
    print(json.dumps(dashscope.version.__version__), flush=True)
    for number, line in enumerate(sys.stdin):
        dashscope.base_http_api_url = f"{server['address']}/{number}{server['base_path']}"
        error_name = None
        try:
            await drain(start(json.loads(line)))
        except Exception as error:
            error_name = type(error).__name__
        print(json.dumps(error_name), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
