"""Calls that every type checker must refuse. A comment names the error in mypy's words."""

from pathlib import Path
from typing import Literal

import wanlib
from wanlib import AsyncWan, Output, Wan


def of_another_model(wan: Wan) -> None:
    wan.edit("wan2.7-image", "a vase", images=[b""], negative_prompt="dusk")  # call-overload
    wan.edit("wan2.6-image", "a vase", images=[b""], bbox_list=[[]])  # call-overload
    wan.edit("wan2.5-i2i-preview", "a vase", images=[b""], size="2K")  # call-overload
    wan.generate("wan2.7-image", "a vase", size="4K")  # call-overload
    wan.generate("wan2.6-image", "a vase", mask=Path("m.png"))  # call-overload
    wan.submit("wan2.7-image-pro", "a vase", images=[b""], size="4K")  # call-overload


def in_another_mode(wan: Wan, flag: bool) -> None:
    wan.generate("wan2.7-image-pro", "a vase", size="4K", enable_sequential=True)  # call-overload
    wan.generate("wan2.7-image-pro", "a vase", size="4K", enable_sequential=flag)  # call-overload
    wan.edit("wan2.6-image", "a vase", images=[b""], size="2K", enable_interleave=True)  # call-overload
    wan.edit("wan2.6-image", "a vase", images=[b""], enable_interleave=True, via="sync")  # call-overload
    wan.edit("wanx2.1-imageedit", "", images=[b""], function="description_edit_with_mask")  # call-overload
    wan.edit("wanx2.1-imageedit", "a vase", images=[b""])  # call-overload
    wan.edit("wanx2.1-imageedit", "a vase", images=[b""], function="paint")  # call-overload


def of_another_verb(wan: Wan) -> None:
    wan.generate("wan2.5-i2i-preview", "a vase")  # call-overload
    wan.generate("wanx2.1-imageedit", "a vase", function="expand")  # call-overload
    wan.generate("wan2.7-image", "a vase", images=[b""])  # call-overload
    wan.generate("wan2.6-image", "a vase", enable_interleave=True)  # call-overload
    wan.edit("wan2.7-image", "a vase")  # call-overload
    wan.edit("wan2.5-i2i-preview", "a vase", images=[b""], via="sync")  # call-overload
    wan.submit("wan2.5-i2i-preview", "a vase")  # call-overload
    wan.submit("wan2.7-image", "a vase", via="sync")  # call-overload
    wan.stream("wan2.7-image", "a vase")  # call-overload
    wan.stream("wan2.6-image", "a vase", stream=False)  # call-overload
    wan.stream("wan2.6-image", "a vase", via="sync")  # call-overload
    wan.prepare("wan2.7-image", "a vase", via="stream")  # call-overload


def models(wan: Wan, name: str, model: Literal["wan2.7-image", "wan2.5-i2i-preview"]) -> None:
    wan.generate("wan2.8-image", "a vase")  # call-overload
    wan.generate(name, "a vase")  # call-overload
    wan.edit(wanlib.model(name), "a vase")  # call-overload
    wan.generate(model, "a vase")  # arg-type
    wanlib.model(27)  # arg-type


def options(wan: Wan) -> None:
    wan.generate("wan2.7-image", "a vase", timeout="60")  # call-overload
    wan.generate("wan2.7-image", "a vase", max_price=[1])  # call-overload
    wan.generate("wan2.7-image", "a vase", on_status=print("status"))  # call-overload
    wan.generate("wan2.7-image", "a vase", retries=3)  # call-overload
    wan.generate("wan2.7-image", "a vase", extra=["style"])  # call-overload
    wan.generate("wan2.7-image", "a vase", allow=1)  # call-overload
    wan.submit("wan2.7-image", "a vase", on_status=lambda task, status: None)  # call-overload


def values(wan: Wan) -> None:
    wan.generate("wan2.7-image", "a vase", size="1024*1024")  # call-overload
    wan.generate("wan2.7-image", "a vase", size=[1024, 1024])  # call-overload
    wan.generate("wan2.7-image", "a vase", seed=None)  # call-overload
    wan.generate("wan2.7-image", ["a vase"])  # call-overload
    wan.edit("wan2.7-image", "a vase", images=Path("a.png"))  # call-overload
    wan.edit("wan2.7-image", "a vase", images=b"")  # call-overload
    wan.edit("wan2.7-image", "a vase", images=[None])  # call-overload
    wan.edit("wan2.7-image", "a vase", [b""])  # call-overload
    wan.generate("wan2.7-image", "a vase", color_palette=[{"hex": "#C2D1E6"}])  # call-overload
    wan.generate("wan2.7-image", "a vase", color_palette=[{"hex": "#C2D1E6", "ratio": 1.0}])  # call-overload


async def awaited(wan: AsyncWan) -> Output:
    await wan.generate("wan2.7-image", "a vase", size="4K")  # call-overload
    await wan.generate("wan2.5-i2i-preview", "a vase")  # call-overload
    await wan.edit("wan2.5-i2i-preview", "a vase", images=[b""], bbox_list=[])  # call-overload
    await wan.submit("wanx2.1-imageedit", "a vase", images=[b""])  # call-overload
    await wan.stream("wan2.7-image", "a vase")  # call-overload
    await wan.prepare("wan2.7-image", "a vase")  # misc
    wan.generate("wan2.7-image", "a vase").save("out")  # attr-defined
    return await wan.generate("wan2.7-image", "a vase")  # return-value
