"""A scripted service and its store, and a reader of the forms that they get."""

import email
import json
from collections.abc import Callable
from email.message import Message
from random import Random
from typing import Any

from tests.client.steps_driver import play
from tests.support.fake_clock import FakeClock
from wanlib.base.redaction import Secret
from wanlib.boundary.images import encode_image
from wanlib.client.http.messages import Request, Response
from wanlib.client.images.inputs import ImageSource, to_image_input
from wanlib.client.images.upload import upload
from wanlib.client.protocol.context import create_context
from wanlib.client.protocol.effects import Send
from wanlib.client.protocol.timing import Deadline
from wanlib.generated.calls import API

PNG = encode_image("png", 400, 400)
WEBP = encode_image("webp", 400, 400)
STORE = "https://store.example.com"
DATA: dict[str, Any] = {
    "policy": "eyJleHBpcmF0aW9uIjoiMjA=",
    "signature": "Sm/tv7DcZuTZftFVvt5yOoSETsc=",
    "upload_dir": "dashscope-instant/abc/2026-01-01/def",
    "upload_host": STORE,
    "expire_in_seconds": 300,
    "max_file_size_mb": 1,
    "capacity_limit_mb": 999999999,
    "oss_access_key_id": "LTAm5xxx",
    "x_oss_object_acl": "private",
    "x_oss_forbid_overwrite": "true",
}
OSS_ERROR = (
    "<?xml version='1.0'?>\n<Error>\n  <Code>{code}</Code>\n  <Message>{code} happened to "
    "https://a/b?Signature=secret</Message>\n  <RequestId>5C3D9175</RequestId>\n</Error>"
)


def policy(**changes: Any) -> Response:
    body = {
        "request_id": "r",
        "data": {name: value for name, value in (DATA | changes).items() if value != ...},
    }
    return Response(200, {}, json.dumps(body).encode())


def refused(status: int, code: str) -> Response:
    return Response(status, {"content-type": "application/xml"}, OSS_ERROR.format(code=code).encode())


Answer = Response | Exception | Callable[[], Response]


class World:
    """A scripted service and its store. posts: a list of answers, after which each is 200.

    asked: the URLs of the questions for a policy. sent, forms: what came to the store.
    """

    def __init__(
        self,
        *,
        policies: list[Answer] | None = None,
        posts: list[Answer] | None = None,
        base: str = "https://service.example.com/api/v1",
    ) -> None:
        self.time = FakeClock(1000.0)
        self.context = create_context(
            API,
            api_key=Secret.of("sk-key"),
            region="beijing",
            workspace=None,
            base_url=base,
            budget=None,
            journal=None,
            clock=self.time,
            random=Random(1),
        )
        self.policies, self.posts = policies or [], posts or []
        self.asked: list[str] = []
        self.sent: list[Request] = []
        self.forms: list[Message] = []

    def answer(self, effect: Send) -> Response:
        request = effect.request
        if request.method == "GET":
            self.asked.append(request.url)
            found = self.policies.pop(0) if self.policies else policy()
        else:
            self.sent.append(request)
            self.forms.append(parsed(request))
            found = self.posts.pop(0) if self.posts else Response(200, {}, b"")
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, Response) else found()

    def upload(self, *images: Any, until: float = 1e9) -> list[str]:
        return self.send([source(image) for image in images], until)

    def send(self, sources: list[ImageSource], until: float = 1e9) -> list[str]:
        found = upload(self.context, "wan2.7-image", sources, Deadline(until, self.time.now))
        return play(found, self.answer, self.time)


def source(image: Any) -> ImageSource:
    found = to_image_input(
        image, file_urls=False, mimes={"png": "image/png"}, schemes=("http",), argument="images[0]"
    )
    assert isinstance(found, ImageSource)
    return found


def parsed(request: Request) -> Message:
    """The form, as Python's own mail reader takes it apart."""
    content: Any = request.content
    assert all(type(chunk) is bytes for chunk in content)
    data = b"".join(content)
    assert len(data) == content.length == int(request.headers["Content-Length"])
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    form = email.message_from_bytes(head + data)
    assert form.is_multipart() and not form.defects
    return form


def fields(form: Message) -> list[tuple[str, bytes]]:
    parts: Any = form.get_payload()
    named = [(part.get_param("name", header="Content-Disposition"), part) for part in parts]
    assert all(part.get_content_disposition() == "form-data" and not part.defects for part in parts)
    return [(name, part.get_payload(decode=True)) for name, part in named]


def key(form: Message) -> str:
    return dict(fields(form))["key"].decode()
