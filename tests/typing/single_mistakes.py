"""Calls with a single mistake on the classes of models. A line names what each checker must name."""

from pathlib import Path

from wanlib import AsyncWan, Wan


def of_another_model(wan: Wan) -> None:
    wan.wan27_image.edit("a vase", images=[b""], negative_prompt="dusk")  # negative_prompt
    wan.wan26_image.edit("a vase", images=[b""], bbox_list=[[]])  # bbox_list
    wan.wan25_i2i_preview.edit("a vase", images=[b""], size="2K")  # size
    wan.wan27_image.generate("a vase", size="4K")  # size
    wan.wan26_image.generate("a vase", mask=Path("m.png"))  # mask
    wan.wan27_image_pro.submit("a vase", images=[b""], max_images=2)  # max_images


def of_another_verb(wan: Wan) -> None:
    wan.wan25_i2i_preview.generate("a vase")  # generate
    wan.wan27_image.stream("a vase")  # stream
    wan.wan27_image.generate("a vase", images=[b""])  # images
    wan.wan26_image.generate("a vase", enable_interleave=True)  # enable_interleave
    wan.wan25_i2i_preview.edit("a vase", images=[b""], via="sync")  # via
    wan.wan27_image.submit("a vase", via="sync")  # via
    wan.wan26_image.stream("a vase", stream=False)  # stream


def missing(wan: Wan) -> None:
    wan.wan27_image.edit("a vase")  # images
    wan.wanx21_imageedit.edit("a vase", images=[b""])  # function


def options(wan: Wan) -> None:
    wan.wan27_image_pro.generate("a vase", timeout="60")  # timeout
    wan.wan27_image_pro.generate("a vase", max_price=[1])  # max_price
    wan.wan27_image_pro.generate("a vase", retries=3)  # retries
    wan.wan27_image_pro.generate("a vase", extra=["style"])  # extra


def values(wan: Wan) -> None:
    wan.wan27_image_pro.generate("a vase", size="1024*1024")  # size
    wan.wan27_image_pro.generate("a vase", size=[1024, 1024])  # size
    wan.wan27_image_pro.generate("a vase", seed=None)  # seed
    wan.wan26_image.edit("a vase", images=[b""], n="2")  # n
    wan.wanx21_imageedit.edit("a vase", images=[b""], function="paint")  # function
    wan.wan27_image.edit("a vase", images=b"")  # images
    wan.wan27_image.edit("a vase", images=Path("a.png"))  # images


async def awaited(wan: AsyncWan) -> None:
    await wan.wan27_image.generate("a vase", size="4K")  # size
    await wan.wan25_i2i_preview.edit("a vase", images=[b""], bbox_list=[])  # bbox_list
    await wan.wan26_image.submit("a vase", n=None)  # n
