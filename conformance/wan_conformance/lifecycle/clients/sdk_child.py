"""The official SDK in the hands of a careful caller. Runs by itself in the SDK's own environment.

Needs the standard library, the SDK and what it brings. Standard input and output are JSON, a line each. The
parent says what to do; for each exchange the child says the request and is told the answer, then it says what
came of it. Time does not run: `at` of every line is the time of the story, which only sleeping moves.
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
GATEWAYS = (502, 504)
LIMITED = "wait_timeout" in inspect.signature(ImageGeneration.wait).parameters
WORDS = 160


class Stopped(BaseException):
    """The parent has seen enough of this verb."""


class Parent:
    """The parent's side. at: seconds since the story began."""

    at = 0.0
    out = sys.stdout

    def say(self, **told: Any) -> None:
        print(json.dumps({**told, "at": self.at}), file=self.out, flush=True)

    def receive(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(sys.stdin.readline() or '{"do": "end"}')
        self.at = told.get("at", self.at)
        return told

    def sleep(self, seconds: float) -> None:
        self.at += seconds

    def send(self, adapter: HTTPAdapter, request: Any, **_: Any) -> requests.Response:
        """In place of the network."""
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        headers = {name: str(value) for name, value in request.headers.items()}
        self.say(request=[request.method, request.url, headers, base64.b64encode(body).decode()])
        told = self.receive()
        if told.get("stop"):
            raise Stopped
        if told.get("cut"):
            raise requests.exceptions.ConnectionError("Remote end closed connection", request=request)
        content = io.BytesIO(base64.b64decode(told["body"]))
        # Where the body is shorter than its length, reading it ends as a cut connection does.
        raw = HTTPResponse(content, told["headers"], told["status"], preload_content=False)
        return adapter.build_response(request, raw)


STORY = Parent()


def submit(told: dict[str, Any]) -> dict[str, Any]:
    return create_outcome(ImageGeneration.async_call(**messages(told)), "handle")


def edit(told: dict[str, Any]) -> dict[str, Any]:
    """The synchronous call, or where the model has none the one that waits."""
    if told["model"].startswith("wan2.7"):
        return create_outcome(ImageGeneration.call(**messages(told)), "result")
    given = {"model": told["model"], "prompt": told["prompt"], "images": told["images"], **told["asked"]}
    return create_outcome(ImageSynthesis.call(**given, **limit(told)), "result")


def messages(told: dict[str, Any]) -> dict[str, Any]:
    content = [*({"image": image} for image in told["images"]), {"text": told["prompt"]}]
    return {"model": told["model"], "messages": [{"role": "user", "content": content}], **told["asked"]}


def limit(told: dict[str, Any]) -> dict[str, Any]:
    """The time to wait, where this version takes one."""
    return {"wait_timeout": told["timeout"]} if LIMITED else {}


def create_outcome(answer: Any, kind: str) -> dict[str, Any]:
    """A caller who is careful takes a gateway's answer for none at all."""
    if answer.status_code != 200:
        return outcome(answer, "unknown outcome" if answer.status_code in GATEWAYS else "refused")
    return outcome(
        answer, ENDS.get(answer.output.get("task_status") or "", kind) if kind == "result" else kind
    )


def poll(told: dict[str, Any]) -> dict[str, Any]:
    answer = ImageGeneration.fetch(told["task"])
    if answer.status_code != 200:
        return outcome(answer, "trouble")
    return outcome(answer, "state") | {"state": answer.output["task_status"]}


def wait(told: dict[str, Any]) -> dict[str, Any]:
    answer = ImageGeneration.wait(told["task"], **limit(told))
    if answer.status_code != 200:
        return outcome(answer, "late" if answer.status_code == 408 else "trouble")
    return outcome(answer, ENDS[answer.output["task_status"]])


def cancel(told: dict[str, Any]) -> dict[str, Any]:
    answer = ImageGeneration.cancel(told["task"])
    if answer.status_code != 200 or answer.code:  # a 200 may have an error inside
        return outcome(answer, "refused" if answer.code == "UnsupportedOperation" else "trouble")
    return outcome(answer, "canceled")


def list_tasks(told: dict[str, Any]) -> dict[str, Any]:
    answer = ImageGeneration.list()
    if answer.status_code != 200:
        return outcome(answer, "trouble")
    return outcome(answer, "list") | {"tasks": [each["task_id"] for each in answer.output["data"]]}


def save(told: dict[str, Any]) -> dict[str, Any]:
    """The SDK has no verb for it: a caller gets the links himself."""
    for number, link in enumerate(told["links"], 1):
        try:
            answer = requests.get(link)
            answer.raise_for_status()
        except requests.RequestException as error:
            dead = error.response is not None and error.response.status_code == 403
            return error_outcome(error, "dead link" if dead else "trouble")
        Path(told["folder"], f"{number}.png").write_bytes(answer.content)
    return {"kind": "saved", "pictures": len(told["links"])}


def outcome(answer: Any, kind: str) -> dict[str, Any]:
    """An answer as the parent hears it."""
    output = answer.output or {}
    links = pictures(output) if kind == "result" else []
    # A wait that is over says the task's id where the request's should stand.
    task = output.get("task_id") or (answer.request_id if kind == "late" else "")
    words = "" if answer.status_code == 200 else f"{answer.status_code} {answer.code}: {answer.message}"
    name = type(answer).__name__
    told = {"kind": kind, "task_id": task, "pictures": len(links), "name": name, "words": words[:WORDS]}
    return {**told, "links": links}


def error_outcome(error: Exception, kind: str) -> dict[str, Any]:
    return {"kind": kind, "name": type(error).__name__, "words": str(error)[:WORDS]}


def pictures(output: Any) -> list[str]:
    """The links of an answer of either form."""
    if output.get("results"):
        return [each["url"] for each in output["results"] if each.get("url")]
    parts = [part for choice in output.get("choices") or () for part in choice["message"]["content"]]
    return [part["image"] for part in parts if part.get("image")]


VERBS = {"submit": submit, "edit": edit, "poll": poll, "wait": wait, "cancel": cancel, "list": list_tasks}
VERBS["save"] = save


def perform(told: dict[str, Any]) -> dict[str, Any]:
    """What a verb comes to."""
    try:
        return VERBS[told["do"]](told)
    except DashScopeException as error:  # of a create: it says that there is no task
        return error_outcome(error, "refused" if told["do"] in ("submit", "edit") else "trouble")
    except Stopped:
        return {"kind": "stopped"}
    except Exception as error:
        return error_outcome(error, "untyped")


def main() -> None:
    """Does one verb after another until the parent has gone."""
    sys.stdout = sys.stderr  # whatever else is printed here is not for the parent
    head = STORY.receive()
    dashscope.api_key, dashscope.base_http_api_url = head["key"], head["address"]
    for place, name, played in (
        (time, "sleep", STORY.sleep),
        (time, "time", lambda: head["start"] + STORY.at),
        (HTTPAdapter, "send", lambda *given, **named: STORY.send(*given, **named)),
    ):
        setattr(place, name, played)
    STORY.say(version=dashscope.version.__version__)
    while (told := STORY.receive())["do"] != "end":
        STORY.say(said=perform(told))


if __name__ == "__main__":
    main()
