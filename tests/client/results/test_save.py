"""Images in the SDK's way of sending: names that collide, text taken for paths, changed objects."""

import asyncio
import base64
import copy
import io
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.client.client_fixture import KEY, World
from tests.client.response_samples import reply
from tests.client.service import CREATED, DONE, PHOTO, POLICY, PRO, RUNNING, STORE
from tests.client.socket_server import ServerConnection, SocketServer, answer
from tests.support.api_facts import price_of
from tests.support.image_files import picture
from tests.support.patience import PATIENCE
from wanlib import AsyncWan, Wan
from wanlib.errors import ConnectionFailedError, InvalidArgumentError

FIRST, SECOND = picture("png", size=(300, 300)), picture("png", size=(310, 300))


def ready(world: World) -> World:
    world.service.on("create", CREATED)
    world.service.on("query", DONE)
    world.service.on("policy", POLICY)
    world.service.on("upload", reply(b""))
    return world


def sent_images(world: World) -> list[str]:
    content = world.service.of("create")[-1].json()["input"]["messages"][0]["content"]
    return [part["image"] for part in content if "image" in part]


def data(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()


def test_two_files_of_one_name_stay_two_images(world: World, tmp_path: Path) -> None:
    """In the official SDK both get one OSS key, and the model sees one image twice."""
    ready(world)
    files = [tmp_path / "a" / "img.png", tmp_path / "b" / "img.png"]
    for file, png in zip(files, (FIRST, SECOND), strict=True):
        file.parent.mkdir()
        file.write_bytes(png)
    world.do(world.client(upload=True).edit(PRO, "Fuse them", images=[*files, files[0]], n=1))
    urls = sent_images(world)
    assert len(set(urls)) == 3 and all(url.startswith("oss://") for url in urls)
    stored = {}
    for upload in world.service.of("upload"):
        key = upload.body.split(b'name="key"\r\n\r\n')[1].split(b"\r\n")[0].decode()
        stored[f"oss://{key}"] = upload.body
    assert [FIRST in stored[urls[0]], SECOND in stored[urls[1]], FIRST in stored[urls[2]]] == [True] * 3
    assert world.service.of("create")[0].headers["x-dashscope-ossresourceresolve"] == "enable"
    assert world.service.count("policy") == 1  # one certificate for all of them


def test_base64_keeps_the_order_too(world: World, tmp_path: Path) -> None:
    ready(world)
    world.do(world.wan.edit(PRO, "Fuse them", images=[SECOND, PHOTO, FIRST], n=1))
    assert sent_images(world) == [data(SECOND), PHOTO, data(FIRST)]


@pytest.mark.parametrize("upload", [False, True])
def test_a_prompt_is_never_taken_for_a_path(
    world: World, upload: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The official SDK uploads a file named like the prompt in its place; so it does with `file:///etc/hostname`."""
    ready(world)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cat").write_bytes(FIRST)
    wan = world.client(upload=upload)
    prompts = ["cat", str(tmp_path / "cat"), "file:///etc/hostname", "file://cat", "file://none", "oss://a/b"]
    for prompt in prompts:
        world.do(wan.submit(PRO, prompt, images=[PHOTO], n=1))
    sent = [each.json()["input"]["messages"][0]["content"][-1] for each in world.service.of("create")]
    assert sent == [{"text": prompt} for prompt in prompts]
    assert not world.service.count("upload")
    for text in ("cat", str(tmp_path / "cat")):
        with pytest.raises(InvalidArgumentError, match="never taken for a path"):
            world.do(wan.submit(PRO, "p", images=[text], n=1))


def test_a_service_for_untrusted_input_can_refuse_file_urls(world: World) -> None:
    with pytest.raises(InvalidArgumentError, match="file_urls=False"):
        world.do(world.client(file_urls=False).edit(PRO, "p", images=["file:///etc/hostname"], n=1))


@pytest.mark.parametrize(
    "name", ["a+b.png", "a#b.png", "a%41b.png", "a b.png", "ä?.png", "100%.png", "a%2Fb.png"]
)
def test_a_file_may_have_any_name(world: World, name: str, tmp_path: Path) -> None:
    """The official SDK cannot upload names with `+`, `#`, `%41`."""
    ready(world)
    file = tmp_path / name
    file.write_bytes(FIRST)
    for image in (file, f"file://{file}"):
        world.do(world.wan.edit(PRO, "p", images=[image], n=1))
        assert sent_images(world) == [data(FIRST)]


@pytest.mark.parametrize("upload", [False, True])
def test_nothing_of_the_callers_is_changed(world: World, upload: bool, tmp_path: Path) -> None:
    """The official SDK rewrites the caller's messages and headers in place."""
    ready(world)
    world.service.on("query", RUNNING, DONE)
    buffer, array, pillow = io.BytesIO(FIRST), bytearray(SECOND), Image.new("RGB", (300, 300))
    buffer.seek(7)
    (tmp_path / "x.png").write_bytes(FIRST)
    images = [tmp_path / "x.png", buffer, array, pillow, PHOTO, memoryview(FIRST)]
    given: dict[str, Any] = {
        "bbox_list": [[[0, 0, 9, 9]], [], [], [], [], []],
        "extra": {"newer": {"a": [1]}},
        "allow": ["wan2.7/n.max"],
        "n": 1,
    }
    kept, kept_images = copy.deepcopy(given), list(images)
    for _ in range(2):  # the same objects serve twice
        world.do(world.client(upload=upload).edit(PRO, "p", images=images, **given))
    assert (given, images) == (kept, kept_images)
    assert (buffer.tell(), buffer.getvalue(), bytes(array)) == (7, FIRST, SECOND)
    array.extend(b"more")  # no buffer of it is held
    first, second = (each.json() for each in world.service.of("create"))
    assert upload or first == second


def test_a_palette_of_the_callers_is_not_changed(world: World) -> None:
    ready(world)
    palette = [{"hex": color, "ratio": "25.00%"} for color in ("#C2D1E6", "#101010", "#FFFFFF", "#0A0B0C")]
    kept = copy.deepcopy(palette)
    world.do(world.wan.submit(PRO, "p", n=1, color_palette=palette))
    assert palette == kept == world.service.of("create")[0].json()["parameters"]["color_palette"]


def test_a_body_in_which_a_file_changed_is_not_accepted(world: World, tmp_path: Path) -> None:
    file = tmp_path / "x.png"
    file.write_bytes(FIRST)
    world.service.on("policy", POLICY)
    plan = world.wan

    def busy(request: Any) -> Any:
        file.write_bytes(SECOND + b"longer")
        return reply({"code": "Throttling", "message": "Slow", "request_id": "r"}, 429)

    world.service.on("create", busy, CREATED)
    with pytest.raises(InvalidArgumentError, match="has changed"):
        world.do(plan.edit(PRO, "p", images=[file], n=1))
    assert plan.spent == 0


def test_an_upload_that_is_cut_costs_nothing_and_is_tried_again(world: World) -> None:
    ready(world)
    world.service.on("upload", httpx.ReadError, httpx.WriteTimeout, reply(b""))
    world.do(world.client(upload=True).edit(PRO, "p", images=[FIRST], n=1))
    keys = {each.body.split(b'name="key"\r\n\r\n')[1][:90] for each in world.service.of("upload")}
    assert (len(keys), world.service.count("create")) == (3, 1)
    world.service.on("upload", httpx.ReadError)
    wan = world.client(upload=True, budget=price_of(PRO))
    with pytest.raises(ConnectionFailedError, match=r"images\[0\]"):
        world.do(wan.edit(PRO, "p", images=[FIRST], n=1))
    assert (world.service.count("create"), wan.spent) == (1, 0)
    assert STORE in world.service.seen[-1].url


def test_an_upload_does_not_block_the_event_loop() -> None:
    """The store responds only once the loop has run."""

    def script(connection: ServerConnection) -> None:
        while True:
            body = connection.read()
            method, path = server.seen[-1]
            if path.endswith("/store"):
                assert alive.wait(PATIENCE)
                connection.send(answer(b""))
            elif method == "GET" and "uploads" in path:
                host = server.url.replace("/api/v1", "/store").encode()
                connection.send(answer(POLICY.body.replace(f"https://{STORE}".encode(), host)))
            else:
                connection.send(answer(CREATED.body if body else DONE.body))

    alive, server = Event(), SocketServer(script)

    async def run() -> Any:
        async with AsyncWan(KEY, base_url=server.url, trust_env=False) as wan:
            call = asyncio.ensure_future(wan.submit(PRO, "p", images=[FIRST], n=1, upload=True, timeout=20))
            while not any(path.endswith("/store") for _, path in server.seen):
                await asyncio.sleep(0)
            alive.set()  # by a loop that runs during the upload
            return await call

    try:
        assert asyncio.run(run()).id
    finally:
        server.close()


def test_uploads_go_side_by_side() -> None:
    """Study, upload: 9 files one after another. Here no upload is answered before all have come."""
    together = Barrier(3)

    def script(connection: ServerConnection) -> None:
        while True:
            connection.read()
            method, path = server.seen[-1]
            if b"store" in path.encode():
                together.wait(PATIENCE)
                connection.send(answer(b""))
            elif method == "GET":
                host = server.url.replace("/api/v1", "/store").encode()
                connection.send(answer(POLICY.body.replace(f"https://{STORE}".encode(), host)))
            else:
                connection.send(answer(CREATED.body))

    server = SocketServer(script)
    try:
        with Wan(KEY, base_url=server.url, upload=True, trust_env=False) as wan:
            assert wan.submit(PRO, "p", images=[FIRST, SECOND, FIRST], n=1, timeout=20).id
    finally:
        server.close()
