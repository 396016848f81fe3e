"""The temporary upload: the form on the wire, keys of their own, and what happens when something breaks."""

import email
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from tests.client.upload_samples import DATA, PNG, STORE, WEBP, World, fields, key, policy, refused, source
from wanlib.boundary.images import encode_image
from wanlib.client.http.messages import ConnectionLostError, NotSentError, RequestBody, Response
from wanlib.client.images.upload import UPLOAD_TIMEOUT
from wanlib.client.protocol.context import MAX_RETRIES
from wanlib.errors import (
    ConnectionFailedError,
    DeadlineExceededError,
    InvalidArgumentError,
    InvalidRequestError,
    ServiceError,
    WanError,
)
from wanlib.generated.calls import API

ATTEMPTS = 1 + MAX_RETRIES


def test_the_form_is_that_of_the_table_with_the_file_last() -> None:
    world = World()
    (url,) = world.upload(PNG)
    (form,) = world.forms
    assert [name for name, _ in fields(form)] == list(API.upload.form) and API.upload.form[-1] == "file"
    assert dict(fields(form)) == {
        "OSSAccessKeyId": b"LTAm5xxx",
        "Signature": b"Sm/tv7DcZuTZftFVvt5yOoSETsc=",
        "policy": b"eyJleHBpcmF0aW9uIjoiMjA=",
        "x-oss-object-acl": b"private",
        "x-oss-forbid-overwrite": b"true",
        "key": url.removeprefix("oss://").encode(),
        "success_action_status": b"200",
        "file": PNG,
    }
    raw = b"".join(world.sent[0].content or ()).replace(PNG, b"")  # type: ignore[arg-type]
    assert b"\n" not in raw.replace(b"\r\n", b"") and b"\r\n" in raw, "mail readers take less, stores don't"
    file: Any = form.get_payload(-1)
    assert file.get_content_type() == "image/png" and url.endswith("/" + file.get_filename())
    assert url.startswith("oss://dashscope-instant/abc/2026-01-01/def/") and url.endswith(".png")
    service = "https://service.example.com/api/v1"
    assert world.asked == [f"{service}/uploads?action=getPolicy&model=wan2.7-image"]


def test_the_store_never_sees_the_key_or_a_name_of_the_users(tmp_path: Path) -> None:
    path = tmp_path / "my divorce.png"
    path.write_bytes(PNG)
    world = World()
    world.upload(path)
    (sent,) = world.sent
    assert sent.url == STORE and set(sent.headers) == {"Content-Type", "Content-Length"}
    assert b"divorce" not in b"".join(sent.content or ())  # type: ignore[arg-type]


def test_two_files_of_one_name_and_one_file_twice_get_keys_of_their_own(tmp_path: Path) -> None:
    one, other = tmp_path / "a" / "img.png", tmp_path / "b" / "img.png"
    for path, data in ((one, PNG), (other, WEBP)):
        path.parent.mkdir()
        path.write_bytes(data)
    world = World()
    urls = world.upload(one, other, one)
    assert len(set(urls)) == 3 and [f"oss://{key(form)}" for form in world.forms] == urls
    assert [dict(fields(form))["file"] for form in world.forms] == [PNG, WEBP, PNG]
    assert urls[1].endswith(".webp") and len(world.asked) == 1


def test_bytes_like_boundaries_and_line_ends_pass_unchanged() -> None:
    for data in (b"", b"\r\n", b"--\r\n--\r\n", bytes(range(256)) * 3, b"\n"):
        world = World()
        world.upload(data)
        assert dict(fields(world.forms[0]))["file"] == data


def test_a_cut_upload_is_made_again_with_a_fresh_key() -> None:
    world = World(
        posts=[ConnectionLostError("the connection broke"), NotSentError("no route"), Response(200, {}, b"")]
    )
    (url,) = world.upload(PNG)
    keys = [key(form) for form in world.forms]
    assert len(set(keys)) == 3 and url == f"oss://{keys[-1]}" and len(world.asked) == 1
    assert len(world.time.slept) == 2 and 0 < world.time.slept[0] < world.time.slept[1]


def test_tries_end() -> None:
    world = World(posts=[ConnectionLostError("the connection broke")] * 9)
    with pytest.raises(
        ConnectionFailedError, match=r"images\[0\] could not be uploaded: the connection broke"
    ):
        world.upload(PNG)
    assert len(world.sent) == ATTEMPTS
    world = World(policies=[NotSentError("no such host")] * 9)
    with pytest.raises(ConnectionFailedError, match="no upload policy from the service: no such host"):
        world.upload(PNG, PNG)
    assert len(world.asked) == ATTEMPTS and not world.sent


def test_no_try_begins_after_the_deadline() -> None:
    world = World(posts=[ConnectionLostError("the connection broke")] * 9)
    with pytest.raises(DeadlineExceededError, match=r"the last error: .*the connection broke"):
        world.upload(PNG, until=1000.2)
    assert len(world.sent) == 1 and 0 < world.sent[0].timeout <= 0.21
    world = World()
    world.upload(PNG)
    assert world.sent[0].timeout == UPLOAD_TIMEOUT


def test_a_policy_that_the_store_refuses_is_renewed() -> None:
    world = World(policies=[policy(), policy(policy="bmV3")], posts=[refused(403, "AccessDenied")])
    world.upload(PNG)
    assert [dict(fields(form))["policy"] for form in world.forms] == [DATA["policy"].encode(), b"bmV3"]


@pytest.mark.parametrize(
    ("status", "family", "tries"),
    [
        (400, InvalidRequestError, 1),
        (404, InvalidRequestError, 1),
        (403, ServiceError, ATTEMPTS),
        (409, ServiceError, ATTEMPTS),
        (503, ServiceError, ATTEMPTS),
        (302, ServiceError, ATTEMPTS),
    ],
)
def test_an_error_of_the_store_is_reported(status: int, family: type[WanError], tries: int) -> None:
    world = World(posts=[refused(status, "SomeCode")] * 9)
    with pytest.raises(family, match=r"images\[0\] was refused by the store: SomeCode happened") as caught:
        world.upload(PNG)
    assert type(caught.value) is family and len(world.sent) == tries
    assert (caught.value.status, caught.value.code, caught.value.request_id) == (
        status,
        "SomeCode",
        "5C3D9175",
    )
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"\xff\xfe", b"<Code>" * 9000, b'<!DOCTYPE a [<!ENTITY b "c">]>']
)
def test_any_answer_of_the_store_gives_a_wan_error(body: bytes) -> None:
    world = World(posts=[Response(400, {}, body)])
    with pytest.raises(InvalidRequestError, match="no reason is given") as caught:
        world.upload(PNG)
    assert caught.value.code is None


def test_other_uploads_are_kept_going_when_one_fails() -> None:
    world = World(posts=[refused(400, "EntityTooLarge")])
    with pytest.raises(InvalidRequestError, match="EntityTooLarge"):
        world.upload(PNG, PNG, PNG)
    assert len(world.sent) == 3


def test_a_changed_file_is_reported_and_not_sent_again(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(PNG)
    given = source(path)
    path.write_bytes(PNG + b"x")
    world = World()
    with pytest.raises(InvalidArgumentError, match=r"'a\.png' has changed"):
        world.send([given])
    assert len(world.sent) == 1


class Store(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    got: list[tuple[dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def store() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    got: list[tuple[dict[str, str], bytes]] = []
    with HTTPServer(("127.0.0.1", 0), type("Own", (Store,), {"got": got})) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", got
        finally:
            server.shutdown()
            thread.join()


def test_over_a_real_connection_with_a_content_length(
    store: tuple[str, list[tuple[dict[str, str], bytes]]], tmp_path: Path
) -> None:
    url, got = store
    path = tmp_path / "a.png"
    path.write_bytes(encode_image("png", 400, 400, size_bytes=700_001))
    world = World(policies=[policy(upload_host=url)], base=url)

    def post() -> Response:
        request = world.sent[-1]
        content: RequestBody = request.content  # type: ignore[assignment]
        with httpx.Client(trust_env=False) as client:
            answer = client.post(request.url, content=content, headers=dict(request.headers))
        return Response(answer.status_code, dict(answer.headers), answer.content)

    world.posts = [post]
    (made,) = world.upload(path)
    ((headers, body),) = got
    assert "transfer-encoding" not in headers and "authorization" not in headers
    form = email.message_from_bytes(f"Content-Type: {headers['content-type']}\r\n\r\n".encode() + body)
    assert fields(form)[-1] == ("file", path.read_bytes()) and made == f"oss://{key(form)}"
