"""The state machine that Hypothesis draws from: calls, faults, time and progress of tasks; and its runner."""

from collections import Counter
from collections.abc import Callable
from functools import partial
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

from wan_conformance.lifecycle.schedules.schedules import OUR_CLIENTS
from wan_conformance.lifecycle.stateful.environment import Environment, environment, replay
from wan_conformance.lifecycle.stateful.expected_ends import STATEFUL_INVARIANTS
from wan_conformance.lifecycle.stateful.session import StatefulSession
from wan_conformance.lifecycle.stateful.steps import (
    CALLS,
    EDGES,
    ENDS,
    PACES,
    REQUESTS,
    Step,
    fault_strategy,
)
from wanlib.scale.sharing import map_shards
from wanlib.scale.workers import Workers

_DURATIONS = st.sampled_from(("0.5", "1", "3", "10", "45", "300", "3600", "43200"))
_OFFSETS = st.sampled_from(("-60", "-1", "-0.001", "0", "0.001", "1", "60"))
_REQUEST_NAMES = st.sampled_from(sorted(REQUESTS))
_A_PROCESS_EACH = Workers(len(OUR_CLIENTS))
_TASK_VERBS = ("poll", "poll", "wait", "save", "cancel")


class InvariantViolatedError(AssertionError):
    """A session in which an invariant was violated.

    Attributes:
        session: The session.
    """

    def __init__(self, session: StatefulSession) -> None:
        """Take the violations as the message."""
        super().__init__("\n".join(map(str, session.violations)))
        self.session = session


class TaskStateMachine(RuleBasedStateMachine):
    """One session; all invariants are checked after each step."""

    tasks = Bundle("tasks")

    def __init__(self, environment: Environment, client: str, counts: Counter[str]) -> None:
        """Create a machine; `counts` collects those of all sessions."""
        super().__init__()
        self._environment, self._client, self._counts = environment, client, counts
        self._session: StatefulSession | None = None

    @initialize(
        target=tasks, pace=st.sampled_from(sorted(PACES)), requests=st.lists(_REQUEST_NAMES, max_size=3)
    )
    def begin_session(self, pace: str, requests: list[str]) -> MultipleResults[str]:
        """Start a session with up to three tasks."""
        self._session = self._environment.new_session(self._client, pace)
        return multiple(*(task for request in requests for task in self._do("submit", request).values))

    @rule(target=tasks, verb=st.sampled_from(("submit", "edit")), request=_REQUEST_NAMES)
    def create(self, verb: str, request: str) -> MultipleResults[str]:
        """Create a task."""
        return self._do(verb, request)

    @rule(
        target=tasks,
        verb=st.sampled_from(("submit", "edit")),
        request=_REQUEST_NAMES,
        fault=fault_strategy("async"),
    )
    def create_with_fault(self, verb: str, request: str, fault: str) -> MultipleResults[str]:
        """Create a task while the service has a fault."""
        self._do("fault", "async", fault)
        return self._do(verb, request)

    @rule(verb=st.sampled_from(_TASK_VERBS), task=tasks)
    def query(self, verb: str, task: str) -> None:
        """Call a verb of a task."""
        self._do(verb, task)

    @rule(verb=st.sampled_from(("poll", "wait", "cancel")))
    def query_unknown_task(self, verb: str) -> None:
        """Call a verb of an id that never existed."""
        self._do(verb, "0")

    @rule(target=tasks, verb=st.sampled_from(("list", "find_lost", "resume", "adopt")))
    def list_or_search(self, verb: str) -> MultipleResults[str]:
        """List tasks, find lost calls, or resume."""
        return self._do(verb)

    @rule(target=tasks, verb=st.sampled_from(("resume", "adopt")))
    def resume_in_a_new_client(self, verb: str) -> MultipleResults[str]:
        """Restart the client and resume."""
        self._do("restart")
        return self._do(verb)

    @rule(seconds=_DURATIONS)
    def let_time_pass(self, seconds: str) -> None:
        """Advance the time."""
        self._do("pass", seconds)

    @rule(task=tasks, edge=st.sampled_from(EDGES), seconds=_OFFSETS, verb=st.sampled_from(_TASK_VERBS))
    def query_at_an_edge(self, task: str, edge: str, seconds: str, verb: str) -> None:
        """Call a verb of a task near its expiry."""
        self._do("until", task, edge, seconds)
        self._do(verb, task)

    @rule(target=tasks, request=_REQUEST_NAMES, fault=st.none() | fault_strategy("cancel"))
    def cancel_at_once(self, request: str, fault: str | None) -> MultipleResults[str]:
        """Cancel a task right after its create."""
        tasks = self._do("submit", request)
        if fault:
            self._do("fault", "cancel", fault)
        for task in tasks.values[:1]:
            self._do("cancel", task)
        return tasks

    @rule(target=tasks, request=_REQUEST_NAMES, verb=st.sampled_from(_TASK_VERBS), seconds=_OFFSETS)
    def query_after_a_day(self, request: str, verb: str, seconds: str) -> MultipleResults[str]:
        """Call a verb of a task near the end of its 24 hours."""
        tasks = self._do("submit", request)
        for task in tasks.values[:1]:
            self._do("until", task, "day", seconds)
            self._do(verb, task)
        return tasks

    @rule(task=tasks, seconds=_OFFSETS)
    def save_at_an_edge(self, task: str, seconds: str) -> None:
        """Save pictures near the expiry of their links."""
        self._do("end", task, "succeeded")
        self._do("wait", task)
        self._do("until", task, "links", seconds)
        self._do("save", task)

    @rule(task=tasks, how=st.sampled_from(("begin", *ENDS)))
    def progress_task(self, task: str, how: str) -> None:
        """Begin or end a task."""
        self._do(*(("begin", task) if how == "begin" else ("end", task, how)))

    @rule(call=st.sampled_from(CALLS), data=st.data())
    def inject_fault(self, call: str, data: st.DataObject) -> None:
        """Queue a fault."""
        self._do("fault", call, data.draw(fault_strategy(call)))

    def teardown(self) -> None:
        """End the session and check its end."""
        if self._session is None:
            return
        try:
            if not self._session.violations:
                self._session.finish()
                self._check(self._session)
        finally:
            self._session.close()
            self._counts.update(self._session.counts)
            self._counts["sessions"] += 1

    def _do(self, action: str, *arguments: str) -> MultipleResults[str]:
        assert self._session is not None  # it was started
        new_tasks = self._session.execute(Step(action, arguments))
        self._check(self._session)
        return multiple(*map(str, new_tasks))

    def _check(self, session: StatefulSession) -> None:
        if session.violations:
            raise InvariantViolatedError(session)


STEPS = 30
"""Number of rules drawn for a session; some take several steps."""


class StatefulRun(NamedTuple):
    """The result of a run.

    Attributes:
        counts: Sessions, steps, faults and outcomes.
        violating: Ids of scripts that violate an invariant, at most one per client.
    """

    counts: Counter[str]
    violating: tuple[str, ...]


def run_machine(client: str, examples: int, seed_: int, steps: int = STEPS) -> StatefulRun:
    """Draw and run sessions until one violates an invariant, which is then shrunk.

    Args:
        client: `sync` or `async`.
        examples: The number of sessions.
        seed_: The same seed draws the same sessions.
        steps: The number of rules drawn for each.
    """
    counts: Counter[str] = Counter()
    options = settings(
        max_examples=examples,
        stateful_step_count=steps,
        database=None,
        deadline=None,
        phases=[Phase.generate],  # `Environment.shrink` costs less than Hypothesis here
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    with environment() as made:

        @seed(f"{client} {seed_}")
        def machine() -> TaskStateMachine:
            return TaskStateMachine(made, client, counts)

        try:
            run_state_machine_as_test(machine, settings=options)  # type: ignore[arg-type]
        except InvariantViolatedError as error:
            return StatefulRun(counts, (str(made.shrink(error.session).script),))
    return StatefulRun(counts, ())


def run(examples: int, seed_: int, workers: Workers = _A_PROCESS_EACH) -> StatefulRun:
    """Run sessions of both clients.

    Args:
        examples: The number of sessions of each client.
        seed_: The same seed draws the same sessions.
        workers: The processes that run them; by default one for each client.
    """
    task = partial(run_machine, examples=examples, seed_=seed_)
    runs = [*map_shards(task, OUR_CLIENTS, workers)]
    counts: Counter[str] = Counter()
    for finished in runs:
        counts.update(finished.counts)
    return StatefulRun(counts, tuple(name for finished in runs for name in finished.violating))


def report(result: StatefulRun, print_line: Callable[[str], object]) -> None:
    """Print the counts, and the transcripts of the scripts that violate an invariant."""
    for name in result.violating:
        print_line(replay(name)[0])
        print_line(f"replay it: wan-conformance replay {name}\n")
    for name in sorted(result.counts):
        print_line(f"{result.counts[name]:9,} {name}")
    if not result.violating:
        print_line(f"{len(STATEFUL_INVARIANTS)} invariants hold after every step:")
        for invariant in STATEFUL_INVARIANTS:
            print_line(f"  {invariant}")
