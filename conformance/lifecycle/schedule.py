"""Schedules: which faults meet which steps of which story."""

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import NamedTuple

from wanlib.base.shown import shown

FACES = ("sync", "async")
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
}
"""The faults, each as the emulator's header `x-wan-fault` has it."""
TEN = tuple(FAULTS)[:10]
"""Those of which three meet one story: the others differ little from one of them."""
PASSED_OVER = frozenset({"trickle", "strange"})
"""Those under which an answer still says all that it is to say of a create, a cancel and a picture."""
POLLS = ("poll1", "poll2", "poll3")
STEPS = {
    "edit": ("create", *POLLS, "download"),
    "late": ("create", "cancel", *POLLS, "download"),
    "cancel": ("create", "cancel", *POLLS),
    "stale": ("create", *POLLS),
    "expired": ("create", *POLLS),
    "stuck": ("create", *POLLS),
}
"""The steps of each story that a fault may meet: the first exchange of a kind, of polls the first three."""


class Schedule(NamedTuple):
    """A story of STEPS with a face of FACES. faults: (step, name of FAULTS), one a step at most."""

    story: str
    face: str
    faults: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Its id, which `read_schedule` reads."""
        return "/".join((self.story, self.face, *(f"{step}={fault}" for step, fault in self.faults)))


def schedules(most: int, stories: Sequence[str] = tuple(STEPS)) -> Iterator[Schedule]:
    """All schedules with up to so many faults; three or more: of TEN, in the story with all steps."""
    for story, face, count in product(stories, FACES, range(most + 1)):
        if count < 3:
            yield from _of(story, face, count, tuple(FAULTS))
        elif story == "late":
            yield from _of(story, face, count, TEN)


def _of(story: str, face: str, count: int, kinds: Sequence[str]) -> Iterator[Schedule]:
    for steps in combinations(STEPS[story], count):
        for faults in product(kinds, repeat=count):
            yield Schedule(story, face, tuple(zip(steps, faults, strict=True)))


def read_schedule(text: str) -> Schedule:
    """The schedule of an id. ValueError says what is wrong in it."""
    story, _, rest = text.partition("/")
    face, *faults = rest.split("/")
    _check("story", story, tuple(STEPS))
    _check("face", face, FACES)
    met: dict[str, str] = {}
    for each in faults:
        step, _, fault = each.partition("=")
        _check("step", step, tuple(step for step in STEPS[story] if step not in met))
        _check("fault", fault, tuple(FAULTS))
        met[step] = fault
    return Schedule(story, face, tuple(met.items()))


def _check(what: str, met: str, allowed: Sequence[str]) -> None:
    if met not in allowed:
        raise ValueError(f"{what} is {shown(met)}; allowed: {', '.join(allowed)}")
