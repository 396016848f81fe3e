"""What a server answers, held against wire.yaml: its form, its status, and whether it speaks of the body."""

from typing import Any

from conformance.answers import faults
from conformance.targets.server import Reply
from conformance.targets.stream import events, last_reason
from wanlib.base.shown import shown
from wanlib.spec import Spec

_ABOUT_BODIES = ("invalid", "not_found")
_NOT_ABOUT_BODIES = (401, 402, 403, 407, 408, 429)


class Wrong(Exception):
    """An answer that no server should give; the text says what is wrong with it."""


class Replies:
    """Raises Wrong for what should not be answered."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._answers = spec.wire["answers"]
        self._outcomes = spec.task["outcomes"]

    def check(self, body: Any, *shapes: str) -> None:
        """An answer that went well, against the names of its shapes."""
        if member(body, "code") and "output" not in body:
            raise Wrong(f"answered 200 with an error inside: {shown(body['code'])}")
        wrong = [each for shape in shapes for each in faults(self._answers[shape], body)]
        if wrong:
            raise Wrong(f"the answer is not of the form {' and '.join(shapes)}: {'; '.join(wrong[:3])}")

    def check_result(self, body: Any, model: Any, *shapes: str) -> None:
        """The same for one with pictures, in the form of the model."""
        known = self._spec.base(model) is not None
        self.check(body, *shapes, self._spec.family(model).output["result"] if known else "choices")

    def check_refusal(self, reply: Reply, model: Any, call: str) -> None:
        """A create call that was not accepted: 4xx by a code that speaks of the body."""
        if not 400 <= reply.status < 500:
            raise Wrong(f"answered {reply.status}, expected 200 or a refusal from 400 to 499")
        self._check_error(reply.body, f"answered {reply.status}")
        code = reply.body["code"]
        if not self._is_about(code, reply.status) and not self._misplaced(model, call, reply.status):
            raise Wrong(f"answered {reply.status} {shown(code)}, which does not speak of the body")

    def check_stream(self, text: str) -> None:
        """Every event, and that the last one says that it is the last."""
        told, bodies = self._spec.wire["streaming"], list(events(text))
        if not bodies:
            raise Wrong("the stream has no event that holds data")
        for body in bodies:
            self.check(body, "choices")
            parts = [part for each in body["output"]["choices"] for part in each["message"]["content"]]
            if len(parts) > told["parts_of_a_chunk"]:
                raise Wrong(f"an event of the stream has {len(parts)} parts")
        if last_reason(bodies) != told["finish_reason"]["last"]:
            raise Wrong(f"the stream ends with the finish_reason {shown(last_reason(bodies))}")

    def check_cancel(self, reply: Reply) -> None:
        """Canceled, or too late for that."""
        if reply.status == 200:
            self.check(reply.body, "canceled")
        elif 400 <= reply.status < 500:
            self._check_error(reply.body, f"a cancel was answered {reply.status}")
        else:
            raise Wrong(f"a cancel was answered {reply.status}")

    def status(self, reply: Reply, task_id: str, model: Any) -> str:
        """The status of a task that was asked for."""
        if reply.status != 200:
            raise Wrong(f"a query was answered {reply.status}")
        body, failed = reply.body, self._outcomes["failed"]
        told = member(body, "output", body)
        if member(told, "code") and member(told, "task_status", failed) == failed:
            return self._failure(body, told)
        if member(told, "task_status") == self._outcomes["succeeded"]:
            self.check_result(body, model, "task")
        else:
            self.check(body, "task")
        if told["task_id"] != task_id:
            raise Wrong(f"a query for {task_id} was answered for {shown(told['task_id'])}")
        return str(told["task_status"])

    def _failure(self, body: Any, told: Any) -> str:
        """Its code and message stand inside `output` or at the top: the pages show both."""
        if told is not body:
            self.check(body, "task")
        self._check_error({"request_id": member(body, "request_id"), **told}, "the failed task")
        if not self._is_about(told["code"], 400):
            raise Wrong(f"the task failed with {shown(told['code'])}, which does not speak of the body")
        return str(self._outcomes["failed"])

    def _check_error(self, body: Any, what: str) -> None:
        wrong = [*faults(self._answers["error"], body)]
        if wrong:
            raise Wrong(f"{what}, not of the form error: {'; '.join(wrong[:3])}")

    def _is_about(self, code: str, status: int) -> bool:
        """Whether a code says that a body is wrong; one that nobody knows is told by its status."""
        known = self._spec.wire["errors"].get(code)
        return known["class"] in _ABOUT_BODIES if known else status not in _NOT_ABOUT_BODIES

    def _misplaced(self, model: Any, call: str, status: int) -> bool:
        """Whether the model has no such call: the vendor refuses that as forbidden, too."""
        known = self._spec.base(model) is not None
        return status == 403 and known and call not in self._spec.calls(model)


def member(value: Any, name: str, otherwise: Any = None) -> Any:
    """A member of what should be an object."""
    return value.get(name, otherwise) if isinstance(value, dict) else otherwise
