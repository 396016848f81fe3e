"""Checks of a service that was generated from a mutant, by raw requests at the relevant times.

Each response is checked twice: against the `TaskModel` of the original table, and against the state that is
expected, to the microsecond. `service_problems` runs all checks.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from wan_conformance.lifecycle.clients.base import KEY
from wan_conformance.lifecycle.simulation.clock import SimulatedClock
from wan_conformance.lifecycle.simulation.service import CachedImageEmulator
from wan_conformance.lifecycle.simulation.task_model import TaskModel
from wanlib.base.identifiers import NO_TASK
from wanlib.emulator import Request, Response, Settings
from wanlib.emulator.core.http_messages import FAULT_HEADER
from wanlib.spec import Spec

_ORIGIN = "http://127.0.0.1:8686"
_BASE = "/api/v1"
_KEY_HEADER = {"authorization": f"Bearer {KEY}"}
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
"""The path and the body of a create for each form of results, as in the vendor's documents."""


class RawClient:
    """Sends raw requests to the service of a spec.

    Attributes:
        clock: The time of the service; the caller advances it.
    """

    def __init__(self, spec: Spec, settings: Settings) -> None:
        """Start the service of a spec."""
        self.clock = SimulatedClock()
        self._service = CachedImageEmulator(spec, clock=self.clock, settings=settings)

    def create(self, form: str, seed: int, pictures: int, fault: str = "") -> Any:
        """Create a task.

        Args:
            form: `choices` or `results`, the form of its results.
            seed: The seed.
            pictures: The number of pictures, `n`.
            fault: The fault of its job, as in `x-wan-fault`; "" for none.

        Returns:
            The response.
        """
        path, body = _BODIES[form]
        raw = json.dumps(body | {"parameters": {"n": pictures, "seed": seed, "watermark": False}}).encode()
        headers = {"content-type": "application/json", "x-dashscope-async": "enable"}
        return _payload(self._send("POST", path, headers | _fault_header(fault), raw))

    def query(self, task_id: str, fault: str = "") -> Any:
        """Query a task, and return the response."""
        return _payload(self._send("GET", f"/tasks/{task_id}", _fault_header(fault)))

    def cancel(self, task_id: str) -> int:
        """Cancel a task, and return the HTTP status."""
        return self._send("POST", f"/tasks/{task_id}/cancel").status

    def list(self) -> Any:
        """List the tasks of the last day, and return the response."""
        return _payload(self._send("GET", "/tasks/?page_size=100"))

    def download(self, url: str) -> int:
        """Fetch a picture, and return the HTTP status."""
        return self._service.handle(Request("GET", url.removeprefix(_ORIGIN), {}, b"", _ORIGIN)).status

    def is_throttled(self, call: str, task_id: str) -> bool:
        """Return True if a query, a list or a cancel is refused because of the rate limit."""
        method, path = {
            "query": ("GET", f"/tasks/{task_id}"),
            "list": ("GET", "/tasks/"),
            "cancel": ("POST", f"/tasks/{task_id}/cancel"),
        }[call]
        return self._send(method, path).status == 429

    def close(self) -> None:
        """Close the service."""
        self._service.close()

    def _send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Response:
        return self._service.handle(
            Request(method, _BASE + path, {**_KEY_HEADER, **(headers or {})}, body, _ORIGIN)
        )


def _fault_header(fault: str) -> dict[str, str]:
    return {FAULT_HEADER: fault} if fault else {}


def _payload(response: Response) -> Any:
    if response.status != 200:  # not a wrong table, but a service that does not work
        raise RuntimeError(
            f"the service responds with HTTP {response.status}, expected 200: {response.body[:200]!r}"
        )
    return json.loads(response.body)


DAY = 86_400.0
WAITING, WORKING = 2.0, 4.0
END = WAITING + WORKING
CANCELED_AT = 1.0
_RESOLUTION = 1e-6
_CHANGES = (WAITING, END, DAY, END + DAY)
MOMENTS = tuple(
    sorted(
        {
            0.0,
            CANCELED_AT,
            CANCELED_AT + 0.5,
            WAITING + WORKING / 4,
            WAITING + 3 * WORKING / 4,
            END + 1.5,
            END + 3.5,
        }
        | {at - early for at in _CHANGES for early in (_RESOLUTION, 0.0)}
        | {DAY / 2, DAY - 1, DAY + 1, DAY + 3, DAY + END - 1, 3 * DAY}
    )
)
"""Seconds since the submission at which everything is checked: before, at, between and after the changes of
state."""
SEEDS = 3
"""Tasks of each kind, with different seeds: if a table has several paths to an end, the seed chooses one."""


@dataclass
class SampleTask:
    """One task of the sample.

    Attributes:
        form: The form of its results.
        fault: The fault of its job, as in `x-wan-fault`; "" for none.
        end: The state in which it ends.
        pictures: The pictures of its result.
        failures: The pictures that failed.
        is_canceled: True if it is canceled at `CANCELED_AT`.
        seed: Its seed.
        id: Its id, "" before it is submitted.
        model: Its possible states by the original table.
    """

    form: str
    fault: str
    end: str
    pictures: int
    failures: int = 0
    is_canceled: bool = False
    seed: int = 0
    id: str = ""
    model: TaskModel = field(init=False)

    def expected_status(self, at: float) -> str:
        """Return the state that a query must report, `at` seconds after the submission."""
        if at >= DAY:
            return "UNKNOWN"
        if self.is_canceled and at >= CANCELED_AT:
            return "CANCELED"
        if at < WAITING:
            return "PENDING"
        return "RUNNING" if at < END else self.end


def sample_tasks() -> list[SampleTask]:
    """Return tasks with each end under several seeds, and two for two pictures, one of which may fail."""
    tasks = []
    for seed in range(SEEDS):
        tasks.append(SampleTask("choices", "", "SUCCEEDED", 1, seed=seed))
        tasks.append(SampleTask("choices", "", "SUCCEEDED", 1, seed=seed, is_canceled=True))
        tasks.append(SampleTask("choices", "fail code=InternalError", "FAILED", 0, failures=1, seed=seed))
    tasks.append(SampleTask("results", "partial code=InternalError", "SUCCEEDED", 1, failures=1))
    tasks.append(SampleTask("results", "", "SUCCEEDED", 2))
    return tasks


RATES = {"query": 20, "list": 20, "cancel": 20}
"""Calls per second that the vendor's documents allow for one account."""
_STATES = ("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELED", "UNKNOWN")


def service_problems(original: Spec, spec: Spec) -> Iterator[str]:
    """Find the problems of the service of a spec, in words.

    Args:
        original: The spec without a fault.
        spec: The spec of the service.
    """
    client = RawClient(spec, Settings(waiting=WAITING, working=WORKING))
    try:
        yield from TaskSample(original, client).problems()
    finally:
        client.close()
    for call, rate in RATES.items():
        yield from _rate_problem(spec, call, rate)


class TaskSample:
    """Tasks of one service, checked from their submission to days after their end."""

    def __init__(self, original: Spec, client: RawClient) -> None:
        """Prepare the tasks; `original` is the spec without a fault."""
        self._client, self._table = client, original.task
        self._tasks = sample_tasks()
        self._links: list[str] = []

    def problems(self) -> Iterator[str]:
        """Submit the tasks and check them at all `MOMENTS`."""
        for task in self._tasks:
            yield from self._submit(task)
        for at in MOMENTS:
            self._client.clock.at = at
            for task in self._tasks:
                if at == CANCELED_AT and task.is_canceled:
                    yield from self._cancel(task, at)
                yield from self._check_at(task, at)
                if at >= WAITING:  # too late for any of them
                    yield from self._cancel(task, at)
            yield from self._check_unknown_key(at)
            yield from self._check_list(at)
            yield from self._check_links(at)

    def _submit(self, task: SampleTask) -> Iterator[str]:
        response = self._client.create(task.form, task.seed, task.pictures + task.failures, task.fault)
        state, task.id = response["output"]["task_status"], response["output"]["task_id"]
        task.model = TaskModel(self._table, 0.0)
        if state != "PENDING":
            yield f"the response to a create reports {state}, expected PENDING"

    def _check_at(self, task: SampleTask, at: float) -> Iterator[str]:
        output = self._client.query(task.id)["output"]
        state, expected = output["task_status"], task.expected_status(at)
        if problem := task.model.observe(state, at):
            yield f"{_time(at)}: {problem}"
        if state != expected:
            yield f"{_time(at)}: a query reports {state}, expected {expected}"
        yield from (f"{_time(at)}: {state} with {text}" for text in _missing_members(task, state, output))
        if state == "SUCCEEDED" and not self._links:
            self._links = _links(output)

    def _check_unknown_key(self, at: float) -> Iterator[str]:
        state = self._client.query(NO_TASK)["output"]["task_status"]
        if state != "UNKNOWN":
            yield f"{_time(at)}: an id that does not exist is {state}, expected UNKNOWN"
        state = self._client.query(self._tasks[0].id, "status")["output"]["task_status"]
        if state in _STATES:
            yield f"{_time(at)}: the undocumented status is {state}, which is documented"
        if self._client.cancel(NO_TASK) == 200:
            yield f"{_time(at)}: the cancel of an id that does not exist is accepted"

    def _check_list(self, at: float) -> Iterator[str]:
        states = {row["task_id"]: row["status"] for row in self._client.list()["data"]}
        for task in self._tasks:
            expected = task.expected_status(at) if at < DAY else "absent"
            if (state := states.get(task.id, "absent")) != expected:
                yield f"{_time(at)}: in the list a task is {state}, expected {expected}"

    def _check_links(self, at: float) -> Iterator[str]:
        """Fetch the pictures of the first result, whose links expire a day after its end."""
        is_valid = at < END + DAY
        for url in self._links:
            if (self._client.download(url) == 200) != is_valid:
                can = "can't" if is_valid else "can"
                yield f"{_time(at)}: a picture {can} be fetched; its link is valid for a day from the end"

    def _cancel(self, task: SampleTask, at: float) -> Iterator[str]:
        call = task.model.call_started("cancel", at)
        accepted = self._client.cancel(task.id) == 200
        if problem := task.model.call_finished(call, at, accepted):
            yield f"{_time(at)}: {problem}"


def _missing_members(task: SampleTask, state: str, output: Any) -> Iterator[str]:
    """Find members that a response with this state must have and does not, or must not have."""
    if state == "SUCCEEDED" and len(_links(output)) != task.pictures:
        yield f"{len(_links(output))} pictures, expected {task.pictures}"
    failures = [entry for entry in output.get("results", ()) if "code" in entry]
    if state == "SUCCEEDED" and len(failures) != task.failures:
        yield f"{len(failures)} failures, expected {task.failures}"
    if (state == "FAILED") != ("code" in output):
        yield "no code" if state == "FAILED" else "a code"


def _links(output: Any) -> list[str]:
    parts = [part for choice in output.get("choices", ()) for part in choice["message"]["content"]]
    entries = [*parts, *output.get("results", ())]
    return [entry.get("image") or entry["url"] for entry in entries if "image" in entry or "url" in entry]


def _rate_problem(spec: Spec, call: str, rate: int) -> Iterator[str]:
    """Check that exactly `rate` simultaneous calls are accepted, and more a second later."""
    client = RawClient(spec, Settings(quotas=True))
    try:
        task_id = client.create("choices", 0, 1)["output"]["task_id"]
        for number in range(1, rate + 2):
            if client.is_throttled(call, task_id) != (number > rate):
                yield f"{call} {number} of a second is {'refused' if number <= rate else 'accepted'}"
                return
        client.clock.at = 1.0
        if client.is_throttled(call, task_id):
            yield f"{call} is refused after the second is over"
    finally:
        client.close()


def _time(at: float) -> str:
    return f"{at:,.6f}".rstrip("0").rstrip(".") + " s after the submission"
