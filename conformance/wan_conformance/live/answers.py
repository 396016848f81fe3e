"""The meaning of a response to a probe: refused, accepted, or neither with certainty.

A refusal, a failure and an acceptance count only in the forms that `wire.yaml` documents. Everything else,
such as the page of a gateway, an error inside a success, or half of a body, leaves the outcome unknown.
"""

from functools import lru_cache
from typing import Any, Literal, NamedTuple

from wan_conformance.targets.server.response_checks import events, member
from wan_conformance.targets.server.server import ServerResponse
from wan_conformance.targets.server.task_checks import picture_urls
from wanlib.base.error_codes import ErrorTable, classify, read_error_table
from wanlib.base.redaction import printable, without_secrets
from wanlib.base.wire_names import WireNames, read_names
from wanlib.spec import Spec

Meaning = Literal["refused", "limited", "failed", "accepted", "unclear"]


class CreateReply(NamedTuple):
    """A parsed response to a create.

    Attributes:
        meaning: `refused`: the service rejected the request for a permanent reason. `limited`: it rejected it
            because of the rate. `failed`: it reports an internal failure. `accepted`: it has created a task
            or pictures. `unclear`: anything else.
        status: The HTTP status.
        code: The vendor's error code; None if there is none.
        message: Its message without keys and signed URLs; None if there is none.
        error_class: The class of the code; None without a code.
        request_id: The vendor's id of the exchange; None if there is none.
        task_id: The task; None if there is none.
        pictures: The pictures of a synchronous call; None if they cannot be counted.
    """

    meaning: Meaning
    status: int
    code: str | None = None
    message: str | None = None
    error_class: str | None = None
    request_id: str | None = None
    task_id: str | None = None
    pictures: int | None = None


class TaskReply(NamedTuple):
    """A parsed response to a query.

    Attributes:
        status: The status of the task; None if the response is not about it or not in the documented form.
        pictures: Its pictures; None if they cannot be counted.
        code: The error code of a failed task; None if there is none.
        message: Its error message, without keys and signed URLs; None if there is none.
    """

    status: str | None
    pictures: int | None = None
    code: str | None = None
    message: str | None = None


class ReplyReader:
    """Reads responses by the tables of a spec."""

    def __init__(self, spec: Spec) -> None:
        """Read responses by these tables; `names` are those of members and parameters."""
        self._errors, self.names = _tables(spec)

    def read_create(self, reply: ServerResponse, call: str) -> CreateReply:
        """Return the meaning of a response to a create.

        Args:
            reply: The response.
            call: How the request was sent: `sync`, `async` or `stream`.
        """
        names = self.names.answer
        bodies = [*events(reply.text)] if call == "stream" and reply.body is None else [reply.body]
        body = bodies[-1] if bodies else None
        output = member(body, names.output)
        code, request_id = member(body, names.code), _text(member(body, names.request_id))
        if isinstance(code, str) and code:
            message = _text(member(body, names.message))
            kind = classify(self._errors, code, message, reply.status).kind
            error = (_text(code), message, kind, request_id)
            if reply.status < 400 or output or not request_id:
                return CreateReply("unclear", reply.status, *error)
            if reply.status >= 500 or kind == "service":
                return CreateReply("failed", reply.status, *error)
            return CreateReply("limited" if kind == "rate" else "refused", reply.status, *error)
        if reply.status != 200 or not isinstance(output, dict):
            return CreateReply("unclear", reply.status, request_id=request_id)
        if call == "async":
            task_id = member(output, self.names.task.id)
            if not (isinstance(task_id, str) and task_id):
                return CreateReply("unclear", reply.status, request_id=request_id)
            return CreateReply("accepted", reply.status, request_id=request_id, task_id=task_id)
        return CreateReply("accepted", reply.status, request_id=request_id, pictures=self._pictures(bodies))

    def read_task(self, reply: ServerResponse, task_id: str) -> TaskReply:
        """Return the state of a task by a response to a query."""
        names = self.names
        output = member(reply.body, names.answer.output)
        status = member(output, names.task.status)
        if reply.status != 200 or member(output, names.task.id) != task_id or not isinstance(status, str):
            return TaskReply(None)
        holder = output if member(output, names.answer.code) else reply.body
        code, message = member(holder, names.answer.code), member(holder, names.answer.message)
        return TaskReply(status, self._pictures([reply.body]), _text(code), _text(message))

    def read_page(self, reply: ServerResponse) -> tuple[list[str], int] | None:
        """Return the ids of the tasks on a page of the list, and the number of pages; None if unreadable."""
        names = self.names.listed
        rows, pages = member(reply.body, names.tasks), member(reply.body, names.pages)
        if reply.status != 200 or not isinstance(rows, list) or not isinstance(pages, int):
            return None
        ids = [member(row, names.task_id) for row in rows]
        return (ids, pages) if all(isinstance(task_id, str) for task_id in ids) else None

    def _pictures(self, bodies: list[Any]) -> int | None:
        """Return the greater of the number in `usage` and the number of links; None without either."""
        names, found = self.names, list[int]()
        for body in bodies:
            count = member(member(body, names.answer.usage), names.usage.images)
            if isinstance(count, int) and not isinstance(count, bool) and count >= 0:
                found.append(count)
        links = sum(len(picture_urls(member(body, names.answer.output))) for body in bodies)
        return max([*found, links]) if found or links else None


@lru_cache(maxsize=4)
def _tables(spec: Spec) -> tuple[ErrorTable, WireNames]:
    return read_error_table(spec.wire), read_names(spec.service["names"])


def _text(value: Any) -> str | None:
    """Return a text of the service as reports may show it; None if it is not a text."""
    return printable(without_secrets(value)) if isinstance(value, str) and value else None
