"""Makes calls with the official SDK. Runs by itself in the SDK's own environment: standard library only.

Standard input: a line with the server's address and base path, then a call a line. Standard output: a line
of JSON with the SDK's version, then one a call with what it raised, or null.
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

MESSAGES = {"sync": ImageGeneration, "aio": AioImageGeneration}
PROMPTS = {"sync": ImageSynthesis, "aio": AioImageSynthesis}


def start(told: dict[str, Any]) -> Any:
    """Begins a call -> its answer, a generator or an awaitable."""
    face, body, call = told["face"], told["body"], told["call"]
    if told["verb"] in ("fetch", "cancel", "list"):
        return about_task(PROMPTS[face], told)
    given = dict(body["parameters"])
    if told["verb"] == "poll":
        return PROMPTS[face].call(model=body["model"], **body["input"], **given)
    if "messages" not in body["input"]:
        return PROMPTS[face].async_call(model=body["model"], **body["input"], **given)
    verb = MESSAGES[face].async_call if call == "async" else MESSAGES[face].call
    return verb(model=body["model"], messages=body["input"]["messages"], **given)


def about_task(api: Any, told: dict[str, Any]) -> Any:
    """A call on a task, or on all of them."""
    if told["verb"] == "list":
        return api.list(page_no=1, page_size=told["page_size"])
    return getattr(api, told["verb"])(told["task"])


async def drain(answer: Any) -> None:
    """Awaits an answer and reads a stream to its end."""
    if inspect.iscoroutine(answer):
        answer = await answer
    if hasattr(answer, "__aiter__"):
        async for _ in answer:
            pass
    elif hasattr(answer, "__next__"):
        for _ in answer:
            pass


async def main() -> None:
    """Makes one call after another."""
    where = json.loads(sys.stdin.readline())
    dashscope.api_key = where["key"]
    print(json.dumps(dashscope.version.__version__), flush=True)
    for number, line in enumerate(sys.stdin):
        dashscope.base_http_api_url = f"{where['address']}/{number}{where['base_path']}"
        error = None
        try:
            await drain(start(json.loads(line)))
        except Exception as met:
            error = type(met).__name__
        print(json.dumps(error), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
