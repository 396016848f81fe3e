"""Images fitted on request: within the limits of the model, never distorted, rotated according to EXIF."""

import base64
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.client.client_fixture import World
from tests.client.response_samples import choices, image, reply
from tests.support.image_files import jpeg, picture, pictures
from wanlib.base.violation import Violation
from wanlib.client.images.fitting import Judge, plan_fit
from wanlib.client.images.image_source import ImageSource, from_memory
from wanlib.errors import InvalidArgumentError, InvalidRequestError
from wanlib.generated.calls import API
from wanlib.validation.image_header import ImageInfo, image_info_from_bytes

MODEL = API.models["wan2.7-image"]
FORMATS = ("jpeg", "png", "bmp", "webp")


def judge(**limits: Any) -> Judge:
    """Return a validator of small limits, so that small images violate them."""
    limits = {"formats": FORMATS, "min_side": 10, "max_side": 100, "max_bytes": 100_000} | limits

    def judge_info(info: ImageInfo) -> list[Violation]:
        width, height = info.width or 0, info.height or 0
        wrong = {"formats": info.format not in limits["formats"]}
        if info.is_known:
            wrong |= {
                "min_side": min(width, height) < limits["min_side"],
                "max_side": max(width, height) > limits["max_side"],
                "max_ratio": width > 8 * height,
                "max_bytes": info.bytes > limits["max_bytes"],
            }
        return [
            Violation(f"wan/images.each.{kind}", "rejected", "/image", limits.get(kind), info.bytes)
            for kind, is_wrong in wrong.items()
            if is_wrong
        ]

    return judge_info


def made(data: bytes, judge_info: Judge) -> tuple[ImageSource, Image.Image]:
    """Return an image that was planned and made, with its pixels."""
    planned = plan_fit(from_memory(data, MODEL.mimes, "images[0]"), judge_info, MODEL)
    assert planned.fit is not None, "it is not changed"
    source = planned.fit.make()
    assert not judge_info(source.info) and (source.info.width, source.info.height) == (
        planned.info.width,
        planned.info.height,
    )
    pixels = Image.open(BytesIO(b"".join(map(bytes, source.chunks(1000)))))
    pixels.load()
    return source, pixels


@pytest.mark.parametrize(
    ("size", "expected"),
    [((400, 200), (100, 50)), ((200, 400), (50, 100)), ((8, 16), (10, 20)), ((5, 5), (10, 10))],
)
def test_sides_are_scaled_alike(size: tuple[int, int], expected: tuple[int, int]) -> None:
    source, pixels = made(picture("png", size=size), judge())
    assert pixels.size == expected and source.info.format == "png"
    assert source.fit is not None and source.fit.change.startswith(
        f"png of {size[0]}*{size[1]} to png of {expected[0]}*{expected[1]}"
    )


@pytest.mark.parametrize("name", ["tiff-RGB", "gif-P", "tiff-I;16B", "tiff-CMYK", "tiff-1"])
def test_formats_are_converted(name: str) -> None:
    source, pixels = made(pictures()[name], judge(max_side=1000))
    assert source.mime == "image/png" and pixels.mode == "RGB"


def test_16_bits_keep_their_brightness() -> None:
    file = BytesIO()
    Image.new("I;16", (20, 20), 32768).save(file, "TIFF")
    assert made(file.getvalue(), judge())[1].getpixel((3, 3)) == (128, 128, 128)


def test_pixels_without_a_known_range_are_refused() -> None:
    fractions, integers = BytesIO(), BytesIO()
    Image.new("F", (20, 20), 0.5).save(fractions, "TIFF")
    Image.new("I", (20, 20), 70_000).save(integers, "TIFF")
    with pytest.raises(InvalidArgumentError, match="without a known range"):
        plan_fit(from_memory(fractions.getvalue(), MODEL.mimes, "images[0]"), judge(), MODEL)
    with pytest.raises(InvalidArgumentError, match="without a known range"):
        made(integers.getvalue(), judge())


def test_a_channel_other_than_transparency_is_not_treated_as_alpha() -> None:
    file = BytesIO()
    Image.new("LAB", (20, 20)).save(file, "TIFF")
    assert made(file.getvalue(), judge())[1].mode == "RGB"


def test_an_image_with_too_many_pixels_is_refused_by_its_header() -> None:
    source = from_memory(jpeg(size=(30_000, 20_000)), MODEL.mimes, "images[0]")
    with pytest.raises(InvalidArgumentError, match="600,000,000 pixels; at most"):
        plan_fit(source, judge(), MODEL)


def test_transparency_is_kept_in_png_and_white_in_jpeg() -> None:
    file = BytesIO()
    Image.new("RGBA", (200, 200), (255, 0, 0, 0)).save(file, "PNG")
    assert made(file.getvalue(), judge())[1].mode == "RGBA"
    _, pixels = made(file.getvalue(), judge(formats=("jpeg",)))
    assert all(value >= 253 for value in pixels.getpixel((5, 5)))  # type: ignore[union-attr]


def test_a_file_that_is_too_large_becomes_a_smaller_one() -> None:
    noise = Image.effect_noise((90, 90), 100).convert("RGB")
    file = BytesIO()
    noise.save(file, "PNG")
    source, pixels = made(file.getvalue(), judge(max_bytes=6000))
    assert source.info.format == "jpeg" and source.size <= 6000 and pixels.size == (90, 90)


def test_a_rotation_is_carried_out_only_where_the_image_is_changed() -> None:
    stored, exif, file = Image.new("RGB", (400, 200), "red"), Image.Exif(), BytesIO()
    stored.paste("blue", (0, 0, 200, 200))
    exif[0x0112] = 6  # shown turned by 90 degrees clockwise: what is left comes to the top
    stored.save(file, "PNG", exif=exif)
    rotated = file.getvalue()
    _, pixels = made(rotated, judge())
    assert pixels.size == (50, 100) and pixels.getexif().get(0x0112, 1) == 1
    assert pixels.getpixel((25, 10)) == (0, 0, 255) and pixels.getpixel((25, 90)) == (255, 0, 0)
    source = from_memory(rotated, MODEL.mimes, "images[0]")
    assert plan_fit(source, judge(max_side=1000), MODEL) is source


@pytest.mark.parametrize("size", [(180, 10), (5, 100)])
def test_no_fit_distorts_an_image(size: tuple[int, int]) -> None:
    source = from_memory(picture("png", size=size), MODEL.mimes, "images[0]")
    assert plan_fit(source, judge(), MODEL) is source


def test_a_field_with_places_in_the_image_keeps_its_size() -> None:
    source = from_memory(picture("png", size=(400, 200)), MODEL.mimes, "images[0]")
    with pytest.raises(InvalidArgumentError, match="boxes contains pixel coordinates"):
        plan_fit(source, judge(), MODEL, "boxes")
    rotated = from_memory(pictures()["jpeg-rotated"], MODEL.mimes, "images[0]")
    with pytest.raises(InvalidArgumentError, match="boxes contains pixel coordinates"):
        plan_fit(rotated, judge(max_side=1000, formats=("png",)), MODEL, "boxes")
    gif = from_memory(pictures()["gif-P"], MODEL.mimes, "images[0]")
    assert plan_fit(gif, judge(max_side=1000), MODEL, "boxes").fit is not None


def test_a_broken_image_or_an_unreachable_limit_is_an_error() -> None:
    broken = picture("gif", size=(50, 50))[:40]
    planned = plan_fit(from_memory(broken, MODEL.mimes, "images[0]"), judge(), MODEL)
    assert planned.fit is not None
    with pytest.raises(InvalidArgumentError, match=r"images\[0\].*can't be read"):
        planned.fit.make()
    with pytest.raises(InvalidArgumentError, match="can't be read"):
        plan_fit(from_memory(b"no image", MODEL.mimes, "images[0]"), judge(), MODEL)
    source = from_memory(picture("png", size=(400, 200)), MODEL.mimes, "images[0]")
    planned = plan_fit(source, judge(max_bytes=10), MODEL)
    assert planned.fit is not None
    with pytest.raises(InvalidArgumentError, match=r"can't be made to fit.*max_bytes"):
        planned.fit.make()


def test_an_image_that_had_to_become_smaller_than_planned_is_checked_again(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / name for name in ("base.gif", "mask.png")]
    paths[0].write_bytes(picture("gif", size=(700, 700)))
    paths[1].write_bytes(picture("png", size=(700, 700)))
    base, mask = paths
    options = {"images": [base], "mask": mask, "function": "description_edit_with_mask", "n": 1, "fit": True}
    monkeypatch.setattr("wanlib.client.images.fitting._ATTEMPTS", ((0.9, 90),))
    with pytest.raises(InvalidRequestError, match="same_pixels_as"):
        world.do(world.wan.submit("wanx2.1-imageedit", "x", **options))
    assert not world.service.seen


def sent_image(world: World) -> bytes:
    (request,) = [request for request in world.service.seen if request.call == "create"]
    uri: str = request.json()["input"]["messages"][0]["content"][0]["image"]
    return base64.b64decode(uri.partition(",")[2])


def test_a_call_sends_the_changed_image_on_request(world: World, tmp_path: Path) -> None:
    path = tmp_path / "icon.gif"
    path.write_bytes(picture("gif", size=(60, 30)))
    world.service.on("create", reply(choices({"message": {"content": [image("one")]}})))
    arguments: dict[str, Any] = {"images": [path], "n": 1, "via": "sync"}
    with pytest.raises(InvalidRequestError):
        world.do(world.wan.edit(MODEL.name, "x", **arguments))
    with pytest.raises(InvalidArgumentError, match="bbox_list contains pixel coordinates"):
        world.do(world.wan.edit(MODEL.name, "x", **arguments, fit=True, bbox_list=[[[0, 0, 9, 9]]]))
    assert not world.service.seen
    world.do(world.wan.edit(MODEL.name, "x", **arguments, fit=True))
    facts = image_info_from_bytes(sent_image(world))
    assert facts.format == "png" and facts.width and facts.height and facts.width == 2 * facts.height > 60
    prepared = world.wan.prepare(MODEL.name, "x", images=[path], n=1, fit=True)
    assert "image/gif" in str(prepared.body)  # the same digest, whatever Pillow makes of it
    with pytest.raises(InvalidArgumentError, match="fit is 1"):
        world.do(world.wan.edit(MODEL.name, "x", **arguments, fit=1))
