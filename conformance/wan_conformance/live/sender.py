"""`LiveSender`: one probe from its reservation to its settlement, over HTTP.

The life of a probe is a generator of named steps (`ProbeStep`), each of which is one change of the ledger or
one exchange with the service. `send` performs them one after another. Tests perform them in every order, fail
them and kill the process between any two: `ledger.py` states the invariant.

- A task that a probe creates is canceled at once, again while it is PENDING, and followed to its end.
- A refusal for the rate creates nothing; it is repeated as often as `ApiServer` does so, at the stated times.
- A failure that the service states is repeated only after its list shows no new task of the model.
- A lost answer is never repeated: the amount stays reserved, and the tasks that it may have become are named.
"""

from collections.abc import Callable, Generator
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar
from urllib.parse import urlencode

import httpx

from wan_conformance.live.answers import CreateReply, ReplyReader, TaskReply
from wan_conformance.live.ledger import ProbeLedger
from wan_conformance.live.pricing import picture_price, worst_price
from wan_conformance.live.probe import Probe, ProbeAnswer, ProbeLedgerError
from wan_conformance.live.reservation import EXACT, ZERO, Reservation
from wan_conformance.targets.server.network import NotConnectedError, RunOverError
from wan_conformance.targets.server.response_checks import member
from wan_conformance.targets.server.server import ResponseProblemError, ServerResponse
from wan_conformance.targets.server.target import dump_large_json
from wanlib.base.clock import Clock
from wanlib.base.redaction import redact_text
from wanlib.spec import Spec
from wanlib.spec.model.rates import account_limit
from wanlib.spec.source.annotated import parse_duration

T = TypeVar("T")
MAX_ATTEMPTS = 3
"""Maximum number of times that a probe is sent if the service states a failure each time."""
FOLLOW = 900.0
"""Seconds for which a task is followed; a picture takes a minute. One that has not ended stays reserved."""
_MAX_PAGES = 20
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    NotConnectedError,
    RunOverError,
)
NO_ANSWER = (httpx.HTTPError, ResponseProblemError)
_NAMED_TASKS = 3


class ProbeStep(NamedTuple):
    """One action of a probe that happens completely or not at all.

    Attributes:
        name: Its action: reserve, begin, create, known, accept, cancel, query, list, keep, settle, wait
            and so on.
        act: Does it, and returns the value that the probe continues with.
    """

    name: str
    act: Callable[[], Any]


Steps = Generator[ProbeStep, Any, T]


def step(name: str, function: Callable[..., Any], *arguments: Any) -> ProbeStep:
    """Return a step that calls a function."""
    return ProbeStep(name, partial(function, *arguments))


class _ProbeCall(NamedTuple):
    """A probe for which an amount is held."""

    probe: Probe
    raw: bytes
    model: str
    key: int
    held: Decimal


class ProbeServer(Protocol):
    """The part of `ApiServer` that a sender needs."""

    sleep: Callable[[float], object]
    responses: list[ServerResponse]

    def create(self, body: Any, raw: bytes, call: str) -> ServerResponse:
        """Send a body to the endpoint of its model."""

    def task_call(self, call: str, task_id: str) -> ServerResponse:
        """Send a `query` or a `cancel` for a task."""

    def shared_call(self, call: str, query: str) -> ServerResponse:
        """Send one of the calls that all models share."""


def perform(steps: Steps[T]) -> T:
    """Perform all steps, and return their result."""
    try:
        step = next(steps)
        while True:
            try:
                result = step.act()
            except Exception as error:
                step = steps.throw(error)
            else:
                step = steps.send(result)
    except StopIteration as end:
        value: T = end.value
        return value


class LiveSender:
    """Sends probes to a service, within the budget of a ledger. One thread uses it.

    Args:
        spec: The spec that the service is compared with.
        server: The service.
        ledger: The budget.
        clock: The time.
        region: The region whose prices hold; None if it is not known, so that the highest price counts.
    """

    def __init__(
        self, spec: Spec, server: ProbeServer, ledger: ProbeLedger, clock: Clock, region: str | None
    ) -> None:
        self.spec = spec
        self.server = server
        self.ledger = ledger
        self._clock = clock
        self._region = region
        self.reader = ReplyReader(spec)
        self._poll_interval = float(parse_duration(spec.wire["polling"]["min_interval"]))
        self._listed: dict[str, frozenset[str]] = {}  # by model, the tasks that are not those of new probes
        self.listed_before: dict[str, frozenset[str]] = {}
        """By model, the tasks in the list before the first probe."""
        self._next_at: dict[str, float] = {}  # by model, when the documented rate allows the next create

    def worst_price(self, probe: Probe) -> Decimal | None:
        """Return the maximum cost of a probe, even if it must be refused; None if no price is known."""
        return worst_price(self.spec, probe.body, probe.call, self._region)

    def send(self, probe: Probe) -> ProbeAnswer:
        """Send a probe and follow its task to its end.

        Raises:
            BudgetExceededError: It could cost more than is left, or no price is known; nothing was sent.
            ProbeLedgerError: The ledger cannot be used, or the service bills more than the worst price. The
                amount of a sent probe stays reserved.
            ValueError: The body cannot be written as JSON; nothing was sent.
        """
        return perform(self.steps(probe))

    def recover(self) -> list[Reservation]:
        """Settle the reservations of ended processes; return the earlier reservations that stay."""
        return perform(self.recovery_steps())

    def steps(self, probe: Probe) -> Steps[ProbeAnswer]:
        """Yield the steps of one probe."""
        raw = dump_large_json(probe.body)
        model = str(member(probe.body, "model"))  # the one that is billed
        price, ledger = self.worst_price(probe), self.ledger
        if price is not None:
            yield from self._note_listed(probe.call, model)
        key: int = yield step("reserve", ledger.reserve, probe.id, model, price)
        call = _ProbeCall(probe, raw, model, key, price or ZERO)
        yield step("begin", ledger.begin, key)
        for attempt in range(1, MAX_ATTEMPTS + 1):
            is_last = attempt == MAX_ATTEMPTS
            yield step("wait", self._wait_turn, model)
            try:
                reply: CreateReply = yield step("create", self._create, call)
            except _NOT_SENT as error:
                problem = f"the service can't be reached: {redact_text(str(error))}"
                if is_last:
                    yield step("settle", ledger.settle, key, ZERO, problem)
                    return ProbeAnswer(probe.id, None, attempts=attempt, problem=problem)
                yield step("wait", self.server.sleep, self._poll_interval)
                continue
            except NO_ANSWER as error:
                lost = ProbeAnswer(probe.id, None, attempts=attempt)
                return (yield from self._lost(call, lost, f"no answer came: {type(error).__name__}"))
            answer = ProbeAnswer(
                probe=probe.id,
                accepted=None,
                status=reply.status,
                code=reply.code,
                message=reply.message,
                error_class=reply.error_class,
                request_id=reply.request_id,
                attempts=attempt,
            )
            if reply.meaning in ("refused", "limited"):
                yield step("settle", ledger.settle, key, ZERO, f"refused: {reply.code}")
                return replace(answer, accepted=False if reply.meaning == "refused" else None)
            if reply.meaning == "accepted":
                return (yield from self._accepted(call, replace(answer, accepted=True), reply))
            if reply.meaning == "failed" and probe.call == "async":
                yield step("wait", self.server.sleep, self._poll_interval)
                candidates = yield from self._new_tasks(model)
                if candidates != frozenset():
                    return (yield from self._keep(call, answer, "the service states a failure", candidates))
                if is_last:
                    yield step("settle", ledger.settle, key, ZERO, f"failed: {reply.code}")
                    return replace(answer, problem=f"the service failed {attempt} times")
                continue
            return (yield from self._lost(call, answer, f"the answer is not clear: status {reply.status}"))
        raise AssertionError("the last attempt returns")

    def recovery_steps(self) -> Steps[list[Reservation]]:
        """Yield the steps that settle the reservations of processes that have ended."""
        ledger = self.ledger
        yield step("release", ledger.release_unsent)
        taken: list[Reservation] = yield step("take over", ledger.take_over)
        for reservation in taken:
            if reservation.task_id is None:
                reason = "its process ended before the answer was recorded"
                yield step("keep", ledger.keep, reservation.key, reason)
            else:
                yield from self._follow(
                    reservation.model, reservation.key, reservation.task_id, reservation.reserved
                )
        keys = {reservation.key for reservation in taken}
        everything: list[Reservation] = yield step("read", ledger.reservations)
        return [
            one for one in everything if one.state == "unknown" or (one.key in keys and one.spent is None)
        ]

    # Parts of a probe.

    def _create(self, call: _ProbeCall) -> CreateReply:
        self.server.responses.clear()
        probe = call.probe
        return self.reader.read_create(self.server.create(probe.body, call.raw, probe.call), probe.call)

    def _accepted(self, call: _ProbeCall, answer: ProbeAnswer, reply: CreateReply) -> Steps[ProbeAnswer]:
        """Settle pictures that came at once, or record the task, cancel it and follow it to its end."""
        task_id = reply.task_id
        if task_id is None:
            spent = self._bill(call.model, call.held, reply.pictures)
            yield step("settle", self.ledger.settle, call.key, spent, _counted(reply.pictures))
            return replace(answer, pictures=reply.pictures, spent=spent)
        is_listed = task_id in self._listed.get(call.model, ())
        if is_listed or (yield step("known", self.ledger.has_task, task_id)):
            return (yield from self._lost(call, answer, f"the answer names the earlier task {task_id}"))
        yield from self._record(call.key, task_id)
        end = yield from self._follow(call.model, call.key, task_id, call.held)
        return replace(
            answer,
            code=end.code,
            message=end.message,
            task_id=task_id,
            task_status=end.status,
            pictures=end.pictures,
            spent=end.spent,
            held=end.held,
            problem=end.problem,
        )

    def _record(self, key: int, task_id: str) -> Steps[None]:
        """Write the task into the ledger. If that fails, the task is canceled anyway."""
        try:
            yield step("accept", self.ledger.accept, key, task_id)
        except ProbeLedgerError:
            yield from self._ask("cancel", task_id)
            raise

    def _follow(self, model: str, key: int, task_id: str, held: Decimal) -> Steps["_End"]:
        """Cancel a task, follow it to its end, and settle its reservation."""
        outcomes, cancelable = self.spec.task["outcomes"], self.spec.task["cancelable"]
        until = self._clock.now() + FOLLOW
        last_known = status = str(self.spec.task["initial"])
        while True:
            if status in cancelable:
                yield from self._ask("cancel", task_id)
            reply = yield from self._ask("query", task_id)
            task = TaskReply(None) if reply is None else self.reader.read_task(reply, task_id)
            status = task.status or last_known
            last_known = status
            if status in (outcomes["canceled"], outcomes["failed"]):
                yield step("settle", self.ledger.settle, key, ZERO, f"the task is {status}")
                return _End(status, 0, code=task.code, message=task.message)
            if status == outcomes["succeeded"]:
                pictures = task.pictures
                spent = self._bill(model, held, pictures)
                yield step("settle", self.ledger.settle, key, spent, _counted(pictures))
                return _End(status, pictures, spent)
            if status == outcomes["unknown"] or self._clock.now() >= until:
                problem = f"the end of the task {task_id} is not known; it is {status}"
                yield step("keep", self.ledger.keep, key, problem)
                return _End(status, None, held=held, problem=problem)
            yield step("wait", self.server.sleep, self._poll_interval)

    def _ask(self, call: str, task_id: str) -> Steps[ServerResponse | None]:
        """Send a query or a cancel, which cost nothing; None if no answer comes."""
        try:
            reply: ServerResponse = yield step(call, self.server.task_call, call, task_id)
        except NO_ANSWER:
            return None
        return reply

    def _lost(self, call: _ProbeCall, answer: ProbeAnswer, problem: str) -> Steps[ProbeAnswer]:
        """Search for the task of a probe without a clear answer, and keep its amount reserved."""
        candidates: frozenset[str] | None = None
        if call.probe.call == "async":
            yield step("wait", self.server.sleep, self._poll_interval)
            candidates = yield from self._new_tasks(call.model)
        return (yield from self._keep(call, answer, problem, candidates))

    def _keep(
        self, call: _ProbeCall, answer: ProbeAnswer, problem: str, candidates: frozenset[str] | None
    ) -> Steps[ProbeAnswer]:
        """Keep the amount of a probe reserved, and name the tasks that it may have created."""
        if candidates:
            shown = ", ".join(sorted(candidates)[:_NAMED_TASKS])
            problem += f"; of {len(candidates)} new tasks of the model one may be its own: {shown}"
        yield step("keep", self.ledger.keep, call.key, problem)
        return replace(answer, accepted=None, held=call.held, problem=problem)

    def _note_listed(self, call: str, model: str) -> Steps[None]:
        """Remember which tasks the list shows before the first probe of a model."""
        if call == "async" and model not in self._listed:
            listed = yield from list_tasks(self.spec, self.server, self.reader, model)
            if listed is not None:
                self._listed[model] = self.listed_before[model] = listed

    def _new_tasks(self, model: str) -> Steps[frozenset[str] | None]:
        """Return the tasks of a model that are new and in no reservation; None if that cannot be known."""
        before = self._listed.get(model)
        listed = yield from list_tasks(self.spec, self.server, self.reader, model)
        if before is None or listed is None:
            return None
        self._listed[model] = before | listed
        reservations: list[Reservation] = yield step("read", self.ledger.reservations)
        return listed - before - {reservation.task_id for reservation in reservations}

    def _bill(self, model: str, held: Decimal, pictures: int | None) -> Decimal:
        """Return the price of a number of pictures; the whole reservation if they cannot be counted."""
        price = picture_price(self.spec, model, self._region)
        return held if price is None or pictures is None else EXACT.multiply(price, Decimal(pictures))

    def _wait_turn(self, model: str) -> None:
        """Wait until the documented rate of a model allows another create."""
        row = self.spec.wire["rates"].get(self.spec.base(model))
        now = self._clock.now()
        if row is not None:
            limit = account_limit(row)
            send_at = max(self._next_at.get(model, now), now)
            self._next_at[model] = send_at + limit.window / limit.submissions
            if send_at > now:
                self.server.sleep(send_at - now)


def list_tasks(
    spec: Spec, server: ProbeServer, reader: ReplyReader, model: str
) -> Steps[frozenset[str] | None]:
    """Return the ids of the last day's tasks of a model; None if the list cannot be read completely."""
    names = reader.names.list_query
    size = spec.wire["queries"]["list"][names.page_size]["request"]
    found: list[str] = []
    for number in range(1, _MAX_PAGES + 1):
        query = urlencode({names.model: model, names.page: number, names.page_size: size})
        try:
            reply = yield step("list", server.shared_call, "list", query)
        except NO_ANSWER:
            return None
        page = reader.read_page(reply)
        if page is None:
            return None
        found += page[0]
        if number >= page[1]:
            return frozenset(found)
    return None


class _End(NamedTuple):
    """The end of a task."""

    status: str
    pictures: int | None
    spent: Decimal = ZERO
    held: Decimal = ZERO
    problem: str = ""
    code: str | None = None
    message: str | None = None


def _counted(pictures: int | None) -> str:
    return "its pictures cannot be counted" if pictures is None else f"pictures: {pictures}"
