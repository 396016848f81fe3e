"""One accepted piece of work, a task or a synchronous call; its state is a matter of time."""

from typing import NamedTuple

from wanlib.emulator.life import Life, passed
from wanlib.emulator.order import Order
from wanlib.emulator.roads import Road, Walk

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
        beyond = round(now - getattr(self, life.expires_since), 6) - life.expires
        if beyond >= 0:
            return _at(life.expired, beyond)
        if self.canceled:
            return _at(life.canceling, now - self.ended)
        road = self._road(life)
        if now < self.scheduled:
            return road.first
        if now < self.ended:
            part = (now - self.scheduled) / (self.ended - self.scheduled)
            return _at(road.between, part * len(road.between))
        return _at(road.on, now - self.ended)

    def made(self) -> int:
        """The pictures that it yields once it has ended."""
        return 0 if self.canceled else max(0, self.fate.tried - self.fate.broken)

    def forgotten(self, life: Life, now: float) -> bool:
        """Whether nothing about it can be asked any more."""
        return self.expired(life, now) and (self.ended == NEVER or self.links_dead(life, now))

    def expires_at(self, life: Life) -> float:
        """From when on the service knows it no more; NEVER until that is known."""
        since: float = getattr(self, life.expires_since)
        return since + life.expires

    def expired(self, life: Life, now: float) -> bool:
        """Whether the service knows it no more."""
        return passed(life.expires, getattr(self, life.expires_since), now)

    def links_die_at(self, life: Life) -> float:
        """When the links to its pictures die; NEVER until that is known."""
        since: float = getattr(self, life.links_since)
        return since + life.links

    def links_dead(self, life: Life, now: float) -> bool:
        """Whether the links to its pictures are dead."""
        return passed(life.links, getattr(self, life.links_since), now)

    def _road(self, life: Life) -> Road:
        roads, fate = life.succeeding, self.fate
        if fate.broken:
            roads = life.partly if fate.broken < fate.tried else life.failing
        return roads[self.order.seeds[0][0] % len(roads)] if len(roads) > 1 else roads[0]


def _at(walk: Walk, steps: float) -> str:
    """Where a walk has come to after so many steps; it stays at its last state."""
    return walk[min(int(steps), len(walk) - 1)] if len(walk) > 1 else walk[0]
