"""Our client before the true service, watched closely: what it asks when, and what it makes of each answer.

The stories see most of what is wrong in a client's table. These look where no story does: at each poll's
moment, at the second before a term is over, and at the words of an error.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from wan_conformance.lifecycle.clients.wan import BASE, KEY
from wan_conformance.lifecycle.mutation.mutants import Mutant
from wan_conformance.lifecycle.mutation.service_checks import DAY, END, RATES, WAITS, WORKS
from wan_conformance.lifecycle.simulation.clock import START, SimulatedClock
from wan_conformance.lifecycle.simulation.transport import InProcessClient
from wanlib import AsyncWan, Wan
from wanlib.base.api_tables import ApiTables
from wanlib.client.results.result import Result
from wanlib.emit.client.api_tables import calls
from wanlib.emulator import Emulator, Fault, Settings
from wanlib.errors import LinkExpiredError, TaskCanceledError, TaskFailedError, TaskUnknownError
from wanlib.spec import Spec


class ClientSession:
    """A client and a service in a time of their own. wan: the client. time: as both have it."""

    def __init__(self, true: Spec, folder: Path, waits: float = WAITS, works: float = WORKS) -> None:
        self.time, self.folder = SimulatedClock(), folder
        settings = Settings(waiting=waits, working=works)
        self._service = Emulator(true, clock=self.time, settings=settings)
        self._journal = folder / "calls.sqlite"
        self._journal.unlink(missing_ok=True)
        self.wan = self._client()

    def restart_client(self) -> None:
        """The next process."""
        self.wan.close()
        self.wan = self._client()

    def submitted(self, fault: Fault | None = None) -> Any:
        """The handle of a new task."""
        self._service.faults.queue([fault])
        return self.wan.submit(
            "wan2.5-i2i-preview", "tulips", images=["https://photos.example.com/street.jpg"], n=1
        )

    def contradict_next_query(self, word: str) -> None:
        """The next query is answered with another state."""
        self._service.faults.queue([Fault("status", word=word, on=("query",))])

    def call_times(self, call: str) -> list[float]:
        """When calls of a kind were made, in seconds since the scene began."""
        return [seen.at - START for seen in self._service.history if seen.call == call]

    def close(self) -> None:
        """Ends both."""
        self.wan.close()
        self._service.close()

    def _client(self) -> Wan:
        line = InProcessClient(self._service, self.time.sleep)
        told: dict[str, Any] = {"base_url": BASE, "journal": self._journal, "clock": self.time}
        return Wan(KEY, http_client=line, random=Random(1), **told)


LOOKS = (1.0, 3.0, 7.0, 15.0, 25.0, 35.0, 45.0, 55.0)
"""Seconds at which a task is looked at in its first minute: a second after its submission, then in gaps that
double to the ten that the pages advise."""
_FAILS = Fault("fail", code="InternalError", on=("async",))
_NEVER = float("inf")


def client_problems(true: Spec, folder: Path) -> Iterator[str]:
    """What is wrong in the client as it is now, in words. folder: for its journal and pictures."""
    for waits, works, watch in _WATCHES:
        scene = ClientSession(true, folder, waits, works)
        try:
            yield from watch(scene)
        finally:
            scene.close()


def _succeeds(scene: ClientSession) -> Iterator[str]:
    heard: list[str] = []
    task = scene.submitted()
    said = _outcome(lambda: task.wait(timeout=60.0, on_status=lambda _, status: heard.append(status)))
    yield from _expect("a task that succeeds", said, Result)
    if heard != (due := ["PENDING", "RUNNING", "SUCCEEDED"]):
        yield f"the wait told of {', '.join(heard)}, due were {', '.join(due)}"
    yield from _poll_times(scene, 3)


def _fails(scene: ClientSession) -> Iterator[str]:
    task = scene.submitted(_FAILS)
    yield from _expect("a task that fails", _outcome(lambda: task.wait(timeout=60.0)), TaskFailedError)
    yield from _poll_times(scene, 3)


def _canceled(scene: ClientSession) -> Iterator[str]:
    task = scene.submitted()
    task.cancel()
    yield from _expect(
        "a task that is canceled", _outcome(lambda: task.wait(timeout=60.0)), TaskCanceledError
    )
    yield from _poll_times(scene, 1)


def _survives_deadline(scene: ClientSession) -> Iterator[str]:
    task = scene.submitted()
    _outcome(lambda: task.wait(timeout=60.0))
    yield from _poll_times(scene, len(LOOKS))


def _forgotten(scene: ClientSession) -> Iterator[str]:
    """UNKNOWN is told from 24 hours on to be the end of the term, before to be a strange key's."""
    task = scene.submitted()
    for at, word, words in ((DAY - 0.5, "UNKNOWN", "though a task is kept"), (DAY, "", "has expired")):
        scene.time.at = at
        if word:
            scene.contradict_next_query(word)
        said = _outcome(lambda: task.wait(timeout=60.0))
        yield from _expect("a task that is UNKNOWN", said, TaskUnknownError)
        if words not in str(said):
            told = f"UNKNOWN is explained by {str(said)[:90]!r}"
            yield f"{DAY - at:g} s before the term {told}, due was {words!r}"


def _resumed(scene: ClientSession) -> Iterator[str]:
    """Half a second before its term is over, a task can still be taken up."""
    scene.submitted()
    scene.restart_client()
    scene.time.at = DAY - 0.5
    said = _outcome(lambda: scene.wan.resume(timeout=60.0))
    if len(getattr(said, "results", ())) != 1:
        yield f"half a second before the term a resume comes to {type(said).__name__} without the result"


def _saved(scene: ClientSession) -> Iterator[str]:
    """A picture is fetched as long as its link lives, and not asked for from then on."""
    result = _outcome(scene.submitted().wait)
    for at, name, count in ((END + DAY - 0.5, "in time", 1), (END + DAY, "too late", 0)):
        scene.time.at = at
        before = len(scene.call_times("result"))
        said = _outcome(lambda: result.save(scene.folder, overwrite=True))
        if isinstance(said, LinkExpiredError) == bool(count):
            yield f"{name}, a save comes to {type(said).__name__}"
        if (fetched := len(scene.call_times("result")) - before) != count:
            yield f"{name}, {fetched} links are followed, due were {count}"


def _check_rate(scene: ClientSession) -> Iterator[str]:
    """Calls of one kind come as fast as the account's rate allows, and no faster."""
    tasks = [scene.submitted() for _ in range(3)]
    for call, ask in _CALLS.items():
        for task in tasks:
            ask(scene, task)
        first, *_, last = scene.call_times(call)
        if round(last - first, 6) != round((due := 2 / RATES[call]), 6):
            yield f"three calls of {call} take {last - first:.4f} s, due were {due:.4f} s"


_CALLS: dict[str, Callable[[ClientSession, Any], Any]] = {
    "query": lambda _, task: task.status(),
    "list": lambda scene, _: list(scene.wan.tasks()),
    "cancel": lambda _, task: task.cancel(),
}
_WATCHES: tuple[tuple[float, float, Callable[[ClientSession], Iterator[str]]], ...] = (
    (WAITS, WORKS, _succeeds),
    (WAITS, WORKS, _fails),
    (WAITS, WORKS, _canceled),
    (WAITS, _NEVER, _survives_deadline),
    (_NEVER, _NEVER, _survives_deadline),
    (WAITS, WORKS, _forgotten),
    (WAITS, WORKS, _resumed),
    (WAITS, WORKS, _saved),
    (_NEVER, _NEVER, _check_rate),
)


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        return error


def _expect(what: str, said: Any, due: type) -> Iterator[str]:
    if not isinstance(said, due):
        yield f"the wait for {what} comes to {type(said).__name__}, due was {due.__name__}"


def _poll_times(scene: ClientSession, count: int) -> Iterator[str]:
    """So many polls, each at its moment, and none after the end."""
    if (made := tuple(round(at, 6) for at in scene.call_times("query"))) != LOOKS[:count]:
        yield f"polls after {_seconds(made)} s, due were {_seconds(LOOKS[:count])} s"


def _seconds(moments: tuple[float, ...]) -> str:
    told = ", ".join(f"{at:g}" for at in moments[: len(LOOKS)])
    return told if len(moments) <= len(LOOKS) else f"{told} and {len(moments) - len(LOOKS)} more"


def api_from_spec(spec: Spec) -> ApiTables:
    """What the client would know of the API, were it generated from this spec."""
    return _read(calls(spec))


@cache
def _read(text: str) -> ApiTables:
    found: dict[str, Any] = {}
    exec(compile(text, "<wanlib emit>", "exec"), found)
    api: ApiTables = found["API"]
    return api


@contextmanager
def client_with_mutant(mutant: Mutant) -> Iterator[None]:
    """Makes every client that is made inside live by a mutant."""
    api = api_from_spec(mutant.spec)
    changes = [(Wan, "_api", api), (AsyncWan, "_api", api), *([mutant.code] if mutant.code else ())]
    before = [(where, name, getattr(where, name)) for where, name, _ in changes]
    try:
        for where, name, value in changes:
            setattr(where, name, value)
        yield
    finally:
        for where, name, value in before:
            setattr(where, name, value)
