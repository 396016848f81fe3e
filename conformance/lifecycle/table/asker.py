"""Raw requests to an emulated service, in simulated time: no client stands between."""

import json
from collections.abc import Mapping
from typing import Any

from conformance.lifecycle.clock import Time
from conformance.lifecycle.painted import Painted
from wanlib.emulator import Request, Response, Settings
from wanlib.emulator.exchange import FAULT_HEADER
from wanlib.spec import Spec

_ORIGIN = "http://127.0.0.1:8686"
_BASE = "/api/v1"
_KEY = {"authorization": "Bearer sk-0123456789abcdefghijklmnopqrstuv"}
_PHOTO = "https://photos.example.com/street.jpg"
_BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "choices": (
        "/services/aigc/image-generation/generation",
        {
            "model": "wan2.7-image-pro",
            "input": {"messages": [{"role": "user", "content": [{"image": _PHOTO}, {"text": "tulips"}]}]},
        },
    ),
    "results": (
        "/services/aigc/image2image/image-synthesis",
        {"model": "wan2.5-i2i-preview", "input": {"prompt": "tulips", "images": [_PHOTO]}},
    ),
}
"""A body for each shape of results, and where it goes, as the pages have them."""


class Asker:
    """Asks the service of a spec. time: simulated; to be moved on by whoever asks."""

    def __init__(self, spec: Spec, settings: Settings) -> None:
        self.time = Time()
        self._service = Painted(spec, clock=self.time, settings=settings)

    def create(self, shape: str, seed: int, pictures: int, fault: str = "") -> Any:
        """The answer to an asynchronous create. fault: as in `x-wan-fault`, that its work is to meet."""
        path, body = _BODIES[shape]
        raw = json.dumps(body | {"parameters": {"n": pictures, "seed": seed, "watermark": False}}).encode()
        headers = {"content-type": "application/json", "x-dashscope-async": "enable"}
        return _told(self._send("POST", path, headers | _faulty(fault), raw))

    def query(self, task_id: str, fault: str = "") -> Any:
        """The answer to a query."""
        return _told(self._send("GET", f"/tasks/{task_id}", _faulty(fault)))

    def cancel(self, task_id: str) -> int:
        """The HTTP status of a cancel."""
        return self._send("POST", f"/tasks/{task_id}/cancel").status

    def list(self) -> Any:
        """The answer to a list of all tasks of the last day."""
        return _told(self._send("GET", "/tasks/?page_size=100"))

    def download(self, url: str) -> int:
        """The HTTP status of a picture."""
        return self._service.handle(Request("GET", url.removeprefix(_ORIGIN), {}, b"", _ORIGIN)).status

    def throttled(self, call: str, task_id: str) -> bool:
        """Whether a query, a list or a cancel is refused for its rate."""
        method, path = {
            "query": ("GET", f"/tasks/{task_id}"),
            "list": ("GET", "/tasks/"),
            "cancel": ("POST", f"/tasks/{task_id}/cancel"),
        }[call]
        return self._send(method, path).status == 429

    def close(self) -> None:
        """Ends the service."""
        self._service.close()

    def _send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Response:
        return self._service.handle(Request(method, _BASE + path, {**_KEY, **(headers or {})}, body, _ORIGIN))


def _faulty(fault: str) -> dict[str, str]:
    return {FAULT_HEADER: fault} if fault else {}


def _told(response: Response) -> Any:
    if response.status != 200:  # a service that breaks down is no fault of its table
        raise RuntimeError(
            f"the service answers HTTP {response.status}, 200 was due: {response.body[:200]!r}"
        )
    return json.loads(response.body)
