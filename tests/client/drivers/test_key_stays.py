"""The key, and whatever an own HTTP client sends along, goes to the origin of base_url and nowhere else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.client.client_fixture import KEY, World
from tests.client.protocol.test_settings import BEARER, PNG, edit, ready
from tests.client.response_samples import TASK, choices, image, reply
from tests.client.service import POLICY, STORE
from wanlib import errors


@pytest.mark.parametrize("base", [None, "https://api.example.com", "http://127.0.0.1:8686/api/v1"])
def test_the_key_goes_to_the_origin_of_base_url_alone(world: World, base: str | None, tmp_path: Path) -> None:
    """Neither to uploads nor downloads nor redirects, nor what an own client sends along by default."""
    ready(world)
    link = "https://pictures.api.example.com.evil.example/one.png?Signature=s"
    if base == "https://api.example.com":
        link = "https://pictures.example.com.evil.example/one.png?Signature=s"
    done = reply(choices({"message": {"content": [{"image": link}]}}, task_status="SUCCEEDED"))
    world.service.on("query", done)
    own = {"Authorization": "Basic b3du", "X-Own": "secret"}
    http = world.http(
        headers=own, cookies={"session": "secret"}, follow_redirects=True, params={"own": "secret"}
    )
    wan = world.client(http_client=http, upload=True, base_url=base)
    result = edit(world, wan, images=[PNG])
    world.do(result.save(tmp_path))
    assert {each.call for each in world.service.seen} == {"policy", "create", "query", "upload", "download"}
    for each in world.service.seen:
        sent = " ".join([each.url, *each.headers.values()])
        if each.call in ("upload", "download"):
            assert KEY not in sent and "secret" not in sent and "b3du" not in sent
        else:
            assert each.headers["authorization"] == BEARER


def test_a_link_that_begins_like_base_url_is_another_host(world: World, tmp_path: Path) -> None:
    """`https://pictures.example.com` is no part of `https://pictures.example.com.evil.example`."""
    world.service.on("download", reply(PNG))
    link = "https://pictures.example.com.evil.example/one.png"
    world.service.on("elsewhere", reply(choices({"message": {"content": [{"image": link}]}})))
    http = world.http(headers={"X-Own": "secret"})
    wan = world.client(http_client=http, base_url="https://pictures.example.com")
    world.service.on("download", reply(choices({"message": {"content": [{"image": link}]}})), reply(PNG))
    result = edit(world, wan, via="sync")
    world.do(result.save(tmp_path))
    create, download = world.service.seen
    assert (create.headers["x-own"], download.headers.get("x-own")) == ("secret", None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(world: World, status: int, tmp_path: Path) -> None:
    """Neither with the key nor without it: for each kind of call."""
    there = reply(b"", status, location="https://evil.example.com/tasks/x")
    http = world.http(follow_redirects=True)
    wan = world.client(http_client=http, upload=True)
    world.service.on("policy", POLICY)
    for call in ("create", "query", "list", "cancel", "upload", "download"):
        world.service.on(call, there)
    jobs: list[Callable[[], Any]] = [
        lambda: edit(world, wan),
        lambda: world.do(wan.task(TASK).status()),
        lambda: world.all(wan.tasks()),
        lambda: world.do(wan.cancel(TASK)),
        lambda: edit(world, wan, images=[PNG]),
    ]
    for job in jobs:
        with pytest.raises(errors.WanError):
            job()
    world.service.on("create", reply(choices({"message": {"content": [image("a")]}})))
    with pytest.raises(errors.DownloadFailedError):
        world.do(edit(world, wan, via="sync").save(tmp_path))
    assert not [each for each in world.service.seen if "evil" in each.url]


def test_a_store_never_sees_the_key_or_the_users_file_name(world: World, tmp_path: Path) -> None:
    ready(world)
    file = tmp_path / "my secret plan.png"
    file.write_bytes(PNG)
    edit(world, world.client(upload=True), images=[file])
    (upload,) = world.service.of("upload")
    assert STORE in upload.url and "authorization" not in upload.headers
    assert b"secret plan" not in upload.body and KEY.encode() not in upload.body
