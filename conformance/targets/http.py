"""Any server that speaks the API: a gateway, a proxy, the emulator.

It creates a task, or makes a call, for every case that is accepted, with `n` as the case has it. Where that
may cost something, tasks are canceled as soon as they are there; synchronous calls can't be.
"""

import re
from typing import Any

import httpx

from conformance.model import Observation, Question, TaskCheck
from conformance.targets.encoding import encode
from conformance.targets.replies import Replies, Wrong, member
from conformance.targets.server import Server, embedded
from conformance.targets.storage import Storage, names_a_file, names_storage
from conformance.targets.task_checks import TaskProbe
from wanlib.base.rule_id import parse_rule_id
from wanlib.base.shown import shown
from wanlib.spec import Spec, interpret
from wanlib.spec.kinds import BOUND, KINDS
from wanlib.spec.span import seconds

_POLLS = 60
_SEEN_IN_TEXT = ("schemes", "chars", "public", "unexpired")


class Http:
    """Judges by what is accepted, and by the rules that are named where the server names any."""

    name = "http"
    refuses = frozenset({"rejected"})
    leaves_out: frozenset[str] = frozenset()

    def __init__(self, spec: Spec, server: Server | None = None) -> None:
        self._spec = spec
        self._server = server or embedded(spec)
        self._storage = Storage(spec, self._server)
        self._replies = Replies(spec)
        self._outcomes = spec.task["outcomes"]
        self._id = re.compile(spec.wire["task_id"]["is"])
        # A body without a model breaks a rule on every server; one that names rules names this one.
        self._names = bool(self._server.create({}, b"{}", "async").rules)

        self._probe = TaskProbe(spec, self._server, names_rules=self._names)

    def perform(self, check: TaskCheck) -> Observation:
        """Perform a check of the life of a task and return what it found."""
        return self._probe.perform(check)

    def claims(self, kind: str) -> bool:
        """Every kind that there is."""
        return kind in KINDS

    def observe(self, question: Question) -> Observation:
        """What the server does with a body; skipped where no JSON says it, or it names a file in storage and
        the server takes none.
        """
        try:
            raw = encode(question.body)
        except (ValueError, RecursionError):
            return Observation(None, (), skipped="no JSON that every server can read says this")
        try:
            if not names_a_file(question.body):
                return self._seen(question, raw, stored=names_storage(question.body))
            model = member(question.body, "model")
            body = self._storage.filled(question.body, model, question.call)
            if body is None:
                return Observation(None, (), skipped="names a file in storage that nobody can put there")
            return self._seen(Question(body, question.call), encode(body), stored=True)
        except Wrong as wrong:
            return Observation(None, (), error=str(wrong))
        except httpx.HTTPError as error:
            return Observation(None, (), error=f"the call broke: {shown(error)}")

    def _seen(self, question: Question, raw: bytes, *, stored: bool = False) -> Observation:
        body, model = question.body, member(question.body, "model")
        call = question.call or self._call(model)
        reply = self._server.create(body, raw, call, stored=stored)
        accepted = reply.status == 200
        if not accepted:
            self._replies.check_refusal(reply, model, call)
        elif call == "stream":
            self._replies.check_stream(reply.text)
        elif call == "sync":
            self._replies.check_result(reply.body, model)
        else:
            self._replies.check(reply.body, "created")
            accepted = self._follow(reply.body["output"]["task_id"], question, model)
        return Observation(accepted, reply.rules if self._names else (), unnamed=not self._names)

    def _call(self, model: Any) -> str:
        """The asynchronous call, on which no rule hangs, where the model has it."""
        calls = self._spec.calls(model) if self._spec.base(model) else ()
        return calls[0] if calls and "async" not in calls else "async"

    def _follow(self, task_id: str, question: Question, model: Any) -> bool:
        """Whether a task is still accepted when its images were seen; canceled where that is no matter."""
        if not self._id.fullmatch(task_id):
            raise Wrong(f"task_id is {shown(task_id)}, expected {self._id.pattern}")
        if self._server.pays and not self._must_wait(question):
            self._replies.check_cancel(self._server.task("cancel", task_id))
            return True
        for _ in range(_POLLS):
            status = self._replies.status(self._server.task("query", task_id), task_id, model)
            if status in (self._outcomes["succeeded"], self._outcomes["failed"]):
                return bool(status == self._outcomes["succeeded"])
            if self._spec.task["states"].get(status, {}).get("terminal"):
                raise Wrong(f"the task is {status}")
            self._server.sleep(seconds(self._spec.wire["polling"]["least_gap"]))
        raise Wrong(f"the task has not ended after {_POLLS} queries")

    def _must_wait(self, question: Question) -> bool:
        """Whether something is wrong that only those see who open an image.

        That decides when to look, not what is seen: a server that lets such a body pass ends its task well.
        """
        found = interpret(self._spec, question.body, question.call)
        return any(each.outcome == "rejected" and _is_of_images(each.rule) for each in found)


def _is_of_images(rule: str) -> bool:
    kind = parse_rule_id(rule).kind
    of_values = KINDS[kind].stage >= BOUND and kind not in _SEEN_IN_TEXT
    return of_values and "image" in KINDS[kind].types
