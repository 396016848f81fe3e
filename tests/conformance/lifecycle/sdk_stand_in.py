"""A stand-in for the process of the official SDK, with the same protocol. Runs by itself.

Without faults it behaves like the pinned SDK. The first argument says what is different: `forgetful` does
not report the id of a task; `sober` ends a wait after its timeout; `mute` ends at once."""

import json
import sys
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

VARIANT = sys.argv[1]
ENDS = {"SUCCEEDED": "result", "FAILED": "failed", "CANCELED": "was canceled", "UNKNOWN": "forgotten"}
STEP = 5.0


class Stop(Exception):
    """The parent stops this call."""


class Parent:
    at = 0.0

    def write(self, **message: Any) -> None:
        print(json.dumps({**message, "at": self.at}), flush=True)

    def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(sys.stdin.readline() or '{"verb": "end"}')
        self.at = message.get("at", self.at)
        return message

    def send(self, method: str, url: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        headers = {
            "Authorization": f"Bearer {SETTINGS['key']}",
            "Content-Type": "application/json",
            **headers,
        }
        content = b"" if body is None else json.dumps(body).encode()
        self.write(request=[method, url, headers, b64encode(content).decode()])
        response = self.receive()
        if response.get("stop"):
            raise Stop
        return response["status"], b64decode(response["body"])


PARENT = Parent()


def create(arguments: dict[str, Any], path: str, asynchronous: bool) -> dict[str, Any]:
    content = [*({"image": image} for image in arguments["images"]), {"text": arguments["prompt"]}]
    body: dict[str, Any] = {"input": {"messages": [{"role": "user", "content": content}]}}
    if path.startswith("image2image"):
        body = {"input": {"prompt": arguments["prompt"], "images": arguments["images"]}}
    headers = {"X-DashScope-Async": "enable"} if asynchronous else {}
    url = f"{SETTINGS['address']}/services/aigc/{path}"
    body |= {"model": arguments["model"], "parameters": arguments["parameters"]}
    _, response = PARENT.send("POST", url, body, **headers)
    return dict(json.loads(response)["output"])


def submit(arguments: dict[str, Any]) -> dict[str, Any]:
    task = create(arguments, "image-generation/generation", True)["task_id"]
    return {"kind": "handle", "task_id": "" if VARIANT == "forgetful" else task}


def edit(arguments: dict[str, Any]) -> dict[str, Any]:
    if arguments["model"].startswith("wan2.7"):
        return result(create(arguments, "multimodal-generation/generation", False), "result")
    task = create(arguments, "image2image/image-synthesis", True)["task_id"]
    return wait({"task": task, "timeout": arguments["timeout"]})


def poll(arguments: dict[str, Any]) -> dict[str, Any]:
    _, body = PARENT.send("GET", f"{SETTINGS['address']}/tasks/{arguments['task']}")
    output = json.loads(body)["output"]
    return {"kind": "state", "state": output["task_status"], "task_id": arguments["task"], "output": output}


def wait(arguments: dict[str, Any]) -> dict[str, Any]:
    until = PARENT.at + arguments["timeout"]
    while (state := poll(arguments))["state"] not in ENDS:
        PARENT.at += STEP
        if VARIANT == "sober" and PARENT.at >= until:
            return {"kind": "late", "task_id": arguments["task"]}
    return result(state["output"], ENDS[state["state"]])


def result(output: dict[str, Any], kind: str) -> dict[str, Any]:
    parts = [part for choice in output.get("choices", ()) for part in choice["message"]["content"]]
    links = [part["image"] for part in parts]
    links += [entry["url"] for entry in output.get("results", ()) if "url" in entry]
    return {"kind": kind, "task_id": output.get("task_id", ""), "pictures": len(links), "links": links}


def save(arguments: dict[str, Any]) -> dict[str, Any]:
    for number, link in enumerate(arguments["links"]):
        status, picture = PARENT.send("GET", link)
        if status != 200:
            return {"kind": "dead link"}
        Path(arguments["folder"], f"{number}.png").write_bytes(picture)
    return {"kind": "saved", "pictures": len(arguments["links"])}


def cancel(arguments: dict[str, Any]) -> dict[str, Any]:
    status, _ = PARENT.send("POST", f"{SETTINGS['address']}/tasks/{arguments['task']}/cancel")
    return {"kind": "canceled" if status == 200 else "refused"}


SETTINGS = PARENT.receive()
if VARIANT == "mute":
    sys.exit("there is no module named dashscope")
PARENT.write(version="0")
while (arguments := PARENT.receive())["verb"] != "end":
    try:
        PARENT.write(outcome=globals()[arguments["verb"]](arguments))
    except Stop:
        PARENT.write(outcome={"kind": "stopped"})
