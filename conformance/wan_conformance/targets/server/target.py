"""The target `http`: any server that speaks the API, such as a gateway, a proxy or the emulator.

It creates a task, or makes a call, for each case that is accepted, with `n` as in the case. If that may
cost money, tasks are canceled as soon as they exist; synchronous calls cannot be canceled. A server that
names rules is an emulator of this project: it costs nothing, and its jobs are made to end immediately.
"""

import json
from secrets import token_hex
from typing import Any

import httpx

from wan_conformance.model import Observation, TaskCheck
from wan_conformance.targets.server.outage import Outage
from wan_conformance.targets.server.polling import TaskFollower
from wan_conformance.targets.server.remote import CHECKS, ServerProbe, server_checks
from wan_conformance.targets.server.response_checks import (
    ResponseChecker,
    member,
    with_traffic,
)
from wan_conformance.targets.server.server import ApiServer, ResponseProblemError, emulator_server
from wan_conformance.targets.server.storage import UploadedImages, names_a_file, names_storage
from wan_conformance.targets.server.task_checks import TaskProbe
from wanlib.base.identifiers import parse_rule_id
from wanlib.base.redaction import redact_text
from wanlib.boundary.case import Question
from wanlib.emulator.core.http_messages import FAULT_HEADER
from wanlib.spec import Spec, interpret
from wanlib.spec.model.kinds import BOUND, KINDS

_LONG = 1 << 16
_PLAIN = bytes(set(range(32, 127)) - set(b'"\\'))


def dump_large_json(body: Any) -> bytes:
    """Return a body as JSON in ASCII.

    Raises:
        ValueError: JSON that every server can parse cannot express it.
        RecursionError: It is nested too deeply.
    """
    name, texts = token_hex(16), list[bytes]()
    short = json.dumps(_shorten(body, name, texts), allow_nan=False, separators=(",", ":")).encode()
    pieces = short.split(name.encode())
    return b"".join(piece for pair in zip(pieces, [*texts, b""], strict=True) for piece in pair)


def _shorten(value: Any, name: str, texts: list[bytes]) -> Any:
    """Return the value with a placeholder for each long text that JSON writes as it is."""
    if isinstance(value, dict):
        return {key: _shorten(item, name, texts) for key, item in value.items()}
    if isinstance(value, list):
        return [_shorten(item, name, texts) for item in value]
    if isinstance(value, str) and len(value) >= _LONG and value.isascii():
        text = value.encode()
        if not text.translate(None, _PLAIN):
            texts.append(text)
            return name
    return value


_SEEN_IN_TEXT = ("schemes", "chars", "public", "unexpired")


class HttpTarget:
    """Judge a server by the bodies that it accepts, and by the rules that it names if it names any.

    Args:
        spec: The spec.
        server: The server; None for the emulator in this process.
    """

    name = "http"
    refuses = frozenset({"rejected"})

    def __init__(self, spec: Spec, server: ApiServer | None = None) -> None:
        self._spec = spec
        self._server = server or emulator_server(spec)
        self._storage = UploadedImages(spec, self._server)
        self._replies = ResponseChecker(spec)
        self._outcomes = spec.task["outcomes"]
        self.leaves_out = _inexpressible_rules(spec, self._server.offered_calls)
        self._names = self._names_rules()
        self.is_remote = self._server.pays
        self.pays = self.is_remote and not self._names
        self._hurry = {FAULT_HEADER: "soon"} if self.is_remote and self._names else {}
        self._follower = TaskFollower(spec, self._server, self._replies)
        self._outage = Outage()
        self._tasks = TaskProbe(spec, self._server, self._storage, self._hurry)
        self._server_probe = ServerProbe(spec, self._server)

    def _names_rules(self) -> bool:
        """Return whether the server names the rule that an empty body violates, as our emulator does."""
        try:
            return bool(self._server.probe().rules)
        except (httpx.HTTPError, ResponseProblemError):
            return False

    def perform(self, check: TaskCheck) -> Observation:
        """Perform a check of the server as a whole or of the life of a task, and return its observation."""
        self._server.responses.clear()
        probe = self._server_probe if check.name in CHECKS else self._tasks
        return with_traffic(probe.perform(check), self._server.responses)

    def claims(self, kind: str) -> bool:
        """Return whether the kind exists: all of them are claimed."""
        return kind in KINDS

    def observe(self, question: Question) -> Observation:
        """Return the observation of the server for a body.

        Skipped if JSON cannot express it, or if it names a file in storage and the server accepts no uploads.
        """
        self._server.responses.clear()
        if self.is_remote and (problem := self._outage.problem()):
            return Observation(None, (), error=problem)
        observation = with_traffic(self._observed(question), self._server.responses)
        self._outage.record(observation.error)
        return observation

    def problems(self) -> list[str]:
        """Return the general problems of the server, before any case is judged, each problem once."""
        observations = (self._server_probe.perform(check) for check in server_checks(self._spec))
        return list(dict.fromkeys(observed.error for observed in observations if observed.error is not None))

    def _observed(self, question: Question) -> Observation:
        try:
            raw = dump_large_json(question.body)
        except (ValueError, RecursionError):
            return Observation(None, (), skipped="no JSON that every server can read expresses this")
        try:
            if not names_a_file(question.body):
                return self._observe_body(question, raw, stored=names_storage(question.body))
            model = member(question.body, "model")
            body = self._storage.with_uploaded_image(question.body, model, question.call)
            if body is None:
                return Observation(
                    None, (), skipped="names a file in storage, and the server takes no upload"
                )
            return self._observe_body(Question(body, question.call), dump_large_json(body), stored=True)
        except ResponseProblemError as problem:
            return Observation(None, (), error=str(problem))
        except httpx.HTTPError as error:
            return Observation(None, (), error=f"the call failed: {redact_text(str(error))}")

    def _observe_body(self, question: Question, raw: bytes, *, stored: bool = False) -> Observation:
        body, model = question.body, member(question.body, "model")
        call = question.call or self._call(model)
        if call not in self._server.offered_calls:
            return Observation(None, (), skipped=f"no model of the spec has an endpoint for {call} calls")
        reply = self._server.create(body, raw, call, self._hurry, stored=stored)
        accepted = reply.status == 200
        if not accepted:
            self._replies.check_refusal(reply, model, call)
        elif call == "stream":
            self._replies.check_stream(reply.text)
        elif call == "sync":
            self._replies.check_result(reply.body, model)
        else:
            accepted = self._follow(self._replies.task_id(reply.body), question, model)
        return Observation(accepted, reply.rules if self._names else (), unnamed=not self._names)

    def _call(self, model: Any) -> str:
        """Return the asynchronous call, on which no rule depends, if the model has it."""
        calls = self._spec.calls(model) if self._spec.base(model) else (self._server.any_call,)
        return calls[0] if "async" not in calls else "async"

    def _follow(self, task_id: str, question: Question, model: Any) -> bool:
        """Return whether a task is still accepted after its images were read.

        If tasks cost money, it is canceled at once, unless a rule depends on the images; its state must then
        show that it no longer waits.
        """
        if self.pays and not self._needs_image_check(question):
            self._replies.check_cancel(self._server.task_call("cancel", task_id))
            status = self._follower.status(task_id, model).status
            if status == self._spec.task["initial"]:
                raise ResponseProblemError(f"the task is {status} after it was canceled")
            return True
        status = self._follower.wait(task_id, model).status
        if status not in (self._outcomes["succeeded"], self._outcomes["failed"]):
            raise ResponseProblemError(f"the task is {status}")
        return bool(status == self._outcomes["succeeded"])

    def _needs_image_check(self, question: Question) -> bool:
        """Return whether a violation shows only after an image has been opened.

        This affects the time of the query, not the observation: the task of a server that accepts such
        a body succeeds.
        """
        violations = interpret(self._spec, question.body, question.call)
        return any(
            violation.outcome == "rejected" and _is_image_rule(violation.rule) for violation in violations
        )


def _is_image_rule(rule: str) -> bool:
    kind = parse_rule_id(rule).kind
    of_values = KINDS[kind].stage >= BOUND and kind not in _SEEN_IN_TEXT
    return of_values and "image" in KINDS[kind].types


def _inexpressible_rules(spec: Spec, offered_calls: frozenset[str]) -> frozenset[str]:
    """Return the ids of rules that no request violates: every model has every call that has an endpoint."""
    is_uniform = all(offered_calls == set(spec.calls(model)) for model in spec.models)
    return frozenset({"wire/endpoints"} if is_uniform else ())
