"""A play without a script: each step is carried out as it comes, and judged at once."""

from collections import Counter
from collections.abc import Iterable
from functools import partial

from conformance.lifecycle.books import Books
from conformance.lifecycle.clock import Loop, Time
from conformance.lifecycle.free.act import Act
from conformance.lifecycle.free.doers import DOERS
from conformance.lifecycle.free.network import Network
from conformance.lifecycle.free.promises import Bench, broken_by, left_undone
from conformance.lifecycle.free.steps import PACES, Script, Step, number_of
from conformance.lifecycle.free.story import Story
from conformance.lifecycle.free.watched import Watched
from conformance.lifecycle.free.witness import Witness
from conformance.lifecycle.oracle import Broken
from conformance.lifecycle.player import Player
from conformance.lifecycle.said import Said
from conformance.lifecycle.service import Endless
from conformance.lifecycle.stage import spec
from conformance.lifecycle.stories import ANSWER, FOREIGN, TIMEOUT

PATIENCE = 900.0
"""Seconds that a verb of our client takes at most where its caller sets no time."""
_BOUNDS = {"submit": TIMEOUT, "edit": TIMEOUT, "wait": TIMEOUT, "resume": TIMEOUT}
_SLACK = ANSWER + 10.0  # an answer that comes in pieces is cut off between two of them
_NO_END = Said("untyped", words="it did not come to an end")


class Freeplay:
    """One play under way.

    script: its steps so far. known: ids that the client has told, by number; number 0 never was. acts: what
    the verbs came to. results: tasks whose result this client has told. doubt: its last call of which it
    could not tell whether it was accepted. broken: after the first one nothing more is done. counts: of
    steps, faults and ends.
    """

    def __init__(self, client: str, pace: str, books: Books, loop: Loop, network: Network) -> None:
        self.script = Script(client, pace)
        self.time = loop.story_time = Time()
        self.known, self.acts, self.broken = [FOREIGN], list[Act](), list[Broken]()
        self.counts: Counter[str] = Counter()
        service = Watched(spec(), self.time, PACES[pace], books)
        self.bench = Bench(service, Witness(service.spec.task), books)
        self.story = Story(self.time)
        self._over = False
        self._new_player = partial(network.player, client, service, self.time, loop, books.path)
        self._begin()

    def do(self, step: Step) -> list[int]:
        """Carries a step out -> the numbers of the tasks that the client has now told for the first time."""
        self.script = self.script._replace(steps=(*self.script.steps, step))
        self.counts[f"step {step.do}"] += 1
        return self._carry_out(step)

    def finish(self) -> None:
        """The faults are over, the service ends all tasks: every intent must come to its right end."""
        service, self._over = self.bench.service, True
        service.in_line.clear()
        for task in service.accepted:
            service.end(task, "well")
        self.story.note("there are no more faults, and all tasks end")
        self._carry_out(Step("anew"))
        self._carry_out(Step("resume"))
        for number in range(1, len(self.known)):
            self._carry_out(Step("wait", (str(number),)))
        for number in range(1, len(self.known)):
            self._carry_out(Step("save", (str(number),)))
        if not self.broken:
            self._break(left_undone(self.acts, self.bench))

    def close(self) -> None:
        """Ends the client and clears its journal."""
        self._player.close()
        self.bench.books.clear()
        self.bench.service.close()

    def anew(self) -> None:
        """The next client: what this one knew is gone, but for the journal."""
        self._player.close()
        self._begin()

    def id(self, number: str) -> str:
        """The task of a number; "" where the client has told no such task."""
        at = number_of(number)
        return self.known[at] if at < len(self.known) else ""

    def _begin(self) -> None:
        self._player: Player = self._new_player()
        self.results: set[str] = set()
        self.doubt: Act | None = None

    def _carry_out(self, step: Step) -> list[int]:
        if self.broken:
            return []
        self.story.step(step)
        told = len(self.known)
        if not DOERS[step.do](self, *step.words):
            self.story.note("there is nothing to do")
        return list(range(told, len(self.known)))

    def verb(self, name: str, task: str, *given: object) -> bool:
        """Has the client do something, and judges it."""
        service, began, endless = self.bench.service, self.time.at, False
        service.exchanges.clear()
        service.met.clear()
        try:
            said: Said = getattr(self._player, name)(*given)
        except Endless:
            said, endless = _NO_END, True
        bound = _BOUNDS.get(name, PATIENCE) + _SLACK
        act = Act(name, task, began, self.time.at, bound, said, tuple(service.met), self._over, endless)
        self._take_up(act)
        self.story.act(act, service.exchanges, service.state(task) if task else "", self.known)
        self._break(broken_by(act, self.bench))
        return True

    def _take_up(self, act: Act) -> None:
        """What the client has told and what it met."""
        self.acts.append(act)
        self.known += dict.fromkeys(task for task in act.told if task not in self.known)
        self.results |= {each.task_id for each in (act.said, *act.said.parts) if each.kind == "result"}
        if act.said.kind == "unknown outcome":
            self.doubt = act
        self.counts.update(f"fault {met.fault.kind}" for met in act.met if met.fault)
        self.counts[f"{act.verb} came to {act.said.kind}"] += 1

    def _break(self, promises: Iterable[Broken]) -> None:
        for each in promises:
            self.broken.append(each)
            self.story.broken(each)
