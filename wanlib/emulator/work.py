"""One accepted piece of work, a task or a synchronous call; its state is a matter of time."""

from typing import NamedTuple

from wanlib.emulator.life import Life, passed
from wanlib.emulator.order import Order

NEVER = float("inf")


class Fate(NamedTuple):
    """How work ends. tried: pictures in all. broken: how many of them, from the last, fail, and why."""

    tried: int
    broken: int = 0
    code: str = ""
    message: str = ""


class Work(NamedTuple):
    """Times in seconds since 1970; `ended` is NEVER until the end is known.

    task: whether there is an id to ask for. endpoint: the path that it came to. canceled: it never ran,
    and ended then. booked: the ledger has its end.
    """

    id: str
    request_id: str
    order: Order
    fate: Fate
    endpoint: str
    task: bool
    submitted: float
    scheduled: float
    ended: float
    canceled: bool = False
    booked: bool = False

    def status(self, life: Life, now: float) -> str:
        """Its state at a time, by the words of task.yaml."""
        if passed(life.expires, self.submitted, now):
            return life.unknown
        if self.canceled:
            return life.canceled
        if now < self.scheduled:
            return life.waiting
        if now < self.ended:
            return life.working
        return life.failed if self.fate.broken >= self.fate.tried else life.succeeded

    def made(self) -> int:
        """The pictures that it yields once it has ended."""
        return 0 if self.canceled else max(0, self.fate.tried - self.fate.broken)

    def forgotten(self, life: Life, now: float) -> bool:
        """Whether nothing about it can be asked any more."""
        expired = passed(life.expires, self.submitted, now)
        return expired and (self.ended == NEVER or passed(life.links, self.ended, now))
