"""Calls that every type checker must accept, and types that it must infer."""

import datetime
import io
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, assert_type

from PIL import Image

import wanlib
from wanlib import AsyncOutput, AsyncTask, AsyncWan, Output, Picture, Task, Wan
from wanlib.base.clock import ManualClock, RealClock
from wanlib.client.call.prepared import Prepared
from wanlib.client.streams import Stream
from wanlib.client.streams_async import AsyncStream
from wanlib.errors import InvalidRequestError, RateLimitError, TaskError
from wanlib.generated.parameters import ModelName


def images() -> Sequence[Any]:
    with Wan("key", region="singapore", budget=Decimal("1.50")) as wan:
        folder = Path("out")
        wan.edit("wan2.7-image", "a vase", images=[Path("a.png"), b"...", "https://example.com/a.png"])
        wan.edit("wan2.7-image", "a vase", images=(io.BytesIO(), Image.new("RGB", (240, 240))))
        wan.edit("wan2.7-image", "a vase", images=list(folder.iterdir()))
        wan.edit("wanx2.1-imageedit", "a vase", images=[folder], function="colorization")
        with Path("a.png").open("rb") as file:
            wan.edit("wan2.5-i2i-preview", "a vase", images=[file, memoryview(b""), bytearray()])
        return wan.edit("wan2.7-image", "a vase", images=[folder]).images


def parameters(wan: Wan, flag: bool, size: Literal["1K", "2K"], width: int) -> None:
    wan.generate("wan2.7-image-pro", "a vase", size="4K", n=1)
    wan.generate("wan2.7-image-pro", "a vase", size="4K", enable_sequential=False)
    wan.generate("wan2.7-image-pro", "a vase", size=size, enable_sequential=flag, n=12)
    wan.generate("wan2.7-image", "a vase", size=(width, 768), via="sync", seed=7)
    wan.generate(
        "wan2.7-image",
        "a vase",
        color_palette=[{"hex": "#C2D1E6", "ratio": "60.00%"}, {"hex": "#000000", "ratio": "40.00%"}],
    )
    wan.edit("wan2.7-image", "a vase", images=[b""], bbox_list=[[[0, 0, 10, 10]], []])
    wan.edit("wan2.6-image", "a vase", images=[b""], size="2K", prompt_extend=flag, via="sync")
    wan.edit("wan2.6-image", "a vase", images=[b""], enable_interleave=True, size=(1280, 1280), max_images=2)
    wan.edit("wan2.5-i2i-preview", "a vase", images=[b""], negative_prompt="", watermark=False)
    wan.edit(
        "wanx2.1-imageedit", "a", images=[b""], function="description_edit_with_mask", mask=Path("m.png")
    )
    wan.edit("wanx2.1-imageedit", "a", images=[b""], function="expand", top_scale=1.5, left_scale=2)


def options(wan: Wan) -> None:
    wan.generate(
        "wan2.6-image",
        "a vase",
        max_price="0.20",
        timeout=60,
        max_retries=0,
        on_status=lambda task, status: None,
    )
    wan.generate("wan2.6-image", "a vase", extra={"style": 3}, allow=["wan2.6/n.max"], upload=True)
    wan.submit("wan2.7-image-pro", "a vase", extra={"style": [1]}, size="4K")
    wan.submit("wan2.6-image", "a vase", max_images=2)
    wan.submit("wan2.6-image", "a vase", images=[b""], size="1K")
    wan.prepare("wan2.6-image", "a vase", via="stream", max_images=2)
    wan.prepare("wan2.7-image", "a vase", images=[b""], via="sync")


def models(wan: Wan, name: str) -> Output | None:
    model = wanlib.model(name)
    assert_type(model, ModelName)
    assert_type(wan.generate(model, "a vase", n=1, size="2K", via="sync"), Output)
    assert_type(wan.edit(model, "a vase", images=[b""], function="doodle", is_sketch=True), Output)
    assert_type(wan.stream(model, "a vase", images=[b""], max_images=2), Stream)
    assert_type(wan.submit(model, "a vase", n=1), Task)
    assert_type(wan.submit(model, "a vase", images=[b""], mask=b""), Task)
    assert_type(wan.prepare(model, "a vase", images=[b""], via="stream"), Prepared)
    return wan.edit(model, "a vase", images=[b""], n=2, negative_prompt="dusk")


async def models_on_a_loop(wan: AsyncWan, name: str) -> None:
    model = wanlib.model(name)
    assert_type(await wan.generate(model, "a vase", n=1), AsyncOutput)
    assert_type(await wan.edit(model, "a vase", images=[b""], n=1), AsyncOutput)
    assert_type(await wan.stream(model, "a vase", max_images=2), AsyncStream)
    assert_type(await wan.submit(model, "a vase", n=1), AsyncTask)
    assert_type(wan.prepare(model, "a vase", n=1), Prepared)


def the_model_of_a_variable(wan: Wan, model: Literal["wan2.7-image", "wan2.7-image-pro"]) -> Output:
    return wan.generate(model, "a vase", n=1, size="2K")


async def pictures(output: Output, on_a_loop: AsyncOutput) -> None:
    assert_type(len(output), int)
    assert_type(output[0], Picture)
    assert_type(output[1:], tuple[Picture, ...])
    assert_type(output[0].read(), bytes)
    assert_type([picture.read() for picture in output], list[bytes])
    assert_type(await on_a_loop[0].aread(), bytes)


def limits_of_a_client() -> None:
    Wan("key", timeout=60, max_retries=0, clock=ManualClock())
    AsyncWan("key", timeout=60.0, max_retries=2, clock=RealClock())


def results(wan: Wan) -> None:
    output = wan.edit("wan2.7-image", "a vase", images=[b""])
    assert_type(output, Output)
    assert_type(output.images[0], Picture)
    assert_type(output.save("out"), list[Path])
    task = wan.submit("wan2.7-image", "a vase")
    assert_type(task, Task)
    assert_type(task.wait(timeout=60), Output)
    assert_type(wan.task(task.id), Task)
    assert_type(wan.prepare("wan2.7-image", "a vase"), Prepared)
    for listed in wan.tasks(start=datetime.datetime.now(datetime.UTC), status="SUCCEEDED"):
        wan.cancel(listed.task_id)
    with wan.stream("wan2.6-image", "a vase", images=[b""]) as stream:
        for part in stream:
            print(part)
        assert_type(stream.result, Output)


def errors(wan: Wan) -> None:
    try:
        wan.generate("wan2.7-image", "a vase")
    except InvalidRequestError as error:
        assert_type(error.violations, tuple[wanlib.Violation, ...])
    except RateLimitError as error:
        assert_type(error.retry_after, float | None)
    except TaskError as error:
        assert_type(error.task_id, str | None)


async def awaited() -> None:
    async with AsyncWan() as wan:
        output = await wan.generate("wan2.7-image-pro", "a vase", size="4K", via="sync")
        assert_type(output, AsyncOutput)
        assert_type(await output.save("out"), list[Path])
        assert_type(await wan.edit("wan2.5-i2i-preview", "a vase", images=[b""], n=1), AsyncOutput)
        task = await wan.submit("wan2.6-image", "a vase", images=[Path("a.png")], size="2K")
        assert_type(task, AsyncTask)
        assert_type(await task.wait(), AsyncOutput)
        assert_type(wan.prepare("wan2.7-image", "a vase"), Prepared)
        async with await wan.stream("wan2.6-image", "a vase") as stream:
            async for part in stream:
                print(part)
