"""Make every call of the official SDK. Runs in the environment of the SDK, with the standard library only.

Standard input: a line of JSON with the addresses of two emulators (`real`: time runs; `held`: time stands, so
that tasks stay PENDING), and the folder of `first.png` and `second.png`, each of 800 x 600. Standard output:
a line of JSON with the SDK's version, then one for each call: its name, what went wrong or null, and the
links that it returned, each with the expected width and height.
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

FACES = {"sync": (ImageGeneration, ImageSynthesis), "aio": (AioImageGeneration, AioImageSynthesis)}
URL = "https://example.com/cat.png"
PAIR = {"n": 2, "size": "1280*1280"}
SETTINGS = json.loads(sys.stdin.readline()) if __name__ == "__main__" else {}
FIRST, SECOND = (f"file://{SETTINGS.get('folder')}/{name}.png" for name in ("first", "second"))

Links = list[tuple[str, int, int]]
"""URLs with the expected width and height of their pictures."""


def message_arguments(*images: str) -> dict[str, Any]:
    """Return arguments of ImageGeneration."""
    content = [*({"image": image} for image in images), {"text": "A cat on a table"}]
    return {"model": "wan2.7-image-pro", "messages": [{"role": "user", "content": content}], **PAIR}


def prompt_arguments(*images: str) -> dict[str, Any]:
    """Return arguments of ImageSynthesis for 2.5."""
    return {"model": "wan2.5-i2i-preview", "prompt": "A cat on a table", "images": [*images], **PAIR}


def mask_arguments(image: str, mask: str) -> dict[str, Any]:
    """Return arguments of ImageSynthesis for wanx2.1, with an image and a mask."""
    given = {"model": "wanx2.1-imageedit", "function": "description_edit_with_mask"}
    return {**given, "prompt": "A cat on a table", "n": 2, "base_image_url": image, "mask_image_url": mask}


async def got(answer: Any, status: str = "") -> Any:
    """Return the output of a successful response, and check the status of its task if one is given."""
    if inspect.isawaitable(answer):
        answer = await answer
    assert answer.status_code == 200, f"{answer.status_code} {answer.code}: {answer.message}"
    if status:
        assert answer.output["task_status"] == status, answer.output["task_status"]
    return answer.output


async def called(api: Any, given: dict[str, Any], sides: tuple[int, int]) -> Links:
    return links(await got(api.call(**given)), sides)


async def started(api: Any, given: dict[str, Any], sides: tuple[int, int]) -> Links:
    """async_call, fetch, wait."""
    task = (await got(api.async_call(**given), "PENDING"))["task_id"]
    fetched = await got(api.fetch(task))
    assert fetched["task_status"] in ("PENDING", "RUNNING", "SUCCEEDED"), fetched
    return links(await got(api.wait(task), "SUCCEEDED"), sides)


async def canceled(api: Any, given: dict[str, Any], sides: tuple[int, int]) -> Links:
    task = (await got(api.async_call(**given), "PENDING"))["task_id"]
    await got(api.cancel(task))
    await got(api.fetch(task), "CANCELED")
    return []


async def listed(api: Any, given: dict[str, Any], sides: tuple[int, int]) -> Links:
    """The task that was made last is the first of the list."""
    task = (await got(api.async_call(**given), "PENDING"))["task_id"]
    told = await got(api.list(page_no=1, page_size=1, status="PENDING"))
    assert [each["task_id"] for each in told["data"]] == [task], told
    return []


async def streamed(api: Any, given: dict[str, Any], sides: tuple[int, int]) -> Links:
    """Text and pictures of 2.6, as they come."""
    told = {**given, "model": "wan2.6-image", "stream": True, "enable_interleave": True, "n": 1}
    stream = api.call(**told, max_images=2)
    stream = await stream if inspect.isawaitable(stream) else stream
    chunks = [each async for each in stream] if hasattr(stream, "__aiter__") else [*stream]
    parts = [part for each in chunks for part in content(await got(each))]
    assert any(part.get("text") for part in parts), parts
    return [(part["image"], *sides) for part in parts if part.get("image")]


def content(output: Any) -> list[Any]:
    return [part for choice in output["choices"] for part in choice["message"]["content"]]


def links(output: Any, sides: tuple[int, int]) -> Links:
    """The two pictures of an answer of either form."""
    results = output.get("results")
    found = [each["url"] for each in results] if results else [part["image"] for part in content(output)]
    assert len(found) == 2, found
    return [(url, *sides) for url in found]


SQUARE, ALIKE = (1280, 1280), (800, 600)
GENERATION, SYNTHESIS = 0, 1
# name, which emulator, which class, how, what is given, the sides that are promised
CALLS: list[tuple[Any, ...]] = [
    ("2.7 call", "real", GENERATION, called, message_arguments(URL), SQUARE),
    ("2.7 call, local files", "real", GENERATION, called, message_arguments(FIRST, SECOND), SQUARE),
    ("2.7 async_call, fetch, wait", "real", GENERATION, started, message_arguments(URL), SQUARE),
    ("2.7 async_call, local file", "real", GENERATION, started, message_arguments(FIRST), SQUARE),
    ("2.7 cancel", "held", GENERATION, canceled, message_arguments(URL), SQUARE),
    ("2.7 list", "held", GENERATION, listed, message_arguments(URL), SQUARE),
    ("2.6 call", "real", GENERATION, called, message_arguments(URL) | {"model": "wan2.6-image"}, SQUARE),
    ("2.6 stream", "real", GENERATION, streamed, message_arguments(URL), SQUARE),
    ("2.5 call", "real", SYNTHESIS, called, prompt_arguments(URL, URL), SQUARE),
    ("2.5 call, local files", "real", SYNTHESIS, called, prompt_arguments(FIRST, SECOND), SQUARE),
    ("2.5 async_call, fetch, wait", "real", SYNTHESIS, started, prompt_arguments(URL), SQUARE),
    ("2.5 cancel", "held", SYNTHESIS, canceled, prompt_arguments(URL), SQUARE),
    ("2.5 list", "held", SYNTHESIS, listed, prompt_arguments(URL), SQUARE),
    ("2.1 call", "real", SYNTHESIS, called, mask_arguments(URL, URL), (1024, 1024)),
    ("2.1 call, local files", "real", SYNTHESIS, called, mask_arguments(FIRST, SECOND), ALIKE),
    ("2.1 async_call, fetch, wait", "real", SYNTHESIS, started, mask_arguments(URL, URL), (1024, 1024)),
    ("2.1 cancel", "held", SYNTHESIS, canceled, mask_arguments(URL, URL), ALIKE),
]


async def main() -> None:
    """Makes one call after another."""
    dashscope.api_key = "sk-local"
    print(json.dumps(dashscope.version.__version__), flush=True)
    for face, classes in FACES.items():
        for name, where, which, how, given, sides in CALLS:
            dashscope.base_http_api_url = SETTINGS[where]
            found: Links = []
            error = None
            try:
                found = await how(classes[which], json.loads(json.dumps(given)), sides)
            except Exception as met:
                error = f"{type(met).__name__}: {met}"[:300]
            print(json.dumps({"name": f"{face} {name}", "error": error, "links": found}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
