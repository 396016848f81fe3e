"""Scripted checks of the life cycle of a task on a server, which no response to one request can show.

A server that accepts and refuses every body correctly can still lose pictures or tasks. The checks of one
model share a task that succeeds, and create others to cancel, to fail and to read an uploaded image. A check
that cannot be performed on a server is *not judged*, which makes a run incomplete.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx

from wan_conformance.model import Observation, TaskCheck
from wan_conformance.pictures import NotAPictureError, picture_size
from wan_conformance.targets.server.polling import FollowedTask, TaskFollower
from wan_conformance.targets.server.response_checks import (
    NotJudgedError,
    ResponseChecker,
    describe_response,
    member,
    observe_check,
)
from wan_conformance.targets.server.server import ApiServer, ResponseProblemError
from wan_conformance.targets.server.storage import NoStorageError, UploadedImages
from wan_conformance.targets.server.task_requests import UNREACHABLE, TaskRequest, task_request
from wanlib.base.identifiers import NO_TASK
from wanlib.base.redaction import redact_text, safe_repr
from wanlib.emulator.core.http_messages import FAULT_HEADER
from wanlib.spec import Spec

_COUNTS = (2, 1)
"""The number of pictures of a task: two, so that a lost one is noticed; one if no body can request two."""
_UPLOADED = "oss://folder/picture.png"


def task_checks(spec: Spec) -> Iterator[TaskCheck]:
    """Yield every check that applies, for the first model of each family.

    Those of one model cost at most eight pictures on a server that bills: two each of the shared task, of a
    task that is canceled and of a synchronous call, and one of each other task.
    """
    for family in spec.families:
        model = family.models[0]
        calls = [call for call in ("async", "sync") if call in spec.calls(model)]
        requests = {call: _request_for_pictures(spec, model, call) for call in calls}
        for name in _CHECKS:
            call = "sync" if name == "synchronous" else "async"
            if call in calls and _applies(spec, model, name, requests[call]):
                yield TaskCheck(f"task:{name}:{model}", name, model)


def _applies(spec: Spec, model: str, name: str, request: TaskRequest | None) -> bool:
    """Return whether a check can be performed with the request that a model can state."""
    if name == "size":
        return request is not None and request.size is not None
    if name == "upload":
        return task_request(spec, model, "async", 1, _UPLOADED) is not None
    return name == "unknown" or request is not None


def billed_request(spec: Spec, check: TaskCheck) -> TaskRequest | None:
    """Return the request that a check sends; None if it sends none that is billed."""
    if check.name in ("ends", "canceled", "synchronous"):
        return _request_for_pictures(spec, check.model, "sync" if check.name == "synchronous" else "async")
    return task_request(spec, check.model, "async", 1) if check.name in ("fails", "upload") else None


class TaskProbe:
    """Performs the checks on one server.

    Args:
        spec: The spec that the server is judged by.
        server: The server.
        images: Uploads images to it.
        hurry: Headers that make a job end at once, for checks that are not about its states.
    """

    def __init__(
        self, spec: Spec, server: ApiServer, images: UploadedImages, hurry: Mapping[str, str]
    ) -> None:
        self._spec = spec
        self._server = server
        self._images = images
        self._hurry = hurry
        self._replies = ResponseChecker(spec)
        self._follower = TaskFollower(spec, server, self._replies)
        self._outcomes: Mapping[str, str] = spec.task["outcomes"]
        self._done: dict[str, tuple[TaskRequest, FollowedTask] | str] = {}

    def perform(self, check: TaskCheck) -> Observation:
        """Return the result of the check: accepted, an error, or a skip with the reason."""
        return observe_check(lambda: _CHECKS[check.name](self, check.model))

    def check_end(self, model: str) -> None:
        """Check that a valid request becomes a task that succeeds and stays succeeded."""
        request = self._request(model)
        self._done[model] = "the task that it needs did not succeed"
        task_id = self._create(request.body)
        task = self._wait(task_id, model, "succeeded")
        self._done[model] = request, task
        again = self._follower.status(task_id, model)
        if again.status != task.status:
            raise ResponseProblemError(f"the task was {task.status} and is {again.status} now")

    def check_pictures(self, model: str) -> None:
        """Check that a task has the requested number of pictures, and that usage counts them."""
        request, task = self._succeeded(model)
        self._check_count(request, task.body, "task", model)

    def check_size(self, model: str) -> None:
        """Check that every picture has the size that the request asks for."""
        request, task = self._succeeded(model)
        for url in picture_urls(task.body["output"]):
            width, height = self._load_picture(url)
            if request.size is not None and (width, height) != request.size:
                expected = "*".join(map(str, request.size))
                raise ResponseProblemError(
                    f"a picture has {width}*{height} pixels, the request asks for {expected}"
                )

    def check_links(self, model: str) -> None:
        """Check that every picture has its own link, which returns an image file."""
        _, task = self._succeeded(model)
        self._check_files(task.body)

    def check_list(self, model: str) -> None:
        """Check that the list of tasks has a task that was created, with its state."""
        _, task = self._succeeded(model)
        task_id = task.body["output"]["task_id"]
        reply = self._server.shared_call("list", f"task_id={task_id}")
        if reply.status != 200:
            raise ResponseProblemError(f"the list is answered {describe_response(reply)}")
        self._replies.check(reply.body, "listed")
        rows = {member(row, "task_id"): member(row, "status") for row in reply.body["data"]}
        if task_id not in rows:
            raise ResponseProblemError("the list does not have the task")
        if rows[task_id] != task.status:
            raise ResponseProblemError(
                f"the list shows the task as {safe_repr(rows[task_id])}, its query as {task.status}"
            )

    def check_synchronous_call(self, model: str) -> None:
        """Check that a synchronous call returns the pictures that it asks for."""
        request = self._request(model, "sync")
        reply = self._server.create(request.body, _raw(request.body), "sync", self._hurry)
        if reply.status != 200:
            raise ResponseProblemError(f"a valid request is answered {describe_response(reply)}")
        self._replies.check_result(reply.body, model)
        self._check_count(request, reply.body, "response", model)
        self._check_files(reply.body)

    def check_cancel(self, model: str) -> None:
        """Check that a pending task can be canceled, and that its state reflects this."""
        task_id = self._create(self._request(model).body)
        reply = self._server.task_call("cancel", task_id)
        self._replies.check_cancel(reply)
        if reply.status != 200:
            status = self._follower.status(task_id, model).status
            if status == self._spec.task["initial"]:
                raise ResponseProblemError(
                    f"a task that is {status} is not canceled: {describe_response(reply)}"
                )
            raise NotJudgedError("the task does not wait long enough to be canceled")
        self._wait(task_id, model, "canceled")

    def check_unknown_id(self, model: str) -> None:
        """Check that a query for an id that was never issued returns status 200 and UNKNOWN."""
        status, unknown = self._follower.status(NO_TASK, model).status, self._outcomes["unknown"]
        if status != unknown:
            raise ResponseProblemError(f"a task that never existed is {status}, expected {unknown}")

    def check_failure(self, model: str) -> None:
        """Check that a failed task has status 200, a code and a message.

        The emulator makes it fail by the header; any other server cannot load the image.
        """
        request = task_request(self._spec, model, "async", 1, UNREACHABLE)
        body = (request or self._request(model)).body
        reply = self._server.create(body, _raw(body), "async", {FAULT_HEADER: "fail"})
        if request is not None and 400 <= reply.status < 500:
            self._replies.check_refusal(reply, model, "async")
            raise NotJudgedError(
                f"nothing makes a task fail here: an image that cannot be loaded is refused"
                f" ({describe_response(reply)})"
            )
        task_id = self._created(reply)
        task = self._follower.wait(task_id, model, is_injected=True)
        if task.status == self._outcomes["succeeded"]:
            raise NotJudgedError(
                "nothing makes a task fail here: one with an image that does not exist succeeds"
            )
        self._expect(task, "failed")

    def check_upload(self, model: str) -> None:
        """Check that an image can be uploaded, and that a task which names it succeeds."""
        try:
            url = self._images.url(model)
        except NoStorageError as reason:
            raise NotJudgedError(str(reason)) from None
        request = task_request(self._spec, model, "async", 1, url)
        assert request is not None, "only checks that apply are performed"
        reply = self._server.create(request.body, _raw(request.body), "async", self._hurry, stored=True)
        self._wait(self._created(reply), model, "succeeded")

    # Shared by the checks.

    def _request(self, model: str, call: str = "async") -> TaskRequest:
        request = _request_for_pictures(self._spec, model, call)
        assert request is not None, "only checks that apply are performed"
        return request

    def _succeeded(self, model: str) -> tuple[TaskRequest, FollowedTask]:
        """Return the shared task of a model with its request, creating it if that has not been tried."""
        if model not in self._done:
            self.check_end(model)
        done = self._done[model]
        if isinstance(done, str):
            raise NotJudgedError(done)
        return done

    def _create(self, body: Any) -> str:
        return self._created(self._server.create(body, _raw(body), "async"))

    def _created(self, reply: Any) -> str:
        """Return the id of the task in the response to a valid request."""
        if reply.status != 200:
            raise ResponseProblemError(f"a valid request is answered {describe_response(reply)}")
        return self._replies.task_id(reply.body)

    def _wait(self, task_id: str, model: str, outcome: str) -> FollowedTask:
        """Return a task at its end, which must be this one."""
        task = self._follower.wait(task_id, model)
        self._expect(task, outcome)
        return task

    def _expect(self, task: FollowedTask, outcome: str) -> None:
        if task.status != self._outcomes[outcome]:
            output = member(task.body, "output")
            code, message = member(output, "code"), member(output, "message")
            reason = f" ({safe_repr(code)} {safe_repr(message)})" if code else ""
            raise ResponseProblemError(
                f"the task is {task.status}{reason}, expected {self._outcomes[outcome]}"
            )

    def _check_count(self, request: TaskRequest, body: Any, holder: str, model: str) -> None:
        urls = picture_urls(body["output"])
        if len(urls) != request.pictures:
            raise ResponseProblemError(
                f"the request asks for {_pictures(request.pictures)}, the {holder} has {len(urls)}"
            )
        names = self._spec.family(model).output.get("usage") or {
            self._spec.service["names"]["usage"]["images"]: "images"
        }
        for name in (name for name, word in names.items() if word == "images"):
            counted = member(member(body, "usage"), name)
            if counted is None:
                raise ResponseProblemError(
                    f"usage does not state {name}, the number of pictures that are billed"
                )
            if counted != request.pictures:
                raise ResponseProblemError(f"usage counts {_pictures(counted)}, the {holder} has {len(urls)}")

    def _check_files(self, body: Any) -> None:
        urls = picture_urls(body["output"])
        if len(set(urls)) < len(urls):
            raise ResponseProblemError("two pictures have the same link")
        for url in urls:
            self._load_picture(url)

    def _load_picture(self, url: str) -> tuple[int, int]:
        """Return width and height of the picture behind a link."""
        try:
            response = self._server.send(httpx.Request("GET", url))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise ResponseProblemError(
                f"the link of a picture can't be loaded: {redact_text(str(error))}"
            ) from None
        if response.status_code != 200:
            raise ResponseProblemError(f"the link of a picture is answered {response.status_code}")
        try:
            return picture_size(response.content)
        except NotAPictureError as problem:
            raise ResponseProblemError(f"the link of a picture returns {problem}") from None


_CHECKS: Mapping[str, Callable[[TaskProbe, str], None]] = {
    "ends": TaskProbe.check_end,
    "pictures": TaskProbe.check_pictures,
    "size": TaskProbe.check_size,
    "links": TaskProbe.check_links,
    "list": TaskProbe.check_list,
    "synchronous": TaskProbe.check_synchronous_call,
    "canceled": TaskProbe.check_cancel,
    "unknown": TaskProbe.check_unknown_id,
    "fails": TaskProbe.check_failure,
    "upload": TaskProbe.check_upload,
}


def picture_urls(output: Any) -> list[str]:
    """Return the links to all pictures of a task, in any container."""
    urls = [
        member(part, "image")
        for choice in member(output, "choices") or ()
        for part in member(member(choice, "message"), "content") or ()
    ]
    urls += [member(entry, "url") for entry in member(output, "results") or ()]
    return [url for url in urls if isinstance(url, str) and url]


def _request_for_pictures(spec: Spec, model: str, call: str) -> TaskRequest | None:
    requests = (task_request(spec, model, call, count) for count in _COUNTS)
    return next((request for request in requests if request is not None), None)


def _raw(body: Any) -> bytes:
    return json.dumps(body).encode()


def _pictures(count: Any) -> str:
    return "1 picture" if count == 1 else f"{safe_repr(count)} pictures"
