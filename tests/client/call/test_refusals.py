"""Inputs that the SDK sends unchecked, or fails on internally: refused before sending."""

import base64
import io
from pathlib import Path
from typing import Any

import pytest

from tests.client.client_fixture import World
from tests.client.service import CREATED, DONE, MIXED, OLD, PHOTO, PRO
from tests.support.api_facts import limit_of
from tests.support.image_files import picture
from wanlib import check
from wanlib.errors import IgnoredParameterWarning, InvalidArgumentError, InvalidRequestError

PNG = picture("png", size=(300, 300))
TINY = picture("png", size=(10, 10))
EDIT = {"images": [PHOTO], "n": 1}
BAD_BASE64 = "data:image/png;base64,@@@@"
PDF = "data:application/pdf;base64," + base64.b64encode(b"%PDF-1.7").decode()


def too_many(rule: str) -> dict[str, Any]:
    """Return arguments with one image more than a rule allows."""
    return {"images": [PHOTO] * (limit_of(rule) + 1)}


REFUSED: dict[str, tuple[str, Any, dict[str, Any], str]] = {
    "n=99": (PRO, "p", {"n": 99}, "wan2.7/n"),
    "n=-1": (PRO, "p", {"n": -1}, "wan2.7/n"),
    "n='lots'": (PRO, "p", {"n": "lots"}, "wan2.7/n"),
    "seed=-5": (PRO, "p", {"seed": -5}, "wan2.7/seed"),
    "watermrak": (PRO, "p", {"watermrak": True}, "wan2.7/unknown"),
    "is_async": (PRO, "p", {"is_async": True}, "wan2.7/unknown"),
    "size 9000*1": (PRO, "p", {"size": "9000*1"}, "wan2.7/size"),
    "4K for an edit": (PRO, "p", {"size": "4K"}, "wan2.7/size"),
    "an image too many (2.7)": (PRO, "p", too_many("wan2.7/images.max_count"), "wan2.7/images.max_count"),
    "an image too many (2.6)": (
        MIXED,
        "p",
        too_many("wan2.6/images.max_count:not-interleave"),
        "wan2.6/images.max_count",
    ),
    "an image too many (2.5)": (OLD, "p", too_many("wan2.5/images.max_count"), "wan2.5/images.max_count"),
    "0 images (2.5)": (OLD, "p", {"images": []}, "wan2.5/images"),
    "0 images (2.6)": (MIXED, "p", {"images": []}, "wan2.6/images"),
    "a 10x10 image": (PRO, "p", {"images": [TINY]}, "wan2.7/images"),
    "bad base64": (PRO, "p", {"images": [BAD_BASE64]}, "wan2.7/images"),
    "a PDF": (PRO, "p", {"images": [PDF]}, "wan2.7/images"),
    "text bytes": (PRO, "p", {"images": [b"just some text"]}, "wan2.7/images"),
    "a prompt too long": (
        PRO,
        "p" * (limit_of("wan2.7/prompt.max_chars") + 1),
        {},
        "wan2.7/prompt.max_chars",
    ),
    "a prompt that is a list": (PRO, ["p"], {}, "wan2.7/prompt"),
    "an unknown model": ("wan2.8", "p", {}, "wire/model"),
}
UNREADABLE: dict[str, Any] = {
    "None as image": [None],
    "a number": [7],
    "a path as text": ["/tmp/photo.png"],
    "a name as text": ["photo.png"],
    "ftp": ["ftp://host/photo.png"],
    "a missing file": ["file:///no/such/photo.png"],
    "a missing Path": [Path("/no/such/photo.png")],
    "a folder": [Path("/")],
    "one string for the list": PHOTO,
    "bytes for the list": PNG,
    "a generator for the list": (each for each in [PHOTO]),
    "None for the list": None,
    "an empty string": [""],
    "text in a file object": [io.StringIO("text")],
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_broken_rule_is_named_and_nothing_is_sent(world: World, name: str) -> None:
    model, prompt, given, rule = REFUSED[name]
    with pytest.raises(InvalidRequestError) as caught:
        world.do(world.wan.edit(model, prompt, **{**EDIT, **given}))
    assert any(each.rule.startswith(rule) for each in caught.value.violations), str(caught.value)
    assert (world.service.seen, world.wan.spent) == ([], 0)


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_value_that_is_not_an_image_is_named_and_nothing_is_sent(world: World, name: str) -> None:
    """Rows `Path object, bytes, None as image` and `missing file`; a string was sent as 29 images."""
    with pytest.raises(InvalidArgumentError, match="images") as caught:
        world.do(world.wan.edit(PRO, "p", images=UNREADABLE[name], n=1))
    assert any(hint in str(caught.value) for hint in ("allowed", "can't be read", "pathlib.Path(...)"))
    assert world.service.seen == []


def test_a_text_file_as_image_is_refused(world: World, tmp_path: Path) -> None:
    """Row `a .txt file as image`: the SDK uploads it."""
    file = tmp_path / "notes.txt"
    file.write_text("my notes")
    for image in (file, file.as_uri()):
        with pytest.raises(InvalidRequestError):
            world.do(world.client(upload=True).edit(PRO, "p", images=[image], n=1))
    assert world.service.seen == []


@pytest.mark.parametrize(
    "option",
    [
        {"timeout": 0}, {"timeout": "2"}, {"timeout": True}, {"timeout": float("nan")}, {"via": "fax"},
        {"upload": "yes"}, {"on_status": 3}, {"allow": "wan2.7/n.range"}, {"extra": [1]}, {"extra": {"n": 2}},
        {"max_price": "lots"}, {"max_price": -1},
    ],
    ids=str,
)  # fmt: skip
def test_an_option_is_an_option_and_is_judged(world: World, option: dict[str, Any]) -> None:
    """Row `timeout=2`: silent, becomes a parameter."""
    with pytest.raises(InvalidArgumentError):
        world.do(world.wan.edit(PRO, "p", **EDIT, **option))
    assert world.service.seen == []


def test_every_option_stays_out_of_the_body(world: World) -> None:
    world.service.on("create", CREATED)
    world.service.on("query", DONE)
    options: dict[str, Any] = {
        "timeout": 60,
        "upload": False,
        "on_status": print,
        "max_price": 5,
        "allow": [],
    }
    world.do(world.wan.edit(PRO, "p", **EDIT, **options, extra={"newer": 1}))
    body = world.service.of("create")[0].json()
    assert body == {
        "model": PRO,
        "input": {"messages": [{"role": "user", "content": [{"image": PHOTO}, {"text": "p"}]}]},
        "parameters": {"n": 1, "newer": 1},
    }


@pytest.mark.parametrize("model", [PRO, MIXED, OLD])
def test_each_model_has_its_own_endpoint_and_keeps_its_images(world: World, model: str) -> None:
    """Study 2.3, 2.4: the wrong endpoint, images dropped or put behind the text."""
    world.service.on("create", CREATED)
    images = [f"https://photos.example.com/{index}.jpg" for index in range(3)]
    world.do(world.wan.submit(model, "p", images=images, n=1))
    (seen,) = world.service.seen
    path = "image2image/image-synthesis" if model == OLD else "image-generation/generation"
    assert seen.url.endswith(f"/services/aigc/{path}")
    sent = seen.json()["input"]
    content = sent["messages"][0]["content"] if model != OLD else []
    assert ([each["image"] for each in content[:3]] or sent["images"]) == images
    assert "is_async" not in seen.json()["parameters"]


def test_a_task_is_submitted_for_any_value_of_stream(world: World) -> None:
    """Row `async_call(stream=True)`: returns an un-started generator and sends nothing."""
    world.service.on("create", CREATED)
    assert world.do(world.wan.submit(MIXED, "p", images=[PHOTO], n=1, stream=True)).id
    assert "x-dashscope-sse" not in world.service.seen[0].headers


def test_a_call_that_the_model_does_not_have_is_refused(world: World) -> None:
    with pytest.raises(InvalidRequestError, match="endpoints"):
        world.do(world.wan.stream(PRO, "p"))
    with pytest.raises(InvalidRequestError, match="endpoints"):
        world.do(world.wan.edit(OLD, "p", images=[PHOTO], n=1, via="sync"))
    with pytest.raises(InvalidRequestError, match="regions"):
        world.do(world.client(region="virginia").edit(PRO, "p", images=[PHOTO], n=1))
    assert world.service.seen == []


def test_a_parameter_without_effect_is_sent_with_a_warning(world: World) -> None:
    world.service.on("create", CREATED)
    with pytest.warns(IgnoredParameterWarning, match="thinking_mode"):
        world.do(world.wan.submit(PRO, "p", images=[PHOTO], n=1, thinking_mode=True))
    assert world.service.count("create") == 1


@pytest.mark.parametrize(
    "body",
    [
        {"input": {"messages": [{"role": "user", "content": "a text"}]}},
        {"input": {"messages": [{"role": "user", "content": [{"text": "p"}]}] * 2}},
        {"input": {"messages": [{"role": "user", "content": [{"img": PHOTO}, {"text": "p"}]}]}},
        {"input": {"prompt": "p"}},
        {"input": {}},
    ],
    ids=["content a str", "two messages", "typo key", "another form", "no messages"],
)
def test_the_validator_detects_mistakes_that_no_verb_can_express(body: dict[str, Any]) -> None:
    """Rows `prompt … missing / two messages / content a str` and `typo key {"img": ...}`."""
    assert check({"model": PRO, **body, "parameters": {"n": 1}})
