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


async def output_of(answer: Any, status: str = "") -> Any:
    """Return the output of a successful response, and check the status of its task if one is given."""
    if inspect.isawaitable(answer):
        answer = await answer
    assert answer.status_code == 200, f"{answer.status_code} {answer.code}: {answer.message}"
    if status:
        assert answer.output["task_status"] == status, answer.output["task_status"]
    return answer.output


async def make_call(api: Any, arguments: dict[str, Any], sides: tuple[int, int]) -> Links:
    return links(await output_of(api.call(**arguments)), sides)


async def run_task(api: Any, arguments: dict[str, Any], sides: tuple[int, int]) -> Links:
    """async_call, fetch, wait."""
    task = (await output_of(api.async_call(**arguments), "PENDING"))["task_id"]
    fetched = await output_of(api.fetch(task))
    assert fetched["task_status"] in ("PENDING", "RUNNING", "SUCCEEDED"), fetched
    return links(await output_of(api.wait(task), "SUCCEEDED"), sides)


async def cancel_task(api: Any, arguments: dict[str, Any], sides: tuple[int, int]) -> Links:
    task = (await output_of(api.async_call(**arguments), "PENDING"))["task_id"]
    await output_of(api.cancel(task))
    await output_of(api.fetch(task), "CANCELED")
    return []


async def list_tasks(api: Any, arguments: dict[str, Any], sides: tuple[int, int]) -> Links:
    """Check that the newest task is the first of the list."""
    task = (await output_of(api.async_call(**arguments), "PENDING"))["task_id"]
    tasks = await output_of(api.list(page_no=1, page_size=1, status="PENDING"))
    assert [row["task_id"] for row in tasks["data"]] == [task], tasks
    return []


async def read_stream(api: Any, arguments: dict[str, Any], sides: tuple[int, int]) -> Links:
    """Read text and pictures of 2.6 from a stream."""
    options = {**arguments, "model": "wan2.6-image", "stream": True, "enable_interleave": True, "n": 1}
    stream = api.call(**options, max_images=2)
    stream = await stream if inspect.isawaitable(stream) else stream
    chunks = [chunk async for chunk in stream] if hasattr(stream, "__aiter__") else [*stream]
    parts = [part for chunk in chunks for part in content(await output_of(chunk))]
    assert any(part.get("text") for part in parts), parts
    return [(part["image"], *sides) for part in parts if part.get("image")]


def content(output: Any) -> list[Any]:
    return [part for choice in output["choices"] for part in choice["message"]["content"]]


def links(output: Any, sides: tuple[int, int]) -> Links:
    """Return the two pictures of a response, in either form."""
    results = output.get("results")
    urls = [row["url"] for row in results] if results else [part["image"] for part in content(output)]
    assert len(urls) == 2, urls
    return [(url, *sides) for url in urls]


SQUARE, ALIKE = (1280, 1280), (800, 600)
GENERATION, SYNTHESIS = 0, 1
# name, emulator, class, function, arguments, expected width and height
CALLS: list[tuple[Any, ...]] = [
    ("2.7 call", "real", GENERATION, make_call, message_arguments(URL), SQUARE),
    ("2.7 call, local files", "real", GENERATION, make_call, message_arguments(FIRST, SECOND), SQUARE),
    ("2.7 async_call, fetch, wait", "real", GENERATION, run_task, message_arguments(URL), SQUARE),
    ("2.7 async_call, local file", "real", GENERATION, run_task, message_arguments(FIRST), SQUARE),
    ("2.7 cancel", "held", GENERATION, cancel_task, message_arguments(URL), SQUARE),
    ("2.7 list", "held", GENERATION, list_tasks, message_arguments(URL), SQUARE),
    ("2.6 call", "real", GENERATION, make_call, message_arguments(URL) | {"model": "wan2.6-image"}, SQUARE),
    ("2.6 stream", "real", GENERATION, read_stream, message_arguments(URL), SQUARE),
    ("2.5 call", "real", SYNTHESIS, make_call, prompt_arguments(URL, URL), SQUARE),
    ("2.5 call, local files", "real", SYNTHESIS, make_call, prompt_arguments(FIRST, SECOND), SQUARE),
    ("2.5 async_call, fetch, wait", "real", SYNTHESIS, run_task, prompt_arguments(URL), SQUARE),
    ("2.5 cancel", "held", SYNTHESIS, cancel_task, prompt_arguments(URL), SQUARE),
    ("2.5 list", "held", SYNTHESIS, list_tasks, prompt_arguments(URL), SQUARE),
    ("2.1 call", "real", SYNTHESIS, make_call, mask_arguments(URL, URL), (1024, 1024)),
    ("2.1 call, local files", "real", SYNTHESIS, make_call, mask_arguments(FIRST, SECOND), ALIKE),
    ("2.1 async_call, fetch, wait", "real", SYNTHESIS, run_task, mask_arguments(URL, URL), (1024, 1024)),
    ("2.1 cancel", "held", SYNTHESIS, cancel_task, mask_arguments(URL, URL), ALIKE),
]


async def main() -> None:
    """Make one call after another."""
    dashscope.api_key = "sk-local"
    print(json.dumps(dashscope.version.__version__), flush=True)
    for face, classes in FACES.items():
        for name, where, which, how, arguments, sides in CALLS:
            dashscope.base_http_api_url = SETTINGS[where]
            found_links: Links = []
            error = None
            try:
                found_links = await how(classes[which], json.loads(json.dumps(arguments)), sides)
            except Exception as exception:
                error = f"{type(exception).__name__}: {exception}"[:300]
            print(json.dumps({"name": f"{face} {name}", "error": error, "links": found_links}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
