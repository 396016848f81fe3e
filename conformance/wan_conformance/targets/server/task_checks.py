"""Scripted checks of the life of a task on a server: what the response to one request cannot show.

A server that accepts and refuses every body correctly can still lose pictures or tasks. Each check creates
a task, follows it to a state, and compares all that the server reports and delivers with the request: the
number and size of the pictures, the links, the list, a cancel, an unknown id, a failed task.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

import httpx

from wan_conformance.model import Observation, TaskCheck
from wan_conformance.targets.server.response_checks import ResponseChecker, ResponseProblemError, member
from wan_conformance.targets.server.server import ApiServer, ServerResponse
from wanlib.base.redaction import safe_repr
from wanlib.boundary.body import RequestBuilder, square_side
from wanlib.boundary.images import data_uri_of_image
from wanlib.boundary.mode_cases import mode_cases
from wanlib.emulator.core.http_messages import FAULT_HEADER
from wanlib.spec import Family, Spec, interpret
from wanlib.spec.source.annotated import parse_duration
from wanlib.validation.image_header import image_info_from_bytes

_PICTURES = 2
_POLLS = 60
_UNKNOWN_ID = str(UUID(int=(4 << 76) | (2 << 62)))


def task_checks(spec: Spec) -> Iterator[TaskCheck]:
    """Yield every check, for the first model of each family with an asynchronous call.

    Each costs at most two pictures on a server that bills.
    """
    for family in spec.families:
        model = family.models[0]
        if "async" in spec.calls(model):
            for name in _CHECKS:
                yield TaskCheck(f"task:{name}:{model}", name, model)


class TaskProbe:
    """Performs the checks on one server.

    Args:
        spec: the spec that the server is judged by.
        server: the server.
        names_rules: whether it is an emulator of this project, which can make a task fail on request.
    """

    def __init__(self, spec: Spec, server: ApiServer, *, names_rules: bool) -> None:
        self._spec = spec
        self._server = server
        self._replies = ResponseChecker(spec)
        self._outcomes: Mapping[str, str] = spec.task["outcomes"]
        self._can_fail = names_rules

    def perform(self, check: TaskCheck) -> Observation:
        """Return what the check found: accepted, an error that says what is wrong, or why it is skipped."""
        try:
            skipped = _CHECKS[check.name](self, check.model)
        except ResponseProblemError as problem:
            return Observation(None, (), error=str(problem))
        except httpx.HTTPError as error:
            return Observation(None, (), error=f"the call failed: {safe_repr(error)}")
        return (
            Observation(True, (), unnamed=True) if skipped is None else Observation(None, (), skipped=skipped)
        )

    def succeeds(self, model: str) -> str | None:
        """Check that a task ends with the pictures that the request asks for, and that the list has it."""
        body, size = self._request(model)
        task_id = self._create(body)
        response = self._wait(task_id, model, self._outcomes["succeeded"])
        urls = picture_urls(response["output"])
        if len(urls) != _PICTURES:
            raise ResponseProblemError(f"the request asks for {_PICTURES} pictures, the task has {len(urls)}")
        usage = self._spec.family(model).output.get("usage") or {
            self._spec.service["names"]["usage"]["images"]: "images"
        }
        counts = [member(member(response, "usage"), name) for name, word in usage.items() if word == "images"]
        counted = next(iter(counts), None)
        if counted not in (None, _PICTURES):
            raise ResponseProblemError(
                f"usage counts {safe_repr(counted)} pictures, the task has {len(urls)}"
            )
        for url in urls:
            self._check_link(url, size)
        self._check_list(task_id)
        return None

    def is_canceled(self, model: str) -> str | None:
        """Check that a task that waits can be canceled, and that its state says so."""
        body, _ = self._request(model)
        task_id = self._create(body)
        reply = self._server.task_call("cancel", task_id)
        self._replies.check_cancel(reply)
        if reply.status != 200:
            status = self._replies.status(self._server.task_call("query", task_id), task_id, model)
            if status == self._spec.task["initial"]:
                raise ResponseProblemError(f"a task that is {status} is not canceled: {reply.status}")
            return "the task does not wait long enough to be canceled"
        self._wait(task_id, model, self._outcomes["canceled"])
        return None

    def is_unknown(self, model: str) -> str | None:
        """Check that a query for an id that was never issued returns status 200 and UNKNOWN."""
        status = self._replies.status(self._server.task_call("query", _UNKNOWN_ID), _UNKNOWN_ID, model)
        if status != self._outcomes["unknown"]:
            raise ResponseProblemError(
                f"a task that never existed is {status}, expected {self._outcomes['unknown']}"
            )
        return None

    def fails(self, model: str) -> str | None:
        """Check that a failed task has status 200, a code and a message."""
        if not self._can_fail:
            return "not judged: nothing makes a task fail on this server"
        body, _ = self._request(model)
        task_id = self._create(body, {FAULT_HEADER: "fail"})
        self._wait(task_id, model, self._outcomes["failed"])
        return None

    # Shared by the checks.

    def _create(self, body: Any, headers: Mapping[str, str] | None = None) -> str:
        reply = self._server.create_task(body, headers or {})
        if reply.status != 200:
            raise ResponseProblemError(
                f"a valid request is answered {reply.status} {safe_repr(member(reply.body, 'code'))}"
            )
        self._replies.check(reply.body, "created")
        return str(reply.body["output"]["task_id"])

    def _wait(self, task_id: str, model: str, expected: str) -> Any:
        """Return the response of the query in which the task has the expected terminal state."""
        for _ in range(_POLLS):
            reply = self._server.task_call("query", task_id)
            status = self._status(reply, task_id, model)
            if self._spec.task["states"].get(status, {}).get("terminal"):
                if status != expected:
                    raise ResponseProblemError(f"the task is {status}, expected {expected}")
                return reply.body
            self._server.sleep(parse_duration(self._spec.wire["polling"]["least_gap"]))
        raise ResponseProblemError(f"the task has not ended after {_POLLS} queries")

    def _status(self, reply: ServerResponse, task_id: str, model: str) -> str:
        """Return the status in a response; a failure injected on purpose need not be about the body."""
        output = member(reply.body, "output")
        if reply.status == 200 and member(output, "task_status") == self._outcomes["failed"]:
            self._replies.check(reply.body, "task")
            if not (member(output, "code") and member(output, "message")):
                raise ResponseProblemError("a failed task has no code and message")
            return self._outcomes["failed"]
        return self._replies.status(reply, task_id, model)

    def _check_link(self, url: str, size: tuple[int, int] | None) -> None:
        response = self._server.send(httpx.Request("GET", url))
        if response.status_code != 200:
            raise ResponseProblemError(f"the link of a picture is answered {response.status_code}")
        facts = image_info_from_bytes(response.content)
        if facts.width is None or facts.height is None:
            raise ResponseProblemError("the link of a picture does not lead to an image file")
        if size is not None and (facts.width, facts.height) != size:
            raise ResponseProblemError(
                f"a picture has {facts.width}*{facts.height} pixels, the request asks for {size[0]}*{size[1]}"
            )

    def _check_list(self, task_id: str) -> None:
        reply = self._server.shared_call("list", f"task_id={task_id}")
        if reply.status != 200:
            raise ResponseProblemError(f"the list is answered {reply.status}")
        self._replies.check(reply.body, "listed")
        if task_id not in [member(row, "task_id") for row in reply.body["data"]]:
            raise ResponseProblemError("the list does not have the task")

    def _request(self, model: str) -> tuple[Any, tuple[int, int] | None]:
        """Return a valid body for two pictures, and their size in pixels where the body can state it."""
        family = self._spec.family(model)
        for situation in mode_cases(self._spec, model):
            count = self._count_field(family, situation.truths)
            if count is None:
                continue
            values: dict[str, Any] = {count: _PICTURES}
            size = None
            for field in family.fields:
                if field.type == "list" and field.each is not None and field.each.type == "image":
                    side = max(1, int(situation.limit(field.each, "min_side", 1)))
                    values[field.name] = [data_uri_of_image("png", side, side)]
                elif field.type == "size":
                    side = square_side(RequestBuilder(self._spec, situation).least_pixels(field))
                    size = (side, side)
                    values[field.name] = f"{side}*{side}"
            body = RequestBuilder(self._spec, situation).request(values)
            if not interpret(self._spec, body, "async"):
                return body, size
        raise ResponseProblemError(f"no valid request of {model} asks for {_PICTURES} pictures")

    @staticmethod
    def _count_field(family: Family, truths: Mapping[str, bool]) -> str | None:
        """Return the field that sets the exact number of pictures in these modes; None without one."""
        fields, exactness = family.output["count_of"], family.output["count_is"]
        mode = next((name for name in fields if truths.get(name)), "otherwise")
        exact = next((word for name, word in exactness.items() if truths.get(name)), exactness["otherwise"])
        return str(fields[mode]) if exact == "exact" else None


_CHECKS: Mapping[str, Callable[[TaskProbe, str], str | None]] = {
    "succeeds": TaskProbe.succeeds,
    "canceled": TaskProbe.is_canceled,
    "unknown": TaskProbe.is_unknown,
    "fails": TaskProbe.fails,
}


def picture_urls(output: Any) -> list[str]:
    """Return the links to all pictures of a task, in any container."""
    urls = []
    for choice in member(output, "choices") or ():
        for part in member(member(choice, "message"), "content") or ():
            urls.append(member(part, "image"))
    urls += [member(entry, "url") for entry in member(output, "results") or ()]
    return [url for url in urls if isinstance(url, str) and url]
