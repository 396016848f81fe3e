"""Requests to an emulator in this process, as any client makes them, by the calls of the spec."""

import base64
import json
from typing import Any

from tests.support.image_files import picture
from wanlib.emulator import Emulator, ManualClock, Request, Response
from wanlib.spec import load

ORIGIN = "http://emulator.test"
SPEC = load()
INTERNAL_ERROR: bytes = SPEC.service["errors"]["broken"]["message"].encode()
"""The text in the body of a response if the emulator failed."""
BASE = SPEC.wire["base_path"]
KEY = {"authorization": "Bearer sk-test"}
CALL_HEADERS = {"async": {"x-dashscope-async": "enable"}, "stream": {"x-dashscope-sse": "enable"}, "sync": {}}


def send(emulator: Emulator, method: str, path: str, body: Any = None, **headers: str) -> Response:
    """One request below the base path; header names have `_` for `-`; `key=""` leaves the key out."""
    renamed = {name.replace("_", "-"): value for name, value in headers.items()}
    given = {} if renamed.pop("key", None) == "" else KEY
    if body is not None:
        given = given | {"content-type": "application/json"}
    raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return emulator.handle(Request(method, BASE + path, given | renamed, raw, ORIGIN))


def create(emulator: Emulator, body: Any, call: str = "async", **headers: str) -> Response:
    """A create call at the model's own endpoint, or at the first that has such a call."""
    model = body.get("model") if isinstance(body, dict) else None
    endpoints = SPEC.wire["endpoints"]
    own_calls = endpoints.get(SPEC.base(model), {})
    endpoint = own_calls.get(call) or next(each[call] for each in endpoints.values() if call in each)
    method, path = endpoint.split(" ")
    marked = {name.replace("-", "_"): value for name, value in CALL_HEADERS[call].items()}
    return send(emulator, method, path, body, **(marked | headers))


def json_of(response: Response) -> Any:
    """The JSON of an answer."""
    return json.loads(response.body)


def rules(response: Response) -> dict[str, str]:
    """The broken rules that an answer names, with their outcomes."""
    header = response.header("x-wan-rules") or ""
    return dict(item.split(";") for item in header.split(", ") if item)


def submit(emulator: Emulator, body: Any, **headers: str) -> str:
    """The id of a task that has been accepted."""
    answer = create(emulator, body, **headers)
    assert answer.status == 200, answer.body
    return str(json_of(answer)["output"]["task_id"])


def query(emulator: Emulator, task_id: str) -> Any:
    """The response to a query."""
    answer = send(emulator, "GET", f"/tasks/{task_id}")
    assert answer.status == 200
    return json_of(answer)


def status(emulator: Emulator, task_id: str) -> str:
    """The status of a task."""
    return str(query(emulator, task_id)["output"]["task_status"])


def advance(emulator: Emulator, seconds: float) -> None:
    """Lets time pass."""
    assert isinstance(emulator.clock, ManualClock)
    emulator.clock.advance(seconds)


def fetch(emulator: Emulator, url: str) -> Response:
    """The file behind a result's link."""
    assert url.startswith(ORIGIN)
    return emulator.handle(Request("GET", url.removeprefix(ORIGIN), {}, b"", ORIGIN))


def links(answer: Any) -> list[str]:
    """Every picture's link in an answer, in reading order."""
    output = answer["output"]
    parts = [part for choice in output.get("choices", ()) for part in choice["message"]["content"]]
    entries = [*parts, *output.get("results", ())]
    return [entry.get("image") or entry["url"] for entry in entries if "image" in entry or "url" in entry]


def data_uri(width: int, height: int, format: str = "png") -> str:
    """A real picture of these sides."""
    data = picture(format, size=(width, height))
    return f"data:image/{format};base64,{base64.b64encode(data).decode()}"


def messages(model: str, *images: str, prompt: str = "a cat", **parameters: Any) -> dict[str, Any]:
    """A body of 2.6 or 2.7."""
    content = [*({"image": image} for image in images), {"text": prompt}]
    body = {"model": model, "input": {"messages": [{"role": "user", "content": content}]}}
    return body | ({"parameters": parameters} if parameters else {})


def prompted(*images: str, prompt: str = "a cat", **parameters: Any) -> dict[str, Any]:
    """A body of 2.5."""
    given = {"prompt": prompt, "images": list(images)}
    return {"model": "wan2.5-i2i-preview", "input": given} | (
        {"parameters": parameters} if parameters else {}
    )


def functional(image: str, function: str = "colorization", **parameters: Any) -> dict[str, Any]:
    """A body of wanx2.1."""
    given = {"function": function, "prompt": "a cat", "base_image_url": image}
    return {"model": "wanx2.1-imageedit", "input": given, "parameters": parameters}


URL = "https://example.com/cat.png"
PRO, PLAIN, OLDER = "wan2.7-image-pro", "wan2.7-image", "wan2.6-image"
BODIES = {
    PRO: messages(PRO, URL, n=2),
    PLAIN: messages(PLAIN, n=2),
    OLDER: messages(OLDER, URL, n=2),
    "wan2.5-i2i-preview": prompted(URL, n=2),
    "wanx2.1-imageedit": functional(URL, n=2),
}
INTERLEAVED = messages(OLDER, enable_interleave=True, stream=True, max_images=2)
