"""A service that lives by a table, judged by raw requests at the moments that matter.

Two judges: the states that the true table has a path to (`Possible`), and what is due to the microsecond.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from wan_conformance.lifecycle.simulation.clock import SimulatedClock
from wan_conformance.lifecycle.simulation.service import CachedImageEmulator
from wan_conformance.lifecycle.simulation.task_model import TaskModel
from wanlib.emulator import Request, Response, Settings
from wanlib.emulator.core.http_messages import FAULT_HEADER
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


class RawClient:
    """Asks the service of a spec. time: simulated; to be moved on by whoever asks."""

    def __init__(self, spec: Spec, settings: Settings) -> None:
        self.time = SimulatedClock()
        self._service = CachedImageEmulator(spec, clock=self.time, settings=settings)

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

    def is_throttled(self, call: str, task_id: str) -> bool:
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


DAY = 86_400.0
WAITS, WORKS = 2.0, 4.0
END = WAITS + WORKS
CANCELED_AT = 1.0
_GRAIN = 1e-6
_CHANGES = (WAITS, END, DAY, END + DAY)
MOMENTS = tuple(
    sorted(
        {0.0, CANCELED_AT, CANCELED_AT + 0.5, WAITS + WORKS / 4, WAITS + 3 * WORKS / 4, END + 1.5, END + 3.5}
        | {at - early for at in _CHANGES for early in (_GRAIN, 0.0)}
        | {DAY / 2, DAY - 1, DAY + 1, DAY + 3, DAY + END - 1, 3 * DAY}
    )
)
"""Seconds since the submission: just before and at each change, between the changes, and after them."""
SEEDS = 3
"""A table may leave open which road a task takes; then its seed decides."""


@dataclass
class Task:
    """One task of a service.

    shape: of its results. fault: as in `x-wan-fault`. end: how its work ends. pictures, failures: that it
    comes to then. canceled: whether it is canceled at CANCELED_AT. id: once it is submitted.
    """

    shape: str
    fault: str
    end: str
    pictures: int
    failures: int = 0
    canceled: bool = False
    seed: int = 0
    id: str = ""
    may: TaskModel = field(init=False)

    def expected_status(self, at: float) -> str:
        """What a query is due to tell so many seconds after the submission."""
        if at >= DAY:
            return "UNKNOWN"
        if self.canceled and at >= CANCELED_AT:
            return "CANCELED"
        if at < WAITS:
            return "PENDING"
        return "RUNNING" if at < END else self.end


def tasks() -> list[Task]:
    """Each end under several seeds, and results with two pictures, of one of which one fails."""
    found = []
    for seed in range(SEEDS):
        found.append(Task("choices", "", "SUCCEEDED", 1, seed=seed))
        found.append(Task("choices", "", "SUCCEEDED", 1, seed=seed, canceled=True))
        found.append(Task("choices", "fail code=InternalError", "FAILED", 0, failures=1, seed=seed))
    found.append(Task("results", "partial code=InternalError", "SUCCEEDED", 1, failures=1))
    found.append(Task("results", "", "SUCCEEDED", 2))
    return found


RATES = {"query": 20, "list": 20, "cancel": 20}
"""Calls a second that the pages allow to one account."""
_STATES = ("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELED", "UNKNOWN")
_NEVER = "00000000-0000-4000-8000-000000000000"


def service_problems(true: Spec, served: Spec) -> Iterator[str]:
    """What is wrong in the service of a spec, by the true one, in words; nothing of the true one itself."""
    asker = RawClient(served, Settings(waiting=WAITS, working=WORKS))
    try:
        yield from TaskSample(true, asker).problems()
    finally:
        asker.close()
    for call, rate in RATES.items():
        yield from _rate_problem(served, call, rate)


class TaskSample:
    """Some tasks of one service, from their submission to days after their end."""

    def __init__(self, true: Spec, asker: RawClient) -> None:
        self._asker, self._table = asker, true.task
        self._tasks = tasks()
        self._links: list[str] = []

    def problems(self) -> Iterator[str]:
        for task in self._tasks:
            yield from self._submitted(task)
        for at in MOMENTS:
            self._asker.time.at = at
            for task in self._tasks:
                if at == CANCELED_AT and task.canceled:
                    yield from self._cancel(task, at)
                yield from self._check_at(task, at)
                if at >= WAITS:  # too late for any of them
                    yield from self._cancel(task, at)
            yield from self._check_unknown_key(at)
            yield from self._listed(at)
            yield from self._check_links(at)

    def _submitted(self, task: Task) -> Iterator[str]:
        answer = self._asker.create(task.shape, task.seed, task.pictures + task.failures, task.fault)
        told, task.id = answer["output"]["task_status"], answer["output"]["task_id"]
        task.may = TaskModel(self._table, 0.0)
        if told != "PENDING":
            yield f"the answer to a create tells {told}, due was PENDING"

    def _check_at(self, task: Task, at: float) -> Iterator[str]:
        answer = self._asker.query(task.id)
        told, due = answer["output"]["task_status"], task.expected_status(at)
        if why := task.may.observe(told, at):
            yield f"{_time(at)}: {why}"
        if told != due:
            yield f"{_time(at)}: a query tells {told}, due was {due}"
        yield from (
            f"{_time(at)}: {told} with {what}" for what in _missing_members(task, told, answer["output"])
        )
        if told == "SUCCEEDED" and not self._links:
            self._links = _links(answer["output"])

    def _check_unknown_key(self, at: float) -> Iterator[str]:
        told = self._asker.query(_NEVER)["output"]["task_status"]
        if told != "UNKNOWN":
            yield f"{_time(at)}: an id that never was is {told}, due was UNKNOWN"
        told = self._asker.query(self._tasks[0].id, "status")["output"]["task_status"]
        if told in _STATES:
            yield f"{_time(at)}: the status that no page describes is {told}"
        if self._asker.cancel(_NEVER) == 200:
            yield f"{_time(at)}: the cancel of an id that never was is accepted"

    def _listed(self, at: float) -> Iterator[str]:
        told = {item["task_id"]: item["status"] for item in self._asker.list()["data"]}
        for task in self._tasks:
            due = task.expected_status(at) if at < DAY else "not there"
            if (met := told.get(task.id, "not there")) != due:
                yield f"{_time(at)}: in the list a task is {met}, due was {due}"

    def _check_links(self, at: float) -> Iterator[str]:
        """The pictures of the first result; its links die a day after its end."""
        due = at < END + DAY
        for url in self._links:
            if (self._asker.download(url) == 200) != due:
                can = "can not" if due else "can"
                yield f"{_time(at)}: a picture {can} be fetched, its life is a day from the end"

    def _cancel(self, task: Task, at: float) -> Iterator[str]:
        call = task.may.call_started("cancel", at)
        accepted = self._asker.cancel(task.id) == 200
        if why := task.may.call_finished(call, at, accepted):
            yield f"{_time(at)}: {why}"


def _missing_members(task: Task, told: str, output: Any) -> Iterator[str]:
    """What an answer lacks that its state is due to bring."""
    if told == "SUCCEEDED" and len(_links(output)) != task.pictures:
        yield f"{len(_links(output))} pictures, due were {task.pictures}"
    failures = [entry for entry in output.get("results", ()) if "code" in entry]
    if told == "SUCCEEDED" and len(failures) != task.failures:
        yield f"{len(failures)} failures, due were {task.failures}"
    if (told == "FAILED") != ("code" in output):
        yield "no code" if told == "FAILED" else "a code"


def _links(output: Any) -> list[str]:
    parts = [part for choice in output.get("choices", ()) for part in choice["message"]["content"]]
    entries = [*parts, *output.get("results", ())]
    return [entry.get("image") or entry["url"] for entry in entries if "image" in entry or "url" in entry]


def _rate_problem(served: Spec, call: str, rate: int) -> Iterator[str]:
    """So many calls at one moment are let pass and not one more, until the second is over."""
    asker = RawClient(served, Settings(quotas=True))
    try:
        task_id = asker.create("choices", 0, 1)["output"]["task_id"]
        for number in range(1, rate + 2):
            if asker.is_throttled(call, task_id) != (number > rate):
                yield f"{call} {number} of a second is {'refused' if number <= rate else 'let pass'}"
                return
        asker.time.at = 1.0
        if asker.is_throttled(call, task_id):
            yield f"{call} is refused when the second is over"
    finally:
        asker.close()


def _time(at: float) -> str:
    return f"{at:,.6f}".rstrip("0").rstrip(".") + " s after the submission"
