"""Call the client of the official SDK's `dashscope.v2` in every way that concerns images.

It runs by itself in the SDK's own environment, with the standard input and output of `calls.py`; for an SDK
without this client it prints nothing.
"""

import asyncio
import inspect
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

URL = "https://example.com/cat.png"
PROMPT = "A cat on a table"
PAIR = {"n": 2, "size": "1280*1280"}
SQUARE = (1280, 1280)
WAIT = {"poll_interval": 0.2, "max_interval": 0.5, "timeout": 60}
Links = list[tuple[str, int, int]]
"""Each with the sides that its picture should have."""


async def result(value: Any) -> Any:
    """Return what a call of either face returns."""
    return await value if inspect.isawaitable(value) else value


def links(job: Any) -> Links:
    """Return the two pictures of a job that has succeeded."""
    assert job.succeeded, job.status
    assert len(job.image_urls) == 2, job.image_urls
    return [(url, *SQUARE) for url in job.image_urls]


async def generate(images: Any, arguments: dict[str, Any]) -> Links:
    return links(await result(images.generate(**arguments, **WAIT)))


async def jobs(images: Any, arguments: dict[str, Any]) -> Links:
    """create, fetch, wait."""
    job = await result(images.jobs.create(**arguments))
    assert job.task_id and job.status == "PENDING", job
    fetched = await result(images.jobs.fetch(job.task_id))
    assert fetched.status in ("PENDING", "RUNNING", "SUCCEEDED"), fetched.status
    return links(await result(images.jobs.wait(job, **WAIT)))


async def cancel(images: Any, arguments: dict[str, Any]) -> Links:
    job = await result(images.jobs.create(**arguments))
    await result(images.jobs.cancel(job.task_id))
    canceled = await result(images.jobs.fetch(job.task_id))
    assert canceled.status == "CANCELED", canceled.status
    return []


async def listed(images: Any, arguments: dict[str, Any]) -> Links:
    """The task that was made last is the first of the list."""
    job = await result(images.jobs.create(**arguments))
    page = await result(images.jobs.list(page_no=1, page_size=1, status="PENDING"))
    assert [task.task_id for task in page.tasks] == [job.task_id], f"{page.total} tasks, read {page.tasks}"
    return []


def edited(*images: str) -> dict[str, Any]:
    return {"model": "wan2.6-image", "prompt": PROMPT, "image_urls": [*images], **PAIR}


MASKED = {"base_image_url": URL, "mask_image_url": URL}
Way = Callable[[Any, dict[str, Any]], Awaitable[Links]]
# name, which emulator, how, the arguments
CALLS: list[tuple[str, str, Way, dict[str, Any]]] = [
    ("2.6 generate", "real", generate, edited(URL)),
    ("2.6 generate, local files", "real", generate, edited("{folder}/first.png", "{folder}/second.png")),
    ("2.6 create, fetch, wait", "real", jobs, edited(URL)),
    ("2.6 create, local file", "real", jobs, edited("{folder}/first.png")),
    ("2.6 cancel", "held", cancel, edited(URL)),
    ("2.6 list", "held", listed, edited(URL)),
    (
        "2.7 generate",
        "real",
        generate,
        {"model": "wan2.7-image-pro", "prompt": PROMPT, "image_urls": [URL], **PAIR},
    ),
    (
        "2.5 generate",
        "real",
        generate,
        {"model": "wan2.5-i2i-preview", "prompt": PROMPT, "extra_input": {"images": [URL]}, **PAIR},
    ),
    (
        "2.1 generate",
        "real",
        generate,
        {
            "model": "wanx2.1-imageedit",
            "prompt": PROMPT,
            "function": "description_edit_with_mask",
            "extra_input": MASKED,
            "n": 2,
        },
    ),
]


async def main() -> None:
    """Make one call after another."""
    addresses = json.loads(sys.stdin.readline())
    try:
        from dashscope import AsyncClient, Client
    except ImportError:
        return
    for face, kind in (("v2", Client), ("v2 aio", AsyncClient)):
        for name, where, way, arguments in CALLS:
            client = kind(api_key="sk-local", base_url=addresses[where])
            found_links: Links = []
            error = None
            text = json.dumps(arguments).replace("{folder}", f"file://{addresses['folder']}")
            try:
                found_links = await way(client.images, json.loads(text))
            except Exception as raised:
                error = f"{type(raised).__name__}: {raised}"[:300]
            finally:
                await result(client.close() if hasattr(client, "close") else client.aclose())
            print(json.dumps({"name": f"{face} {name}", "error": error, "links": found_links}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
