"""Use the official SDK as a careful caller does. Runs as a program in the SDK's own environment.

Needs the standard library and the SDK with its dependencies. Standard input and output are JSON lines: the
parent sends a verb; the child sends each request and gets the response, then sends the outcome. Time is
simulated: `at` in every line is the time of the test, which only sleeping advances.
"""

import base64
import inspect
import io
import json
import sys
import time
from pathlib import Path
from typing import Any

import dashscope
import requests
from dashscope.aigc.image_generation import ImageGeneration
from dashscope.aigc.image_synthesis import ImageSynthesis
from dashscope.common.error import DashScopeException
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

ENDS = {"SUCCEEDED": "result", "FAILED": "failed", "CANCELED": "was canceled", "UNKNOWN": "forgotten"}
GATEWAY_STATUSES = (502, 504)
HAS_WAIT_TIMEOUT = "wait_timeout" in inspect.signature(ImageGeneration.wait).parameters
MAX_MESSAGE = 160


class Stopped(BaseException):
    """The parent stops this call."""


class Parent:
    """The connection to the parent.

    Attributes:
        at: Seconds since the test began.
    """

    at = 0.0
    out = sys.stdout

    def write(self, **message: Any) -> None:
        """Write a line to the parent."""
        print(json.dumps({**message, "at": self.at}), file=self.out, flush=True)

    def receive(self) -> dict[str, Any]:
        """Return the next line of the parent, a verb `end` after the last."""
        message: dict[str, Any] = json.loads(sys.stdin.readline() or '{"verb": "end"}')
        self.at = message.get("at", self.at)
        return message

    def sleep(self, seconds: float) -> None:
        """Advance the simulated time."""
        self.at += seconds

    def send(self, adapter: HTTPAdapter, request: Any, timeout: Any = None, **_: Any) -> requests.Response:
        """Send an HTTP request to the parent instead of the network."""
        seconds = timeout[1] if isinstance(timeout, tuple) else timeout
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        headers = {name: str(value) for name, value in request.headers.items()}
        self.write(request=[request.method, request.url, headers, base64.b64encode(body).decode(), seconds])
        message = self.receive()
        if message.get("stop"):
            raise Stopped
        if message.get("cut"):
            raise requests.exceptions.ConnectionError("Remote end closed connection", request=request)
        if message.get("timed_out"):
            raise requests.exceptions.ReadTimeout("Read timed out.", request=request)
        content = io.BytesIO(base64.b64decode(message["body"]))
        # If the body is shorter than its length, reading it fails as it does after a cut connection.
        raw = HTTPResponse(content, message["headers"], message["status"], preload_content=False)
        return adapter.build_response(request, raw)


PARENT = Parent()


def submit(arguments: dict[str, Any]) -> dict[str, Any]:
    """Create a task."""
    return create_outcome(ImageGeneration.async_call(**messages(arguments)), "handle")


def edit(arguments: dict[str, Any]) -> dict[str, Any]:
    """Call synchronously, or for a model without such a call create a task and wait."""
    if arguments["model"].startswith("wan2.7"):
        return create_outcome(ImageGeneration.call(**messages(arguments)), "result")
    kwargs = {name: arguments[name] for name in ("model", "prompt", "images")} | arguments["parameters"]
    return create_outcome(ImageSynthesis.call(**kwargs, **wait_timeout(arguments)), "result")


def messages(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a create of `ImageGeneration`."""
    content = [*({"image": image} for image in arguments["images"]), {"text": arguments["prompt"]}]
    message = {"role": "user", "content": content}
    return {"model": arguments["model"], "messages": [message], **arguments["parameters"]}


def wait_timeout(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the timeout of a wait, for a version that has one."""
    return {"wait_timeout": arguments["timeout"]} if HAS_WAIT_TIMEOUT else {}


def create_outcome(response: Any, kind: str) -> dict[str, Any]:
    """Return the outcome of a create; the error page of a gateway does not show the outcome of the call."""
    if response.status_code != 200:
        return outcome(response, "unknown outcome" if response.status_code in GATEWAY_STATUSES else "refused")
    if kind == "result":
        kind = ENDS.get(response.output.get("task_status") or "", kind)
    return outcome(response, kind)


def poll(arguments: dict[str, Any]) -> dict[str, Any]:
    """Query a task once."""
    response = ImageGeneration.fetch(arguments["task"])
    if response.status_code != 200:
        return outcome(response, "trouble")
    return outcome(response, "state") | {"state": response.output["task_status"]}


def wait(arguments: dict[str, Any]) -> dict[str, Any]:
    """Wait until a task has ended."""
    response = ImageGeneration.wait(arguments["task"], **wait_timeout(arguments))
    if response.status_code != 200:
        return outcome(response, "late" if response.status_code == 408 else "trouble")
    return outcome(response, ENDS[response.output["task_status"]])


def cancel(arguments: dict[str, Any]) -> dict[str, Any]:
    """Cancel a task."""
    response = ImageGeneration.cancel(arguments["task"])
    if response.status_code != 200 or response.code:  # a response with status 200 may contain an error
        return outcome(response, "refused" if response.code == "UnsupportedOperation" else "trouble")
    return outcome(response, "canceled")


def list_tasks(_: dict[str, Any]) -> dict[str, Any]:
    """List the tasks of the account."""
    response = ImageGeneration.list()
    if response.status_code != 200:
        return outcome(response, "trouble")
    return outcome(response, "list") | {"tasks": [task["task_id"] for task in response.output["data"]]}


def save(arguments: dict[str, Any]) -> dict[str, Any]:
    """Fetch the links: the SDK does not save pictures, so its callers do this themselves."""
    for number, link in enumerate(arguments["links"], 1):
        try:
            response = requests.get(link)
            response.raise_for_status()
        except requests.RequestException as error:
            is_dead = error.response is not None and error.response.status_code == 403
            return error_outcome(error, "dead link" if is_dead else "trouble")
        Path(arguments["folder"], f"{number}.png").write_bytes(response.content)
    return {"kind": "saved", "pictures": len(arguments["links"])}


def outcome(response: Any, kind: str) -> dict[str, Any]:
    """Return a response of the SDK as the parent reads it."""
    output = response.output or {}
    links = picture_links(output) if kind == "result" else []
    # After a timeout the SDK gives the id of the task in place of that of the request.
    task = output.get("task_id") or (response.request_id if kind == "late" else "")
    failed = response.status_code != 200
    message = f"{response.status_code} {response.code}: {response.message}" if failed else ""
    return {
        "kind": kind,
        "task_id": task,
        "pictures": len(links),
        "name": type(response).__name__,
        "message": message[:MAX_MESSAGE],
        "links": links,
    }


def error_outcome(error: Exception, kind: str) -> dict[str, Any]:
    """Return an exception as the parent reads it."""
    return {"kind": kind, "name": type(error).__name__, "message": str(error)[:MAX_MESSAGE]}


def picture_links(output: Any) -> list[str]:
    """Return the links of a result of either form."""
    if output.get("results"):
        return [entry["url"] for entry in output["results"] if entry.get("url")]
    parts = [part for choice in output.get("choices") or () for part in choice["message"]["content"]]
    return [part["image"] for part in parts if part.get("image")]


VERBS = {
    "submit": submit,
    "edit": edit,
    "poll": poll,
    "wait": wait,
    "cancel": cancel,
    "list": list_tasks,
    "save": save,
}


def perform(arguments: dict[str, Any]) -> dict[str, Any]:
    """Run a verb and return its outcome."""
    try:
        return VERBS[arguments["verb"]](arguments)
    except DashScopeException as error:  # a create that raises this has created no task
        return error_outcome(error, "refused" if arguments["verb"] in ("submit", "edit") else "trouble")
    except Stopped:
        return {"kind": "stopped"}
    except Exception as error:
        return error_outcome(error, "untyped")


def main() -> None:
    """Run one verb after another until the parent closes the connection."""
    sys.stdout = sys.stderr  # the output of the SDK must not reach the parent
    settings = PARENT.receive()
    dashscope.api_key, dashscope.base_http_api_url = settings["key"], settings["address"]
    for owner, name, replacement in (
        (time, "sleep", PARENT.sleep),
        (time, "time", lambda: settings["start"] + PARENT.at),
        (HTTPAdapter, "send", lambda *args, **kwargs: PARENT.send(*args, **kwargs)),
    ):
        setattr(owner, name, replacement)
    PARENT.write(version=dashscope.version.__version__)
    while (arguments := PARENT.receive())["verb"] != "end":
        PARENT.write(outcome=perform(arguments))


if __name__ == "__main__":
    main()
