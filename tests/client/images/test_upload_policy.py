"""Leave to upload: what of it is relied on, how long it lasts, and where files never go."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.client.upload_samples import DATA, PNG, World, fields, policy
from wanlib.client.http.messages import Response
from wanlib.client.protocol.context import MAX_RETRIES
from wanlib.errors import AuthenticationError, InvalidRequestError, MalformedResponseError, WanError
from wanlib.generated.calls import API

ATTEMPTS = 1 + MAX_RETRIES


@pytest.mark.parametrize("lasts", [120, "120", ...])
def test_a_policy_is_renewed_when_it_has_run_out(lasts: Any) -> None:
    world = World()
    seconds = API.upload.policy_expires_after if lasts is ... else 120.0

    def late(by: float) -> Callable[[], Response]:
        def answer() -> Response:
            world.time.at += by
            return Response(200, {}, b"")

        return answer

    world.policies = [policy(expire_in_seconds=lasts), policy(expire_in_seconds=lasts, policy="bmV3")]
    world.posts = [late(seconds - 0.5), late(0.5), late(0)]
    world.upload(PNG, PNG, PNG)
    assert len(world.asked) == 2
    assert [dict(fields(form))["policy"] for form in world.forms] == [DATA["policy"].encode()] * 2 + [b"bmV3"]


@pytest.mark.parametrize(
    ("most", "size", "fits"), [(1, 2**20, True), (1, 2**20 + 1, False), ("1", 2**20 + 1, False)]
)
def test_the_policy_s_greatest_size_is_kept(most: Any, size: int, fits: bool) -> None:
    world = World(policies=[policy(max_file_size_mb=most)])
    if fits:
        world.upload(bytes(size))
    else:
        with pytest.raises(
            InvalidRequestError, match=r"images\[0\] has 1,048,577 bytes; .* can have at most 1,048,576"
        ):
            world.upload(bytes(size))
    assert bool(world.sent) is fits


@pytest.mark.parametrize("most", [..., 0, -1, "x", None, True, 10**12, "²", "9" * 5000])
def test_an_invalid_greatest_size_of_a_policy_is_ignored(most: Any) -> None:
    world = World(policies=[policy(max_file_size_mb=most)])
    assert len(world.upload(PNG)) == 1


@pytest.mark.parametrize(
    "host",
    [
        "http://store.example.com",
        "ftp://store.example.com",
        "store.example.com",
        "https://",
        "https://me@store.example.com",
        "https://store.example.com/?a=secret",
        "https://127.0.0.1",
        "https://10.0.0.1",
        "https://localhost",
        "https://[::1",
        "https://a:b",
        "https://a b.example.com",
        "https://store.example.com\r\nX: y",
    ],
)
def test_files_go_to_public_hosts_with_tls_alone(host: str) -> None:
    world = World(policies=[policy(upload_host=host)] * ATTEMPTS)
    with pytest.raises(
        MalformedResponseError, match=r"upload_host of the upload policy is .* a public https URL"
    ) as caught:
        world.upload(PNG)
    assert not world.sent and "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["policy", "signature", "upload_dir", "oss_access_key_id", "x_oss_object_acl"]
)
@pytest.mark.parametrize("value", [..., None, "", [], True])
def test_an_incomplete_policy_is_reported(name: str, value: Any) -> None:
    world = World(policies=[policy(**{name: value})] * ATTEMPTS)
    with pytest.raises(MalformedResponseError, match=r"of the upload policy is not text"):
        world.upload(PNG)
    assert not world.sent


@pytest.mark.parametrize(
    ("reply", "family"),
    [
        (
            Response(401, {}, b'{"code":"InvalidApiKey","message":"No.","request_id":"r"}'),
            AuthenticationError,
        ),
        (
            Response(200, {}, b'{"code":"InvalidApiKey","message":"No.","request_id":"r"}'),
            AuthenticationError,
        ),
        (policy()._replace(status=500), MalformedResponseError),
        (Response(502, {}, b"<html>Bad gateway"), MalformedResponseError),
        (Response(200, {}, b"[]"), MalformedResponseError),
        (Response(200, {}, b'{"data":null}'), MalformedResponseError),
        (Response(302, {"location": "https://evil"}, b""), MalformedResponseError),
    ],
)
def test_any_answer_in_place_of_a_policy_is_a_wan_error(reply: Response, family: type[WanError]) -> None:
    world = World(policies=[reply] * ATTEMPTS)
    with pytest.raises(family) as caught:
        world.upload(PNG)
    assert type(caught.value) is family and not world.sent
    assert len(world.asked) == (1 if family is AuthenticationError else ATTEMPTS)


def test_a_folder_ends_without_a_slash_and_is_else_kept() -> None:
    """The store compares how the key begins."""
    world = World(policies=[policy(upload_dir="/a//b/")])
    (url,) = world.upload(PNG)
    assert url.startswith("oss:///a//b/") and url.count("/") == 6


def test_integers_are_taken_where_the_pages_say_text() -> None:
    world = World(policies=[policy(x_oss_forbid_overwrite=0)])
    world.upload(PNG)
    assert dict(fields(world.forms[0]))["x-oss-forbid-overwrite"] == b"0"
