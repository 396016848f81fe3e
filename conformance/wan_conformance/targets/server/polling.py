"""Query a task on a server until it ends: bounded retries, a total time, no return to an earlier state.

The first queries on a server nearby follow each other quickly, since its tasks may end at once; on any other
server the interval is the smallest one that the spec documents.
"""

from typing import Any, NamedTuple

import httpx

from wan_conformance.targets.server.response_checks import (
    ResponseChecker,
    describe_response,
    member,
)
from wan_conformance.targets.server.server import ApiServer, ResponseProblemError, ServerResponse
from wanlib.spec import Spec
from wanlib.spec.source.annotated import parse_duration

_MAX_WAIT = 300.0
"""Seconds of waiting after which a task that has not ended is a failure."""
_ATTEMPTS = 3
"""Maximum number of times that a query is sent if the server cannot answer it (5xx, or no response)."""
_FIRST_INTERVAL, _GROWTH = 0.05, 1.5


class FollowedTask(NamedTuple):
    """A task at its end.

    Attributes:
        status: Its terminal state.
        body: The response in which it was seen.
    """

    status: str
    body: Any


class TaskFollower:
    """Queries tasks.

    Args:
        spec: The spec.
        server: The server.
        checker: Checks the responses.
    """

    def __init__(self, spec: Spec, server: ApiServer, checker: ResponseChecker) -> None:
        self._server = server
        self._checker = checker
        self._states = spec.task["states"]
        self._failed = spec.task["outcomes"]["failed"]
        self._interval = parse_duration(spec.wire["polling"]["min_interval"])
        self._later = {state: self._reachable(state) for state in self._states}

    def status(self, task_id: str, model: str, *, is_injected: bool = False) -> FollowedTask:
        """Query a task once; the query is repeated a few times if the server cannot answer it.

        Args:
            task_id: The task.
            model: Its model.
            is_injected: Whether its failure was caused on purpose, so that the code need not be about
                the body.

        Raises:
            ResponseProblemError: The response is not that of a query.
            httpx.HTTPError: There was no response.
        """
        reply = self._query(task_id)
        if is_injected and reply.status == 200 and self._is_failed(reply.body):
            self._checker.check_failure(reply.body)
            return FollowedTask(self._failed, reply.body)
        return FollowedTask(self._checker.status(reply, task_id, model), reply.body)

    def wait(self, task_id: str, model: str, *, is_injected: bool = False) -> FollowedTask:
        """Query a task until it ends.

        Raises:
            ResponseProblemError: A response is not that of a query, the task returns to an earlier state, or
                it does not end.
            httpx.HTTPError: There was no response.
        """
        waited, interval = 0.0, _FIRST_INTERVAL if self._server.is_near else self._interval
        before = ""
        while True:
            task = self.status(task_id, model, is_injected=is_injected)
            if before and task.status not in self._later.get(before, (task.status,)):
                raise ResponseProblemError(f"the task was {before} and is {task.status} now")
            if self.is_terminal(task.status):
                return task
            if waited >= _MAX_WAIT:
                raise ResponseProblemError(f"the task is {task.status} after {_MAX_WAIT:g} s of queries")
            self._server.sleep(interval)
            before, waited = task.status, waited + interval
            interval = min(interval * _GROWTH, self._interval)

    def is_terminal(self, status: str) -> bool:
        """Return whether a task in this state has ended."""
        return bool(self._states.get(status, {}).get("terminal"))

    def _query(self, task_id: str) -> ServerResponse:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                reply = self._server.task_call("query", task_id)
            except httpx.HTTPError:
                if attempt == _ATTEMPTS:
                    raise
            else:
                if reply.status < 500:
                    return reply
            if attempt < _ATTEMPTS:
                self._server.sleep(_FIRST_INTERVAL if self._server.is_near else self._interval)
        raise ResponseProblemError(
            f"a query was answered {describe_response(reply)}, {_ATTEMPTS} times in a row"
        )

    def _is_failed(self, body: Any) -> bool:
        output = member(body, "output", body)
        usual = self._failed if member(output, "code") else None
        return bool(member(output, "task_status", usual) == self._failed)

    def _reachable(self, state: str) -> frozenset[str]:
        """Return the states that a task may have after this one, itself included."""
        found, pending = {state}, [state]
        while pending:
            for following in self._states[pending.pop()].get("next", ()):
                if following not in found:
                    found.add(following)
                    pending.append(following)
        return frozenset(found)
