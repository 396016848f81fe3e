"""A play without a script: each step is carried out as it comes, and judged at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

from wan_conformance.lifecycle.clients.base import CallOutcome, ClientAdapter
from wan_conformance.lifecycle.schedules.invariants import InvariantViolation
from wan_conformance.lifecycle.schedules.scenarios import ANSWER, FOREIGN, TIMEOUT, spec
from wan_conformance.lifecycle.simulation.clock import SimulatedClock, SimulatedEventLoop
from wan_conformance.lifecycle.simulation.files import Books
from wan_conformance.lifecycle.simulation.service import RunawayClient
from wan_conformance.lifecycle.stateful.call import Act, Transcript
from wan_conformance.lifecycle.stateful.consistency import ConsistencyChecker
from wan_conformance.lifecycle.stateful.invariants import InvariantContext, check_call, check_end
from wan_conformance.lifecycle.stateful.service import Network, RecordingService
from wan_conformance.lifecycle.stateful.steps import (
    ORDERS,
    PACES,
    Step,
    StepScript,
    parse_step_fault,
    task_number,
)

PATIENCE = 900.0
"""Seconds that a verb of our client takes at most where its caller sets no time."""
_BOUNDS = {"submit": TIMEOUT, "edit": TIMEOUT, "wait": TIMEOUT, "resume": TIMEOUT}
_SLACK = ANSWER + 10.0  # an answer that comes in pieces is cut off between two of them
_NO_END = CallOutcome("untyped", words="it did not come to an end")


class Freeplay:
    """One play under way.

    script: its steps so far. known: ids that the client has told, by number; number 0 never was. acts: what
    the verbs came to. results: tasks whose result this client has told. doubt: its last call of which it
    could not tell whether it was accepted. broken: after the first one nothing more is done. counts: of
    steps, faults and ends.
    """

    def __init__(
        self, client: str, pace: str, books: Books, loop: SimulatedEventLoop, network: Network
    ) -> None:
        self.script = StepScript(client, pace)
        self.time = loop.story_time = SimulatedClock()
        self.known, self.acts, self.broken = [FOREIGN], list[Act](), list[InvariantViolation]()
        self.counts: Counter[str] = Counter()
        service = RecordingService(spec(), self.time, PACES[pace], books)
        self.bench = InvariantContext(service, ConsistencyChecker(service.spec.task), books)
        self.story = Transcript(self.time)
        self._over = False
        self._new_player = partial(network.create_client, client, service, self.time, loop, books.path)
        self._begin()

    def execute(self, step: Step) -> list[int]:
        """Carries a step out -> the numbers of the tasks that the client has now told for the first time."""
        self.script = self.script._replace(steps=(*self.script.steps, step))
        self.counts[f"step {step.do}"] += 1
        return self._execute_step(step)

    def finish(self) -> None:
        """The faults are over, the service ends all tasks: every intent must come to its right end."""
        service, self._over = self.bench.service, True
        service.in_line.clear()
        for task in service.accepted:
            service.end(task, "well")
        self.story.note("there are no more faults, and all tasks end")
        self._execute_step(Step("anew"))
        self._execute_step(Step("resume"))
        for number in range(1, len(self.known)):
            self._execute_step(Step("wait", (str(number),)))
        for number in range(1, len(self.known)):
            self._execute_step(Step("save", (str(number),)))
        if not self.broken:
            self._fail(check_end(self.acts, self.bench))

    def close(self) -> None:
        """Ends the client and clears its journal."""
        self._player.close()
        self.bench.books.reset()
        self.bench.service.close()

    def restart_client(self) -> None:
        """The next client: what this one knew is gone, but for the journal."""
        self._player.close()
        self._begin()

    def id(self, number: str) -> str:
        """The task of a number; "" where the client has told no such task."""
        at = task_number(number)
        return self.known[at] if at < len(self.known) else ""

    def _begin(self) -> None:
        self._player: ClientAdapter = self._new_player()
        self.results: set[str] = set()
        self.doubt: Act | None = None

    def _execute_step(self, step: Step) -> list[int]:
        if self.broken:
            return []
        self.story.step(step)
        told = len(self.known)
        if not ACTION_FUNCTIONS[step.do](self, *step.words):
            self.story.note("there is nothing to do")
        return list(range(told, len(self.known)))

    def call(self, name: str, task: str, *given: object) -> bool:
        """Has the client do something, and judges it."""
        service, began, endless = self.bench.service, self.time.at, False
        service.exchanges.clear()
        service.met.clear()
        try:
            said: CallOutcome = getattr(self._player, name)(*given)
        except RunawayClient:
            said, endless = _NO_END, True
        bound = _BOUNDS.get(name, PATIENCE) + _SLACK
        act = Act(name, task, began, self.time.at, bound, said, tuple(service.met), self._over, endless)
        self._observe(act)
        self.story.act(act, service.exchanges, service.state(task) if task else "", self.known)
        self._fail(check_call(act, self.bench))
        return True

    def _observe(self, act: Act) -> None:
        """What the client has told and what it met."""
        self.acts.append(act)
        self.known += dict.fromkeys(task for task in act.reported_tasks if task not in self.known)
        self.results |= {each.task_id for each in (act.said, *act.said.parts) if each.kind == "result"}
        if act.said.kind == "unknown outcome":
            self.doubt = act
        self.counts.update(f"fault {met.fault.kind}" for met in act.met if met.fault)
        self.counts[f"{act.verb} came to {act.said.kind}"] += 1

    def _fail(self, promises: Iterable[InvariantViolation]) -> None:
        for each in promises:
            self.broken.append(each)
            self.story.broken(each)


def _submit(play: Freeplay, order: str) -> bool:
    return play.call("submit", "", ORDERS[order], TIMEOUT)


def _edit(play: Freeplay, order: str) -> bool:
    return play.call("edit", "", ORDERS[order], TIMEOUT)


def _poll(play: Freeplay, number: str) -> bool:
    return _ask(play, "poll", number)


def _wait(play: Freeplay, number: str) -> bool:
    return _ask(play, "wait", number, TIMEOUT)


def _cancel(play: Freeplay, number: str) -> bool:
    return _ask(play, "cancel", number)


def _save(play: Freeplay, number: str) -> bool:
    return play.id(number) in play.results and _ask(play, "save", number)


def _ask(play: Freeplay, verb: str, number: str, *given: object) -> bool:
    task = play.id(number)
    return bool(task) and play.call(verb, task, task, *given)


def _list(play: Freeplay) -> bool:
    return play.call("list", "")


def _find_lost(play: Freeplay) -> bool:
    doubt = play.doubt
    return doubt is not None and play.call("find_lost", doubt.own_tasks[0] if doubt.own_tasks else "")


def _resume(play: Freeplay) -> bool:
    return play.call("resume", "", TIMEOUT)


def _anew(play: Freeplay) -> bool:
    play.restart_client()
    return True


def _advance_time(play: Freeplay, seconds: str) -> bool:
    play.time.sleep(float(seconds))
    return True


def _advance_to(play: Freeplay, number: str, edge: str, seconds: str) -> bool:
    """Lets time pass to a moment before, at or after an edge of a task, if it is yet to come."""
    service, task, time = play.bench.service, play.id(number), play.time
    work = service.store.jobs.get(task)
    at = (
        service.links_expire_at(task)
        if edge == "links"
        else work and work.submitted + service.lifecycle.task_lifetime
    )
    moment = -1.0 if at is None else at + float(seconds)
    late = time.wall() >= moment
    time.sleep(moment - time.wall())
    while time.wall() < moment:  # so small a step was rounded off
        time.sleep(1e-7)
    return not late


def _begin(play: Freeplay, number: str) -> bool:
    return play.bench.service.begin(play.id(number))


def _end(play: Freeplay, number: str, how: str) -> bool:
    task = play.id(number)
    ended = play.bench.service.end(task, how)
    if ended and how == "forgotten":
        play.bench.witness.forgotten(task)
    return ended


def _fault(play: Freeplay, call: str, fault: str) -> bool:
    play.bench.service.in_line.append((call, fault.replace(",", " "), parse_step_fault(fault)))
    return True


ACTION_FUNCTIONS: dict[str, Callable[..., bool]] = {
    "submit": _submit,
    "edit": _edit,
    "poll": _poll,
    "wait": _wait,
    "save": _save,
    "cancel": _cancel,
    "list": _list,
    "find_lost": _find_lost,
    "resume": _resume,
    "anew": _anew,
    "pass": _advance_time,
    "until": _advance_to,
    "begin": _begin,
    "end": _end,
    "fault": _fault,
}
