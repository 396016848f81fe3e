"""Scenarios about request bodies: sizes of pictures, missing fields, refused bodies."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from math import isqrt
from types import MappingProxyType

from tests.effects.scenario import (
    PROMPTED,
    all_responses,
    image,
    new_emulator,
    query_task,
    submit,
    to_text,
)
from tests.emulator.api.test_uploads import form, policy, post
from tests.emulator.api_client import (
    BODIES,
    INTERLEAVED,
    OLDER,
    PLAIN,
    PRO,
    SPEC,
    create,
    data_uri,
    functional,
    messages,
    prompted,
)
from tests.support.api_facts import fitted, limit_of
from tests.support.image_files import picture
from wanlib.spec import Spec
from wanlib.spec.model.kinds import parse_pixels

LARGEST = limit_of("wan2.5/images.each.max_bytes")
_PIXELS = parse_pixels(SPEC.family(OLDER).output["size"]["interleave"]["max_pixels"])
_STEP = SPEC.family(OLDER).output["multiple_of"]
TOO_LARGE = next(
    (width, height)
    for width in range(1600, 1800)
    if width * (height := _PIXELS // width + 1) - _PIXELS <= isqrt(_PIXELS)
    and fitted(width * height, (width, height), _STEP) != fitted(_PIXELS, (width, height), _STEP)
)
"""Width and height of an image that is just too large for interleave mode to keep its size."""


def documented_calls(spec: Spec) -> Iterator[str]:
    for model, calls in SPEC.wire["endpoints"].items():
        for call in calls:
            body = INTERLEAVED if call == "stream" else BODIES[model]
            yield to_text(create(new_emulator(spec), body, call))


def older_sizes(spec: Spec) -> Iterator[str]:
    wide, tall = image(520, 400), image(401, 513)
    for body in (
        messages(OLDER, tall, wide, n=1),
        messages(OLDER, wide, size="2K", n=1),
        messages(OLDER, wide, size="777*777", n=1),
        messages(OLDER, image(401, 253), enable_interleave=True, max_images=1),
        messages(OLDER, image(1401, 1253), enable_interleave=True, max_images=1),
        messages(OLDER, image(*TOO_LARGE), enable_interleave=True, max_images=1),
        messages(OLDER, enable_interleave=True),
        messages(OLDER, enable_interleave=True, max_images=2),
        messages(OLDER, wide),
    ):
        yield to_text(query_task(emulator := new_emulator(spec), submit(emulator, body)))


def newer_sizes(spec: Spec) -> Iterator[str]:
    wide, tall = image(520, 400), image(401, 513)
    for body in (
        messages(PLAIN, tall, wide),
        messages(PLAIN, wide, size="1K"),
        messages(PLAIN, wide, size="777*777"),
        messages(PLAIN, size="1K"),
        messages(PRO, size="4K"),
        messages(PRO),
        messages(PRO, enable_sequential=True),
        messages(PRO, enable_sequential=True, n=3),
    ):
        yield to_text(query_task(emulator := new_emulator(spec), submit(emulator, body)))


def listed_sizes(spec: Spec) -> Iterator[str]:
    small, wide, tall = image(513, 515), image(520, 400), image(401, 513)
    yield from all_responses(new_emulator(spec), prompted(tall, wide, n=2, seed=7))
    yield from all_responses(new_emulator(spec), prompted(tall, n=1, size="769*771", watermark=True))
    yield from all_responses(new_emulator(spec), functional(small, "super_resolution", upscale_factor=2))
    yield from all_responses(new_emulator(spec), functional(small, "super_resolution"))
    for side in ("left", "right", "top", "bottom"):
        yield from all_responses(new_emulator(spec), functional(small, "expand", **{f"{side}_scale": 1.25}))
    yield from all_responses(new_emulator(spec), functional(small, "expand", seed=7))
    yield from all_responses(new_emulator(spec), functional(small, n=2, seed=7))


def missing_fields(spec: Spec) -> Iterator[str]:
    for model, body in BODIES.items():
        for place in ("model", "input", "parameters"):
            yield to_text(create(new_emulator(spec), {key: body[key] for key in body if key != place} or {}))
        for name in body["input"]:
            rest = {key: value for key, value in body["input"].items() if key != name}
            yield to_text(create(new_emulator(spec), {**body, "input": rest}))
        yield to_text(create(new_emulator(spec), {**body, "model": f"{model}-next"}))


def refusals(spec: Spec) -> Iterator[str]:
    url, ftp = "https://example.com/a.png", "ftp://example.com/a.png"
    gif = f"data:image/gif;base64,{data_uri(300, 300, 'gif').partition(',')[2]}"
    turns = messages(PLAIN)["input"]["messages"]
    for body in (
        messages(PLAIN, n=5),
        messages(PLAIN, n=0),
        messages(PLAIN, seed=-1),
        messages(PLAIN, seed="x"),
        messages(PLAIN, size="8K"),
        messages(PLAIN, size="10*10"),
        messages(PLAIN, prompt="a" * 6000, n=1),
        messages(PLAIN, *[url] * 10),
        messages(PLAIN, ftp),
        messages(PLAIN, gif),
        messages(PLAIN, image(100, 100)),
        messages(PLAIN, image(8001, 1500)),
        messages(PLAIN, "data:image/png;base64,AAAAAAAA"),
        messages(PLAIN, image(300, 300).replace("image/png", "image/jpeg")),
        messages(PLAIN, image(300, 300).replace(";base64", "")),
        {"model": PLAIN, "input": {"messages": turns * 2}},
        {"model": PLAIN, "input": {"messages": []}},
        {"model": PLAIN, "input": {"messages": {}}},
        {"model": PLAIN, "input": 5},
        {"model": 5, "input": {}},
        {"model": PLAIN, "input": {"messages": [{**turns[0], "content": [{"text": 5}]}]}},
        {"model": PROMPTED, "input": {"prompt": 5, "images": [url]}},
        {"model": PROMPTED, "input": {"prompt": "a", "images": url}},
        {"model": PLAIN, "input": {"messages": [{**turns[0], "content": []}]}},
        messages(OLDER),
        messages(OLDER, url, *[url] * 4),
        messages(OLDER, enable_interleave=True, n=2),
        messages(OLDER, enable_interleave=True, stream=False),
        prompted(),
        functional("https://example.com/\u00e4.png"),
        functional(url, "repaint"),
    ):
        yield to_text(create(new_emulator(spec), body))
    yield to_text(create(new_emulator(spec), messages(OLDER, enable_interleave=True), "sync"))
    yield to_text(create(new_emulator(spec), messages(OLDER, enable_interleave=True), "stream"))
    yield to_text(create(new_emulator(spec), BODIES[PROMPTED], "sync"))


def large_files(spec: Spec) -> Iterator[str]:
    """An image and an upload of more bytes than are taken; the bound of uploads is lowered to a megabyte."""
    large = base64.b64encode(picture("png", size=(500, 500)) + bytes(LARGEST)).decode()
    yield to_text(create(new_emulator(spec), prompted(f"data:image/png;base64,{large}")))
    upload = {**spec.service["upload"], "max_file_mb": 1}
    emulator = new_emulator(replace(spec, service=MappingProxyType({**spec.service, "upload": upload})))
    leave = policy(emulator)
    yield to_text(post(emulator, leave, form(leave, "large.png"), bytes((1 << 20) + 1)))
