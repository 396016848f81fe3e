"""One story under way: a client, the service, a journal, and what each verb came to."""

from collections.abc import Callable
from functools import cached_property, lru_cache
from inspect import iscoroutine
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import httpx

from conformance.lifecycle.clock import Loop, Time
from conformance.lifecycle.schedule import Schedule
from conformance.lifecycle.service import Service
from wanlib import AsyncWan, Wan
from wanlib.emulator import Settings
from wanlib.emulator.transport import AsyncTransport, Transport
from wanlib.runtime.journal import Journal
from wanlib.spec import Spec, load

KEY = "sk-0123456789abcdefghijklmnopqrstuv"
BASE = "http://127.0.0.1:8686/api/v1"  # private, so that the pictures' links may be followed


class Done(NamedTuple):
    """One verb of the client.

    outcome: what it returned, or the exception that it raised. bound: seconds that it might take. state: of
    the first accepted task at that moment, as the service has it; "" for none. exchanges: so many were over.
    """

    began: float
    ended: float
    verb: str
    outcome: Any
    bound: float
    state: str
    exchanges: int


class Stage:
    """One story under way. done: the verbs so far. unjournaled: ids that were not written before a poll."""

    def __init__(self, schedule: Schedule, settings: Settings, folder: Path, loop: Loop) -> None:
        self.schedule, self.folder, self.loop = schedule, folder, loop
        self.time = loop.story_time = Time()
        self.service = Service(spec(), self.time, settings, dict(schedule.faults))
        self.service.before_query = self._look_at_journal
        self.done: list[Done] = []
        self.unjournaled: list[str] = []
        self.endless = False
        self.journal = folder / "calls.sqlite"
        self.wan: Any = self.client()

    def client(self) -> Any:
        """A client as a process of its own would make it."""
        told: dict[str, Any] = {"base_url": BASE, "journal": self.journal, "clock": self.time, "parallel": 1}
        if self.schedule.face == "sync":
            http = httpx.Client(transport=Transport(self.service, self.time.sleep), trust_env=False)
            return Wan(KEY, http_client=http, random=Random(1), **told)
        line = AsyncTransport(self.service, self.time.sleep_async)
        return AsyncWan(
            KEY, http_client=httpx.AsyncClient(transport=line, trust_env=False), random=Random(1), **told
        )

    def anew(self) -> None:
        """The next process: what this one knew is gone, but for the journal."""
        self.run(self.wan.close())
        self.wan = self.client()

    def run(self, given: Any) -> Any:
        """What a verb comes to, of either client."""
        return self.loop.run_until_complete(given) if iscoroutine(given) else given

    def do(self, verb: str, call: Callable[[], Any], bound: float) -> Any:
        """Runs a verb and notes its outcome, which is returned. bound: seconds that it may take."""
        began = self.time.at
        try:
            outcome = self.run(call())
        except Exception as error:
            outcome = error
        accepted, count = self.service.accepted, len(self.service.exchanges)
        state = self.service.state(accepted[0]) if accepted else ""
        self.done.append(Done(began, self.time.at, verb, outcome, bound, state, count))
        return outcome

    @cached_property
    def books(self) -> Journal:
        """The journal as anybody else can read it."""
        return Journal(self.journal)

    def close(self) -> None:
        """Ends the client and takes its files away."""
        self.run(self.wan.close())
        self.books.close()
        for path in self.folder.iterdir():
            path.unlink()
        self.service.close()

    def _look_at_journal(self) -> None:
        self.unjournaled += [each for each in self.service.accepted if self.books.entry(each) is None]


@lru_cache(1)
def spec() -> Spec:
    """The packaged one, read once for all stories."""
    return load()
