"""The stories: what a careful caller does, step by step, and goes on doing while the service is troubled.

A caller of these takes up what an error leaves him: a task by its id, a lost call by the journal.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from wan_conformance.lifecycle.clients.base import FINAL, CallOutcome, CallRequest, ClientAdapter
from wan_conformance.lifecycle.schedules.schedules import Schedule
from wan_conformance.lifecycle.simulation.clock import SimulatedClock, SimulatedEventLoop
from wan_conformance.lifecycle.simulation.files import Books
from wan_conformance.lifecycle.simulation.service import FaultyService
from wanlib.emulator import Fault, Settings
from wanlib.spec import Spec, load

_OF_A_TASK = ("poll", "wait", "save", "cancel")
Casting = Callable[[str, FaultyService, SimulatedClock, SimulatedEventLoop, Path], ClientAdapter]
"""Makes a new client: of this name, before this service, in this time, on this journal."""


class CallRecord(NamedTuple):
    """One verb of the client.

    task: that it was about: the one it was asked for, else the first accepted, "" for none. state: of that
    task when the service answered last, as the service has it. bound: seconds that the verb might take.
    exchanges: so many were over at its end.
    """

    began: float
    ended: float
    verb: str
    said: CallOutcome
    bound: float
    task: str
    state: str
    exchanges: int


class Session:
    """One story under way. done: the verbs so far. unjournaled: ids that were not written before a poll."""

    def __init__(
        self,
        schedule: Schedule,
        books: Books,
        loop: SimulatedEventLoop,
        cast: Casting,
        settings: Settings,
        fate: Fault | None = None,
    ) -> None:
        self.schedule, self.books, self._loop, self._cast = schedule, books, loop, cast
        self.time = loop.story_time = SimulatedClock()
        self.service = FaultyService(spec(), self.time, settings, dict(schedule.faults), fate)
        self.service.before_query = self._check_journal
        self.done: list[CallRecord] = []
        self.unjournaled: list[str] = []
        self.endless = False
        self.player = self._client()

    def restart_client(self) -> None:
        """The next process: what this one knew is gone, but for the journal."""
        self.player.close()
        self.player = self._client()

    def do(self, verb: str, bound: float, *given: object) -> CallOutcome:
        """Has the player do something and notes what it came to. bound: seconds that it may take."""
        began = self.time.at
        said: CallOutcome = getattr(self.player, verb)(*given)
        asked = str(given[0]) if verb in _OF_A_TASK else ""
        task = asked or next(iter(self.service.accepted), "")
        exchanges = self.service.exchanges
        state = self.service.state(task, exchanges[-1].at if exchanges else None) if task else ""
        self.done.append(CallRecord(began, self.time.at, verb, said, bound, task, state, len(exchanges)))
        return said

    def close(self) -> None:
        """Ends the client, and takes away what it wrote."""
        self.player.close()
        self.books.reset()
        self.service.close()

    def _client(self) -> ClientAdapter:
        return self._cast(self.schedule.client, self.service, self.time, self._loop, self.books.path)

    def _check_journal(self) -> None:
        self.unjournaled += [each for each in self.service.accepted if not self.books.has_task(each)]


@lru_cache(1)
def spec() -> Spec:
    """The packaged one, read once for all stories."""
    return load()


IMAGES = ("https://photos.example.com/street.jpg",)
ORDER = CallRequest("wan2.7-image-pro", "a vase of tulips", IMAGES, {"n": 1, "seed": 1, "size": "1K"})
SEVERAL = CallRequest(
    "wan2.5-i2i-preview", "a vase of tulips", IMAGES, {"n": 3, "seed": 1, "size": "1280*1280"}
)
"""Of a model whose answer tells which pictures failed."""
FOREIGN = "0b9d7f3e-5c1a-4e2b-9f60-7a8c1d2e3f40"
"""An id that never was."""
DAY = 86_400.0
TIMEOUT = 60.0
ANSWER = 60.0
"""Seconds that the client waits for one answer."""
QUESTION = 5 * (ANSWER + 10)
"""Seconds for a question that is asked five times with the waits between."""


def edit(stage: Session) -> None:
    """One call that waits, and its picture on disk."""
    _save(stage, _obtain_result(stage, ORDER))


def cancel_too_late(stage: Session) -> None:
    """Canceled when it runs already, which is refused; so it is waited for, and its picture saved."""
    if task := _submitted(stage):
        _retry_until_quiet(stage, "cancel", QUESTION * 2, task)
        _save(stage, _waited(stage, task))


def cancel(stage: Session) -> None:
    """Canceled while it waits."""
    if task := _submitted(stage):
        _retry_until_quiet(stage, "cancel", QUESTION * 2, task)
        _waited(stage, task)


def save_after_expiry(stage: Session) -> None:
    """The picture is wanted a day later, when its link is dead."""
    result = _obtain_result(stage, ORDER)
    stage.time.sleep(DAY)
    _save(stage, result)


def expired(stage: Session) -> None:
    """The task is asked for a day later, when the service has forgotten it."""
    if task := _submitted(stage):
        stage.time.sleep(DAY)
        _waited(stage, task)


def never_finishes(stage: Session) -> None:
    """The task never ends, and the caller has other things to do."""
    if task := _submitted(stage):
        _waited(stage, task)


def failed(stage: Session) -> None:
    """The task fails."""
    if task := _submitted(stage):
        _waited(stage, task)


def partial(stage: Session) -> None:
    """One of three pictures fails; the others are saved."""
    _save(stage, _obtain_result(stage, SEVERAL))


def unknown_task(stage: Session) -> None:
    """An id that never was is asked for, waited for and canceled."""
    _retry_until_quiet(stage, "poll", QUESTION * 3, FOREIGN)
    _waited(stage, FOREIGN)
    _retry_until_quiet(stage, "cancel", QUESTION * 2, FOREIGN)


def near_expiry(stage: Session) -> None:
    """The task is asked for so late that only the first question comes within the day."""
    if task := _submitted(stage):
        stage.time.sleep(DAY - 0.5 - stage.time.at)
        _waited(stage, task)


class Scenario(NamedTuple):
    """play: what the caller does. settings: how the service takes its time. fate: what meets the work."""

    play: Callable[[Session], None]
    settings: Settings
    fate: Fault | None = None


NEVER = float("inf")
_QUICK = Settings(waiting=2.0, working=4.0)
STORIES = {
    "edit": Scenario(edit, _QUICK),
    "late": Scenario(cancel_too_late, Settings(working=20.0)),
    "cancel": Scenario(cancel, Settings(waiting=1000.0)),
    "stale": Scenario(save_after_expiry, _QUICK),
    "expired": Scenario(expired, _QUICK),
    "stuck": Scenario(never_finishes, Settings(waiting=NEVER)),
    "failed": Scenario(failed, _QUICK, Fault("fail", code="DataInspectionFailed")),
    "partial": Scenario(partial, _QUICK, Fault("partial")),
    "foreign": Scenario(unknown_task, _QUICK),
    "edge": Scenario(near_expiry, _QUICK),
}


def _obtain_result(stage: Session, order: CallRequest) -> CallOutcome | None:
    """A result, straight or by way of the task that an error names; None where there is none to come."""
    said = stage.do("edit", TIMEOUT + ANSWER, order, TIMEOUT)
    if said.kind == "unknown outcome":
        return _recover_lost(stage)
    if said.is_error and said.task_id and said.kind not in FINAL:
        return _waited(stage, said.task_id)
    return said


def _submitted(stage: Session) -> str:
    """A task's id; "" where there is none, and a lost call is taken up to its end."""
    said = stage.do("submit", TIMEOUT + ANSWER, ORDER, TIMEOUT)
    if said.kind == "unknown outcome":
        _recover_lost(stage)
    return "" if said.is_error else said.task_id


def _waited(stage: Session, task: str) -> CallOutcome:
    return _retry_until_quiet(stage, "wait", TIMEOUT + ANSWER, task, TIMEOUT)


def _save(stage: Session, result: CallOutcome | None) -> None:
    if result is not None and not result.is_error:
        _retry_until_quiet(stage, "save", QUESTION, result.task_id)


def _recover_lost(stage: Session) -> CallOutcome | None:
    """A lost call: looked for in the list, then taken up by the next process from the journal."""
    if not {"find_lost", "resume"} <= stage.player.verbs:
        return None
    _retry_until_quiet(stage, "find_lost", TIMEOUT + QUESTION)
    resumed = CallOutcome("resumed")
    for _ in range(len(stage.schedule.faults) + 1):
        stage.restart_client()
        resumed = stage.do("resume", TIMEOUT + QUESTION, TIMEOUT)
        if resumed.is_error or not any(_is_transient(each) for each in resumed.parts):
            break
    return next((each for each in resumed.parts if each.kind == "result"), None)


def _retry_until_quiet(stage: Session, verb: str, bound: float, *given: object) -> CallOutcome:
    """Tries a verb again, while there may be faults left to meet."""
    said = stage.do(verb, bound, *given)
    for _ in stage.schedule.faults:
        if not _is_transient(said):
            break
        said = stage.do(verb, bound, *given)
    return said


def _is_transient(said: CallOutcome) -> bool:
    return said.is_error and said.kind not in FINAL
