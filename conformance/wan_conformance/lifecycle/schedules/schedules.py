"""Schedules: which faults meet which steps of which story."""

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import NamedTuple

from wanlib.base.redaction import safe_repr

OURS = ("sync", "async")
CLIENTS = (*OURS, "sdk-pinned", "sdk-newest")
FAULTS = {
    "throttled": "error code=Throttling.RateQuota retry_after=2",
    "unpaid": "error code=PostpaidBillOverdue",
    "failed": "error code=InternalError",
    "page": "html",
    "lost": "html status=504 done",
    "inside": "inside code=InternalError",
    "unread": "cut where=unread",
    "before": "cut where=before",
    "halved": "cut where=inside",
    "strange": "status word=HIBERNATING",
    "busy": "error code=ModelUnavailable",
    "doubled": "doubled",
    "trickle": "trickle",
    "after": "cut where=after",
    "again": "again",
}
"""The faults, each as the emulator's header `x-wan-fault` has it."""
TEN = tuple(FAULTS)[:10]
"""Those of which several meet one story: the others differ little from one of them."""
PASSED_OVER = frozenset({"trickle", "strange", "after", "again"})
"""Those under which an answer still says all that it is to say of a create, a cancel and a picture."""
POLLS = ("poll1", "poll2", "poll3")
STEPS = {
    "edit": ("create", *POLLS, "download"),
    "late": ("create", "cancel", *POLLS, "download"),
    "cancel": ("create", "cancel", *POLLS),
    "stale": ("create", *POLLS),
    "expired": ("create", *POLLS),
    "stuck": ("create", *POLLS),
    "failed": ("create", *POLLS),
    "partial": ("create", *POLLS, "download"),
    "foreign": (*POLLS, "cancel"),
    "edge": ("create", *POLLS),
}
"""The steps of each story that a fault may meet: the first exchange of a kind, of polls the first three."""
_QUESTIONS = frozenset({*POLLS, "download"})
FULL = "late"
"""The story with all steps."""
PAIRED = (FULL, "edit", "cancel", "expired", "stuck", "edge")
"""The stories that two faults meet. The others go as `edit` or `late` do until their ends, which are the
same whatever was met before; in `foreign` there is nothing that a first fault could change for a second."""


class Schedule(NamedTuple):
    """A story of STEPS, played by one of CLIENTS. faults: (step, name of FAULTS), one a step at most."""

    story: str
    client: str
    faults: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Its id, which `read_schedule` reads."""
        return "/".join((self.story, self.client, *(f"{step}={fault}" for step, fault in self.faults)))


def equivalent_schedule(schedule: Schedule) -> Schedule:
    """The schedule that nobody who takes part can tell from this one; for most this one itself.

    A question is cut before it is read, or its answer is: the service has done nothing else, and the client
    sees the same.
    """
    return schedule._replace(
        faults=tuple(
            (step, "before") if step in _QUESTIONS and fault == "unread" else (step, fault)
            for step, fault in schedule.faults
        )
    )


def schedules(
    most: int, stories: Sequence[str] = tuple(STEPS), clients: Sequence[str] = OURS
) -> Iterator[Schedule]:
    """All schedules with up to so many faults.

    Two: in the stories of PAIRED, of all FAULTS in FULL, of TEN in the others. Three or more: of TEN in FULL.
    """
    for story, client, count in product(stories, clients, range(most + 1)):
        if count < 2 or (count == 2 and story == FULL):
            yield from _of(story, client, count, tuple(FAULTS))
        elif story == FULL or (count == 2 and story in PAIRED):
            yield from _of(story, client, count, TEN)


def _of(story: str, client: str, count: int, kinds: Sequence[str]) -> Iterator[Schedule]:
    for steps in combinations(STEPS[story], count):
        for faults in product(kinds, repeat=count):
            met = tuple(zip(steps, faults, strict=True))
            if _NOBODYS not in met:
                yield Schedule(story, client, met)


_NOBODYS = ("create", "again")  # two tasks, of which a client can't know: what is paid twice is not its doing


def read_schedule(text: str) -> Schedule:
    """The schedule of an id. ValueError says what is wrong in it."""
    story, _, rest = text.partition("/")
    client, *faults = rest.split("/")
    _check("story", story, tuple(STEPS))
    _check("client", client, CLIENTS)
    met: dict[str, str] = {}
    for each in faults:
        step, _, fault = each.partition("=")
        _check("step", step, tuple(step for step in STEPS[story] if step not in met))
        _check("fault", fault, tuple(each for each in FAULTS if (step, each) != _NOBODYS))
        met[step] = fault
    return Schedule(story, client, tuple(met.items()))


def _check(what: str, met: str, allowed: Sequence[str]) -> None:
    if met not in allowed:
        raise ValueError(f"{what} is {safe_repr(met)}; allowed: {', '.join(allowed)}")
