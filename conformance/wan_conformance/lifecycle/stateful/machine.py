"""A free play as a state machine of Hypothesis: what may be drawn next, time and faults among it."""

from collections import Counter
from collections.abc import Callable
from multiprocessing import get_context
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from wan_conformance.lifecycle.schedules.schedules import OURS
from wan_conformance.lifecycle.stateful.environment import House, house, replay
from wan_conformance.lifecycle.stateful.invariants import PROMISES
from wan_conformance.lifecycle.stateful.session import Freeplay
from wan_conformance.lifecycle.stateful.steps import CALLS, EDGES, ENDS, ORDERS, PACES, Step, fault_strategy

_PASSED = st.sampled_from(("0.5", "1", "3", "10", "45", "300", "3600", "43200"))
_AROUND = st.sampled_from(("-60", "-1", "-0.001", "0", "0.001", "1", "60"))
_ORDERS = st.sampled_from(sorted(ORDERS))
_ASKING = ("poll", "poll", "wait", "save", "cancel")


class InvariantViolated(AssertionError):
    """A play in which a promise was broken."""

    def __init__(self, play: Freeplay) -> None:
        super().__init__("\n".join(map(str, play.broken)))
        self.play = play


class TaskStateMachine(RuleBasedStateMachine):
    """One free play. After every step all promises are held against what was said and what was so."""

    tasks = Bundle("tasks")

    def __init__(self, house: House, client: str, counts: Counter[str]) -> None:
        super().__init__()
        self._house, self._client, self._counts = house, client, counts
        self._play: Freeplay | None = None

    @initialize(target=tasks, pace=st.sampled_from(sorted(PACES)), orders=st.lists(_ORDERS, max_size=3))
    def begin_play(self, pace: str, orders: list[str]) -> MultipleResults[str]:
        self._play = self._house.new_session(self._client, pace)
        return multiple(*(each for order in orders for each in self._do("submit", order).values))

    @rule(target=tasks, verb=st.sampled_from(("submit", "edit")), order=_ORDERS)
    def create(self, verb: str, order: str) -> MultipleResults[str]:
        return self._do(verb, order)

    @rule(
        target=tasks, verb=st.sampled_from(("submit", "edit")), order=_ORDERS, trouble=fault_strategy("async")
    )
    def create_with_fault(self, verb: str, order: str, trouble: str) -> MultipleResults[str]:
        self._do("fault", "async", trouble)
        return self._do(verb, order)

    @rule(verb=st.sampled_from(_ASKING), task=tasks)
    def ask(self, verb: str, task: str) -> None:
        self._do(verb, task)

    @rule(verb=st.sampled_from(("poll", "wait", "cancel")))
    def query_unknown_task(self, verb: str) -> None:
        self._do(verb, "0")

    @rule(target=tasks, verb=st.sampled_from(("list", "find_lost", "resume")))
    def list_or_search(self, verb: str) -> MultipleResults[str]:
        return self._do(verb)

    @rule(target=tasks)
    def resume_in_a_new_client(self) -> MultipleResults[str]:
        self._do("anew")
        return self._do("resume")

    @rule(seconds=_PASSED)
    def let_time_pass(self, seconds: str) -> None:
        self._do("pass", seconds)

    @rule(task=tasks, edge=st.sampled_from(EDGES), seconds=_AROUND, verb=st.sampled_from(_ASKING))
    def ask_at_an_edge(self, task: str, edge: str, seconds: str, verb: str) -> None:
        self._do("until", task, edge, seconds)
        self._do(verb, task)

    @rule(target=tasks, order=_ORDERS, trouble=st.none() | fault_strategy("cancel"))
    def cancel_at_once(self, order: str, trouble: str | None) -> MultipleResults[str]:
        made = self._do("submit", order)
        if trouble:
            self._do("fault", "cancel", trouble)
        for task in made.values[:1]:
            self._do("cancel", task)
        return made

    @rule(target=tasks, order=_ORDERS, verb=st.sampled_from(_ASKING), seconds=_AROUND)
    def query_after_a_day(self, order: str, verb: str, seconds: str) -> MultipleResults[str]:
        made = self._do("submit", order)
        for task in made.values[:1]:
            self._do("until", task, "day", seconds)
            self._do(verb, task)
        return made

    @rule(task=tasks, seconds=_AROUND)
    def save_at_an_edge(self, task: str, seconds: str) -> None:
        self._do("end", task, "well")
        self._do("wait", task)
        self._do("until", task, "links", seconds)
        self._do("save", task)

    @rule(task=tasks, how=st.sampled_from(("begin", *ENDS)))
    def progress_task(self, task: str, how: str) -> None:
        self._do(*(("begin", task) if how == "begin" else ("end", task, how)))

    @rule(call=st.sampled_from(CALLS), data=st.data())
    def inject_fault(self, call: str, data: st.DataObject) -> None:
        self._do("fault", call, data.draw(fault_strategy(call)))

    def teardown(self) -> None:
        """The end of the play: it must be a good one."""
        if self._play is None:
            return
        try:
            if not self._play.broken:
                self._play.finish()
                self._check(self._play)
        finally:
            self._play.close()
            self._counts.update(self._play.counts)
            self._counts["plays"] += 1

    def _do(self, do: str, *words: str) -> MultipleResults[str]:
        assert self._play is not None  # it began
        new = self._play.execute(Step(do, words))
        self._check(self._play)
        return multiple(*map(str, new))

    def _check(self, play: Freeplay) -> None:
        if play.broken:
            raise InvariantViolated(play)


STEPS = 30
"""Rules of a play; some take several steps."""


class StatefulRun(NamedTuple):
    """What came of drawn plays.

    counts: of plays, steps, faults and ends. broken: ids of plays that broke a promise, one a client at most.
    """

    counts: Counter[str]
    broken: tuple[str, ...]


def run_machine(client: str, examples: int, seed_: int, steps: int = STEPS) -> StatefulRun:
    """Draws and plays so many plays, the same ones for the same seed, until one breaks a promise.

    What is told of that one is the shortest that was found to break the same promise.
    """
    counts: Counter[str] = Counter()
    how = settings(
        max_examples=examples,
        stateful_step_count=steps,
        database=None,
        deadline=None,
        phases=[Phase.generate],  # a play is made shorter by leaving out steps, which costs less
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    with house() as made:

        @seed(f"{client} {seed_}")
        def machine() -> TaskStateMachine:
            return TaskStateMachine(made, client, counts)

        try:
            run_state_machine_as_test(machine, settings=how)  # type: ignore[arg-type]
        except InvariantViolated as error:
            return StatefulRun(counts, (str(made.shrink(error.play).script),))
    return StatefulRun(counts, ())


def run(examples: int, seed_: int, workers: int = len(OURS)) -> StatefulRun:
    """The same for both clients, so many plays each. workers: processes; 1 plays them in this one."""
    jobs = [(client, examples, seed_) for client in OURS]
    if workers == 1:
        found = [run_machine(*job) for job in jobs]
    else:
        with get_context("spawn").Pool(workers) as pool:
            found = pool.starmap(run_machine, jobs)
    counts: Counter[str] = Counter()
    for each in found:
        counts.update(each.counts)
    return StatefulRun(counts, tuple(name for each in found for name in each.broken))


def report(drawn: StatefulRun, tell: Callable[[str], object]) -> None:
    """The figures, and the stories of the plays that broke a promise."""
    for name in drawn.broken:
        tell(replay(name)[0])
        tell(f"again: wan-conformance replay {name}\n")
    for name in sorted(drawn.counts):
        tell(f"{drawn.counts[name]:9,} {name}")
    if not drawn.broken:
        tell(f"{len(PROMISES)} promises held after every step:")
        for promise in PROMISES:
            tell(f"  {promise}")
