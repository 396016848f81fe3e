"""Expected state of every job and account, computed from the documented lifetimes and prices alone."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.emulator.api_client import SPEC

WAITING, WORKING = 2.0, 20.0  # seconds


@dataclass
class Job:
    """A piece of work that was accepted. broken: of its pictures. submitted: seconds since 1970."""

    model: str
    pictures: int
    broken: int
    submitted: float
    canceled: bool = False

    def status(self, now: float) -> str:
        """Its state at a time."""
        age = round(now - self.submitted, 6)
        if self.canceled:
            return "CANCELED"
        if age < WAITING + WORKING:
            return "PENDING" if age < WAITING else "RUNNING"
        return "FAILED" if self.broken == self.pictures else "SUCCEEDED"

    @property
    def made(self) -> int:
        """The pictures that it yields."""
        return 0 if self.canceled else self.pictures - self.broken


@dataclass(frozen=True)
class Trouble:
    """A fault as the header asks for it, and what it does to a request.

    header: the value of the fault header. carried: how often the request is carried out.
    reliable: whether the response states what happened.
    """

    header: str
    carried: int = 1
    reliable: bool = True

    def breaks(self, pictures: int) -> int:
        """How many pictures of a new piece of work fail."""
        kind = self.header.partition(" ")[0]
        return {"fail": pictures, "partial": min(1, pictures - 1)}.get(kind, 0)


NONE = Trouble("")
TROUBLES = (
    Trouble("error code=Throttling", carried=0, reliable=False),
    Trouble("error code=Throttling.RateQuota retry_after=2", carried=0, reliable=False),
    Trouble("error code=InternalError done", reliable=False),
    Trouble("html", carried=0, reliable=False),
    Trouble("html done", reliable=False),
    Trouble("inside code=InternalError", carried=0, reliable=False),
    Trouble("cut where=unread", carried=0, reliable=False),
    Trouble("cut where=before", reliable=False),
    Trouble("cut where=inside", reliable=False),
    Trouble("cut where=after"),
    Trouble("trickle"),
    Trouble("doubled", reliable=False),
    Trouble("status word=SUSPENDED", reliable=False),
    Trouble("again", carried=2),
    Trouble("fail code=DataInspectionFailed"),
    Trouble("partial code=InternalError"),
)


class Books:
    """The expected account of each model, from work that has ended."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}

    def add(self, jobs: Iterable[Job]) -> None:
        """Books work; nothing of it is kept but the counts."""
        for job in jobs:
            self._counts.setdefault(job.model, Counter()).update(
                accepted=1,
                succeeded=int(job.made > 0),
                failed=int(not job.made and not job.canceled),
                canceled=int(job.canceled),
                pictures=job.made,
            )

    @property
    def models(self) -> set[str]:
        """Those with an account."""
        return {*self._counts}

    def account(self, model: str) -> dict[str, Any]:
        """One account by its members."""
        counts = self._counts[model]
        price = Decimal(SPEC.wire["prices"][model]["beijing"])
        return {"model": model, **counts, "amount": price * counts["pictures"]}
