"""Check a server's responses against `wire.yaml`: their form, their status, their error code."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import httpx

from wan_conformance.model import Observation, ServerAnswer
from wan_conformance.response_schema import schema_problems
from wan_conformance.targets.server.server import ResponseProblemError, ServerResponse
from wanlib.base.redaction import escape_surrogates, redact_text, safe_repr
from wanlib.spec import Spec


def events(text: str) -> Iterator[Any]:
    """Yield the JSON of each server-sent event; None for one that has none."""
    for block in text.replace("\r\n", "\n").replace("\r", "\n").split("\n\n"):
        data = [line[5:].removeprefix(" ") for line in block.split("\n") if line.startswith("data:")]
        if data:
            yield _json("\n".join(data))


def last_finish_reason(bodies: Sequence[Any]) -> Any:
    """Return the finish_reason of the last event, given that all have the documented form."""
    choices = bodies[-1]["output"]["choices"]
    return choices[-1]["finish_reason"] if choices else None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


_ABOUT_BODIES = ("invalid", "not_found")
_NOT_ABOUT_BODIES = (401, 402, 403, 407, 408, 429)


class ResponseChecker:
    """Raise ResponseProblemError for responses that contradict the spec."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._answers = spec.wire["answers"]
        self._outcomes = spec.task["outcomes"]
        self._id = re.compile(spec.wire["task_id"]["is"])

    def check(self, body: Any, *shapes: str) -> None:
        """Check a successful response.

        Args:
            body: The JSON body.
            shapes: The names of the forms under `answers:` that it must have.
        """
        if member(body, "code") and "output" not in body:
            raise ResponseProblemError(f"answered 200 with an error inside: {safe_repr(body['code'])}")
        problems = [problem for shape in shapes for problem in schema_problems(self._answers[shape], body)]
        if problems:
            raise ResponseProblemError(
                f"the answer is not of the form {' and '.join(shapes)}: {'; '.join(problems[:3])}"
            )

    def task_id(self, body: Any) -> str:
        """Return the id of the task in the response to a create call, which must have the documented form."""
        self.check(body, "created")
        task_id = str(body["output"]["task_id"])
        if not self._id.fullmatch(task_id):
            raise ResponseProblemError(f"task_id is {safe_repr(task_id)}, expected {self._id.pattern}")
        return task_id

    def check_result(self, body: Any, model: Any, *shapes: str) -> None:
        """Check a successful response with pictures, in the form of the model."""
        is_known = self._spec.base(model) is not None
        self.check(body, *shapes, self._spec.family(model).output["result"] if is_known else "choices")

    def check_refusal(self, reply: ServerResponse, model: Any, call: str) -> None:
        """Check the refusal of a create call: 4xx, with a code about the body."""
        if not 400 <= reply.status < 500:
            raise ResponseProblemError(
                f"answered {describe_response(reply)}, expected 200 or a refusal from 400 to 499"
            )
        self._check_error(reply.body, f"answered {reply.status}")
        code = reply.body["code"]
        if not self._is_about(code, reply.status) and not self._has_no_such_call(model, call, reply.status):
            raise ResponseProblemError(f"answered {describe_response(reply)}, which is not about the body")

    def check_stream(self, text: str) -> None:
        """Check every event of a stream, and that the last one is marked as the last."""
        streaming, bodies = self._spec.wire["streaming"], list(events(text))
        if not bodies:
            raise ResponseProblemError("the stream has no event that holds data")
        for body in bodies:
            self.check(body, "choices")
            parts = [part for choice in body["output"]["choices"] for part in choice["message"]["content"]]
            if len(parts) > streaming["parts_of_a_chunk"]:
                raise ResponseProblemError(f"an event of the stream has {len(parts)} parts")
        if last_finish_reason(bodies) != streaming["finish_reason"]["last"]:
            raise ResponseProblemError(
                f"the stream ends with the finish_reason {safe_repr(last_finish_reason(bodies))}"
            )

    def check_cancel(self, reply: ServerResponse) -> None:
        """Check the response to a cancel: canceled, or too late."""
        if reply.status == 200:
            self.check(reply.body, "canceled")
        elif 400 <= reply.status < 500:
            self._check_error(reply.body, f"a cancel was answered {reply.status}")
        else:
            raise ResponseProblemError(f"a cancel was answered {describe_response(reply)}")

    def status(self, reply: ServerResponse, task_id: str, model: Any) -> str:
        """Return the status in the response to a query.

        Args:
            reply: The response.
            task_id: The task that was queried.
            model: Its model, which decides the form of the result.
        """
        if reply.status != 200:
            raise ResponseProblemError(f"a query was answered {describe_response(reply)}")
        body, failed = reply.body, self._outcomes["failed"]
        output = member(body, "output", body)
        if member(output, "code") and member(output, "task_status", failed) == failed:
            return self._failure(body, output)
        if member(output, "task_status") == self._outcomes["succeeded"]:
            self.check_result(body, model, "task")
        else:
            self.check(body, "task")
        if output["task_id"] != task_id:
            raise ResponseProblemError(
                f"a query for {task_id} was answered for {safe_repr(output['task_id'])}"
            )
        return str(output["task_status"])

    def check_failure(self, body: Any) -> None:
        """Check the form of a failed task: code and message are inside `output` or at the top."""
        output = member(body, "output", body)
        if output is not body:
            self.check(body, "task")
        self._check_error({"request_id": member(body, "request_id"), **output}, "the failed task")

    def _failure(self, body: Any, output: Any) -> str:
        """Check a failed task whose code is about its body."""
        self.check_failure(body)
        if not self._is_about(output["code"], 400):
            raise ResponseProblemError(
                f"the task failed with {safe_repr(output['code'])}, which is not about the body"
            )
        return str(self._outcomes["failed"])

    def _check_error(self, body: Any, context: str) -> None:
        problems = [*schema_problems(self._answers["error"], body)]
        if problems:
            raise ResponseProblemError(f"{context}, not of the form error: {'; '.join(problems[:3])}")

    def _is_about(self, code: str, status: int) -> bool:
        """Return whether a code is about the body; the status decides for an unknown code."""
        error_entry = self._spec.wire["errors"].get(code)
        return error_entry["class"] in _ABOUT_BODIES if error_entry else status not in _NOT_ABOUT_BODIES

    def _has_no_such_call(self, model: Any, call: str, status: int) -> bool:
        """Return whether the model lacks the call: the vendor answers 403 for that, too."""
        is_known = self._spec.base(model) is not None
        return status == 403 and is_known and call not in self._spec.calls(model)


def is_about(spec: Spec, reply: ServerResponse, error_class: str) -> bool:
    """Return whether an error is of a class of wire.yaml; the status decides for an unknown code."""
    entry = spec.wire["errors"].get(str(member(reply.body, "code")))
    usual = spec.wire["statuses"].get(str(reply.status))
    return bool((entry["class"] if entry else usual) == error_class)


def describe_response(reply: ServerResponse) -> str:
    """Return the status of a response, with its code and message if it has any."""
    code, message = member(reply.body, "code"), member(reply.body, "message")
    if isinstance(code, str):
        text = f" {safe_repr(message)}" if isinstance(message, str) and message else ""
        return f"{reply.status} {safe_repr(code)}{text}"
    return f"{reply.status} with HTML" if reply.text.lstrip()[:1] == "<" else str(reply.status)


def member(value: Any, name: str, otherwise: Any = None) -> Any:
    """Return a member of an expected object; `otherwise` if it is missing, or the value is not an object."""
    return value.get(name, otherwise) if isinstance(value, dict) else otherwise


class NotJudgedError(Exception):
    """A check cannot be performed on a server; the text says why."""


def observe_check(check: Callable[[], None]) -> Observation:
    """Perform a check and return its result: accepted, an error with the problem, or a skip.

    Args:
        check: Raises ResponseProblemError or an error of httpx for a problem, and NotJudgedError for a skip.
    """
    try:
        check()
    except NotJudgedError as reason:
        return Observation(None, (), skipped=str(reason))
    except ResponseProblemError as problem:
        return Observation(None, (), error=str(problem))
    except httpx.HTTPError as error:
        return Observation(None, (), error=f"the call failed: {redact_text(str(error))}")
    return Observation(True, (), unnamed=True)


def with_traffic(observation: Observation, responses: Sequence[ServerResponse]) -> Observation:
    """Return an observation with traffic for the reports: the last response, the states of the task.

    Args:
        observation: The observation of the target.
        responses: The responses to the requests of one case, in their order.
    """
    if not responses:
        return observation
    bodies = [reply.body for reply in responses]
    seen = [member(member(body, "output"), "task_status") for body in bodies]
    words = [state for state in seen if isinstance(state, str)]
    changes = [state for position, state in enumerate(words) if words[position - 1 : position] != [state]]
    last = bodies[-1]
    failure = member(last, "output") if member(member(last, "output"), "code") else last
    answer = ServerAnswer(
        responses[-1].status,
        _short(member(failure, "code")),
        _short(member(failure, "message")),
        _short(member(last, "request_id")),
    )
    return replace(observation, answer=answer, states=tuple(map(_redacted, changes)))


def _short(value: Any) -> str | None:
    """Return a member of a response as a redacted text; None if it is missing or empty."""
    return _redacted(value) if isinstance(value, str) and value else None


def _redacted(text: str) -> str:
    return escape_surrogates(redact_text(text))
