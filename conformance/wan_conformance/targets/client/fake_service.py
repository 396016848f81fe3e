"""A fake service for clients, which responds to every call immediately, in the forms of `wire.yaml`."""

import json
from collections.abc import Mapping
from itertools import count
from typing import Any

import httpx
import respx

NOW = 1_780_000_000.0
"""The time at which a client under test starts, in seconds since 1970."""
TASK = "0385dc79-5ff8-4d82-bcb6-000000000001"
"""The id of the first task; every call creates another one."""
_PICTURE = "https://pictures.invalid/1.png"
_IDS = {"request_id": "4f06ee7c-0a2b-4b7e-9d3a-5c1f2e8d7b60"}
_NO_TASKS = _IDS | {"total": 0, "total_page": 0, "page_no": 1, "page_size": 10, "data": []}


class FakeService:
    """Respond through respx, as the transport of an httpx client, and record the requests.

    It patches nothing, so that a run can use several of them at once.

    Attributes:
        task: The id of the task that the last call created.
    """

    def __init__(self, wire: Mapping[str, Any]) -> None:
        self._router = respx.Router(assert_all_called=False)
        self._stream = wire["streaming"]
        self.task = TASK
        self._numbers = count(1)
        self._router.route().mock(side_effect=self.respond)

    def transport(self, asynchronous: bool) -> httpx.MockTransport:
        """Return the transport for a client.

        Args:
            asynchronous: Whether it is for `httpx.AsyncClient`.
        """
        return httpx.MockTransport(self._router.async_handler if asynchronous else self._router.handler)

    def take_requests(self) -> list[httpx.Request]:
        """Return the requests since the last call of this method, in their order."""
        requests = [call.request for call in self._router.calls]
        self._router.reset()
        return requests

    def respond(self, request: httpx.Request) -> httpx.Response:
        """Return the response to a request, by its method, path and headers."""
        if request.method == "GET":
            task = request.url.path.rstrip("/").rpartition("/")[2]
            return httpx.Response(200, json=_NO_TASKS if task == "tasks" else _succeeded_task(task))
        if request.headers.get("X-DashScope-Async"):
            self.task = f"{TASK[:24]}{next(self._numbers):012x}"
            output = {"task_id": self.task, "task_status": "PENDING"}
            return httpx.Response(200, json=_IDS | {"output": output})
        if request.headers.get("X-DashScope-Sse"):
            event = f"data: {json.dumps(self._part())}\n\n"
            return httpx.Response(200, headers={"Content-Type": self._stream["content_type"]}, text=event)
        return httpx.Response(200, json=_IDS | {"output": {"choices": [_choice("stop")]}})

    def _part(self) -> dict[str, Any]:
        return _IDS | {"output": {"choices": [_choice(self._stream["finish_reason"]["last"])]}}


def _choice(finish_reason: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": [{"type": "image", "image": _PICTURE}]}
    return {"finish_reason": finish_reason, "message": message}


def _succeeded_task(task: str) -> dict[str, Any]:
    """Return a task that has succeeded, in both forms of a result."""
    output = {"task_id": task, "task_status": "SUCCEEDED"}
    return _IDS | {"output": {**output, "choices": [_choice("stop")], "results": [{"url": _PICTURE}]}}
