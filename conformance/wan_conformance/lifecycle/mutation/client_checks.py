"""Checks of a client that was generated from a mutant, against the service of the original table.

The scenarios of `schedules` kill most mutants. These checks cover the rest: the time of each
poll, the second before an expiry, and the message of an error. `client_problems` runs all of them;
`client_with_mutant` makes every client inside its block behave by a mutant.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from wan_conformance.lifecycle.clients.base import BASE_URL, KEY, CallOutcome
from wan_conformance.lifecycle.clients.wan import outcome_from_error, outcome_from_value
from wan_conformance.lifecycle.mutation.mutants import Mutant
from wan_conformance.lifecycle.mutation.service_checks import DAY, END, RATES, WAITING, WORKING
from wan_conformance.lifecycle.simulation.clock import START, SimulatedClock
from wan_conformance.lifecycle.simulation.transport import InProcessClient
from wanlib import AsyncWan, Wan
from wanlib.base.api_tables import ApiTables
from wanlib.emit.client.api_tables import calls
from wanlib.emulator import Emulator, Fault, Settings
from wanlib.errors import TaskFailedError
from wanlib.spec import Spec


class ClientSession:
    """A client and a service with their own clock.

    Attributes:
        clock: Their time.
        folder: For journal and pictures.
        wan: The client.
    """

    def __init__(
        self, original: Spec, folder: Path, waiting: float = WAITING, working: float = WORKING
    ) -> None:
        """Start client and service.

        Args:
            original: The spec of the service.
            folder: For journal and pictures.
            waiting: Seconds that a task is PENDING.
            working: Seconds that it is RUNNING.
        """
        self.clock, self.folder = SimulatedClock(), folder
        settings = Settings(waiting=waiting, working=working)
        self._service = Emulator(original, clock=self.clock, settings=settings)
        self._journal = folder / "calls.sqlite"
        self._journal.unlink(missing_ok=True)
        self.wan = self._new_client()

    def restart_client(self) -> None:
        """Replace the client by a new process."""
        self.wan.close()
        self.wan = self._new_client()

    def submit(self, fault: Fault | None = None) -> Any:
        """Create a task, with a fault of its job or None, and return its handle."""
        self._service.faults.queue([fault])
        return self.wan.submit(
            "wan2.5-i2i-preview", "tulips", images=["https://photos.example.com/street.jpg"], n=1
        )

    def contradict_next_query(self, word: str) -> None:
        """Let the response to the next query report another state."""
        self._service.faults.queue([Fault("status", word=word, on=("query",))])

    def call_times(self, call: str) -> list[float]:
        """Return when calls of a kind were made, in seconds since the session began."""
        return [request.at - START for request in self._service.history if request.call == call]

    def close(self) -> None:
        """Close client and service."""
        self.wan.close()
        self._service.close()

    def _new_client(self) -> Wan:
        http_client = InProcessClient(self._service, self.clock.sleep)
        options: dict[str, Any] = {"base_url": BASE_URL, "journal": self._journal, "clock": self.clock}
        return Wan(KEY, http_client=http_client, random=Random(1), **options)


POLL_TIMES = (1.0, 3.0, 7.0, 15.0, 25.0, 35.0, 45.0, 55.0)
"""Seconds at which a client polls a task in its first minute: a second after the submission, then at
intervals that double up to the ten seconds that the vendor's documents advise."""
_FAILS = Fault("fail", code="InternalError", on=("async",))
_NEVER = float("inf")


class ClientCheck(NamedTuple):
    """One check.

    Attributes:
        name: A name for reports and tests.
        waiting: Seconds that the tasks of the service are PENDING.
        working: Seconds that they are RUNNING.
        find: Finds problems, in words.
    """

    name: str
    waiting: float
    working: float
    find: Callable[[ClientSession], Iterator[str]]


def client_problems(original: Spec, folder: Path) -> Iterator[str]:
    """Find the problems of the current client, in words.

    Args:
        original: The spec of the service.
        folder: For journal and pictures.
    """
    for check in CLIENT_CHECKS:
        session = ClientSession(original, folder, check.waiting, check.working)
        try:
            yield from check.find(session)
        finally:
            session.close()


def _succeeds(session: ClientSession) -> Iterator[str]:
    reported: list[str] = []
    task = session.submit()
    outcome = _wait(lambda: task.wait(timeout=60.0, on_status=lambda _, status: reported.append(status)))
    yield from _expect("a task that succeeds", outcome, "result")
    if reported != (expected := ["PENDING", "RUNNING", "SUCCEEDED"]):
        yield f"the wait reported {', '.join(reported)}, expected {', '.join(expected)}"
    yield from _poll_times(session, 3)


def _fails(session: ClientSession) -> Iterator[str]:
    task = session.submit(_FAILS)
    try:
        task.wait(timeout=60.0)
    except TaskFailedError:
        pass
    except Exception as error:  # also another TaskError, which has the same kind of outcome
        yield f"the wait for a task that fails ends with {type(error).__name__}, expected TaskFailedError"
    yield from _poll_times(session, 3)


def _canceled(session: ClientSession) -> Iterator[str]:
    task = session.submit()
    task.cancel()
    yield from _expect("a canceled task", _wait(lambda: task.wait(timeout=60.0)), "was canceled")
    yield from _poll_times(session, 1)


def _survives_deadline(session: ClientSession) -> Iterator[str]:
    task = session.submit()
    _wait(lambda: task.wait(timeout=60.0))
    yield from _poll_times(session, len(POLL_TIMES))


def _expires(session: ClientSession) -> Iterator[str]:
    """Check that UNKNOWN is explained by expiry after 24 hours, and by another account's key before."""
    task = session.submit()
    for at, state, message in ((DAY - 0.5, "UNKNOWN", "though a task is kept"), (DAY, "", "has expired")):
        session.clock.at = at
        if state:
            session.contradict_next_query(state)
        outcome = _wait(lambda: task.wait(timeout=60.0))
        yield from _expect("a task that is UNKNOWN", outcome, "forgotten")
        if message not in outcome.message:
            explanation = f"UNKNOWN is explained by {outcome.message[:90]!r}"
            yield f"{DAY - at:g} s before its expiry {explanation}, expected {message!r}"


def _resumed(session: ClientSession) -> Iterator[str]:
    """Check that a task can still be resumed half a second before its expiry."""
    session.submit()
    session.restart_client()
    session.clock.at = DAY - 0.5
    resumed = session.wan.resume(timeout=60.0)
    if len(resumed.results) != 1:
        yield "half a second before the expiry a resume has no result"


def _saved(session: ClientSession) -> Iterator[str]:
    """Check when links are stated to expire, that the store decides, and that a refusal ends the save."""
    result = session.submit().wait()
    if result.links_expire_at != START + END + DAY:
        yield f"the links are said to expire {result.links_expire_at - START - END - DAY:g} s after a day"
    for at, name, kind in ((END + DAY - 0.5, "in time", "saved"), (END + DAY, "too late", "dead link")):
        session.clock.at = at
        before = len(session.call_times("result"))
        outcome = _outcome("save", lambda: result.save(session.folder, overwrite=True))
        if outcome.kind != kind:
            yield f"{name}, a save ends with {outcome}"
        if (fetched := len(session.call_times("result")) - before) != 1:
            yield f"{name}, {fetched} links are followed, expected 1"


def _check_rate(session: ClientSession) -> Iterator[str]:
    """Check that calls of one kind are sent exactly as fast as the account's rate allows."""
    tasks = [session.submit() for _ in range(3)]
    for call, call_once in _CALLS.items():
        for task in tasks:
            call_once(session, task)
        first, *_, last = session.call_times(call)
        if round(last - first, 6) != round((expected := 2 / RATES[call]), 6):
            yield f"three calls of {call} take {last - first:.4f} s, expected {expected:.4f} s"


_CALLS: dict[str, Callable[[ClientSession, Any], Any]] = {
    "query": lambda _, task: task.status(),
    "list": lambda session, _: list(session.wan.tasks()),
    "cancel": lambda _, task: task.cancel(),
}
CLIENT_CHECKS = (
    ClientCheck("succeeds", WAITING, WORKING, _succeeds),
    ClientCheck("fails", WAITING, WORKING, _fails),
    ClientCheck("canceled", WAITING, WORKING, _canceled),
    ClientCheck("runs on", WAITING, _NEVER, _survives_deadline),
    ClientCheck("waits on", _NEVER, _NEVER, _survives_deadline),
    ClientCheck("expires", WAITING, WORKING, _expires),
    ClientCheck("resumed", WAITING, WORKING, _resumed),
    ClientCheck("saved", WAITING, WORKING, _saved),
    ClientCheck("rate", _NEVER, _NEVER, _check_rate),
)
"""All checks of a client."""


def _wait(call: Callable[[], Any]) -> CallOutcome:
    return _outcome("wait", call)


def _outcome(verb: str, call: Callable[[], Any]) -> CallOutcome:
    try:
        return outcome_from_value(verb, call())
    except Exception as error:
        return outcome_from_error(verb, error)


def _expect(what: str, outcome: CallOutcome, expected: str) -> Iterator[str]:
    if outcome.kind != expected:
        yield f"the wait for {what} ends with {outcome}, expected '{expected}'"


def _poll_times(session: ClientSession, count: int) -> Iterator[str]:
    """Check the times of the polls, and that there are at most `count` of them."""
    if (times := tuple(round(at, 6) for at in session.call_times("query"))) != POLL_TIMES[:count]:
        yield f"polls after {_seconds(times)} s, expected {_seconds(POLL_TIMES[:count])} s"


def _seconds(moments: tuple[float, ...]) -> str:
    text = ", ".join(f"{at:g}" for at in moments[: len(POLL_TIMES)])
    return text if len(moments) <= len(POLL_TIMES) else f"{text} and {len(moments) - len(POLL_TIMES)} more"


def api_from_spec(spec: Spec) -> ApiTables:
    """Return the tables of the API that would be generated from a spec."""
    return _execute(calls(spec))


@cache
def _execute(code: str) -> ApiTables:
    namespace: dict[str, Any] = {"__package__": "wanlib.generated"}  # it imports the validators next to it
    exec(compile(code, "<wanlib emit>", "exec"), namespace)
    api: ApiTables = namespace["API"]
    return api


@contextmanager
def client_with_mutant(mutant: Mutant) -> Iterator[None]:
    """Let every client that is created inside the block behave by a mutant."""
    api = api_from_spec(mutant.spec)
    changes = [(Wan, "_api", api), (AsyncWan, "_api", api), *([mutant.code] if mutant.code else ())]
    originals = [(owner, name, getattr(owner, name)) for owner, name, _ in changes]
    try:
        for owner, name, value in changes:
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, value in originals:
            setattr(owner, name, value)
