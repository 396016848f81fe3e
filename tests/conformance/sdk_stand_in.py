"""A stand-in for the official SDK's process: it says to the harness what that would. Runs by itself.

Where nothing goes wrong it does as the pinned SDK does. The first argument is what is different in it:
`forgetful`: it keeps a task's id to itself; `sober`: it waits no longer than it is told; `mute`: it ends at
once.
"""

import json
import sys
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

WRONG = sys.argv[1]
ENDS = {"SUCCEEDED": "result", "FAILED": "failed", "CANCELED": "was canceled", "UNKNOWN": "forgotten"}
STEP = 5.0


class Stop(Exception):
    """The parent has seen enough."""


class Parent:
    at = 0.0

    def say(self, **told: Any) -> None:
        print(json.dumps({**told, "at": self.at}), flush=True)

    def hear(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(sys.stdin.readline() or '{"do": "end"}')
        self.at = told.get("at", self.at)
        return told

    def ask(self, method: str, url: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {HEAD['key']}", "Content-Type": "application/json", **headers}
        content = b"" if body is None else json.dumps(body).encode()
        self.say(request=[method, url, headers, b64encode(content).decode()])
        told = self.hear()
        if told.get("stop"):
            raise Stop
        return told["status"], b64decode(told["body"])


PARENT = Parent()


def create(told: dict[str, Any], path: str, asynchronous: bool) -> dict[str, Any]:
    content = [*({"image": image} for image in told["images"]), {"text": told["prompt"]}]
    body: dict[str, Any] = {"input": {"messages": [{"role": "user", "content": content}]}}
    if path.startswith("image2image"):
        body = {"input": {"prompt": told["prompt"], "images": told["images"]}}
    headers = {"X-DashScope-Async": "enable"} if asynchronous else {}
    url = f"{HEAD['address']}/services/aigc/{path}"
    body |= {"model": told["model"], "parameters": told["asked"]}
    _, answer = PARENT.ask("POST", url, body, **headers)
    return dict(json.loads(answer)["output"])


def submit(told: dict[str, Any]) -> dict[str, Any]:
    task = create(told, "image-generation/generation", True)["task_id"]
    return {"kind": "handle", "task_id": "" if WRONG == "forgetful" else task}


def edit(told: dict[str, Any]) -> dict[str, Any]:
    if told["model"].startswith("wan2.7"):
        return result(create(told, "multimodal-generation/generation", False), "result")
    task = create(told, "image2image/image-synthesis", True)["task_id"]
    return wait({"task": task, "timeout": told["timeout"]})


def poll(told: dict[str, Any]) -> dict[str, Any]:
    _, answer = PARENT.ask("GET", f"{HEAD['address']}/tasks/{told['task']}")
    output = json.loads(answer)["output"]
    return {"kind": "state", "state": output["task_status"], "task_id": told["task"], "output": output}


def wait(told: dict[str, Any]) -> dict[str, Any]:
    until = PARENT.at + told["timeout"]
    while (found := poll(told))["state"] not in ENDS:
        PARENT.at += STEP
        if WRONG == "sober" and PARENT.at >= until:
            return {"kind": "late", "task_id": told["task"]}
    return result(found["output"], ENDS[found["state"]])


def result(output: dict[str, Any], kind: str) -> dict[str, Any]:
    parts = [part for choice in output.get("choices", ()) for part in choice["message"]["content"]]
    links = [part["image"] for part in parts]
    links += [each["url"] for each in output.get("results", ()) if "url" in each]
    return {"kind": kind, "task_id": output.get("task_id", ""), "pictures": len(links), "links": links}


def save(told: dict[str, Any]) -> dict[str, Any]:
    for number, link in enumerate(told["links"]):
        status, picture = PARENT.ask("GET", link)
        if status != 200:
            return {"kind": "dead link"}
        Path(told["folder"], f"{number}.png").write_bytes(picture)
    return {"kind": "saved", "pictures": len(told["links"])}


def cancel(told: dict[str, Any]) -> dict[str, Any]:
    status, _ = PARENT.ask("POST", f"{HEAD['address']}/tasks/{told['task']}/cancel")
    return {"kind": "canceled" if status == 200 else "refused"}


HEAD = PARENT.hear()
if WRONG == "mute":
    sys.exit("there is no module named dashscope")
PARENT.say(version="0")
while (order := PARENT.hear())["do"] != "end":
    try:
        PARENT.say(said=globals()[order["do"]](order))
    except Stop:
        PARENT.say(said={"kind": "stopped"})
