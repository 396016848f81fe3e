"""A scripted service: for every call a list of answers, the last of which stays."""

import json
from collections.abc import Callable
from itertools import pairwise
from threading import Lock
from typing import Any, Final, NamedTuple

import httpx

from tests.client.response_samples import TASK, choices, image, reply, task
from wanlib.client.http.messages import Response

PRO: Final = "wan2.7-image-pro"
MIXED: Final = "wan2.6-image"
OLD: Final = "wan2.5-i2i-preview"
PHOTO = "https://photos.example.com/street.jpg"
STORE = "store.example.net"
CREATED = reply({"request_id": "req-c", "output": {"task_id": TASK, "task_status": "PENDING"}})
RUNNING = reply(task("RUNNING"))
DONE = reply(task("SUCCEEDED", **choices({"message": {"content": [image("one")]}})["output"]))
PAGE = reply(b"<html><head><title>502 Bad Gateway</title></head></html>", 502, content_type="text/html")
BROKEN = reply(b'{"output": {"task_')
POLICY = reply(
    {
        "request_id": "req-p",
        "data": {
            "policy": "cG9saWN5",
            "signature": "c2lnbmF0dXJl",
            "upload_dir": "dashscope-instant/abc/2026-05-04",
            "upload_host": f"https://{STORE}",
            "expire_in_seconds": 300,
            "max_file_size_mb": 100,
            "oss_access_key_id": "LTAI123",
            "x_oss_object_acl": "private",
            "x_oss_forbid_overwrite": "false",
        },
    }
)

Answer = Response | type[Exception] | Callable[[Any], Any]


class Seen(NamedTuple):
    """A request that came. at: monotonic seconds."""

    call: str
    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    at: float

    def json(self) -> Any:
        return json.loads(self.body)


class Service:
    """seen: every request, in order. created: the accepted creates. `on` says what a call is answered with.

    TASK in an answer stands for the task: a new one for each create, the one asked for in a query.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.seen: list[Seen] = []
        self._now = now
        self._lock = Lock()
        self._scripts: dict[str, list[Answer]] = {}
        self.created = 0

    def on(self, call: str, *answers: Answer) -> None:
        """call: create, query, list, cancel, policy, upload, download."""
        self._scripts[call] = list(answers)

    def of(self, call: str) -> list[Seen]:
        return [each for each in self.seen if each.call == call]

    def count(self, call: str) -> int:
        return len(self.of(call))

    def gaps(self, call: str) -> list[float]:
        """Seconds between the creation, or the start, and the requests of a call."""
        times = [each.at for each in self.of("create")[-1:] + self.of(call)]
        return [round(after - before, 3) for before, after in pairwise(times)]

    def answer(self, library: Any) -> Callable[[Any], Any]:
        """A handler for the MockTransport of httpx, or of a library with the same interface."""
        return lambda request: self._answered(request, library)

    def _answered(self, request: Any, library: Any) -> Any:
        call = call_of(request)
        with self._lock:
            headers = {name.lower(): value for name, value in request.headers.items()}
            self.seen.append(
                Seen(call, request.method, str(request.url), headers, request.content, self._now())
            )
            script = self._scripts.get(call)
            assert script, f"nothing is said of {call}: {request.method} {request.url}"
            answer = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(answer, type):
            raise answer("trouble on the line", request=request)
        produced = answer if isinstance(answer, Response) else answer(request)
        if isinstance(produced, Response):
            body = self._about_its_task(call, request, produced.body)
            return library.Response(produced.status, headers=produced.headers, content=body)
        return produced

    def _about_its_task(self, call: str, request: Any, body: bytes) -> bytes:
        named = TASK.encode()
        if call == "query":
            return body.replace(named, str(request.url.path).rpartition("/")[2].encode())
        if call == "create" and named in body:
            self.created += 1
            if self.created > 1:
                return body.replace(named, named[:-4] + b"%04d" % self.created)
        return body


def call_of(request: httpx.Request) -> str:
    """Which call a request is, by its method and URL."""
    path = request.url.path
    if request.url.host == STORE:
        return "upload"
    if request.url.host.startswith("pictures."):
        return "download"
    if path.endswith(("/generation", "/image-synthesis")):
        return "create"
    if path.endswith("/uploads"):
        return "policy"
    if path.endswith("/cancel"):
        return "cancel"
    if path.rstrip("/").endswith("/tasks"):
        return "list"
    return "query" if "/tasks/" in path else "elsewhere"
